"""What is glued to the end of a paragraph and was a line of its own: an ad marker, an ask, a link, a credit.

The last sentences of long lines whose words are those of boilerplate (pieces.py) are read as lines: what
rules of whole lines match in them, and what the model makes of them where they stand on a line of their own, in the
text parted there. It goes by the rule's name, or as `model:...` with the probability. What is glued to a start:
leading.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cleaners import parting
from cleaners.arrays import I64, Bools
from cleaners.asked import ALONE, EDGE, RULED, Asked, Matched, Piece, told_by
from cleaners.batch import Lined
from cleaners.cut import ANY_SCORE, CUT_COLUMNS, CUT_END, CUT_ROW, CUT_START, NO_HIT
from cleaners.leading import leading, leads
from cleaners.model import MOST_BYTES, SCALE, Model
from cleaners.parting import Part
from cleaners.patterns import Values
from cleaners.pieces import (
    OUTERMOST,
    PASSED,
    PIECE_ROW,
    SENTENCES,
)
from cleaners.registry import HEAD, LINE, RULE_CATEGORY
from cleaners.scan import DOCUMENT, LINE_END, LINE_START

# By what speaks for it, the lexical score (see Model) that a piece has at least, and the model's score of it on a line
# of its own.
LEXICAL_BARS = (200, -30, -30)
LEXICAL_LAST = -100  # of one that a rule speaks for, of the last line of a text that stays
SCORE_BARS = (3600, 600, -1600)
SURE = 60  # a lexical score with which what a rule of lines matches goes
# What one more sentence adds to the lexical score at least, if nothing but the model speaks for it, and if a rule does.
ADDS, TAKES = 30, -80
_BLANKS, _NO_SENTENCE = b" \t", b"0123456789(["


@dataclass(frozen=True, slots=True)
class Glued:
    """Cuts of pieces (see cut.py), and the values of what rules match in each; none where the model is alone."""

    rows: I64
    values: list[Values]


def glued(texts: Sequence[bytes], of: Lined, asked: Asked, cuts: I64) -> Glued:
    """The cuts of pieces of lines. cuts: those that there are; a line that one takes whole has no pieces."""
    places = of.scanned.columns(LINE_START, LINE_END, DOCUMENT)
    states = _states(places, cuts)
    ends, lexical = _ends(of, asked.model, states)
    starts = leads(of, asked.model, places[:, 2], states, _reached(places, cuts))
    said = [of.joined[start:end] for start, end, _ in ends.tolist()]
    rules = asked.rules([*said, *(lead.said for lead in starts)])
    chosen = [
        *_chosen(_likely(of, states, ends, lexical, rules[: len(said)])),
        *leading(of, asked, starts, rules[len(said) :]),
    ]
    chosen = [piece for piece in chosen if len(texts[places[piece.row, 2]]) <= MOST_BYTES]
    unsure = [piece for piece in chosen if piece.bar is not None]
    parts = [Part(piece.start, piece.end, piece.row) for piece in unsure]
    scores = dict(zip(unsure, parting.scores(texts, of, asked.model, parts), strict=True))
    rows: list[list[int]] = []
    values: list[Values] = []
    for piece in chosen:
        score = scores.get(piece, 0)
        if piece.bar is not None and score < piece.bar:
            continue
        start, end = _span(of, piece, places)
        if piece.speaks == ALONE:
            (vote,) = asked.registry.votes(np.array([score / SCALE])).tolist()
            rows.append([start, end, piece.row, vote, asked.registry.model, ANY_SCORE, NO_HIT, score])
        for matched in piece.rules:
            category = int(asked.registry.known[matched.rule, RULE_CATEGORY])
            rows.append([start, end, piece.row, matched.rule, category, ANY_SCORE, len(values), 0])
            values.append(matched.values)
    return Glued(np.array(rows, np.int64).reshape(-1, CUT_COLUMNS), values)


def _span(of: Lined, piece: Piece, places: I64) -> tuple[int, int]:
    """What goes with it: the blanks between it and the rest of its line."""
    first, last = places[piece.row, :2].tolist()
    start, end = piece.start, piece.end
    while start > first and of.joined[start - 1] in _BLANKS:
        start -= 1
    if start == first:
        while end < last and of.joined[end] in _BLANKS:
            end += 1
    return start, end


def _ends(of: Lined, model: Model, states: I64) -> tuple[I64, I64]:
    """The pieces whose words may be those of boilerplate (see pieces.PIECE_START), and their lexical scores."""
    found = told_by("pieces", of, model, states, SENTENCES)
    lexical = parting.lexical(of, model, found)
    last = states[found[:, PIECE_ROW]] == OUTERMOST
    worded = (lexical >= np.where(last, LEXICAL_LAST, min(LEXICAL_BARS))) & ~_reaching(found[:, PIECE_ROW], lexical)
    return found[worded], lexical[worded]


def _likely(of: Lined, states: I64, found: I64, lexical: I64, rules: Sequence[Sequence[Matched]]) -> Iterator[Piece]:
    """The pieces for which something speaks. rules: those that match each."""
    for (start, end, row), score, matched in zip(found.tolist(), lexical.tolist(), rules, strict=True):
        is_last = states[row] == OUTERMOST
        ruled = tuple(one for one in matched if one.scope == LINE or (is_last and one.scope != HEAD))
        speaks = RULED if ruled else EDGE if matched else ALONE
        bar = LEXICAL_LAST if is_last and speaks == RULED else LEXICAL_BARS[speaks]
        if score >= bar and (speaks == RULED or of.joined[start] not in _NO_SENTENCE):
            sure = speaks == RULED and score >= SURE
            yield Piece(start, end, row, score, speaks, ruled or tuple(matched), None if sure else SCORE_BARS[speaks])


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


def _reached(places: I64, cuts: I64) -> I64:
    """By line, up to where a cut takes its start."""
    reached = places[:, 0].copy()
    starting = cuts[cuts[:, CUT_START] <= places[cuts[:, CUT_ROW], 0]]
    np.maximum.at(reached, starting[:, CUT_ROW], starting[:, CUT_END])
    return reached


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
