"""How the Parquet files are written."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk.errors import StoreError
from copydesk.schema import DATASETS
from copydesk.store import parquet
from tests.copydesk.outputs import first_part, story, table


def written(path: Path, count: int = 50) -> pq.ParquetFile:
    rows = [story(f"k{n}", f"Story {n}. " + "words " * (n * 7 % 11))[0] for n in range(count)]
    rows[3]["published_at"] = None
    parquet.write(table("articles", rows), path, "articles")
    return pq.ParquetFile(path)


def test_rows_are_sorted_by_publication_and_the_file_says_so(tmp_path: Path) -> None:
    file = written(tmp_path / "a" / "b.parquet")
    got = [(row["published_at"], row["id"]) for row in file.read().to_pylist()]
    assert got == sorted(got, key=lambda pair: (pair[0] is None, pair))
    assert got[-1][0] is None
    names = [file.schema.column(c.column_index).path for c in file.metadata.row_group(0).sorting_columns]
    assert names == ["published_at", "id"]
    assert not any(c.descending or c.nulls_first for c in file.metadata.row_group(0).sorting_columns)


def test_chosen_rows_are_written_as_if_there_were_no_others(tmp_path: Path) -> None:
    rows = table("articles", [story(f"k{n}", f"Story {n}.")[0] for n in range(9)])
    chosen = np.arange(9) % 3 == 1
    parquet.write(rows, tmp_path / "chosen.parquet", "articles", chosen)
    parquet.write(rows.filter(pa.array(chosen)), tmp_path / "alone.parquet", "articles")
    assert (tmp_path / "chosen.parquet").read_bytes() == (tmp_path / "alone.parquet").read_bytes()


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_keeps_schema_and_comments(tmp_path: Path, name: str) -> None:
    parquet.write(table(name, first_part().get(name, [])), tmp_path / "x.parquet", name)
    schema = pq.read_schema(tmp_path / "x.parquet")
    assert schema.equals(DATASETS[name])
    assert [f.metadata[b"comment"] for f in schema] == [(f.metadata or {})[b"comment"] for f in DATASETS[name]]
    assert pq.read_metadata(tmp_path / "x.parquet").num_rows == len(first_part().get(name, []))


def test_the_file_has_page_index_zstd_and_a_bloom_filter_that_works(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    file = written(path)
    column = file.metadata.row_group(0).column(0)
    assert (column.compression, column.has_column_index, column.has_offset_index) == ("ZSTD", True, True)
    here = file.read(["id"])["id"].to_pylist()[7]
    probe = "SELECT bloom_filter_excludes FROM parquet_bloom_probe(?, 'id', ?)"
    assert duckdb.execute(probe, [str(path), here]).fetchall() == [(False,)]
    strangers = [duckdb.execute(probe, [str(path), f"{n:032x}"]).fetchall() for n in range(20)]
    assert strangers.count([(True,)]) > 15


def test_row_groups_are_bounded_in_bytes_and_in_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(tmp_path / "one.parquet").num_row_groups == 1
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1)
    assert written(tmp_path / "rows.parquet").num_row_groups == 50
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1 << 30)
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 20)
    assert written(tmp_path / "capped.parquet").num_row_groups == 3


def test_rows_of_another_schema_are_refused(tmp_path: Path) -> None:
    rows = table("articles", first_part()["articles"])
    wrong = rows.set_column(0, "id", pa.array([b"x"]))
    with pytest.raises(StoreError, match=r"articles: .* id binary instead of id string"):
        parquet.write(wrong, tmp_path / "x.parquet", "articles")
    with pytest.raises(StoreError, match="36 columns instead of"):
        parquet.write(rows.select(range(36)), tmp_path / "x.parquet", "articles")
    assert not (tmp_path / "x.parquet").exists()


def test_the_same_rows_in_any_order_make_the_same_file(tmp_path: Path) -> None:
    rows = [story(f"k{n}", f"Story {n}.")[0] for n in range(30)]
    parquet.write(table("articles", rows), tmp_path / "a.parquet", "articles")
    parquet.write(table("articles", rows[::-1]), tmp_path / "b.parquet", "articles")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
