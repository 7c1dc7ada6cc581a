"""One writer at a time: flock(2) between the processes of one machine, a lease between machines, a token for both.

`_state/lock` is locked with flock, which the kernel frees when the process dies: on one machine there are no stale
locks. Between machines flock cannot be trusted on every network file system. So a holder also has a lease,
`_state/leases/<token>`: a file that says who it is, whose modification time it renews, and which is empty once it has
let go. Another machine's lease is respected until it has not been renewed for as long as it says.

The token is the number of the lease, greater than all before it; making the file is what decides between two who want
the same number. A holder that was silent for too long (stopped, cut off) may find that another has taken over: a
greater token is there, `check` refuses, and commit.py sees to it that nothing can slip through after the check.
M. Kleppmann, "How to do distributed locking" (2016), shows why a lease alone is not enough.

Neither `_state/lock` nor the last lease is ever removed.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from copydesk import points
from copydesk.errors import LockedError

LEASE_SECONDS = 60.0
"""For how long a holder may be silent before another machine takes over; it renews four times as often."""

HOLDER_CHARACTERS = 200
"""How much of the holder's command is kept."""

_LOOK_SECONDS = 0.05
_BRIEF_SECONDS = 0.1  # `is_held` has the lock for an instant when it looks: that is no reason to refuse a run


@dataclass(slots=True)
class _Held:
    descriptor: int
    lease: Path
    content: bytes
    ended: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class _Lease:
    """What a lease file says; its number is the token."""

    holder: str
    pid: int
    host: str
    boot: str
    started: str
    lease: float

    def __str__(self) -> str:
        return f"{self.holder} (process {self.pid} on {self.host}, since {self.started})"


_held: dict[str, _Held] = {}


@contextmanager
def exclusive(path: Path, holder: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock at `path` (its folder must exist). holder: the command, for the message.

    wait: seconds to wait for another holder to end. Raises LockedError, which names the holder, if another process,
    another part of this one, or another machine has it.
    """
    held = _wait_for(path, holder, wait)
    _held[str(path.resolve())] = held
    try:
        threading.Thread(target=_renew, args=(held,), name="copydesk-lease", daemon=True).start()
        yield
    finally:
        held.ended.set()
        if held.descriptor >= 0:  # not in a forked child: what it had is closed already
            if _held.get(str(path.resolve())) is held:
                del _held[str(path.resolve())]
            with suppress(OSError):  # empty: it has let go. If another has taken over, it is gone
                os.truncate(held.lease, 0)
            os.close(held.descriptor)


def check(path: Path) -> None:
    """Raises LockedError if another has taken the lock at `path` over from this process, or if it never had it."""
    held = _held.get(str(path.resolve()))
    if held is None:
        raise LockedError(f"{_output(path)}: this process does not hold the lock")
    if not is_current(path):
        last = _last(_leases(path))
        who = _read(last) if last else None
        raise LockedError(
            f"{_output(path)}: this run was silent for longer than its lease of {LEASE_SECONDS:g} s, and "
            f"{who or 'another run'} took the output over; nothing of this run is published, run it again"
        )


def is_current(path: Path) -> bool:
    """Whether this process holds the lock at `path` and nobody has taken it over."""
    held, last = _held.get(str(path.resolve())), _last(_leases(path))
    return held is not None and last == held.lease and _content(last) == held.content


def is_mine(path: Path) -> bool:
    """Whether this process holds the lock at `path`."""
    return str(path.resolve()) in _held


def is_held(path: Path) -> bool:
    """Whether any process holds the lock at `path`, on this machine or, by its lease, on another."""
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
    return _in_force(_last(_leases(path))) is not None


def machine() -> str:
    """What tells this machine, as it runs now, from others: flock holds within it, and ends when it ends."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        return socket.gethostname()


def _wait_for(path: Path, holder: str, wait: float) -> _Held:
    deadline = time.monotonic() + max(wait, _BRIEF_SECONDS)
    while True:
        try:
            return _take(path, holder)
        except LockedError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_LOOK_SECONDS)


