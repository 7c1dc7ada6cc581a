"""What is glued to the end of a paragraph and was a line of its own: an ad marker, an ask, a link, a credit.

The last sentences of long lines whose words are those of boilerplate (pieces.py) are read as lines: what
rules of whole lines match in them, and what the model makes of them where they stand on a line of their own, in the
text parted there. It goes by the rule's name, or as `model:...` with the probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cleaners import parting
from cleaners.arrays import I64, Bools
from cleaners.batch import Lined
from cleaners.cut import ANY_SCORE, CUT_COLUMNS, CUT_END, CUT_ROW, CUT_START, NO_HIT
from cleaners.engine import Engine
from cleaners.model import MOST_BYTES, SCALE, Model
from cleaners.parting import Part
from cleaners.patterns import Values
from cleaners.pieces import (
    LINE_CHARS,
    OUTERMOST,
    PASSED,
    PIECE_COLUMNS,
    PIECE_ROW,
    SENTENCES,
)
from cleaners.registry import CLOSING, HEAD, LINE, POINTER, RULE_CATEGORY, RULE_SCOPE, TAIL, Registry
from cleaners.scan import CHARS, DOCUMENT, LINE_END, LINE_START

# What speaks for a piece: nothing but the model; a rule of lines at an edge of the text; one of lines.
ALONE, EDGE, RULED = range(3)
# The lexical score (see Model) that it has at least then, and the model's score of it on a line of its own.
LEXICAL_BARS = (200, -30, -30)
LEXICAL_LAST = -100  # of one that a rule speaks for, of the last line of a text that stays
SCORE_BARS = (3600, 600, -1600)
SURE = 60  # a lexical score with which what a rule of lines matches goes
# What one more sentence adds to the lexical score at least, if nothing but the model speaks for it, and if a rule does.
ADDS, TAKES = 30, -80
_BLANKS, _NO_SENTENCE = b" \t", b"0123456789(["
_EDGES = (HEAD, TAIL, CLOSING)


class Piece(NamedTuple):
    """start, end: bytes of the batch. row: of its line. lexical: its score. speaks: ALONE, EDGE or RULED; rules: those
    that match it, with the values of what they match.
    """

    start: int
    end: int
    row: int
    lexical: int
    speaks: int
    rules: tuple[tuple[int, Values], ...]


@dataclass(frozen=True, slots=True)
class Glued:
    """Cuts of pieces (see cut.py), and the values of what rules match in each; none where the model is alone."""

    rows: I64
    values: list[Values]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked about pieces. silenced: by number, the rules of which nothing is taken out."""

    engine: Engine
    registry: Registry
    silenced: Bools
    model: Model


def glued(texts: Sequence[bytes], of: Lined, asked: Asked, cuts: I64) -> Glued:
    """The cuts of pieces of lines. cuts: those that there are; a line that one takes whole has no pieces."""
    places = of.scanned.columns(LINE_START, LINE_END, DOCUMENT)
    chosen = list(_chosen(_likely(of, asked, places, cuts)))
    chosen = [piece for piece in chosen if len(texts[places[piece.row, 2]]) <= MOST_BYTES]
    unsure = [piece for piece in chosen if not _sure(piece)]
    parts = [Part(piece.start, piece.end, piece.row) for piece in unsure]
    scores = dict(zip(unsure, parting.scores(texts, of, asked.model, parts), strict=True))
    rows: list[list[int]] = []
    values: list[Values] = []
    for piece in chosen:
        score = scores.get(piece, 0)
        if piece in scores and score < SCORE_BARS[piece.speaks]:
            continue
        if piece.speaks == ALONE:
            (vote,) = asked.registry.votes(np.array([score / SCALE])).tolist()
            rows.append([*_span(of, piece), piece.row, vote, asked.registry.model, ANY_SCORE, NO_HIT, score])
        for rule, of_rule in piece.rules:
            category = int(asked.registry.known[rule, RULE_CATEGORY])
            rows.append([*_span(of, piece), piece.row, rule, category, ANY_SCORE, len(values), 0])
            values.append(of_rule)
    return Glued(np.array(rows, np.int64).reshape(-1, CUT_COLUMNS), values)


def _sure(piece: Piece) -> bool:
    """Whether the model need not be asked about it."""
    return piece.speaks == RULED and piece.lexical >= SURE


def _span(of: Lined, piece: Piece) -> tuple[int, int]:
    """What goes with it: the blanks between it and the rest of its line."""
    start = piece.start
    while of.data[start - 1] in _BLANKS:
        start -= 1
    return start, piece.end


