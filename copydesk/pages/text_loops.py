"""Loops over the characters of a page's texts and labels, compiled by numba where those of cleaning are. They give what
shapes.of and evidence.Labels give in plain Python."""

from __future__ import annotations

import functools
from typing import Any

from cleaners import compiler
from copydesk.pages.loops import CAPITALS, CHARS, COMMAS, DIGITS, ENDING, SENTENCES, SIZE, WORDS

HEAD = 160
"""Characters at its beginning by which the capitals and digits of a text are told."""

CAPITAL, DIGIT, WIDE, COMMA, STOP, FULL_STOP, BLANK = (1 << bit for bit in range(7))
"""Kinds of characters."""
CLOSING = 4
"""How a text ends (see shapes.Shapes) and, besides, that a character closes what was opened before the end."""

LETTERS = 12
"""Of a word in a number, five bits each; a word is two numbers."""
_ODD = 0x2545F4914F6CDD1D  # a multiplier that spreads bits, as in cleaners/recall.py


def compiled(name: str) -> Any:
    """One of the functions, compiled."""
    return _compiled()[name]


@functools.cache
def _compiled() -> dict[str, Any]:
    return compiler.compiled(globals(), ("ending", "measure", "slot_of", "weigh"))


def measure(codes: Any, kinds: Any, endings: Any, blocks: Any) -> None:
    """Fill the rows of `blocks` that a text's shape is in (see loops). codes: of all texts, a line feed after each."""
    text, start = 0, 0
    wide, stops, commas, blanks, head_blanks, capitals, digits = 0, 0, 0, 0, 0, 0, 0
    before = 10
    for at in range(len(codes)):
        code = codes[at]
        if code == 10:
            size = at - start
            blocks[SIZE][text] = size
            blocks[CHARS][text] = size + 2 * wide
            blocks[ENDING][text] = ending(codes, start, at, endings)
            blocks[SENTENCES][text] = min(stops, 20)
            blocks[COMMAS][text] = min(commas, 20)
            blocks[WORDS][text] = min(blanks + 1, 500)
            blocks[CAPITALS][text] = capitals * 1000 // (head_blanks + 1)
            blocks[DIGITS][text] = digits * 1000 // min(size, HEAD)
            text, start = text + 1, at + 1
            wide, stops, commas, blanks, head_blanks, capitals, digits = 0, 0, 0, 0, 0, 0, 0
        elif kinds[code]:
            kind = kinds[code] + 0
            place = at - start
            if kind & BLANK:
                blanks += 1
                if place < HEAD - 1:
                    head_blanks += 1
            elif kind & CAPITAL:
                if place < HEAD and (before == 32 or before == 10):
                    capitals += 1
            elif kind & DIGIT and place < HEAD:
                digits += 1
            if kind & WIDE:
                wide += 1
            if kind & COMMA:
                commas += 1
            if kind & FULL_STOP or (kind & STOP and codes[at + 1] == 32):
                stops += 1
        before = code


def ending(codes: Any, start: Any, end: Any, endings: Any) -> Any:
    """How a text ends, less what closes."""
    while end > start and endings[codes[end - 1]] == CLOSING:
        end -= 1
    return endings[codes[end - 1]] + 0 if end > start else 0


def slot_of(first: Any, second: Any, firsts: Any, seconds: Any) -> Any:
    """Where a word stands in the table, or would: there is a 0."""
    slot = ((first ^ (second * _ODD)) * _ODD >> 40) & (len(firsts) - 1)
    while firsts[slot] != 0 and (firsts[slot] != first or seconds[slot] != second):
        slot = (slot + 1) & (len(firsts) - 1)
    return slot


def weigh(data: Any, firsts: Any, seconds: Any, weights: Any, met: Any, found: Any) -> None:
    """Of each line its words' weights together, each counted once. data: ASCII, a line feed after each line. firsts,
    seconds, weights: by slot. met: by slot, in which line the word was met last, or -1."""
    line, total = 0, 0
    first, second, length = 0, 0, 0
    small = False
    for byte in data:
        low = byte | 32
        letter = 97 <= low <= 122
        capital = letter and byte != low
        if length and (not letter or (capital and small)):  # the word is at its end
            if length <= 2 * LETTERS:
                slot = slot_of(first, second, firsts, seconds)
                if firsts[slot] != 0 and met[slot] != line:
                    met[slot] = line
                    total += weights[slot]
            first, second, length = 0, 0, 0
        if letter:
            if length < LETTERS:
                first = first << 5 | (low - 96)
            elif length < 2 * LETTERS:
                second = second << 5 | (low - 96)
            length += 1
        small = letter and not capital
        if byte == 10:
            found[line] = total
            line, total = line + 1, 0
