"""What holds for any text."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners import Cleaner, Removal, Source, Span, apply, clean, clean_many, restore
from cleaners.rules import rules

LINES = [line for rule in rules() for line in (*rule.takes, *rule.leaves)]
PARAGRAPH = "The keeper of the lamp walked down to the shore and looked for the boat that had not come back. " * 2
anything = st.text(st.characters(), max_size=200)
cruft = st.lists(
    st.one_of(st.sampled_from([*LINES, PARAGRAPH, PARAGRAPH, "", "", " ", "\u00a0", "\r", "Ünïcödé 😀"]), anything),
    max_size=14,
).map("\n".join)
texts = st.one_of(anything, cruft)


@settings(max_examples=150, deadline=None)
@given(texts, st.none() | st.sampled_from(LINES), st.sampled_from([None, "en", "de-AT", "es"]))
def test_restore_is_exact(text: str, title: str | None, language: str | None) -> None:
    done = clean(text, title=title, language=language)
    assert restore(done.text, done.removals) == text
    assert all(removal.text == text[removal.start : removal.end] for removal in done.removals)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(Source, texts), max_size=8))
def test_batch_does_not_matter(sources: list[Source]) -> None:
    assert clean_many(sources) == [clean(source.text) for source in sources]


@settings(max_examples=150, deadline=None)
@given(anything, st.data())
def test_apply_restores_with_any_spans(text: str, data: st.DataObject) -> None:
    bound = st.integers(0, len(text))
    span = st.builds(
        lambda a, b, rule: Span(min(a, b), max(a, b), rule, "any"), bound, bound, st.sampled_from(["r", "s", "t"])
    )
    spans, vetoes = data.draw(st.lists(span, max_size=8)), data.draw(st.lists(span, max_size=3))
    left, removals = apply(text, spans, vetoes)
    assert restore(left, removals) == text
    assert apply(text, spans[::-1], vetoes) == (left, removals)
    for veto in vetoes:
        if veto.start < veto.end:
            assert not any(r.start < veto.end and veto.start < r.end for r in removals)


def test_order_of_rules_does_not_matter() -> None:
    text = "\n".join([*LINES, PARAGRAPH, *LINES])
    expected = Cleaner(rules()).clean_many([Source(text)])
    shuffled = list(rules())
    random.Random(7).shuffle(shuffled)
    assert Cleaner(shuffled).clean_many([Source(text)]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 50_000,
        "\x00" * 1000,
        "\ud800\udfff lone \udc00",
        "Advertisement\n" * 20_000,
        "Related\nA link to a thing\n" * 5_000,
        "x" * 1_000_000,
        "Let us know below. " * 50_000,
        "(photo: " * 100_000,
        "By Ida Brandt " * 50_000,
        "Advertisement\nA caption of some kind\n\n" * 10_000,
        "é\n" * 50_000 + "Anzeige",
        "A B " * 200_000 + "/Getty Images",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_texts(text: str) -> None:
    done = clean(text)
    assert restore(done.text, done.removals) == text


def test_removals_are_of_lines_with_their_breaks() -> None:
    done = clean("One lamp went dark.\nAdvertisement\n \n\nThe other did not.\n")
    assert done.text == "One lamp went dark.\nThe other did not.\n"
    assert done.removals == (Removal(20, 37, "Advertisement\n \n\n", ("ad-word",), "ad_marker", "drop", None),)


def test_offsets_are_code_points() -> None:
    done = clean("Ünïcödé 😀 zuerst.\nAnzeige\nDanach nichts.")
    assert [(removal.start, removal.end, removal.text) for removal in done.removals] == [(18, 26, "Anzeige\n")]


def test_apply_refuses_spans_outside() -> None:
    with pytest.raises(ValueError, match="outside"):
        apply("abc", [Span(1, 9, "r", "any")])
