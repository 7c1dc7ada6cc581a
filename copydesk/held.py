"""The shingles of many texts as they lie in files, gathered by the texts' numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from copydesk.shingling import Shingles

I64 = npt.NDArray[np.int64]


class Held:
    """The shingles of the texts of files of shingling.COLUMNS, numbered through all of them.

    Memory-mapped: what was read counts as this process's memory, but the system takes it back when it needs it.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        tables = [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in paths]
        found = [Shingles.of_batch(batch) for table in tables for batch in table.to_batches()]
        self._values = [shingles.values for shingles in found]
        self._batch = np.repeat(np.arange(len(found)), [len(shingles) for shingles in found])
        self._starts, self._lead_ends, self._ends = (
            np.concatenate([np.empty(0, np.int64), *(getattr(shingles, name) for shingles in found)])
            for name in ("starts", "lead_ends", "ends")
        )

    def of(self, texts: I64) -> Shingles:
        """Those of these texts, in this order: a copy."""
        starts, ends = self._starts[texts], self._ends[texts]
        places = zip(self._batch[texts].tolist(), starts.tolist(), ends.tolist(), strict=True)
        values = np.concatenate([np.empty(0, np.uint64), *(self._values[i][start:end] for i, start, end in places)])
        to = np.cumsum(ends - starts)
        at = to - (ends - starts)
        return Shingles(values, at, at + self._lead_ends[texts] - starts, to)
