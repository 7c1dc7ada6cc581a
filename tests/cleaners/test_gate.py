"""The gate: what cleaning finds and loses of our own labelled articles must not get worse than tests/gold/floors.toml.

A figure that gets better passes, with a warning that its floor may be raised. A floor is lowered by hand, in a commit
that says why. What is usual (nearly all of it found, nothing lost) and what is hard have floors of their own, so that
neither makes up for the other.
"""

from __future__ import annotations

import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bench.gold import DUMP, TEXT, Article, Line, Part, of_files, read
from bench.scoring import Score, score
from cleaners import Cleaner, Source, restore
from cleaners.cleaning import default
from cleaners.own import PREFIXES
from cleaners.registry import BUILT_IN
from cleaners.rules import load, rules

GOLD = Path(__file__).parent.parent / "gold"
ARTICLES = list(of_files([path for path in sorted(GOLD.glob("*.toml")) if path.stem != "floors"]))
CEILINGS = {"lost", "lost_in_10k"}
"""Tables and figures where less is better."""
HARD = "-hard-"
"""In the id of an article of the files that are hard to clean."""
SETS: dict[str, Callable[[Article], bool]] = {
    "all": lambda article: True,
    "texts": lambda article: article.form == TEXT,
    "dumps": lambda article: article.form == DUMP,
    "usual": lambda article: HARD not in article.id,
    "hard": lambda article: HARD in article.id,
}

Figures = dict[str, dict[str, float]]


def measured(cleaner: Cleaner) -> Figures:
    """All figures that have a floor, as floors.toml has them."""
    parts = {
        name: score([article for article in ARTICLES if belongs(article)], cleaner) for name, belongs in SETS.items()
    }
    found: Figures = {
        name: {
            "precision": part.right.share,
            "recall": part.lines.share,
            "lost_in_10k": part.lost_in_10k,
            "parts": part.parts.share,
        }
        for name, part in parts.items()
    }
    found["recall"] = {kind: tally.found for kind, tally in parts["all"].recall.items()}
    found["lost"] = {kind: tally.found for kind, tally in parts["all"].lost_of.items()}
    return found


def compare(floors: Mapping[str, Mapping[str, float]], now: Figures) -> tuple[list[str], list[str]]:
    """What is worse than its floor and what is better. A figure without a floor must be perfect: 0 lost."""
    worse, better = [], []
    for table, figures in now.items():
        for name, value in figures.items():
            less_is_better = bool({table, name} & CEILINGS)
            floor = floors[table].get(name, 0)
            gain = round(floor - value if less_is_better else value - floor, 4)
            if abs(gain) > 0.1 * (name == "lost_in_10k") + 0.0001:  # floors are rounded
                (better if gain > 0 else worse).append(f"{table}.{name} is {value:.4g}, the floor is {floor:.4g}")
    return worse, better


def floors() -> dict[str, dict[str, float]]:
    return tomllib.loads((GOLD / "floors.toml").read_text(encoding="utf-8"))


def test_cleaning_is_no_worse_than_its_floors() -> None:
    worse, better = compare(floors(), measured(default()))
    errors = ["\t".join(error) for error in score(ARTICLES, default()).errors]
    assert not worse, "\n".join([*worse, "", "missed and lost:", *errors])
    if better:
        warnings.warn("floors in tests/gold/floors.toml may be raised: " + "; ".join(better), stacklevel=1)


def test_worse_cleaning_does_not_pass() -> None:
    assert compare(floors(), measured(Cleaner([])))[0]
    everything = {
        "id": "all",
        "scope": "line",
        "max_length": 9999,
        "pattern": ".+",
        "takes": ["a"] * 2,
        "leaves": ["", ""],
    }
    worse, better = compare(floors(), measured(Cleaner(load({"p": {"rule": [everything]}}))))
    assert any(line.startswith("all.precision") for line in worse)
    assert any(line.startswith("lost.quote") for line in worse)
    assert any(line.startswith("all.recall") for line in better)


@pytest.mark.parametrize(
    "rule",
    [
        "ad-word",
        "byline",
        "comment-thread",
        "keep-answer-es",
        "keep-below",
        "keep-correction",
        "keep-quote",
        "live-page",
    ],
)
def test_every_rule_counts(rule: str) -> None:
    assert compare(floors(), measured(Cleaner(rules(), [rule])))[0]


def test_what_compare_says() -> None:
    now = {"all": {"recall": 0.5, "lost_in_10k": 2.0}, "lost": {"quote": 1, "plain": 3}, "recall": {"ad": 4, "nav": 1}}
    kept = {"all": {"recall": 0.6, "lost_in_10k": 3.0}, "lost": {"plain": 3}, "recall": {"ad": 4}}
    worse, better = compare(kept, now)
    assert worse == ["all.recall is 0.5, the floor is 0.6", "lost.quote is 1, the floor is 0"]
    assert better == ["all.lost_in_10k is 2, the floor is 3", "recall.nav is 1, the floor is 0"]


def test_the_floors_are_of_this_set() -> None:
    told = floors()
    kinds = {line.kind for article in ARTICLES for line in article.lines if line.label in ("drop", "meta")}
    kept = {line.kind for article in ARTICLES for line in article.lines if line.label == "keep"}
    assert set(told) == {*SETS, "recall", "lost"}
    assert set(told["recall"]) == kinds
    assert set(told["lost"]) <= kept


