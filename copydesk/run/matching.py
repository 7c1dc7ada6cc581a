"""The match stage: a run's parts against each other and against history; decisions are left with the parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import Bools
from copydesk.articles.parts import RECORDS, Part
from copydesk.dedup.match import ADDED, NEW, ROWS, added_entries, match
from copydesk.garbage import give_back
from copydesk.index import lines
from copydesk.index.history import open_index
from copydesk.index.lines import Lines
from copydesk.index.segment import write_segment
from copydesk.run.bands import OfParts, keys_at
from copydesk.run.compared import ComparedTexts
from copydesk.store import tombstones
from copydesk.store.store import Store

Tasks = Callable[[str, Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
"""Maps a function of what it names over all of those, in any order (mapping.Map)."""

COLUMNS = [*NEW, "text_hash", "shingle_count"]
"""Of the records, what is compared."""


def decide(parts: Sequence[Part], store: Store, tasks: Tasks, scratch: Path, threads: int = 1) -> pa.Table:
    """Decide what every record of the run is; write each part's `decisions`.

    What was forgotten counts as seen. tasks: runs what is not done here: finds candidates and compares texts, by files
    in the folder `scratch`. threads: that do the rest, 0 for one a core. Returns the overlaps
    (match.Decisions.overlaps) that are not in the output yet.
    """
    forgotten = tombstones.load(store.files(f"_state/{tombstones.FOLDER}"))
    covered = forgotten.cover(_read(parts, "records", tombstones.COLUMNS)) if len(forgotten) else None
    numbers = np.arange(sum(part.records for part in parts)) if covered is None else np.flatnonzero(~covered)
    signed = OfParts(parts, numbers, partial(tasks, "bands"), scratch / "bands")
    index = open_index(store)
    compared = ComparedTexts(parts, numbers, store, index, partial(tasks, "compare"), scratch / "compare")
    decisions = match(_read(parts, "records", COLUMNS, covered), index, compared, threads, signed)
    decided = decisions.rows if covered is None else _with_forgotten(decisions.rows, parts, covered)
    start = 0
    for part in parts:
        part.write("decisions", decided.slice(start, part.records))
        start += part.records
    return _new_links(decisions.overlaps, store)


@dataclass(frozen=True, slots=True)
class Added:
    """What a run adds to the index: the records of its decided parts but those that were seen. path: of its segment."""

    parts: tuple[Part, ...]
    path: Path
    run_id: str

    def write(self) -> None:
        """Write the segment; nothing, if no text is added."""
        added = np.asarray(pc.not_equal(_read(self.parts, "decisions", ["kind"])["kind"], "seen"), np.bool_)
        if not added.any():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        numbers = np.flatnonzero(added)
        write_segment(  # it puts them in order; what they were before is not to be held here meanwhile
            self.path,
            _entries(self.parts),
            lambda rows: keys_at(self.parts, numbers[rows]),
            self.run_id,
            held=_held(self.parts, added),
        )


def _read(parts: Sequence[Part], name: str, columns: Sequence[str], without: Bools | None = None) -> pa.Table:
    """Columns of a file of all parts, less the rows of `without`. They are read when they are needed and not kept while
    others are: they are most of what a run has in memory."""
    empty = {"records": RECORDS, "decisions": ROWS}[name].empty_table().select(columns)
    whole = pa.concat_tables([empty, *(part.columns(name, columns) for part in parts)])
    return whole if without is None else whole.filter(pa.array(~without))


def _entries(parts: Sequence[Part]) -> pa.Table:
    """Those of the decided parts."""
    found = added_entries(_read(parts, "records", [*COLUMNS, "minhash"]), _read(parts, "decisions", ADDED))
    give_back()
    return found


def _held(parts: Sequence[Part], added: Bools) -> Lines:
    """The lines of the texts that the run adds, by their number among those."""
    number = np.where(added, np.cumsum(added) - 1, -1)
    found = []
    start = 0
    for part in parts:
        publishers = part.columns("records", ["publisher"])["publisher"]
        found.append(lines.keyed(part.read("lines"), publishers, number[start : start + part.records]))
        start += part.records
    return lines.join(found)


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
