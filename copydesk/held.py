"""The shingles of many texts as they lie in files, gathered by the texts' numbers."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from copydesk.shingling import Shingles

I64 = npt.NDArray[np.int64]

_RELEASED = 1 << 24
"""Bytes that are gathered before the memory of what was read is given back: some sixteen times as many, as the system
maps pages around those that are touched."""


class Mapped:
    """An Arrow file, memory-mapped; `release` gives back the memory of what was read, which can be read again."""

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.batches = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map))).read_all().to_batches()

    def release(self) -> None:
        """The pages are the file's, so nothing is lost; where the system cannot be told, it frees them when it must."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


class Held:
    """The shingles of the texts of files of shingling.COLUMNS, numbered through all of them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._maps = [Mapped(path) for path in paths]
        found = [Shingles.of_batch(batch) for mapped in self._maps for batch in mapped.batches]
        self._values = [shingles.values for shingles in found]
        self._batch = np.repeat(np.arange(len(found)), [len(shingles) for shingles in found])
        self._starts, self._lead_ends, self._ends = (
            np.concatenate([np.empty(0, np.int64), *(getattr(shingles, name) for shingles in found)])
            for name in ("starts", "lead_ends", "ends")
        )
        self._gathered = 0

    def of(self, texts: I64) -> Shingles:
        """Those of these texts, in this order: a copy."""
        starts, ends = self._starts[texts], self._ends[texts]
        places = zip(self._batch[texts].tolist(), starts.tolist(), ends.tolist(), strict=True)
        values = np.concatenate([np.empty(0, np.uint64), *(self._values[i][start:end] for i, start, end in places)])
        self._gathered += values.nbytes
        if self._gathered > _RELEASED:
            self._gathered = 0
            for mapped in self._maps:
                mapped.release()
        to = np.cumsum(ends - starts)
        at = to - (ends - starts)
        return Shingles(values, at, at + self._lead_ends[texts] - starts, to)
