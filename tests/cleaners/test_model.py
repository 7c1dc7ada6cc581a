"""The classifier of lines: the same bits compiled and not, whole numbers, votes only where the rules are silent."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners import Cleaner, Source, batch, clean_many, model, passes, reader, restore, scan, templates
from cleaners.batch import lined
from cleaners.cleaning import default
from cleaners.registry import MODEL
from cleaners.rules import load, rules
from tests.cleaners.test_properties import LINES

STORY = (
    "The keeper of the lamp walked down to the shore and looked for the boat that had not come back from the reef, "
    "and nobody on the quay could tell him where it had been seen for the last time that evening.",
    "“We heard the bell twice,” said his sister, who keeps the shop by the slip, “and then there was nothing at all "
    "but the wind, so we went home and waited for the morning to come.”",
    "The harbor office said that two tugs would leave at first light, and that the reef had been without a buoy since "
    "the storm in the autumn, when the old one was torn from its chain.",
)
BOILERPLATE = "Ida Brandt is a staff writer at the Harbor Post. You can follow her on Twitter at @idabrandt."

EXAMPLES = {"takes": ["a bell", "The bell."], "leaves": ["a lamp", "The lamp."]}

lines = st.one_of(
    st.sampled_from([*STORY, BOILERPLATE, "", " ", "Related stories", "12/03/2024 10:15", "© 2024 Harbor Post"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=160),
)
texts = st.lists(lines, max_size=12).map("\n".join)


def _scanned(with_: reader.Reader, batch: list[bytes]) -> tuple[list[list[int]], list[int], list[int]]:
    of = lined(batch, model.default().weights, with_).scanned
    kept = [[int(value) for value in row] for row in of.table[: of.rows]]
    used = kept[-1][scan.TOKENS_TO] if kept else 0
    return kept, [int(token) for token in of.tokens[:used]], model.default().scores(of, with_).tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
def test_compiled_and_plain_give_the_same_bits(batch: list[str]) -> None:
    encoded = [text.encode() for text in batch]
    assert _scanned(reader.Reader(), encoded) == _scanned(reader.CompiledReader(), encoded)


many = st.lists(st.one_of(lines, st.sampled_from(LINES)), max_size=14).map("\n".join)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(many, st.sampled_from([None, *STORY, "Related stories"])), min_size=1, max_size=4))
def test_cleaning_is_the_same_compiled_and_not(given: list[tuple[str, str | None]]) -> None:
    encoded, titles = [text.encode("utf-8", "surrogatepass") for text, _ in given], [title for _, title in given]
    ways = default()._ways(None)
    plain, compiled = (passes.clean(encoded, titles, ways, with_) for with_ in (reader.Reader(), reader.compiled()))
    assert [*plain.cleaned()] == [*compiled.cleaned()]
    for one, other in (
        (templates.occurring(done.lined, done.starts, done.stops) for done in (plain, compiled)),
        (done.counted(*done.left()) for done in (plain, compiled)),
    ):
        assert repr(one) == repr(other)


def test_a_paragraph_of_the_story_is_taken_out_whole_by_no_rule() -> None:
    pack = {"rule": [{"id": "bells", "scope": "line", "max_length": 2000, "pattern": ".*bell.*", **EXAMPLES}]}
    (bells,) = load({"bells": pack})
    long = " ".join(STORY)
    text = "\n\n".join([STORY[0], long, "The bell rang.", STORY[2]])
    (done,) = Cleaner([bells], model=model.default()).clean_many([Source(text)])
    assert done.text == "\n\n".join([STORY[0], long, STORY[2]])
    assert Cleaner([bells]).clean_many([Source(text)])[0].text == "\n\n".join([STORY[0], STORY[2]])


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_a_text_is_judged_alone(batch: list[str]) -> None:
    encoded = [text.encode() for text in batch]
    together = scores(encoded)
    assert together == [score for text in encoded for score in scores([text])]


def scores(batch: list[bytes]) -> list[int]:
    of = lined(batch, model.default().weights)
    return [int(score) for score in model.default().scores(of.scanned, of.with_)]


def test_a_rule_names_the_score() -> None:
    assert model.rule_id(2197) == "model:0.90"
    assert model.rule_id(99_000) == "model:1.00"


def test_it_is_kept_as_it_was_written() -> None:
    known = model.default()
    again = model.Model.read(known.write())
    assert again.write() == known.write()
    assert (again.bias, again.gate) == (known.bias, known.gate)
    assert len(known.write()) < 500_000


def test_it_votes_where_the_rules_are_silent() -> None:
    text = "\n\n".join([*STORY, BOILERPLATE])
    done = Cleaner([], model=model.default()).clean_many([Source(text)])[0]
    assert done.text.strip() == "\n\n".join(STORY)
    (removal,) = done.removals
    assert removal.category == MODEL
    assert removal.rules[0].startswith("model:0.") or removal.rules == ("model:1.00",)
    assert restore(done.text, done.removals) == text


def test_a_text_of_nothing_but_such_lines_stays() -> None:
    cleaner = Cleaner([], model=model.default())
    assert cleaner.clean_many([Source(BOILERPLATE)])[0].text == BOILERPLATE
    several = "\n".join([BOILERPLATE, "© 2024 Harbor Post. All rights reserved.", "Follow us on Twitter"])
    assert cleaner.clean_many([Source(several)])[0].text.strip()


def test_it_can_be_switched_off() -> None:
    text = "\n\n".join([*STORY, BOILERPLATE])
    assert Cleaner([], [MODEL], model.default()).clean_many([Source(text)])[0].text == text


def test_a_veto_saves_a_line_from_it() -> None:
    keeper = [rule for rule in rules() if rule.action == "keep"]
    text = "\n\n".join([*STORY, "Correction: " + BOILERPLATE])
    assert Cleaner(keeper, model=model.default()).clean_many([Source(text)])[0].text == text


def test_no_text_beyond_an_articles_size_is_judged() -> None:
    article = "\n".join(STORY).encode()
    long = "\n".join([BOILERPLATE] * (model.MOST_LINES + 1)).encode()
    assert scores([long, article]) == [0] * (model.MOST_LINES + 1) + scores([article])
    assert any(scores([article]))


def test_a_text_of_more_lines_than_any_article_has_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_LINES", 20)
    text = "\n\n".join([*STORY, "Advertisement"])
    long = "Advertisement\n" * 20
    done = clean_many([Source(text), Source(long), Source(text)])
    assert done[1].text == long
    assert done[0] == done[2] == clean_many([Source(text)])[0]
    assert done[0].removals


def test_work_is_linear_in_the_length_of_a_line() -> None:
    """Counted: weights asked for by a line of one size, and of twice the size."""

    class Counter:
        asked = 0

        def __len__(self) -> int:
            return 1 << 17

        def __getitem__(self, place: int) -> int:
            self.asked += 1
            return 0

    counts = []
    for words in (20_000, 40_000):
        data = np.frombuffer(b"word " * words, np.uint8)
        counter = Counter()
        reader.Reader().scan(data, np.array([len(data)]), counter)
        counts.append(counter.asked)
    assert counts[0] == counts[1] <= scan.LINE_GRAMS


def test_a_model_of_trees_of_another_depth_is_refused() -> None:
    known = model.default()
    flat = dataclasses.replace(known, splits=known.splits[:, :5].copy())
    with pytest.raises(ValueError, match="6 levels"):
        model.Model.read(flat.write())
