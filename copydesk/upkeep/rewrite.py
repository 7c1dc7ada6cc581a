"""The one way in which published rows change: new files in the place of old ones, in one commit.

Files of one name in articles/, duplicates/, revisions/ and removals/ of a day belong together (restored.py), so what is
replaced is always a whole part. Rows keep their run_id and ingested_at, and stay in the partition they were in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from copydesk.errors import StoreError
from copydesk.index import history
from copydesk.index.history import SegmentFile, TextFile
from copydesk.schema import DATASETS
from copydesk.store import dataset, manifest, parquet
from copydesk.store.manifest import Change
from copydesk.store.parquet import BROKEN
from copydesk.store.store import Store

OF_PART = (*dataset.TEXTS, "removals")
"""The datasets whose files belong together if they have one name."""

_BOOKED = (*dataset.TEXTS, "rejects")

Part = dict[str, str]
"""Dataset -> relative path of the part's file of it."""


class Rewrite:
    """What one commit will replace. Everything is staged as it is handed in; `commit` publishes it."""

    def __init__(self, store: Store, run_id: str, final: Path) -> None:
        self.store, self.run_id, self.final = store, run_id, final
        self.removes: list[str] = []
        self._texts: list[TextFile] = []
        self._changes: Counter[tuple[str, str]] = Counter()
        self._number = 0

    def replace(self, old: Iterable[str], new: Mapping[str, pa.Table]) -> None:
        """Put the rows of `new` (dataset -> rows; together one part) in the place of files of one partition."""
        old = list(old)
        day = old[0].split("/")[1]
        for path in old:
            self.removes.append(path)
            name = path.split("/")[0]
            if name in _BOOKED:
                self._book(name, parquet.columns(self.store.root / path, DATASETS[name], ["run_id"]), -1)
        for name, rows in new.items():
            if len(rows):
                staged = self.final / name / day / f"{self.run_id}-{self._number:05d}.parquet"
                parquet.write(rows, staged, name)
                self._book(name, rows, +1)
                if name in dataset.TEXTS:
                    self._texts.append(TextFile(name, staged, self.run_id, mixed=True))
        self._number += 1

    def drop(self, path: str) -> None:
        """Take out a file that cannot be read; `lose` books its rows."""
        self.removes.append(path)

    def lose(self, run_id: str, name: str, rows: int) -> None:
        """Book rows of a run as gone."""
        self._changes[run_id, name] -= rows

    @property
    def texts(self) -> tuple[TextFile, ...]:
        """The files of dataset.TEXTS that are staged."""
        return tuple(self._texts)

    def state(self, name: str, old: Iterable[str]) -> Path:
        """Where to write the file of `_state/<name>/` that takes the place of `old`; the folder is made."""
        self.removes += old
        path = self.final / "_state" / name / f"{self.run_id}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def segment(self, old: Sequence[SegmentFile]) -> Path:
        """Where to write the index segment that takes the place of consecutive ones; the folder is made."""
        self.removes += [file.path for file in old if file.named]
        path = self.final / history.segment_path(self.run_id, old[0].first, old[-1].last)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def reindex(self, runs: Iterable[str]) -> None:
        """Build anew the segments that hold rows of these runs; after all `replace`."""
        runs = set(runs)
        gone = set(self.removes)
        kept = [f for f in history.text_files(self.store) if f.path.relative_to(self.store.root).as_posix() not in gone]
        for file in history.segments(self.store):
            if any(file.holds(run) for run in runs):
                path = self.segment([file])
                if not history.build(path, file.first, file.last, [*kept, *self._texts]):
                    path.unlink()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Rows that came or went, by run and dataset."""
        return tuple(Change(run, name, rows) for (run, name), rows in sorted(self._changes.items()) if rows)

    def commit(self, *, keep: bool) -> None:
        """Publish. keep: whether the files that are replaced are kept for a while for who reads them."""
        self.store.commit(self.run_id, self.removes, changes=self.changes, keep=keep)

    def _book(self, name: str, rows: pa.Table, sign: int) -> None:
        if name in _BOOKED:
            for counted in rows["run_id"].combine_chunks().value_counts().to_pylist():
                self._changes[counted["values"], name] += sign * counted["counts"]


@contextmanager
def told_in_words(root: Path) -> Iterator[None]:
    """Raises StoreError for what reading a damaged file, or writing to a full disk, raises."""
    try:
        yield
    except BROKEN as error:
        raise StoreError(f"{root}: {error}; nothing was changed, and `copydesk verify` looks for damage") from error


def parts(store: Store) -> dict[str, Part]:
    """The published parts, by `ingest_date=.../name`, in the order of partitions and names."""
    found: dict[str, Part] = defaultdict(dict)
    for file in manifest.published(store.commits()):
        name, _, rest = file.path.partition("/")
        if name in OF_PART:
            found[rest][name] = file.path
    return dict(sorted(found.items()))
