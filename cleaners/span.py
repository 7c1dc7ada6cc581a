"""Spans over an immutable text: what a rule answers with, and how removals are made and undone.

Every rule sees the same text and names the parts it would take out. `apply` unites them, so the order of
the rules cannot matter; `restore` puts every part back, character for character.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Action = Literal["drop", "field"]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text that a rule takes out.

    start, end: Unicode code points, end exclusive. rule: the rule's id. category: the kind of boilerplate.
    action: "drop" (worth nothing) or "field" (leaves the body, becomes `field` of the record).
    """

    start: int
    end: int
    rule: str
    category: str
    action: Action = "drop"
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A part that was taken out: disjoint from all others, with every rule that agreed on it.

    start, end: code points of the text before cleaning. text: what stood there.
    category, action and field are those of the span that covers most of it (ties: the earliest, then by rule id).
    """

    start: int
    end: int
    text: str
    rules: tuple[str, ...]
    category: str
    action: Action = "drop"
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Vetoed:
    """A part that stays because a veto touches it.

    start, end, text: what would have been taken out. rules: that would have. category: of theirs. vetoes: the rules
    that saved it.
    """

    start: int
    end: int
    text: str
    rules: tuple[str, ...]
    category: str
    vetoes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """What left the body and is worth keeping, as it was written: nothing is parsed but the split of lists."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    modified: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    credit: str | None = None
    source: str | None = None
    attribution: str | None = None
    bio: str | None = None

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return self != _NO_FIELDS


_NO_FIELDS = Fields()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text: `restore(text, removals)` is the text before cleaning."""

    text: str
    removals: tuple[Removal, ...] = ()
    fields: Fields = field(default_factory=Fields)


def apply(text: str, spans: Iterable[Span], vetoes: Iterable[Span] = ()) -> tuple[str, tuple[Removal, ...]]:
    """Take the union of `spans` out of `text`.

    vetoes: spans that must stay; a removal that touches one is cancelled whole.
    Returns the text that is left and the removals in order of position. Spans that touch or overlap become
    one removal only if they overlap; neighbours stay apart, so each keeps its own rules.
    Raises ValueError for a span outside the text.
    """
    removals = []
    keep = _united(vetoes)
    starts = [a for a, _ in keep]
    for group in _groups(text, spans):
        start, end = group[0].start, max(s.end for s in group)
        before = bisect.bisect_left(starts, end)  # the vetoes that begin before the removal ends
        if not before or keep[before - 1][1] <= start:
            removals.append(_removal(text, start, end, group))
    return without(text, removals), tuple(removals)


def vetoed(text: str, spans: Iterable[Span], vetoes: Sequence[Span]) -> tuple[Vetoed, ...]:
    """The removals that `apply` cancels, in order of position, each with the vetoes that touch it."""
    saved = []
    ordered = sorted((veto.start, veto.end, veto.rule) for veto in vetoes if veto.start < veto.end)
    reached = list(itertools.accumulate((end for _, end, _ in ordered), max))
    for group in _groups(text, spans) if ordered else ():
        start, end = group[0].start, max(s.end for s in group)
        last = bisect.bisect_left(ordered, (end,))  # the vetoes before begin before the removal ends
        first = bisect.bisect_right(reached, start)  # those before end before it begins
        by = tuple(sorted({rule for _, to, rule in ordered[first:last] if to > start}))
        if by:
            gone = _removal(text, start, end, group)
            saved.append(Vetoed(start, end, gone.text, gone.rules, gone.category, by))
    return tuple(saved)


def without(text: str, removals: Sequence[Removal]) -> str:
    """What is left of `text` without its removals, which are in order of position."""
    parts = []
    position = 0
    for removal in removals:
        parts.append(text[position : removal.start])
        position = removal.end
    parts.append(text[position:])
    return "".join(parts)


def restore(text: str, removals: Sequence[Removal]) -> str:
    """The text before cleaning. `removals` in order of position, as `apply` gave them."""
    parts = []
    taken = 0  # characters of `text` used so far
    position = 0  # where we are in the text before cleaning
    for removal in removals:
        kept = removal.start - position
        parts.append(text[taken : taken + kept])
        parts.append(removal.text)
        taken += kept
        position = removal.end
    parts.append(text[taken:])
    return "".join(parts)


def _united(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """What the spans cover, as disjoint ranges in order of position."""
    united: list[tuple[int, int]] = []
    for start, end in sorted((span.start, span.end) for span in spans if span.start < span.end):
        if united and start < united[-1][1]:
            united[-1] = united[-1][0], max(united[-1][1], end)
        else:
            united.append((start, end))
    return united


def _groups(text: str, spans: Iterable[Span]) -> Iterable[list[Span]]:
    """Spans that overlap, together; empty spans take nothing and are left out."""
    group: list[Span] = []
    reach = -1
    for span in sorted(spans, key=lambda s: (s.start, s.end, s.rule)):
        if not 0 <= span.start <= span.end <= len(text):
            raise ValueError(f"span {span.start}:{span.end} of rule {span.rule} is outside a text of {len(text)}")
        if span.start == span.end:
            continue
        if group and span.start >= reach:
            yield group
            group = []
        reach = span.end if not group else max(reach, span.end)
        group.append(span)
    if group:
        yield group


def _removal(text: str, start: int, end: int, group: list[Span]) -> Removal:
    if len(group) == 1:
        (only,) = group
        return Removal(start, end, text[start:end], (only.rule,), only.category, only.action, only.field)
    lead = min(group, key=lambda s: (-(s.end - s.start), s.start, s.rule))
    rules = tuple(sorted({s.rule for s in group}))
    return Removal(start, end, text[start:end], rules, lead.category, lead.action, lead.field)
