"""A command in a process of its own, measured: wall clock, processor time and memory of it and of what it started."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

SAMPLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Measured:
    """wall, cpu: seconds. peak: bytes, the most that all processes of the command held at one time of those looked at
    (memory that is shared counts for each that shares it by its part). output: what it printed."""

    wall: float
    cpu: float
    peak: int
    output: str


def command(arguments: Sequence[str], folder: Path | None = None) -> Measured:
    """Run a command to its end. Raises subprocess.CalledProcessError if it fails, with what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
    watch = _Watch(process.pid)
    watch.start()
    output, _ = process.communicate()
    wall = perf_counter() - start
    watch.ended.set()
    watch.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments, output)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall, cpu, watch.peak, output)


def copydesk(*arguments: str | Path) -> Measured:
    """Run `copydesk` of this environment."""
    return command([str(Path(sys.executable).with_name("copydesk")), *map(str, arguments)])


class _Watch(threading.Thread):
    """Looks how much memory a process and all below it hold, every SAMPLE_SECONDS."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.ended = threading.Event()
        self._pid = pid

    def run(self) -> None:
        while not self.ended.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(map(_held, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                children = Path(f"/proc/{parent}/task/{task}/children").read_text()
                found += map(int, children.split())
        except OSError:  # it has ended
            continue
    return found


def _held(pid: int) -> int:
    """The memory of a process in bytes (PSS: what it shares is divided by those that share it)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
