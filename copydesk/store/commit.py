"""How a run becomes visible, all of it or nothing. docs/decisions/0001-commit.md tells the steps and why.

Before the prepared manifest is on the disk, a run is nothing; from then on it will be completed, by this process
or by the next one's `recover`. Every step can be done twice, even by two processes at once: a holder of the lock that
was taken for dead may come back at any point. What it had staged is then at another place, so that the one rename
that would decide for its run fails.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk import points
from copydesk.errors import StoreError
from copydesk.schema import DATASETS
from copydesk.store import disk, lock, manifest, volume
from copydesk.store.layout import STATE, Layout
from copydesk.store.manifest import Change, Commit, PublishedFile
from copydesk.store.parquet import BROKEN

_PARTITION = re.compile(r"ingest_date=\d{4}-\d{2}-\d{2}")
_OWN_STATE = ("staging", "commits", "leases", "lock", "retired")  # of _state/, what a run cannot publish into
_SEIZED = ".seized"
_READERS = 4  # files that are hashed at a time: it lets other threads run
_TRY = "; try `copydesk verify --repair`"


def commit(
    layout: Layout,
    run_id: str,
    removes: Iterable[str] = (),
    *,
    changes: Iterable[Change] = (),
    keep: bool = False,
    publish: Callable[[Commit], None] | None = None,
) -> Commit:
    """Publish what is staged under `final/`, and take back the files `removes` (relative paths) of earlier runs.

    keep: keep those aside, for who still reads them, until they are pruned; else they are erased, and with them all
    that earlier commits kept aside. changes: see manifest.Change. publish: makes what is prepared part of the output
    where that is not done by renames (Origin.publish).
    Raises StoreError, with nothing published, if what is staged cannot be: a name without the run id, a broken
    Parquet file, another schema, a place on another file system; and, saying so, if the disk fails after the commit is
    decided: the next `recover` completes it. Raises LockedError if another process has taken the lock over.
    """
    prepared = _prepare(layout, run_id, tuple(removes), tuple(changes), keep)
    if publish is not None:
        publish(prepared)
        return prepared
    try:
        _decide(layout, run_id)
        _complete(layout, prepared)
    except OSError as error:
        if layout.committed(run_id).exists():
            raise StoreError(f"run {run_id} is published, but a power loss may undo it: {error}") from error
        if layout.prepared(run_id).exists():
            raise StoreError(f"run {run_id} could not be put in place ({error}); the next run completes it") from error
        raise
    return prepared


def recover(layout: Layout) -> list[str]:
    """Complete what was prepared, delete what was not. Returns what was mended, in words.

    Raises StoreError if a prepared commit cannot be completed: its files are in neither place.
    """
    _seize(layout)
    mended = []
    for path in manifest.prepared(layout):
        points.checkpoint("recover: before complete")
        _complete(layout, manifest.read(path))
        mended.append(f"run {manifest.run_id(path)} was stopped inside its commit: completed")
    for folder in sorted(layout.all_staging.glob("*")):
        points.checkpoint("recover: before clean-up")
        mended += _clean_up(layout, folder)
    return mended


def _seize(layout: Layout) -> None:
    """Put what undecided runs have staged out of their reach: from here on none of them can be decided any more."""
    for seized in sorted(layout.all_staging.glob("*" + _SEIZED)):
        _give_back(layout, seized)  # a recovery was killed here
    for folder in sorted(layout.all_staging.glob("*")):
        run_id = folder.name
        if run_id.endswith(_SEIZED) or layout.prepared(run_id).exists() or layout.committed(run_id).exists():
            continue
        seized = folder.with_name(run_id + _SEIZED)
        with suppress(OSError):  # the next recovery tries again
            disk.remove_tree(seized)  # an earlier one; a worker that outlived its run has made the folder anew
            disk.rename(folder, seized)
            _give_back(layout, seized)


def _give_back(layout: Layout, seized: Path) -> None:
    """If a run was decided after all, just before its staging was seized, it is going to be completed."""
    staging = seized.with_name(seized.name.removesuffix(_SEIZED))
    if layout.prepared(staging.name).exists() and not staging.exists():
        disk.rename(seized, staging)


def _clean_up(layout: Layout, folder: Path) -> list[str]:
    """The staging of a run that is either wholly published or not at all."""
    run_id = folder.name.removesuffix(_SEIZED)
    try:
        if layout.committed(run_id).exists():
            disk.sync_folder(layout.commits)  # it may have been killed before it did
            _finish(layout, manifest.read(layout.committed(run_id)))
            disk.remove_tree(folder)
            return [f"run {run_id} was stopped after its commit: cleaned up"]
        if folder.name == run_id:
            return [f"run {run_id}: its staging could not be seized yet"]
        disk.remove_tree(folder)
        return [f"run {run_id} was stopped before its commit: what it had staged is deleted"]
    except OSError as error:  # a worker that outlived its run may still write there; the next recovery gets it
        return [f"run {run_id}: its staging could not be deleted yet ({error})"]


def _prepare(layout: Layout, run_id: str, removes: tuple[str, ...], changes: tuple[Change, ...], keep: bool) -> Commit:
    if volume.is_committed(layout, run_id) or layout.prepared(run_id).exists():
        raise StoreError(f"run {run_id} is committed already")
    final = layout.final(run_id)
    paths = sorted((p.relative_to(final).as_posix() for p in final.rglob("*") if not p.is_dir()), key=_place_in_order)
    for path in paths:
        _check_place(layout, run_id, path)
    _check_removes(layout, removes)
    with ThreadPoolExecutor(_READERS) as pool:
        pool.submit(_remove_scratch, layout.staging(run_id))  # beside what waits for the disk
        files = tuple(pool.map(partial(_describe, final), paths))
        for path in paths:
            disk.sync_file(final / path)
    for folder in _folders_below(layout.staging(run_id)):
        disk.sync_folder(folder)
    disk.sync_folder(layout.all_staging)
    targets = _targets(layout, files)
    for folder in targets:  # now, while a refusal still costs nothing
        disk.make_folder(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    for folder in _folders_above(layout, [*targets, layout.commits, layout.all_staging]):
        disk.sync_folder(folder)
    disk.sync_above(layout.root)
    prepared = Commit(run_id, files, removes, changes, keep)
    disk.write_new(layout.draft(run_id), manifest.encode(prepared))
    return prepared


def _remove_scratch(staging: Path) -> None:
    """What the stages of a run left for each other. What cannot be removed now, is with all the rest in the end."""
    for path in staging.iterdir():
        if path.name != "final":
            shutil.rmtree(path, ignore_errors=True)


def _decide(layout: Layout, run_id: str) -> None:
    """The one rename after which there is no way back; a run whose staging was seized has nothing to rename."""
    points.checkpoint("commit: before prepare")
    lock.check(layout.lock)
    try:
        disk.rename(layout.draft(run_id), layout.prepared(run_id))
    except FileNotFoundError:
        lock.check(layout.lock)
        raise
    disk.sync_folder(layout.commits)
    points.checkpoint("commit: prepared")


def _complete(layout: Layout, prepared: Commit) -> None:
    _set_aside(layout, prepared)
    for file in prepared.files:
        _move_into_place(layout, prepared.run_id, file)
    for folder in _targets(layout, prepared.files):
        disk.sync_folder(folder)
    points.checkpoint("commit: placed")
    try:
        disk.rename(layout.prepared(prepared.run_id), layout.committed(prepared.run_id))
    except FileNotFoundError:
        if not volume.is_committed(layout, prepared.run_id):  # else another process has completed it
            raise
    disk.sync_folder(layout.commits)
    points.checkpoint("commit: visible")
    with suppress(OSError):  # the run is committed whatever happens here; its staging tells `recover` to go on
        _finish(layout, prepared)


def _finish(layout: Layout, done: Commit) -> None:
    """After the commit: nothing here is needed for what readers see."""
    if not lock.is_current(layout.lock):  # another process goes on with it
        return
    if done.removes and not done.keeps:
        disk.remove_tree(layout.all_retired)  # what earlier commits kept may hold the same rows
        disk.sync_folder(layout.state)
    points.checkpoint("commit: before clean-up")
    disk.remove_tree(layout.staging(done.run_id))  # last: that it is there tells `recover` that this is not done
    points.checkpoint("commit: done")


def _set_aside(layout: Layout, prepared: Commit) -> None:
    """Move what is taken back out of the way, before its replacement comes: a glob sees no row twice.

    Who reads by the manifests finds it there (retired.py), until the commit is visible and after.
    """
    pairs = [(layout.root / path, layout.retired(prepared.run_id) / path) for path in prepared.removes]
    for published, retired in pairs:
        if published.exists():
            disk.make_folder(retired.parent)
            with suppress(FileNotFoundError):  # another process does the same
                disk.rename(published, retired)
    for folder in sorted({retired.parent for _, retired in pairs if retired.exists()}):
        disk.sync_folder(folder)
    for folder in sorted({published.parent for published, _ in pairs if published.parent.is_dir()}):
        disk.sync_folder(folder)
    if pairs:
        points.checkpoint("commit: set aside")


def _move_into_place(layout: Layout, run_id: str, file: PublishedFile) -> None:
    staged, target = layout.final(run_id) / file.path, layout.root / file.path
    if staged.exists():
        disk.make_folder(target.parent)
        with suppress(FileNotFoundError):  # another process does the same
            disk.rename(staged, target)
    if not target.exists():
        raise StoreError(f"run {run_id} cannot be completed: {file.path} is neither staged nor in place{_TRY}")
    size = target.stat().st_size
    if size != file.size:
        raise StoreError(f"run {run_id} cannot be completed: {file.path} has {size} bytes, not {file.size}{_TRY}")


def _place_in_order(path: str) -> tuple[bool, str]:
    return path.startswith("runs/"), path  # the run's own row last: a glob that sees it sees the rest


def _targets(layout: Layout, files: Iterable[PublishedFile]) -> list[Path]:
    return sorted({(layout.root / f.path).parent for f in files})


def _folders_below(folder: Path) -> list[Path]:
    """All folders from `final/` down, the deepest first, then `folder` itself."""
    inside = [p for p in (folder / "final").rglob("*") if p.is_dir()]
    return [*sorted(inside, reverse=True), *(p for p in (folder / "final", folder) if p.is_dir())]


def _folders_above(layout: Layout, folders: Iterable[Path]) -> list[Path]:
    """The folders that name these, up to the output's own. A run that was killed may have made them and not synced."""
    above = {p for folder in folders for p in folder.parents if p == layout.root or layout.root in p.parents}
    return sorted(above | {layout.root}, reverse=True)


