"""The distinct texts that a run's matching is about, numbered: those of the run, then published ones behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import I64, Bools
from copydesk.dedup.identity import Identity, Ordered
from copydesk.index.entries import codes_of, id_array, one
from copydesk.index.index import Index
from copydesk.sketches.shingling import Shingles
from copydesk.sketches.similarity import Counts, Stretch


class Compared(Protocol):
    """The shingles of the cleaned texts that are compared."""

    def of_run(self, rows: I64) -> Shingles:
        """Those of rows of the run as it was handed in, in ascending order."""

    def count(self, one: I64, two: I64, stretches: Sequence[Stretch]) -> Counts:
        """What similarity.counted() says of pairs of rows of the run."""

    def expect(self, ids: Sequence[str]) -> None:
        """Published ids that may be asked for, some more than once; distinct. Texts of others are read when they are
        asked for."""

    def of_history(self, ids: Sequence[str]) -> Shingles:
        """Those of published ids, in the order asked for. Raises KeyError for an id that is not published."""


class History:
    """Published texts: the index entries of these numbers, read at once. table: ENTRY. ids: of all, if at hand."""

    def __init__(self, index: Index, numbers: I64, table: pa.Table | None = None, ids: list[str] | None = None) -> None:
        self.index, self.numbers = index, numbers
        self.table = index.entries(numbers) if table is None else table
        self.ids = _hex(self.table["id"]) if ids is None else ids
        self.sizes = np.asarray(self.table["shingle_count"], np.int64)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def kinds(self) -> npt.NDArray[np.int64]:
        """What each is: see entries."""
        return np.asarray(self.table["kind"], np.int64)

    @cached_property
    def core(self) -> Bools:
        """Whether weak pairs may attach to it."""
        return np.asarray(self.table["core"], np.bool_)

    @cached_property
    def stories(self) -> list[str]:
        """The ids of their stories, each once."""
        return _hex(pa.chunked_array([self._stories.dictionary]))

    @cached_property
    def story(self) -> I64:
        """Of each the place of its story in `stories`."""
        return np.asarray(self._stories.indices, np.int64)

    @cached_property
    def articles(self) -> I64:
        """The entries that the stories are named for."""
        return self.index.find_ids(self._stories.dictionary)

    @cached_property
    def _stories(self) -> pa.DictionaryArray:
        return codes_of(self.table["story"])

    def with_ids(self, ids: Iterable[str]) -> History:
        """These, and behind them the published texts of `ids` that are not among them."""
        missing = sorted(set(ids).difference(self.ids))
        if not missing:
            return self
        numbers = self.index.find_ids(id_array(missing))
        table = pa.concat_tables([self.table, self.index.entries(numbers)])
        return History(self.index, np.concatenate([self.numbers, numbers]), table, [*self.ids, *missing])


class Nodes:
    """A node for each distinct text of first versions, and one for each of revisions, numbered by their first rows.

    rows: of each its first. of_row: of each row its node, -1 if it was seen before. base: whether it is of a first
    version. sizes: shingles. hashes: of the texts. twins: pairs of nodes, of a first version and of revisions, that
    have the same text.
    """

    def __init__(self, table: Ordered, identity: Identity, compared: Compared) -> None:
        """table: the rows: id, publisher, title, text_hash, shingle_count."""
        self._table, self._order, self._compared = table, table.order, compared
        first_versions = identity.first_versions
        rows = np.flatnonzero(~identity.seen)
        coded = codes_of(table.at("text_hash", rows))
        codes = np.asarray(pc.fill_null(coded.indices, -1), np.int64)
        # A text of nothing stays alone.
        keys = np.where(codes < 0, -1 - np.arange(len(rows)), codes * 2 + first_versions[rows])
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        by_row = np.argsort(first)
        number = np.empty(len(first), np.int64)
        number[by_row] = np.arange(len(first))
        self.rows: I64 = rows[first[by_row]]
        self.of_row = np.full(len(table), -1, np.int64)
        self.of_row[rows] = number[inverse]
        self.base: Bools = first_versions[self.rows]
        self.sizes = np.asarray(table.at("shingle_count", self.rows), np.int64)
        self.hashes = self.column("text_hash")
        self.twins = self._twins(keys[first[by_row]])

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str, history: History | None = None) -> pa.Array:
        """A column of all nodes and of the published texts behind them."""
        here = self._table.at(name, self.rows)
        behind = history.table[name].chunks if history else []
        return one(pa.chunked_array([*here.chunks, *behind], here.type))

    def headlines(self, history: History) -> pa.Array:
        """Of all nodes and of the published texts behind them the titles; of a text that several rows have, theirs one
        after the other."""
        titles = self.column("title", history)
        several = np.flatnonzero(np.bincount(self.of_row[self.of_row >= 0], minlength=len(self)) > 1)
        rows = np.flatnonzero(np.isin(self.of_row, several))
        told: dict[int, set[str]] = {node: set() for node in several.tolist()}
        titles_of_rows = self._table.at("title", rows).to_pylist()
        for node, title in zip(self.of_row[rows].tolist(), titles_of_rows, strict=True):
            told[node].add(title or "")
        replaced = np.zeros(len(titles), np.bool_)
        replaced[several] = True
        joined = pa.array([" ".join(sorted(told[node])) for node in several.tolist()], titles.type)
        return pc.replace_with_mask(titles, pa.array(replaced), joined)

    def place(self, rows: I64) -> I64:
        """Where rows stand in the run as it was handed in."""
        return self._order[rows]

    def count(self, one: I64, two: I64, stretches: Sequence[Stretch]) -> Counts:
        """What similarity.counted() says of pairs of nodes of the run (similarity.Count)."""
        return self._compared.count(self._order[self.rows[one]], self._order[self.rows[two]], stretches)

    def shingles(self, nodes: I64, history: History) -> Shingles:
        """Those of nodes, which ascend, and of the published texts behind them."""
        here = self._order[self.rows[nodes[nodes < len(self)]]]
        by_place = np.argsort(here)
        found = self._compared.of_run(here[by_place])
        back = np.argsort(by_place)
        found = Shingles(found.values, found.starts[back], found.lead_ends[back], found.ends[back])
        behind = [history.ids[i] for i in (nodes[len(here) :] - len(self)).tolist()]
        return Shingles.joined(found, self._compared.of_history(behind)) if behind else found

    def expect(self, history: History) -> None:
        """Say that these published texts, and the articles of their stories, may be compared; see Compared."""
        self._compared.expect(list(dict.fromkeys([*history.ids, *history.stories])))

    def _twins(self, keys: I64) -> list[tuple[int, int]]:
        if self.base.all():
            return []
        place = {key: node for node, key in enumerate(keys.tolist())}
        revised = np.flatnonzero(~self.base & (keys >= 0)).tolist()
        return [(place[keys[node] + 1], node) for node in revised if keys[node] + 1 in place]


def _hex(column: pa.ChunkedArray) -> list[str]:
    """Values of 16 bytes as 32 hexadecimal digits."""
    whole = one(column)
    digits = (
        whole.buffers()[1][16 * whole.offset : 16 * (whole.offset + len(whole))].to_pybytes().hex()
        if len(whole)
        else ""
    )
    return [digits[i : i + 32] for i in range(0, len(digits), 32)]
