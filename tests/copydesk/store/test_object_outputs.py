"""Outputs in object storage, against a real S3 API on loopback: requests fail, two write, runs are killed anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("obstore")
pytest.importorskip("moto.server")

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq

from copydesk import objects, points
from copydesk.errors import LockedError, StoreError, UsageError
from copydesk.run.pipeline import Summary, run
from copydesk.settings import Settings
from copydesk.store import dataset, lease, lock, origin, place
from copydesk.store.dataset import open_dataset
from copydesk.store.store import Store
from copydesk.upkeep.forget import forget
from copydesk.upkeep.maintain import maintain
from copydesk.upkeep.verify import verify
from flows.cli import main
from tests.copydesk import news
from tests.copydesk.outputs import NOW, first_part, publish, second_part, stage, story, view
from tests.copydesk.s3 import S3, Asked, serving_here

BRIEF = 0.3
"""Seconds of a lease, where a test waits for one to run out. The server tells times in whole seconds."""


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with serving_here() as s3:
        yield s3


@pytest.fixture
def s3(server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3:
    server.reset()
    objects.known.cache_clear()
    monkeypatch.setenv(place.CACHE, str(tmp_path / "cache"))
    return server


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes this process another machine, one that has no working copy yet."""
    monkeypatch.setattr(lease, "_LOOK_SECONDS", 0.1)
    count = iter(range(1000))

    def move() -> None:
        monkeypatch.setenv(place.CACHE, str(tmp_path / f"machine-{next(count)}"))

    return move


@pytest.fixture
def few_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "ATTEMPTS", 2)
    objects.known.cache_clear()


def out(s3: S3) -> str:
    return f"{s3.url}/news/out"


def shown(url: str) -> dict[str, Any]:
    return view(url)  # type: ignore[arg-type]


def keys(s3: S3) -> list[str]:
    """What lies in the output, but for the manifests (a fence is one) and the lease."""
    own = ("_state/commits/", "_state/lease.json")
    return [k for key in s3.names("news/out") if not (k := key.removeprefix("news/out/")).startswith(own)]


def ingest(url: str, *inputs: str, **settings: Any) -> Summary:
    return run(Settings(inputs=inputs, output=url, workers=1, learn=False, guard=False, **settings))


def write(path: Path, first: int, count: int) -> str:
    lines = [json.dumps({"id": str(n), "text": news.story(n)}) for n in range(first, first + count)]
    path.write_text("\n".join(lines))
    return str(path)


def requests(s3: S3, work: Callable[[], Any]) -> int:
    """How many it takes, but for the lease: a run on a busy machine renews it."""
    s3.asked.clear()
    work()
    return sum(not asked.key.endswith("/lease.json") for asked in s3.asked)


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


@pytest.mark.parametrize("what", ["503", "drop", "lose", "cut"])
def test_every_request_fails_at_first(s3: S3, tmp_path: Path, what: str) -> None:
    """Also the one that decides: its answer is lost, it is made again and refused, and known as the run's own."""
    ingest(out(s3), write(tmp_path / "1.jsonl", 0, 2))
    s3.asked.clear()
    s3.spoil(lambda asked: what if asked.number < 1 else None)
    assert ingest(out(s3), write(tmp_path / "2.jsonl", 10, 2)).articles == 2
    s3.spoil(None)
    assert s3.names("news/out/_state/commits") == [f"news/out/_state/commits/{n:012d}.json" for n in (1, 2)]
    assert verify(out(s3), read_data=True) == []


def test_nobody_answers_at_first(s3: S3, few_attempts: None) -> None:
    s3.spoil(lambda asked: "503")
    with pytest.raises(StoreError, match=r"^s3://desk/news/out: cannot be written to: the server says 503"):
        publish(place.local(out(s3)), first_part())
    s3.spoil(None)
    assert s3.names() == []