def test_the_set_is_large_and_mixed_enough() -> None:
    languages = Counter(article.language for article in ARTICLES)
    assert languages["en"] >= 30
    assert min(languages[code] for code in ("de", "es", "pt")) >= 8
    assert {"fr", "it", "nl"} <= set(languages)
    assert len({article.id for article in ARTICLES}) == len(ARTICLES) >= 100
    assert Counter(article.form for article in ARTICLES)[DUMP] >= 30
    assert sum(HARD in article.id for article in ARTICLES) >= 40
    kinds = {line.kind for article in ARTICLES for line in article.lines if line.label == "keep"}
    assert {"quote", "correction", "helpline", "list", "dateline", "interview", "verse", "results", "ticker"} <= kinds
    assert {"address", "ballot", "data", "letter", "post", "reference", "subhead"} <= kinds


def test_removals_are_undone_and_their_rules_known() -> None:
    known = {rule.id for rule in rules()} | set(BUILT_IN)
    sources = [Source(article.text, article.title, article.language) for article in ARTICLES]
    for source, cleaned in zip(sources, default().clean_many(sources), strict=True):
        assert restore(cleaned.text, cleaned.removals) == source.text
        for removal in cleaned.removals:
            assert all(rule in known or rule.startswith(PREFIXES) for rule in removal.rules), removal.rules


# How it is measured.

RULE = {"max_length": 99, "takes": ["a", "a"], "leaves": ["b", "b"]}
CLEANER = Cleaner(
    load(
        {
            "bell": {"rule": [{"id": "bell", "scope": "line", "pattern": "ring.*", **RULE}]},
            "gong": {"rule": [{"id": "gong", "scope": "inline", "pattern": " gong the gong", **RULE}]},
        }
    )
)


def scored(*lines: Line) -> Score:
    return score([Article("a", "en", TEXT, lines)], CLEANER)


def test_lines_found_missed_and_lost() -> None:
    done = scored(
        Line("Ring it", "drop", "bell"),
        Line("No ring", "drop", "bell"),
        Line("Ring and ring", "keep", "quote"),
        Line("Nobody came", "keep", "plain"),
        Line("Ring", "ambig", ""),
        Line("---", "drop", "separator"),
    )
    assert (done.lines.found, done.lines.all) == (1, 2)
    assert (done.right.found, done.right.all) == (1, 2)
    assert (done.lost.found, done.lost.all) == (3, 5)
    assert {kind: str(tally) for kind, tally in done.recall.items()} == {"bell": "1/2"}
    assert {kind: str(tally) for kind, tally in done.lost_of.items()} == {"quote": "3/3", "plain": "0/2"}
    assert {kind: str(tally) for kind, tally in done.precision.items()} == {"bell": "1/2"}
    assert [(what, kind) for _, what, kind, _ in done.errors] == [("missed", "bell"), ("LOST", "quote")]
    assert done.f1 == 0.5


def test_parts_of_lines() -> None:
    text = "It rained a lot, gong the gong"
    of_part = Part(text.index(" gong"), len(text), "gong")
    done = scored(Line(text, "keep", "plain", (of_part,)))
    assert (str(done.parts), str(done.lost)) == ("1/1", "0/4")
    done = scored(Line(text, "keep", "plain"))
    assert (str(done.parts), str(done.lost)) == ("0/0", "3/7")
    assert [what for _, what, _, _ in done.errors] == ["lost 3"]
    done = scored(Line("It rained, twice", "keep", "plain", (Part(10, 16, "x"),)))
    assert str(done.parts) == "0/1"


def test_a_line_that_became_the_title_is_not_lost() -> None:
    lines = (Line("Rain", "keep", "headline"), Line("", "ambig", ""), Line("It rained all day.", "keep", "plain"))
    done = score([Article("a", "en", TEXT, lines, title="Rain")], CLEANER)
    assert str(done.lost) == "0/5"


def test_both_formats_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '[[article]]\nid = "a"\nlanguage = "en"\nform = "text"\n'
        "lines = '''\nkeep | It rained. {{ad: Advertisement}}\n\ndrop ad | Advertisement\n'''\n"
    )
    (tmp_path / "b.jsonl").write_text(
        '{"id": "a", "lang": "en", "lines": [{"text": "It rained. Advertisement", "label": "keep", "cat": null, '
        '"spans": [{"start": 11, "end": 24, "cat": "ad", "action": "drop"}]}, '
        '{"text": "Advertisement", "label": "drop", "cat": "ad"}]}\n'
    )
    (table,), (row,) = read(tmp_path / "a.toml"), read(tmp_path / "b.jsonl")
    assert table.text == "It rained. Advertisement\n\nAdvertisement"
    assert [line.parts for line in table.lines if line.text] == [line.parts for line in row.lines]
    assert (row.language, row.form) == ("en", TEXT)
    for wrong in ("perhaps | a", "keep a b | c", "keep |", "keep"):
        (tmp_path / "a.toml").write_text(
            f"[[article]]\nid = \"a\"\nlanguage = \"en\"\nform = \"text\"\nlines = '''\n{wrong}\n'''\n"
        )
        with pytest.raises(ValueError, match="a, line 1"):
            read(tmp_path / "a.toml")
