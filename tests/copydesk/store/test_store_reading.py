"""What is published can be read: by the manifests, by a glob, by other tools."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from copydesk.errors import StoreError, UsageError
from copydesk.schema import DATASETS
from copydesk.store import dataset, parquet
from copydesk.store.dataset import PARTITION, duckdb_views, open_dataset
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.outputs import DAY, NOW, Row, first_part, identity, publish, second_part, stage, story

DATE = dt.date(2026, 11, 22)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reading") / "it's [1] of * ?"
    publish(root, first_part())
    publish(root, second_part())
    return root


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_has_its_schema_and_partition_rows_or_none(output: Path, tmp_path: Path, name: str) -> None:
    for root in (output, tmp_path):
        opened = open_dataset(root, name)
        assert opened.schema.equals(DATASETS[name].append(PARTITION))
        assert opened.schema.field(0).metadata == DATASETS[name].field(0).metadata
        assert opened.to_table().schema.equals(opened.schema)
    assert opened.count_rows() == 0


def test_the_partition_is_a_date_that_filters(output: Path) -> None:
    articles = open_dataset(output, "articles")
    assert articles.to_table(columns=["ingest_date"])["ingest_date"].unique().to_pylist() == [DATE]
    assert articles.count_rows(filter=ds.field("ingest_date") == DATE) == 3
    assert articles.count_rows(filter=ds.field("ingest_date") > DATE) == 0


def test_an_opened_dataset_stays_as_it_was(tmp_path: Path) -> None:
    publish(tmp_path, first_part())
    opened = open_dataset(tmp_path, "articles")
    publish(tmp_path, second_part())
    assert (opened.count_rows(), open_dataset(tmp_path, "articles").count_rows()) == (1, 3)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no dataset 'article'; there are articles, "):
        open_dataset(tmp_path, "article")
    with pytest.raises(UsageError, match="no such folder"):
        open_dataset(tmp_path / "output", "articles")
    assert Store(tmp_path / "output").dataset("articles").count_rows() == 0


def test_a_glob_reads_the_same_in_every_tool(tmp_path: Path) -> None:
    publish(tmp_path, first_part())
    publish(tmp_path, second_part())
    wanted = open_dataset(tmp_path, "articles").to_table().sort_by("id")
    glob, ids = str(tmp_path / "articles" / "**" / "*.parquet"), wanted["id"].to_pylist()

    by_duckdb = duckdb.sql(f"SELECT id, text, ingest_date, published_at, authors FROM '{glob}' ORDER BY id")
    assert [str(kind) for kind in by_duckdb.types[2:]] == ["DATE", "TIMESTAMP WITH TIME ZONE", "VARCHAR[]"]
    assert [row[:3] for row in by_duckdb.fetchall()] == list(
        zip(ids, wanted["text"].to_pylist(), [DATE] * 3, strict=True)
    )

    for frame in (
        pl.read_parquet(glob, hive_partitioning=True),
        pl.scan_parquet(glob, hive_partitioning=True).collect(),
    ):
        assert frame.schema["ingest_date"] == pl.Date
        assert frame.sort("id").select(wanted.column_names).to_arrow().to_pylist() == wanted.to_pylist()

    partitioning = ds.partitioning(pa.schema([("ingest_date", pa.date32())]), flavor="hive")
    by_pandas = pd.read_parquet(tmp_path / "articles", partitioning=partitioning).sort_values("id")
    assert by_pandas["id"].tolist() == ids
    assert by_pandas["ingest_date"].tolist() == [DATE] * 3

    by_pyarrow = ds.dataset(tmp_path / "articles", partitioning=partitioning).to_table().sort_by("id")
    assert by_pyarrow.select(wanted.column_names).to_pylist() == wanted.to_pylist()


def test_texts_of_ids(output: Path) -> None:
    part = first_part()
    rows = [*part["articles"], *part["duplicates"], *part["revisions"], *second_part()["articles"]]
    every = {row["id"]: row["text"] for row in rows}
    store = Store(output)
    assert store.texts(every) == every
    for id_, text in every.items():
        assert store.texts([id_, "0" * 32]) == {id_: text}
    assert store.texts([]) == {}


def test_texts_from_some_of_many_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 4096)
    rows = [story(f"k{n}", f"Story {n}. " + "é" * n)[0] for n in range(100)]
    publish(tmp_path, {"articles": rows[:70]}, {"articles": rows[70:]})
    wanted = {row["id"]: row["text"] for row in rows[::9]}
    assert Store(tmp_path).texts(list(wanted)) == wanted


def test_texts_of_a_broken_file(tmp_path: Path) -> None:
    publish(tmp_path, first_part())
    path = Store(tmp_path).files("articles")[0]
    path.write_bytes(b"no Parquet")
    with pytest.raises(StoreError, match=rf"{path.name}: cannot be read"):
        Store(tmp_path).texts(["0" * 32])


def query(root: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute(duckdb_views(root))
        return connection.sql(sql).fetchall()


def test_duckdb_views_show_what_is_published(output: Path) -> None:
    counts = [query(output, f'SELECT count(*) FROM "{name}"')[0][0] for name in DATASETS]
    assert counts == [open_dataset(output, name).count_rows() for name in DATASETS]
    assert query(output, "SELECT DISTINCT ingest_date FROM articles") == [(DATE,)]


@pytest.mark.parametrize("name", [*DATASETS, "latest_text"])
def test_duckdb_views_have_the_same_columns_with_rows_and_without(output: Path, tmp_path: Path, name: str) -> None:
    described = [
        query(root, f'SELECT column_name, column_type FROM (DESCRIBE "{name}")') for root in (output, tmp_path)
    ]
    if name == "overlaps":  # the output has none either; see what it looks like with one
        row: Row = dict.fromkeys(DATASETS[name].names) | {"a": "1", "b": "2", "jaccard": 0.5}
        publish(tmp_path, {"overlaps": [row]})
        described[0] = query(tmp_path, f'SELECT column_name, column_type FROM (DESCRIBE "{name}")')
    assert described[0] == described[1]


def test_folders_above_the_output_are_no_columns(output: Path, tmp_path: Path) -> None:
    above = tmp_path / "crawl=7" / "publisher=x" / "id=1" / "ingest_date=2000-01-01" / "out"
    above.parent.mkdir(parents=True)
    shutil.copytree(output, above)
    for name in (*DATASETS, "latest_text", "stories"):
        described = f'SELECT column_name, column_type FROM (DESCRIBE "{name}")'
        rows = f'SELECT * FROM "{name}" ORDER BY ALL'
        assert query(above, described) == query(output, described)
        assert query(above, rows) == query(output, rows)
    assert verify(above) == verify(output)


def test_the_latest_text_of_each_item(output: Path) -> None:
    latest = query(output, "SELECT item_key, version, dataset, text FROM latest_text ORDER BY item_key")
    assert latest == [
        ("a.example/1", 2, "revisions", "The ferry came late, and then it left.\n"),
        ("b.example/1", 1, "duplicates", "The ferry came late. 🚢\n"),
        ("c.example/0", 1, "articles", "Harbour notes, number 0.\n"),
        ("c.example/1", 1, "articles", "Harbour notes, number 1.\n"),
    ]


def test_views_do_not_show_a_run_under_way(tmp_path: Path) -> None:
    publish(tmp_path, first_part())
    stage(tmp_path, "29990101-000000-000000", [second_part()])  # in place, and no manifest names it
    assert query(tmp_path, "SELECT id FROM articles") == [(identity("a.example/1", _content()),)]
    assert open_dataset(tmp_path, "articles").count_rows() == 1


def _content() -> str:
    return "Advertisement\nThe ferry came late.\nShare this\n"


def test_files_are_named_by_their_path_under_the_output(output: Path) -> None:
    paths = dataset.published(output, "articles")
    assert all(path.startswith(f"articles/{DAY}/{NOW:%Y%m%d}-") for path in paths)
