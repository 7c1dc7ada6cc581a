"""What `copydesk explain` shows: the article with what was cut out of it, beside it what it became.

On a terminal in colours (rich); elsewhere plain, with [-what was cut-] and [=what a veto saved=]. Texts of others
cannot do anything to the terminal: each of their lines goes through terminal.printable.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson

from cleaners import Removal, Vetoed
from copydesk.inspect.explain import Explanation
from copydesk.inspect.relatives import Relative
from copydesk.model import Reject
from copydesk.terminal import counted, printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

Mark = Removal | Vetoed

SHOWN = (
    *("title", "authors", "published_at", "modified_at", "section", "tags", "credit", "attribution", "bio"),
    *("publisher", "url", "language", "word_count", "removed_chars", "extracted_by", "repaired", "flags"),
    *("license", "robots", "tdm_reservation", "accessible_for_free", "item_key", "id"),
)
"""Columns that are shown, in this order, where they say something."""

BESIDE = 110  # columns of a terminal from which on the fields stand beside the text
MARGIN = 26  # columns for the rules, left of the text
SIDE = 42  # columns for the fields

_COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan")
_COLOUR = {
    "ad_marker": "red",
    "call_to_action": "magenta",
    "caption": "cyan",
    "header": "blue",
    "headline": "bright_blue",
    "related": "yellow",
    "nav": "bright_yellow",
    "legal": "bright_black",
    "attribution": "green",
    "bio": "bright_green",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the text before cleaning: its parts with the mark that lies on them, and the marks that begin in it."""

    parts: tuple[tuple[str, Mark | None], ...]
    begin: tuple[Mark, ...]


def as_json(found: list[Explanation | Reject]) -> str:
    """One JSON object: `articles`, each with all that is known of it; what could not be read is a `reject`."""
    return orjson.dumps({"articles": [_plain_values(one) for one in found]}, default=str).decode()


def _plain_values(one: Explanation | Reject) -> dict[str, Any]:
    if isinstance(one, Reject):
        told = asdict(one)
        del told["content"]
        return {"reject": told}
    return {name: getattr(one, name) for name in ("where", "text")} | {
        "cleaned": _without(one),
        "removals": [asdict(removal) for removal in one.removals],
        "vetoed": [asdict(saved) for saved in one.vetoed],
        "record": one.record,
        "found_in_text": one.found,
        "relatives": [asdict(relative) for relative in one.relatives],
        "notes": one.notes,
    }


def _without(one: Explanation) -> str:
    return "".join(part for line in lines(one, keep_breaks=True) for part, mark in line.parts if not _cut(mark))


def _cut(mark: Mark | None) -> bool:
    return isinstance(mark, Removal)


def lines(one: Explanation, keep_breaks: bool = False) -> Iterator[Line]:
    """The text before cleaning line by line. keep_breaks: with the line breaks, as parts like any other."""
    parts: list[tuple[str, Mark | None]] = []
    begin: list[Mark] = []
    for text, mark in _runs(one):
        if mark is not None:
            begin.append(mark)
        first, *others = text.split("\n")
        parts.append((first, mark))
        for other in others:
            if keep_breaks:
                parts.append(("\n", mark))
            yield Line(tuple(parts), tuple(begin))
            parts, begin = [(other, mark)], []
    yield Line(tuple(parts), tuple(begin))


def _runs(one: Explanation) -> Iterator[tuple[str, Mark | None]]:
    position = 0
    marks: list[Mark] = [*one.removals, *one.vetoed]
    for mark in sorted(marks, key=lambda mark: mark.start):
        yield one.text[position : mark.start], None
        yield one.text[mark.start : mark.end], mark
        position = mark.end
    yield one.text[position:], None


# Plain.


def plain(one: Explanation | Reject) -> str:
    """For pipes and files: every line as it is, however long."""
    if isinstance(one, Reject):
        return _rejected(one)
    shown = [printable(one.where), ""]
    for line in lines(one):
        text = "".join(_marked(part, mark) for part, mark in line.parts if part)
        shown.append(" ".join([text, *(f"{{{words}}}" for words, _ in labels(line))]))
    shown += ["", *(f"{name + mark:<22} {value}" for name, value, mark in fields(one))]
    shown += _legend_lines(one)
    shown += [f"{name}: {value}" for name, value in _relatives(one)]
    shown += [f"note: {printable(note)}" for note in one.notes]
    return "\n".join(line.rstrip() for line in shown)


def _rejected(one: Reject) -> str:
    where = f"{one.source_uri} {one.source_id or ''}".rstrip()
    return printable(f"{where}: no article ({one.stage}, {one.error}): {one.message}")


def _marked(part: str, mark: Mark | None) -> str:
    if mark is None or not part.strip():
        return printable(part)
    sign = "-" if _cut(mark) else "="
    return f"[{sign}{printable(part)}{sign}]"


