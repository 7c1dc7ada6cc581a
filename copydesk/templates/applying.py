"""The apply stage: what the learn stage found to be templates is taken out of a part's texts.

Where the lines stand is known from the process stage (cleaned.PLACES), so that no text is read again: the parts that go
are cut out of the column as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaners import templates
from cleaners.arrays import I64, U64, Bools
from cleaners.batch import less, taken
from cleaners.reader import Reader, reader
from copydesk.articles import cleaning
from copydesk.articles.cleaned import REMOVALS, strings
from copydesk.articles.parts import RECORDS, Part
from copydesk.articles.records import MOSTLY_REMOVED
from copydesk.garbage import seldom_collected
from copydesk.settings import Settings
from copydesk.sketches import shingling, sketch

Kept = Callable[[Sequence[str], str | None], Sequence[bool]]

MOSTLY = "mostly-removed"


@seldom_collected
def apply(part: Part, settings: Settings) -> Part:
    """The part with its templates taken out: text, removals and what follows from them.

    It writes beside what is there, so that it can be done again. Texts are worked on as they lie in the part, a batch
    at a time: what is made of them is in memory no longer than that, and in the processor's cache.
    """
    records, shingles, cleaner = part.read("records"), part.read("shingles"), cleaning.cleaner(settings)
    cuts = _Cuts.of(part.read("places"), part.read("templates"))
    cuts = cuts.only(~_named(cuts.line, cleaner.without))
    cuts = cuts.only(~_kept(cuts, records, cleaner.kept))
    taken_out: list[_Cuts] = []
    start = 0
    with part.writing("records.applied", RECORDS) as told, part.writing("shingles.applied", shingling.COLUMNS) as held:
        for batch in records.to_batches():
            done = _Applied.of(batch, shingles.slice(start, len(batch)), cuts.within(start, len(batch)))
            told.write_table(done.records)
            held.write_table(done.shingles)
            taken_out.append(done.cuts.moved(start))
            start += len(batch)
    removals = _removals(_Cuts.joined(taken_out), records)
    part.write("removals.applied", pa.concat_tables([part.read("removals"), removals]))
    return replace(part, applied=True)


@dataclass(frozen=True, slots=True)
class _Applied:
    """Some rows of a part without their templates. cuts: what was taken out."""

    records: pa.Table
    shingles: pa.Table
    cuts: _Cuts

    @classmethod
    def of(cls, records: pa.RecordBatch, shingles: pa.Table, cuts: _Cuts) -> _Applied:
        """cuts: what is to be taken out. A text of which nothing would be left stays as it is."""
        texts = _Texts.of(records)
        changed = texts.without(cuts)
        empty = changed.words == 0
        if empty.any():
            cuts = cuts.only(~np.isin(cuts.row, changed.rows[empty]))
            changed = texts.without(cuts)
        made = sketch.sketch(changed.text)
        news = pa.table({"text": changed.text, **made.columns()})
        counted = _counted(pa.Table.from_batches([records]), changed, cuts)
        return cls(_with(counted, news, changed.rows), _with(shingles, made.shingles.table(), changed.rows), cuts)


@dataclass(frozen=True, slots=True)
class _Changed:
    """Texts of which something is taken out. rows: theirs, in order. text: what is left of each. words: in it."""

    rows: I64
    text: pa.LargeStringArray
    words: I64


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts, one behind the other as UTF-8. offsets: where each begins, and the last one ends."""

    data: npt.NDArray[np.uint8]
    offsets: I64
    with_: Reader

    @classmethod
    def of(cls, records: pa.RecordBatch) -> _Texts:
        column = records["text"]
        _, offsets, data = column.buffers()
        ends = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
        held = np.frombuffer(data, np.uint8)[: ends[-1]] if data is not None else np.empty(0, np.uint8)
        held.flags.writeable = False
        return cls(held, ends, reader(len(held)))

    def without(self, cuts: _Cuts) -> _Changed:
        """The texts that have cuts, less these."""
        rows = np.unique(cuts.row)
        starts = self.offsets[cuts.row] + cuts.begin
        bounds = np.searchsorted(cuts.row, rows, side="right")
        out, ends = less(self.data, self.offsets[rows], self.offsets[rows + 1], starts, starts + cuts.size, bounds)
        words, chars = np.empty_like(ends), np.empty_like(ends)
        self.with_.run("count_words", out, ends, self.with_.blanks, words, chars)
        return _Changed(rows, strings(out, ends), words)

    def parts(self, cuts: _Cuts) -> pa.LargeStringArray:
        """What the cuts take out."""
        starts = self.offsets[cuts.row] + cuts.begin
        return strings(taken(self.data, starts, starts + cuts.size), np.cumsum(cuts.size))


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Lines to be taken out, in order of rows and places; the columns are those of cleaned.PLACES."""

    row: I64
    line: U64
    start: I64
    length: I64
    begin: I64
    size: I64

    @classmethod
    def of(cls, places: pa.Table, out: pa.Table) -> _Cuts:
        """The places of what is to be taken out. out: learn.TEMPLATES."""
        known, code = np.unique(out["line"].to_numpy(), return_inverse=True)
        wanted = out["row"].to_numpy().astype(np.int64) * len(known) + code
        row, line = places["row"].to_numpy().astype(np.int64), places["line"].to_numpy()
        place = np.minimum(np.searchsorted(known, line), len(known) - 1)
        chosen = np.flatnonzero((known[place] == line) & np.isin(row * len(known) + place, wanted))
        chosen = chosen[np.lexsort((places["begin"].to_numpy()[chosen], row[chosen]))]
        columns = (places[name].to_numpy()[chosen].astype(np.int64) for name in ("start", "length", "begin", "size"))
        return cls(row[chosen], line[chosen], *columns)

    @classmethod
    def joined(cls, parts: Sequence[_Cuts]) -> _Cuts:
        """Those of some rows and of rows behind them."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    def moved(self, by: int) -> _Cuts:
        """With rows counted from `by` on."""
        return replace(self, row=self.row + by)

    def within(self, start: int, count: int) -> _Cuts:
        """Those of so many rows from `start` on, which is row 0 of them."""
        first, last = np.searchsorted(self.row, [start, start + count]).tolist()
        return _Cuts(*(getattr(self, name)[first:last] for name in self.__slots__)).moved(-start)

    def only(self, rows: I64 | Bools) -> _Cuts:
        return _Cuts(*(getattr(self, name)[rows] for name in self.__slots__))


