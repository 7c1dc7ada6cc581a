"""Maintained, forgotten and verified in a bucket, and by every command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk import objects
from copydesk.errors import StoreError
from copydesk.store import place
from copydesk.store.dataset import open_dataset
from copydesk.upkeep.forget import forget
from copydesk.upkeep.maintain import maintain
from copydesk.upkeep.verify import verify
from flows.cli import main
from tests.copydesk.outputs import first_part, publish, second_part
from tests.copydesk.s3 import S3
from tests.copydesk.store.in_bucket.made import ingest, out, write


def test_maintained_there_as_on_a_disk(s3: S3, tmp_path: Path, elsewhere: Callable[[], None]) -> None:
    """A dataset opened before, on another machine that has no file of it, can be read after, until what was replaced
    is pruned; a plain glob sees every row once."""
    for n in range(4):
        ingest(out(s3), write(tmp_path / f"{n}.jsonl", 10 * n, 3))
    elsewhere()
    opened = open_dataset(out(s3), "articles")
    rows = sorted(opened.to_table(columns=["id"])["id"].to_pylist())
    elsewhere()
    under_way = opened.filesystem.open_input_file(opened.files[0])
    done = maintain(place.opened(out(s3)))
    assert (under_way.read(4), under_way.size() > 1000) == (b"PAR1", True), "it was open, and not read yet"
    assert (done.files, done.into, done.segments) == (8, 2, 4)
    assert sorted(opened.to_table(columns=["id"])["id"].to_pylist()) == rows
    assert sorted(open_dataset(out(s3), "articles").to_table(columns=["id"])["id"].to_pylist()) == rows
    assert len(s3.names("news/out/articles")) == len(s3.names("news/out/_state/index")) == 1
    assert verify(out(s3), read_data=True) == []
    again = maintain(place.opened(out(s3)))
    assert (again.run_id, again.pruned) == (None, 0)
    assert maintain(place.opened(out(s3)), grace_hours=0).pruned == 1
    assert s3.names("news/out/_state/retired") == []
    with pytest.raises(StoreError, match="open it again"):
        opened.to_table()
    elsewhere()
    assert ingest(out(s3), str(tmp_path / "1.jsonl")).seen == 3
    assert verify(out(s3), read_data=True) == []


def test_what_is_forgotten_is_nowhere_in_the_bucket(
    s3: S3, tmp_path: Path, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(2):
        ingest(out(s3), write(tmp_path / f"{n}.jsonl", 10 * n, 3))
    here = place.local(out(s3))
    elsewhere()
    maintain(place.opened(out(s3)))
    gone = open_dataset(out(s3), "articles").to_table(columns=["id", "text"]).slice(0, 1).to_pylist()[0]
    assert forget(place.opened(out(s3), whole=True), [gone["id"]]).run_id
    assert gone["id"] not in open_dataset(out(s3), "articles").to_table(columns=["id"])["id"].to_pylist()
    assert s3.names("news/out/_state/retired") == []
    for key in (k for k in s3.names() if k.endswith(".parquet") and "/articles/" in k):
        assert gone["id"] not in pq.read_table(pa.BufferReader(s3.get(key)), columns=["id"])["id"].to_pylist()
    assert verify(out(s3), read_data=True) == []
    assert len(list(here.rglob("articles/*/*.parquet"))) == 2
    monkeypatch.setenv(place.CACHE, str(here.parent))
    open_dataset(out(s3), "articles")
    assert not list(here.rglob("articles/*/*.parquet")), "the other machine's copy lets go when it is next used"


def test_damage_is_noticed(s3: S3) -> None:
    publish(place.local(out(s3)), first_part())
    articles, removals = (next(k for k in s3.names() if f"/{name}/" in k) for name in ("articles", "removals"))
    content = s3.get(articles)
    s3.put(articles, content[:100] + bytes([content[100] ^ 1]) + content[101:])
    s3.delete(removals)
    manifest = "news/out/_state/commits/000000000001.json"
    content = s3.get(manifest)
    s3.put(manifest, content[:100] + bytes([content[100] ^ 1]) + content[101:])
    seen = place.local(out(s3)) / "_state" / "seen.json"  # the copy has read it before it was damaged
    seen.write_text(json.dumps({"number": 1, "etag": objects.bucket(s3.url).head(manifest).etag}))
    found = {(f.check, f.where) for f in verify(out(s3), read_data=True)}
    assert ("sha256", articles.removeprefix("news/out/")) in found
    assert ("missing", removals.removeprefix("news/out/")) in found
    assert ("manifest", manifest.removeprefix("news/out/")) in found


def test_a_manifest_that_is_missing_is_noticed(s3: S3, elsewhere: Callable[[], None]) -> None:
    for _ in range(3):
        publish(place.local(out(s3)), second_part())
    s3.delete("news/out/_state/commits/000000000002.json")
    assert [f.check for f in verify(out(s3)) if f.check == "manifest"] == ["manifest"]
    elsewhere()
    with pytest.raises(StoreError, match="a manifest is missing"):
        open_dataset(out(s3), "articles")


@pytest.mark.slow
def test_commands(s3: S3, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def copydesk(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "-o", out(s3)])
        told = capsys.readouterr()
        return int(str(ended.value.code)), told.out + told.err

    code, told = copydesk("ingest", write(tmp_path / "1.jsonl", 0, 2), "-w", "1", "--json")
    assert (code, json.loads(told)["articles"]) == (0, 2)
    assert copydesk("verify")[0] == 0
    ids = open_dataset(out(s3), "articles").to_table(columns=["id"])["id"].to_pylist()
    assert ids[0] in copydesk("explain", ids[0], "--json")[1]
    assert copydesk("duplicates", ids[0])[0] == 0
    for done in (["maintain", "--dry-run"], ["maintain"], ["reclean"], ["forget", ids[0], "--dry-run"]):
        assert copydesk(*done)[0] == 0
    code, told = copydesk("forget", ids[0])
    assert (code, told.splitlines()[0]) == (0, f"{out(s3)}: 1 row gone")
    assert copydesk("verify", "--read-data") == (0, f"{out(s3)} is whole: 1 run, 1 article\n")
    assert f"'{out(s3)}/runs/ingest_date=" in copydesk("views")[1]
