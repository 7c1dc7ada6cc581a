"""bench.unseen: what a publisher is scored with knows nothing of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench import unseen
from bench.gold import DUMP, Article, Line, of_files
from cleaners import Source
from cleaners import model as model_of_lines
from cleaners.rules import Rule, load

INVENTED = Path(__file__).parents[2] / "bench/labels/invented.jsonl"
GOLD = sorted((Path(__file__).parent.parent / "gold").glob("en-*.toml"))
MODEL = model_of_lines.default()

LINE = "The tide stands at nine feet"


def tide() -> tuple[Rule, ...]:
    rule = {
        "id": "tide-line",
        "scope": "line",
        "max_length": 80,
        "pattern": "the tide stands at [a-z]+ feet",
        "takes": [LINE, "The tide stands at two feet"],
        "leaves": ["The tide is low", "The tide stands at nine"],
    }
    return load({"en/tide": {"rule": [rule]}})


def article(publisher: str, form: str = "text") -> Article:
    lines = (
        Line("Nine boats left the pier of Oldmouth on Monday, and the keeper lit his lamp for them.", "keep", "plain"),
        Line(LINE, "drop", "other"),
    )
    return Article(publisher, "en", form, lines, None, publisher)


def of_fold(count: int, fold: int, folds: int) -> list[str]:
    """So many publishers of a fold."""
    names = (f"harbor{number}.example" for number in range(1000))
    return [name for name in names if unseen.fold_of(name, folds) == fold][:count]


def test_a_fold_does_not_depend_on_the_other_publishers() -> None:
    names = [f"harbor{number}.example" for number in range(100)]
    folds = [unseen.fold_of(name, 5) for name in names]
    assert set(folds) == set(range(5))
    assert folds[::-1] == [unseen.fold_of(name, 5) for name in reversed(names)]


def test_publishers_speak_for_the_rules_that_take_something_from_them() -> None:
    texts = [("a.example", Source(f"It rained all day long.\n{LINE}")), ("b.example", Source("It rained all day."))]
    assert unseen.support(texts, tide()) == {"tide-line": {"a.example"}}


@pytest.mark.parametrize(("speakers", "found"), [(2, 0), (3, 1)])
def test_a_rule_needs_three_other_publishers(speakers: int, found: int) -> None:
    own = "oldmouth.example"
    speaking = {"tide-line": {own, *of_fold(speakers, unseen.fold_of(own, 3), 3)}}
    done = unseen.scored([article(own), article(own, DUMP)], [None] * 3, speaking, tide())  # type: ignore[list-item]
    assert done[None].lines.found == 2 * found
    assert done[None].lines.all == 2
    assert {form: score.articles for form, score in done.items()} == {None: 2, "text": 1, DUMP: 1}


def test_each_fold_is_scored_with_its_own_model() -> None:
    names = of_fold(1, 0, 2) + of_fold(1, 1, 2)
    blind = replace(MODEL, bias=-(1 << 24))  # sure that all is the story
    articles = list(of_files(GOLD))[:6]
    each = [replace(one, publisher=name) for one in articles for name in names]
    found = {}
    for blinded in (None, 0, 1):
        models = [blind if fold == blinded else MODEL for fold in range(2)]
        found[blinded] = unseen.scored(each, models, {}, ())[None].lines.found
    assert found[0] == found[1] == found[None] / 2 > 0


def test_models_are_kept_and_found_again(tmp_path: Path) -> None:
    made = unseen.kept_models(tmp_path, 2, lambda: [MODEL, replace(MODEL, bias=7)])
    again = unseen.kept_models(tmp_path, 2, lambda: pytest.fail("trained once more"))
    assert [model.bias for model in made] == [model.bias for model in again] == [MODEL.bias, 7]


def test_it_prints_figures_kinds_and_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(json.dumps({"url": "https://www.oldmouth.example/1", "text": "Advertisement\nIt rained."}) + "\n")
    unseen.kept_models(tmp_path, 3, lambda: [MODEL] * 3)
    given = [*map(str, GOLD), "--speak", str(corpus), "--models", str(tmp_path), "--folds", "3", "--errors"]
    monkeypatch.setattr("sys.argv", ["bench.unseen", *given])
    unseen.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["all", "text", "page"]
    assert any(line.startswith("recall:  ") and "caption" in line for line in lines)
    assert any("\tmissed\t" in line for line in lines)


def test_models_learn_from_the_other_folds_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("catboost")
    pytest.importorskip("sklearn")
    from bench import train

    monkeypatch.setitem(train.TREES, "iterations", 3)
    learned_from = []

    class Watched(train.Trainer):
        def learn(self, lines, inner=4):  # type: ignore[no-untyped-def]
            learned_from.append(set(self.publishers[lines]))
            return super().learn(lines, inner)

    monkeypatch.setattr(train, "Trainer", Watched)
    made = list(unseen.models(unseen.Learned([INVENTED]), 2))
    assert len(made) == 2
    for fold, publishers in enumerate(learned_from):
        assert publishers
        assert all(unseen.fold_of(publisher, 2) != fold for publisher in publishers)
    assert made[0].write() != made[1].write()
