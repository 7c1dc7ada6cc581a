"""Texts that hold two stories: digests, round-ups, an old story below a new one.

Such a text may be close to each of the stories, and would join them. It is told before any story is made, from the
pairs alone: a text that holds half or more of two others, which are of different stories and do not overlap in it, one
at least under a lead that is not its own, the smaller with at least half the share of the larger.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from cleaners.arrays import I8, I64, Bools
from copydesk.sketches.similarity import NONE, Figures, connected, under_another_lead

ALIKE = 0.8
"""Jaccard from which on a text is a copy of a digest, and not a part of it."""

WHOLE = 1.05
"""Two parts of a text that are no more than this together do not overlap; some shingles are found in both."""


def part_of_digest(a: I64, b: I64, figures: Figures, verdicts: I8, count: int, known: I64) -> Bools:
    """Which of the pairs (a[k], b[k]) of numbers below `count` are of a digest and what it holds: they join nothing.

    known: int64[m, 2], other pairs that are of one story.
    """
    digest = np.zeros(count, np.bool_)
    digest[_digests(a, b, figures, verdicts, count, known)] = True
    return np.asarray((digest[a] != digest[b]) & (figures.jaccard < ALIKE), np.bool_)


def _digests(a: I64, b: I64, figures: Figures, verdicts: I8, count: int, known: I64) -> list[int]:
    a_is_longer = figures.a_size >= figures.b_size
    longer, shorter = np.where(a_is_longer, a, b), np.where(a_is_longer, b, a)
    share = np.where(a_is_longer, figures.a_in_b, figures.b_in_a)
    held = (verdicts != NONE) & (np.where(a_is_longer, figures.b_in_a, figures.a_in_b) >= 0.5)
    under = held & under_another_lead(figures)
    parts = np.bincount(longer[held], minlength=count)
    maybe = np.zeros(count, np.bool_)
    maybe[longer[under]] = True
    maybe &= parts > 1
    if not maybe.any():
        return []
    # Which stories there are is told without those that may join them.
    one, two = np.concatenate([a, known[:, 0]]), np.concatenate([b, known[:, 1]])
    said = np.concatenate([verdicts != NONE, np.ones(len(known), np.bool_)]) & ~maybe[one] & ~maybe[two]
    story = connected(one[said], two[said], count)
    largest: dict[int, dict[int, float]] = defaultdict(dict)
    apart: dict[int, set[int]] = defaultdict(set)
    for k in np.flatnonzero(held & maybe[longer] & ~maybe[shorter]).tolist():
        text, of = int(longer[k]), int(story[shorter[k]])
        largest[text][of] = max(largest[text].get(of, 0.0), float(share[k]))
        if under[k]:
            apart[text].add(of)
    return [text for text, shares in largest.items() if _two(shares, apart[text])]


def _two(share: dict[int, float], under: set[int]) -> bool:
    """Whether a text holds two stories. share: of the text, found in texts of each story. under: those under a lead."""
    return any(
        story != other and share[story] + share[other] <= WHOLE and 0.5 <= share[story] / share[other] <= 2
        for story in under
        for other in share
    )
