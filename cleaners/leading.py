"""What is glued to the start of a paragraph and was a line of its own: a label, an ad marker, an ask, a counter.

What heads.py tells of is read as lines, as in gluing.py. More is asked of it than of what is glued to an end, as a
story begins with labels, names and places of its own: a rule of whole lines that does not go on to match the word that
follows ("WATCH: ..." has no end), and the model, which takes it for boilerplate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cleaners import parting
from cleaners.arrays import I64
from cleaners.asked import EDGE, RULED, Asked, Matched, Piece, told_by
from cleaners.batch import Lined
from cleaners.heads import HEADS
from cleaners.model import Model
from cleaners.pieces import PASSED, PIECE_END, PIECE_ROW, PIECE_START
from cleaners.registry import AD, HEAD, LINE, RULE_CATEGORY, Registry

# The lexical score (see Model) that a piece has at least: one word, what ends with a stop, a label of the first line of
# a text, any other; and the model's score of it on a line of its own.
WORD_BAR, SENTENCE_BAR, FIRST_BAR, LABEL_BAR = 60, 0, -90, -10
SCORE_BAR = 600
NEXT_BYTES = 80
_DIGITS = np.frombuffer(b"0123456789", np.uint8)
_WORD = re.compile(r"\w+")
_CLOSING, _STOPS = ")]\"”’'»", (".", "!", "?", "…")


class Lead(NamedTuple):
    """What may stand before a paragraph. start, end: bytes of the batch. row: of its line; is_first: whether that is
    the first of its text that no cut takes whole. lexical: its score.
    """

    start: int
    end: int
    row: int
    is_first: bool
    lexical: int
    said: bytes


def leads(of: Lined, model: Model, documents: I64, states: I64, reached: I64) -> list[Lead]:
    """What rules are to be asked about, of a line the shorter ones first.

    By line, documents: its text; states: see pieces.pieces; reached: up to where a cut takes its start.
    """
    found = told_by("heads", of, model, states, HEADS)
    found = found[found[:, PIECE_END] > reached[found[:, PIECE_ROW]]]
    lexical = parting.lexical(of, model, found)
    left = np.flatnonzero(states != PASSED)
    is_first = np.isin(found[:, PIECE_ROW], left[np.flatnonzero(np.diff(documents[left], prepend=-1))])
    likely = (lexical >= np.where(is_first, FIRST_BAR, LABEL_BAR)) | np.isin(of.data[found[:, PIECE_START]], _DIGITS)
    told = [
        Lead(start, end, row, first, score, of.joined[start:end])
        for (start, end, row), first, score in zip(
            found[likely].tolist(), is_first[likely].tolist(), lexical[likely].tolist(), strict=True
        )
    ]
    highest = max(WORD_BAR, SENTENCE_BAR, FIRST_BAR, LABEL_BAR)  # most reach it
    return [
        lead for lead in told if lead.lexical >= highest or _is_counter(lead.said) or lead.lexical >= _lexical_bar(lead)
    ]


def leading(of: Lined, asked: Asked, leads: Sequence[Lead], matched: Sequence[Sequence[Matched]]) -> Iterator[Piece]:
    """Of each line the longest one that a rule speaks for. matched: the rules that match each."""
    best: dict[int, Piece] = {}
    some = [(lead, rules) for lead, rules in zip(leads, matched, strict=True) if rules]
    longer = asked.rules(
        [lead.said if _is_sentence(lead.said) else lead.said + _next(of, lead.end) for lead, _ in some]
    )
    for (lead, rules), going_on in zip(some, longer, strict=True):
        on = set() if _is_sentence(lead.said) else {match.rule for match in going_on}
        closed = tuple(match for match in rules if match.rule not in on and _may_lead(of, lead, match, asked.registry))
        if closed:
            speaks = max(RULED if match.scope == LINE else EDGE for match in closed)
            bar = None if _is_counter(lead.said) else SCORE_BAR
            best[lead.row] = Piece(lead.start, lead.end, lead.row, lead.lexical, speaks, closed, bar)
    yield from best.values()


def _lexical_bar(lead: Lead) -> int:
    if _is_sentence(lead.said):
        return SENTENCE_BAR
    if b" " not in lead.said:
        return WORD_BAR
    return FIRST_BAR if lead.is_first else LABEL_BAR


def _is_counter(said: bytes) -> bool:
    return said[:1].isdigit()


def _is_sentence(said: bytes) -> bool:
    return said.decode("utf-8", "surrogatepass").rstrip(_CLOSING).endswith(_STOPS)


def _may_lead(of: Lined, lead: Lead, match: Matched, registry: Registry) -> bool:
    """Whether a rule may speak for it. One word must be an ad marker, or a counter. What stands above a story has two
    words and more, leads its first line, and is no part of a name ("World News Tonight").
    """
    category = int(registry.known[match.rule, RULE_CATEGORY])
    said = lead.said.decode("utf-8", "surrogatepass")
    words = _WORD.findall(said)
    if match.scope == LINE:
        return len(words) > 1 or _is_counter(lead.said) or bool(registry.kinds[category] & AD)
    ends = said.isupper() or words[-1][0].islower() or _next(of, lead.end).lstrip()[:1].isdigit()
    return (
        match.scope == HEAD and lead.is_first and len(words) > 1 and ends and category == registry.category("section")
    )


def _next(of: Lined, end: int) -> bytes:
    """The word that follows a piece, with the blanks before it."""
    rest = of.joined[end : end + NEXT_BYTES].split(b"\n")[0]
    word = rest.lstrip(b" \t")
    return rest[: len(rest) - len(word)] + word.split(b" ")[0]
