"""The learn stage: which lines of a run are templates of their sites; and the apply stage, which takes them out.

What is known of a line is what the run's own parts and the index hold of it (lines.py). Nothing else is kept: the next
run judges anew, with more to go by. The result depends on the set of texts, not on their order or their parts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import cleaners
from cleaners import Cleaned, Removal, templates
from cleaners.cleaning import default
from copydesk import index, lines, points, sketch, tombstones
from copydesk.history import open_index
from copydesk.index import Index
from copydesk.lines import U64, Bools, Lines, Texts
from copydesk.parts import RECORDS, Part, removal_rows
from copydesk.records import MOSTLY_REMOVED
from copydesk.rulings import Rulings
from copydesk.rulings import load as load_rulings
from copydesk.store import Store

LINES_AT_ONCE = 1 << 22
"""So many lines of a run are judged together; at some hundred bytes each that bounds the memory."""

TEMPLATES = pa.schema([("row", pa.int32()), ("line", pa.uint64())])
"""In a part: the rows and lines to take out."""


def learn(parts: Sequence[Part], store: Store) -> list[Part]:
    """Write `templates` to each part that holds a line that is one. Returns those parts."""
    known, rulings = open_index(store), load_rulings(store)
    run = _Run.of(parts, known, store)
    sizes = lines.Sizes.count(np.concatenate([known.sites(), run.new_sites()]))
    turns = 1 + run.lines // LINES_AT_ONCE
    found = np.unique(np.concatenate([judged(run.held(n, turns), run.texts, known, sizes) for n in range(turns)]))
    points.checkpoint("learn: judged")
    told = []
    for place, part in enumerate(parts):
        held = part.read("lines")
        out = run.is_new[place][held["row"].to_numpy()] & _is_out(held, run.keys(place, held), found, rulings)
        if out.any():
            part.write("templates", held.select(TEMPLATES.names).filter(pa.array(out)))
            told.append(part)
    points.checkpoint("learn: written")
    return told


def judged(held: Lines, texts: Texts, known: Index, sizes: lines.Sizes) -> U64:
    """The keys of those lines that are templates, by what `held` and the index know of them. texts: of `held`."""
    held = held.ordered(texts.id)
    unique, group, counts = np.unique(held.key, return_inverse=True, return_counts=True)
    before, places, entries, marks = known.find_lines(unique)
    total = counts + before
    able = total >= templates.STORIES
    mine = np.flatnonzero(able[group])
    theirs = np.flatnonzero(able[places])
    both = lines.joined(texts.take(held.text[mine].astype(np.int64)), known.texts(entries[theirs]))
    groups = np.concatenate([group[mine], places[theirs]])
    all_marks = np.concatenate([held.marks[mine], marks[theirs]])
    sample = lines.sample(groups, both.id)
    spread = total[able] / sizes.of(unique[able])
    evidence = lines.weigh((np.cumsum(able) - 1)[groups[sample]], spread, both.take(sample), all_marks[sample])
    return unique[able][templates.judge(evidence)]


@dataclass(frozen=True, slots=True)
class _Run:
    """The records of a run's parts, numbered through. sites: of each record, see lines.site_keys. is_new: part by part,
    whether a record is new to the output."""

    parts: Sequence[Part]
    texts: Texts
    sites: list[U64]
    is_new: list[Bools]

    @classmethod
    def of(cls, parts: Sequence[Part], known: Index, store: Store) -> _Run:
        names = dict.fromkeys(("id", "item_key", *tombstones.COLUMNS, "minhash"))
        tables = [part.read("records").select(list(names)) for part in parts]
        forgotten = tombstones.load(store.files(f"_state/{tombstones.FOLDER}"))
        met: set[str] = set()
        is_new = []
        for table in tables:
            ids = table["id"].to_pylist()
            first = np.array([not (id_ in met or met.add(id_)) for id_ in ids], np.bool_)  # type: ignore[func-returns-value]
            is_new.append(first & ~known.known(ids) & ~forgotten.cover(table))
        texts = lines.joined(*map(index.texts_of, tables))
        return cls(parts, texts, [lines.site_keys(table["publisher"]) for table in tables], is_new)

    @property
    def lines(self) -> int:
        return sum(len(part.read("lines")) for part in self.parts)

    def new_sites(self) -> U64:
        """Of each new record."""
        return np.concatenate([lines.NONE.key, *(s[new] for s, new in zip(self.sites, self.is_new, strict=True))])

    def keys(self, place: int, held: pa.Table) -> U64:
        return lines.keys(held["line"].to_numpy(), self.sites[place][held["row"].to_numpy()])

    def held(self, turn: int, turns: int) -> Lines:
        """The lines of new records of known sites, every `turns`-th of their hashes from `turn` on."""
        found = [lines.NONE]
        start = 0
        for place, part in enumerate(self.parts):
            table = part.read("lines")
            line, row = table["line"].to_numpy(), table["row"].to_numpy()
            kept = self.is_new[place][row] & (self.sites[place][row] != 0)
            kept &= (line >> np.uint64(lines.SITE_BITS)) % np.uint64(turns) == np.uint64(turn)
            text = (row[kept] + start).astype(np.uint32)
            found.append(Lines(self.keys(place, table)[kept], text, table["marks"].to_numpy()[kept]))
            start += part.records
        return lines.join(found)


def _is_out(held: pa.Table, keys: U64, found: U64, rulings: Rulings) -> Bools:
    """Which lines are to be taken out, as they were judged and as users have ruled."""
    out = np.isin(keys, found) & (keys & lines.SITE != 0)
    if rulings.pinned or rulings.forbidden:
        names = held["line"].to_numpy() >> np.uint64(16)
        pinned, forbidden = (
            np.array([int(n, 16) for n in said], np.uint64) for said in (rulings.pinned, rulings.forbidden)
        )
        out = (out | np.isin(names, pinned)) & ~np.isin(names, forbidden)
    return np.asarray(out, np.bool_)


def apply(part: Part) -> Part:
    """The part with its templates taken out: text, removals and what follows from them.

    It writes beside what is there, so that it can be done again. Memory is that of the part.
    """
    records, cut, out = part.read("records"), part.read("removals"), part.read("templates")
    wanted: dict[int, set[int]] = {}
    for row, line in zip(out["row"].to_pylist(), out["line"].to_pylist(), strict=True):
        wanted.setdefault(row, set()).add(line)
    rows = pa.array(sorted(wanted), pa.int64())
    removals = _by_row(cut.filter(pc.is_in(cut["row"], value_set=rows.cast(pa.int32()))))
    told = records.select(["text", "language", "flags"]).take(rows).to_pylist()
    changed: dict[int, dict[str, Any]] = {}
    added: list[tuple[int, Removal]] = []
    for row, record in zip(rows.to_pylist(), told, strict=True):
        before = Cleaned(record["text"], removals.get(row, ()))
        source = cleaners.restore(before.text, before.removals)
        after = taken_out(source, before, wanted[row], record["language"])
        if after.removals != before.removals:
            changed[row] = _columns(source, after, record["flags"])
            added += [(row, r) for r in after.removals if r.category == templates.CATEGORY]
    part.write("records.applied", _with(records, changed))
    part.write("removals.applied", pa.concat_tables([cut, removal_rows(added)]))
    return replace(part, applied=True)


def taken_out(source: str, cleaned: Cleaned, out: Collection[int], language: str | None) -> Cleaned:
    """A cleaned text less the lines whose hashes are in `out`. source: the text before cleaning."""
    return templates.take_out(source, cleaned, out, lambda line: default().keeps(line, language))


def _by_row(cut: pa.Table) -> dict[int, tuple[Removal, ...]]:
    found: dict[int, list[Removal]] = {}
    for told in cut.to_pylist():
        row = told.pop("row")
        found.setdefault(row, []).append(Removal(**told | {"rules": tuple(told["rules"])}))
    return {row: tuple(sorted(removals, key=lambda r: r.start)) for row, removals in found.items()}


def _columns(source: str, cleaned: Cleaned, flags: Sequence[str]) -> dict[str, Any]:
    """What changes in a record with its text, but for the sketch."""
    removed = sum(r.end - r.start for r in cleaned.removals)
    mostly = ["mostly-removed"] * (removed > MOSTLY_REMOVED * len(source) and "mostly-removed" not in flags)
    return {
        "text": cleaned.text,
        "word_count": len(cleaned.text.split()),
        "char_count": len(cleaned.text),
        "removed_chars": removed,
        "flags": [*flags, *mostly],
    }


def _with(records: pa.Table, changed: dict[int, dict[str, Any]]) -> pa.Table:
    """The records with the columns of these rows changed, and their sketches."""
    if not changed:
        return records
    made = sketch.sketch([new["text"] for new in changed.values()])
    news = {name: pa.array([new[name] for new in changed.values()], RECORDS.field(name).type) for name in _CHANGE}
    place = np.arange(len(records))
    place[list(changed)] = len(records) + np.arange(len(changed))
    for name, column in (news | made.columns()).items():
        both = pa.chunked_array([*records[name].chunks, column.cast(RECORDS.field(name).type)])
        at = records.schema.get_field_index(name)
        records = records.set_column(at, RECORDS.field(name), both.take(pa.array(place)))
    return records


_CHANGE = ("text", "word_count", "char_count", "removed_chars", "flags")
