from __future__ import annotations

import numpy as np

from copydesk.dedup.edges import about_something_else, embedding, holding_more
from copydesk.sketches.similarity import EMBEDS, OVERLAP, STRONG, WEAK
from tests.copydesk.dedup.test_digests import Pair, told


def embeds(pairs: list[Pair]) -> list[bool]:
    """Of five texts, all of one story."""
    return [bool(node) for node in embedding(*told(pairs), np.ones(len(pairs), np.bool_), 5)]


def test_what_embeds_most_of_its_story_is_marked() -> None:
    story: list[Pair] = [(0, 1, 0.9, 1.0, STRONG), (0, 2, 0.9, 1.0, STRONG), (1, 2, 0.9, 1.0, STRONG)]
    holding: list[Pair] = [(3, 0, 0.7, 0.0, STRONG), (3, 1, 0.5, 0.0, EMBEDS), (3, 2, 0.5, 0.0, EMBEDS)]
    assert embeds([*story, *holding]) == [False, False, False, True, False]
    assert not any(embeds([*story, *holding[:2]]))
    assert not any(embeds([(3, 0, 0.4, 0.0, OVERLAP)]))


def test_pairs_of_two_stories_say_nothing() -> None:
    pairs: list[Pair] = [(3, 0, 0.5, 0.0, EMBEDS), (3, 1, 0.5, 0.0, EMBEDS)]
    assert embeds(pairs) == [False, False, False, True, False]
    assert not embedding(*told(pairs), np.zeros(2, np.bool_), 5).any()
    assert not holding_more(*told(pairs), np.zeros(2, np.int64), np.zeros(2, np.bool_), 5).any()


def more(pairs: list[Pair], *odds: int) -> list[int]:
    """The texts that hold more than their story."""
    return np.flatnonzero(holding_more(*told(pairs), np.array(odds), np.ones(len(pairs), np.bool_), 5)).tolist()


def test_what_holds_more_than_its_story_begins_otherwise_or_has_another_headline() -> None:
    assert more([(0, 1, 0.6, 0.5, STRONG)], 0) == [0]
    assert more([(0, 1, 0.6, 1.0, STRONG)], 0) == []  # the other is a cut of it
    assert more([(0, 1, 0.6, 1.0, STRONG)], 2) == [0]
    assert more([(0, 1, 0.9, 0.5, STRONG)], 3) == []  # a copy, whatever its headline
    assert more([(0, 1, 0.6, 0.5, OVERLAP)], 3) == []


def test_most_of_the_others_say_what_holds_more() -> None:
    story: list[Pair] = [(1, 2, 0.95, 1.0, STRONG), (1, 3, 0.95, 1.0, STRONG), (2, 3, 0.95, 1.0, STRONG)]
    holding: list[Pair] = [(0, i, 0.6, 0.5, STRONG) for i in (1, 2, 3)]
    assert more([*story, *holding], *[0] * 6) == [0]
    cuts: list[Pair] = [(0, i, 0.6, 1.0, STRONG) for i in (1, 2)]
    assert more([*story, *cuts, holding[2]], *[0] * 6) == []


def elsewhere(pairs: list[Pair], *odds: int) -> list[bool]:
    a, b, figures, verdicts = told(pairs)
    found = about_something_else(a, b, figures, verdicts, np.array(odds), np.ones(9, np.bool_))
    turned = about_something_else(b, a, figures, verdicts, np.array(odds), np.ones(9, np.bool_))
    assert found.tolist() == turned.tolist()
    return [bool(pair) for pair in found]


def test_titles_at_odds_part_what_is_little_alike() -> None:
    assert elsewhere([(0, 1, 0.3, 1.0, WEAK)], 2) == [True]
    assert elsewhere([(0, 1, 0.3, 1.0, WEAK)], 1) == [False]
    assert elsewhere([(0, 1, 0.45, 1.0, STRONG)], 3) == [True]
    assert elsewhere([(0, 1, 0.45, 1.0, STRONG)], 2) == [False]
    assert elsewhere([(0, 1, 0.6, 0.0, EMBEDS)], 3) == [True]
    assert elsewhere([(0, 1, 0.6, 1.0, STRONG)], 9) == [False]
    assert elsewhere([(0, 1, 0.02, 1.0, WEAK)], 9) == [False]  # twenty shingles: the first words


def test_a_story_has_the_titles_of_all_its_texts() -> None:
    strong: Pair = (0, 1, 0.9, 1.0, STRONG)
    assert elsewhere([strong, (0, 2, 0.3, 1.0, WEAK), (1, 2, 0.3, 1.0, WEAK)], 0, 3, 3) == [False, True, True]
    assert elsewhere([strong, (0, 2, 0.3, 1.0, WEAK), (1, 2, 0.3, 1.0, WEAK)], 0, 3, 0) == [False, False, False]
    assert elsewhere([(0, 2, 0.3, 1.0, WEAK), (1, 2, 0.3, 1.0, WEAK)], 3, 0) == [True, False]
