"""A run's index segment without its parts: from its rows, or from what matching decided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.dedup.match import Decisions
from copydesk.dedup.pairs import OfTable
from copydesk.index.entries import ENTRY, added_entries, describe
from copydesk.index.segment import write_segment
from copydesk.sketches import sketch
from copydesk.store.dataset import TEXTS
from copydesk.store.store import Store
from tests.copydesk.outputs import Row, table


def segment_from_rows(
    path: Path, articles: pa.Table, duplicates: pa.Table, revisions: pa.Table, run_id: str = ""
) -> None:
    """Write the segment of a run from its rows in the Parquet datasets (schema.ARTICLES and so on, with `text`)."""
    parts, keys = [], []
    for kind, rows in (("article", articles), ("duplicate", duplicates), ("revision", revisions)):
        for start in range(0, len(rows), 1024):
            described, of_block = describe(kind, rows.slice(start, 1024))
            parts.append(described)
            keys.append(of_block)
    entries = pa.concat_tables(parts) if parts else ENTRY.empty_table()
    write_segment(path, entries, np.concatenate(keys) if keys else np.empty((0, sketch.KEYS), np.uint64), run_id)


def segment_from_decisions(path: Path, new: pa.Table, decided: Decisions, run_id: str = "") -> None:
    """Write the segment of the records `new` that match() has decided on."""
    places = np.flatnonzero(pc.not_equal(decided.rows["kind"], "seen"))
    write_segment(path, added_entries(new, decided.rows), lambda rows: OfTable(new).keys(places[rows]), run_id)


def stage_segment(store: Store, run_id: str, part: dict[str, list[Row]]) -> None:
    """Write the segment of a part of tests.copydesk.outputs to where its run's staging has it."""
    path = store.layout.final(run_id) / store.index_path(run_id)
    path.parent.mkdir(parents=True)
    segment_from_rows(path, *(table(name, part.get(name, [])) for name in TEXTS), run_id)
