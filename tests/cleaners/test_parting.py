"""Parts of lines asked about as lines of their own."""

from __future__ import annotations

import pytest

from cleaners import Cleaner, Source, batch, clean, explain
from cleaners.batch import lined
from cleaners.model import default
from cleaners.parting import Part, scores
from cleaners.rules import rules
from tests.cleaners.test_clean import FIRST, SECOND, THIRD, story
from tests.cleaners.test_gluing import LAMP

RELATED = "(RELATED: Three Lamps Go Dark On The Coast As The Keepers Of The Harbour Leave For The Mainland)"
REST = "Nobody came, and the lamp stayed dark all winter."
GUIDE = (
    "Find out more about the different kinds of lamp and what each of them costs to light in our guide to the harbour."
)


def test_what_reaches_into_the_next_sentence_is_held_back() -> None:
    source = Source(story(FIRST, f"{LAMP} {RELATED} {REST}", SECOND, THIRD), language="en")
    assert explain(source).cleaned.text == story(FIRST, f"{LAMP} {REST}", SECOND, THIRD)
    without = Cleaner(rules()).clean_many([source])[0]
    assert without.text == story(FIRST, LAMP, SECOND, THIRD)


def test_a_sentence_that_a_phrase_takes_stays_if_it_is_surely_of_the_story() -> None:
    text = story(FIRST, f"{LAMP} {GUIDE}", SECOND, THIRD)
    assert clean(text, language="en").text == text
    short = "Find out more about the lamp in our guide."
    assert clean(story(FIRST, f"{LAMP} {short}", SECOND), language="en").text == story(FIRST, LAMP, SECOND)


def test_a_text_of_as_many_lines_as_any_may_have_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    text = story(FIRST, f"{LAMP} Reporting by Ida Brandt", SECOND)
    expected = clean(text, language="en")
    assert expected.text == story(FIRST, LAMP, SECOND)
    monkeypatch.setattr(batch, "MOST_LINES", text.count("\n") + 1)
    assert clean(text, language="en") == expected


def test_a_part_scores_as_it_would_on_a_line_of_its_own() -> None:
    model = default()
    texts = [story(FIRST, f"{LAMP} {RELATED} It rained.", SECOND).encode(), f"{RELATED} It rained.".encode()]
    of = lined(texts, model.weights)
    places = [of.data.tobytes().index(b"(RELATED"), int(of.begins[1])]
    parts = [Part(place, place + len(RELATED), row) for place, row in zip(places, (1, 3), strict=True)]
    alone = [story(FIRST, f"{LAMP} \n{RELATED}\n It rained.", SECOND), f"{RELATED}\n It rained."]
    expected = lined([text.encode() for text in alone], model.weights)
    told = model.scores(expected.scanned, expected.with_).tolist()
    assert list(scores(texts, of, model, parts)) == [told[2], told[5]]
