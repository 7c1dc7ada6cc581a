"""`copydesk reclean`: the texts restored and cleaned with today's rules, from the Parquet alone.

All are cleaned twice: first to count the lines that rules leave, so that templates are judged as if all texts had come
in one run; then to be published.

Ids stay: they are those of the items as they were found. What a row is, and of what, stays as well: nothing is matched
again. The figures of pairs (duplicates, revisions, overlaps) of which a text changed are measured anew, exactly. One
commit replaces the parts that change; who reads the earlier files goes on reading them. again.py says what becomes of a
row.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleaners import Cleaned, Removal
from copydesk.articles import cleaning
from copydesk.dedup.match import relation
from copydesk.index import history
from copydesk.schema import DATASETS
from copydesk.settings import Settings
from copydesk.sketches import sketch
from copydesk.sketches.similarity import measure
from copydesk.store import dataset, parquet
from copydesk.store.store import Store
from copydesk.upkeep import again
from copydesk.upkeep.again import Before, Row
from copydesk.upkeep.rewrite import OF_PART, Part, Rewrite, parts
from copydesk.upkeep.templating import Desk

EXAMPLES = 5
"""Texts that change, kept to be shown."""

_PAIRS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Example:
    """A row that changes: what is taken out of it that was not, and what is put back."""

    id: str
    title: str | None
    taken: list[str]
    put_back: list[str]


@dataclass(slots=True)
class Recleaned:
    """What cleaning again changes, or did.

    rows: looked at. changed: of those. texts: rows whose text changes. chars_taken, chars_put_back: code points.
    not_restored: rows whose text before cleaning cannot be had; left alone, verify tells more. emptied: rows of which
    nothing would be left; left alone. rules: rule -> rows of which it takes something that it did not take, and the
    reverse. pairs: measured anew. run_id: of the commit; None if nothing was written.
    """

    rows: int = 0
    changed: int = 0
    texts: int = 0
    chars_taken: int = 0
    chars_put_back: int = 0
    not_restored: int = 0
    emptied: int = 0
    pairs: int = 0
    rules: dict[str, dict[str, int]] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    run_id: str | None = None


def preview(root: Path, settings: Settings | None = None) -> Recleaned:
    """What `reclean` would change. Needs no lock, writes nothing to the output. Raises UsageError for wrong rules."""
    done = Recleaned()
    store = Store(root)
    with tempfile.TemporaryDirectory(prefix="copydesk-") as scratch:
        desk = Desk.of(store, settings or Settings(), Path(scratch))
        for part in parts(store).values():
            for _ in _blocks(store, part, done, desk):
                pass
    return done


def reclean(root: Path, settings: Settings | None = None) -> Recleaned:
    """Clean all texts again and publish what changes, in one commit.

    settings: which rules, and whether to take out what sites repeat (else what was taken out is put back).
    Memory is that of one part. Raises LockedError, StoreError if a file cannot be read (see verify), and UsageError for
    rules that are wrong.
    """
    store = Store(root)
    settings = settings or Settings()
    cleaning.cleaner(settings)  # rules that are wrong are told before anything is done
    with store.lock("reclean"):
        store.recover()
        store.fetch()
        run_id = store.new_run_id(dt.datetime.now(dt.UTC))
        with store.staging(run_id) as staging:
            desk = Desk.of(store, settings, staging / "counted")
            work = _Work(store, staging / "recleaned", desk)
            work.clean()
            if work.done.changed:
                rewrite = Rewrite(store, run_id, staging / "final")
                work.publish(rewrite)
                history.drop_unnamed(store)
                rewrite.commit(keep=True)
                work.done.run_id = run_id
            return work.done


class _Work:
    """scratch: a folder for the parts that change, as Parquet, until the figures of their pairs are known."""

    def __init__(self, store: Store, scratch: Path, desk: Desk) -> None:
        self.store, self.scratch, self.desk = store, scratch, desk
        self.done = Recleaned()
        self.parts = parts(store)
        self.now: dict[str, dict[str, Path]] = {}  # part -> dataset -> where its rows are, of all parts
        self.texts_changed: set[str] = set()
        self.runs: set[str] = set()

    def clean(self) -> None:
        for name, part in self.parts.items():
            self.now[name] = {kind: self.store.root / path for kind, path in part.items()}
            tables: dict[str, list[pa.Table]] = {kind: [] for kind in OF_PART}
            changed = False
            for kind, rows, cut, ids in _blocks(self.store, part, self.done, self.desk):
                tables[kind].append(rows)
                tables["removals"].append(cut)
                changed |= bool(ids)
                self.texts_changed.update(id_ for id_, text_changes in ids.items() if text_changes)
                self.runs.update(_runs(rows, ids))
            if changed:
                self.now[name] = self._keep(name, tables)

    def _keep(self, name: str, tables: Mapping[str, list[pa.Table]]) -> dict[str, Path]:
        kept = {}
        for kind, blocks in tables.items():
            if blocks and sum(map(len, blocks)):
                kept[kind] = self.scratch / kind / name
                parquet.write(pa.concat_tables(blocks), kept[kind], kind)
        return kept

    def publish(self, rewrite: Rewrite) -> None:
        for name, part in self.parts.items():
            tables = self._measured(name)
            if tables or any(self.store.root / path != self.now[name].get(kind) for kind, path in part.items()):
                whole = {kind: parquet.read(path, DATASETS[kind]) for kind, path in self.now[name].items()}
                rewrite.replace(part.values(), whole | tables)
        for path in dataset.published(self.store.root, "overlaps"):
            links = parquet.read(self.store.root / path, DATASETS["overlaps"])
            rows = self._pairs(links, "a", "b")
            if rows:
                rewrite.replace([path], {"overlaps": self._with_figures(links, rows, "overlaps")})
        rewrite.reindex(self.runs)

    def _measured(self, name: str) -> dict[str, pa.Table]:
        """The tables of a part with pairs of which a text changed."""
        tables = {}
        for kind, other in (("duplicates", "duplicate_of"), ("revisions", "revises")):
            if (path := self.now[name].get(kind)) is None:
                continue
            if not self._pairs(parquet.columns(path, DATASETS[kind], ["id", other]), "id", other):
                continue
            table = parquet.read(path, DATASETS[kind])
            rows = self._pairs(table, "id", other)
            self.runs.update(table["run_id"].take(pa.array(rows)).to_pylist())
            tables[kind] = self._with_figures(table, rows, kind)
        return tables

    def _pairs(self, table: pa.Table, a: str, b: str) -> list[int]:
        """Rows of which one of the two texts changed."""
        both = zip(table[a].to_pylist(), table[b].to_pylist(), strict=True)
        return [i for i, pair in enumerate(both) if not self.texts_changed.isdisjoint(pair)]

    def _with_figures(self, table: pa.Table, rows: Sequence[int], kind: str) -> pa.Table:
        a, b = {"overlaps": ("a", "b"), "duplicates": ("id", "duplicate_of"), "revisions": ("id", "revises")}[kind]
        told = table.select(list(_FIGURES[kind])).to_pydict()
        for start in range(0, len(rows), _PAIRS_AT_ONCE):
            block = rows[start : start + _PAIRS_AT_ONCE]
            firsts, seconds = (table[n].take(pa.array(block)).to_pylist() for n in (a, b))
            for row, figures in zip(block, self._figures(firsts, seconds), strict=True):
                for column, value in zip(_FIGURES[kind], figures, strict=False):
                    told[column][row] = value
        self.done.pairs += len(rows)
        for column, values in told.items():
            place = table.schema.get_field_index(column)
            table = table.set_column(
                place, table.schema.field(column), pa.array(values, table.schema.field(column).type)
            )
        return table

    def _figures(self, a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[float, float, float, str]]:
        """jaccard, share of a found in b, the reverse, and the relation, of each pair."""
        texts = self._texts(sorted({*a, *b}))
        figures = measure(a, b, lambda ids: texts)
        hashes = dict(zip(texts, sketch.sketch(list(texts.values())).text_hash, strict=True))
        for i, pair in enumerate(zip(a, b, strict=True)):
            same = hashes[pair[0]] is not None and hashes[pair[0]] == hashes[pair[1]]
            found = (1.0, 1.0, 1.0) if same else (figures.jaccard[i], figures.a_in_b[i], figures.b_in_a[i])
            jaccard, in_b, in_a = map(float, found)
            yield jaccard, in_b, in_a, relation(in_b, in_a, same)

    def _texts(self, ids: Sequence[str]) -> dict[str, str]:
        paths = [str(path) for kinds in self.now.values() for kind, path in kinds.items() if kind in dataset.TEXTS]
        return dataset.texts(Path(), paths, ids)


_FIGURES = {
    "overlaps": ("jaccard", "containment_ab", "containment_ba"),
    "duplicates": ("jaccard", "containment_in_original", "containment_of_original", "relation"),
    "revisions": ("jaccard",),
}
"""Columns, in the order of _Work._figures."""


def _blocks(
    store: Store, part: Part, done: Recleaned, desk: Desk
) -> Iterator[tuple[str, pa.Table, pa.Table, dict[str, bool]]]:
    """(dataset, rows, removals, changed id -> whether its text changes) of a part, cleaned again, block by block."""
    for kind, rows, removals in again.blocks(store.root, part):
        yield kind, *_cleaned(rows, removals, kind, done, desk)


def _cleaned(
    rows: list[Row], removals: Mapping[str, Sequence[Row]], kind: str, done: Recleaned, desk: Desk
) -> tuple[pa.Table, pa.Table, dict[str, bool]]:
    known = [again.before(row, again.removals_of(row, removals)) for row in rows]
    cleaned = iter(desk.clean([old for old in known if old is not None]))
    changed: dict[str, bool] = {}
    kept: list[Row] = []
    for i, old in enumerate(known):
        done.rows += 1
        cut = list(removals.get(rows[i]["id"], ()))
        if old is None:
            done.not_restored += 1
        else:
            result = next(cleaned)
            new = again.after(old, result)
            if new is None:
                done.emptied += 1
            elif new != old.row or result.removals != old.removals:
                changed[new["id"]] = new["text"] != old.row["text"]
                _tell(old, result, done, changed[new["id"]])
                rows[i] = new
                cut = [_row(new["id"], r) for r in result.removals]
        kept += cut
    table = pa.Table.from_pylist(rows, schema=DATASETS[kind])
    return table, pa.Table.from_pylist(kept, schema=DATASETS["removals"]), changed


def _tell(old: Before, cleaned: Cleaned, done: Recleaned, text_changes: bool) -> None:
    done.changed += 1
    done.texts += text_changes
    was, now = set(_spans(old.removals)), set(_spans(cleaned.removals))
    for name, spans in (("takes_more", now - was), ("takes_less", was - now)):
        for rule in {rule for rule, _, _ in spans}:
            counts = done.rules.setdefault(rule, {"takes_more": 0, "takes_less": 0})
            counts[name] += 1
    taken, put_back = _only(cleaned.removals, old.removals), _only(old.removals, cleaned.removals)
    removed_now, removed_then = (sum(r.end - r.start for r in rs) for rs in (cleaned.removals, old.removals))
    done.chars_taken += max(0, removed_now - removed_then)
    done.chars_put_back += max(0, removed_then - removed_now)
    if text_changes and len(done.examples) < EXAMPLES:
        done.examples.append(Example(old.row["id"], old.row["title"], taken, put_back))


def _spans(removals: Sequence[Removal]) -> Iterator[tuple[str, int, int]]:
    return ((rule, r.start, r.end) for r in removals for rule in r.rules)


def _only(removals: Sequence[Removal], others: Sequence[Removal]) -> list[str]:
    there = {(r.start, r.end) for r in others}
    return [r.text for r in removals if (r.start, r.end) not in there]


def _row(id_: str, removal: Removal) -> dict[str, Any]:
    names = ("start", "end", "text", "category", "action", "field")
    return {"id": id_, "rules": list(removal.rules), **{name: getattr(removal, name) for name in names}}


def _runs(rows: pa.Table, ids: Mapping[str, bool]) -> list[str]:
    taken = rows.filter(pc.is_in(rows["id"], value_set=pa.array(list(ids), pa.string())))
    return list(Counter(taken["run_id"].to_pylist()))
