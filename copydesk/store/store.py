"""The store: what a run publishes, all of it or nothing; what is kept from run to run; one writer at a time.

store = Store(Path("output"))
with store.lock("copydesk ingest seeds"):
    store.recover()
    run = RunInfo(store.new_run_id(now), now)
    with store.staging(run.run_id) as staging:
        parquet.write(table, staging / "final" / run.path("articles"), "articles")
        store.commit(run.run_id)
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from copydesk.errors import LockedError, StoreError, UsageError
from copydesk.schema import DATASETS
from copydesk.store import commit, dataset, disk, layout, ledger, lock, manifest, place, run_ids, volume
from copydesk.store.layout import Layout
from copydesk.store.ledger import LedgerEntry
from copydesk.store.manifest import Change, Commit

if TYPE_CHECKING:
    import pyarrow.dataset as ds

_ASKED_OFTEN = ("rejects", "overlaps")  # by every run that has some; a working copy keeps them


class Store:
    """One output folder, or working copy of one in object storage (place.py), which is up to date after `recover`.

    Reading needs no lock and makes nothing; the rest asks for `lock`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.layout = Layout(root)
        self.origin = place.of(root)
        self.name = place.name(root)
        self._last_run_id = ""

    def check_ours(self) -> None:
        """Raises UsageError unless the output is one of copydesk's, or there is room for one: what others keep below
        the names of our datasets would be taken for rows of ours, or for litter."""
        root = self.root
        if root.exists() and not root.is_dir():
            raise UsageError(f"{self.name}: not a folder")
        if not self.layout.state.exists():
            taken = [name for name in DATASETS if any((root / name).glob("*"))]
            if taken:
                raise UsageError(f"{self.name}: has files in {taken[0]}/ and no _state/: not an output of copydesk")

    @contextmanager
    def lock(self, holder: str, wait: float = 0.0) -> Iterator[None]:
        """Be the only writer. holder: the command, for the one who is refused. wait: seconds, for another to end.

        Raises LockedError, which names the holder; StoreError if the output cannot be written to, now or later on.
        """
        with ExitStack() as held:
            try:
                for folder in (self.layout.commits, self.layout.all_staging):
                    disk.make_folder(folder)
                held.enter_context(self._exclusive(holder, wait))
            except OSError as error:
                raise StoreError(f"{self.name}: cannot be written to: {_in_words(error)}") from error
            try:
                yield
            except BrokenPipeError:  # of our own output: nobody reads it any more
                raise
            except OSError as error:
                raise StoreError(
                    f"{self.name}: the run failed, nothing of it is published: {_in_words(error)}"
                ) from error

    @contextmanager
    def _exclusive(self, holder: str, wait: float) -> Iterator[None]:
        with ExitStack() as held:
            try:
                held.enter_context(lock.exclusive(self.layout.lock, holder, wait))
            except LockedError as error:  # who reads it knows the output by its URL
                raise LockedError(str(error).replace(str(self.root), self.name)) from None
            if self.origin:
                held.enter_context(self.origin.lock(holder, wait))
            yield

    def new_run_id(self, now: dt.datetime) -> str:
        """An id greater than every run's before it, even if the clock went back. now: timezone-aware."""
        wanted = run_ids.of(now)
        last = max([self._last_run_id, *self._run_ids()])
        self._last_run_id = wanted if wanted > last else run_ids.after(last)
        return self._last_run_id

    @contextmanager
    def staging(self, run_id: str) -> Iterator[Path]:
        """A run's own folder; what is under its `final/` is what `commit` publishes, the rest is scratch.

        It is deleted at the end, unless a commit has begun: what that leaves, `recover` needs.
        """
        self._needs_lock()
        folder = self.layout.staging(run_id)
        disk.make_folder(folder)
        try:
            yield folder
        finally:
            if not (self.layout.prepared(run_id).exists() or self.layout.committed(run_id).exists()):
                with suppress(OSError):  # a worker may still write there; `recover` gets what is left
                    disk.remove_tree(folder)

    def index_path(self, run_id: str) -> str:
        """Where a run's index segment lies, relative to the output (or to `final/`, while it is staged)."""
        return f"{layout.STATE}/index/{run_id}"

    def commit(
        self, run_id: str, removes: Iterable[str] = (), *, changes: Iterable[Change] = (), keep: bool = False
    ) -> Commit:
        """Publish what the run staged; see commit.commit. removes: relative paths of files it takes back."""
        self._needs_lock()
        try:
            publish = self.origin.publish if self.origin else None
            return commit.commit(self.layout, run_id, removes, changes=changes, keep=keep, publish=publish)
        except (OSError, StoreError):
            lock.check(self.layout.lock)  # who took it over took the staged files, too: that is why they are not there
            raise

    def recover(self, *, index: bool = True) -> list[str]:
        """Mend what a killed run left; first thing under the lock. Returns what was mended, in words.

        index: whether a working copy also gets the index; not where it will be built anew.
        """
        self._needs_lock()
        mended = commit.recover(self.layout)
        return mended + self.origin.recover(self.new_run_id, index=index) if self.origin else mended

    def fetch(self, paths: Iterable[str] | None = None) -> None:
        """Have these published files (relative paths; all by default) in the working copy, where the output has one."""
        if self.origin:
            wanted = None if paths is None else set(paths)
            self.origin.fetch(f for f in manifest.published(self.commits()) if wanted is None or f.path in wanted)

    def commits(self) -> list[Commit]:
        """The commits in force, in the order of their runs. Raises StoreError for a damaged manifest."""
        return volume.commits(self.layout)

    def files(self, name: str) -> list[Path]:
        """Published files of a dataset, or of a folder such as `_state/index`, in the order of their runs."""
        return [self.root / path for path in dataset.published(self.root, name)]

    def size(self, name: str) -> int:
        """Bytes of those files."""
        return sum(f.size for f in manifest.published(self.commits()) if f.path.startswith(name + "/"))

    def dataset(self, name: str) -> ds.Dataset:
        """See dataset.open_dataset; an output that is not there yet is empty."""
        paths = dataset.published(self.root, name)
        if name in _ASKED_OFTEN:
            self.fetch(paths)
        return dataset.of_files(self.root, name, paths)

    def texts(self, ids: Collection[str], files: Iterable[Path] | None = None) -> dict[str, str]:
        """The text of each id that articles/, duplicates/ or revisions/ has; memory is bounded by the ids asked for.

        files: of those datasets, where to look; by default all.
        """
        return dataset.texts(self.root, self._files_of_texts(files), ids)

    def texts_by_file(self, ids: Collection[str], files: Iterable[Path]) -> Iterator[dict[str, str]]:
        """The same file by file: see dataset.texts_by_file."""
        return dataset.texts_by_file(self.root, self._files_of_texts(files), ids)

    def _files_of_texts(self, files: Iterable[Path] | None) -> list[str]:
        if files is None:
            paths = [path for name in dataset.TEXTS for path in dataset.published(self.root, name)]
        else:
            paths = [path.relative_to(self.root).as_posix() for path in files]
        self.fetch(paths)
        return paths

    def ledger(self) -> ledger.Ledger:
        """What is known of input files. Raises StoreError if a part of it is broken."""
        return ledger.load(self.files("_state/ledger"))

    def write_ledger(self, run_id: str, final: Path, entries: Iterable[LedgerEntry]) -> int:
        """Stage what is new of the entries under `final`; returns how many that are (none: no file)."""
        told = list(entries)
        news = self.ledger().news(told) if told else []
        if news:
            ledger.write(news, final / layout.STATE / "ledger" / f"{run_id}.parquet")
        return len(news)

    def _run_ids(self) -> Iterable[str]:
        paths = [*manifest.paths(self.layout), *volume.paths(self.layout), *self.layout.all_staging.glob("*")]
        return [run_id for path in paths for run_id in run_ids.PATTERN.findall(path.name)]

    def check_lock(self) -> None:
        """Raises LockedError if another process has taken the lock over; before a change that no commit makes."""
        lock.check(self.layout.lock)
        if self.origin:
            self.origin.check_lock()

    def _needs_lock(self) -> None:
        if not lock.is_mine(self.layout.lock):
            raise StoreError(f"{self.name}: this needs the lock, and this process does not hold it")


def _in_words(error: OSError) -> str:
    """One line: what went wrong, with which file."""
    words = error.strerror or str(error) or type(error).__name__
    path = error.filename2 or error.filename  # of a rename: where to
    named = f" ({os.fsdecode(path)})" if isinstance(path, str | bytes | os.PathLike) else ""
    return " ".join(f"{words}{named}".split())
