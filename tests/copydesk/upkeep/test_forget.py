"""forget: nothing of it is left, the rest stays whole, and it does not come again."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from copydesk.errors import StoreError, UsageError
from copydesk.index.history import reindex
from copydesk.store import disk
from copydesk.store.dataset import open_dataset
from copydesk.store.store import Store
from copydesk.upkeep.asked import parse
from copydesk.upkeep.forget import forget
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, rows, story, write_jsonl
from tests.copydesk.outputs import tree
from tests.copydesk.traces import traces


def record(seed: int, site: str, number: int, *, day: int = 1, text: str = "", **columns: Any) -> dict[str, Any]:
    """A record with a line in it that cleaning takes out."""
    return {
        "text": (text or story(seed)).replace("\n\n", "\n\nAdvertisement\n\n", 1),
        "title": f"Headline{seed} of {site}",
        "url": f"https://{site}.example/news/{number}",
        "publisher": f"The {site} paper",
        "date": f"2026-03-{day:02d}T08:00:00Z",
        **columns,
    }


def near(seed: int, share: int = 9) -> str:
    """The story with one word in so many replaced."""
    words = story(seed).split(" ")
    return " ".join("otherwise" if i % share == 3 else word for i, word in enumerate(words))


def corpus(folder: Path) -> list[Path]:
    """Two runs: a story with copies in both, versions of an item, stories alone, rejects, a file of one article."""
    folder.mkdir()
    first = write_jsonl(
        folder / "first.jsonl",
        [
            record(1, "alpha", 1, day=3),
            record(1, "beta", 1, day=4, text=near(1)),
            record(2, "alpha", 2, day=5),
            record(3, "gamma", 3, day=6),
        ],
    )
    with first.open("ab") as file:
        file.write(b'{"url": "https://alpha.example/news/9", "text": "' + story(9)[:300].encode() + b'\n{"text": ""}\n')
    single = folder / "headline-of-solo.txt"
    single.write_text(f"Solo headline\n\n{story(7)}\n")
    second = write_jsonl(
        folder / "second.jsonl",
        [
            record(1, "delta", 1, day=9, text=near(1, 20)),
            record(2, "alpha", 2, day=10, text=near(2, 7)),
            record(2, "alpha", 2, day=11, text=near(2, 5)),
            record(4, "delta", 4, day=12),
        ],
    )
    return [first, single, second]


@pytest.fixture
def inputs(tmp_path: Path) -> list[Path]:
    return corpus(tmp_path / "in")


@pytest.fixture
def output(tmp_path: Path, inputs: list[Path]) -> Path:
    out = tmp_path / "out"
    ingest(out, *inputs[:2])
    ingest(out, inputs[2])
    assert verify(out, read_data=True) == []
    return out


def keys(output: Path, name: str) -> set[str]:
    return {row["item_key"] for row in rows(output, name)}


def test_a_url_is_forgotten_and_its_story_goes_to_the_next_member(output: Path, inputs: list[Path]) -> None:
    old = next(r for r in rows(output, "articles") if r["item_key"] == "https://alpha.example/news/1")
    told = forget(output, ["http://alpha.example/news/1?utm_source=x"])
    assert told.removed["articles"] == told.promoted == 1
    assert verify(output, read_data=True) == []
    new = next(r for r in rows(output, "articles") if r["item_key"] == "https://beta.example/news/1")
    assert new["story_id"] == new["id"]
    [copy] = rows(output, "duplicates")
    assert copy["duplicate_of"] == copy["story_id"] == new["id"]
    assert 0.3 < copy["jaccard"] < 1
    assert set(told.copies) == {new["id"], copy["id"]}
    assert traces(output, [old["id"], old["title"], old["url"]]) == set()
    assert ingest(output, *inputs).articles == 0
    assert verify(output) == []


def test_what_is_promoted_is_as_a_run_without_the_forgotten_would_have_it(output: Path, tmp_path: Path) -> None:
    forget(output, ["https://alpha.example/news/1", "https://alpha.example/news/9"])
    kept = [record(1, "beta", 1, day=4, text=near(1)), record(2, "alpha", 2, day=5), record(3, "gamma", 3, day=6)]
    later = [record(1, "delta", 1, day=9, text=near(1, 20))]
    ingest(tmp_path / "other", write_jsonl(tmp_path / "kept.jsonl", kept))
    ingest(tmp_path / "other", write_jsonl(tmp_path / "later.jsonl", later))
    figures = (
        "id",
        "story_id",
        "duplicate_of",
        "relation",
        "jaccard",
        "containment_in_original",
        "containment_of_original",
    )
    expected, found = (
        [{n: r[n] for n in figures} for r in rows(out, "duplicates")] for out in (tmp_path / "other", output)
    )
    assert found == expected


def test_with_an_item_go_all_its_versions(output: Path) -> None:
    assert len(rows(output, "revisions")) == 2
    middle = next(r for r in rows(output, "revisions") if r["version"] == 2)
    told = forget(output, [middle["id"]])
    assert (told.removed["articles"], told.removed["revisions"]) == (1, 2)
    assert rows(output, "revisions") == []
    assert verify(output, read_data=True) == []


def test_a_publisher_is_forgotten_with_its_rejects(output: Path, inputs: list[Path]) -> None:
    told = forget(output, ["alpha.example"])
    assert told.removed["rejects"] == 1
    assert verify(output, read_data=True) == []
    assert traces(output, ["alpha", story(2)[:40], story(9)[:40], "Headline2"]) == set()
    later = write_jsonl(inputs[0].parent / "later.jsonl", [record(8, "alpha", 8, publisher="Someone else")])
    assert ingest(output, later).seen == 1
    assert ingest(output, *inputs).rejects == 0
    assert traces(output, ["alpha", story(2)[:40], story(9)[:40], "Headline2"]) == set()


@pytest.mark.parametrize("name", ["a", "lpha", "alpha.exampl"])
def test_a_publisher_is_not_looked_for_within_words(name: str, output: Path) -> None:
    assert forget(output, [name], dry_run=True).removed["rejects"] == 0


def test_a_publisher_by_its_name(output: Path) -> None:
    forget(output, ["the GAMMA  paper"])
    assert "https://gamma.example/news/3" not in keys(output, "articles")
    assert traces(output, ["gamma", story(3)[:40]]) == set()


def test_a_copy_takes_what_stays_of_its_story_with_it_if_asked(output: Path) -> None:
    forget(output, ["https://delta.example/news/1"], copies=True)
    assert not {"https://alpha.example/news/1", "https://beta.example/news/1"} & keys(output, "articles")
    assert verify(output, read_data=True) == []
    assert traces(output, [story(1)[:40], "Headline1"]) == set()


def test_the_name_of_a_file_of_one_article_goes_and_the_file_is_still_known(output: Path, inputs: list[Path]) -> None:
    single = inputs[1]
    [row] = [r for r in rows(output, "articles") if r["source_format"] == "text"]
    assert traces(output, ["headline-of-solo"])
    forget(output, [row["id"]])
    assert traces(output, ["headline-of-solo", "Solo headline", story(7)[:40]]) == set()
    assert verify(output, read_data=True) == []
    again = ingest(output, single)
    assert (again.seen, again.bytes_read) == (1, 0)
    single.write_text(single.read_text() + "\nMore of it.\n")
    assert ingest(output, single).seen == 1
    assert "headline-of-solo" not in str(Store(output).ledger()._row)


def test_retention(output: Path, inputs: list[Path]) -> None:
    days = open_dataset(output, "articles").to_table()["ingested_at"].to_pylist()
    for day in (min(days).date(), dt.date(300, 1, 1)):
        assert forget(output, older_than=day).run_id is None
    told = forget(output, older_than=max(days).date() + dt.timedelta(days=1))
    assert told.removed["articles"] == 5
    assert all(not found for found in everything(output).values())
    assert verify(output, read_data=True) == []
    words = [story(n)[:40] for n in (1, 2, 3, 4, 7, 9)]
    assert traces(output, [*words, "alpha", "Headline", "headline-of-solo"]) == set()
    assert ingest(output, *inputs).articles == 0
    new = write_jsonl(inputs[0].parent / "new.jsonl", [record(2, "alpha", 2, text=story(30))])
    assert ingest(output, new).articles == 1


def test_a_dry_run_writes_nothing_and_says_the_same(output: Path) -> None:
    before = tree(output)
    told = forget(output, ["https://alpha.example/news/1"], dry_run=True)
    assert tree(output) == before
    done = forget(output, ["https://alpha.example/news/1"])
    assert told.run_id is None
    assert (told.removed, told.rows, told.copies) == (done.removed, done.rows, done.copies)


def test_twice_is_once(output: Path) -> None:
    forget(output, ["https://alpha.example/news/1", "delta.example"])
    before = tree(output)
    assert forget(output, ["https://alpha.example/news/1", "delta.example"]).run_id is None
    assert tree(output) == before


def test_the_index_is_what_would_be_built_from_the_rows(output: Path) -> None:
    forget(output, ["https://alpha.example/news/1"])
    before = tree(output)
    reindex(output)
    assert tree(output) == before


@pytest.mark.parametrize("what", ["duplicates", "removals", "rejects"])
def test_a_damaged_file_stops_it_with_nothing_changed(output: Path, what: str) -> None:
    path = Store(output).files(what)[0]
    path.write_bytes(path.read_bytes()[:-20])
    before = tree(output)
    with pytest.raises(StoreError, match="verify"):
        forget(output, ["alpha.example"])
    assert tree(output) == before


def test_what_cannot_be_deleted_yet_is_told_and_deleted_by_the_next_command(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = disk.remove_tree

    def refuse(path: Path) -> None:
        if path.name == "retired":
            raise PermissionError(path)
        delete(path)

    monkeypatch.setattr(disk, "remove_tree", refuse)
    with pytest.raises(StoreError, match="again"):
        forget(output, ["alpha.example"])
    monkeypatch.undo()
    assert traces(output, ["Headline2 of alpha"])
    assert forget(output, ["alpha.example"]).run_id is None
    assert traces(output, ["Headline2 of alpha"]) == set()


def test_what_is_asked() -> None:
    assert parse(["ab" * 16]).ids == {"ab" * 16}
    assert parse(["news.example.com/a/1"]).urls == {"news.example.com/a/1", "https://news.example.com/a/1"}
    assert parse(["The  Daily News"]).publishers == {"the daily news"}
    assert parse(["www.example.com"]).publishers == {"example.com"}
    for wrong in ((), (" ",)):
        with pytest.raises(UsageError):
            parse(wrong)
    with pytest.raises(UsageError):
        parse(["a"], dt.date(2026, 1, 1))


@pytest.mark.slow
@hypothesis_settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_rows_can_be_forgotten(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("any")
    inputs = corpus(folder / "in")
    out = folder / "out"
    ingest(out, *inputs[:2])
    ingest(out, inputs[2])
    every = [r for name in ("articles", "duplicates", "revisions") for r in rows(out, name)]
    picked = data.draw(st.lists(st.sampled_from([r["id"] for r in every]), min_size=1, max_size=4, unique=True))
    forget(out, picked)
    assert verify(out, read_data=True) == []
    gone = {r["item_key"] for r in every if r["id"] in picked}
    left = {r["item_key"]: r for name in ("articles", "duplicates", "revisions") for r in rows(out, name)}
    assert set(left) == {r["item_key"] for r in every} - gone
    titles = {r["title"] for r in every if r["item_key"] in gone} - {None}
    assert traces(out, [*gone, *titles]) == set()
    before = everything(out)
    assert ingest(out, *inputs).seen > 0
    assert everything(out) == before
    assert verify(out) == []


def test_ages_go_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first version is old, the later ones are not: the earliest that is left stands for the item."""
    from copydesk.run import pipeline

    days = itertools.count(1)

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime(2026, 1, next(days), tzinfo=tz)

    # Not in the module datetime itself: pandas, which may be imported now, takes what is there for its own kind.
    monkeypatch.setattr(pipeline, "dt", SimpleNamespace(datetime=Clock, UTC=dt.UTC))
    out = tmp_path / "out"
    for n, text in enumerate((story(1), near(1), near(1, 5), near(1, 4))):
        ingest(out, write_jsonl(tmp_path / f"{n}.jsonl", [record(1, "alpha", 1, day=n + 1, text=text)]))
    monkeypatch.undo()
    when = sorted(open_dataset(out, "revisions").to_table()["ingested_at"].to_pylist())
    assert len(when) == 3
    forget(out, older_than=when[0].date())
    assert verify(out, read_data=True) == []
    [article] = rows(out, "articles")
    revisions = sorted(rows(out, "revisions"), key=lambda r: r["version"])
    assert article["text"] == near(1)
    assert [(r["version"], r["revises"]) for r in revisions] == [(2, article["id"]), (3, revisions[0]["id"])]
