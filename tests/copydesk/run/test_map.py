"""The setting `map` in a run: what its names were met by, in every format of records; a slip in it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.copydesk.corpus import ingest, rows, story, write_jsonl

MAP = {"title": "headline", "text": "body"}
SLIPS = {"title": "headlin", "text": "body", "url": "lnik"}
TOLD = (
    "no record that was read has `headlin`, which `map` names for `title`",
    "no record that was read has `lnik`, which `map` names for `url`",
)


def written(folder: Path, ending: str) -> Path:
    """A file of that format with two articles, whose fields are called `headline` and `body`."""
    records = [{"headline": f"H{seed}", "body": story(seed)} for seed in range(2)]
    path = folder / f"in.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    elif ending == "csv":
        lines = ["headline,body", *(f"{r['headline']},{json.dumps(r['body'])}" for r in records)]
        path.write_text("\n".join(lines).replace("\\n", "\n"))
    else:
        write_jsonl(path, records)
    return path


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_name_that_no_record_has_is_told(tmp_path: Path, ending: str, workers: int) -> None:
    file = written(tmp_path, ending)
    assert ingest(tmp_path / "right", file, map=MAP, workers=workers).warnings == ()
    books = ingest(tmp_path / "wrong", file, map=SLIPS, workers=workers)
    assert (books.articles, books.warnings) == (2, TOLD)
    assert [row["warnings"] for row in rows(tmp_path / "wrong", "runs")] == [list(TOLD)]


def test_one_record_in_one_part_of_one_file_is_enough(tmp_path: Path) -> None:
    lines = [{"text": story(seed), **({"head": "H"} if seed == 70 else {})} for seed in range(96)]
    (tmp_path / "in").mkdir()
    write_jsonl(tmp_path / "in" / "many.jsonl", lines)
    write_jsonl(tmp_path / "in" / "other.jsonl", [{"text": story(200)}])
    books = ingest(tmp_path / "out", tmp_path / "in", map={"title": "head"}, workers=2, shard_bytes=65536)
    assert (books.articles, books.warnings) == (97, ())


def test_nothing_is_told_where_no_record_was_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(story(1))
    file = written(tmp_path, "jsonl")
    assert ingest(tmp_path / "out", tmp_path / "a.txt", map=SLIPS).warnings == ()
    ingest(tmp_path / "out", file, map=SLIPS)
    assert ingest(tmp_path / "out", file, map=SLIPS).warnings == ()  # an unchanged file is not read


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_a_name_that_is_mapped_is_no_duty(tmp_path: Path, ending: str) -> None:
    """A source that has `text` under its own name comes in beside those that call it otherwise."""
    file = written(tmp_path, ending)
    books = ingest(tmp_path / "out", file, map={"title": "headline", "text": "body"})
    own = tmp_path / f"own.{ending}"
    if ending == "parquet":
        table = pq.read_table(file)
        pq.write_table(table.rename_columns(["title", "text"]).slice(1), own)
    else:
        own.write_text(file.read_text().replace("headline", "title").replace("body", "text").replace("H1", "H2"))
    again = ingest(tmp_path / "out", own, map={"title": "headline", "text": "body"})
    assert (books.rejects, again.rejects) == (0, 0)
    assert again.warnings == tuple(
        f"no record that was read has `{theirs}`, which `map` names for `{ours}`" for ours, theirs in MAP.items()
    )


def test_nothing_is_told_of_files_without_a_record(tmp_path: Path) -> None:
    """As a source that has nothing new writes them on schedule."""
    (tmp_path / "a.csv").write_text("headline,body\n")
    (tmp_path / "b.jsonl").write_text("\n\n")
    pq.write_table(pq.read_table(written(tmp_path, "parquet")).slice(0, 0), tmp_path / "c.parquet")
    for name in ("a.csv", "b.jsonl", "c.parquet"):
        assert ingest(tmp_path / "out", tmp_path / name, map=SLIPS).warnings == ()
