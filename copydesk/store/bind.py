"""Binding: `maintain` puts the manifests of old runs into volumes (volume.py). They change place and nothing else.

A volume is written whole under the staging folder, synced, and renamed into `_state/commits/`; when that is on the
disk, the single manifests and smaller volumes that it holds are removed. Killed in between, both are there, which
readers take for one; the next `maintain` removes what is left over. A holder of the lock that was taken for dead finds
its staging seized and binds nothing.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from copydesk import points
from copydesk.store import disk, manifest, volume
from copydesk.store.layout import Layout
from copydesk.store.store import Store


@dataclass(frozen=True, slots=True)
class _Bound:
    """A single manifest or a volume. runs: whose manifests it holds."""

    path: Path
    runs: tuple[str, ...]

    @property
    def single(self) -> bool:
        return self.path.suffix != volume.SUFFIX


def count(layout: Layout, most: int) -> int:
    """How many files `bind` would put into volumes or remove."""
    return len(_left_over(layout)) + sum(map(len, _groups(layout, most)))


def bind(store: Store, most: int) -> int:
    """Put manifests into volumes, under the lock; a volume of half of `most` runs is left alone.

    Returns how many files went. Doing it again does nothing. Raises LockedError, StoreError.
    """
    gone = _left_over(store.layout)
    for path in gone:
        _remove(store, [path])
    groups = _groups(store.layout, most)
    for group in groups:
        content = volume.encode(line for one in group for line in _manifests(one))
        runs = [run for one in group for run in one.runs]
        run_id = store.new_run_id(dt.datetime.now(dt.UTC))
        with store.staging(run_id) as staging:
            draft = staging / volume.name(runs)
            disk.write_new(draft, content)
            points.checkpoint("bind: before rename")
            store.check_lock()
            try:
                disk.rename(draft, store.layout.commits / draft.name)
            except FileNotFoundError:
                store.check_lock()  # who took the lock over took the staging, too
                raise
            disk.sync_folder(store.layout.commits)
            points.checkpoint("bind: bound")
        _remove(store, [one.path for one in group])
    return len(gone) + sum(map(len, groups))


def _remove(store: Store, paths: list[Path]) -> None:
    """What a volume on the disk holds. Looks at the lock first: another may have taken that volume apart to mend it."""
    store.check_lock()
    for path in paths:
        disk.remove(path)
    disk.sync_folder(store.layout.commits)


def _all(layout: Layout) -> list[_Bound]:
    """Everything that holds manifests, by its first run; of what begins with one run, the larger first."""
    singles = [_Bound(path, (manifest.run_id(path),)) for path in manifest.committed(layout)]
    volumes = []
    for path in volume.paths(layout):
        with suppress(FileNotFoundError):  # who only counts has no lock
            volumes.append(_Bound(path, tuple(commit.run_id for commit in volume.read(path))))
    return sorted([*volumes, *singles], key=lambda one: (one.runs[0], -len(one.runs), one.single))


def _left_over(layout: Layout) -> list[Path]:
    """What a volume that is there holds as well."""
    held: set[str] = set()
    over = []
    for one in _all(layout):
        if held.issuperset(one.runs):
            over.append(one.path)
        held.update(one.runs)
    return over


def _groups(layout: Layout, most: int) -> list[list[_Bound]]:
    """Neighbours to put into one volume, until it has half of `most` runs."""
    over = set(_left_over(layout))
    groups: list[list[_Bound]] = []
    group: list[_Bound] = []
    for one in _all(layout):
        if one.path in over or (one.single and layout.staging(one.runs[0]).exists()):  # `recover` is not done with it
            continue
        if 2 * len(one.runs) < most:
            group.append(one)
        if 2 * len(one.runs) >= most or 2 * sum(len(o.runs) for o in group) >= most:
            groups.append(group)
            group = []
    return [group for group in [*groups, group] if len(group) > 1]


def _manifests(one: _Bound) -> list[bytes]:
    content = one.path.read_bytes()
    if one.single:
        manifest.read(one.path)  # whole, or it raises
        return [content]
    volume.decode(content)
    return content.splitlines()[1:]
