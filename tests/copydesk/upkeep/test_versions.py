"""Outputs of released schemas stay good: they open, verify, and are added to. Schemas grow by adding only."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cleaners
from copydesk import schema
from copydesk.errors import StoreError
from copydesk.index import history
from copydesk.schema import DATASETS
from copydesk.store import dataset, parquet
from copydesk.store.store import Store
from copydesk.upkeep.reclean import reclean
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, rows, write_jsonl
from tests.copydesk.upkeep.test_reclean import no_rules
from tests.tools import make_output

RELEASED = sorted((Path(__file__).parents[2] / "data").glob("output-*"))


@pytest.fixture(params=RELEASED, ids=lambda p: str(p.name))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(request.param, tmp_path / "out"))


def test_there_is_one() -> None:
    assert [p.name for p in RELEASED] == ["output-0.1"]


def test_it_opens_and_is_whole(old: Path) -> None:
    assert verify(old, read_data=True) == []
    counts = {name: dataset.open_dataset(old, name).count_rows() for name in DATASETS}
    assert min(counts.values()) > 0
    with duckdb.connect() as connection:
        connection.execute(dataset.duckdb_views(old))
        assert {n: connection.execute(f'SELECT count(*) FROM "{n}"').fetchall()[0][0] for n in DATASETS} == counts


def test_no_column_of_it_changed_its_name_or_type(old: Path) -> None:
    for name in DATASETS:
        for path in Store(old).files(name):
            assert schema.difference(name, pq.read_schema(path)) is None
            assert not set(pq.read_schema(path).names) & schema.ADDED.get(name, frozenset())


def test_what_it_holds_is_known_and_new_copies_are_found(old: Path, tmp_path: Path) -> None:
    copy = make_output.records()[2] | {"url": "https://late.example/cheese"}
    write_jsonl(tmp_path / "in.jsonl", [*make_output.records()[:3], *make_output.later(), copy])
    books = ingest(old, tmp_path / "in.jsonl")
    assert (books.articles, books.duplicates, books.revisions, books.seen) == (0, 1, 0, 6)
    assert verify(old, read_data=True) == []
    assert history.reindex(old) == 3


def test_a_later_version_reads_it_with_nulls_and_adds_to_it(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(old)
    for name in DATASETS:
        grown = DATASETS[name].append(pa.field("mood", pa.string()))
        monkeypatch.setitem(DATASETS, name, grown)
        monkeypatch.setitem(schema.ADDED, name, schema.ADDED.get(name, frozenset()) | {"mood"})
    assert verify(old, read_data=True) == []
    assert rows(old, "articles") == [{**row, "mood": None} for row in before["articles"]]
    monkeypatch.setattr(cleaners.Cleaner, "clean_many", no_rules)
    assert reclean(old).changed > 0  # now files of both versions lie side by side
    assert {"mood" in pq.read_schema(p).names for n in ("articles", "runs") for p in Store(old).files(n)} == {
        True,
        False,
    }
    assert verify(old, read_data=True) == []
    with duckdb.connect() as connection:
        connection.execute(dataset.duckdb_views(old))
        assert connection.execute("SELECT mood FROM articles").fetchall() == [(None,)] * len(before["articles"])


def test_a_column_that_is_missing_without_reason_is_a_fault(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DATASETS, "rejects", DATASETS["rejects"].append(pa.field("mood", pa.string())))
    assert [(f.check, f.message) for f in verify(old) if f.check == "schema"] == [
        ("schema", "it lacks the columns mood")
    ]


def test_a_file_of_a_later_version_is_refused_in_words(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = DATASETS["articles"]
    monkeypatch.setitem(DATASETS, "articles", pa.schema([f for f in known if f.name != "http_status"]))
    (path,) = Store(old).files("articles")
    with pytest.raises(StoreError, match=r"later version of copydesk, which has the columns http_status; use that one"):
        parquet.read(path, DATASETS["articles"])
    assert any("later version" in f.message for f in verify(old) if f.check == "schema")
    assert "http_status" not in rows(old, "articles")[0]
