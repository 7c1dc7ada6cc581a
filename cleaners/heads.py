"""What stands at the start of a long line and may not be of its paragraph: where it ends.

As in pieces.py, what scrapers join is found as the line it was (gluing.py): here a label, a counter or some sentences
before a paragraph. A label ends where a word with a capital follows, a counter where a capital follows its digits. Only
words of boilerplate (by the model's weights), capitals before a word that has none, and counters are looked at. Loops,
as in layout.py.
"""

from __future__ import annotations

from typing import Any

from cleaners.pieces import LINE_CHARS, PASSED, ends_here, put_piece
from cleaners.scan import (
    CAPITAL,
    CAPITALS,
    CHARS,
    CLOSING,
    DIGIT,
    END,
    LETTER,
    OPENING,
    SMALL,
    SPACE,
    START,
    STOP,
    TOKENS_FROM,
    TOKENS_TO,
    mix,
)
from cleaners.spot import code_at

# A label has at most so many bytes, sentences so many; of the line at least so many are left, or it is no paragraph:
# what sites repeat with a second sentence goes whole, as their template, which must not be cut before. A counter may
# stand before a caption: then the line has so many characters at least.
LABEL_BYTES, SENTENCES_BYTES, REST_BYTES = 64, 320, 60
COUNTED_CHARS, COUNTER_BYTES = 16, 12
# So many of a line at most are told of.
HEADS = 6
# The weights of its words of four letters and more add up to this; of one word, to less; or it is so many capitals.
HEAD_BAR, WORD_BAR, SHOUTED = 40, 14, 8
# Of a line none of whose first words, so many, add up to the latter only capitals are looked at.
FIRST_WORDS = 4


def heads(
    table: Any,
    rows: Any,
    tokens: Any,
    weights: Any,
    data: Any,
    flags: Any,
    states: Any,
    out: Any,
) -> Any:
    """Fill `out` with what may stand before paragraphs, the shorter of a line first; returns how many there are.

    table, rows, tokens: see scan.scan. weights: of n-grams. states: see pieces.pieces. out: see pieces.PIECE_START.
    """
    count = 0
    for i in range(rows):
        row = table[i]
        if states[i] == PASSED or row[CHARS] < COUNTED_CHARS:
            continue
        start = row[START] + 0
        end = row[END] + 0
        if data[start] < 0x80 and flags[data[start]] & DIGIT:
            count = counter(data, start, end, i, flags, out, count)
        elif row[CHARS] >= LINE_CHARS and (
            worded_start(tokens, row[TOKENS_FROM] + 0, row[TOKENS_TO] + 0, weights)
            or (row[CAPITALS] > 1 and not flags[data[start + 1]] & SMALL)
        ):
            count = labels(data, start, end, tokens, row[TOKENS_FROM] + 0, weights, i, flags, out, count)
    return count


def worded_start(tokens: Any, low: Any, high: Any, weights: Any) -> Any:
    """Whether the first words may be those of boilerplate."""
    mask = len(weights) - 1
    total = 0
    for k in range(low, min(high, low + FIRST_WORDS)):
        if tokens[k]:
            total += weights[mix(tokens[k] + 0, 1) & mask]
            if total >= WORD_BAR:
                return True
    return False


def counter(data: Any, start: Any, end: Any, row: Any, flags: Any, out: Any, count: Any) -> Any:
    """A line's number among others ("01/7"), with no blank before the word that follows."""
    marks = 0
    position = start
    while position < min(end, start + COUNTER_BYTES):
        code = data[position] + 0
        step = 1
        if code >= 0x80:
            code, step = code_at(data, position, end)
        flag = flags[code] + 0
        if flag & DIGIT == 0:
            if marks and flag & CAPITAL:
                return put_piece(out, count, start, position, row)
            if code != 47:  # /
                break
            marks += 1
        position += step
    return count


def labels(
    data: Any,
    start: Any,
    end: Any,
    tokens: Any,
    token: Any,
    weights: Any,
    row: Any,
    flags: Any,
    out: Any,
    count: Any,
) -> Any:
    """The labels and sentences that a line may begin with. token: its first."""
    mask = len(weights) - 1
    found = 0
    words = 0  # so far
    total = 0  # their weights
    capitals = 0  # letters, if all words so far are capitals
    shouted = True
    inside = False  # a word
    blank = False  # before what follows
    opening = -1  # where marks that open what follows begin
    stop = -1  # the last one, if what follows may be a sentence
    position = start
    while position < end - REST_BYTES and position < start + SENTENCES_BYTES and found < HEADS:
        code = data[position] + 0
        step = 1
        if code >= 0x80:
            code, step = code_at(data, position, end)
        flag = flags[code] + 0
        if flag & (LETTER | DIGIT):
            if not inside:
                begin = opening if opening >= 0 else position
                if blank and (flag & (CAPITAL | DIGIT) or opening >= 0):
                    if stop >= 0:
                        ends = ends_here(data, start, stop, flags)
                    else:
                        ends = begin <= start + LABEL_BYTES and data[begin] != 40 and data[begin] != 91  # ( [
                    loud = shouted and capitals >= SHOUTED and mixed(data, position, end, flags)
                    if ends and (total >= HEAD_BAR or (words == 1 and total >= WORD_BAR) or loud):
                        last = begin
                        while data[last - 1] == 32 or data[last - 1] == 9:
                            last -= 1
                        count = put_piece(out, count, start, last, row)
                        found += 1
                if position > start + LABEL_BYTES and total < HEAD_BAR:
                    break
                if tokens[token]:
                    total += weights[mix(tokens[token] + 0, 1) & mask]
                token += 1
                words += 1
                inside = True
                blank = False
                stop = opening = -1
            if flag & CAPITAL:
                capitals += 1
            elif flag & SMALL:
                shouted = False
        else:
            inside = False
            if flag & SPACE:
                blank = True
                opening = -1
            elif flag & STOP:
                stop = position
                blank = False
            elif not flag & CLOSING or blank:
                stop = stop if blank else -1
                if flag & OPENING and blank:
                    opening = position if opening < 0 else opening
                else:
                    blank = False
        position += step
    return count


def mixed(data: Any, position: Any, end: Any, flags: Any) -> Any:
    """Whether a word has but one capital: it is one letter long, or goes on with a small one."""
    code = data[position] + 0
    step = 1
    if code >= 0x80:
        code, step = code_at(data, position, end)
    if position + step >= end:
        return False
    code = data[position + step] + 0
    if code >= 0x80:
        code, step = code_at(data, position + step, end)
    return (flags[code] & (SMALL | SPACE)) > 0
