"""What a run adds to the index: one of the tasks that publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import Bools
from copydesk.articles.parts import Part
from copydesk.index import lines
from copydesk.index.entries import ADDED, added_entries
from copydesk.index.lines import Lines
from copydesk.index.segment import write_segment
from copydesk.run.bands import keys_at

_OF_RECORDS = (
    "id",
    "item",
    "publisher",
    "title",
    "published_at",
    "char_count",
    "text_hash",
    "shingle_count",
    "minhash",
)


@dataclass(frozen=True, slots=True)
class Added:
    """The records of decided parts but those that were seen. path: of the run's segment."""

    parts: tuple[Part, ...]
    path: Path
    run_id: str

    def write(self) -> None:
        """Write the segment; nothing, if no text is added."""
        kinds = (part.columns("decisions", ["kind"])["kind"] for part in self.parts)
        added = np.concatenate([np.empty(0, np.bool_), *(np.asarray(pc.not_equal(kind, "seen")) for kind in kinds)])
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


def _entries(parts: Sequence[Part]) -> pa.Table:
    """Those of the decided parts. Part by part: what they are made from takes twice their memory."""
    return pa.concat_tables(
        [added_entries(part.columns("records", _OF_RECORDS), part.columns("decisions", ADDED)) for part in parts]
    )


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
