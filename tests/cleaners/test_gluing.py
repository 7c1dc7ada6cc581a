"""What is glued to the end of a paragraph and was a line of its own."""

from __future__ import annotations

import numpy as np
import pytest

from cleaners import Cleaner, Source, clean, model, restore
from cleaners.batch import lined
from cleaners.pieces import PIECE_COLUMNS, PIECE_END, PIECE_START
from cleaners.reader import compiled
from cleaners.rules import rules
from tests.cleaners.test_clean import FIRST, SECOND, THIRD, story

LAMP = "The council of Oldmouth met on Monday for the first time in nine weeks and voted to light the lamp again."


@pytest.mark.parametrize(
    ("glued", "rule"),
    [
        ("Advertisement", "ad-word"),
        ("[Related: Three more lamps go dark on the coast]", "related-bracket"),
        ("Most read", "related-sentence"),
    ],
)
def test_a_line_glued_to_a_paragraph_goes_by_the_rule_of_the_line(glued: str, rule: str) -> None:
    text = story(FIRST, f"{LAMP} {glued}", SECOND)
    done = clean(text, language="en")
    assert done.text == story(FIRST, LAMP, SECOND)
    (removal,) = done.removals
    assert rule in removal.rules
    assert removal.text == f" {glued}"
    assert restore(done.text, done.removals) == text


def test_without_a_blank_before_it_as_well() -> None:
    assert clean(story(FIRST, f"{LAMP}Advertisement", SECOND), language="en").text == story(FIRST, LAMP, SECOND)


@pytest.mark.parametrize(
    "end",
    [
        "Nobody came, and the lamp stayed dark.",
        "They sold photos of it. Nobody bought one.",
        "The advertisement said so.",
        "More from the Harbor Post:",
        "He read from the sign: “Nobody came. Most read",  # what somebody says
    ],
)
def test_the_end_of_the_story_stays(end: str) -> None:
    text = story(FIRST, f"{LAMP} {end}", SECOND)
    assert clean(text, language="en").text == text


@pytest.mark.parametrize(
    "cleaner",
    [Cleaner(rules(), without=["related"], model=model.default()), Cleaner(rules())],
    ids=["related", "model"],
)
def test_what_is_switched_off_stays_and_without_the_model_nothing_is_asked(cleaner: Cleaner) -> None:
    text = story(FIRST, f"{LAMP} Most read", SECOND, THIRD)
    assert cleaner.clean_many([Source(text, language="en")])[0].text == text


@pytest.mark.parametrize("with_", [None, compiled()])
@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"{LAMP} Loading", ["Loading"]),
        (f"{LAMP} (Loading)", ["(Loading)"]),
        (f"{LAMP} It rained. Nobody came.", ["Nobody came.", "It rained. Nobody came."]),
        (f"{LAMP[:-1]} on Sept. Loading", []),
        (f"{LAMP[:-1]} on the 10. Loading", []),
        (f"{LAMP[:-1]}… “Loading", ["“Loading"]),
        (f"{LAMP[:-1]}.”Loading", ["Loading"]),
        (f"{LAMP[:-1]} of 9.30 and 10.45", []),
        ("It rained. Loading", []),  # the line is short
        (f"{LAMP[:-1]}倡{'L' * 30}", []),  # so many bytes are looked at that it is in the middle of the character
    ],
)
def test_the_sentences_at_the_end_of_a_long_line(line: str, found: list[str], with_: None) -> None:
    data = line.encode()
    of = lined([data], model.default().weights, with_)
    rows = np.zeros((8, PIECE_COLUMNS), np.int64)
    count = of.with_.run(
        "pieces", of.scanned.table, of.scanned.rows, of.scanned.tokens, model.default().weights,
        of.data, of.with_.flags, np.zeros(1, np.int64), rows,
    )  # fmt: skip
    assert [data[start:end].decode() for start, end in rows[:count, [PIECE_START, PIECE_END]].tolist()] == found
