"""A run's index segment made from its rows at once: what the rebuilt one is held against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from copydesk.index.entries import ENTRY, describe
from copydesk.index.segment import write_segment
from copydesk.sketches import sketch


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
