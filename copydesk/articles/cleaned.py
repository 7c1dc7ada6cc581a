"""Documents cleaned together, as Arrow columns: what the process stage writes of them beside what describes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaners import Cleaner, Fields, Source, templates
from cleaners.arrays import I64
from cleaners.batch import Batch
from copydesk import schema
from copydesk.index import lines

REMOVALS = pa.schema([pa.field("row", pa.int32()), *[f for f in schema.REMOVALS if f.name != "id"]])
"""removals/, with `row` (the record's row) in place of `id`."""

PLACES = pa.schema(
    [
        ("row", pa.int32()),
        ("line", pa.uint64()),
        ("start", pa.int32()),  # in code points of the text before cleaning
        ("length", pa.int32()),  # code points, to the next line with content
        ("begin", pa.int64()),  # in bytes of the text as cleaned
        ("size", pa.int64()),  # bytes
    ]
)
"""Where the lines stand that no rule touches: what would be taken out with each, if it is a template."""


@dataclass(frozen=True, slots=True)
class CleanedTexts:
    """n texts cleaned. text: large_string. words, chars: of it; removed: code points taken out. fields: by row.

    removals: REMOVALS. lines: lines.LINES. places: PLACES.
    """

    text: pa.LargeStringArray
    words: I64
    chars: I64
    removed: I64
    fields: dict[int, Fields]
    removals: pa.Table
    lines: pa.Table
    places: pa.Table

    def only(self, numbers: Sequence[int] | I64) -> CleanedTexts:
        """Some of the texts, by number, in order."""
        rows = np.asarray(numbers, np.int64)
        place = np.full(len(self.text), -1, np.int64)
        place[rows] = np.arange(len(rows))
        return CleanedTexts(
            self.text.take(pa.array(rows)),
            self.words[rows],
            self.chars[rows],
            self.removed[rows],
            {new: self.fields[old] for new, old in enumerate(rows.tolist()) if old in self.fields},
            *(_renumbered(table, place) for table in (self.removals, self.lines, self.places)),
        )


def clean(cleaner: Cleaner, sources: Sequence[Source]) -> tuple[list[int], CleanedTexts]:
    """The sources cleaned, those of a language one behind the other; and their numbers, in that order."""
    numbers: list[int] = []
    parts: list[CleanedTexts] = []
    for of_batch, batch in cleaner.batches(sources):
        numbers += of_batch
        parts.append(_columns(batch))
    return numbers, parts[0] if len(parts) == 1 else joined(parts)


def joined(parts: Sequence[CleanedTexts]) -> CleanedTexts:
    """The texts of several, in order."""
    if not parts:
        none = np.empty(0, np.int64)
        text = pa.array([], pa.large_string())
        tables = [of.empty_table() for of in (REMOVALS, lines.LINES, PLACES)]
        return CleanedTexts(text, none, none, none, {}, *tables)
    firsts = np.cumsum([0, *(len(part.text) for part in parts)]).tolist()

    def tables_of(name: str) -> pa.Table:
        return pa.concat_tables([moved(getattr(part, name), by) for by, part in zip(firsts, parts, strict=False)])

    return CleanedTexts(
        pa.concat_arrays([part.text for part in parts]),
        np.concatenate([part.words for part in parts]),
        np.concatenate([part.chars for part in parts]),
        np.concatenate([part.removed for part in parts]),
        {by + row: told for by, part in zip(firsts, parts, strict=False) for row, told in part.fields.items()},
        tables_of("removals"),
        tables_of("lines"),
        tables_of("places"),
    )


def moved(table: pa.Table, by: int) -> pa.Table:
    """With rows counted from `by` on."""
    return table.set_column(0, table.schema.field(0), pc.add(table["row"], pa.scalar(by, pa.int32()))) if by else table


def _renumbered(table: pa.Table, place: I64) -> pa.Table:
    """Of the rows that have a new place there, in order of it."""
    new = place[table["row"].to_numpy()]
    kept = np.flatnonzero(new >= 0)
    kept = kept[np.argsort(new[kept], kind="stable")]
    return table.take(pa.array(kept)).set_column(0, table.schema.field(0), pa.array(new[kept], pa.int32()))


def _columns(batch: Batch) -> CleanedTexts:
    left, ends = batch.left()
    words, chars = batch.counted(left, ends)
    text = strings(left, ends)
    of = np.repeat(np.arange(len(batch)), np.diff(batch.bounds, prepend=0))
    removed = np.bincount(of, batch.points[:, 1] - batch.points[:, 0], len(batch)).astype(np.int64)
    found = templates.occurring(batch.lined, batch.starts, batch.stops)
    removals, held = _removals(batch, of), lines.counted(found)
    return CleanedTexts(text, words, chars, removed, batch.fields, removals, held, _places(batch, found))


def strings(data: npt.NDArray[np.uint8], ends: I64) -> pa.LargeStringArray:
    """Strings that stand one behind the other. data: UTF-8. ends: of each."""
    offsets = np.append(0, ends).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data))


def _removals(batch: Batch, of: I64) -> pa.Table:
    removed, ends = batch.removed()
    ids, categories, fields = (pa.array(names, pa.string()) for names in batch.named())
    category, field = batch.told_of()
    field_column = fields.take(pa.array(field, mask=field < 0))
    offsets = pa.array(np.append(0, batch.rules_to), pa.int32())
    rules = ids.take(pa.array(batch.rules))
    columns = {
        "row": pa.array(of, pa.int32()),
        "start": pa.array(batch.points[:, 0], pa.int32()),
        "end": pa.array(batch.points[:, 1], pa.int32()),
        "text": strings(removed, ends),
        "rules": pa.ListArray.from_arrays(offsets, rules),
        "category": categories.take(pa.array(category)),
        "action": pa.array(["drop", "field"]).take(pa.array((field >= 0).astype(np.int64))),
        "field": field_column,
    }
    return pa.table([columns[name] for name in REMOVALS.names], REMOVALS.names).cast(REMOVALS)


def _places(batch: Batch, found: templates.Occurrences) -> pa.Table:
    of = batch.lined
    # What was taken out of the text before the line.
    taken = np.append(0, np.cumsum(batch.stops - batch.starts))
    before = taken[np.searchsorted(batch.starts, found.starts)] - taken[np.append(0, batch.bounds[:-1])[found.text]]
    points = batch.code_points(found.text, found.starts, found.stops)
    return pa.table(
        [
            found.text.astype(np.int32),
            found.line,
            points[:, 0].astype(np.int32),
            (points[:, 1] - points[:, 0]).astype(np.int32),
            found.starts - of.begins[found.text] - before,
            found.stops - found.starts,
        ],
        schema=PLACES,
    )
