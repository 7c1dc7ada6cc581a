"""Mending an output in object storage, where that differs from one on a disk (repair.py).

| broken | what is done |
|---|---|
| a manifest | put anew as the working copy has it; else mended as on a disk (salvage.py) |
| an announcement | its run is taken for dead, as by any run |
| a file | put anew if the working copy has it whole; else taken out as on a disk |
| the index | built anew, and published in the place of what there was |
| an object that no manifest names | copied to `_state/quarantine/` and deleted |

The bucket is what counts: a file that is whole in the working copy alone is a broken one until it is put again. All of
it under the lock; every step can be done twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from copydesk.errors import StoreError
from copydesk.index import history
from copydesk.store import manifest, run_ids, volume
from copydesk.store.layout import STATE
from copydesk.store.manifest import Commit, PublishedFile
from copydesk.store.origin import Origin
from copydesk.store.store import Store
from copydesk.upkeep import intact, salvage, verify
from copydesk.upkeep.in_bucket import OWN

COMMITS = f"{STATE}/commits"
_MANIFEST = re.compile(COMMITS + r"/\d{12}\.json")


def manifests(store: Store, origin: Origin) -> tuple[list[str], list[str]]:
    """Have all manifests whole and numbered without gaps. Returns what was mended and what cannot be, in words.

    The working copy is left with those of the bucket. Raises StoreError for one of a later version, OSError.
    """
    mended, cannot = _foreign(origin), []
    books = _Books(store, origin)
    for numbers in books.wrong():
        for number, (content, how) in zip(numbers, books.candidates(numbers), strict=True):
            name = f"{COMMITS}/{number:012d}.json"
            if content is None:
                if number <= books.last:  # else what seems to be of a later run is strays
                    cannot.append(f"{name}: {how}")
                continue
            if number in books.found:
                origin.set_aside(name, delete=False)
            origin.put(name, content)
            mended.append(f"{name}: {how}")
    if mended or cannot:
        origin.delete([f"{STATE}/bound.jsonl"])  # a cache, which may have been wrong as well
    origin.forget_manifests()
    return mended, cannot


def announcements(origin: Origin) -> None:
    """Make those readable that are not, as those of runs that put nothing: what they put is found as strays."""
    paths = sorted(origin.listed(f"{STATE}/uploads"))
    for path, content in zip(paths, origin.contents(paths), strict=True):
        try:
            manifest.decode(content)
        except manifest.DAMAGED:
            origin.put(path, manifest.encode(Commit(manifest.run_id(Path(path)), ())))


def strays(store: Store, origin: Origin) -> list[str]:
    """Take what no manifest names out of the way of globs. Returns what was done, in words."""
    commits = store.commits()
    published = {f.path for f in manifest.published(commits)}
    removed = {path for commit in commits for path in commit.removes}
    told = []
    for path in sorted(origin.listed("").keys() - published):
        if path.startswith(OWN):
            continue
        if path in removed:
            origin.delete([path])
            told.append(f"{path}: a later run took it back; deleted")
        else:
            origin.set_aside(path)
            told.append(f"{path}: no manifest names it; moved to {STATE}/quarantine/")
    return told


def files(store: Store, origin: Origin) -> list[str]:
    """Put anew what the working copy has whole; make the copy like the bucket in all else. Returns what was put."""
    told = []
    for file in manifest.published(store.commits()):
        whole = _is_whole(store, file)
        try:
            origin.download(file)
            continue
        except (StoreError, FileNotFoundError):
            pass
        if whole:
            origin.put(file.path, store.root / file.path)
            told.append(f"{file.path}: put anew from the working copy")
        elif not origin.get_as_it_is(file.path):
            (store.root / file.path).unlink(missing_ok=True)
    return told


def index(store: Store) -> list[str]:
    """Publish segments in the place of those that are broken, or of all if they lack rows. Returns what was done."""
    published = manifest.published(store.commits())
    there = verify.present(store.root)
    bad = {fault.where for fault in verify.index_faults(store.root, published, there, read_data=True)}
    bad |= {f.path for f in published if f.path.startswith(intact.INDEX) and not _is_whole(store, f)}
    if not bad:
        return []
    files = [file for file in history.segments(store) if intact.INDEX in bad or file.path in bad]
    history.republish(store, files)
    return [f"the index: {len(files)} segments built anew from the Parquet"]


class _Books:
    """The manifests that can be read, by number, and what those may have been that cannot.

    Runs have ids that grow with their numbers: so those around a gap tell between which ids its runs are.
    """

    def __init__(self, store: Store, origin: Origin) -> None:
        self._store, self._origin = store, origin
        self._known = _of_copy(store)
        paths = sorted(origin.listed(COMMITS))
        numbers = [int(Path(path).stem) for path in paths]
        self.found = dict(zip(numbers, origin.contents(paths), strict=True))
        self._read: dict[int, Commit] = {}
        for number, content in self.found.items():
            with suppress(*manifest.DAMAGED):
                self._read[number] = manifest.decode(content)
        self._runs = {commit.run_id for commit in self._read.values()}
        self.last = max(self.found, default=0)

    def wrong(self) -> Iterator[list[int]]:
        """Numbers one after another whose manifests are gone or cannot be read."""
        last = self.last + self._later()
        group: list[int] = []
        for number in range(1, last + 2):
            if number <= last and number not in self._read:
                group.append(number)
            elif group:
                yield group
                group = []

    def _later(self) -> int:
        """How many manifests seem to be gone after the last one that is there."""
        if self.last not in self._read:
            return 0
        later = sum(run > max(self._runs, default="") for run in self._known)
        if later and self._runs <= self._known.keys():  # the copy is of this output
            return later
        return int(len(self._unnamed(max(self._runs), "~")) == 1)

    def _unnamed(self, low: str, high: str) -> set[str]:
        """Runs between these ids that there are files of, which no manifest and no announcement names."""
        begun = {Path(path).stem for path in self._origin.listed(f"{STATE}/uploads")}
        named = {f.path for commit in self._read.values() for f in commit.files}
        names = (path.rsplit("/", 1)[1] for path in self._there() - named)
        return {run[0] for name in names if (run := run_ids.PATTERN.match(name)) and low < run[0] < high} - begun

    def _there(self) -> set[str]:
        return {path for path in self._origin.listed("") if not path.startswith(OWN)}

    def candidates(self, numbers: Sequence[int]) -> Iterator[tuple[bytes | None, str]]:
        """For each number of a group: the manifest and whence it is; or None and why there is none."""
        low, high = self._around(numbers)
        known = sorted(run for run in self._known if low < run < high)
        if len(known) == len(numbers):
            for run in known:
                yield self._known[run], "put anew as the working copy has it"
            return
        for number in numbers:
            whole = salvage.flipped(self.found[number]) if number in self.found else None
            if whole is not None:
                yield whole, "one bit had flipped; its checksum proves what it was"
            elif len(numbers) > 1:
                yield None, "it and others beside it are gone or broken; restore them from a backup"
            else:
                yield self._from_files(number, low, high)

    def _around(self, numbers: Sequence[int]) -> tuple[str, str]:
        """The ids of the runs before and after."""
        before = [commit.run_id for number, commit in self._read.items() if number < numbers[0]]
        after = [commit.run_id for number, commit in self._read.items() if number > numbers[-1]]
        return max(before, default=""), min(after, default="~")

    def _from_files(self, number: int, low: str, high: str) -> tuple[bytes | None, str]:
        there, runs = self._there(), self._unnamed(low, high)
        if len(runs) > 1:
            return (
                None,
                f"it is gone or broken, and so are others: there are files of {len(runs)} runs; restore a backup",
            )
        self._bring(there)
        if runs:
            (run,) = runs
            try:
                rebuilt = salvage.rebuilt(self._store.layout, run, self.found.get(number, b""))
            except salvage.CannotMend as error:
                return None, f"it is gone or damaged and cannot be mended: {error}"
            return manifest.encode(rebuilt), salvage.told(rebuilt)
        published = {f.path for f in manifest.published(self._read[n] for n in sorted(self._read))}
        if not low or (lost := sorted(published - there)):
            what = f"{lost[0]} is gone" if low else "nothing tells of which run it was"
            return None, f"it is gone or damaged and cannot be mended: {what}; restore a backup"
        empty = Commit(run_ids.after(low), ())
        return manifest.encode(empty), "no file is named for its run and none is gone: an empty one put in its place"

    def _bring(self, paths: Iterable[str]) -> None:
        """Have the files and the manifests that can be read in the copy."""
        self._origin.forget_manifests()
        for commit in self._read.values():
            self._store.layout.committed(commit.run_id).write_bytes(manifest.encode(commit))
        whole = {f.path: f for f in manifest.published(self._read.values())}
        for path in sorted(paths):
            if path not in whole or not _is_whole(self._store, whole[path]):
                self._origin.get_as_it_is(path)


def _foreign(origin: Origin) -> list[str]:
    """Take what is not numbered out of the folder of manifests."""
    told = []
    for path in sorted(origin.listed(COMMITS)):
        if not _MANIFEST.fullmatch(path):
            origin.set_aside(path)
            told.append(f"{path}: no manifest of copydesk; moved to {STATE}/quarantine/")
    return told


def _of_copy(store: Store) -> dict[str, bytes]:
    """The manifests that the working copy has whole, by run."""
    found: dict[str, bytes] = {}
    for path in volume.paths(store.layout):
        with suppress(StoreError):
            found |= {commit.run_id: manifest.encode(commit) for commit in volume.read(path)}
    for path in manifest.committed(store.layout):
        content = path.read_bytes()
        with suppress(*manifest.DAMAGED):
            found[manifest.decode(content).run_id] = content
    return found


def _is_whole(store: Store, file: PublishedFile) -> bool:
    path = store.root / file.path
    return path.exists() and path.stat().st_size == file.size and intact.sha256(path) == file.sha256
