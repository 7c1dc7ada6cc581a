"""The lines of texts that no rule touches, with marks of where each stands and what it looks like: see templates.py.

Loops, as in layout.py, and what puts their arrays together.
"""

from __future__ import annotations

from typing import Any

from cleaners.cut import PARAGRAPH_LENGTH, ends_sentence
from cleaners.scan import CHARS, DIGIT, DOCUMENT, END, FIRST, LAST, LETTER, LINE_END, LINE_START, MARKS, START
from cleaners.spot import code_at

# Marks of an occurrence of a line. Where it stood, of the lines that rules leave of the text: no paragraph of the story
# above it, or below it, or at most one below it; first or last of all; among the first or last three; next to a line
# that a rule takes. What it looks like: it ends as a sentence does; it is longer than most subheads; it has quotation
# marks; it has three numbers or more, as what tells of one poll or match has; it ends with a colon or a question mark,
# as subheads do.
HEAD, TAIL, LOW, FIRST_LINE, LAST_LINE, EARLY, LATE, BESIDE, SENTENCE, WIDE, QUOTE, FIGURES, HEADING = (
    1 << n for n in range(13)
)
OUTER = 3

LONGEST = 2000
"""Characters of a line; a longer one is not counted."""

# Bytes of UTF-8: a shorter line is no sentence, however it ends; a line as long as that is seldom a subhead.
SHORT, WIDER = 25, 40
SOME_FIGURES = 3
QUOTATION = 5  # the place of quotation marks among the kinds of marks (reader.MARK_KINDS)

# What becomes of a line.
LEFT, TAKEN, TOUCHED = 0, 1, 2


def occur(table: Any, rows: Any, starts: Any, stops: Any, data: Any, flags: Any, fates: Any, marks: Any) -> None:
    """Fill `marks` with those of the lines that count: -1 for others.

    starts, stops: bytes of removals, in order. fates: room, what becomes of each line.
    """
    removal = 0
    low = 0
    while low < rows:
        high = low
        while high < rows and table[high][DOCUMENT] == table[low][DOCUMENT]:
            row = table[high]
            while removal < len(starts) and stops[removal] <= row[LINE_START]:
                removal += 1
            fates[high] = LEFT
            if removal < len(starts) and starts[removal] < row[LINE_END]:
                whole = starts[removal] <= row[LINE_START] and stops[removal] >= row[LINE_END]
                fates[high] = TAKEN if whole else TOUCHED
            high += 1
        mark_text(table, low, high, data, flags, fates, marks)
        low = high


def mark_text(table: Any, low: Any, high: Any, data: Any, flags: Any, fates: Any, marks: Any) -> None:
    """`occur` for the lines of one text."""
    top = high
    bottom = next_to_bottom = low - 1
    kept = 0
    for row in range(low, high):
        if fates[row] == TAKEN:
            continue
        kept += 1
        if reads_as_paragraph(table[row]):
            top = min(top, row)
            next_to_bottom = bottom
            bottom = row
    seen = 0
    for row in range(low, high):
        marks[row] = -1
        if fates[row] == TAKEN:
            continue
        seen += 1
        if fates[row] == TOUCHED:
            continue
        looks = looks_like(table[row], data, flags)
        if looks < 0:
            continue
        if row <= top:
            looks |= HEAD
        if row >= bottom:
            looks |= TAIL
        if row >= next_to_bottom:
            looks |= LOW
        if seen <= OUTER:
            looks |= EARLY | FIRST_LINE if seen == 1 else EARLY
        if seen > kept - OUTER:
            looks |= LATE | LAST_LINE if seen == kept else LATE
        if (row > low and fates[row - 1] == TAKEN) or (row + 1 < high and fates[row + 1] == TAKEN):
            looks |= BESIDE
        marks[row] = looks


def reads_as_paragraph(row: Any) -> Any:
    """As cut.paragraph, of the line without space around it."""
    return row[END] - row[START] >= PARAGRAPH_LENGTH and ends_sentence(row)


def looks_like(row: Any, data: Any, flags: Any) -> Any:
    """The marks of what a line looks like; -1 if it is not counted: too long, or without a letter or digit."""
    if row[CHARS] > LONGEST:
        return -1
    start = row[START] + 0
    end = row[END] + 0
    worded = False
    quoted = row[MARKS + QUOTATION] > 0 or row[FIRST] == 39 or row[FIRST] == 8216  # ' ‘
    numbers = 0
    high = 0
    letters = 0
    within = 0  # a number
    for byte in data[start:end]:  # many at once, once compiled
        digit = 1 if 48 <= byte <= 57 else 0
        numbers += digit & (within ^ 1)
        within = digit
        letters |= 1 if 97 <= byte | 32 <= 122 else 0
        high |= byte
    if high < 0x80:
        worded = letters > 0 or numbers > 0
    else:
        numbers = 0
        within = 0
        position = start
        while position < end:
            code = data[position] + 0
            step = 1
            if code >= 0x80:
                code, step = code_at(data, position, end)
                if 0x300C <= code <= 0x300F:  # corner brackets
                    quoted = True
            flag = flags[code] + 0
            if flag & (LETTER | DIGIT) and code != 95:  # _
                worded = True
            if flag & DIGIT:
                numbers += 1 - within
                within = 1
            else:
                within = 0
            position += step
    if not worded:
        return -1
    size = end - start
    last = row[LAST] & 0xFFFF
    marks = 0
    # . ! … 。 ！
    if size >= SHORT and (last == 46 or last == 33 or last == 8230 or last == 12290 or last == 65281):
        marks |= SENTENCE
    if size >= WIDER:
        marks |= WIDE
    if quoted:
        marks |= QUOTE
    if numbers >= SOME_FIGURES:
        marks |= FIGURES
    if last == 58 or last == 63 or last == 65306 or last == 65311:  # : ? ： ？
        marks |= HEADING
    return marks
