"""What the model objects to, what it is asked about, and what it is not."""

from __future__ import annotations

import numpy as np

from cleaners.assent import ASKED, hear
from cleaners.cut import AT_EDGE, LISTED, Cut
from cleaners.model import DOUBT, Opinion
from cleaners.page import Page
from cleaners.rules import rules

LONG = "The bell of the harbor was rung nine times, and " * 3 + "nobody came."
LINES = ["The lamp was lit at nine.", "Ring the bell.", LONG, "A list of boats", "More boats", "Ring again."]


def page_of(*lines: str) -> tuple[Page, list[int]]:
    data = "\n".join(lines).encode()
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line.encode()) + 1)
    return Page(data), starts


def heard(scores: dict[int, int], *cuts: tuple[int, str, int | None]) -> tuple[list[int], list[tuple[int, str]]]:
    """(lines that go, lines that were objected to with the name). cuts: line, category, needs."""
    page, starts = page_of(*LINES)
    rows = [[start, len(LINES[n]), scores.get(n, 0)] for n, start in enumerate(starts)]
    found = hear(
        page,
        Opinion(np.array(rows, np.int64), []),
        [
            Cut(starts[n], page.reach(starts[n]), starts[n], "bells", category, needs=needs)
            for n, category, needs in cuts
        ],
    )
    number = {start: n for n, start in enumerate(starts)}
    return [number[cut.line] for cut in found.cuts], [(number[o.cut.line], o.by) for o in found.objections]


def test_a_line_that_a_phrase_takes_stays_if_the_model_doubts_it() -> None:
    assert heard({1: DOUBT}, (1, "newsletter", None)) == ([1], [])
    assert heard({1: DOUBT - 1}, (1, "newsletter", None)) == ([], [(1, "model:0.04")])


def test_what_has_a_form_of_its_own_goes_whatever_the_model_thinks() -> None:
    assert heard({1: -9000}, (1, "ad_marker", None)) == ([1], [])


def test_it_is_asked_about_categories_that_there_are() -> None:
    assert {rule.category for rule in rules()} >= ASKED


def test_what_only_its_place_gives_away_needs_more() -> None:
    assert heard({3: AT_EDGE - 1}, (3, "related", AT_EDGE)) == ([], [(3, "model:0.15")])
    assert heard({3: AT_EDGE}, (3, "related", AT_EDGE)) == ([3], [])
    assert heard({3: LISTED}, (3, "related", LISTED)) == ([3], [])


def test_below_a_line_of_the_story_less_is_given_away_by_the_place() -> None:
    cuts = [(3, "related", AT_EDGE), (4, "related", AT_EDGE), (5, "related", AT_EDGE)]
    assert heard({3: -5000, 4: -1, 5: 1}, *cuts) == ([5], [(3, "model:0.01"), (4, "model:0.50")])
    assert heard({4: -1}, *cuts) == ([3, 4, 5], [])


def test_up_to_the_next_line_that_a_rule_takes() -> None:
    cuts = [(3, "related", AT_EDGE), (4, "legal", None), (5, "related", AT_EDGE)]
    assert heard({3: -5000, 5: -1}, *cuts) == ([4, 5], [(3, "model:0.01")])
