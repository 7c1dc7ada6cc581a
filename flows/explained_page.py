"""`copydesk explain --html`: articles as a page, with what was cut struck through, and the story each belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleaners import Removal
from copydesk.errors import StoreError, UsageError
from copydesk.inspect import duplicates, relatives, web
from copydesk.inspect.explain import Explanation
from copydesk.inspect.relatives import Relative
from copydesk.model import Reject
from flows import explained
from flows.duplicated import folded

MEMBERS = 200
"""Texts of a story that are shown."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text. kind: `` (it stays), cut, kept (a veto saved it); of two texts: first, second, both, folded."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """labels: (kind, rules) of the marks that begin in the line."""

    parts: tuple[Part, ...]
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The story of an article. why: in words. members: its texts, the article first, at most MEMBERS. more: others.
    diff: the article of the story against this text, if this is a copy."""

    why: str
    members: Sequence[Relative]
    more: int
    overlaps: Sequence[Relative]
    diff: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Shown:
    """One article. rejected: why it is none, instead of all else."""

    where: str
    title: str
    rejected: str = ""
    lines: Sequence[Line] = ()
    fields: Sequence[tuple[str, str, str]] = ()
    legend: Sequence[tuple[str, int, int]] = ()
    saved: int = 0
    story: Story | None = None
    notes: Sequence[str] = ()


def write(found: Sequence[Explanation | Reject], root: Path, to: Path) -> None:
    """Write the page. root: the output that the articles are of, if they are of one. Raises UsageError, StoreError."""
    html = web.render("explain.html.jinja", shown=[shown(one, root) for one in found])
    try:
        to.write_text(html, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{to}: cannot be written: {error.strerror}") from None


def shown(one: Explanation | Reject, root: Path) -> Shown:
    """What the page says of it. Raises StoreError for an output that cannot be read."""
    if isinstance(one, Reject):
        where = f"{one.source_uri} {one.source_id or ''}".rstrip()
        return Shown(where, where, f"No article ({one.stage}, {one.error}): {one.message}")
    record = one.record or {}
    return Shown(
        where=one.where,
        title=record.get("title") or one.where,
        lines=[_line(line) for line in explained.lines(one)],
        fields=list(explained.fields(one)),
        legend=explained.legend(one),
        saved=len(one.vetoed),
        story=_story(record, root) if "story_id" in record else None,
        notes=one.notes,
    )


def _line(line: explained.Line) -> Line:
    parts = tuple(Part(text, _kind(mark)) for text, mark in line.parts if text)
    return Line(parts, tuple((_kind(mark), words) for words, mark in explained.labels(line)))


def _kind(mark: explained.Mark | None) -> str:
    return "" if mark is None else "cut" if isinstance(mark, Removal) else "kept"


def _story(record: dict[str, Any], root: Path) -> Story:
    found = relatives.story(root, record["story_id"])
    members = [one for one in found if one.kind != "overlap"]
    overlaps = [one for one in found if one.kind == "overlap"]
    return Story(_why(record, len(members)), members[:MEMBERS], len(members[MEMBERS:]), overlaps, _diff(record, root))


def _why(record: dict[str, Any], members: int) -> str:
    if record.get("duplicate_of"):
        return (
            f"It is a copy of the article {record['duplicate_of']} ({record['relation']}): "
            f"{record['containment_in_original']:.0%} of its runs of three words are in that article, which has "
            f"{record['containment_of_original']:.0%} of its own in here (jaccard {record['jaccard']:.2f}). "
            "The figures are measured on the two texts."
        )
    if record.get("revises"):
        alike = "" if record["jaccard"] is None else f" (jaccard {record['jaccard']:.2f})"
        return f"It is version {record['version']} of an item: later than {record['revises']}{alike}."
    if members == 1:
        return "It is a story of its own: no text of the output is a copy of it."
    return (
        "It is the article of its story: the earliest publication of the run that brought it, then the longest text; "
        "later runs do not change that."
    )


def _diff(record: dict[str, Any], root: Path) -> list[Part]:
    if not record.get("duplicate_of"):
        return []
    try:
        pair = duplicates.pair(root, record["duplicate_of"], record["id"])
    except (UsageError, StoreError):  # it was forgotten meanwhile
        return []
    return [
        Part(text, "folded" if left_out else piece.where)
        for piece in pair.diff.pieces
        for text, left_out in folded(piece)
    ]