def _check_place(layout: Layout, run_id: str, path: str) -> None:
    """That a file lies where a reader looks for it and cannot take another's place."""
    top, *middle, name = path.split("/")
    in_dataset = top in DATASETS and len(middle) == 1 and _PARTITION.fullmatch(middle[0]) and name.endswith(".parquet")
    in_state = top == STATE and middle and middle[0] not in _OWN_STATE
    if not (in_dataset or in_state) or not name.startswith(run_id):
        raise StoreError(f"run {run_id} cannot publish {path}: not a file of a dataset or of _state/ named for the run")
    if (layout.root / path).exists():
        raise StoreError(f"run {run_id} cannot publish {path}: there is a file of that name")
    above = next(p for p in (layout.root / path).parents if p.exists())
    if above.stat().st_dev != layout.state.stat().st_dev:
        raise StoreError(f"{above} is on another file system than {layout.state}: a commit needs both on one")


def _check_removes(layout: Layout, removes: tuple[str, ...]) -> None:
    if removes:
        known = {f.path for f in manifest.published(volume.commits(layout))}
        for path in removes:
            if path not in known:
                raise StoreError(f"{path} cannot be taken back: no commit published it")


def _describe(final: Path, path: str) -> PublishedFile:
    with open(final / path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    rows = _rows(final / path, DATASETS.get(path.split("/")[0])) if path.endswith(".parquet") else None
    return PublishedFile(path, (final / path).stat().st_size, digest, rows)


def _rows(path: Path, schema: pa.Schema | None) -> int:
    """Rows of a Parquet file. Raises StoreError if it is none, or not of `schema`."""
    try:
        metadata = pq.read_metadata(path)
        same = schema is None or metadata.schema.to_arrow_schema().equals(schema)
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno == errno.EIO:
            raise
        raise StoreError(f"{path}: not a whole Parquet file: {error}") from error
    if not same:
        raise StoreError(f"{path}: its schema is not that of the dataset")
    return int(metadata.num_rows)
