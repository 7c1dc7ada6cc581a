"""The pairs of texts that are compared: candidates by band keys, verified by their shingles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import F64, I8, I32, I64, U64, Bools
from copydesk.dedup.apart import Apart, if_several
from copydesk.dedup.nodes import History, Nodes
from copydesk.dedup.titles import Headlines, other_year, title_containment, told_at_odds
from copydesk.garbage import give_back
from copydesk.index.entries import ARTICLE, REVISION
from copydesk.index.index import Index
from copydesk.sketches import candidates, sketch
from copydesk.sketches.similarity import NONE, STRONG, Count, Figures, compare, half_held, in_threads, judge

NEAR = 8
"""Texts that share so many band keys are most likely copies: they are compared together. Nothing else depends on it."""

_PLACES_AT_ONCE = 1 << 16  # texts that are looked up in the index together: 35 MB of keys
_TITLES_AT_ONCE = 1 << 15  # pairs whose titles are compared together: a kilobyte of words each
_TITLES_HELD = 1 << 19  # pairs whose titles are handed out together: some 150 bytes each
_JUDGED_AT_ONCE = 1 << 18  # pairs: a hundred bytes each


@dataclass(frozen=True, slots=True)
class Pairs:
    """n verified pairs (a[i], b[i]) of nodes, a < b: their figures and what they are to each other (similarity.judge).

    same_publisher: whether both are of one that is known. odds: how much their titles are at odds (titles.py), where
    the publishers differ and one holds half of the other. history: the published texts behind the nodes.
    """

    a: I64
    b: I64
    figures: Figures
    verdicts: I8
    same_publisher: Bools
    odds: I32
    history: History

    def told(self) -> I64:
        """The numbers of those that are anything to each other."""
        return np.flatnonzero(self.verdicts != NONE)

    def joined(self, other: Pairs) -> Pairs:
        """These and then the others."""
        names = ("a", "b", "verdicts", "same_publisher", "odds")
        a, b, verdicts, same, odds = (np.concatenate([getattr(p, name) for p in (self, other)]) for name in names)
        return Pairs(a, b, Figures.joined(self.figures, other.figures), verdicts, same, odds, self.history)


class Signed(Protocol):
    """The signatures of a run's rows, as it was handed in."""

    def keys(self, rows: I64) -> U64:
        """The band keys of these rows, which ascend: uint64[n, sketch.KEYS]."""

    def neighbours(self, rows: I64) -> tuple[I64, I64, I64]:
        """candidates.within() of these rows, in order of precedence."""


@dataclass(frozen=True, slots=True)
class OfTable:
    """Signed, from columns of sketch.SKETCH. threads: that sort, 0 for one a core."""

    table: pa.Table
    threads: int = 1

    def keys(self, rows: I64) -> U64:
        return sketch.keys_of(self.table, rows)

    def neighbours(self, rows: I64) -> tuple[I64, I64, I64]:
        return candidates.within(sketch.keys_of(self.table, rows), threads=self.threads)


def verified(nodes: Nodes, signed: Signed, index: Index, exact: I64, threads: int, apart: Apart) -> Pairs:
    """All pairs of texts that share a band key, as far as candidates.py has them, of nodes with each other and with
    published texts.

    exact: of each node the published text that is the same, -1 if there is none. threads: that compare at once, 0 for
    one a core. apart: compares titles.
    """
    comparable = np.flatnonzero(nodes.sizes >= sketch.MIN_SHINGLES)
    places = nodes.place(nodes.rows[comparable])
    a, b, shared = signed.neighbours(places)
    a, b, near = comparable[a], comparable[b], shared >= NEAR
    del shared
    # A text that history has already was compared when it first came; it belongs where that one is.
    fresh = np.flatnonzero(exact[comparable] < 0) if len(index) else np.empty(0, np.int64)
    c, entries, shared_before = _before(index, signed, places[fresh], threads)
    history = History(index, np.unique(np.concatenate([entries, exact[exact >= 0]])))
    nodes.expect(history)
    verify = partial(_verified, nodes, history, threads, apart)
    count = len(nodes)
    give_back()
    here = verify(a, b, near=near)
    if not len(c):
        return here
    old = np.searchsorted(history.numbers, entries)
    return here.joined(_with_history(verify, comparable[fresh[c]], old + count, shared_before, count, history))


def _before(index: Index, signed: Signed, places: I64, threads: int) -> tuple[I64, I64, I64]:
    """index.candidates() of the texts at these places, not all of their keys in memory at once."""
    found = [np.empty((3, 0), np.int64)]
    order = np.argsort(places)
    for some in np.split(order, range(_PLACES_AT_ONCE, len(places), _PLACES_AT_ONCE)):
        rows, entries, shared = index.candidates(signed.keys(places[some]), threads=threads)
        found.append(np.stack([some[rows], entries, shared]))
    rows, entries, shared = np.concatenate(found, axis=1)
    by_row = np.lexsort((entries, rows))
    return rows[by_row], entries[by_row], shared[by_row]


