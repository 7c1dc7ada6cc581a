"""maintain: many small files become fewer larger ones, and what crashes and commits left behind goes. No row changes.

Files of one partition are merged part by part (rewrite.py), index segments of consecutive runs, the ledger's and the
tombstones' deltas; all of it in one commit. What is replaced stays under `_state/retired/` for a while, for readers
who opened the dataset before. Then the manifests are bound (bind.py).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

from copydesk.errors import IndexDamaged, StoreError, UsageError
from copydesk.index import history, lines
from copydesk.index.history import SegmentFile
from copydesk.index.lines import Lines
from copydesk.index.segment import Segment, write_segment
from copydesk.schema import DATASETS
from copydesk.store import bind, disk, ledger, manifest, parquet, run_ids, tombstones
from copydesk.store.layout import STATE
from copydesk.store.store import Store
from copydesk.upkeep.rewrite import OF_PART, Part, Rewrite, parts, told_in_words

T = TypeVar("T")

GRACE_HOURS = 24.0
"""How long what was replaced stays for who still reads it."""

MOST_GRACE_HOURS = 1_000_000
"""A century: what can still be reckoned with as a date."""

_ALONE = tuple(name for name in DATASETS if name not in OF_PART)  # datasets whose files stand for themselves


@dataclass(frozen=True, slots=True)
class Limits:
    """How large merging makes things. What has half of it already is left alone, so that no row is copied often.

    rows: of texts in a part, or of another file. bytes: of a part, on disk; some six times as much in memory.
    entries: of an index segment. manifests: of a volume.
    """

    rows: int = 32_768
    bytes: int = 64 * 1024 * 1024
    entries: int = 131_072
    manifests: int = 4_096


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done, or would be. run_id: of the commit, None if there was nothing to merge.

    files: data files that were merged; into: how many came of them. segments, state: index segments and other files
    of `_state/` that were merged. manifests: files of `_state/commits/` that went into others. pruned: folders of
    replaced files that were deleted. mended: see Store.recover.
    """

    run_id: str | None
    files: int
    into: int
    segments: int
    state: int
    manifests: int
    pruned: int
    mended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sized(Generic[T]):
    """Something to merge. one, two: its size in two measures."""

    what: T
    one: int
    two: int


@dataclass(frozen=True, slots=True)
class _Plan:
    parts: list[list[Part]]
    files: list[list[str]]
    segments: list[list[SegmentFile]]
    state: dict[str, list[str]]  # folder -> files

    @property
    def empty(self) -> bool:
        return not (self.parts or self.files or self.segments or self.state)

    @property
    def paths(self) -> list[str]:
        """Of the data files that are merged."""
        of_parts = [path for group in self.parts for part in group for path in part.values()]
        return [*of_parts, *(path for group in self.files for path in group)]


def maintain(
    root: Path,
    *,
    grace_hours: float = GRACE_HOURS,
    dry_run: bool = False,
    limits: Limits | None = None,
    wait: float = 0.0,
) -> Maintained:
    """Merge, and prune what was replaced more than `grace_hours` ago. dry_run: only say what would be done.

    wait: seconds to wait for another run to end. Doing it again does nothing. Raises UsageError if grace_hours are out
    of range, LockedError, StoreError.
    """
    if not 0 <= grace_hours <= MOST_GRACE_HOURS:
        raise UsageError(f"grace_hours: must be from 0 to {MOST_GRACE_HOURS:,}, not {grace_hours:g}")
    store, limits = Store(root), limits or Limits()
    if dry_run:
        bound = bind.count(store.layout, limits.manifests)
        return _told(_plan(store, limits), None, bound, _prune(store, grace_hours, dry_run=True))
    with store.lock("maintain", wait):
        mended = store.recover()
        pruned = _prune(store, grace_hours)
        plan = _plan(store, limits)
        run_id = None if plan.empty else _merge(plan, store)
        bound = bind.bind(store, limits.manifests)
        return _told(plan, run_id, bound, pruned, mended)


def _merge(plan: _Plan, store: Store) -> str:
    """The commit that merges; returns its run id."""
    run_id = store.new_run_id(dt.datetime.now(dt.UTC))
    with store.staging(run_id) as staging:
        rewrite = Rewrite(store, run_id, staging / "final")
        with told_in_words(store.root):
            store.fetch(plan.paths)
            _stage(plan, rewrite)
        if rewrite.changes:
            raise StoreError(f"{store.root}: merging would change rows ({rewrite.changes[:3]}); nothing was done")
        history.drop_unnamed(store)
        rewrite.commit(keep=True)
    return run_id


def _prune(store: Store, grace_hours: float, dry_run: bool = False) -> int:
    """Delete what was replaced long enough ago; how many folders that are."""
    oldest = run_ids.of(dt.datetime.now(dt.UTC) - dt.timedelta(hours=grace_hours))
    expired = sorted(p for p in store.layout.all_retired.glob("*") if p.name <= oldest)
    if not dry_run:
        for folder in expired:
            disk.remove_tree(folder)
    return len(expired) + (store.origin.prune(oldest, dry_run) if store.origin else 0)


