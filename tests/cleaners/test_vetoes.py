"""What a veto protects of a line, and what it leaves to the other rules."""

from __future__ import annotations

import pytest

from cleaners import Cleaner, Source
from cleaners.rules import rules
from cleaners.vetoes import OF_SPEECH
from tests.cleaners.test_clean import FIRST, SECOND, story

RULES_ALONE = Cleaner(rules())


def cleaned(line: str, language: str = "en") -> str:
    text = story(FIRST, line, SECOND)
    (done,) = RULES_ALONE.clean_many([Source(text, language=language)])
    return done.text.split("\n\n")[1]


@pytest.mark.parametrize(
    ("line", "left", "language"),
    [
        (
            "“The reef has no buoy,” the keeper said on Monday. (RELATED: Nine Boats Lost Since The Autumn)",
            "“The reef has no buoy,” the keeper said on Monday.",
            "en",
        ),
        (
            "“The reef has no buoy,” the keeper said on Monday. Advertisement The council met at noon.",
            "“The reef has no buoy,” the keeper said on Monday. The council met at noon.",
            "en",
        ),
        (
            "OLDMOUTH (AP) — The council voted on Monday to close the mill. Read more about the mill here.",
            "OLDMOUTH (AP) — The council voted on Monday to close the mill.",
            "en",
        ),
        (
            "„Das Riff hat keine Boje“, sagte der Wärter am Montag. Mehr dazu lesen Sie hier.",
            "„Das Riff hat keine Boje“, sagte der Wärter am Montag.",
            "de",
        ),
        (
            "Oldmouth Lamps, opens new tab, has cut its forecast for the year, the company said on Monday.",
            "Oldmouth Lamps, has cut its forecast for the year, the company said on Monday.",
            "en",
        ),
    ],
)
def test_what_is_glued_to_a_quotation_goes(line: str, left: str, language: str) -> None:
    assert cleaned(line, language) == left


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("“It rained all night. Read more about the storm here. Then you will know,” she told the council.", "en"),
        ('"It rained all night. Tell us what you think. Follow us on Facebook and Twitter.', "en"),
        ("„Es regnet. Lesen Sie hier weiter und dann sagen Sie es dem Rat“, sagte die Wärterin am Abend.", "de"),
        ("Correction: An earlier version gave a wrong year. Click here to read the list of the lost boats.", "en"),
    ],
)
def test_what_is_said_stays(line: str, language: str) -> None:
    assert cleaned(line, language) == line


def test_rules_of_speech_are_rules() -> None:
    assert {rule.id for rule in rules() if rule.action == "keep"} >= OF_SPEECH