def labels(line: Line) -> list[tuple[str, Mark]]:
    """What the margin says of a line: of marks with the same label one, with how many there are."""
    found: dict[str, list[Mark]] = {}
    for mark in line.begin:
        found.setdefault(label(mark), []).append(mark)
    return [(f"{words} ({len(marks)} times)" if marks[1:] else words, marks[0]) for words, marks in found.items()]


def label(mark: Mark) -> str:
    """What the margin says of a mark: the rules, and the field that it became or the veto that saved it."""
    rules = ", ".join(mark.rules)
    if isinstance(mark, Vetoed):
        return printable(f"{', '.join(mark.vetoes)} over {rules}")
    return printable(f"{rules}: {mark.field}" if mark.field else rules)


def fields(one: Explanation) -> Iterator[tuple[str, str, str]]:
    """What it became: (column, value, mark): a star for what came out of the text."""
    for name in SHOWN if one.record else ():
        value = one.record.get(name) if one.record else None
        if value in (None, "", (), []):
            continue
        yield name, printable(_value(name, value, one.record or {})), "*" if name in one.found else ""


def _value(name: str, value: Any, record: Mapping[str, Any]) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    if isinstance(value, dt.datetime):
        shown = value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        if name == "published_at":
            shown += f" ({record.get('published_precision')}, from {record.get('published_from')})"
        return shown
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _relatives(one: Explanation) -> Iterator[tuple[str, str]]:
    for relative in one.relatives:
        yield relative.kind, printable(_relative(relative))


def _relative(one: Relative) -> str:
    figures = [one.relation] if one.relation else []
    if one.jaccard is not None:
        figures.append(f"jaccard {one.jaccard:.2f}")
    if one.kind in ("earlier version", "later version"):
        figures.append(f"version {one.version}")
    told = [f"{one.dataset}/{one.id}", *figures, one.publisher, one.title, one.url]
    return "  ".join(str(value) for value in told if value)


def legend(one: Explanation) -> list[tuple[str, int, int]]:
    """(category, places, characters) of what was cut, the most first."""
    places = Counter(removal.category for removal in one.removals)
    chars: Counter[str] = Counter()
    for removal in one.removals:
        chars[removal.category] += len(removal.text)
    return [(category, count, chars[category]) for category, count in places.most_common()]


def _legend_lines(one: Explanation) -> list[str]:
    cut = [f"{printable(category)} {count} ({counted(chars, 'character')})" for category, count, chars in legend(one)]
    told = ["", "cut: " + (", ".join(cut) or "nothing")]
    if one.vetoed:
        told.append(f"saved by a veto: {len(one.vetoed)}")
    if one.found:
        told.append("* out of the text")
    return told


# On a terminal.


def show(one: Explanation | Reject, console: Console) -> None:
    """In colours, wrapped to the terminal's width."""
    from rich.table import Table
    from rich.text import Text

    if isinstance(one, Reject):
        console.print(Text(_rejected(one), "red"))
        return
    console.print(Text(printable(one.where), "bold"))
    beside = console.width >= BESIDE
    table = Table.grid(padding=(0, 2))
    table.add_column(width=MARGIN if beside else MARGIN // 2 + 4, overflow="fold", justify="right")
    table.add_column(ratio=1, overflow="fold")
    for line in lines(one):
        table.add_row(_margin(line), _styled(line))
    if beside:
        both = Table.grid(padding=(0, 2), expand=True)
        both.add_column(ratio=1)
        both.add_column(width=SIDE, overflow="fold")
        both.add_row(table, _side(one))
        console.print(both)
    else:
        console.print(table)
        console.print(_side(one))
    for name, value in _relatives(one):
        console.print(Text.assemble((f"{name}  ", "bold"), value))
    for note in one.notes:
        console.print(Text(f"note: {printable(note)}", "yellow"))


def colour(category: str) -> str:
    """Of a category; always the same."""
    return _COLOUR.get(category) or _COLOURS[zlib.crc32(category.encode()) % len(_COLOURS)]


def _margin(line: Line) -> Text:
    from rich.text import Text

    margin = Text()
    for number, (words, mark) in enumerate(labels(line)):
        style = f"{colour(mark.category)}" if _cut(mark) else "bold green"
        margin.append(("\n" if number else "") + words, style)
    return margin


def _styled(line: Line) -> Text:
    from rich.text import Text

    text = Text()
    for part, mark in line.parts:
        style = "" if mark is None else f"strike {colour(mark.category)}" if _cut(mark) else "bold underline green"
        text.append(printable(part), style)
    return text


def _side(one: Explanation) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(overflow="fold", style="bold")
    table.add_column(overflow="fold")
    for name, value, mark in fields(one):
        table.add_row(name + mark, Text(value))
    for category, count, chars in legend(one):
        table.add_row(
            Text(printable(category), f"strike {colour(category)}"),
            f"{counted(count, 'place')}, {counted(chars, 'character')}",
        )
    if one.vetoed:
        table.add_row(Text("saved", "bold underline green"), f"{counted(len(one.vetoed), 'place')}, by a veto")
    if one.found:
        table.add_row("*", "out of the text")
    return table
