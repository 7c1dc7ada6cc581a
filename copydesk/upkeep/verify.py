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

from copydesk.errors import IndexDamaged, StoreError, UsageError
from copydesk.index.segment import Segment
from copydesk.schema import DATASETS
from copydesk.store import lock, manifest, place, volume
from copydesk.store.dataset import TEXTS
from copydesk.store.layout import STATE, Layout
from copydesk.store.manifest import Commit, PublishedFile
from copydesk.upkeep import in_bucket, intact, relations, restored
from copydesk.upkeep.fault import Fault, Faults

__all__ = ["Fault", "index_faults", "present", "strays", "verify"]

_NOT_PUBLISHED = ("commits", "leases", "quarantine", "retired", "staging")
"""Folders of `_state/` whose files no manifest names."""

_ATTEMPTS = 3  # while other runs commit, files move under our eyes


def verify(root: Path | str, *, read_data: bool = False) -> list[Fault]:
    """All faults of the output at `root`, at most fault.MOST of a check; an empty list is what one hopes for.

    root: a folder, or the URL of an output in object storage, which is brought into its working copy whole.
    read_data: also read every byte and compare it with its manifest. Needs no lock, writes nothing under `root`;
    memory is bounded, whatever the output's size (DuckDB spills to the system's temporary folder).
    Raises UsageError if `root` is no folder; StoreError if the bucket cannot be asked.
    """
    root = place.opened(root)
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder")
    layout = Layout(root)
    for _ in range(_ATTEMPTS):
        before = sorted(layout.commits.glob("*"))
        try:
            faults = _verify(root, layout, read_data)
        except OSError as error:
            if place.of(root) is None:
                raise
            raise StoreError(f"{root}: {error.strerror or error}") from error
        if not faults or before == sorted(layout.commits.glob("*")):
            break
    return faults


def _verify(root: Path, layout: Layout, read_data: bool) -> list[Fault]:
    faults = Faults()
    there = present(root)  # before the manifests: what a run puts in place meanwhile is named by one
    prepared = _manifests(manifest.prepared(layout), faults)
    commits = _commits(layout, faults)
    _unfinished(layout, faults)
    published = manifest.published(commits)
    origin = place.of(root)
    wrong = in_bucket.check(origin, commits, faults, read_data=read_data) if origin else set()
    sound = []
    for file in published:
        if file.path.startswith(intact.INDEX) or file.path in wrong:
            continue
        if (fault := intact.fault(root, file, read_data=read_data)) is None:
            sound.append(file)
        else:
            faults.add(fault.check, fault.where, fault.message)
    for path, message in () if origin else strays(root, there, [*commits, *prepared], published):
        faults.add("stray", path, message)
    for fault in index_faults(root, published, there, read_data=read_data):
        faults.add(fault.check, fault.where, fault.message)
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


def _commits(layout: Layout, faults: Faults) -> list[Commit]:
    """All that can be read. What is bound meanwhile is not missed: who binds changes what `verify` looks at twice."""
    found = {commit.run_id: commit for commit in _manifests(manifest.committed(layout), faults)}
    for path in volume.paths(layout):
        try:
            for commit in volume.read(path):
                found.setdefault(commit.run_id, commit)
        except FileNotFoundError:
            continue
        except StoreError as error:
            faults.add("manifest", str(path), str(error))
    return [found[run] for run in sorted(found)]


def _unfinished(layout: Layout, faults: Faults) -> None:
    begun = manifest.prepared(layout)
    if begun and not lock.is_held(layout.lock):
        for path in begun:
            faults.add("unfinished", manifest.run_id(path), "its commit was interrupted; the next run completes it")


def index_faults(root: Path, published: list[PublishedFile], there: set[str], *, read_data: bool) -> list[Fault]:
    """What is wrong with the index: with one of its segments, or that it lacks texts that are published.

    Some segments may be named by no manifest: a run builds anew what it misses. An output without any has no fault.
    """
    named = {f.path for f in published if f.path.startswith(intact.INDEX)}
    if not named:
        return []
    own = {intact.INDEX + f.path.split("/")[-1].partition(".")[0].rpartition("-")[0] for f in published}
    paths = named | (there & own)
    faults = [f for path in sorted(paths) if (f := intact.segment_fault(root, path, read_data=read_data)) is not None]
    if faults:
        return faults
    try:
        entries = sum(len(Segment(root / path)) for path in paths)
    except IndexDamaged:  # it was replaced meanwhile
        return []
    texts = sum(f.rows or 0 for f in published if f.path.split("/")[0] in TEXTS)
    if entries == texts:
        return []
    message = f"{entries} entries for {texts} texts; `reindex` or --repair builds it anew"
    return [Fault("index", intact.INDEX, message)]
