"""What `copydesk duplicates` shows: a story's texts with their likeness, or two texts word by word.

On a terminal in colours; elsewhere plain, with [-what the first alone has-] and {+what the second alone has+}.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict

import orjson

from copydesk.inspect.duplicates import Pair, Story
from copydesk.inspect.relatives import Relative, Row
from copydesk.terminal import counted, printable, printable_lines
from copydesk.text.worddiff import Piece

FOLDED = 60
"""Of more words in a row that both texts have, only the first and last ones are shown."""

LEGEND = "in: how much of it the article has; of: how much of the article it has; jaccard: what both have, of all of it"

_ENDS = 15
_STYLES = {"first": "strike red", "second": "green", "both": ""}


def as_json(told: list[Story] | Pair) -> str:
    """One JSON object: `stories`; or of two articles `first`, `second`, their likeness and the `diff`."""
    if isinstance(told, Pair):
        return orjson.dumps(asdict(told), default=str).decode()
    return orjson.dumps({"stories": [asdict(story) for story in told]}, default=str).decode()


def show(told: list[Story] | Pair) -> None:
    """On standard output, for people."""
    parts = list(_pair(told)) if isinstance(told, Pair) else [("\n".join(_stories(told)), "")]
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        print("".join(text for text, _ in parts))
        return
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False, markup=False, emoji=False).print(Text.assemble(*parts), soft_wrap=True)


def _stories(told: list[Story]) -> Iterator[str]:
    for number, story in enumerate(told):
        if number:
            yield ""
        publishers = {one.publisher for one in story.members if one.publisher}
        yield f"story {story.id}: {counted(len(story.members), 'text')}, {counted(len(publishers), 'publisher')}"
        for one in (*story.members, *story.overlaps):
            mark = "*" if one.id in story.asked else " "
            yield f"{mark} {_kind(one):<12} {one.id}  {_figures(one):<34}  {_about(one)}".rstrip()
    if any(_figures(one) for story in told for one in (*story.members, *story.overlaps)):
        yield LEGEND


def _kind(one: Relative) -> str:
    if one.kind == "later version":
        return f"version {one.version}"
    return one.relation or one.kind


def _figures(one: Relative) -> str:
    """Jaccard; the share of this text in the article (of an overlap: of this story in the other), and the reverse."""
    if one.jaccard is None:
        return ""
    told = f"jaccard {one.jaccard:.2f}"
    if one.containment_in_original is not None and one.containment_of_original is not None:
        told += f"  in {one.containment_in_original:.2f}  of {one.containment_of_original:.2f}"
    return told


def _about(one: Relative) -> str:
    date = one.published_at.strftime("%Y-%m-%d") if one.published_at else ""
    return printable("  ".join(part for part in (date, one.publisher, one.title, one.url) if part))


def _pair(told: Pair) -> Iterator[tuple[str, str]]:
    """(text, style) one after the other."""
    for sign, row, style in (("-", told.first, "red"), ("+", told.second, "green")):
        yield f"{sign} {row['id']}  {_named(row)}\n", style
    yield f"jaccard {told.jaccard:.2f}  first in second {told.first_in_second:.2f}  ", "bold"
    yield f"second in first {told.second_in_first:.2f}\n\n", "bold"
    plain = not sys.stdout.isatty() or os.environ.get("TERM") == "dumb"
    for piece in told.diff.pieces:
        for text, note in folded(piece):
            style = "bright_black" if note else _STYLES[piece.where]
            yield _marked(piece, text) if plain and not note else printable_lines(text), style
    if told.diff.cut:
        yield "\nonly the beginnings are compared: the texts are too long", "yellow"


def _named(row: Row) -> str:
    date = row["published_at"].strftime("%Y-%m-%d") if row["published_at"] else ""
    return printable("  ".join(part for part in (date, row["publisher"], row["title"], row["url"]) if part))


def folded(piece: Piece) -> Iterator[tuple[str, bool]]:
    """The text, or its beginning and end with a note between them of what is left out."""
    words = piece.text.split(" ") if piece.where == "both" else []
    if len(words) <= FOLDED:
        yield piece.text, False
        return
    yield " ".join(words[:_ENDS]), False
    yield f" ... {len(words) - 2 * _ENDS:,} words in both ... ", True
    yield " ".join(words[-_ENDS:]), False


def _marked(piece: Piece, text: str) -> str:
    """The text in marks, white space at its end outside of them."""
    shown = printable_lines(text)
    if piece.where == "both" or not shown.strip():
        return shown
    bare = shown.rstrip()
    opened, closed = ("[-", "-]") if piece.where == "first" else ("{+", "+}")
    return f"{opened}{bare}{closed}{shown[len(bare) :]}"
