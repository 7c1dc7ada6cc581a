"""What stories.py weighs, in pieces of some thousand texts: arrays, which others can be handed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cleaners.arrays import F64, I8, I64, Bools
from copydesk.dedup.stories import Edge, Node, Tie, assign
from copydesk.sketches.similarity import EMBEDS, OVERLAP, STRONG, WEAK, Figures

NOTHING = -1

_NODES_AT_ONCE = 1 << 12
"""Nodes that are Python objects at a time, and their edges: two kilobytes each. Few enough for two workers to end
together."""

_TIES: dict[int, Tie] = {OVERLAP: "overlap", EMBEDS: "embeds", WEAK: "weak", STRONG: "strong"}


@dataclass(frozen=True, slots=True)
class Ties:
    """Pairs (a[k], b[k]) of texts and how they were judged: what makes Edges. longer: NOTHING, where Edge has -1."""

    a: I64
    b: I64
    verdicts: I8
    jaccard: F64
    most: F64
    longer: I64

    @classmethod
    def of(cls, a: I64, b: I64, figures: Figures, verdicts: I8) -> Ties:
        """Of judged pairs, none of which is NONE."""
        f = figures
        a_is_longer = f.a_size >= f.b_size
        held = np.where(a_is_longer, f.b_in_a, f.a_in_b)
        longer = np.where(held >= 0.5, np.where(a_is_longer, a, b), NOTHING)
        return cls(a, b, verdicts, f.jaccard, np.maximum(f.a_in_b, f.b_in_a), longer)

    @classmethod
    def sure(cls, pairs: I64) -> Ties:
        """Of pairs of the same text: int64[n, 2]."""
        a, b = pairs.T
        ones = np.ones(len(pairs))
        return cls(a, b, np.full(len(pairs), STRONG, np.int8), ones, ones, np.full(len(pairs), NOTHING))

    def joined(self, more: Ties) -> Ties:
        """These, and others behind them."""
        return Ties(*(np.concatenate([getattr(self, name), getattr(more, name)]) for name in Ties.__slots__))

    def edges(self) -> list[Edge]:
        """The same as objects."""
        columns = (getattr(self, name).tolist() for name in Ties.__slots__)
        return [
            Edge(a, b, _TIES[verdict], (jaccard, most), longer)
            for a, b, verdict, jaccard, most, longer in zip(*columns, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Piece:
    """Texts none of which is connected with one of another piece, and the pairs between them, which number them from 0.

    number: of the piece. nodes: their numbers elsewhere. names, sizes, base, item, story, fixed, core: see
    stories.Node; NOTHING where that has None. joined: see stories.assign.
    """

    number: int
    nodes: I64
    names: pa.Array
    sizes: I64
    base: Bools
    item: I64
    story: I64
    fixed: I64
    core: Bools
    joined: I64
    ties: Ties

    def made(self) -> list[Node]:
        """The texts as objects."""
        known = (
            [None if n == NOTHING else n for n in column.tolist()] for column in (self.item, self.story, self.fixed)
        )
        columns = self.names.to_pylist(), self.sizes.tolist(), self.base.tolist(), *known, self.core.tolist()
        return [Node(*values) for values in zip(*columns, strict=True)]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where open nodes ended (stories.Place). nodes, group: by their numbers elsewhere. story: NOTHING if new."""

    nodes: I64
    group: I64
    story: I64
    attached: Bools


def weigh(piece: Piece) -> Placed:
    """What stories.assign says of a piece."""
    nodes = piece.made()
    places = assign(nodes, piece.ties.edges(), piece.joined.tolist())
    chosen = [number for number, node in enumerate(nodes) if node.open]
    found = [places[number] for number in chosen]
    return Placed(
        piece.nodes[chosen],
        piece.nodes[[place.group for place in found]],
        np.array([NOTHING if place.story is None else place.story for place in found], np.int64),
        np.array([place.attached for place in found], np.bool_),
    )


def in_pieces(nodes: I64, pairs: I64, a: I64, wide: I64) -> Iterator[tuple[I64, I64]]:
    """These nodes and pairs in pieces of some thousand nodes, of which none is connected with another piece.

    a: of each pair a node. wide: of each node the smallest that it is connected with.
    """
    connected_with, sizes = np.unique(wide[nodes], return_counts=True)
    piece = np.full(len(wide), -1, np.int64)
    piece[connected_with] = (np.cumsum(sizes) - sizes) // _NODES_AT_ONCE
    of_node, of_pair = piece[wide[nodes]], piece[wide[a[pairs]]]
    numbers = np.unique(of_node)
    if len(numbers):
        yield from zip(_parted(nodes, of_node, numbers), _parted(pairs, of_pair, numbers), strict=True)


def _parted(values: I64, piece: I64, numbers: I64) -> list[I64]:
    """The values of each of these pieces, one or more, in their order. piece: of each value."""
    order = np.argsort(piece, kind="stable")
    return np.split(values[order], np.searchsorted(piece[order], numbers[1:]))
