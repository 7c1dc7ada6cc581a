"""Is an output as it should be? Every promise that can be checked from the files alone.

| check | what is wrong |
|---|---|
| manifest | a manifest cannot be read |
| unfinished | a commit was begun and nobody is completing it; the next run will |
| missing, size, sha256, parquet, schema, rows | a file is not as its manifest says; sha256 only with `read_data` |
| stray | a file in a dataset's folder, the ledger or the index that no manifest names |
| books | what runs/ says of a run is not what the datasets hold (relations.py) |
| ids, story, duplicate_of, revises, overlaps, removals | a row twice, or a link to none (relations.py) |
| id, restore, counts | a row is not what its own columns say (restored.py) |
| unreadable | a file's data cannot be decoded |
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from copydesk import lock, manifest, relations, restored
from copydesk.errors import StoreError, UsageError
from copydesk.fault import Fault, Faults
from copydesk.layout import STATE, Layout
from copydesk.manifest import Commit, PublishedFile
from copydesk.parquet import BROKEN
from copydesk.schema import DATASETS

__all__ = ["Fault", "verify"]

_FOLDERS = (*DATASETS, f"{STATE}/ledger", f"{STATE}/index")


def verify(root: Path, *, read_data: bool = False) -> list[Fault]:
    """All faults of the output at `root`, at most fault.MOST of a check; an empty list is what one hopes for.

    read_data: also read every byte and compare it with its manifest. Needs no lock, writes nothing under `root`;
    memory is bounded, whatever the output's size (DuckDB spills to the system's temporary folder).
    Raises UsageError if `root` is no folder.
    """
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder")
    faults = Faults()
    layout = Layout(root)
    present = _present(root)  # before the manifests: what a run puts in place meanwhile is named by one
    prepared = _manifests(manifest.prepared(layout), faults)
    commits = _manifests(manifest.committed(layout), faults)
    _unfinished(layout, faults)
    published = manifest.published(commits)
    sound = [f for f in published if _is_sound(root, f, read_data, faults)]
    _strays(root, present, [*commits, *prepared], published, faults)
    paths = {name: [f.path for f in sound if f.path.startswith(f"{name}/")] for name in DATASETS}
    relations.check(root, paths, faults)
    restored.check(root, paths, faults)
    return faults.all()


def _manifests(paths: Iterable[Path], faults: Faults) -> list[Commit]:
    commits = []
    for path in paths:
        try:
            commits.append(manifest.read(path))
        except StoreError as error:
            if path.exists():  # else it was completed since we looked
                faults.add("manifest", str(path), str(error))
    return commits


def _unfinished(layout: Layout, faults: Faults) -> None:
    begun = manifest.prepared(layout)
    if begun and not lock.is_held(layout.lock):
        for path in begun:
            faults.add("unfinished", manifest.run_id(path), "its commit was interrupted; the next run completes it")


def _present(root: Path) -> set[str]:
    """Relative paths of all files where only published ones may lie."""
    found: set[str] = set()
    for name in _FOLDERS:
        for folder, _, files in os.walk(root / name):
            found.update((Path(folder) / file).relative_to(root).as_posix() for file in files)
    return found


def _strays(
    root: Path, present: set[str], commits: list[Commit], published: list[PublishedFile], faults: Faults
) -> None:
    in_force = {f.path for f in published}
    named = {f.path for commit in commits for f in commit.files}
    removed = {path for commit in commits for path in commit.removes}
    for path in sorted(present - in_force):
        if not os.path.lexists(root / path):
            continue
        if path in removed:
            faults.add("stray", path, "a later run took it back; it should be gone")
        elif path not in named:
            faults.add("stray", path, "no manifest names it: a glob reads it, and no run published it")


def _is_sound(root: Path, file: PublishedFile, read_data: bool, faults: Faults) -> bool:
    """Whether a file can be read further; tells what is wrong with it."""
    path = root / file.path
    try:
        size = path.stat().st_size
        if size != file.size:
            faults.add("size", file.path, f"{size} bytes; the manifest says {file.size}")
            return False
        if read_data and _sha256(path) != file.sha256:
            faults.add("sha256", file.path, "its bytes are not those that were published")
            return False
        return file.rows is None or _is_sound_parquet(path, file, faults)
    except FileNotFoundError:
        faults.add("missing", file.path, "the manifest names it, and it is not there")
    except OSError as error:
        faults.add("unreadable", file.path, str(error))
    return False


def _is_sound_parquet(path: Path, file: PublishedFile, faults: Faults) -> bool:
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    except BROKEN as error:
        faults.add("parquet", file.path, str(error))
        return False
    if metadata.num_rows != file.rows:
        faults.add("rows", file.path, f"{metadata.num_rows} rows; the manifest says {file.rows}")
    wanted = DATASETS.get(file.path.split("/")[0])
    if wanted is not None and not schema.equals(wanted):
        faults.add("schema", file.path, "its columns are not those of the dataset")
        return False
    return True


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
