"""Texts that hold two stories: digests, round-ups, an old story below a new one.

Such a text may be close to each of the stories, and would join them. It is told before any story is made, from the
pairs alone: a text that holds half or more of two others, which are of different stories and do not overlap in it, one
at least under a lead that is not its own, the smaller with at least half the share of the larger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from cleaners.arrays import F64, I8, I64, Bools
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
    parted = held & maybe[longer] & ~maybe[shorter]
    return _of_two(longer[parted], story[shorter[parted]], share[parted], under[parted])


def _of_two(texts: I64, stories: I64, share: F64, under: Bools) -> list[int]:
    """The texts that hold two stories. Of each pair: the text, the story of what it holds, the share of the text that
    is found there, whether that stands under another lead."""
    order = np.lexsort((stories, texts))
    texts, stories = texts[order], stories[order]
    change = (texts[1:] != texts[:-1]) | (stories[1:] != stories[:-1])
    firsts = np.flatnonzero(np.append(True, change)[: len(texts)])
    if not len(firsts):
        return []
    owners = texts[firsts]
    several = np.bincount(owners)[owners] > 1
    columns = owners, np.maximum.reduceat(share[order], firsts), np.logical_or.reduceat(under[order], firsts)
    held: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for text, largest, apart in zip(*(column[several].tolist() for column in columns), strict=True):
        held[text].append((largest, apart))
    return [text for text, parts in held.items() if _holds_two(parts)]


def _holds_two(parts: Sequence[tuple[float, bool]]) -> bool:
    """Whether a text is a digest of two of these parts. A part: the share of the text that is found in one story,
    whether it stands under another lead there."""
    return any(
        number != other and share + rest <= WHOLE and 0.5 <= share / rest <= 2
        for number, (share, under) in enumerate(parts)
        if under
        for other, (rest, _) in enumerate(parts)
    )