def _verified(
    nodes: Nodes, history: History, threads: int, apart: Apart, a: I64, b: I64, *, near: Bools | None = None
) -> Pairs:
    sizes = np.concatenate([nodes.sizes, history.sizes])
    count: Count = nodes.count
    if b.max(initial=0) >= len(nodes):
        count = in_threads(partial(nodes.shingles, history=history), threads)
    figures = compare(a, b, sizes, count, near=near)
    same = _publishers(nodes, history, a, b, figures)
    alike, years = _titles(nodes.column("title", history), a, b, np.flatnonzero(same))
    verdicts = np.empty(len(a), np.int8)
    for first in range(0, len(a), _JUDGED_AT_ONCE):
        piece = slice(first, first + _JUDGED_AT_ONCE)
        verdicts[piece] = judge(figures.at(piece), same[piece], alike[piece], years[piece])
    odds = np.zeros(len(a), np.int32)
    others = np.flatnonzero(~same & (verdicts != NONE) & half_held(figures))
    headlines = nodes.headlines(history)
    for some in np.split(others, range(_TITLES_HELD, len(others), _TITLES_HELD)):
        for pairs, found in if_several(apart, "titles", told_at_odds, _headlines(headlines, a, b, some)):
            odds[pairs] = found
    return Pairs(a, b, figures, verdicts, same, odds, history)


def _with_history(verify: partial[Pairs], a: I64, b: I64, shared: I64, count: int, history: History) -> Pairs:
    """Pairs of nodes with published texts: of each node and story first that with its article or, if that is no
    candidate, the closest text; then that with the closest other; the rest only where neither settles that they are of
    one story."""
    stories = history.story[b - count]
    kinds = history.kinds[b - count]
    order = np.lexsort((b, -shared, kinds == REVISION, kinds != ARTICLE, stories, a))
    group = a[order] * len(history.stories) + stories[order]
    told = verify(a[:0], b[:0])
    for most in (1, 1, candidates.PER_TEXT):
        first = np.concatenate([[True], group[1:] != group[:-1]])[: len(group)]
        starts = np.flatnonzero(first)
        rank = np.arange(len(group)) - starts[np.cumsum(first) - 1]
        now = order[rank < most]
        found = verify(a[now], b[now])
        told = told.joined(found)
        settled = group[rank < most][(found.verdicts == STRONG) & (kinds[now] != REVISION)]
        left = (rank >= most) & ~np.isin(group, settled)
        order, group = order[left], group[left]
    return told


def _publishers(nodes: Nodes, history: History, a: I64, b: I64, figures: Figures) -> Bools:
    """Whether the two of a pair are of one publisher."""
    publishers = nodes.column("publisher", history).dictionary_encode()
    folded = [(name or "").casefold() for name in publishers.dictionary.to_pylist()]
    number = {"": -1} | {name: i for i, name in enumerate(folded) if name}
    of_code = np.array([*(number[name] for name in folded), -1], np.int64)
    codes = of_code[np.asarray(pc.fill_null(publishers.indices, len(folded)), np.int64)]
    return np.asarray((codes[a] == codes[b]) & (codes[a] >= 0) & (figures.jaccard > 0), np.bool_)


def _headlines(titles: pa.Array, a: I64, b: I64, wanted: I64) -> list[Headlines]:
    """The wanted pairs with their titles, some at a time."""
    pieces = []
    for number, some in enumerate(np.split(wanted, range(_TITLES_AT_ONCE, len(wanted), _TITLES_AT_ONCE))):
        named, places = np.unique(np.concatenate([a[some], b[some]]), return_inverse=True)
        first, second = places.reshape(2, -1)
        pieces.append(Headlines(number, titles.take(pa.array(named)), first, second, some))
    return pieces


def _titles(titles: pa.Array, a: I64, b: I64, wanted: I64) -> tuple[F64, Bools]:
    """Of the wanted pairs how much of the shorter title is in the other, and whether the titles are of different years;
    of the others nothing."""
    first, second = (titles.take(pa.array(side[wanted])).to_pylist() for side in (a, b))
    alike, years = np.zeros(len(a)), np.zeros(len(a), np.bool_)
    alike[wanted] = [title_containment(one, two) for one, two in zip(first, second, strict=True)]
    years[wanted] = [other_year(one, two) for one, two in zip(first, second, strict=True)]
    return alike, years
