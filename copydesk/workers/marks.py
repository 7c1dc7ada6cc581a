"""Where a worker is: written before each step, so that whoever finds the worker dead knows what it died of.

A mark is some bytes in a file beside the part. The page cache keeps it when the process is killed; it need not
outlive the machine.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

Step = Literal["read", "extract", "clean", "write"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a worker had in hand: the items from (file, item) to (last_file, last_item), both included.

    file: place in the shard's files. item: place in the file, from 0. Step `read`: looking for (file, item).
    """

    step: Step
    file: int
    item: int
    last_file: int
    last_item: int


def path(parts: Path, name: str) -> Path:
    """Where the mark of a shard lies. name: Shard.name."""
    return parts / f"{name}.mark"


def last(parts: Path, name: str) -> Mark | None:
    """The last mark that a shard's worker left, or None if it had not begun."""
    with suppress(OSError, ValueError, IndexError):
        step, *numbers = path(parts, name).read_text(encoding="ascii").split()
        file, item, last_file, last_item = map(int, numbers[:4])
        return Mark(step, file, item, last_file, last_item)  # type: ignore[arg-type]
    return None


class Marker:
    """Leaves marks. It costs a system call each."""

    def __init__(self, parts: Path, name: str) -> None:
        parts.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path(parts, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)

    def __enter__(self) -> Marker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def __call__(self, step: Step, first: tuple[int, int], last: tuple[int, int] | None = None) -> None:
        """first, last: (file, item), see Mark; last: default `first`."""
        file, item = first
        last_file, last_item = last or first
        os.pwrite(self._file, b"%-7s %11d %19d %11d %19d" % (step.encode(), file, item, last_file, last_item), 0)
