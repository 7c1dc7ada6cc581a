"""A Dask scheduler and its workers on loopback, each a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.started import free_port, process


@contextmanager
def dask(kind: str, folder: Path, name: str, *options: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A `dask scheduler` or `dask worker` that runs while the context does."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, "--host", "127.0.0.1", "--no-dashboard"]
    with process(command, folder / f"{name}.log", folder, {**os.environ, **environment}) as started:
        yield started


@contextmanager
def cluster(folder: Path, workers: int, **environment: str) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The engine setting for a cluster of so many workers, and the workers' processes."""
    port = free_port()
    folder.mkdir()
    with ExitStack() as stack:
        stack.enter_context(dask("scheduler", folder, "scheduler", "--port", str(port)))
        started = [
            stack.enter_context(
                dask("worker", folder, f"worker{number}", f"127.0.0.1:{port}", "--nthreads", "1", **environment)
            )
            for number in range(workers)
        ]
        yield f"dask://127.0.0.1:{port}", started
