"""Sentences at the end of a long line that may not be of its paragraph: where they begin.

Scrapers join what stands on lines of its own: an ad marker, an ask for comments, a credit, a link. Rules know some of
it by its words within a line (scopes `prefix`, `suffix`, `inline`). What else is there is found as what it was: a line.
So the last sentences of a line are asked about as if they stood alone (gluing.py), but only if they are very short, or
the words there those of boilerplate by the model's weights of single words. Loops, as in layout.py.
"""

from __future__ import annotations

from typing import Any

from cleaners.scan import (
    CAPITAL,
    CHARS,
    CLOSING,
    DIGIT,
    END,
    LETTER,
    OPENING,
    SPACE,
    START,
    STOP,
    TOKENS_FROM,
    TOKENS_TO,
    mix,
)
from cleaners.spot import code_at

# Columns of the array of pieces: where it starts and ends in bytes, and the row of its line.
PIECE_START, PIECE_END, PIECE_ROW = range(3)
PIECE_COLUMNS = 3

# States of lines.
PASSED, OUTERMOST = 1, 2

# A line has at least so many characters, a piece at most so many bytes; what is left of the line has at least so many.
LINE_CHARS, PIECE_BYTES, REST_BYTES = 70, 320, 40
# So many sentences at most are a piece.
SENTENCES = 4
# A last sentence of so few bytes is a piece whatever its words; of the last line of a text that stays, where bios are,
# one of so many.
SHORT_BYTES, OUTERMOST_BYTES = 32, 600
# The weights of the last words, so many of four letters and more, must add up to this, counted from the end.
WORDS, WORDS_BAR = 12, 55
# A full stop after a capital and fewer letters than this, or after so few digits, ends no sentence: "Sept.", "10."
ABBREVIATED, COUNTED = 5, 2


def pieces(
    table: Any,
    rows: Any,
    tokens: Any,
    weights: Any,
    data: Any,
    flags: Any,
    states: Any,
    out: Any,
) -> Any:
    """Fill `out` with the pieces of lines; returns how many there are.

    table, rows, tokens: see scan.scan. weights: of n-grams. states: PASSED for lines not to look at,
    OUTERMOST for the last one of a text that stays.
    """
    count = 0
    mask = len(weights) - 1
    for i in range(rows):
        row = table[i]
        if states[i] == PASSED or row[CHARS] < LINE_CHARS:
            continue
        low = row[TOKENS_FROM] + 0
        high = row[TOKENS_TO] + 0
        if states[i] == OUTERMOST:
            most = OUTERMOST_BYTES
        elif worded_like(tokens, max(low, high - WORDS), high, weights, mask):
            most = PIECE_BYTES
        else:
            most = SHORT_BYTES
        count = last_pieces(data, row[START] + 0, row[END] + 0, most, i, flags, out, count)
    return count


def worded_like(tokens: Any, low: Any, high: Any, weights: Any, mask: Any) -> Any:
    """Whether some of the words, from the last one back, are those of boilerplate."""
    total = 0
    for k in range(high - 1, low - 1, -1):
        if tokens[k]:
            total += weights[mix(tokens[k] + 0, 1) & mask]
            if total >= WORDS_BAR:
                return True
    return False


def put_piece(out: Any, count: Any, start: Any, end: Any, row: Any) -> Any:
    """Add a piece; returns how many there are then."""
    out[count][PIECE_START] = start
    out[count][PIECE_END] = end
    out[count][PIECE_ROW] = row
    return count + 1


def last_pieces(data: Any, start: Any, end: Any, most: Any, row: Any, flags: Any, out: Any, count: Any) -> Any:
    """The last sentence of a line, its last two, and so on, and what stands in brackets at its end. most: bytes of a
    piece.
    """
    found = 0
    position = end - 1
    reach = max(start + REST_BYTES, end - most)
    while reach < end and data[reach] & 0xC0 == 0x80:  # within a character
        reach += 1
    closed = end - 1  # the last character, but for a stop behind it
    while closed > reach and (data[closed] == 46 or data[closed] == 58):  # . :
        closed -= 1
    bracketed = data[closed] == 41 or data[closed] == 93  # ) ]
    while position >= reach and found < SENTENCES:
        while position > reach and data[position] & 0xC0 == 0x80:
            position -= 1
        code = data[position] + 0
        if code >= 0x80:
            code, _ = code_at(data, position, end)
        if bracketed and (code == 40 or code == 91):  # ( [
            bracketed = False
            if data[position - 1] == 32:
                count = put_piece(out, count, position, end, row)
                found += 1
        elif flags[code] & STOP and ends_here(data, start, position, flags):
            begin = begins_after(data, position + 1 if code < 0x80 else position + 3, end, flags)
            if begin >= 0 and (found == 0 or out[count - 1][PIECE_START] != begin):
                count = put_piece(out, count, begin, end, row)
                found += 1
        position -= 1
    return count


def ends_here(data: Any, start: Any, position: Any, flags: Any) -> Any:
    """Whether the stop at a place may end a sentence, and no abbreviation."""
    if data[position] != 46:  # .
        return True
    letters = 0
    digits = 0
    capital = False
    place = position - 1
    while place >= start and letters + digits < ABBREVIATED:
        while place > start and data[place] & 0xC0 == 0x80:
            place -= 1
        code = data[place] + 0
        if code >= 0x80:
            code, _ = code_at(data, place, position)
        flag = flags[code] + 0
        if flag & DIGIT:
            digits += 1
        elif flag & LETTER:
            letters += 1
            capital = (flag & CAPITAL) > 0
        else:
            break
        place -= 1
    if letters == 0 and digits > 0:
        return digits > COUNTED
    return not (capital and letters < ABBREVIATED)


def dash(code: Any) -> Any:
    """Whether a character is a dash or a bullet."""
    return code == 45 or code == 8211 or code == 8212 or code == 8226 or code == 42  # - – — • *


def begins_after(data: Any, position: Any, end: Any, flags: Any) -> Any:
    """Where a sentence begins behind a stop, marks that close it and blanks; -1 if none does."""
    blank = False
    while position < end:
        code = data[position] + 0
        step = 1
        if code >= 0x80:
            code, step = code_at(data, position, end)
        flag = flags[code] + 0
        if flag & SPACE:
            blank = True
        elif flag & STOP and not blank:
            return -1
        elif flag & CAPITAL or (blank and (flag & (DIGIT | OPENING) or dash(code))):
            return position
        elif not (flag & CLOSING and not blank):
            return -1
        position += step
    return -1


def gather(data: Any, found: Any, out: Any, ends: Any) -> None:
    """Copy pieces one behind the other, a line feed between two; `ends`: where each ends there."""
    used = 0
    for k in range(len(found)):
        for place in range(found[k][PIECE_START], found[k][PIECE_END]):
            out[used] = data[place]
            used += 1
        ends[k] = used
        out[used] = 10
        used += 1