def test_the_server_goes_away_while_files_are_put(s3: S3, few_attempts: None) -> None:
    publish(place.local(out(s3)), first_part())
    before = shown(out(s3))
    s3.spoil(lambda asked: "503" if asked.method == "PUT" and "/articles/" in asked.key else None)
    with pytest.raises(StoreError, match="the run failed, nothing of it is published: the server says 503"):
        publish(place.local(out(s3)), second_part())
    s3.spoil(None)
    assert shown(out(s3)) == before
    assert verify(out(s3)) == []


@pytest.mark.parametrize("put", [True, False], ids=["put", "not put"])
def test_the_server_goes_away_when_all_is_decided(s3: S3, few_attempts: None, put: bool) -> None:
    publish(place.local(out(s3)), first_part())
    before = shown(out(s3))
    away = []

    def spoiler(asked: Asked) -> str | None:
        if asked.method == "PUT" and "/commits/" in asked.key and not away:
            away.append(True)
            return "lose" if put else "503"
        return "503" if away else None

    s3.spoil(spoiler)
    with pytest.raises(StoreError, match="whether the run is published could not be found out"):
        publish(place.local(out(s3)), second_part())
    s3.spoil(None)
    with Store(place.local(out(s3))).lock("test"):
        mended = Store(place.local(out(s3))).recover()
    assert [("after" if put else "before") in line for line in mended] == [True]
    assert (shown(out(s3)) != before) == put
    assert verify(out(s3), read_data=True) == []


def test_not_allowed(s3: S3) -> None:
    s3.spoil(lambda asked: "403" if asked.method == "PUT" else None)
    with pytest.raises(StoreError, match=r"cannot be written to: the server says 403 Forbidden"):
        publish(place.local(out(s3)), first_part())


def test_no_bucket(s3: S3) -> None:
    with pytest.raises(StoreError, match=r"there is no such bucket"):
        publish(place.local("s3://nobody-has-this/out"), first_part())
    with pytest.raises(UsageError, match="is no output of copydesk"):
        open_dataset(out(s3), "articles")


def test_the_second_is_refused_and_told_who_holds_it(s3: S3, elsewhere: Callable[[], None]) -> None:
    with Store(place.local(out(s3))).lock("ingest seeds"):
        elsewhere()
        with pytest.raises(LockedError, match=r"^s3://desk/news/out is in use by ingest seeds \(process \d+ on "):
            publish(place.local(out(s3)), first_part())
    publish(place.local(out(s3)), first_part())


def test_it_waits_for_another_run_to_end(s3: S3, elsewhere: Callable[[], None]) -> None:
    holder = Store(place.local(out(s3))).lock("first")
    holder.__enter__()
    elsewhere()
    threading.Timer(0.5, lambda: holder.__exit__(None, None, None)).start()
    with Store(place.local(out(s3))).lock("second", wait=30):
        pass


