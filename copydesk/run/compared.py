"""The shingles of what the match stage compares: the run's from its parts, those of history from the texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleaners.arrays import I64
from copydesk.articles.parts import Part
from copydesk.index.history import holding, segments, text_files
from copydesk.index.index import Index
from copydesk.sketches import shingling
from copydesk.sketches.held import Held
from copydesk.sketches.shingling import Shingles
from copydesk.sketches.similarity import Counts, Stretch, counted, in_threads
from copydesk.store.store import Store


class ComparedTexts:
    """The shingles of this run's records and of history (match.Compared)."""

    def __init__(
        self, parts: Sequence[Part], numbers: I64, store: Store, index: Index, run_pairs: RunPairs, scratch: Path
    ) -> None:
        """numbers: of the rows of match(), among all records. scratch: a folder for files of pairs."""
        self._paths = tuple(part.path("shingles") for part in parts)
        self._numbers, self._run_pairs, self._scratch = numbers, run_pairs, scratch
        self._store = store
        self._index, self._segments, self._files = index, segments(store), text_files(store)
        self._place: dict[str, int] = {}
        self._published: Held | None = None

    def close(self) -> None:
        """Forget where the shingles of the run lie: this process will not ask for them again."""
        _held.cache_clear()

    def of_run(self, rows: I64) -> Shingles:
        return _held(self._paths).of(self._numbers[rows])

    def count(self, one: I64, two: I64, stretches: Sequence[Stretch]) -> Counts:
        """As tasks, if there is more than one stretch."""
        if len(stretches) < 2:
            return in_threads(self.of_run)(one, two, stretches)
        self._scratch.mkdir(parents=True, exist_ok=True)
        for name, rows in (("one", one), ("two", two)):
            np.save(self._scratch / f"{name}.npy", self._numbers[rows])
        task = partial(_count, paths=self._paths, folder=self._scratch)
        found = np.empty((len(one), 7), np.int32)
        for number, path in self._run_pairs(task, stretches):
            found[stretches[number].pairs] = np.load(path)
            path.unlink()
        return found

    def expect(self, ids: Sequence[str]) -> None:
        """They are read at once, for they lie in the same parts of files, which must be unpacked for any of them; their
        shingles lie in a file, some three kilobytes each."""
        if not ids:
            return
        self._scratch.mkdir(parents=True, exist_ok=True)
        path = self._scratch / "history.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, shingling.COLUMNS) as out:
            for found in self._store.texts_by_file(ids, self._files_with(ids)):
                self._place.update({id_: place for place, id_ in enumerate(found, len(self._place))})
                out.write_table(shingling.shingle(list(found.values())).table())
        self._published = Held([path])

    def of_history(self, ids: Sequence[str]) -> Shingles:
        if self._published and all(id_ in self._place for id_ in ids):
            return self._published.of(np.array([self._place[id_] for id_ in ids], np.int64))
        found = self._store.texts(ids, self._files_with(ids))
        return shingling.shingle([found[id_] for id_ in ids])

    def _files_with(self, ids: Sequence[str]) -> list[Path]:
        """Files that may hold their texts."""
        files = holding(self._files, [self._segments[place] for place in self._index.holding(ids)])
        return [file.path for file in files]


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
