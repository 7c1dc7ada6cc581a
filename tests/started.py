"""Servers and workers that tests start beside themselves: where they listen, and that they end."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_END_SECONDS = 30
_WAIT_SECONDS = 300  # three short runs of a flow took more than two minutes on a busy machine


def free_port() -> int:
    """A port of loopback that nobody listens at now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def process(
    command: list[str], log: Path, cwd: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs while the context does."""
    with log.open("wb") as told:
        started = subprocess.Popen(command, cwd=cwd, env=environment, stdout=told, stderr=told)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def wait_until(met: Callable[[], object], seconds: float = _WAIT_SECONDS, log: Path | None = None) -> None:
    """Until it is so; fails after so many seconds, with what the log says."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, log.read_text() if log else "waited in vain"
        time.sleep(0.1)
