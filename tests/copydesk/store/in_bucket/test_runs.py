"""Runs and readers of an output in a bucket: the same rows as on a disk, and how often the server is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow.dataset as ds
import pyarrow.fs as pa_fs
import pytest

from copydesk.run.pipeline import run
from copydesk.settings import Settings
from copydesk.store import dataset, lock, origin, place
from copydesk.store.dataset import open_dataset
from copydesk.upkeep.verify import verify
from tests.copydesk import news
from tests.copydesk.outputs import first_part, publish, second_part, story
from tests.copydesk.s3 import S3
from tests.copydesk.store.in_bucket.made import ingest, out, requests, shown, write


def test_runs_one_after_another(s3: S3, tmp_path: Path, elsewhere: Callable[[], None]) -> None:
    """As on a disk; the second one on a machine that has never seen the output; a third adds nothing."""
    first, second = write(tmp_path / "1.jsonl", 0, 4), write(tmp_path / "2.jsonl", 2, 4)
    ingest(out(s3), first)
    elsewhere()
    summary = ingest(out(s3), first, second)
    assert (summary.articles, summary.duplicates, summary.seen) == (2, 2, 4)
    again = ingest(out(s3), first, second)
    assert (again.items, again.seen, again.bytes_read) == (8, 8, 0)
    for inputs in ([first], [first, second], [first, second]):
        run(Settings(inputs=tuple(inputs), output=tmp_path / "disk", workers=1, learn=False, guard=False))
    for name in ("articles", "duplicates", "removals", "rejects"):
        columns = [c for c in dataset.DATASETS[name].names if c not in ("run_id", "ingested_at")]
        tables = [
            open_dataset(root, name).to_table(columns=columns).to_pylist() for root in (out(s3), tmp_path / "disk")
        ]
        assert sorted(tables[0], key=str) == sorted(tables[1], key=str)
    assert verify(out(s3), read_data=True) == []


def test_inputs_and_output_in_one_bucket(s3: S3) -> None:
    for n in range(3):
        s3.put(f"news/in/{n}.json", json.dumps({"text": news.story(n)}).encode())
    assert ingest(out(s3), f"{s3.url}/news/").articles == 3
    again = ingest(out(s3), f"{s3.url}/news/")
    assert (again.items, again.seen) == (3, 3)


def test_a_copy_of_a_story_of_an_earlier_run_is_found_without_its_file(
    s3: S3, tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    for n in range(4):
        ingest(out(s3), write(tmp_path / f"{n}.jsonl", 10 * n, 2))
    elsewhere()
    text = news.edited(news.story(20), 1)
    (tmp_path / "copy.jsonl").write_text(json.dumps({"id": "copy", "text": text, "publisher": "Elsewhere"}))
    s3.asked.clear()
    assert ingest(out(s3), str(tmp_path / "copy.jsonl")).duplicates == 1
    read = {a.key for a in s3.asked if a.method == "GET" and "/articles/" in a.key}
    assert len(read) == 1, "only the file of the run that has the story is fetched"


def test_plain_readers_see_whole_files(s3: S3) -> None:
    publish(place.local(out(s3)), first_part())
    publish(place.local(out(s3)), second_part())
    told = {"aws_endpoint_url": s3.environment["AWS_ENDPOINT_URL"], "aws_allow_http": "true", "aws_region": "us-east-1"}
    told |= {"aws_access_key_id": "tests", "aws_secret_access_key": "tests"}
    rows = pl.scan_parquet(f"{out(s3)}/articles/**/*.parquet", storage_options=told, hive_partitioning=True).collect()
    assert sorted(rows["id"]) == sorted(row["id"] for row in shown(out(s3))["articles"])
    arrow = pa_fs.S3FileSystem(
        access_key="tests", secret_key="tests", scheme="http", endpoint_override=f"127.0.0.1:{s3.port}"
    )
    table = ds.dataset("desk/news/out/articles", filesystem=arrow, partitioning="hive").to_table()
    assert sorted(table["id"].to_pylist()) == sorted(rows["id"])
    assert f"'{out(s3)}/articles/ingest_date=" in dataset.duckdb_views(out(s3))


def test_requests_do_not_grow_with_history(s3: S3, elsewhere: Callable[[], None]) -> None:
    root = place.local(out(s3))
    publish(root, first_part())
    asked = [requests(s3, lambda: publish(root, second_part())) for _ in range(12)]
    assert len(set(asked)) == 1
    s3.asked.clear()
    open_dataset(out(s3), "articles")
    assert len(s3.asked) == 1
    assert max(len(a.query) for a in s3.asked if a.is_list) < 300


def test_a_damaged_segment_of_a_copy_is_built_anew(s3: S3, tmp_path: Path, elsewhere: Callable[[], None]) -> None:
    ingest(out(s3), write(tmp_path / "1.jsonl", 0, 4))
    elsewhere()
    ingest(out(s3), write(tmp_path / "2.jsonl", 10, 2))
    for segment in (place.local(out(s3)) / "_state" / "index").iterdir():
        segment.write_bytes(segment.read_bytes()[:100])
    assert ingest(out(s3), write(tmp_path / "3.jsonl", 2, 3)).duplicates == 2
    assert verify(out(s3), read_data=True) == []


def test_known_rejects_are_not_asked_for_again(s3: S3, tmp_path: Path, elsewhere: Callable[[], None]) -> None:
    def read_again(number: int) -> int:
        path = Path(write(tmp_path / f"{number}.jsonl", 10 * number, 2))
        path.write_text(f"{path.read_text()}\nbroken {number}\n")
        s3.asked.clear()
        assert ingest(out(s3), str(path)).rejects == 1
        return sum(asked.method == "GET" and "/rejects/" in asked.key for asked in s3.asked)

    assert [read_again(number) for number in range(3)] == [0, 0, 0]
    elsewhere()
    assert [read_again(number) for number in range(3, 6)] == [3, 0, 0]


def test_a_new_copy_of_a_long_history_asks_for_few_manifests(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origin, "BOUND_EVERY", 5)
    root = place.local(out(s3))
    for number in range(12):
        publish(root, {"articles": [story(f"d.example/{number}", f"Lighthouse notes, number {number}.\n")[0]]})
    elsewhere()
    assert requests(s3, lambda: open_dataset(out(s3), "articles")) == 4  # bound, the list, numbers 11 and 12
    assert requests(s3, lambda: open_dataset(out(s3), "articles")) == 1
    assert open_dataset(out(s3), "articles").count_rows() == 12
    assert verify(out(s3)) == []


def test_what_is_not_committed_is_not_read(s3: S3) -> None:
    publish(place.local(out(s3)), first_part())
    before = shown(out(s3))
    s3.put("news/out/articles/ingest_date=2026-11-22/20990101-000000-000000-00000.parquet", b"of a run under way")
    assert shown(out(s3)) == before
    assert [(f.check, f.where.split("/")[-1]) for f in verify(out(s3))] == [
        ("stray", "20990101-000000-000000-00000.parquet")
    ]


def test_an_opened_dataset_is_read_in_pieces_and_not_kept(s3: S3, elsewhere: Callable[[], None]) -> None:
    publish(place.local(out(s3)), first_part())
    elsewhere()
    opened = open_dataset(out(s3), "articles")
    assert opened.count_rows() == 1
    assert opened.to_table()["text"].to_pylist() == ["The ferry came late.\n"]
    assert not list((place.cache()).rglob("*.parquet"))


def test_an_output_that_was_deleted_and_made_anew(s3: S3) -> None:
    publish(place.local(out(s3)), first_part())
    publish(place.local(out(s3)), second_part())
    s3.reset()
    publish(place.local(out(s3)), second_part())
    assert len(shown(out(s3))["articles"]) == 2
    assert verify(out(s3), read_data=True) == []


def test_the_machine_is_told_apart_from_another_copy_of_it(s3: S3) -> None:
    assert lock.machine()
    first = json.loads((place.local(out(s3)) / "_state" / "origin.json").read_bytes())
    assert first["url"] == out(s3)
    assert place.local(out(s3) + "/") == place.local(out(s3))
