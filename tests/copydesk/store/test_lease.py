"""Leases and tokens: another machine's lock is taken over in time, and who lost it publishes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from copydesk.errors import LockedError, StoreError
from copydesk.store import lock
from copydesk.store.store import Store
from tests.copydesk.outputs import NOW, first_part, publish, second_part, stage, story, tree, view
from tests.copydesk.store.test_store_kill import kill_at_every_point


def on_another_machine(monkeypatch: pytest.MonkeyPatch, name: str = "another machine") -> None:
    """From here on this process is elsewhere, and the locks of the rest of the world mean nothing to it."""
    monkeypatch.setattr(lock, "machine", lambda: name)
    monkeypatch.setattr(lock.fcntl, "flock", lambda *_: None)
    monkeypatch.setattr(lock, "_held", {})


def leases(root: Path) -> list[Path]:
    return sorted((root / "_state" / "leases").iterdir())


def let_run_out(root: Path) -> None:
    os.utime(leases(root)[-1], (time.time() - lock.LEASE_SECONDS - 1,) * 2)


def test_another_machines_lock_is_respected_until_its_lease_has_run_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path).lock("ingest here"):
        on_another_machine(monkeypatch)
        who = rf"in use by ingest here \(process {os.getpid()} on .+, since 20.+\); wait .* until its lease runs out"
        with pytest.raises(LockedError, match=who), Store(tmp_path).lock("ingest there"):
            pass
        assert lock.is_held(tmp_path / "_state" / "lock")
        let_run_out(tmp_path)
        assert not lock.is_held(tmp_path / "_state" / "lock")
        with Store(tmp_path).lock("ingest there"):
            assert len(leases(tmp_path)) == 1
    with Store(tmp_path).lock("ingest there"):
        pass


def test_a_lease_that_was_let_go_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path).lock("ingest here"):
        pass
    on_another_machine(monkeypatch)
    with Store(tmp_path).lock("ingest there"):
        pass


def test_the_lease_of_this_machines_dead_is_no_obstacle(tmp_path: Path) -> None:
    code = "import os, pathlib, sys; from copydesk.store.store import Store\n"
    code += "with Store(pathlib.Path(sys.argv[1])).lock('ingest'): os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    assert b"ingest" in leases(tmp_path)[-1].read_bytes()
    assert not lock.is_held(tmp_path / "_state" / "lock")
    with Store(tmp_path).lock("test"):
        pass


def test_a_lease_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LEASE_SECONDS", 0.2)
    with Store(tmp_path).lock("test"):
        os.utime(leases(tmp_path)[0], (1, 1))
        deadline = time.monotonic() + 30
        while leases(tmp_path)[0].stat().st_mtime == 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert leases(tmp_path)[0].read_bytes() == b""


def test_tokens_grow_and_only_the_last_lease_is_kept(tmp_path: Path) -> None:
    for number in range(1, 4):
        with Store(tmp_path).lock("test"):
            assert [int(p.name) for p in leases(tmp_path)] == [number]


def test_who_was_silent_for_too_long_publishes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, first_part())
    store = Store(tmp_path)
    with store.lock("the silent"):
        run_id = store.new_run_id(NOW)
        with store.staging(run_id) as staging:
            stage(staging / "final", run_id, [second_part()])
            let_run_out(tmp_path)
            with monkeypatch.context() as patch:
                on_another_machine(patch)
                with Store(tmp_path).lock("the taker"):
                    Store(tmp_path).recover()
            stage(staging / "final", run_id, [second_part()])  # it did not notice, and goes on
            before = view(tmp_path)
            with pytest.raises(
                LockedError, match=r"silent for longer than its lease of 60 s, .* took .* over; nothing"
            ):
                store.commit(run_id)
    assert view(tmp_path) == before
    publish(tmp_path, second_part())


def test_it_waits_for_another_run_to_end(tmp_path: Path) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with Store(tmp_path).lock("the first"):
            held.set()
            done.wait(30)

    first = threading.Thread(target=hold)
    first.start()
    assert held.wait(30)
    with pytest.raises(LockedError, match="the first"), Store(tmp_path).lock("the second", wait=0.3):
        pass
    threading.Timer(0.3, done.set).start()
    with Store(tmp_path).lock("the second", wait=60):
        assert done.is_set()
    first.join()


def test_the_holders_name_is_one_harmless_line(tmp_path: Path) -> None:
    with (
        Store(tmp_path).lock("ingest \x1b[31m\nred " + "x" * 900),
        pytest.raises(LockedError) as refused,
        Store(tmp_path).lock("test"),
    ):
        pass
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 600


def test_without_hard_links_it_works_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    for number in (1, 2):
        with Store(tmp_path).lock("test"):
            assert [int(p.name) for p in leases(tmp_path)] == [number]


def test_two_machines_at_the_same_instant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def slower(source: Path, target: Path) -> None:
        target.write_bytes(b"somebody else's")
        link(source, target)

    with Store(tmp_path).lock("test"):
        pass
    on_another_machine(monkeypatch)
    monkeypatch.setattr(os, "link", slower)
    with pytest.raises(LockedError, match="in use by another run"), Store(tmp_path).lock("test"):
        pass


def stopped(what: str, base: Path, into: Path, run_id: str, step: int) -> Counter[tuple[str, str]]:
    """How often the one that was stopped ended with which code, and how many runs there were then."""
    into.mkdir()
    command = [sys.executable, "-m", "tests.copydesk.stopped", what, str(base), str(into), run_id, str(step)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-2000:]
    return Counter((line.split()[0], line.split()[1]) for line in done.stdout.splitlines())


def staged_run(root: Path) -> str:
    """An output with one run committed and another staged, that nobody holds."""
    publish(root, first_part())
    store = Store(root)
    with store.lock("test"):
        run_id = store.new_run_id(NOW)
        stage(store.layout.final(run_id), run_id, [{"articles": [story("d.example/1", "A second run.\n")[0]]}])
    return run_id


STEPS = [pytest.param(6, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)]


@pytest.mark.parametrize("step", STEPS)
def test_taken_for_dead_at_every_point_of_its_commit(tmp_path: Path, step: int) -> None:
    run_id = staged_run(tmp_path / "base")
    ends = stopped("commit", tmp_path / "base", tmp_path / "stopped", run_id, step)
    assert ends["3", "2"] > 0  # before it was decided: it is told, and nothing of it is there
    assert ends["0", "3"] > 0  # from then on the other one completes it
    assert {runs for code, runs in ends if code == "3"} == {"2"}
    assert {runs for code, runs in ends if code == "0"} == {"3"}


@pytest.mark.parametrize("step", STEPS)
def test_taken_for_dead_at_every_point_of_a_recovery(tmp_path: Path, step: int) -> None:
    run_id = staged_run(tmp_path / "base")
    killed = dict(reversed(kill_at_every_point("commit", tmp_path / "base", tmp_path / "killed", run_id)))
    for what in ("commit: before prepare", "commit: prepared", "commit: placed", "commit: visible"):
        ends = stopped("recover", killed[what], tmp_path / what, run_id, step)
        assert {runs for _, runs in ends} == ({"2"} if what == "commit: before prepare" else {"3"})


def test_an_output_lost_before_its_lock_is_used(tmp_path: Path) -> None:
    with pytest.raises(LockedError, match="does not hold"):
        lock.check(tmp_path / "_state" / "lock")
    with pytest.raises(StoreError, match="needs the lock"):
        Store(tmp_path).commit("20261122-000000-000000")
    assert tree(tmp_path) == {}
