"""Which texts of a run are of one story: by strong pairs where these tell all, weighed (weighing.py) where they do not.

A group is what shares a story that is new; a text may be of a published story instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import pyarrow as pa

from cleaners.arrays import I8, I64, Bools
from copydesk.dedup.apart import Apart, if_several
from copydesk.dedup.digests import part_of_digest
from copydesk.dedup.edges import about_something_else, embedding, holding_more
from copydesk.dedup.identity import Identity
from copydesk.dedup.nodes import History, Nodes
from copydesk.dedup.pairs import Pairs
from copydesk.dedup.weighing import NOTHING, Piece, Ties, in_pieces, weigh
from copydesk.index.entries import REVISION, id_array
from copydesk.index.index import Index
from copydesk.sketches.similarity import EMBEDS, NONE, OVERLAP, STRONG, connected

_PIECES_HELD = 1 << 5
"""Pieces that are handed out together: 0.7 MB each."""


@dataclass(frozen=True, slots=True)
class PublishedStories:
    """The published stories that matter to a run, those of its history first.

    names: their ids. numbers: of each the entry of its article, which says what comes first. place: of a name, if any
    is asked for: of stories that the run has revisions of.
    """

    names: list[str]
    numbers: I64
    place: Mapping[str, int]

    @classmethod
    def of(cls, identity: Identity, history: History, index: Index) -> PublishedStories:
        """Those of the history, and those of which the run has revisions."""
        revised = {r.story for r in identity.revisions.values() if r.story is not None}
        others = sorted(revised.difference(history.stories))
        names = [*history.stories, *others]
        numbers = np.concatenate([history.articles, index.find_ids(id_array(others))])
        return cls(names, numbers, {name: i for i, name in enumerate(names)} if revised else {})

    def number(self, name: str) -> int:
        """Of a story that the run has revisions of."""
        return int(self.numbers[self.place[name]])


@dataclass(frozen=True, slots=True)
class Groups:
    """Where the nodes of a run ended, of each: `group`, which those of one new story share; `published`, the number of
    a published story, NOTHING for none; `attached`: see stories.Place; `core`: strongly alike another; `embeds`,
    `more`: see edges.py."""

    group: I64
    published: I64
    attached: Bools
    core: Bools
    embeds: Bools
    more: Bools


@dataclass(frozen=True, slots=True)
class _Joins:
    """What pairs of nodes, and published texts behind them, join.

    verdicts: of all pairs. told: the pairs that join something, or may. longer: of all pairs the longer text. embeds:
    whether a text embeds another. roots: of each text the smallest that strong pairs join it with. wide: that anything
    joins it with. ties: int64[n, 2], pairs of nodes that are of one story whatever their texts.
    """

    verdicts: I8
    told: I64
    longer: I64
    embeds: Bools
    roots: I64
    wide: I64
    ties: I64


@dataclass(frozen=True)
class Grouping:
    """What groups are made of.

    ids: of each node the id of its first row. exact: of each the published text that is the same, -1 if there is none.
    """

    nodes: Nodes
    ids: pa.Array
    identity: Identity
    pairs: Pairs
    exact: I64
    published: PublishedStories

    def groups(self, apart: Apart) -> Groups:
        """The groups. apart: weighs what strong pairs alone do not settle, in pieces."""
        joins = self._joins(self._verdicts())
        settled, published = self._of_published(joins)
        group = np.where(self.nodes.base, joins.roots[: len(self.nodes)], NOTHING)
        attached = np.zeros(len(self.nodes), np.bool_)
        for pieces in self._pieces(joins, settled):
            for placed in if_several(apart, "weigh", weigh, pieces):
                group[placed.nodes], published[placed.nodes] = placed.group, placed.story
                attached[placed.nodes] = placed.attached
        return self._told(joins, group, published, attached)

    @cached_property
    def _base(self) -> Bools:
        """Which nodes, and published texts behind them, are first versions of this run."""
        return np.concatenate([self.nodes.base, np.zeros(len(self.pairs.history), np.bool_)])

    @cached_property
    def _published_ids(self) -> pa.Array:
        return pa.array(self.pairs.history.ids, pa.string())

    @cached_property
    def _twins(self) -> I64:
        return np.array(self.nodes.twins, np.int64).reshape(-1, 2)

    @cached_property
    def _ties(self) -> I64:
        """Pairs of nodes: twins; a revision, and the first version in this run of its item."""
        of_row = self.nodes.of_row
        versions = ((row, r.first) for row, r in self.identity.revisions.items() if r.first is not None)
        pairs = [(int(of_row[row]), int(of_row[first])) for row, first in versions]
        return np.concatenate([self._twins, np.array(pairs, np.int64).reshape(-1, 2)])

    def _published_ties(self) -> I64:
        """Pairs of nodes: of texts of a published story, and revisions of those, with the first of them."""
        count, story = len(self.nodes), self.pairs.history.story
        first = np.unique(story, return_index=True)[1] + count
        revised = [
            (int(self.nodes.of_row[row]), r.story)
            for row, r in self.identity.revisions.items()
            if r.first is None and r.story
        ]
        place = dict(zip(self.pairs.history.stories, first.tolist(), strict=True)) if revised else {}
        more = np.array([(place.setdefault(name, node), node) for node, name in revised], np.int64)
        return np.concatenate([np.stack([first[story], np.arange(len(story)) + count], 1), more.reshape(-1, 2)])

    def _verdicts(self) -> I8:
        """Of the pairs, less those that join nothing for what is known of others."""
        a, b, figures, verdicts = self.pairs.a, self.pairs.b, self.pairs.figures, self.pairs.verdicts
        known = np.concatenate([self._ties, self._published_ties()])
        of_digests = part_of_digest(a, b, figures, verdicts, len(self._base), known)
        verdicts = np.where(of_digests, np.int8(NONE), verdicts)
        elsewhere = about_something_else(a, b, figures, verdicts, self.pairs.odds, self._base)
        return np.where(elsewhere, np.int8(OVERLAP), verdicts)

    def _joins(self, verdicts: I8) -> _Joins:
        a, b, figures, base, ties = self.pairs.a, self.pairs.b, self.pairs.figures, self._base, self._ties
        told = np.flatnonzero(verdicts != NONE)
        strong = told[(verdicts[told] == STRONG) & base[a[told]] & base[b[told]]]
        longer = np.where(figures.a_size >= figures.b_size, a, b)
        embeds = np.zeros(len(base), np.bool_)
        embeds[longer[told[verdicts[told] == EMBEDS]]] = True
        told = told[(verdicts[told] != OVERLAP) | embeds[longer[told]]]  # others join nothing
        wide = connected(np.concatenate([a[told], ties[:, 0]]), np.concatenate([b[told], ties[:, 1]]), len(base))
        return _Joins(verdicts, told, longer, embeds, connected(a[strong], b[strong], len(base)), wide, ties)

    def _of_published(self, joins: _Joins) -> tuple[Bools, I64]:
        """The earliest of the published stories that the group of each node is strongly alike, where nothing else is
        told of any text that is connected; NOTHING elsewhere. And of each root in `wide` whether that is so."""
        a, b, told, history = self.pairs.a, self.pairs.b, joins.told, self.pairs.history
        count, wide = len(self.nodes), joins.wide
        sound = np.concatenate([self.nodes.base, history.kinds != REVISION])
        doubtful = ~sound
        doubtful[:count] |= self.exact >= 0
        weaker = told[(joins.verdicts[told] != STRONG) | ~sound[a[told]] | ~sound[b[told]]]
        for nodes in (a[weaker], b[weaker], joins.ties.reshape(-1)):
            doubtful[nodes] = True
        plain = np.bincount(wide, weights=doubtful, minlength=len(wide)) == 0
        claims = told[(b[told] >= count) & plain[wide[a[told]]]]
        earliest = np.full(len(wide), np.iinfo(np.int64).max)
        np.minimum.at(earliest, joins.roots[a[claims]], history.articles[history.story[b[claims] - count]])
        found = earliest[joins.roots[:count]]
        return np.asarray(plain, np.bool_), np.where(found < np.iinfo(np.int64).max, found, NOTHING)

    def _pieces(self, joins: _Joins, settled: Bools) -> Iterator[list[Piece]]:
        """What is to be weighed, some pieces at a time: what is connected, but not by strong pairs of first versions
        alone. settled: of roots in `wide`, what needs not be."""
        a, b, told, wide, base = self.pairs.a, self.pairs.b, joins.told, joins.wide, self._base
        count, total = len(self.nodes), len(base)
        unsettled = joins.roots != wide
        unsettled[a[told]] |= ~base[a[told]]
        unsettled[b[told]] |= ~base[b[told]]
        unsettled[:count] |= ~self.nodes.base | (self.exact >= 0)
        of_root = (np.bincount(wide, weights=unsettled, minlength=total) > 0) & ~settled
        one_group = base[a[told]] & base[b[told]] & (joins.roots[a[told]] == joins.roots[b[told]])
        weighed = told[of_root[wide[a[told]]] & (~one_group | joins.embeds[joins.longer[told]])]
        known = np.zeros(total, np.bool_)
        known[:count] = known[a[told]] = known[b[told]] = True
        pieces = in_pieces(np.flatnonzero(of_root[wide] & known), weighed, a, wide)
        while some := list(islice(pieces, _PIECES_HELD)):
            yield [self._piece(number, nodes, pairs, joins) for number, (nodes, pairs) in enumerate(some)]

    def _piece(self, number: int, nodes: I64, pairs: I64, joins: _Joins) -> Piece:
        """These nodes, those of the run before published ones, and the pairs between them."""
        place = np.full(len(self._base), -1, np.int64)
        place[nodes] = np.arange(len(nodes))
        a, b = place[self.pairs.a[pairs]], place[self.pairs.b[pairs]]
        twins = place[self._twins]
        ties = Ties.of(a, b, self.pairs.figures.at(pairs), joins.verdicts[pairs])
        count, history, numbers = len(self.nodes), self.pairs.history, self.published.numbers
        here, behind = nodes[nodes < count], nodes[nodes >= count] - count
        item, story, fixed = (np.full(len(nodes), NOTHING) for _ in range(3))
        story[len(here) :] = numbers[history.story[behind]]
        base = self.nodes.base[here]
        for node in np.flatnonzero(~base).tolist():
            revision = self.identity.revisions[int(self.nodes.rows[here[node]])]
            if revision.first is not None:
                item[node] = place[self.nodes.of_row[revision.first]]
            if revision.story is not None:
                story[node] = self.published.number(revision.story)
        same = np.flatnonzero(base & (self.exact[here] >= 0))
        fixed[same] = numbers[history.story[np.searchsorted(history.numbers, self.exact[here[same]])]]
        ids = self.ids.take(pa.array(here)), self._published_ids.take(pa.array(behind))
        return Piece(
            number,
            nodes,
            pa.concat_arrays(ids),
            np.concatenate([self.nodes.sizes[here], history.sizes[behind]]),
            np.concatenate([base, history.kinds[behind] != REVISION]),
            item,
            story,
            fixed,
            np.concatenate([np.ones(len(here), np.bool_), history.core[behind]]),
            place[joins.roots[nodes]],
            ties.joined(Ties.sure(twins[twins[:, 0] >= 0])),
        )

    def _told(self, joins: _Joins, group: I64, published: I64, attached: Bools) -> Groups:
        a, b, figures, count = self.pairs.a, self.pairs.b, self.pairs.figures, len(self.nodes)
        roots, base, verdicts = joins.roots, self._base, joins.verdicts
        alike = base[a] & base[b]
        alike[alike] = group[a[alike]] == group[b[alike]]
        return Groups(
            group,
            published,
            attached,
            np.bincount(roots[:count], minlength=len(base))[roots[:count]] > 1,
            embedding(a, b, figures, verdicts, alike, count),
            holding_more(a, b, figures, verdicts, self.pairs.odds, alike, count),
        )
