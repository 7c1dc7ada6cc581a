"""The match stage: a run's parts against each other and against history; decisions are left with the parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import Bools
from copydesk.articles.parts import RECORDS, Part
from copydesk.dedup.match import NEW, ROWS, match
from copydesk.index.history import open_index
from copydesk.run.bands import OfParts
from copydesk.run.compared import ComparedTexts
from copydesk.store import tombstones
from copydesk.store.store import Store
from copydesk.workers.mapping import Map

COLUMNS = [*NEW, "text_hash", "shingle_count"]
"""Of the records, what is compared."""


def decide(parts: Sequence[Part], store: Store, tasks: Map, scratch: Path, threads: int = 1) -> pa.Table:
    """Decide what every record of the run is; write each part's `decisions`.

    What was forgotten counts as seen. tasks: runs what is not done here: finds candidates and compares texts, by files
    in the folder `scratch`, and what else is done in pieces. threads: that do the rest, 0 for one a core.
    Returns the overlaps (match.Decisions.overlaps) that are not in the output yet.
    """
    forgotten = tombstones.load(store.files(f"_state/{tombstones.FOLDER}"))
    covered = forgotten.cover(_read(parts, "records", tombstones.COLUMNS)) if len(forgotten) else None
    numbers = np.arange(sum(part.records for part in parts)) if covered is None else np.flatnonzero(~covered)
    signed = OfParts(parts, numbers, partial(tasks, "bands"), scratch / "bands")
    index = open_index(store)
    compared = ComparedTexts(parts, numbers, store, index, partial(tasks, "compare"), scratch / "compare")
    decisions = match(_read(parts, "records", COLUMNS, covered), index, compared, threads, signed, tasks)
    compared.close()
    decided = decisions.rows if covered is None else _with_forgotten(decisions.rows, parts, covered)
    start = 0
    for part in parts:
        part.write("decisions", decided.slice(start, part.records))
        start += part.records
    return _new_links(decisions.overlaps, store)


def _read(parts: Sequence[Part], name: str, columns: Sequence[str], without: Bools | None = None) -> pa.Table:
    """Columns of a file of all parts, less the rows of `without`. They are read when they are needed and not kept while
    others are: they are most of what a run has in memory."""
    empty = {"records": RECORDS, "decisions": ROWS}[name].empty_table().select(columns)
    whole = pa.concat_tables([empty, *(part.columns(name, columns) for part in parts)])
    return whole if without is None else whole.filter(pa.array(~without))


def _with_forgotten(rows: pa.Table, parts: Sequence[Part], forgotten: Bools) -> pa.Table:
    """The decisions on all records: on those that were forgotten, `seen`."""
    rows = rows.take(pa.array(np.cumsum(~forgotten) - 1, mask=forgotten))
    ids = _read(parts, "records", ["id"])["id"]
    kinds = pc.fill_null(rows["kind"], "seen")
    return rows.set_column(0, "id", ids).set_column(1, "kind", kinds).cast(ROWS)


def _new_links(links: pa.Table, store: Store) -> pa.Table:
    """Links between pairs of stories that no earlier run has linked."""
    if not len(links):
        return links
    told = store.dataset("overlaps").to_table(columns=["a", "b"], filter=pc.field("a").isin(links["a"].unique()))
    known = set(zip(told["a"].to_pylist(), told["b"].to_pylist(), strict=True))
    pairs = zip(links["a"].to_pylist(), links["b"].to_pylist(), strict=True)
    return links.filter(pa.array([pair not in known for pair in pairs], pa.bool_()))
