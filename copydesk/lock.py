"""One writer at a time: an exclusive flock(2) on `_state/lock`, which the kernel frees when the process dies.

The file is never removed: two runs could then each hold a lock on a file of that name. What stands in it is for the
message to the one who comes second; only the kernel's lock counts.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from copydesk.errors import LockedError


@dataclass(slots=True)
class _Held:
    descriptor: int


_held: dict[str, _Held] = {}


@contextmanager
def exclusive(path: Path, holder: str) -> Iterator[None]:
    """Hold the lock at `path` (its folder must exist). holder: the command, for the message.

    Raises LockedError, which names the holder, if another process or another part of this one has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # close-on-exec (PEP 446): not for spawned workers
    held = _Held(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = _in_use(path, descriptor)
        os.close(descriptor)
        raise LockedError(message) from None
    except BaseException:
        os.close(descriptor)
        raise
    _held[str(path.resolve())] = held
    try:
        _tell(descriptor, holder)
        yield
    finally:
        if held.descriptor >= 0:  # not in a forked child: what it had is closed already
            del _held[str(path.resolve())]
            os.ftruncate(descriptor, 0)
            os.close(descriptor)


def is_mine(path: Path) -> bool:
    """Whether this process holds the lock at `path`."""
    return str(path.resolve()) in _held


def is_held(path: Path) -> bool:
    """Whether any process holds the lock at `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _tell(descriptor: int, holder: str) -> None:
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    about = {"holder": holder, "pid": os.getpid(), "host": socket.gethostname(), "started": started}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, orjson.dumps(about), 0)


def _in_use(path: Path, descriptor: int) -> str:
    output = path.parent.parent
    try:
        about = orjson.loads(os.pread(descriptor, 65536, 0))
        who = f"{about['holder']} (process {about['pid']} on {about['host']}, since {about['started']})"
    except (ValueError, KeyError, TypeError):  # it has the lock and has not yet said its name
        who = "another run"
    return f"{output} is in use by {who}; wait until it has ended, or choose another output"


def _let_go_in_child() -> None:
    """A forked child shares the lock for as long as it has the descriptor open: it must not outlive its parent's."""
    for held in _held.values():
        os.close(held.descriptor)
        held.descriptor = -1
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
