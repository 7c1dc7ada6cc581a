"""Judged pairs (similarity.py) as the edges from which stories are made (stories.py)."""

from __future__ import annotations

import numpy as np

from copydesk.similarity import EMBEDS, I8, I64, OVERLAP, STRONG, WEAK, Bools, Figures
from copydesk.stories import Edge, Tie

TIES: dict[int, Tie] = {OVERLAP: "overlap", EMBEDS: "embeds", WEAK: "weak", STRONG: "strong"}


def edges_of(a: I64, b: I64, figures: Figures, verdicts: I8, chosen: I64, place: I64) -> list[Edge]:
    """Those of the pairs (a[k], b[k]) with k in `chosen`, none of which is NONE; the ends are numbered by `place`."""
    f, one, two = figures.at(chosen), a[chosen], b[chosen]
    a_is_longer = f.a_size >= f.b_size
    held = np.where(a_is_longer, f.b_in_a, f.a_in_b)
    longer = np.where(held >= 0.5, place[np.where(a_is_longer, one, two)], -1)
    most = np.maximum(f.a_in_b, f.b_in_a)
    columns = (place[one], place[two], verdicts[chosen], f.jaccard, most, longer)
    return [
        Edge(first, second, TIES[verdict], (jaccard, share), more)
        for first, second, verdict, jaccard, share, more in zip(*(c.tolist() for c in columns), strict=True)
    ]


def embedding(a: I64, b: I64, figures: Figures, verdicts: I8, count: int) -> Bools:
    """Which of `count` nodes embed most of those that they are in one of these pairs with, all of one story.

    Not all of a story: what one of a pair embeds more, the other does less.
    """
    told = np.flatnonzero(verdicts > OVERLAP)
    a_is_longer = (figures.a_size >= figures.b_size)[told]
    longer, shorter = np.where(a_is_longer, a[told], b[told]), np.where(a_is_longer, b[told], a[told])
    signs = np.where(verdicts[told] == EMBEDS, 1, -1)
    more = np.bincount(longer, signs, count) - np.bincount(shorter, minlength=count)
    return np.asarray(more > 0, np.bool_)
