"""What the model objects to, what it is asked about, and what it is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cleaners.assent import (
    ALONE_BARS,
    AMONG_BARS,
    BESIDE_BARS,
    DOUBT,
    MOST_ASKED,
    PAGE_DOUBTS,
    PAGE_LINES,
    POINTER_DOUBT,
    REPEATS,
    SOME_BARS,
    SOME_LINES,
    STORY_BAR,
    SURE,
    bar,
    hear,
)
from cleaners.batch import lined
from cleaners.cut import ANY_SCORE, AT_EDGE, CUT_COLUMNS, CUT_ROW, LISTED, NO_HIT, cut_line
from cleaners.model import rule_id
from cleaners.registry import OF_ASKED, Registry
from cleaners.rules import rules

LONG = "The bell of the harbor was rung nine times, and " * 3 + "nobody came."
LINES = ["The lamp was lit at nine.", "Ring the bell.", LONG, "A list of boats", "More boats", "Ring again."]
REGISTRY = Registry(rules())


def heard(scores: dict[int, int], *cuts: tuple[int, str, int]) -> tuple[list[int], list[tuple[int, str]]]:
    """(lines that go, lines that were objected to with the name). cuts: line, category, needs."""
    lines, objected, _ = _heard(scores, *cuts)
    return (
        [line for line, by in zip(lines, objected, strict=True) if not by],
        [(line, rule_id(scores.get(line, 0))) for line, by in zip(lines, objected, strict=True) if by],
    )


def voted(scores: dict[int, int], *cuts: tuple[int, str, int], text: Sequence[str] = LINES) -> list[int]:
    """Lines that the model takes out by itself."""
    return _heard(scores, *cuts, text=text)[2]


def _heard(
    scores: dict[int, int], *cuts: tuple[int, str, int], text: Sequence[str] = LINES
) -> tuple[list[int], list[int], list[int]]:
    """Lines of the cuts, whether the model objects, lines of its own."""
    of = lined(["\n".join(text).encode()])
    count, size = len(text), len(of.data)
    rows = np.zeros((len(cuts) + count, CUT_COLUMNS), np.int64)
    for number, (line, category, needs) in enumerate(cuts):
        cut_line(of.scanned.table, line, count, size, 0, REGISTRY.category(category), needs, NO_HIT, rows, number)
    objected, told = np.zeros(len(rows), np.int64), np.array([scores.get(n, 0) for n in range(count)])
    room = np.full(count, -1), np.zeros(count, np.int64), np.zeros(count, np.int64)
    hearing = of.scanned.table, count, of.ends, told, REGISTRY.kinds, REGISTRY.model, *room, objected, rows, len(cuts)
    total = hear(*hearing)
    lines = rows[:, CUT_ROW].tolist()
    return lines[: len(cuts)], objected[: len(cuts)].tolist(), lines[len(cuts) : total]


def test_a_line_that_a_phrase_takes_stays_if_the_model_doubts_it() -> None:
    assert heard({1: DOUBT}, (1, "newsletter", ANY_SCORE)) == ([1], [])
    assert heard({1: DOUBT - 1}, (1, "newsletter", ANY_SCORE)) == ([], [(1, "model:0.04")])


def test_long_lines_of_a_page_need_more() -> None:
    text = [*LINES, *(f"Ring bell {number}." for number in range(PAGE_LINES - 1))]
    menu = [(number, "header", ANY_SCORE) for number in range(len(LINES), len(text))]
    for category, needs in (("bio", ANY_SCORE), ("related", LISTED)):
        for score in (PAGE_DOUBTS[3], PAGE_DOUBTS[3] - 1):
            _, objected, _ = _heard({2: score}, (2, category, needs), *menu, text=text)
            assert objected[0] == (score < PAGE_DOUBTS[3]), category
            _, objected, _ = _heard({2: score}, (2, category, needs), *menu[:-1], text=text)
            assert not objected[0], "no page"
    for score in (DOUBT, DOUBT - 1):
        _, objected, _ = _heard({2: score}, (2, "caption", ANY_SCORE), *menu, text=text)
        assert objected[0] == (score < DOUBT), "what has a form of its own"
    sure = dict.fromkeys(range(len(LINES), len(text)), SURE)
    _, objected, _ = _heard({2: PAGE_DOUBTS[3] - 1, **sure}, (2, "bio", ANY_SCORE), text=text)
    assert objected[0], "lines of which the model is sure count as well"


def test_a_pointer_that_reads_as_a_sentence_needs_more() -> None:
    score = POINTER_DOUBT - 1
    assert heard({2: score}, (2, "related", ANY_SCORE)) == ([], [(2, "model:0.17")])
    assert heard({2: POINTER_DOUBT}, (2, "related", ANY_SCORE)) == ([2], [])
    assert heard({3: score}, (3, "related", ANY_SCORE)) == ([3], [])  # it does not end as one
    assert heard({1: score}, (1, "related", ANY_SCORE)) == ([1], [])  # it is short


def test_what_has_a_form_of_its_own_goes_whatever_the_model_thinks() -> None:
    assert heard({1: -9000}, (1, "ad_marker", ANY_SCORE)) == ([1], [])


def test_a_paragraph_of_the_story_is_not_taken_out_whole() -> None:
    assert heard({2: STORY_BAR - 1}, (2, "attribution", ANY_SCORE)) == ([], [(2, "model:0.01")])
    assert heard({2: STORY_BAR}, (2, "attribution", ANY_SCORE)) == ([2], [])
    assert heard({2: STORY_BAR - 1}, (2, "caption", ANY_SCORE)) == ([2], [])  # of a length that captions have
    assert heard({1: STORY_BAR - 1}, (1, "attribution", ANY_SCORE)) == ([1], [])  # it is short


def test_it_is_asked_about_categories_that_there_are() -> None:
    assert {rule.category for rule in rules()} >= OF_ASKED


def test_what_only_its_place_gives_away_needs_more() -> None:
    assert heard({3: AT_EDGE - 1}, (3, "related", AT_EDGE)) == ([], [(3, "model:0.15")])
    assert heard({3: AT_EDGE}, (3, "related", AT_EDGE)) == ([3], [])
    assert heard({3: LISTED}, (3, "related", LISTED)) == ([3], [])


def test_below_a_line_of_the_story_less_is_given_away_by_the_place() -> None:
    cuts = [(3, "related", AT_EDGE), (4, "related", AT_EDGE), (5, "related", AT_EDGE)]
    assert heard({3: -5000, 4: -1, 5: 1}, *cuts) == ([5], [(3, "model:0.01"), (4, "model:0.50")])
    assert heard({4: -1}, *cuts) == ([3, 4, 5], [])


def test_up_to_the_next_line_that_a_rule_takes() -> None:
    cuts = [(3, "related", AT_EDGE), (4, "legal", ANY_SCORE), (5, "related", AT_EDGE)]
    assert heard({3: -5000, 5: -1}, *cuts) == ([4, 5], [(3, "model:0.01")])


def test_a_line_next_to_one_that_rules_take_needs_less_than_one_alone() -> None:
    low, high = bar(len(LINES[4]), BESIDE_BARS), bar(len(LINES[4]), ALONE_BARS)
    assert low < high - 1
    assert voted({4: high - 1}) == []
    assert voted({4: high}) == [4]
    assert voted({4: low}, (3, "related", ANY_SCORE)) == [4]
    assert voted({4: low}, (3, "ad_marker", ANY_SCORE)) == []


FOOT = [
    f"{name} writes for the Harbor Post on {day}s." for name, day in (("Ida", "Mon"), ("Tom", "Tue"), ("Eva", "Wed"))
]
SURELY = max(SURE, *ALONE_BARS)


def test_among_lines_that_it_is_sure_of_less_will_do() -> None:
    low = bar(len("Ring the bell."), AMONG_BARS)
    text = ["The lamp was lit at nine.", "Ring the bell.", *FOOT]
    assert voted({1: low, 2: SURELY, 3: SURELY, 4: SURELY}, text=text) == [1, 2, 3, 4]
    assert voted({1: low, 3: SURELY, 4: SURELY}, text=text) == [3, 4]


def test_short_lines_and_lines_that_repeat_do_not_vouch_for_others() -> None:
    low = bar(len("Ring the bell."), AMONG_BARS)
    for foot in (["Ida Brandt", "Tom Ashby", "Eva Lind", "Ada Lind"], [FOOT[0], FOOT[1]] * 3):
        text = ["The lamp was lit at nine.", "Ring the bell.", *foot]
        assert voted({1: low, **dict.fromkeys(range(2, len(text)), SURELY)}, text=text)[0] == 2


def test_where_some_lines_go_a_short_one_alone_needs_less_than_where_none_does_or_very_many() -> None:
    low, high = bar(len("Ring the bell."), SOME_BARS), bar(len("Ring the bell."), ALONE_BARS)
    assert low < high
    for going, taken in ((SOME_LINES - 1, []), (SOME_LINES, [1]), (PAGE_LINES - 1, [1]), (PAGE_LINES, [])):
        text = ["The lamp was lit at nine.", "Ring the bell.", LONG, *["Advertisement"] * going]
        cuts = [(3 + number, "ad_marker", ANY_SCORE) for number in range(going)]
        assert voted({1: low}, *cuts, text=text) == taken
        assert voted({1: high}, *cuts, text=text) == [1]


def test_a_line_that_repeats_goes_each_time_or_not_at_all() -> None:
    says = ["Ida Brandt", "Why did the lamp go out?", "Tom Ashby", "Nobody knows why it did."]
    text = says * REPEATS
    names = [number for number, line in enumerate(text) if line == "Ida Brandt"]
    assert voted(dict.fromkeys(names, SURELY), text=text) == names
    assert voted(dict.fromkeys(names[1:], SURELY), text=text) == []
    assert voted(dict.fromkeys(names[1:], SURELY), (names[0], "section", ANY_SCORE), text=text) == names[1:]
    assert voted({names[0]: SURELY}, text=says * (REPEATS - 1)) == [names[0]], "not often enough"
    rules = ["Ida Brandt", *["***", "It rained."] * REPEATS]
    assert voted({1: SURELY}, text=rules) == [1], "no words"
    page = [*text, *["Advertisement"] * PAGE_LINES]
    cuts = [(len(text) + number, "ad_marker", ANY_SCORE) for number in range(PAGE_LINES)]
    assert voted(dict.fromkeys(names[1:], SURELY), *cuts, text=page) == names[1:], "in a page"


def test_only_so_many_lines_are_compared_with_all_others() -> None:
    bells = [f"Bell {chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(MOST_ASKED)]
    text = ["It rained.", "It rained.", *bells, "It rained.", *["Advertisement"] * SOME_LINES]
    cuts = [(len(text) - 1 - number, "ad_marker", ANY_SCORE) for number in range(SOME_LINES)]
    lines, score = range(2, len(bells) + 3), bar(len("It rained."), SOME_BARS)
    assert score < SURE, "or it would be a page"
    assert voted(dict.fromkeys(lines[1:], score), *cuts, text=text) == [*lines[1:-1]]
    assert voted(dict.fromkeys(lines, score), *cuts, text=text) == [*lines], "the last was not asked about"


def test_a_line_that_repeats_however_often_goes_each_time_or_stays() -> None:
    says = ["Ida Brandt", "Why did the lamp go out?"] * (MOST_ASKED + 9)
    text = [*says, *["Advertisement"] * SOME_LINES]
    cuts = [(len(says) + number, "ad_marker", ANY_SCORE) for number in range(SOME_LINES)]
    names, score = [*range(0, len(says), 2)], bar(len("Ida Brandt"), SOME_BARS)
    assert voted(dict.fromkeys(names, score), *cuts, text=text) == names
    assert voted(dict.fromkeys(names[1:], score), *cuts, text=text) == []


def test_what_is_said_of_cookies_and_copyright_is_not_asked_about() -> None:
    assert heard({1: DOUBT - 1}, (1, "legal", ANY_SCORE)) == ([1], [])
    assert heard({1: DOUBT - 1}, (1, "newsletter", ANY_SCORE)) == ([], [(1, rule_id(DOUBT - 1))])
