"""The shingles of many texts as they lie in files, gathered by the texts' numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleaners.arrays import I64, U64
from copydesk.errors import StoreError
from copydesk.sketches import compiled
from copydesk.sketches.shingling import Shingles

_BYTES = 8  # of a shingle


class Held:
    """The shingles of the texts of files of shingling.COLUMNS, numbered through all of them.

    In memory is where they lie, 32 bytes a text. They are read text by text: of a mapped file the system would map far
    more around each than is asked for, and count it as this process's.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        places = [_places(path) for path in self._paths]
        self._file = np.repeat(np.arange(len(places)), [own.shape[1] for own in places])
        self._starts, self._lead_ends, self._ends = np.concatenate([np.empty((3, 0), np.int64), *places], axis=1)

    def of(self, texts: I64) -> Shingles:
        """Those of these texts, in this order, which is quickest if it is that of their numbers. Raises StoreError if a
        file is not as it was."""
        starts, ends = self._starts[texts], self._ends[texts]
        to = np.cumsum(ends - starts)
        at = to - (ends - starts)
        values = np.empty(int(to[-1]) if len(to) else 0, np.uint64)
        ready = compiled.loops_for(values.nbytes)
        gather = ready.gather if ready else _gather
        files = self._file[texts]
        for first, last in _runs(files):
            here = slice(first, last)
            places, sizes, room = (
                starts[here] * _BYTES,
                (ends - starts)[here] * _BYTES,
                values[at[first] : to[last - 1]],
            )
            with open(self._paths[files[first]], "rb", buffering=0) as file:
                if gather(file.fileno(), places, sizes, room) < last - first:
                    raise StoreError(f"{self._paths[files[first]]}: shorter than it was")
        return Shingles(values, at, at + self._lead_ends[texts] - starts, to)


def _places(path: Path) -> I64:
    """Where in a file the shingles of each text begin, those of its lead end, and all: int64[3, n], in shingles."""
    whole = pa.memory_map(str(path)).read_buffer()
    found = [np.empty((3, 0), np.int64)]
    for batch in pa.ipc.open_file(pa.BufferReader(whole)).read_all().to_batches():
        shingles = Shingles.of_batch(batch)
        first = (shingles.values.ctypes.data - whole.address) // _BYTES if len(shingles.values) else 0
        found.append(np.stack([shingles.starts, shingles.lead_ends, shingles.ends]) + first)
    return np.concatenate(found, axis=1)


def _gather(file: int, places: I64, sizes: I64, values: U64) -> int:
    """loops.gather() in Python."""
    room, at = memoryview(values).cast("B"), 0  # type: ignore[arg-type]
    for number, (place, size) in enumerate(zip(places.tolist(), sizes.tolist(), strict=True)):
        if os.preadv(file, (room[at : at + size],), place) < size:
            return number
        at += size
    return len(places)


def _runs(files: I64) -> list[tuple[int, int]]:
    """Stretches of texts of one file."""
    ends = np.append(np.flatnonzero(files[1:] != files[:-1]) + 1, len(files)) if len(files) else files
    return list(zip(np.append(0, ends)[:-1].tolist(), ends.tolist(), strict=True)) if len(files) else []
