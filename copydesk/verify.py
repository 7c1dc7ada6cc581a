"""Is an output as it should be? Every promise that can be checked from the files alone.

| check | what is wrong |
|---|---|
| manifest | a manifest cannot be read |
| unfinished | a commit was begun and nobody is completing it; the next run will |
| missing, size, sha256, parquet, schema, rows | a file is not as its manifest says; sha256 only with `read_data` |
| index | an index segment is damaged (its data only with `read_data`), or the index lacks rows |
| stray | a file in a dataset's folder or below `_state/` that no manifest names |
| books | what runs/ says of a run is not what the datasets hold (relations.py) |
| ids, story, duplicate_of, revises, overlaps, removals | a row twice, or a link to none (relations.py) |
| id, restore, counts | a row is not what its own columns say (restored.py) |
| unreadable | a file's data cannot be decoded |

docs/verify.md says what each means and what mends it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from copydesk import intact, lock, manifest, relations, restored
from copydesk.dataset import TEXTS
from copydesk.errors import IndexDamaged, StoreError, UsageError
from copydesk.fault import Fault, Faults
from copydesk.index import Segment
from copydesk.layout import STATE, Layout
from copydesk.manifest import Commit, PublishedFile
from copydesk.schema import DATASETS

__all__ = ["Fault", "present", "strays", "verify"]

_NOT_PUBLISHED = (
    "commits",
    "leases",
    "staging",
    "quarantine",
    "retired",
)  # folders of _state/ whose files no manifest names


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
    there = present(root)  # before the manifests: what a run puts in place meanwhile is named by one
    prepared = _manifests(manifest.prepared(layout), faults)
    commits = _manifests(manifest.committed(layout), faults)
    _unfinished(layout, faults)
    published = manifest.published(commits)
    sound = []
    for file in published:
        if (fault := intact.fault(root, file, read_data=read_data)) is None:
            sound.append(file)
        else:
            faults.add(fault.check, fault.where, fault.message)
    for path, message in strays(root, there, [*commits, *prepared], published):
        faults.add("stray", path, message)
    _index(root, published, sound, there, read_data, faults)
    paths = {name: [f.path for f in sound if f.path.startswith(f"{name}/")] for name in DATASETS}
    relations.check(root, paths, faults, [change for commit in commits for change in commit.changes])
    restored.check(root, paths, faults)
    return faults.all()


def present(root: Path) -> set[str]:
    """Relative paths of all files where only published ones may lie."""
    state = root / STATE
    inside = [f"{STATE}/{p.name}" for p in state.iterdir() if p.is_dir()] if state.is_dir() else []
    folders = [*DATASETS, *(path for path in inside if path.split("/")[1] not in _NOT_PUBLISHED)]
    found: set[str] = set()
    for name in folders:
        for folder, _, files in os.walk(root / name):
            found.update((Path(folder) / file).relative_to(root).as_posix() for file in files)
    return found


def strays(
    root: Path, there: set[str], commits: list[Commit], published: list[PublishedFile]
) -> Iterable[tuple[str, str]]:
    """(relative path, what is wrong) of each file of `there` that is not in force. commits: prepared ones too."""
    in_force = {f.path for f in published}
    named = {f.path for commit in commits for f in commit.files}
    removed = {path for commit in commits for path in commit.removes}
    rebuilt = {f"{intact.INDEX}{commit.run_id}" for commit in commits}
    for path in sorted(there - in_force - (rebuilt - removed)):
        if not os.path.lexists(root / path):
            continue
        if path in removed:
            yield path, "a later run took it back; it should be gone"
        elif path not in named:
            yield path, "no manifest names it: a glob reads it, and no run published it"


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


def _index(
    root: Path,
    published: list[PublishedFile],
    sound: list[PublishedFile],
    there: set[str],
    read_data: bool,
    faults: Faults,
) -> None:
    """Segments that were built anew and that no manifest names; and whether the index has all that is published."""
    named = {f.path for f in published if f.path.startswith(intact.INDEX)}
    if not named:
        return  # a run builds what is missing
    segments = {f.path for f in sound} & named
    for path in sorted(p for p in there - named if p.startswith(intact.INDEX)):
        fault = intact.segment_fault(root, path, read_data=read_data)
        if fault is None:
            segments.add(path)
    if named - segments:
        return  # told already
    try:
        entries = sum(len(Segment(root / path)) for path in segments)
    except IndexDamaged:
        return
    rows = sum(f.rows or 0 for f in published if f.path.split("/")[0] in TEXTS)
    if entries != rows:
        faults.add("index", intact.INDEX, f"{entries} entries for {rows} texts; --repair or `reindex` builds it anew")
