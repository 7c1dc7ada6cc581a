"""One writer at a time; the kernel frees the lock when its holder dies, whatever children it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from copydesk.errors import LockedError
from copydesk.store import lock
from copydesk.store.store import Store

HOLD = """
import os, subprocess, sys, time
from pathlib import Path
from copydesk.store.store import Store
with Store(Path(sys.argv[1])).lock("ingest a.jsonl"):
    child = 0
    if sys.argv[2] == "fork":
        child = os.fork()
        if not child:
            print(os.getpid(), flush=True)  # it says so itself: by now it has let go of the lock
            time.sleep(60)
            os._exit(0)
    else:
        if sys.argv[2] == "exec":
            child = subprocess.Popen(["sleep", "60"], close_fds=False).pid
        print(child, flush=True)
    time.sleep(60)
"""


@contextmanager
def another_process(root: Path, leaves: str = "nothing") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that holds the lock of `root`, and the pid of a child that it leaves."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(root), leaves], stdout=subprocess.PIPE, text=True)
    child = 0
    try:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        yield process, child
    finally:
        process.kill()
        if child:
            os.kill(child, signal.SIGKILL)
        process.communicate()  # waits for the child too: it has the pipe


def test_the_second_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with another_process(tmp_path) as (process, _):
        who = rf"in use by ingest a\.jsonl \(process {process.pid} on .+, since 20.+\)"
        with pytest.raises(LockedError, match=who) as refused, Store(tmp_path).lock("test"):
            pass
        assert refused.value.exit_code == 3
        assert lock.is_held(tmp_path / "_state" / "lock")
        assert not lock.is_mine(tmp_path / "_state" / "lock")


@pytest.mark.parametrize("leaves", ["nothing", "fork", "exec"])
def test_a_killed_holder_does_not_hold(tmp_path: Path, leaves: str) -> None:
    with another_process(tmp_path, leaves) as (process, child):
        process.kill()
        process.wait()
        if child:
            os.kill(child, 0)  # it lives on
        assert not lock.is_held(tmp_path / "_state" / "lock")
        with Store(tmp_path).lock("test"):
            assert lock.is_mine(tmp_path / "_state" / "lock")


def test_not_even_the_same_process_gets_it_twice(tmp_path: Path) -> None:
    with Store(tmp_path).lock("first"):
        with (
            pytest.raises(LockedError, match=rf"in use by first \(process {os.getpid()} "),
            Store(tmp_path).lock("second"),
        ):
            pass
        assert lock.is_mine(tmp_path / "_state" / "lock")
    with Store(tmp_path).lock("second"):
        pass


def test_a_holder_that_has_not_yet_said_its_name(tmp_path: Path) -> None:
    with Store(tmp_path).lock("first"):
        next((tmp_path / "_state" / "leases").iterdir()).write_bytes(b"")
        with pytest.raises(LockedError, match="in use by another run"), Store(tmp_path).lock("second"):
            pass


def test_it_is_freed_when_its_block_ends_however_it_ends(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Store(tmp_path).lock("test"):
        raise ZeroDivisionError
    assert not lock.is_held(tmp_path / "_state" / "lock")
    assert not lock.is_mine(tmp_path / "_state" / "lock")


def test_two_outputs_are_two_locks(tmp_path: Path) -> None:
    with Store(tmp_path / "a").lock("a"), Store(tmp_path / "b").lock("b"):
        assert lock.is_mine(tmp_path / "a" / "_state" / "lock")
        assert lock.is_mine(tmp_path / "b" / "_state" / "lock")
    assert not lock.is_held(tmp_path / "c" / "_state" / "lock")


def test_a_forked_child_does_not_have_it_and_does_not_free_it(tmp_path: Path) -> None:
    path = tmp_path / "_state" / "lock"
    with Store(tmp_path).lock("test"):
        before = path.read_bytes()
        child = os.fork()
        if not child:
            os._exit(0 if not lock.is_mine(path) and lock.is_held(path) else 1)
        _, status = os.waitpid(child, 0)
        assert status == 0
        assert lock.is_held(path)
        assert path.read_bytes() == before