def _likely(of: Lined, asked: Asked, places: I64, cuts: I64) -> Iterator[Piece]:
    """The pieces for which something speaks."""
    states = _states(places, cuts)
    found = _pieces(of, asked.model, states)
    lexical = parting.lexical(of, asked.model, found)
    last = states[found[:, PIECE_ROW]] == OUTERMOST
    worded = (lexical >= np.where(last, LEXICAL_LAST, min(LEXICAL_BARS))) & ~_reaching(found[:, PIECE_ROW], lexical)
    found, lexical = found[worded], lexical[worded]
    rules = _rules([of.data[start:end].tobytes() for start, end, _ in found.tolist()], asked)
    for (start, end, row), score, matched in zip(found.tolist(), lexical.tolist(), rules, strict=True):
        is_last = states[row] == OUTERMOST
        ruled = tuple((rule, values) for rule, scope, values in matched if scope == LINE or (is_last and scope != HEAD))
        edge = tuple((rule, values) for rule, _, values in matched)
        speaks = RULED if ruled else EDGE if edge else ALONE
        bar = LEXICAL_LAST if is_last and speaks == RULED else LEXICAL_BARS[speaks]
        if score >= bar and (speaks == RULED or of.data[start] not in _NO_SENTENCE):
            yield Piece(start, end, row, score, speaks, ruled or edge)


def _pieces(of: Lined, model: Model, states: I64) -> I64:
    """int64[n, 3]: see pieces.PIECE_START and on."""
    long = int(np.count_nonzero((of.scanned.columns(CHARS)[:, 0] >= LINE_CHARS) & (states != PASSED)))
    found = np.empty((SENTENCES * long + 1, PIECE_COLUMNS), np.int64)
    count = of.with_.run(
        "pieces", of.scanned.table, of.scanned.rows, of.scanned.tokens, model.weights,
        of.data, of.with_.flags, states, found,
    )  # fmt: skip
    return found[:count]


def _reaching(row: I64, lexical: I64) -> Bools:
    """Which pieces reach into the story: one more sentence than the piece before has words of no boilerplate."""
    same = np.append(False, row[1:] == row[:-1])[: len(row)]
    reaching = same & (np.diff(lexical, prepend=0) < TAKES)
    for _ in range(SENTENCES):
        reaching |= same & np.append(False, reaching[:-1])
    return reaching


def _states(places: I64, cuts: I64) -> I64:
    """PASSED for lines that a cut takes whole, OUTERMOST for the last one of each text that none does."""
    states = np.zeros(len(places), np.int64)
    line = places[cuts[:, CUT_ROW]]
    states[cuts[(cuts[:, CUT_START] == line[:, 0]) & (cuts[:, CUT_END] >= line[:, 1]), CUT_ROW]] = PASSED
    left = np.flatnonzero(states != PASSED)
    states[left[np.flatnonzero(np.diff(places[left, 2], append=-1))]] = OUTERMOST
    return states


def _rules(said: Sequence[bytes], asked: Asked) -> list[list[tuple[int, int, Values]]]:
    """For each piece the rules of whole lines that match it: number, scope and values.

    A pointer that ends with a colon ("More from the Harbor Post:") opens what is quoted below the paragraph.
    """
    told: list[list[tuple[int, int, Values]]] = [[] for _ in said]
    if not said:
        return told
    found = asked.engine.found(b"\n".join(said))
    numbers = asked.registry.numbers(asked.engine.rules)
    starts = np.cumsum([0, *(len(one) + 1 for one in said)])
    lines = np.searchsorted(starts, found.places[:, 0], side="right") - 1
    for line, rule, values in zip(lines.tolist(), numbers[found.places[:, 2]].tolist(), found.values, strict=True):
        scope = int(asked.registry.known[rule, RULE_SCOPE])
        opens = said[line].endswith(b":") and asked.registry.kinds[asked.registry.known[rule, RULE_CATEGORY]] & POINTER
        if (scope == LINE or scope in _EDGES) and not asked.silenced[rule] and not opens:
            told[line].append((rule, scope, values))
    return told


def _chosen(likely: Iterator[Piece]) -> Iterator[Piece]:
    """One piece of a line: that for which most speaks; of those the longest, but where only the model does,
    no longer one than each of its sentences speaks for.
    """
    best: dict[int, Piece] = {}
    for piece in likely:  # of a line the shorter ones come first
        known = best.get(piece.row)
        if (
            known is None
            or piece.speaks > known.speaks
            or (piece.speaks == known.speaks and (piece.speaks > ALONE or piece.lexical >= known.lexical + ADDS))
        ):
            best[piece.row] = piece
    yield from best.values()
