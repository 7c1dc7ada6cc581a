"""Menus above a story, what follows its end, readers' comments, rows of marks."""

from __future__ import annotations

import pytest

from cleaners import Cleaned, Cleaner, Source
from cleaners.cut import CUT_HIT, CUT_NEEDS, CUT_RULE, LISTED, LISTED_ABOVE, NO_HIT
from cleaners.rules import rules
from tests.cleaners.test_clean import FIRST, SECOND, THIRD, story

RULES_ALONE = Cleaner(rules())


def clean(text: str, title: str | None = None) -> Cleaned:
    return RULES_ALONE.clean_many([Source(text, title)])[0]


def test_a_menu_above_the_story_goes_with_the_lines_that_show_it() -> None:
    menu = "Skip to content\nLocal News\nHarbor Sports\nTide Tables"
    assert clean(story(menu, FIRST, SECOND)).text == story(FIRST, SECOND)


@pytest.mark.parametrize(
    "head",
    [
        "Harbor Sports\nTide Tables",  # nothing shows that this is a menu
        "Skip to content\n\nIt rained.",  # a sentence
    ],
)
def test_short_lines_alone_are_no_menu(head: str) -> None:
    assert clean(story(head, FIRST, SECOND)).text.endswith(
        story(head.removeprefix("Skip to content\n\n"), FIRST, SECOND)
    )


def test_short_lines_within_the_story_stay() -> None:
    text = story(FIRST, "Advertisement", "The Lamp", SECOND, "Read more", "The Keeper", THIRD)
    assert clean(text).text == story(FIRST, "The Lamp", SECOND, "The Keeper", THIRD)


def test_a_short_headline_is_no_menu_line() -> None:
    text = story("Skip to content", "Dark Night", FIRST, SECOND)
    assert clean(text, title="Dark Night").fields.title == "Dark Night"


def test_what_follows_the_frame_below_the_last_paragraph_goes() -> None:
    tail = ["Share this article", "Three more lamps go dark on the coast", "Why ships still need lights", "Tide tables"]
    assert clean(story(FIRST, SECOND, *tail)).text == story(FIRST, SECOND) + "\n\n"


def test_a_short_sentence_below_one_line_of_the_frame_stays() -> None:
    text = story(FIRST, SECOND, "Share this article", "The lamp is lit again.", "Nobody came.")
    assert clean(text).text == story(FIRST, SECOND, "The lamp is lit again.", "Nobody came.")


@pytest.mark.parametrize("foot", [[], ["Follow us on Facebook", "© 2026 Harbor Post. All rights reserved."]])
def test_a_sentence_below_a_list_of_links_stays(foot: list[str]) -> None:
    links = ["RELATED ARTICLES", "- Keeper resigns", "- Five lamps named", "- Weather: Snow by Friday"]
    last = "Judge Ida Brandt will hear the first application on 3 March."
    assert clean(story(FIRST, SECOND, *links, last, *foot)).text.strip() == story(FIRST, SECOND, last)


def test_an_ad_in_a_list_at_the_end_takes_nothing_with_it() -> None:
    results = ["Oldmouth 3, Fenwold 1", "Advertisement", "Pellworth 0, Villanera 0", "Harrowmere 2, Bray 2"]
    assert clean(story(FIRST, SECOND, *results)).text == story(FIRST, SECOND, results[0], *results[2:])


def test_comments_go_to_the_end() -> None:
    comments = ["2 Comments", "Old Salt", FIRST, "Reply", "I was there that night, and I saw it all."]
    assert clean(story(FIRST, SECOND, *comments)).text == story(FIRST, SECOND) + "\n\n"


def test_two_sentences_above_comments_count_as_a_paragraph() -> None:
    short = [
        "The lamp on the north pier was out for nine nights.",
        "Nobody who lives on the rock had complained of it.",
    ]
    comments = ["2 Comments", "Old Salt", "I was there that night, and I saw it all."]
    assert clean(story(FIRST, *short, *comments)).text == story(FIRST, *short) + "\n\n"
    assert clean(story(FIRST, short[0], *comments)).text.endswith(comments[-1])  # one is not enough


def test_a_count_of_comments_above_the_story_takes_no_story() -> None:
    text = story("2 Comments", FIRST, SECOND, THIRD)
    assert clean(text).text == story(FIRST, SECOND, THIRD)


def test_rows_of_marks_go_with_the_frame_and_stay_in_the_story() -> None:
    text = story(FIRST, "* * *", SECOND, "_____", "Copyright 2021 Harbor Post. All rights reserved.")
    assert clean(text).text == story(FIRST, "* * *", SECOND) + "\n\n"


def test_a_label_goes_with_the_headline_of_its_link() -> None:
    text = story(FIRST, "Read also", "Three more lamps go dark on the coast", SECOND)
    assert clean(text).text == story(FIRST, SECOND)


def test_a_label_takes_no_subhead_and_no_sentence() -> None:
    for below in ("The Keeper", "The lamp is lit again, and nobody came."):
        text = story(FIRST, "Read also", below, SECOND)
        assert below in clean(text).text


def test_a_kicker_below_a_section_stays() -> None:
    text = story("Politics", "Night at sea", FIRST, SECOND)
    assert clean(text).text == story("Night at sea", FIRST, SECOND)


def test_a_subhead_below_a_byline_is_no_menu() -> None:
    text = story("By Ida Brandt", "Night at sea", FIRST, SECOND)
    assert clean(text).text == story("Night at sea", FIRST, SECOND)


@pytest.mark.parametrize(
    ("below", "needs"),
    [
        (["Ida Brandt", "How did it feel to see the lamp lit again?", FIRST], LISTED_ABOVE),  # an interview
        (["Three more lamps go dark", "Why ships still need lights", "Tide tables", FIRST], LISTED),
        (["Three more lamps go dark", "Why ships still need lights"], LISTED),
    ],
)
def test_few_lines_below_a_heading_and_above_the_story_need_more(below: list[str], needs: int) -> None:
    ((_, batch),) = RULES_ALONE.batches([Source(story(FIRST, "Related", *below))])
    rows = batch.cuts.rows
    listed = (rows[:, CUT_RULE] == batch.registry.number["related-heading"]) & (rows[:, CUT_HIT] == NO_HIT)
    assert set(rows[listed, CUT_NEEDS].tolist()) == {needs}
