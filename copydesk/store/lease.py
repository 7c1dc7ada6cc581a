"""One writer at a time of an output in object storage: a lease, an object that its holder renews.

`_state/lease.json` says who holds the output, with a token that only the holder knows. Making it, renewing it and
taking it over are conditional puts, so that of two who try one succeeds. It keeps runs from doing work in vain; what
keeps them from doing harm is the numbered manifest of a commit, which only one can put (origin.py).
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import orjson

from copydesk import points
from copydesk.errors import LockedError
from copydesk.objects import Bucket, Conflict, Object, Version
from copydesk.store import lock

LEASE_SECONDS = lock.LEASE_SECONDS
"""For how long a holder may be silent before another takes over; it renews four times as often."""

_LOOK_SECONDS = 1.0
_LET_GO = b"{}"


class Lease:
    """The lease of one output. url: of the output, for messages. copy: its working copy, which one process has."""

    def __init__(self, bucket: Bucket, key: str, url: str, copy: str) -> None:
        self._bucket, self._key, self._url, self._copy = bucket, key, url, copy
        self._about: dict[str, Any] = {}
        self._version = Version("")
        self._renewals = 0
        self._ended = threading.Event()

    @contextmanager
    def held(self, holder: str, wait: float = 0.0) -> Iterator[None]:
        """Hold it, and renew it meanwhile. wait: seconds, for another to end. Raises LockedError, OSError."""
        deadline = time.monotonic() + wait
        while not self._take(holder):
            if time.monotonic() >= deadline:
                raise self._refusal()
            time.sleep(min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic())))
        thread = threading.Thread(target=self._renew_often, name="copydesk-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            with suppress(OSError, Conflict):
                self._bucket.replace(self._key, _LET_GO, self._version)

    def check(self) -> None:
        """Raises LockedError if another has taken it over; OSError if that cannot be found out."""
        about, _ = self._read()
        if not self._about or about.get("token") != self._about["token"]:
            raise LockedError(
                f"{self._url}: this run was silent for longer than its lease of {LEASE_SECONDS:g} s, and "
                f"{_who(about)} took the output over; nothing of this run is published, run it again"
            )

    def is_held(self) -> bool:
        """Whether anybody holds it."""
        about, known = self._read()
        return bool(about) and known is not None and not _has_run_out(about, known)

    def _take(self, holder: str) -> bool:
        started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        mine = {"holder": lock.one_line(holder), "pid": os.getpid(), "host": socket.gethostname(), "started": started}
        mine |= {"boot": lock.machine(), "copy": self._copy, "lease": LEASE_SECONDS, "token": secrets.token_hex(16)}
        about, known = self._read()
        if about and known and not self._is_of_a_dead_process(about) and not self._is_silent(about, known):
            return False
        self._about = mine
        return self._put(known.version if known else None)

    def _is_of_a_dead_process(self, about: dict[str, Any]) -> bool:
        """Of one that had the working copy that this process has now, whose lock only one has at a time."""
        return bool((about.get("boot"), about.get("copy")) == (lock.machine(), self._copy))

    def _is_silent(self, about: dict[str, Any], known: Object) -> bool:
        """Whether its holder is gone. The clocks here and there may differ: so one more renewal is waited for."""
        if not _has_run_out(about, known):
            return False
        time.sleep(LEASE_SECONDS / 3)
        return self._read()[1] == known

    def _put(self, over: Version | None) -> bool:
        """Write what this process says of itself, over this version of the lease or where none is; whether it could."""
        self._renewals += 1
        content = orjson.dumps(self._about | {"renewals": self._renewals})
        points.checkpoint("lease: before put")
        try:
            if over is None:
                self._version = self._bucket.put_new(self._key, content)
            else:
                self._version = self._bucket.replace(self._key, content, over)
        except Conflict:
            about, known = self._read()
            if known is None or about.get("token") != self._about["token"]:
                return False
            self._version = known.version  # it was put, and the answer lost
        points.checkpoint("lease: put")
        return True

    def _renew_often(self) -> None:
        while not self._ended.wait(LEASE_SECONDS / 4):
            with suppress(OSError):  # tried again
                if not self._put(self._version):
                    return  # taken over, as `check` will say

    def _read(self) -> tuple[dict[str, Any], Object | None]:
        try:
            content, known = self._bucket.get(self._key)
        except FileNotFoundError:
            return {}, None
        try:
            about = orjson.loads(content)
        except ValueError:
            about = {}
        return about if isinstance(about, dict) else {}, known

    def _refusal(self) -> LockedError:
        about, _ = self._read()
        return LockedError(
            f"{self._url} is in use by {_who(about)}; wait until it has ended, or until its lease runs out, or choose "
            "another output"
        )


def _has_run_out(about: dict[str, Any], known: Object) -> bool:
    silent = dt.datetime.now(dt.UTC) - known.modified
    return silent.total_seconds() > float(about.get("lease", LEASE_SECONDS))


def _who(about: dict[str, Any]) -> str:
    if not about:
        return "another run"
    return "{holder} (process {pid} on {host}, since {started})".format_map({**dict.fromkeys(_NAMES, "?"), **about})


_NAMES = ("holder", "pid", "host", "started")
