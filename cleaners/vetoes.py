"""What `keep` rules protect: a line from being taken out whole, and speech in it, but not what is glued to that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cleaners.cut import Cut, whole
from cleaners.engine import Hit
from cleaners.page import Page
from cleaners.span import Span

WITHIN_QUOTATION = "within-quotation"
SPOKEN = frozenset({"bio", "comment", "contact", "dangling", "newsletter", "promo", "related", "social"})
"""Categories of what somebody may say: in an open quotation it stays. (A widget or an ad marker may be glued in.)"""

OF_SPEECH = frozenset({"keep-dateline", "keep-quote", "keep-quote-de", "keep-quote-es", "keep-quote-pt", "keep-quoted"})
"""Vetoes that tell a line of the story by how it begins, or by a quotation in it, and not by what it is about."""

_ENDS = tuple(".!?…:”’\"'»)]“")


def protected(page: Page, hits: Iterable[Hit], cuts: Sequence[Cut]) -> list[Span]:
    """The parts that must stay, in bytes. hits: of `keep` rules, in the lines of the cuts.

    A rule that keeps a line for the speech in it ("... ," she said) leaves to the other rules what is set off there: a
    part in brackets, or one that begins after the end of a sentence.
    """
    parts: dict[int, list[Cut]] = {}
    for cut in cuts:
        if not whole(page, cut):
            parts.setdefault(cut.line, []).append(cut)
    vetoes = []
    for hit in hits:
        holes = [cut for cut in parts.get(hit.line_start, ()) if hit.rule.id in OF_SPEECH and _set_off(page, cut)]
        vetoes += [Span(start, end, hit.rule.id, hit.rule.category) for start, end in _less(hit.start, hit.end, holes)]
    for cut in (cut for line in parts.values() for cut in line):
        if cut.category in SPOKEN and _quoted(page, cut):
            vetoes.append(Span(cut.start, cut.end, WITHIN_QUOTATION, "keep"))
    return vetoes


def _less(start: int, end: int, holes: Iterable[Cut]) -> Iterator[tuple[int, int]]:
    for hole in sorted(holes, key=lambda cut: cut.start):
        if start < hole.start:
            yield start, min(hole.start, end)
        start = max(start, hole.end)
    if start < end:
        yield start, end


def _set_off(page: Page, cut: Cut) -> bool:
    before = page.data[cut.line : cut.start].decode("utf-8", "replace").rstrip()
    return not before or before.endswith(_ENDS) or page.data[cut.start : cut.end].lstrip()[:1] in (b"(", b"[")


def _quoted(page: Page, cut: Cut) -> bool:
    """Whether more quotation marks are opened before the cut than closed."""
    before = page.data[cut.line : cut.start].decode("utf-8", "replace")
    if "„" in before:
        return before.count("„") > before.count("“") + before.count("”")
    return before.count("“") > before.count("”") or before.count("«") > before.count("»") or before.count('"') % 2 == 1
