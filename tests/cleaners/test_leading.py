"""What is glued to the start of a paragraph and was a line of its own."""

from __future__ import annotations

import numpy as np
import pytest

from cleaners import Cleaner, Source, clean, restore
from cleaners.batch import lined
from cleaners.model import default
from cleaners.pieces import PASSED, PIECE_COLUMNS, PIECE_END, PIECE_START
from cleaners.reader import compiled
from cleaners.rules import rules
from tests.cleaners.test_clean import FIRST, SECOND, story

LAMP = "The council of Oldmouth met on Monday for the first time in nine weeks and voted to light the lamp again."
RAIN = "There was nobody on the pier when it rained, and the keeper went home in the dark without a word."


@pytest.mark.parametrize(
    ("glued", "rule"),
    [
        ("Advertisement", "ad-word"),
        ("Advertisement - Continue reading below", "ad-word"),
        ("Related stories", "link-label"),
        ("Read more", "interface-word"),
    ],
)
def test_a_line_glued_before_a_paragraph_goes_by_the_rule_of_the_line(glued: str, rule: str) -> None:
    text = story(FIRST, f"{glued} {LAMP}", SECOND)
    done = clean(text, language="en")
    assert done.text == story(FIRST, LAMP, SECOND)
    (removal,) = done.removals
    assert rule in removal.rules
    assert removal.text == f"{glued} "
    assert restore(done.text, done.removals) == text


def cleaned(*parts: str) -> str:
    """By rules of whole lines, without those that know what is glued."""
    cleaner = Cleaner(rules(), without=["highlights-prefix", "gallery-counter"], model=default())
    return cleaner.clean_many([Source(story(*parts), language="en")])[0].text


def test_counters_of_a_gallery() -> None:
    captions = ["Ida Brandt and Tom Ashby", "The lamp of the Little Skerry"]
    counted = [f"{number}/7{caption}" for number, caption in enumerate(captions, 2)]
    assert cleaned(FIRST, *counted, SECOND) == story(FIRST, *captions, SECOND)


@pytest.mark.parametrize("label", ["KEY POINTS", "Story highlights", "BREAKING NEWS"])
def test_a_label_above_the_story_leads_its_first_line_only(label: str) -> None:
    assert cleaned(f"{label} {LAMP}", FIRST, SECOND) == story(LAMP, FIRST, SECOND)
    assert cleaned(FIRST, f"{label} {LAMP}", SECOND) == story(FIRST, f"{label} {LAMP}", SECOND)


@pytest.mark.parametrize(
    "start",
    [
        "Advertisement of the fair was the task of",
        "News Harbor, the paper of the town, said:",
        "WATCH: Keeper lights the lamp at noon.",
        "Related Harbors, a firm of boat builders, said:",
        "“Advertisement!” said the keeper.",
        "World News Tonight, as the broadcast is called, said:",
        "Read more books, said the keeper.",
        "2Pac was played at the fair.",
    ],
)
def test_the_start_of_the_story_stays(start: str) -> None:
    text = story(FIRST, f"{start} {LAMP}", SECOND)
    assert clean(text, language="en").text == text


@pytest.mark.parametrize("with_", [None, compiled()])
@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"Advertisement {RAIN}", ["Advertisement"]),
        (f"Share this. Read more! {RAIN}", ["Share this.", "Share this. Read more!"]),
        (f"OF THE MAYOR {RAIN}", ["OF THE MAYOR"]),
        (f"OF THE MAYOR a {RAIN}", []),
        (f"IN OLD PORT A lamp burns, and {RAIN}", ["IN OLD PORT"]),
        (f"Share it on Sept. {RAIN}", ["Share it on"]),  # an abbreviation ends no sentence
        (f"Share (The list) {RAIN}", ["Share (The list)"]),
        (f"Advertisement and what you can share with us {RAIN[:58]}", []),  # little is left
        (f"Share this. Read more! {RAIN[:59]}", ["Share this."]),
        ("01/7Ida Brandt at the fair", ["01/7"]),
        ("01/7 Ida Brandt at the fair", []),
        ("01/7Élan at the old fair", ["01/7"]),
        ("1/2école at the old fair", []),
        ("1/2л молока и соль", []),
        ("17Ida Brandt at the fair", []),
        (RAIN, []),
    ],
)
def test_labels_sentences_and_counters_at_the_start_of_a_long_line(line: str, found: list[str], with_: None) -> None:
    assert told(line, with_, 0) == found
    assert told(line, with_, PASSED) == []


def told(line: str, with_: None, state: int) -> list[str]:
    data = line.encode()
    of = lined([data], default().weights, with_)
    rows = np.zeros((8, PIECE_COLUMNS), np.int64)
    count = of.with_.run(
        "heads", of.scanned.table, of.scanned.rows, of.scanned.tokens, default().weights,
        of.data, of.with_.flags, np.full(1, state), rows,
    )  # fmt: skip
    return [data[start:end].decode() for start, end in rows[:count, [PIECE_START, PIECE_END]].tolist()]
