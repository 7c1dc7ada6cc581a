"""Pieces of lines that were lines of their own, and who is asked about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cleaners.arrays import I64, Bools
from cleaners.batch import Lined
from cleaners.engine import Engine
from cleaners.model import Model
from cleaners.patterns import Values
from cleaners.pieces import PIECE_COLUMNS
from cleaners.registry import CLOSING, HEAD, LINE, POINTER, RULE_CATEGORY, RULE_SCOPE, TAIL, Registry

# What speaks for a piece: nothing but the model; a rule of lines at an edge of the text; one of lines.
ALONE, EDGE, RULED = range(3)
EDGES = (HEAD, TAIL, CLOSING)


class Matched(NamedTuple):
    """A rule of whole lines that a piece matches. rule: its number. scope: see registry.SCOPES."""

    rule: int
    scope: int
    values: Values


class Piece(NamedTuple):
    """start, end: bytes of the batch. row: of its line. lexical: its score. speaks: ALONE, EDGE or RULED; rules: those
    that match it. bar: the model's score that it has at least where it stands on a line of its own; None if the model
    need not be asked.
    """

    start: int
    end: int
    row: int
    lexical: int
    speaks: int
    rules: tuple[Matched, ...]
    bar: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked about pieces. silenced: by number, the rules of which nothing is taken out."""

    engine: Engine
    registry: Registry
    silenced: Bools
    model: Model

    def rules(self, said: Sequence[bytes]) -> list[list[Matched]]:
        """For each piece the rules of whole lines that match it.

        A pointer that ends with a colon ("More from the Harbor Post:") opens what is quoted below the paragraph.
        """
        told: list[list[Matched]] = [[] for _ in said]
        if not said:
            return told
        found = self.engine.found(b"\n".join(said))
        rules = self.registry.numbers(self.engine.rules)[found.places[:, 2]]
        scopes, categories = self.registry.known[rules][:, [RULE_SCOPE, RULE_CATEGORY]].T
        asked = np.isin(scopes, (LINE, *EDGES)) & ~self.silenced[rules]
        points = (self.registry.kinds[categories] & POINTER) > 0
        starts = np.cumsum([0, *(len(one) + 1 for one in said)])
        lines = np.searchsorted(starts, found.places[:, 0], side="right") - 1
        columns = (column.tolist() for column in (asked, lines, rules, scopes, points))
        for is_asked, line, rule, scope, is_pointer, values in zip(*columns, found.values, strict=True):
            if is_asked and not (is_pointer and said[line].endswith(b":")):
                told[line].append(Matched(rule, scope, values))
        return told


def told_by(loop: str, of: Lined, model: Model, states: I64, most: int) -> I64:
    """What a loop (pieces.pieces or heads.heads) tells of lines, `most` of each at most: int64[n, 3], see
    pieces.PIECE_START and on."""
    found = np.empty((most * len(states) + 1, PIECE_COLUMNS), np.int64)
    count = of.with_.run(
        loop, of.scanned.table, of.scanned.rows, of.scanned.tokens, model.weights,
        of.data, of.with_.flags, states, found,
    )  # fmt: skip
    return found[:count]