def _plan(store: Store, limits: Limits) -> _Plan:
    files = {f.path: f for f in manifest.published(store.commits())}
    by_day: dict[str, list[_Sized[Part]]] = defaultdict(list)
    for key, part in parts(store).items():
        rows = sum(files[path].rows or 0 for name, path in part.items() if name != "removals")
        by_day[key.split("/")[0]].append(_Sized(part, rows, sum(files[path].size for path in part.values())))
    alone: dict[str, list[_Sized[str]]] = defaultdict(list)
    for path, file in sorted(files.items()):
        if path.split("/")[0] in _ALONE:
            alone[path.rsplit("/", 1)[0]].append(_Sized(path, file.rows or 0, file.size))
    return _Plan(
        parts=[group for sized in by_day.values() for group in _bins(sized, limits.rows, limits.bytes)],
        files=[group for sized in alone.values() for group in _bins(sized, limits.rows, limits.bytes)],
        segments=_segments(store, limits.entries),
        state={name: found for name in ("ledger", tombstones.FOLDER) if len(found := _state(files, name)) > 1},
    )


def _bins(sized: Iterable[_Sized[T]], one: int, two: int) -> list[list[T]]:
    """Groups of at least two, each of what has less than half of either measure, until the group has half of one."""
    groups: list[list[T]] = []
    open_: list[T] = []
    ones = twos = 0
    for thing in sized:
        if 2 * thing.one >= one or 2 * thing.two >= two:
            continue
        open_.append(thing.what)
        ones, twos = ones + thing.one, twos + thing.two
        if 2 * ones >= one or 2 * twos >= two:
            groups.append(open_)
            open_, ones, twos = [], 0, 0
    return [group for group in [*groups, open_] if len(group) > 1]


def _segments(store: Store, entries: int) -> list[list[SegmentFile]]:
    """Groups of consecutive segments; and those alone that no manifest names, so that one does."""
    groups: list[list[SegmentFile]] = [[]]
    total = 0
    for file in history.segments(store):
        size = _size(store.root / file.path)
        if 2 * size >= entries:
            groups += [[file], []]
            total = 0
            continue
        groups[-1].append(file)
        total += size
        if 2 * total >= entries:
            groups.append([])
            total = 0
    return [g for g in groups if len(g) > 1 or not all(file.named for file in g)]


def _size(segment: Path) -> int:
    try:
        return len(Segment(segment))
    except IndexDamaged:  # built anew when it is merged
        return 0


def _state(files: Iterable[str], name: str) -> list[str]:
    return [path for path in files if path.startswith(f"{STATE}/{name}/")]


def _stage(plan: _Plan, rewrite: Rewrite) -> None:
    store = rewrite.store
    for group in plan.parts:
        old = [path for part in group for path in part.values()]
        new = {name: _read(store, name, [p[name] for p in group if name in p]) for name in OF_PART}
        rewrite.replace(old, {name: rows for name, rows in new.items() if len(rows)})
    for paths in plan.files:
        name = paths[0].split("/")[0]
        rewrite.replace(paths, {name: _read(store, name, paths)})
    for segments in plan.segments:
        _merge_segments([history.open_segment(store, file) for file in segments], rewrite.segment(segments))
    for name, paths in plan.state.items():
        path = rewrite.state(name, paths)
        if name == tombstones.FOLDER:
            rows = tombstones.read([store.root / p for p in paths])
            tombstones.write(rows.group_by(rows.column_names).aggregate([]).cast(tombstones.SCHEMA), path)
        else:
            ledger.write(store.ledger().without_names(()), path)


def _read(store: Store, name: str, paths: Sequence[str]) -> pa.Table:
    return pa.concat_tables(
        [DATASETS[name].empty_table(), *(parquet.read(store.root / p, DATASETS[name]) for p in paths)]
    )


def _merge_segments(segments: Sequence[Segment], path: Path) -> None:
    """One segment of several, which are in the order of their runs; as one built from the texts would be."""
    entries = pa.concat_tables([segment.entries for segment in segments])
    keys = np.concatenate([s.keys() for s in segments])
    held, start = [], 0
    for segment in segments:
        own = segment.lines()
        held.append(Lines(own.key, own.text + np.uint32(start), own.marks))
        start += len(segment)
    write_segment(path, entries, keys, path.name, held=lines.join(held), ordered=True)


def _told(plan: _Plan, run_id: str | None, bound: int, pruned: int, mended: Sequence[str] = ()) -> Maintained:
    names = [{name for part in group for name in part} for group in plan.parts]
    return Maintained(
        run_id=run_id,
        files=sum(len(part) for group in plan.parts for part in group) + sum(map(len, plan.files)),
        into=sum(map(len, names)) + len(plan.files),
        segments=sum(map(len, plan.segments)),
        state=sum(map(len, plan.state.values())),
        manifests=bound,
        pruned=pruned,
        mended=tuple(mended),
    )
