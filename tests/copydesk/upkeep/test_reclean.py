"""reclean: an output cleaned again is as if it had been ingested with today's rules."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import cleaners
from cleaners import Cleaned, Fields, Removal, Source
from cleaners.registry import BUILT_IN
from copydesk.articles.cleaning import rules_of
from copydesk.index import history
from copydesk.settings import Settings
from copydesk.store.dataset import open_dataset
from copydesk.upkeep import again
from copydesk.upkeep.reclean import preview, reclean
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, rows, story, write_jsonl
from tests.copydesk.damage import make_output
from tests.copydesk.outputs import tree


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_output(tmp_path_factory.mktemp("today"))


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same inputs, ingested when there were no rules."""
    every = {rule.category for rule in rules_of(Settings())} | {category for category, _ in BUILT_IN.values()}
    return make_output(tmp_path_factory.mktemp("earlier"), without=(*sorted(every), "model"))


def no_rules(_: object, sources: Sequence[Source]) -> list[Cleaned]:
    return [Cleaned(source.text) for source in sources]


def without_place(output: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows, less where their source lay."""
    return {name: sorted(({k: v for k, v in r.items() if k not in ("source_uri", "id")} for r in rows), key=repr)
            for name, rows in everything(output).items()}  # fmt: skip


def test_an_output_of_today_does_not_change(today: Path) -> None:
    before = tree(today)
    done = preview(today)
    assert (done.rows, done.changed, done.not_restored) == (8, 0, 0)
    assert reclean(today).run_id is None
    assert {p: c for p, c in tree(today).items() if "leases" not in p} == {
        p: c for p, c in before.items() if "leases" not in p
    }


def test_a_recleaned_output_is_as_if_ingested_today(earlier: Path, today: Path, tmp_path: Path) -> None:
    root = shutil.copytree(earlier, tmp_path / "out")
    assert rows(root, "removals") == []
    opened = open_dataset(root, "articles")
    before = opened.to_table().sort_by("id")
    shown = preview(root)
    done = reclean(root)
    assert done.run_id is not None
    assert (shown.changed, shown.texts, shown.rules) == (done.changed, done.texts, done.rules)
    assert done.texts == len({r["id"] for r in rows(root, "removals")}) == 6
    assert verify(root, read_data=True) == []
    assert without_place(root) == without_place(today)
    assert opened.to_table().sort_by("id") == before  # who reads goes on reading
    assert [r["id"] for r in rows(root, "articles")] == [r["id"] for r in rows(earlier, "articles")]
    assert reclean(root).changed == 0
    segments = sorted((root / "_state" / "index").iterdir())
    contents = [p.read_bytes() for p in segments]
    history.reindex(root)
    assert [p.read_bytes() for p in segments] == contents
    assert ingest(root, earlier.parent / "a.jsonl").seen == 6


def test_what_is_shown_first(earlier: Path) -> None:
    before = tree(earlier)
    done = preview(earlier)
    assert tree(earlier) == before
    assert done.chars_taken > 0 == done.chars_put_back
    assert {name: counts["takes_less"] for name, counts in done.rules.items()} == dict.fromkeys(done.rules, 0)
    assert any("Advertisement" in taken for e in done.examples for taken in e.taken)


def test_a_rule_that_is_gone_gives_back_what_it_took(
    today: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shutil.copytree(today, tmp_path / "out")
    monkeypatch.setattr(cleaners.Cleaner, "clean_many", no_rules)
    done = reclean(root)
    assert verify(root, read_data=True) == []
    assert rows(root, "removals") == []
    assert done.chars_put_back > 0 == done.chars_taken
    assert all(r["removed_chars"] == 0 for r in rows(root, "articles"))


def test_rows_that_cannot_be_restored_or_would_be_empty_are_left_alone(
    today: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shutil.copytree(today, tmp_path / "out")
    before = everything(root)
    monkeypatch.setattr(cleaners.Cleaner, "clean_many", lambda _, sources: [_without(s.text, s.text) for s in sources])
    assert reclean(root).emptied == 8
    monkeypatch.setattr(again, "restore", lambda text, removals: text + "x")
    assert reclean(root).not_restored == 8
    assert everything(root) == before


# What becomes of a row's columns.

REMOVED = Removal(0, 12, "By Ada Brook", ("byline",), "byline", "field", "authors")


def row(text: str = "By Ada Brook\n\nIt rained.", source_format: str = "jsonl", **columns: Any) -> again.Before:
    empty = dict.fromkeys(
        ("title", "section", "credit", "attribution", "bio", "url", "canonical_url", "publisher", "language")
    )
    dates = dict.fromkeys(("published_at", "published_precision", "published_from", "modified_at"))
    removals = columns.pop("removals", (REMOVED,))
    lists: dict[str, Any] = {"authors": [], "tags": [], "flags": [], "source_format": source_format}
    return again.Before({**empty, **dates, **lists, **columns}, removals, text)


def recleaned(old: again.Before, **fields: Any) -> dict[str, Any]:
    new = again.after(old, Cleaned("It rained.", (), Fields(**fields)))
    assert new is not None
    return new


def test_a_name_that_came_out_of_the_text_is_found_anew() -> None:
    assert recleaned(row(authors=["Ada Brook"]), authors=("Ada B. Brook",))["authors"] == ["Ada B. Brook"]
    assert recleaned(row(authors=["Cy Reed"]), authors=("Ada Brook",))["authors"] == ["Cy Reed"]  # the record's own


def test_what_a_record_may_have_said_is_never_lost() -> None:
    assert recleaned(row(authors=["Ada Brook"]))["authors"] == ["Ada Brook"]
    assert recleaned(row(authors=["Ada Brook"], source_format="text"))["authors"] == []
    assert recleaned(row(section="Sport"), section="News")["section"] == "Sport"


def test_a_title_that_came_out_of_the_text_goes_back() -> None:
    first_line = Removal(0, 4, "Rain", ("first-line",), "headline", "field", "title")
    repeated = Removal(0, 4, "Rain", ("repeats-title",), "headline", "field", "title")
    assert row(title="Rain", removals=(first_line,)).source().title is None
    assert recleaned(row(title="Rain", removals=(first_line,)))["title"] is None
    assert row(title="Rain", removals=(repeated,)).source().title == "Rain"
    assert recleaned(row(title="Rain", removals=(repeated,)), title="Other")["title"] == "Rain"


def test_a_date_of_the_text_is_found_anew() -> None:
    import datetime as dt

    then = dt.datetime(2024, 5, 6, tzinfo=dt.UTC)
    told = {"published_at": then, "published_precision": "day", "published_from": "text"}
    assert recleaned(row(**told))["published_at"] is None
    assert recleaned(row(**told), published="7 May 2024")["published_at"] == then + dt.timedelta(days=1)
    assert recleaned(row(**told | {"published_from": "record"}), published="7 May 2024")["published_at"] == then


def test_the_flag_of_a_text_that_is_mostly_removed() -> None:
    cut = (Removal(0, 60, "x" * 60, ("r",), "c"),)
    new = again.after(row("x" * 60 + "It rained.", flags=["live"]), Cleaned("It rained.", cut))
    assert new is not None
    assert new["flags"] == ["live", "mostly-removed"]
    assert recleaned(row(flags=["live", "mostly-removed"]))["flags"] == ["live"]


def test_figures_of_pairs_are_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = story(7, 6)
    one = {"url": "https://a.example/1", "text": story(1)}
    other = {"url": "https://b.example/1", "text": f"{story(1)}\n\n{extra}"}
    ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", [one, other]))
    (duplicate,) = rows(tmp_path / "out", "duplicates")
    assert duplicate["jaccard"] < 1

    def takes_more(_: object, sources: Sequence[Source]) -> list[Cleaned]:
        return [_without(source.text, "\n\n" + extra) for source in sources]

    monkeypatch.setattr(cleaners.Cleaner, "clean_many", takes_more)
    assert reclean(tmp_path / "out").pairs == 1
    (duplicate,) = rows(tmp_path / "out", "duplicates")
    assert (duplicate["jaccard"], duplicate["relation"]) == (1.0, "exact")
    assert verify(tmp_path / "out", read_data=True) == []


def _without(text: str, part: str) -> Cleaned:
    place = text.find(part)
    if place < 0:
        return Cleaned(text)
    cut = Removal(place, place + len(part), part, ("test",), "test")
    return Cleaned(text.replace(part, ""), (cut,))


def test_a_bio_of_several_lines_is_found_anew() -> None:
    lines = [f"Ada Brook is a writer at {place}." for place in ("the Post", "the Echo")]
    cuts = tuple(
        Removal(20 + 40 * n, 50 + 40 * n, f"{line}\n\n", ("bio",), "bio", "field", "bio")
        for n, line in enumerate(lines)
    )
    assert recleaned(row(bio=" ".join(lines), removals=cuts), bio="Ada Brook.")["bio"] == "Ada Brook."
    assert recleaned(row(bio="Cy Reed writes.", removals=cuts), bio="Ada Brook.")["bio"] == "Cy Reed writes."
    assert recleaned(row(bio=None, removals=cuts), bio="Ada Brook.")["bio"] == "Ada Brook."
