"""explain: what clean does, and what the vetoes saved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners import Cleaner, Source, Span, apply, clean, explain, model
from cleaners.batch import Lined
from cleaners.reader import Reader, Scanned, Table
from cleaners.rules import load
from cleaners.span import vetoed
from tests.cleaners.test_clean import FIRST, SECOND, story

EXAMPLES = {"max_length": 200, "takes": ["a", "b"], "leaves": ["a", "b"]}
ASK = {"id": "ask", "scope": "suffix", "pattern": "Ring the bell[.]?"} | EXAMPLES
LINE = {"id": "bell", "scope": "line", "pattern": ".*bell.*"} | EXAMPLES
QUOTE = {"id": "quote", "action": "keep", "scope": "line", "pattern": "“.*"} | EXAMPLES
NOTE = {"id": "note", "action": "keep", "scope": "prefix", "pattern": "Note:"} | EXAMPLES


def test_it_cleans_as_clean_does() -> None:
    text = story("By Ida Brandt", FIRST, "Advertisement", SECOND)
    assert explain(Source(text)).cleaned == clean(text)


@pytest.mark.parametrize("first", ["It rained.", "Möwen schrien."])  # offsets are code points
def test_what_a_veto_saved_is_told_with_the_rules_it_overruled(first: str) -> None:
    text = story(first, "“Come in. Ring the bell.", "Ring the bell", FIRST)
    done = explain(Source(text), Cleaner(load({"p": {"rule": [ASK, LINE, QUOTE, NOTE]}})))
    assert done.cleaned.text == story(first, "“Come in. Ring the bell.", FIRST)
    (saved,) = done.vetoed
    assert text[saved.start : saved.end] == saved.text == "“Come in. Ring the bell.\n\n"
    assert (saved.rules, saved.category, saved.vetoes) == (("ask", "bell"), "p", ("quote",))


def test_a_veto_that_touches_nothing_that_would_go_saves_nothing() -> None:
    text = story("Note: it rained. Ring the bell.", FIRST)
    done = explain(Source(text), Cleaner(load({"p": {"rule": [ASK, NOTE]}})))
    assert done.vetoed == ()
    assert done.cleaned.text == story("Note: it rained.", FIRST)


@pytest.mark.parametrize("text", ["", story(FIRST, "Advertisement", SECOND)])
def test_a_text_without_vetoes(text: str) -> None:
    assert explain(Source(text)).vetoed == ()


class Doubter(model.Model):
    """Finds no line of a text to be boilerplate."""

    def scores(self, scanned: Scanned, with_: Reader) -> Table:
        return np.full(scanned.rows, -4000, np.int32)


@pytest.mark.parametrize("first", ["It rained.", "Möwen schrien."])
def test_what_the_model_saved_is_told_with_its_probability(first: str) -> None:
    line = LINE | {"category": "newsletter"}
    known = model.default()
    doubter = Doubter(known.weights, known.splits, known.borders, known.leaves, known.bias, known.gate)
    text = story(first, "Ring the bell", FIRST)
    done = explain(Source(text), Cleaner(load({"p": {"rule": [line]}}), model=doubter))
    assert done.cleaned.text == text
    (saved,) = done.vetoed
    assert text[saved.start : saved.end] == saved.text == "Ring the bell\n\n"
    assert (saved.rules, saved.category, saved.vetoes) == (("bell",), "newsletter", ("model:0.02",))


def test_what_another_rule_takes_all_the_same_was_not_saved() -> None:
    line, bells = LINE | {"category": "newsletter"}, LINE | {"id": "bells"}
    known = model.default()
    doubter = Doubter(known.weights, known.splits, known.borders, known.leaves, known.bias, known.gate)
    done = explain(
        Source(story(SECOND, "Ring the bell", FIRST)), Cleaner(load({"p": {"rule": [line, bells]}}), model=doubter)
    )
    assert done.cleaned.text == story(SECOND, FIRST)
    assert done.vetoed == ()


def test_what_a_veto_saves_is_told_by_the_veto_whatever_the_model_thinks() -> None:
    ask = LINE | {"category": "newsletter"}
    known = model.default()
    doubter = Doubter(known.weights, known.splits, known.borders, known.leaves, known.bias, known.gate)
    text = story(FIRST, "“Come in. Ring the bell.", SECOND)
    done = explain(Source(text), Cleaner(load({"p": {"rule": [ask, QUOTE]}}), model=doubter))
    assert [saved.vetoes for saved in done.vetoed] == [("quote",)]


def test_work_is_linear_in_the_lines_of_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: bytes that are read as text, and vetoes that are looked at."""
    read = looked = 0

    class Vetoes(list[Span]):
        def __iter__(self) -> Iterator[Span]:
            nonlocal looked
            looked += len(self)
            return super().__iter__()

    def part(of: Lined, start: int, stop: int) -> str:
        nonlocal read
        read += stop - start
        return of.joined[start:stop].decode()

    monkeypatch.setattr(Lined, "part", part)
    text = story(*["Ring the bell", "“Come in. Ring the bell."] * 200)
    ((cleaned, plan),) = Cleaner(load({"p": {"rule": [ASK, LINE, QUOTE]}})).plans([Source(text)])
    found = vetoed(text, plan.spans, Vetoes(plan.vetoes))
    assert (len(cleaned.removals), len(found)) == (200, 200)
    assert read <= 2 * len(text.encode())
    assert looked <= 2 * len(plan.vetoes)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=12), st.integers(0, 12))
def test_every_veto_that_touches_a_removal_is_told(places: list[tuple[int, int]], many: int) -> None:
    told = [Span(min(place), max(place), f"rule {number}", "any") for number, place in enumerate(places)]
    spans, vetoes = told[:many], told[many:]
    _, kept = apply("x" * 20, spans, vetoes)
    saved = vetoed("x" * 20, spans, vetoes)
    _, every = apply("x" * 20, spans)
    assert sorted((one.start, one.end) for one in (*kept, *saved)) == [(one.start, one.end) for one in every]
    for one in saved:
        assert set(one.vetoes) == {v.rule for v in vetoes if max(v.start, one.start) < min(v.end, one.end)}
