"""What the model says to the cuts of the rules, and adds to them: whole lines only.

A rule knows a phrase, the model the line it stands in and those around it. What has a form that a story never has (an
ad marker, a credit, a widget) goes as the rules say. Other lines need some assent: without it a rule that was right on
every article it was written from takes a paragraph of the first guide to a trade that names newsletters or affiliates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cleaners.cut import Cut, whole
from cleaners.layout import WITHIN
from cleaners.model import CATEGORY, STORY_CHARS, Opinion, rule_id
from cleaners.page import Page

ASKED = frozenset({"bio", "contact", "dangling", "legal", "newsletter", "promo", "related", "social"})
"""Categories whose rules know phrases that a story may have as well. Measured with scores of models that had not seen
the publisher: of 826 lines of boilerplate that they take of the labelled articles 11 are doubted; of what they take of
pages that they were not written from, guides and blogs among them, 18 of 50 lines of the text and 4 of 109 others."""


@dataclass(frozen=True, slots=True)
class Objection:
    """A cut of a rule that the model does not assent to. by: what stands in for the id of a veto."""

    cut: Cut
    by: str


@dataclass(frozen=True, slots=True)
class Heard:
    """cuts: of the rules, less those objected to, and the model's own."""

    cuts: list[Cut]
    objections: list[Objection]


def hear(page: Page, opinion: Opinion, cuts: Sequence[Cut]) -> Heard:
    """The cuts that the model does not object to, and its own where the rules are silent, if they leave anything."""
    doubted = {cut.line for cut in cuts if _objected(page, opinion, cut)}
    resumed = _resumed(page, opinion, cuts)
    kept, objections = [], []
    for cut in cuts:
        if (cut.line in doubted and _objected(page, opinion, cut)) or (cut.needs is not None and cut.line in resumed):
            objections.append(Objection(cut, rule_id(opinion.score(cut.line))))
        else:
            kept.append(cut)
    return Heard(_with_votes(page, opinion, kept), objections)


def _with_votes(page: Page, opinion: Opinion, cuts: list[Cut]) -> list[Cut]:
    if not opinion.votes:
        return cuts
    taken = {cut.line: cut.category for cut in cuts if whole(page, cut)}
    frame = {line for line, category in taken.items() if category not in WITHIN}
    own = {}
    for vote in opinion.votes:
        line = page.data.rfind(b"\n", 0, vote.start) + 1
        if line not in taken and (vote.alone or not frame.isdisjoint((page.previous(line), page.next(line)))):
            own[line] = Cut(line, page.reach(line), line, vote.rule, CATEGORY)
    left = any(line not in taken and line not in own for line in page.down(page.first()))
    return [*cuts, *own.values()] if left else cuts


def _objected(page: Page, opinion: Opinion, cut: Cut) -> bool:
    """Whether a cut takes out whole a paragraph of the story, or, doubtfully, what a phrase or its place gives away."""
    if cut.needs is not None:
        return opinion.score(cut.line) < cut.needs
    if not whole(page, cut):
        return False
    if cut.end - cut.start >= STORY_CHARS and opinion.story(cut.line):
        return True
    return cut.category in ASKED and opinion.doubts(cut.line)


def _resumed(page: Page, opinion: Opinion, cuts: Iterable[Cut]) -> set[int]:
    """Lines below one that stands where boilerplate does and is of the story: it may have gone on there.

    Down to the next line of another rule those stay that are not more likely boilerplate than not.
    """
    placed = {cut.line: cut.needs for cut in cuts if cut.needs is not None}
    others = {cut.line for cut in cuts if cut.needs is None and whole(page, cut)}
    found: set[int] = set()
    on = False
    for line in sorted(placed.keys() | others):
        if line in others:
            on = False
        elif on and opinion.score(line) < 0:
            found.add(line)
        else:
            on = on or opinion.score(line) < placed[line]
    return found
