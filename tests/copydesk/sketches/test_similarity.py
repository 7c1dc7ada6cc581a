from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from copydesk.sketches.similarity import (
    EMBEDS,
    NONE,
    OVERLAP,
    STRONG,
    WEAK,
    Figures,
    judge,
    under_another_lead,
)


def figures(shared: int, a: int, b: int, leads: tuple[float, float]) -> Figures:
    """Of one pair: shingles that both have, that each has, and how much of each lead is found in the other."""
    counts = [shared / (a + b - shared), shared / a, shared / b, *leads]
    return Figures(*(np.array([value]) for value in counts), np.array([a]), np.array([b]))


def verdict(
    shared: int, a: int, b: int, leads: tuple[float, float], *, same: bool = False, title: float = 0, year: bool = False
) -> int:
    told: Any = judge(
        figures(shared, a, b, leads), np.array([same]), np.array([title], np.float64), np.array([year], np.bool_)
    )
    return int(told[0])


BETWEEN = {
    "a house edit": (450, 500, 600, (0.7, 0.6), STRONG),
    "a later version under a new lead": (550, 1000, 1100, (0.1, 0.2), WEAK),
    "half of each is its own": (140, 280, 260, (0.2, 0.3), OVERLAP),
    "two briefs around the same quotes": (80, 150, 145, (0.4, 0.5), OVERLAP),
    "a brief with some words replaced": (80, 115, 120, (0.7, 0.6), STRONG),
    "a brief, all of it in a longer one": (75, 76, 150, (0.9, 0.2), STRONG),
    "a cut copy": (150, 160, 1500, (1.0, 0.9), WEAK),
    "a condensed one": (60, 100, 200, (0.6, 0.6), WEAK),
    "the first words only": (20, 20, 300, (1.0, 0.35), WEAK),
    "a passage quoted": (20, 20, 300, (1.0, 0.0), NONE),
    "all of it quoted": (150, 160, 1500, (1.0, 0.0), OVERLAP),
    "all of it under another lead": (300, 310, 700, (1.0, 0.0), EMBEDS),
    "statements": (300, 1000, 1100, (0.1, 0.1), NONE),
}


@pytest.mark.parametrize("case", BETWEEN)
def test_between_publishers(case: str) -> None:
    shared, a, b, leads, expected = BETWEEN[case]
    assert verdict(shared, a, b, leads) == expected
    assert verdict(shared, b, a, leads[::-1]) == expected


def test_within_one_publisher_the_leads_are_asked_for() -> None:
    assert verdict(450, 500, 600, (0.7, 0.6), same=True) == STRONG
    assert verdict(450, 500, 600, (0.9, 0.1), same=True) == OVERLAP  # yesterday's text below today's news
    assert verdict(450, 500, 600, (0.5, 0.5), same=True) == OVERLAP
    assert verdict(20, 25, 27, (1.0, 1.0), same=True) == NONE  # a notice


def test_within_one_publisher_a_title_helps() -> None:
    assert verdict(300, 500, 600, (0.3, 0.1), same=True, title=0.9) == WEAK
    assert verdict(300, 500, 600, (0.1, 0.1), same=True, title=0.9) == OVERLAP
    assert verdict(300, 500, 600, (0.3, 0.1), same=True, title=0.5) == OVERLAP


def test_next_years_list_is_not_this_years() -> None:
    assert verdict(490, 500, 500, (0.9, 0.9), same=True, title=0.8) == STRONG
    assert verdict(490, 500, 500, (0.9, 0.9), same=True, title=0.8, year=True) == OVERLAP
    assert verdict(490, 500, 500, (0.9, 0.9), title=0.8, year=True) == STRONG  # two publishers


def test_texts_without_a_shingle_are_nothing_to_each_other() -> None:
    nothing = Figures(*(np.zeros(1) for _ in range(5)), np.zeros(1, np.int64), np.zeros(1, np.int64))
    assert judge(nothing, np.ones(1, np.bool_), np.ones(1), np.zeros(1, np.bool_)).tolist() == [NONE]


def test_under_another_lead() -> None:
    assert under_another_lead(figures(300, 310, 700, (1.0, 0.0))).all()
    assert under_another_lead(figures(200, 310, 700, (0.9, 0.0))).all()
    assert not under_another_lead(figures(200, 310, 700, (0.1, 0.0))).any()
    assert not under_another_lead(figures(300, 310, 700, (1.0, 0.5))).any()
