"""The shingles of what the match stage compares: the run's from its parts, those of history from the texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from copydesk.held import Held
from copydesk.history import holding, segments, text_files
from copydesk.index import Index
from copydesk.parts import Part
from copydesk.shingling import Shingles, shingle
from copydesk.similarity import Counts, Stretch, counted, in_threads
from copydesk.store import Store

I64 = npt.NDArray[np.int64]

_KEPT = 1 << 16
"""Texts of history whose shingles are kept in memory at most, three kilobytes each: as a run of 10,000 may ask
for. For larger runs they are read again when they are asked for."""


class ComparedTexts:
    """The shingles of this run's records and of history (match.Compared)."""

    def __init__(
        self, parts: Sequence[Part], numbers: I64, store: Store, index: Index, run_pairs: RunPairs, scratch: Path
    ) -> None:
        """numbers: of the rows of match(), among all records. scratch: a folder for files of pairs."""
        self._held = Held([part.path("shingles") for part in parts])
        self._numbers, self._run_pairs, self._scratch = numbers, run_pairs, scratch
        self._store = store
        self._index, self._segments, self._files = index, segments(store), text_files(store)
        self._place: dict[str, int] = {}
        self._kept: list[npt.NDArray[np.uint64]] = []
        self._leads = np.empty(0, np.int64)

    def of_run(self, rows: I64) -> Shingles:
        return self._held.of(self._numbers[rows])

    def count(self, one: I64, two: I64, stretches: Sequence[Stretch]) -> Counts:
        """As tasks, if there is more than one stretch."""
        if len(stretches) < 2:
            return in_threads(self.of_run)(one, two, stretches)
        self._scratch.mkdir(parents=True, exist_ok=True)
        for name, rows in (("one", one), ("two", two)):
            np.save(self._scratch / f"{name}.npy", self._numbers[rows])
        task = partial(_count, paths=self._held.paths, folder=self._scratch)
        found = np.empty((len(one), 7), np.int32)
        for number, path in self._run_pairs(task, stretches):
            found[stretches[number].pairs] = np.load(path)
            path.unlink()
        return found

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


RunPairs = Callable[[Callable[[Stretch], tuple[int, Path]], Sequence[Stretch]], Iterable[tuple[int, Path]]]
"""Maps a function of a stretch of pairs over all of them, in any order."""


def _count(some: Stretch, paths: tuple[Path, ...], folder: Path) -> tuple[int, Path]:
    """Count a stretch of the pairs that lie in `folder`. Returns its number and the file."""
    one, two = (np.load(folder / f"{name}.npy", mmap_mode="r")[some.pairs] for name in ("one", "two"))
    path = folder / f"{some.number:06d}.npy"
    np.save(path, counted(_held(paths).of, one, two))
    return some.number, path


@lru_cache(maxsize=1)
def _held(paths: tuple[Path, ...]) -> Held:
    return Held(paths)
