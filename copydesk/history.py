"""What was ingested before, as the match stage asks for it: the index of all runs, mended where it is damaged."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from copydesk import dataset, disk, parquet
from copydesk.errors import IndexDamaged
from copydesk.index import Index, Segment, segment_from_rows
from copydesk.manifest import Commit
from copydesk.schema import DATASETS
from copydesk.store import Store


def open_index(store: Store) -> Index:
    """The index of all committed runs. A segment that is missing, damaged or of other parameters is rebuilt first."""
    return Index([_segment(store, commit) for commit in store.commits() if _has_texts(commit)])


def reindex(root: Path) -> int:
    """Build every segment anew from the Parquet, under the lock. Returns how many there are."""
    store = Store(root)
    with store.lock("reindex"):
        store.recover()
        commits = [commit for commit in store.commits() if _has_texts(commit)]
        for commit in commits:
            _rebuild(store, commit)
    return len(commits)


def _segment(store: Store, commit: Commit) -> Segment:
    path = store.root / store.index_path(commit.run_id)
    try:
        return Segment(path)
    except IndexDamaged:
        _rebuild(store, commit)
        return Segment(path)


def _rebuild(store: Store, commit: Commit) -> None:
    """Write a run's segment from its rows. Complete under another name first, so that none is ever half written."""
    path = store.root / store.index_path(commit.run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".rebuilt")
    articles, duplicates, revisions = (_rows(store, commit, name) for name in dataset.TEXTS)
    segment_from_rows(fresh, articles, duplicates, revisions, commit.run_id)
    fresh.replace(path)
    disk.sync_folder(path.parent)


def _rows(store: Store, commit: Commit, name: str) -> pa.Table:
    paths = [store.root / f.path for f in commit.files if f.path.startswith(f"{name}/")]
    tables = [parquet.read(path, DATASETS[name]) for path in paths]
    return pa.concat_tables(tables) if tables else DATASETS[name].empty_table()


def _has_texts(commit: Commit) -> bool:
    return any(f.path.startswith(f"{name}/") for f in commit.files for name in dataset.TEXTS)