def test_a_lease_is_renewed(s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", 1.0)
    with Store(place.local(out(s3))).lock("first"):
        elsewhere()
        with pytest.raises(LockedError), Store(place.local(out(s3))).lock("second", wait=3):
            pass


def test_a_clock_that_is_ahead_takes_nobody_for_dead(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", 6.0)
    with Store(place.local(out(s3))).lock("first"):
        elsewhere()
        monkeypatch.setattr(lease, "_has_run_out", lambda about, known: True)
        with pytest.raises(LockedError, match="in use by first"), Store(place.local(out(s3))).lock("second"):
            pass


def test_the_lease_of_a_machine_that_died_runs_out(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(place.local(out(s3)), first_part())
    assert killed("publish", s3, "origin: announced", BRIEF)
    elsewhere()
    monkeypatch.setattr(lease, "LEASE_SECONDS", BRIEF)
    with Store(place.local(out(s3))).lock("second", wait=30):
        pass


class Machine:
    """A run that stands still at a point, as on a machine that was suspended; another machine goes on meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def stands_still(self, point: str, meanwhile: Callable[[], None]) -> None:
        done = []

        def checkpoint(name: str) -> None:
            if name == point and not done:
                done.append(True)
                meanwhile()

        self._patch.setattr(points, "checkpoint", checkpoint)


def outlive(s3: S3, store: Store, elsewhere: Callable[[], None], work: Callable[[Path], Any]) -> None:
    """Let the lease run out as if nobody had renewed it, and do something on another machine."""
    assert store.origin
    s3.delete("news/out/_state/lease.json")
    before = os.environ[place.CACHE]
    elsewhere()
    try:
        work(place.local(out(s3)))
    finally:
        os.environ[place.CACHE] = before


@pytest.mark.parametrize("point", ["announced", "before put", "before manifest", "checked"])
@pytest.mark.parametrize("other", ["recovers", "publishes"])
def test_taken_for_dead_and_back_again(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch, point: str, other: str
) -> None:
    root = place.local(out(s3))
    publish(root, first_part())
    before = shown(out(s3))
    store = Store(root)

    def work(there: Path) -> None:
        if other == "publishes":
            publish(there, second_part())
        else:
            with Store(there).lock("other"):
                assert ["stopped before its commit" in line for line in Store(there).recover()] == [True]

    with store.lock("test"):
        store.recover()
        run_id = store.new_run_id(NOW)
        with store.staging(run_id) as staging:
            stage(staging / "final", run_id, [second_part()])
            Machine(monkeypatch).stands_still(f"origin: {point}", lambda: outlive(s3, store, elsewhere, work))
            with pytest.raises(LockedError):
                store.commit(run_id)
    monkeypatch.undo()
    monkeypatch.setenv(place.CACHE, str(root.parent))
    assert (shown(out(s3)) == before) == (other == "recovers")
    assert verify(out(s3), read_data=True) == []
    assert not [key for key in s3.names("news/out") if run_id in key]


def test_who_was_taken_for_dead_is_quicker_than_who_recovers(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest comes before the other's fence: then it is published, and the other cleans up after it."""
    root = place.local(out(s3))
    publish(root, first_part())
    store, told, turn = Store(root), [], []
    checked, fencing = threading.Event(), threading.Event()

    def recover(there: Path) -> None:
        with Store(there).lock("other"):
            told.extend(Store(there).recover())

    def checkpoint(name: str) -> None:
        if name == "origin: checked":
            other = threading.Thread(target=lambda: outlive(s3, store, elsewhere, recover))
            other.start()
            turn.append(other)
            assert checked.wait(30)
        if name == "origin: before fence":
            checked.set()
            assert fencing.wait(30)
        if name == "origin: published":
            fencing.set()

    with store.lock("test"):
        store.recover()
        run_id = store.new_run_id(NOW)
        with store.staging(run_id) as staging:
            stage(staging / "final", run_id, [second_part()])
            monkeypatch.setattr(points, "checkpoint", checkpoint)
            store.commit(run_id)
            turn[0].join()
    assert told == [] or "after its commit" in told[0]
    assert len(shown(out(s3))["articles"]) == 3
    assert verify(out(s3), read_data=True) == []


def killed(what: str, s3: S3, point: int | str, seconds: float = 60.0) -> str:
    """A process that does it, killed at a point; the point's name, "" if it came to its end."""
    command = [sys.executable, "-m", "tests.copydesk.kill_origin", what, out(s3), str(point), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert done.returncode == (-signal.SIGKILL if done.stdout else 0)
    return done.stdout


def recovered() -> Callable[[S3], list[str]]:
    def work(s3: S3) -> list[str]:
        with Store(place.local(out(s3))).lock("test", wait=30):
            return Store(place.local(out(s3))).recover()

    return work


def start_anew(s3: S3) -> None:
    s3.reset()
    publish(place.local(out(s3)), first_part())


@pytest.mark.parametrize("step", [pytest.param(4, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)])
def test_killed_at_every_point(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Readers see the output as before or as after; the next run, here or on another machine, mends it, and nothing of
    a run that is not published is left in the bucket."""
    monkeypatch.setattr(lease, "LEASE_SECONDS", BRIEF)
    start_anew(s3)
    before, keys_before = shown(out(s3)), len(keys(s3))
    publish(place.local(out(s3)), second_part())
    after, keys_after = shown(out(s3)), len(keys(s3))
    names: list[str] = []
    for point in range(1, 200, step):
        elsewhere()
        start_anew(s3)
        name = killed("publish", s3, point, BRIEF)
        if not name:
            break
        names.append(name)
        found = shown(out(s3))
        assert found in (before, after), name
        if len(names) % 2:
            elsewhere()  # another machine mends it
        recovered()(s3)
        assert shown(out(s3)) == found, name
        assert verify(out(s3), read_data=True) == [], name
        assert len(keys(s3)) == (keys_after if found == after else keys_before), name
        if found == before:
            publish(place.local(out(s3)), second_part())
            assert shown(out(s3)) == after, name
    assert point > 12


@pytest.mark.parametrize("step", [pytest.param(3, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)])
def test_a_recovery_killed_at_every_point(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", BRIEF)
    start_anew(s3)
    before, keys_before = shown(out(s3)), len(keys(s3))
    for point in range(1, 200, step):
        elsewhere()
        start_anew(s3)
        assert killed("publish", s3, "origin: before manifest", BRIEF)
        elsewhere()
        name = killed("recover", s3, point, BRIEF)
        assert shown(out(s3)) == before, name
        recovered()(s3)
        assert shown(out(s3)) == before, name
        assert verify(out(s3), read_data=True) == [], name
        assert len(keys(s3)) == keys_before, name
        if not name:
            break
    assert point > 5


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


@pytest.mark.slow
def test_maintenance_killed_at_every_point(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", BRIEF)
    for point in range(1, 200, 5):
        elsewhere()
        start_anew(s3)
        publish(place.local(out(s3)), second_part())
        before = shown(out(s3))
        name = killed("maintain", s3, point, BRIEF)
        assert shown(out(s3)) == before, name
        elsewhere()
        recovered()(s3)
        assert shown(out(s3)) == before, name
        assert verify(out(s3), read_data=True) == [], name
        if not name:
            break
    assert point > 20


def test_an_output_that_was_deleted_and_made_anew(s3: S3) -> None:
    publish(place.local(out(s3)), first_part())
    publish(place.local(out(s3)), second_part())
    s3.reset()
    publish(place.local(out(s3)), second_part())
    assert len(shown(out(s3))["articles"]) == 2
    assert verify(out(s3), read_data=True) == []


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


@pytest.mark.slow
def test_two_runs_at_once(s3: S3, tmp_path: Path) -> None:
    """On two machines, of the same inputs: one waits for the other, and finds all of it seen."""
    inputs = write(tmp_path / "1.jsonl", 0, 20)
    command = [sys.executable, "-m", "flows.cli", "ingest", inputs, "-o", out(s3), "--wait", "120", "--json"]
    running = [
        subprocess.Popen(
            command, env=os.environ | {place.CACHE: str(tmp_path / name)}, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    books = [json.loads(process.communicate()[0]) for process in running]
    assert sorted((b["articles"], b["seen"]) for b in books) == [(0, 20), (20, 0)]
    assert open_dataset(out(s3), "articles").count_rows() == 20
    assert verify(out(s3), read_data=True) == []


def test_the_machine_is_told_apart_from_another_copy_of_it(s3: S3) -> None:
    assert lock.machine()
    first = json.loads((place.local(out(s3)) / "_state" / "origin.json").read_bytes())
    assert first["url"] == out(s3)
    assert place.local(out(s3) + "/") == place.local(out(s3))
