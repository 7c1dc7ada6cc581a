"""The publish stage: a processed and matched part becomes final Parquet files, staged for the one commit of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import Bools
from copydesk import schema
from copydesk.articles.parts import Part
from copydesk.errors import TaskError
from copydesk.model import RunInfo
from copydesk.run.adding import Added
from copydesk.store import parquet


@dataclass(frozen=True, slots=True)
class Published:
    """Rows that a part added, by dataset, and the records and rejects in it that were known already."""

    articles: int = 0
    duplicates: int = 0
    revisions: int = 0
    seen: int = 0
    rejects: int = 0

    def __add__(self, other: Published) -> Published:
        return Published(
            self.articles + other.articles,
            self.duplicates + other.duplicates,
            self.revisions + other.revisions,
            self.seen + other.seen,
            self.rejects + other.rejects,
        )


NOBODY = -1
"""Which part tells of a reject that is known already."""


def publish(what: Part | Added, run: RunInfo, tellers: Mapping[str, int], final: Path) -> Published:
    """Write a part's rows to their datasets under `final`, or what all parts add to the index.

    The files of a part have one name in all datasets: the removals of a row lie in the file of removals/ that is
    named like the row's own. tellers: of some rejects, by id, the number of the part that alone tells of them, or
    NOBODY; of the others every part does.
    """
    if isinstance(what, Part):
        return _publish_part(what, run, tellers, final)
    what.write()
    return Published()


def _publish_part(part: Part, run: RunInfo, tellers: Mapping[str, int], final: Path) -> Published:
    records, decisions = part.read("records"), part.read("decisions")
    kinds = decisions["kind"]
    counts: dict[str, int] = {}
    for kind, dataset in schema.DATASET_OF.items():
        rows = _rows(records, decisions, run, schema.DATASETS[dataset])
        counts[dataset] = _write(rows, dataset, run, final, part.number, np.asarray(pc.equal(kinds, kind)))
    removals = part.read("removals")
    removals = removals.append_column("id", records["id"].take(removals["row"]))
    published = np.asarray(pc.not_equal(kinds, "seen"))[removals["row"].to_numpy()]
    _write(removals.select(schema.REMOVALS.names), "removals", run, final, part.number, published)
    told = part.read("rejects")
    rejects = _new_rejects(told, part.number, tellers)
    rejects = rejects.append_column("run_id", pa.array([run.run_id] * len(rejects), pa.string()))
    added = _write(rejects.select(schema.REJECTS.names), "rejects", run, final, part.number)
    seen = pc.sum(pc.equal(kinds, "seen")).as_py() or 0
    if seen + sum(counts.values()) != part.records:  # nothing is lost in silence
        raise TaskError(f"part {part.number}: {part.records} records, but {counts} and {seen} seen before")
    return Published(**counts, seen=seen + len(told) - added, rejects=added)


def _rows(records: pa.Table, decisions: pa.Table, run: RunInfo, wanted: pa.Schema) -> pa.Table:
    """Records with their decisions and the run's columns, in the order of `wanted`."""
    columns = {}
    for field in wanted:
        if field.name in records.schema.names:
            columns[field.name] = records[field.name]
        elif field.name in decisions.schema.names:
            columns[field.name] = decisions[field.name]
        else:
            value = {"ingested_at": run.started_at, "run_id": run.run_id}[field.name]
            columns[field.name] = pa.repeat(pa.scalar(value, field.type), len(records))
    return pa.table(columns, schema=wanted)


def _new_rejects(rejects: pa.Table, number: int, tellers: Mapping[str, int]) -> pa.Table:
    """Rejects of a part that it tells of, each once."""
    told: set[str] = set()
    first = []
    for row, id_ in enumerate(rejects["id"].to_pylist()):
        if id_ not in told and tellers.get(id_, number) == number:
            told.add(id_)
            first.append(row)
    return rejects.take(pa.array(first, pa.int64()))


def _write(table: pa.Table, dataset: str, run: RunInfo, final: Path, number: int, chosen: Bools | None = None) -> int:
    """Write rows, if there are any; how many. chosen: which of the table; default: all."""
    count = len(table) if chosen is None else int(chosen.sum())
    if count:
        parquet.write(table, final / run.path(dataset, number), dataset, chosen)
    return count
