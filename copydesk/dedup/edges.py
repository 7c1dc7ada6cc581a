"""What judged pairs (similarity.py) say, all of them together, of the texts of a story and of pairs that make none."""

from __future__ import annotations

import numpy as np

from cleaners.arrays import I8, I32, I64, Bools
from copydesk.sketches.similarity import (
    EMBEDS,
    LEAST,
    NONE,
    OVERLAP,
    STRONG,
    STRONG_BETWEEN,
    Figures,
    connected,
    half_held,
)

ALIKE = 0.5
"""Jaccard from which on two texts are one story's whatever their titles: these may be the name of the site."""

SURE, SOME = 3, 2
"""Telling words that each of two titles has, and none in common, for the titles to be at odds: surely, or somewhat."""

OWN_LEAD, HELD_LEAD = 0.7, 0.75
"""Of a text that holds another and something else: no more than that share of its lead is found in the other, and that
share or more of the other's lead in it."""


def embedding(a: I64, b: I64, figures: Figures, verdicts: I8, alike: Bools, count: int) -> Bools:
    """Which of `count` nodes embed most of those that they are in a pair with. alike: the pairs that are of one
    story."""
    return _most(a, b, figures, alike & (verdicts > OVERLAP), verdicts == EMBEDS, count)


def holding_more(a: I64, b: I64, figures: Figures, verdicts: I8, odds: I32, alike: Bools, count: int) -> Bools:
    """Which of `count` nodes hold, of most of those that they are in a pair with, the text and something else: they
    begin, or go on after their first words, with what the other has not, or have a headline that is about something
    else.

    It may be a digest of which the other stories are not here. A text of which the others are cuts begins as they do.
    odds: how much the titles of a pair are at odds (titles.py). alike: the pairs that are of one story.
    """
    a_is_longer = figures.a_size >= figures.b_size
    own_lead = np.where(a_is_longer, figures.a_lead_in_b, figures.b_lead_in_a) <= OWN_LEAD
    held_lead = np.where(a_is_longer, figures.b_lead_in_a, figures.a_lead_in_b) >= HELD_LEAD
    holds = half_held(figures) & (own_lead & held_lead | (odds >= SOME))
    said = alike & (verdicts > OVERLAP) & (holds | ~own_lead | held_lead)  # nothing by two that begin apart
    return _most(a, b, figures, said, holds, count)


def about_something_else(a: I64, b: I64, figures: Figures, verdicts: I8, odds: I32, base: Bools) -> Bools:
    """Which of the pairs do not make a story of their texts, because these are too little alike for that where all
    titles are at odds: a passage, or all of one text, in another that is about something else.

    A group whose texts are strongly alike has the titles of all of them. odds: of each pair (titles.py). base: of each
    text, whether it is no revision.
    """
    same = verdicts > OVERLAP
    little = np.where(odds >= SURE, (verdicts == EMBEDS) | (figures.jaccard < ALIKE), figures.jaccard < STRONG_BETWEEN)
    odd = same & (odds >= SOME) & little & (np.minimum(figures.a_size, figures.b_size) >= LEAST)
    if not odd.any():
        return np.asarray(odd, np.bool_)
    strong = (verdicts == STRONG) & ~odd & base[a] & base[b]
    roots = connected(a[strong], b[strong], len(base))
    concerned = np.zeros(len(base), np.bool_)
    concerned[roots[a[odd]]] = concerned[roots[b[odd]]] = True
    others = (verdicts != NONE) & (odds < SOME)
    others[others] = concerned[roots[a[others]]] & concerned[roots[b[others]]]
    between, between_others = (_between(roots[a[some]], roots[b[some]], len(base)) for some in (odd, others))
    odd[odd] = ~np.isin(between, between_others)
    return np.asarray(odd, np.bool_)


def _between(one: I64, two: I64, count: int) -> I64:
    """Numbers of pairs of two of `count`, whichever of the two stands first."""
    return np.minimum(one, two) * count + np.maximum(one, two)


def _most(a: I64, b: I64, figures: Figures, said: Bools, holds: Bools, count: int) -> Bools:
    """Which of `count` nodes hold most of those that they are in a pair with, of which something is said. holds:
    whether the longer of a pair holds the shorter.

    Not all of a story do: what one of a pair holds more, the other does less.
    """
    chosen = np.flatnonzero(said)
    one, two = a[chosen], b[chosen]
    a_is_longer = (figures.a_size >= figures.b_size)[chosen]
    longer, shorter = np.where(a_is_longer, one, two), np.where(a_is_longer, two, one)
    more = np.bincount(longer, np.where(holds[chosen], 1, -1), count) - np.bincount(shorter, minlength=count)
    return np.asarray(more > 0, np.bool_)