def _take(path: Path, holder: str) -> _Held:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # close-on-exec (PEP 446): not for spawned workers
    try:
        points.checkpoint("lock: opened")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _refusal(path) from None
        points.checkpoint("lock: flocked")
        lease, content = _new_lease(path, holder)
        points.checkpoint("lock: taken")
    except BaseException:
        os.close(descriptor)
        raise
    return _Held(descriptor, lease, content)


def _new_lease(path: Path, holder: str) -> tuple[Path, bytes]:
    """Make the next lease, unless another machine's is in force."""
    folder = _leases(path)
    folder.mkdir(exist_ok=True)
    last = _last(folder)
    if _in_force(last):
        raise _refusal(path)
    lease = folder / f"{int(last.name) + 1 if last else 1:012d}"
    about = {"holder": one_line(holder), "pid": os.getpid(), "host": socket.gethostname(), "boot": machine()}
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    content = orjson.dumps(about | {"started": started, "lease": LEASE_SECONDS, "key": secrets.token_hex(8)})
    try:
        _create(lease, content)
    except (FileExistsError, FileNotFoundError):  # another machine was quicker
        raise _refusal(path) from None
    if _last(folder) != lease:  # it was so much quicker that it has tidied up already
        lease.unlink(missing_ok=True)
        raise _refusal(path)
    points.checkpoint("lock: leased")
    for older in folder.iterdir():
        if older.name < lease.name or older.suffix:
            older.unlink(missing_ok=True)
    return lease, content


def _create(lease: Path, content: bytes) -> None:
    """Make a file with its content in one step. Raises FileExistsError if there is one of the name."""
    draft = lease.with_name(f"{lease.name}.{secrets.token_hex(8)}")
    draft.write_bytes(content)
    points.checkpoint("lock: lease written")
    try:
        os.link(draft, lease)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # a file system without hard links: for an instant the lease is there and says nothing
        with open(lease, "xb") as file:
            file.write(content)
    finally:
        draft.unlink(missing_ok=True)


def _renew(held: _Held) -> None:
    while not held.ended.wait(LEASE_SECONDS / 4):
        with suppress(OSError):  # gone: another has taken over, as `check` will say; else it is tried again
            os.utime(held.lease)


def _in_force(last: Path | None) -> _Lease | None:
    """The lease of another machine that has not run out. (On this machine flock has decided already.)"""
    lease = _read(last) if last else None
    if last is None or lease is None or lease.boot == machine():
        return None
    try:
        silent = time.time() - last.stat().st_mtime
    except OSError:
        return None
    return lease if silent <= lease.lease else None


def _refusal(path: Path) -> LockedError:
    last = _last(_leases(path))
    lease = _read(last) if last else None  # none: it has the lock and has not yet said its name
    until = ", or until its lease runs out" if lease and lease.boot != machine() else ""
    return LockedError(
        f"{_output(path)} is in use by {lease or 'another run'}; wait until it has ended{until}, "
        "or choose another output"
    )


def _leases(path: Path) -> Path:
    return path.with_name("leases")


def _output(path: Path) -> Path:
    return path.parent.parent


def _last(folder: Path) -> Path | None:
    """The lease with the greatest token, in force or not."""
    try:
        return max((p for p in folder.iterdir() if p.name.isdecimal()), default=None)
    except FileNotFoundError:
        return None


def _content(lease: Path) -> bytes:
    try:
        return lease.read_bytes()
    except OSError:
        return b""


def _read(lease: Path) -> _Lease | None:
    """What a lease says; None if it says nothing: whoever had it has let go."""
    try:
        about: dict[str, Any] = orjson.loads(_content(lease))
        return _Lease(**{name: about[name] for name in _Lease.__slots__})
    except (ValueError, KeyError, TypeError):
        return None


def one_line(text: str) -> str:
    """Harmless in a terminal, and not too long: file names stand in it."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return line if len(line) <= HOLDER_CHARACTERS else line[: HOLDER_CHARACTERS - 1] + "…"


def _let_go_in_child() -> None:
    """A forked child shares the lock for as long as it has the descriptor open: it must not outlive its parent's."""
    for held in _held.values():
        with suppress(OSError):  # closed already: what follows must be done all the same
            os.close(held.descriptor)
        held.descriptor = -1
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
