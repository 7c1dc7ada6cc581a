"""Loops over the bytes of texts that tell their language, and whether all is well with them. Plain ones over whole
numbers, compiled by numba."""

from __future__ import annotations

import functools
from typing import Any

from cleaners import compiler
from cleaners.spot import code_at

LONGEST = 7
"""Letters of the longest common word. All are of Latin-1: as bytes of a number they are told from all others."""
SLOTS = 1024
"""Of the table of common words."""
_ODD = 0x2545F4914F6CDD1D  # a multiplier that spreads bits, as in cleaners/recall.py
WRONG, BESIDE = 1, 2
"""Bits of a character: it may have to be mended; it may be mojibake beside another that is not ASCII."""


def compiled(name: str) -> Any:
    """One of the functions, compiled. Worth it where those of cleaning are (cleaners.reader.is_compiled)."""
    return _compiled()[name]


@functools.cache
def _compiled() -> dict[str, Any]:
    return compiler.compiled(
        globals(), ("code_at", "slot_of", "count", "count_each", "in_doubt", "doubt_each", "visit")
    )


def slot_of(key: Any, keys: Any) -> Any:
    """Where a word stands in the table, or would: there is a 0."""
    slot = (key * _ODD >> 40) & (SLOTS - 1)
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & (SLOTS - 1)
    return slot


def count(data: Any, lower: Any, blanks: Any, keys: Any, common: Any, counts: Any) -> Any:
    """Add to `counts` how many words of UTF-8 are common in each language; returns how many words there are.

    lower, blanks: by code point below 2**16. keys: by slot the letters of a word. common: a bit for each language.
    """
    size = len(data)
    position = 0
    words = 0
    key = 0  # the word that goes on
    length = 0
    while position <= size:
        code = 32  # behind the last word too
        step = 1
        if position < size:
            code = data[position] + 0
            if code >= 0x80:
                code, step = code_at(data, position, size)
        position += step
        if not blanks[code]:
            low = lower[code] + 0
            length += 1 if low < 256 else LONGEST + 1
            if length <= LONGEST:
                key = key << 8 | low
            continue
        if length > 0:
            words += 1
        if 0 < length <= LONGEST:
            of = common[slot_of(key, keys)]
            if of:
                for n in range(len(counts)):
                    counts[n] += of >> n & 1
        key = 0
        length = 0
    return words


def count_each(data: Any, ends: Any, lower: Any, blanks: Any, keys: Any, common: Any, counts: Any, words: Any) -> None:
    """`count` for each of some texts, one behind the other in the data up to their ends: a row of counts, and words."""
    begin = 0
    for n in range(len(ends)):
        words[n] = count(data[begin : ends[n]], lower, blanks, keys, common, counts[n])
        begin = ends[n]


def in_doubt(data: Any, begin: Any, end: Any, kinds: Any) -> Any:
    """Whether a text has a character that is WRONG, or one BESIDE another that is not ASCII. kinds: bits of characters,
    by code point below 2**16."""
    position = begin
    while position < end:
        if data[position] < 0x80:
            if kinds[data[position]]:
                return True
            position += 1
            continue
        # A run of what is not ASCII.
        beside = 0
        count = 0
        while position < end and data[position] >= 0x80:
            code, step = code_at(data, position, end)
            beside |= kinds[code]
            count += 1
            position += step
        if beside & WRONG or (beside and count > 1):
            return True
    return False


def doubt_each(data: Any, ends: Any, kinds: Any, found: Any) -> None:
    """Fill `found` with `in_doubt` of each of some texts, one behind the other in the data, up to its end."""
    begin = 0
    for n in range(len(ends)):
        found[n] = in_doubt(data, begin, ends[n], kinds)
        begin = ends[n]


def visit(data: Any, moves: Any, rows: Any, output: Any, counts: Any, order: Any) -> Any:
    """Walk the classifier's automaton, and add to `counts` how often each feature is met.

    data: bytes. moves: the next state by row and byte. rows: of a state. output: the feature that a state stands for,
    or -1. Fills `order` with the features in the order in which they are first met; returns how many.
    """
    state = 0
    met = 0
    for byte in data:
        state = moves[rows[state] * 256 + byte]
        feature = output[state]
        if feature >= 0:
            if counts[feature] == 0:
                order[met] = feature
                met += 1
            counts[feature] += 1
    return met
