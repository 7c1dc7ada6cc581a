from __future__ import annotations

import numpy as np

from copydesk.dedup.digests import part_of_digest
from copydesk.sketches.similarity import NONE, OVERLAP, STRONG, WEAK, Figures

Pair = tuple[int, int, float, float, int]
"""Two texts, the first longer; the share of it found in the second; the share of its lead found there; the verdict."""


def told(pairs: list[Pair]) -> tuple[np.ndarray, np.ndarray, Figures, np.ndarray]:
    """Of pairs of which the first text holds all of the second."""
    a, b, share, lead, verdicts = (np.array(column) for column in zip(*pairs, strict=True))
    ones = np.ones(len(pairs))
    sizes = np.full(len(pairs), 1000), (1000 * share).astype(np.int64)
    return a, b, Figures(share, share, ones, lead, ones, *sizes), verdicts.astype(np.int8)


def apart(pairs: list[Pair], *known: tuple[int, int]) -> list[bool]:
    ties = np.array(known, np.int64).reshape(-1, 2)
    found = part_of_digest(*told(pairs), 9, ties)
    turned = [told(pairs)[i] for i in (1, 0)]
    f = told(pairs)[2]
    other = Figures(f.jaccard, f.b_in_a, f.a_in_b, f.b_lead_in_a, f.a_lead_in_b, f.b_size, f.a_size)
    assert part_of_digest(turned[0], turned[1], other, told(pairs)[3], 9, ties).tolist() == found.tolist()
    return [bool(one) for one in found]


HALVES: list[Pair] = [(0, 1, 0.5, 1.0, STRONG), (0, 2, 0.48, 0.0, STRONG)]


def test_a_digest_joins_none_of_what_it_holds() -> None:
    assert apart(HALVES) == [True, True]
    assert apart(HALVES[:1]) == [False]  # a longer version of the one, for all one knows


def test_one_story_after_all() -> None:
    assert apart([*HALVES, (1, 2, 0.3, 1.0, WEAK)]) == [False] * 3
    assert apart([*HALVES, (1, 2, 0.3, 1.0, OVERLAP)]) == [False] * 3
    assert apart([*HALVES, (1, 3, 0.9, 1.0, STRONG), (3, 2, 0.4, 1.0, STRONG)]) == [False] * 4
    assert apart(HALVES, (1, 2)) == [False, False]
    assert apart([*HALVES, (1, 2, 0.1, 1.0, NONE)]) == [True, True, False]


def test_two_cuts_that_both_begin_it_are_of_one_story() -> None:
    assert apart([(0, 1, 0.5, 1.0, STRONG), (0, 2, 0.4, 1.0, STRONG)]) == [False, False]


def test_a_story_with_a_passage_of_another_is_no_digest() -> None:
    assert apart([(0, 1, 0.7, 1.0, STRONG), (0, 2, 0.2, 0.0, OVERLAP)]) == [False, False]


def test_two_parts_that_overlap_are_no_two_stories() -> None:
    assert apart([(0, 1, 0.7, 1.0, STRONG), (0, 2, 0.5, 0.0, STRONG)]) == [False, False]


def test_digests_have_copies() -> None:
    copy: Pair = (0, 3, 0.95, 1.0, STRONG)
    of_copy = [(3, other, share, lead, verdict) for _, other, share, lead, verdict in HALVES]
    assert apart([copy, *HALVES, *of_copy]) == [False, True, True, True, True]
    assert apart([copy, *HALVES]) == [False, True, True]
