"""What `keep` rules protect: a line from being taken out whole, and speech in it, but not what is glued to that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

WITHIN_QUOTATION = "within-quotation"

BUILT_IN_VETOES = {WITHIN_QUOTATION: ("keep", "what somebody says: a part in quotation marks that are open before it")}
"""Vetoes that are code: id -> category and what they keep."""

_TOLD = ("keep-told", *(f"keep-told-{language}" for language in ("de", "es", "fr", "it", "nl", "pl", "pt", "ru", "tr")))
_QUOTES = ("keep-quote", "keep-quote-de", "keep-quote-es", "keep-quote-pt", "keep-quoted")

OF_SPEECH = frozenset({"keep-dateline", *_QUOTES, *_TOLD})
"""Vetoes that tell a line of the story by how it begins, or by a quotation in it, and not by what it is about."""

_ENDS = tuple(".!?…:”’\"'»)]“")


class Veto(NamedTuple):
    """A part that must stay, in bytes."""

    start: int
    end: int
    rule: str
    category: str


class Kept(NamedTuple):
    """What a `keep` rule matches, in bytes. line: where its line starts."""

    start: int
    end: int
    line: int
    rule: str
    category: str


class Part(NamedTuple):
    """A part of a line that a cut takes, in bytes. line: where the line starts. spoken: it is what somebody may say."""

    start: int
    end: int
    line: int
    spoken: bool


def protected(data: bytes, kept: Iterable[Kept], parts: Sequence[Part]) -> list[Veto]:
    """The parts that must stay. parts: those that cuts take of lines which they do not take whole.

    A rule that keeps a line for the speech in it ("... ," she said) leaves to the other rules what is set off there: a
    part in brackets, or one that begins after the end of a sentence; and one that keeps it as a sentence that somebody
    told (..., she said) any part that is not all of it.
    """
    of_line: dict[int, list[Part]] = {}
    for part in parts:
        of_line.setdefault(part.line, []).append(part)
    vetoes = []
    for hit in kept:
        holes = [part for part in of_line.get(hit.line, ()) if _leaves(hit.rule, data, part)]
        vetoes += [Veto(start, end, hit.rule, hit.category) for start, end in _less(hit.start, hit.end, holes)]
    vetoes += [
        Veto(part.start, part.end, WITHIN_QUOTATION, "keep") for part in parts if part.spoken and _quoted(data, part)
    ]
    return vetoes


def _leaves(rule: str, data: bytes, part: Part) -> bool:
    return rule in _TOLD or (rule in OF_SPEECH and _set_off(data, part))


def _less(start: int, end: int, holes: Iterable[Part]) -> Iterator[tuple[int, int]]:
    for hole in sorted(holes, key=lambda part: part.start):
        if start < hole.start:
            yield start, min(hole.start, end)
        start = max(start, hole.end)
    if start < end:
        yield start, end


def _set_off(data: bytes, part: Part) -> bool:
    before = data[part.line : part.start].decode("utf-8", "replace").rstrip()
    return not before or before.endswith(_ENDS) or data[part.start : part.end].lstrip()[:1] in (b"(", b"[")


def _quoted(data: bytes, part: Part) -> bool:
    """Whether more quotation marks are opened before the part than closed."""
    before = data[part.line : part.start].decode("utf-8", "replace")
    if "„" in before:
        return before.count("„") > before.count("“") + before.count("”")
    return before.count("“") > before.count("”") or before.count("«") > before.count("»") or before.count('"') % 2 == 1
