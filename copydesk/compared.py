"""The shingles of what the match stage compares: the run's from its parts, those of history from the texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from copydesk.held import Held
from copydesk.history import holding, segments, text_files
from copydesk.index import Index
from copydesk.parts import Part
from copydesk.shingling import Shingles, shingle
from copydesk.store import Store

I64 = npt.NDArray[np.int64]

_KEPT = 1 << 16
"""Texts of history whose shingles are kept in memory at most, three kilobytes each: as a run of 10,000 may ask
for. For larger runs they are read again when they are asked for."""


class ComparedTexts:
    """The shingles of this run's records and of history (match.Compared)."""

    def __init__(self, parts: Sequence[Part], numbers: I64, store: Store, index: Index) -> None:
        """numbers: of the rows of match(), among all records."""
        self._held = Held([part.path("shingles") for part in parts])
        self._numbers = numbers
        self._store = store
        self._index, self._segments, self._files = index, segments(store), text_files(store)
        self._place: dict[str, int] = {}
        self._kept: list[npt.NDArray[np.uint64]] = []
        self._leads = np.empty(0, np.int64)

    def of_run(self, rows: I64) -> Shingles:
        return self._held.of(self._numbers[rows])

    def expect(self, ids: Sequence[str]) -> bool:
        """They are read at once: they lie in the same parts of files, which must be unpacked for any of them."""
        if not ids or len(ids) > _KEPT:
            return not ids
        found = self._of_store(ids)
        self._place = {id_: place for place, id_ in enumerate(ids)}
        self._kept = [found.of(place).copy() for place in range(len(ids))]
        self._leads = found.lead_ends - found.starts
        return True

    def of_history(self, ids: Sequence[str]) -> Shingles:
        if not all(id_ in self._place for id_ in ids):
            return self._of_store(ids)
        places = [self._place[id_] for id_ in ids]
        kept = [self._kept[place] for place in places]
        ends = np.cumsum([len(values) for values in kept], dtype=np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), ends])[: len(ends)]
        return Shingles(np.concatenate([np.empty(0, np.uint64), *kept]), starts, starts + self._leads[places], ends)

    def _of_store(self, ids: Sequence[str]) -> Shingles:
        files = holding(self._files, [self._segments[place] for place in self._index.holding(ids)])
        found = self._store.texts(ids, [file.path for file in files])
        return shingle([found[id_] for id_ in ids])
