"""One writer at a time: leases, and who was taken for dead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk import points
from copydesk.errors import LockedError
from copydesk.store import lease, place
from copydesk.store.dataset import open_dataset
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.outputs import NOW, first_part, publish, second_part, stage
from tests.copydesk.s3 import S3
from tests.copydesk.store.in_bucket.made import BRIEF, killed, out, shown, write


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

    def told() -> dict[str, Any]:
        about: dict[str, Any] = json.loads(s3.get("news/out/_state/lease.json"))
        return about

    with Store(place.local(out(s3))).lock("first"):
        first = told()
        deadline = time.monotonic() + 60
        while told()["renewals"] < first["renewals"] + 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert told()["token"] == first["token"]


@pytest.mark.slow
def test_one_that_is_renewed_has_not_run_out(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits for longer than the lease."""
    monkeypatch.setattr(lease, "LEASE_SECONDS", 8.0)  # renewed every 2 s, so that a busy machine has 6 to spare
    with Store(place.local(out(s3))).lock("first"):
        elsewhere()
        with pytest.raises(LockedError), Store(place.local(out(s3))).lock("second", wait=10):
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
