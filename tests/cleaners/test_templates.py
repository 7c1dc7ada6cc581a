"""Lines that sites repeat: what is counted, what is judged, what is taken out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners import Cleaned, Cleaner, Removal, Source, clean, restore
from cleaners import occurring as o
from cleaners import templates as t
from cleaners.cleaning import default
from cleaners.rules import rules
from cleaners.templates import Evidence, before, judge, line_hash, occurrences, rule_id, take_out

STORY = (
    "The keeper of the lamp walked down to the shore and looked for the boat that had not come back since noon. " * 2
)
PLUG = "The Harbour Herald is printed on Fridays and read all week."


def counted(text: str, removals: Sequence[Removal]) -> dict[int, int]:
    """The lines of a text that are counted: hash -> marks."""
    _, line, borne = occurrences([text], [removals]).distinct()
    return dict(zip(line.tolist(), borne.tolist(), strict=True))


def marks(text: str, line: str) -> int:
    (cleaned,) = Cleaner(rules()).clean_many([Source(text)])
    return counted(text, cleaned.removals)[line_hash(line)]


def never(_: str) -> bool:
    return False


def verdict(stories: int, *borne: int, spread: float = 0.01, share: float = 1.0) -> bool:
    """Whether a line that bears these marks in `share` of its occurrences is a template."""
    shares = {mark: np.array([share if mark in borne else 0.0]) for mark in t.MARKS}
    return bool(judge(Evidence(np.array([stories]), np.array([spread]), shares))[0])


# ---- counted


def test_where_a_line_stands() -> None:
    text = f"Harbour and coast\n\n{STORY}\n\nThe tide turned.\n\n{STORY}!\n\nAdvertisement\n\n{PLUG}\n\nPrinted in Hull"
    assert (
        marks(text, "Harbour and coast") & (o.HEAD | o.TAIL | o.FIRST_LINE | o.EARLY) == o.HEAD | o.FIRST_LINE | o.EARLY
    )
    assert marks(text, "The tide turned.") & (o.HEAD | o.TAIL | o.LOW | o.BESIDE) == o.LOW
    assert marks(text, PLUG) & (o.TAIL | o.LAST_LINE | o.LATE | o.BESIDE) == o.TAIL | o.LATE | o.BESIDE
    assert marks(text, "Printed in Hull") & (o.TAIL | o.LAST_LINE | o.BESIDE) == o.TAIL | o.LAST_LINE


def test_what_a_line_looks_like() -> None:
    looks = o.SENTENCE | o.WIDE | o.QUOTE | o.FIGURES | o.HEADING
    for line, expected in (
        (PLUG, o.SENTENCE | o.WIDE),
        ("Sailed on.", 0),
        ("Of 1,014 asked on May 3, 41% said so.", o.SENTENCE | o.FIGURES),
        ("“We sailed on,” she said of it.", o.SENTENCE | o.QUOTE),
        ("Why did the ferry sail so late that night?", o.HEADING | o.WIDE),
        ("船は夜明け前に静かに港を出て行きました。", o.SENTENCE | o.WIDE),
    ):
        assert counted(line, ())[line_hash(line)] & looks == expected, line


def test_only_lines_that_no_rule_touches_are_counted() -> None:
    text = f"Advertisement\n\n{STORY}\n\n* * *\n\n   \n{'x' * (o.LONGEST + 1)}\nThe end."
    found = counted(text, clean(text).removals)
    assert set(found) == {line_hash(STORY), line_hash("The end.")}
    part = (Removal(0, 4, "Read", ("r",), "related"),)
    assert counted("Read on here", part) == {}


def test_a_line_that_stands_twice_has_the_place_of_both() -> None:
    text = f"{PLUG}\n{STORY}\n{STORY}!\n{PLUG}"
    assert not marks(text, PLUG) & (o.HEAD | o.TAIL | o.FIRST_LINE | o.LAST_LINE)
    assert marks(text, PLUG) & o.SENTENCE


def test_space_around_a_line_does_not_count() -> None:
    assert line_hash(f"\u00a0 {PLUG} \r") == line_hash(PLUG) != line_hash(PLUG + "!")


# ---- judged


@pytest.mark.parametrize(
    ("least", "borne"),
    [
        (3, (o.TAIL, o.LAST_LINE, o.LATE, o.SENTENCE)),  # a plug at the end of every page
        (3, (o.TAIL, o.BESIDE)),
        (3, (o.HEAD, o.FIRST_LINE)),
        (3, (o.LOW, o.BESIDE, o.SENTENCE)),
        (4, (o.TAIL, o.LATE)),
        (5, (o.TAIL, o.SENTENCE)),
        (5, (o.HEAD, o.EARLY)),
        (8, (o.BESIDE,)),
        (8, (o.TAIL, o.LAST_LINE, o.SENTENCE, o.QUOTE)),
        (8, (o.TAIL, o.LAST_LINE, o.SENTENCE, o.FIGURES)),
        (8, (o.TAIL, o.LAST_LINE, o.HEADING)),
    ],
)
def test_how_many_stories_it_takes(least: int, borne: tuple[int, ...]) -> None:
    assert verdict(least, *borne)
    assert not verdict(least - 1, *borne)


@pytest.mark.parametrize(
    "borne",
    [
        (),  # a subhead within the story
        (o.SENTENCE, o.WIDE),  # a paragraph of background
        (o.SENTENCE, o.QUOTE, o.WIDE, o.BESIDE),  # a quote, wherever it stands
        (o.HEAD, o.FIRST_LINE, o.HEADING),  # what it heads stands below it
        (o.TAIL,),  # a list of figures at the end
    ],
)
def test_what_is_never_a_template(borne: tuple[int, ...]) -> None:
    assert not verdict(1000, *borne)


def test_what_wanders_is_not_placed() -> None:
    assert verdict(9, o.TAIL, o.LAST_LINE, o.SENTENCE, share=0.75)
    assert not verdict(9, o.TAIL, o.LAST_LINE, o.SENTENCE, share=0.74)


def test_what_a_quarter_of_the_site_holds() -> None:
    assert verdict(8, o.WIDE, spread=0.25)
    assert not verdict(8, o.WIDE, spread=0.24)
    assert not verdict(8, spread=0.9)  # short: it may be a subhead that every article has
    assert not verdict(8, o.WIDE, o.QUOTE, spread=0.9)


# ---- taken out


def test_a_template_goes_with_its_line_break_and_can_be_put_back() -> None:
    text = f"{STORY}\n\nAdvertisement\n\n{PLUG}\n \n\n{STORY}!"
    rules_only = clean(text)
    done = take_out(text, rules_only, {line_hash(PLUG)}, never)
    assert done.text == f"{STORY}\n\n{STORY}!"
    assert restore(done.text, done.removals) == text
    added = [r for r in done.removals if r.category == t.CATEGORY]
    assert [(r.text, r.rules) for r in added] == [(f"{PLUG}\n \n\n", (rule_id(line_hash(PLUG)),))]
    assert before(done.text, done.removals) == (text, Cleaned(rules_only.text, rules_only.removals))


def test_a_veto_saves_a_line() -> None:
    line = "If you are in distress, call the Samaritans on 116 123."
    text = f"{STORY}\n{line}"
    assert take_out(text, Cleaned(text), {line_hash(line)}, never).text == f"{STORY}\n"
    assert take_out(text, Cleaned(text), {line_hash(line)}, lambda _: True) == Cleaned(text)


def test_the_vetoes_of_the_keep_rules_are_asked() -> None:
    kept = [line for rule in default().rules if rule.action == "keep" for line in rule.takes[:1]]
    assert kept
    assert all(default().keeps(line, None) for line in kept)
    assert all(default().keeps(f"\u2003{line}\u3000", None) for line in kept)  # the same line, by its hash
    assert not default().keeps(PLUG, "en")


def test_a_text_of_templates_alone_stays() -> None:
    assert take_out(f"{PLUG}\n", Cleaned(f"{PLUG}\n"), {line_hash(PLUG)}, never) == Cleaned(f"{PLUG}\n")


LINES = st.sampled_from([STORY, PLUG, "", " ", "\u00a0", "Advertisement", "Ünïcödé 😀", "By Ada Brook", "\r"])


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=14).map("\n".join), st.sets(st.sampled_from([STORY, PLUG, "Ünïcödé 😀"])))
def test_restore_is_exact_for_any_templates(text: str, out: set[str]) -> None:
    cleaned = clean(text)
    done = take_out(text, cleaned, set(map(line_hash, out)), never)
    assert restore(done.text, done.removals) == text
    assert all(r.text == text[r.start : r.end] for r in done.removals)
    assert before(done.text, done.removals)[1] == Cleaned(cleaned.text, cleaned.removals)
    assert take_out(text, cleaned, set(), never) is cleaned


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=14).map("\n".join))
def test_what_is_counted_does_not_depend_on_what_is_taken_out(text: str) -> None:
    cleaned = clean(text)
    done = take_out(text, cleaned, {line_hash(PLUG)}, never)
    source, rules_only = before(done.text, done.removals)
    assert counted(source, rules_only.removals) == counted(text, cleaned.removals)


@given(st.text("aZ17_@[`{/:. ", max_size=30))
def test_figures_and_words_are_told_alike_in_ascii_and_beyond(line: str) -> None:
    ascii_alone, beyond = (counted(text, ()).values() for text in (line, f"{line} —"))
    assert [borne & o.FIGURES for borne in ascii_alone] == [borne & o.FIGURES for borne in beyond]
