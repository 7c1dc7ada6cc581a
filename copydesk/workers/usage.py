"""What a run costs: the peak memory and the processor time of its processes.

A worker may be replaced, or work on another machine, so each writes its own figures into a folder of the run after
every task; at the end they are added up. What a worker that was killed took in its last task is not known,
nor anything of one that was killed while it wrote.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import orjson

from copydesk.garbage import give_back

if TYPE_CHECKING:
    from copydesk.workers.mapping import Map

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Usage:
    """peak_memory: bytes. cpu_seconds: user and system time."""

    peak_memory: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Metered(Generic[T, R]):
    """A stage that leaves the figures of the process that does it in `folder`."""

    function: Callable[[T], R]
    folder: Path

    def __call__(self, one: T) -> R:
        first, began = _began.setdefault(self.folder, (time.time(), time.process_time()))
        result = self.function(one)
        self.folder.mkdir(parents=True, exist_ok=True)
        give_back()  # a process that waits for others shall not hold what it needs no more
        figures = [peak_memory(), time.process_time() - began, first, time.time()]
        (self.folder / _process()).write_bytes(orjson.dumps(figures))
        return result


_began: dict[Path, tuple[float, float]] = {}
"""When this process's first task of a run began, and its processor time then, by the run's folder."""


def metered(stage_map: Map, folder: Path) -> Map:
    """The Map, whose processes leave their figures in `folder`."""

    def mapped(stage: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterable[R]:
        return stage_map(stage, Metered(function, folder), over)

    return mapped


def total(folder: Path, began: float) -> Usage:
    """What the run has taken up to now: this process and those that left figures in `folder`, the peaks of those that
    were there together added up.

    began: time.process_time() at the run's start.
    """
    ours, own = Usage(peak_memory(), time.process_time() - began), _process()
    told = []
    for path in folder.glob("*"):
        if path.name != own:
            with suppress(orjson.JSONDecodeError):  # it was killed while it wrote
                told.append(orjson.loads(path.read_bytes()))
    # One that took the place of another was not there with it.
    at_once = [sum(p for p, _, first, last in told if first <= now <= last) for _, _, now, _ in told]
    return Usage(
        ours.peak_memory + max(at_once, default=0), round(ours.cpu_seconds + sum(cpu for _, cpu, *_ in told), 3)
    )


def peak_memory() -> int:
    """The most resident memory that this process has had, bytes.

    Linux hands ru_maxrss down to what a process starts, so that a small process started by a large one would tell of
    the large one; VmHWM (proc_pid_status(5)) is its own.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def _process() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"