def _named(line: U64, without: Collection[str]) -> Bools:
    """Which lines are of templates that are to be left alone."""
    if not any(name.startswith(templates.RULE) for name in without):
        return np.zeros(len(line), np.bool_)
    return np.array([templates.rule_id(hash_) in without for hash_ in line.tolist()], np.bool_)


def _kept(cuts: _Cuts, records: pa.Table, kept: Kept) -> Bools:
    """Which lines must stay, in a text of its language. Each is asked about once, those of a language together."""
    if not len(cuts.row):
        return np.zeros(0, np.bool_)
    spoken = records["language"].combine_chunks().dictionary_encode()
    language = spoken.indices.fill_null(-1).to_numpy(zero_copy_only=False)[cuts.row]
    _, code = np.unique(cuts.line, return_inverse=True)
    _, first, which = np.unique(code * (len(spoken.dictionary) + 1) + language, return_index=True, return_inverse=True)
    in_order = np.argsort(first)
    lines = np.empty(len(first), object)
    taken_out = _taken_out(cuts.only(first[in_order]), records).to_pylist()
    lines[in_order] = [told.split("\n", 1)[0] for told in taken_out]
    names = [*spoken.dictionary.to_pylist(), None]
    found = np.zeros(len(lines), np.bool_)
    for number in np.unique(language[first]).tolist():
        here = np.flatnonzero(language[first] == number)
        found[here] = kept(lines[here].tolist(), names[number])
    return np.asarray(found[which], np.bool_)


def _taken_out(cuts: _Cuts, records: pa.Table) -> pa.ChunkedArray:
    """What the cuts take out of the records' texts: large_string."""
    found: list[pa.LargeStringArray] = []
    start = 0
    for batch in records.select(["text"]).to_batches():
        found.append(_Texts.of(batch).parts(cuts.within(start, len(batch))))
        start += len(batch)
    return pa.chunked_array(found, pa.large_string())


def _removals(cuts: _Cuts, records: pa.Table) -> pa.Table:
    known, which = np.unique(cuts.line, return_inverse=True)
    rules = pa.array([templates.rule_id(line) for line in known.tolist()], pa.string()).take(pa.array(which))
    count = len(cuts.row)
    columns = {
        "row": cuts.row.astype(np.int32),
        "start": cuts.start.astype(np.int32),
        "end": (cuts.start + cuts.length).astype(np.int32),
        "text": _taken_out(cuts, records).cast(pa.string()),
        "rules": pa.ListArray.from_arrays(pa.array(np.arange(count + 1), pa.int32()), rules),
        "category": pa.repeat(templates.CATEGORY, count),
        "action": pa.repeat("drop", count),
        "field": pa.nulls(count, pa.string()),
    }
    return pa.table([columns[name] for name in REMOVALS.names], schema=REMOVALS)


def _counted(records: pa.Table, changed: _Changed, cuts: _Cuts) -> pa.Table:
    """The records with the counts and flags that follow from the cuts."""
    gone = np.bincount(cuts.row, cuts.length, len(records)).astype(np.int64)
    chars = records["char_count"].to_numpy().astype(np.int64) - gone
    removed = records["removed_chars"].to_numpy().astype(np.int64) + gone
    words = records["word_count"].to_numpy().copy()
    words[changed.rows] = changed.words
    news = {"word_count": words, "char_count": chars, "removed_chars": removed}
    mostly = np.flatnonzero((gone > 0) & (removed > MOSTLY_REMOVED * (chars + removed))).tolist()
    if mostly:
        flags = records["flags"].to_pylist()
        for row in mostly:
            if MOSTLY not in flags[row]:
                flags[row] = [*flags[row], MOSTLY]
        news["flags"] = flags
    for name, column in news.items():
        kind = RECORDS.field(name)
        records = records.set_column(records.schema.get_field_index(name), kind, pa.array(column, kind.type))
    return records


def _with(table: pa.Table, news: pa.Table, rows: I64) -> pa.Table:
    """The table with other values in some of its rows, which are in order. news: some of its columns, of these rows."""
    runs = _runs(rows, len(table))
    for name in news.column_names if len(rows) else ():
        kind = table.schema.field(name)
        both = table[name], news[name].cast(kind.type)
        pieces = [piece for which, start, count in runs for piece in both[which].slice(start, count).chunks if count]
        column = pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces)
        table = table.set_column(table.schema.get_field_index(name), kind, column)
    return table


def _runs(rows: I64, count: int) -> list[tuple[int, int, int]]:
    """What stands in `count` rows of which some are new, run by run: 0 of the old ones or 1 of the new, from which on,
    and how many."""
    found: list[tuple[int, int, int]] = []
    old = new = 0
    for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1) if len(rows) else ():
        found += [(0, old, int(run[0]) - old), (1, new, len(run))]
        old, new = int(run[-1]) + 1, new + len(run)
    return [*found, (0, old, count - old)]
