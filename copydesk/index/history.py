"""What was ingested before, as the match stage asks for it: the index of all runs, mended where it is damaged.

`_state/index/<run_id>` is the segment of a run as its commit published it; `_state/index/<commit>.<first>.<last>` the
one that a later commit wrote for the runs from `first` to `last`, because rows of them had gone or to merge segments.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.errors import IndexDamaged
from copydesk.index import lines
from copydesk.index.entries import ENTRY, describe
from copydesk.index.index import Index
from copydesk.index.lines import Lines
from copydesk.index.segment import Segment, write_segment
from copydesk.schema import DATASET_OF, DATASETS, REMOVALS
from copydesk.sketches import sketch
from copydesk.store import dataset, disk, manifest, parquet
from copydesk.store.layout import STATE
from copydesk.store.store import Store

INDEX = f"{STATE}/index"

_KIND_OF = {name: kind for kind, name in DATASET_OF.items()}
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A segment in force. path: relative to the output. first, last: the runs whose rows it holds, and all between.

    named: whether a manifest names it; one that was lost and built anew lies at its place without.
    """

    path: str
    first: str
    last: str
    named: bool = True

    def holds(self, run_id: str) -> bool:
        return self.first <= run_id <= self.last


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of one of dataset.TEXTS. path: where it lies. mixed: whether it may hold rows of several runs."""

    dataset: str
    path: Path
    run_id: str
    mixed: bool


def open_index(store: Store) -> Index:
    """The index of all committed runs. A segment that is missing, damaged or of other parameters is rebuilt first."""
    return Index([open_segment(store, file) for file in segments(store)])


def reindex(root: Path) -> int:
    """Build every segment anew from the Parquet, under the lock. Returns how many there are.

    In a folder they are written where they are; in object storage a commit puts them in the place of the old ones.
    """
    store = Store(root)
    with store.lock("reindex"):
        store.recover(index=False)
        files = segments(store)
        if store.origin:
            store.fetch(f.path for f in manifest.published(store.commits()) if not f.path.startswith(f"{INDEX}/"))
            republish(store, files)
        else:
            for file in files:
                _rebuild(store, file)
    return len(files)


def republish(store: Store, files: Sequence[SegmentFile]) -> None:
    """Build segments anew and publish them in the place of the old ones. Needs the lock, and all files of texts."""
    run_id = store.new_run_id(dt.datetime.now(dt.UTC))
    with store.staging(run_id) as staging:
        for file in files:
            path = staging / "final" / segment_path(run_id, file.first, file.last)
            path.parent.mkdir(parents=True, exist_ok=True)
            if not build(path, file.first, file.last, text_files(store)):
                path.unlink()
        drop_unnamed(store)
        store.commit(run_id, [file.path for file in files if file.named], keep=True)


def segments(store: Store) -> list[SegmentFile]:
    """The segments in force, in the order of the runs they hold; one for every run that has rows."""
    commits = store.commits()
    rewriting = {commit.run_id for commit in commits if commit.removes}
    published = manifest.published(commits)
    named = [_segment_file(f.path) for f in published if f.path.startswith(f"{INDEX}/")]
    texts = {run_of(f.path) for f in published if f.path.split("/")[0] in dataset.TEXTS} - rewriting
    lost = [run for run in sorted(texts) if not any(file.holds(run) for file in named)]
    return sorted([*named, *(SegmentFile(f"{INDEX}/{run}", run, run, False) for run in lost)], key=lambda f: f.first)


def drop_unnamed(store: Store) -> None:
    """Delete segments that were lost and built anew, which no manifest names: the next run makes what it needs."""
    named = {store.root / file.path for file in segments(store) if file.named}
    for path in sorted((store.root / INDEX).rglob("*")):
        if path.is_file() and path not in named:
            disk.remove(path)


def segment_path(commit: str, first: str, last: str) -> str:
    """Where a commit publishes a segment of other runs, relative to the output."""
    return f"{INDEX}/{commit}.{first}.{last}"


def text_files(store: Store) -> list[TextFile]:
    """The published files of dataset.TEXTS."""
    commits = store.commits()
    rewriting = {commit.run_id for commit in commits if commit.removes}
    files = [f.path for f in manifest.published(commits) if f.path.split("/")[0] in dataset.TEXTS]
    return [TextFile(p.split("/")[0], store.root / p, run_of(p), run_of(p) in rewriting) for p in files]


def holding(files: Sequence[TextFile], segments: Sequence[SegmentFile]) -> list[TextFile]:
    """Those of the files that may hold rows of the runs that these segments are of."""
    return [file for file in files if file.mixed or any(segment.holds(file.run_id) for segment in segments)]


def build(path: Path, first: str, last: str, files: Iterable[TextFile]) -> int:
    """Write the segment of the runs from `first` to `last` to `path`, from their rows in the files. Returns how many.

    The memory is that of the segment and of one block of texts.
    """
    entries, keys, runs = [ENTRY.empty_table()], [np.empty((0, sketch.KEYS), np.uint64)], [pa.array([], pa.string())]
    held: list[Lines] = []
    count = 0
    for kind, rows, removals in _rows(files, first, last):
        counted, before_templates = lines.recount(rows, removals)
        described, of_rows = describe(kind, rows)
        entries.append(lines.with_minhash(described, before_templates))
        keys.append(of_rows)
        runs.extend(rows["run_id"].chunks)
        held.append(lines.keyed(counted, rows["publisher"], np.arange(count, count + len(rows))))
        count += len(rows)
    table = pa.concat_tables(entries)
    order = _order(table, pa.chunked_array(runs))
    in_order, keys_in_order = table.take(pa.array(order)), np.concatenate(keys)[order]
    write_segment(path, in_order, keys_in_order, path.name, held=lines.join(held).renumbered(order), ordered=True)
    return len(table)


def run_of(path: str) -> str:
    """The commit that a published file is named for."""
    return path.rsplit("/", 1)[1].split(".")[0][:22]


def _segment_file(path: str) -> SegmentFile:
    commit, *runs = path.rsplit("/", 1)[1].split(".")
    first, last = runs or (commit, commit)
    return SegmentFile(path, first, last)


def open_segment(store: Store, file: SegmentFile) -> Segment:
    """A segment, rebuilt first if it is missing or damaged."""
    try:
        return Segment(store.root / file.path)
    except IndexDamaged:
        _rebuild(store, file)
        return Segment(store.root / file.path)


def _rebuild(store: Store, file: SegmentFile) -> None:
    """Write a segment from its rows. Complete under another name first, so that none is ever half written."""
    path = store.root / file.path
    store.fetch()  # any file may have rows of it
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = path.with_name(f"{path.name}.rebuilt")
    fresh = folder / path.name  # the name is in it
    folder.mkdir(exist_ok=True)
    build(fresh, file.first, file.last, text_files(store))
    store.check_lock()
    disk.rename(fresh, path)
    folder.rmdir()
    disk.sync_folder(path.parent)


def _rows(files: Iterable[TextFile], first: str, last: str) -> Iterator[tuple[str, pa.Table, pa.Table]]:
    """(kind, rows, their removals) of the runs from `first` to `last`, in blocks."""
    for file in files:
        if not file.mixed and not first <= file.run_id <= last:
            continue
        removals = _removals(file.path)
        with pq.ParquetFile(file.path) as opened:
            groups = [g for g in range(opened.num_row_groups) if _may_hold(opened.metadata.row_group(g), first, last)]
            for batch in opened.iter_batches(_ROWS_AT_ONCE, row_groups=groups):
                rows = parquet.complete(pa.Table.from_batches([batch]), DATASETS[file.dataset])
                runs = rows["run_id"]
                rows = rows.filter(pc.and_(pc.greater_equal(runs, first), pc.less_equal(runs, last)))
                own = pc.is_in(removals["id"], value_set=rows["id"].combine_chunks())
                yield _KIND_OF[file.dataset], rows, removals.filter(own)


def _removals(texts: Path) -> pa.Table:
    """The removals of the part that a file of texts, published or staged, is of; none if there is no file of them."""
    path = texts.parents[2] / "removals" / texts.parent.name / texts.name
    if not path.exists():
        return REMOVALS.empty_table()
    return parquet.read(path, REMOVALS)


def _may_hold(group: pq.RowGroupMetaData, first: str, last: str) -> bool:
    for i in range(group.num_columns):
        column = group.column(i)
        if column.path_in_schema == "run_id" and column.statistics is not None and column.statistics.has_min_max:
            return bool(column.statistics.min <= last and column.statistics.max >= first)
    return True


def _order(entries: pa.Table, runs: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Row numbers by run, then in order of precedence (entries.precedence)."""
    table = entries.select(["published_at", "char_count", "id"]).append_column("run", runs)
    keys = [("run", "ascending"), ("published_at", "ascending"), ("char_count", "descending"), ("id", "ascending")]
    return np.asarray(pc.sort_indices(table, sort_keys=keys)).astype(np.int64)
