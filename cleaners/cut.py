"""A part of a text to take out, as a row of an array, and what the shape of a line tells.

Loops over whole numbers, as in scan.py, whose table of lines they read: offsets are bytes of the batch, a line is its
row in that table. Compiled or not, as reader.py chooses.
"""

from __future__ import annotations

from typing import Any

from cleaners.scan import DIGIT, LAST, LETTER, LINE_END, LINE_START
from cleaners.spot import code_at

# Columns of the array of cuts: where the part starts and ends, the row of its line, its rule and category (see
# registry.py), the least score at which the model lets it go, the match it comes of, the score if it is the model's.
CUT_START, CUT_END, CUT_ROW, CUT_RULE, CUT_CATEGORY, CUT_NEEDS, CUT_HIT, CUT_SCORE = range(8)
CUT_COLUMNS = 8
NO_HIT = -1
UNTOLD = -2  # in place of a match: what it takes out fills no field

# From this length in bytes on, a line that ends as a sentence does is a paragraph of the story, and from the second
# length on however it ends.
PARAGRAPH_LENGTH, LONG_PARAGRAPH = 140, 2000

# What the model must say at least (log-odds in parts of 1,000) to a line at the edge of the story, .15 as a
# probability, and to one in a list below a heading, .07. With scores of models that had not seen the publisher, 18 of
# 489 of the former that were not the story stay by it; on pages of other sites, 10 of 19 of the latter that were.
AT_EDGE, LISTED = -1735, -2587
# A list of a few lines with the story right below it may be of the story as well, as the question of an interview is.
LISTED_ABOVE = -1500
LIKELY = 0  # rather not the story than the story
ANY_SCORE = -(1 << 30)  # nothing is asked of the model


def ends_stopped(row: Any) -> Any:
    """Whether a line ends with a full stop, a colon, a comma or the like, maybe before quotation marks or brackets."""
    code = row[LAST] & 0xFFFF
    return code == 46 or code == 8230 or code == 58 or code == 59 or code == 44 or code == 12290  # . … : ; , 。


def ends_sentence(row: Any) -> Any:
    """The same, or with an exclamation or question mark."""
    code = row[LAST] & 0xFFFF
    return ends_stopped(row) or code == 33 or code == 63 or code == 65281 or code == 65311  # ! ? ！ ？


def bytes_of(row: Any) -> Any:
    """How many bytes a line has, with space around it and without its line break."""
    return row[LINE_END] - row[LINE_START]


def paragraph(row: Any) -> Any:
    """Whether a line reads as a paragraph of the story: long, and it ends as a sentence does."""
    length = bytes_of(row)
    return length >= PARAGRAPH_LENGTH and (length > LONG_PARAGRAPH or ends_sentence(row))


def reach(table: Any, row: Any, high: Any, end: Any) -> Any:
    """End of a line's removal: past its line break and the blank lines after it. high, end: of its text."""
    return table[row + 1][LINE_START] + 0 if row + 1 < high else end


def worded(data: Any, position: Any, end: Any, flags: Any) -> Any:
    """Whether there is a letter or a digit between two places."""
    while position < end:
        code = data[position] + 0
        step = 1
        if code >= 0x80:
            code, step = code_at(data, position, end)
        if code != 95 and flags[code] & (LETTER | DIGIT):  # _
            return True
        position += step
    return False


def cut_line(
    table: Any, row: Any, high: Any, end: Any, rule: Any, category: Any, needs: Any, hit: Any, cuts: Any, count: Any
) -> Any:
    """Add the cut of a whole line to `cuts`, of which there are `count`; returns how many there are then."""
    cut = cuts[count]
    cut[CUT_START] = table[row][LINE_START]
    cut[CUT_END] = reach(table, row, high, end)
    cut[CUT_ROW] = row
    cut[CUT_RULE] = rule
    cut[CUT_CATEGORY] = category
    cut[CUT_NEEDS] = needs
    cut[CUT_HIT] = hit
    cut[CUT_SCORE] = 0
    return count + 1


def takes_line(table: Any, cut: Any) -> Any:
    """Whether a cut takes its line from end to end."""
    row = table[cut[CUT_ROW]]
    return cut[CUT_START] == row[LINE_START] and cut[CUT_END] >= row[LINE_END]


def note(cuts: Any, first: Any, count: Any, taken: Any) -> None:
    """Note in `taken` the categories of lines that cuts from `first` on take, where none is noted."""
    for k in range(first, count):
        if taken[cuts[k][CUT_ROW]] < 0:
            taken[cuts[k][CUT_ROW]] = cuts[k][CUT_CATEGORY]
