"""The match stage: a run's parts against each other and against history; decisions are left with the parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.articles.parts import RECORDS, Part
from copydesk.dedup import lines
from copydesk.dedup.lines import Lines
from copydesk.dedup.match import NEW, ROWS, match
from copydesk.dedup.segment import write_segment
from copydesk.garbage import give_back
from copydesk.run.bands import OfParts
from copydesk.run.compared import ComparedTexts
from copydesk.store import tombstones
from copydesk.store.history import open_index
from copydesk.store.store import Store

I64 = npt.NDArray[np.int64]
Tasks = Callable[[str, Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
"""Maps a function of what it names over all of those, in any order (mapping.Map)."""

COLUMNS = [*NEW, "text_hash", "shingle_count", "minhash"]


def decide(
    parts: Sequence[Part],
    store: Store,
    run_id: str,
    segment: Path,
    tasks: Tasks,
    scratch: Path,
    threads: int = 1,
) -> pa.Table:
    """Decide what every record of the run is; write each part's `decisions` and the run's index segment.

    segment: where to write it; nothing is written for a run that adds no text. What was forgotten counts as seen.
    tasks: runs what is not done here: finds candidates and compares texts, by files in the folder `scratch`. threads:
    that do the rest, 0 for one a core. Returns the overlaps (match.Decisions.overlaps) that are not in the output yet.
    """
    columns = [*COLUMNS, "canonical_url"]
    records = [part.columns("records", columns) for part in parts]
    new = pa.concat_tables([RECORDS.empty_table().select(columns), *records])
    forgotten = tombstones.load(store.files(f"_state/{tombstones.FOLDER}")).cover(new)
    ids = new["id"]
    if forgotten.any():
        new = new.filter(pa.array(~forgotten))
    index = open_index(store)
    numbers = np.flatnonzero(~forgotten)
    compared = ComparedTexts(parts, numbers, store, index, partial(tasks, "compare"), scratch / "compare")
    signed = OfParts(parts, numbers, partial(tasks, "bands"), scratch / "bands")
    decisions = match(new, index, compared, threads, signed)
    decided = _with_forgotten(decisions.rows, ids, forgotten)
    start = 0
    for part in parts:
        part.write("decisions", decided.slice(start, part.records))
        start += part.records
    entries, keys = decisions.entries(new, signed)
    overlaps, held = decisions.overlaps, _held(parts, decided)
    del new, records, ids, decisions, decided, compared
    give_back()
    if len(entries):
        segment.parent.mkdir(parents=True, exist_ok=True)
        write_segment(segment, entries, keys, run_id, held=held, threads=threads)
    return _new_links(overlaps, store)


def _held(parts: Sequence[Part], decided: pa.Table) -> Lines:
    """The lines of the texts that the run adds, by their number among those."""
    added = np.asarray(pc.not_equal(decided["kind"], "seen"))
    number = np.where(added, np.cumsum(added) - 1, -1)
    found = []
    start = 0
    for part in parts:
        publishers = part.columns("records", ["publisher"])["publisher"]
        found.append(lines.keyed(part.read("lines"), publishers, number[start : start + part.records]))
        start += part.records
    return lines.join(found)


def _with_forgotten(rows: pa.Table, ids: pa.ChunkedArray, forgotten: npt.NDArray[np.bool_]) -> pa.Table:
    """The decisions on all records: on those that were forgotten, `seen`."""
    if not forgotten.any():
        return rows
    places = pa.array(np.cumsum(~forgotten) - 1, mask=forgotten)
    rows = rows.take(places)
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
