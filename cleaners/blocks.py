"""Blocks that only what stands around them gives away: menus above a story, what follows its end, readers' comments.

What was measured here was measured on labelled articles and dumps of pages: of what `menu` and `tail` take on
top of the rules, 19 lines in 20 are not the story. Loops over the table of lines, as in layout.py.
"""

from __future__ import annotations

from typing import Any

from cleaners.cut import (
    ANY_SCORE,
    AT_EDGE,
    LIKELY,
    NO_HIT,
    bytes_of,
    cut_line,
    ends_sentence,
    note,
    paragraph,
    worded,
)
from cleaners.headline import folded
from cleaners.registry import (
    CLOSING,
    FRAME,
    HIT_ROW,
    HIT_RULE,
    MENU_LINE,
    RULE_CATEGORY,
    RULE_SCOPE,
    SECTION,
    SEPARATOR_LINE,
    TAIL_LINE,
    THREAD,
)
from cleaners.scan import JOINED, LAST, LINE_END, LINE_START

# No menu above a story and no tail below one is longer than this, in lines.
MENU_LINES = 160
TAIL_BLOCK = 400
# A line of a menu has no more words and bytes than this.
MENU_WORDS, MENU_LENGTH = 3, 48
# Below the last paragraph fewer lines than this are no block.
TAIL_AT_LEAST = 3
SEPARATOR_LENGTH = 80
# More lines than this that match are the story: a list of who is who.
CLOSING_LINES = 3
# What stands between a plug and the rest of the story, and how many words each of these has.
RESUMES = ("after newsletter promotion", "story continues below", "article continues below")
RESUMES_WORDS = 3
# So many headings of a thread of comments are looked at, and so many lines above one for the story.
THREADS, THREAD_LINES = 4, 80
# A story above a thread is two paragraphs, each worth two of the shorter sentences that may stand for one.
STORY_SENTENCES, SENTENCE_LENGTH = 4, 40


def menu(
    table: Any,
    at: Any,
    known: Any,
    kinds: Any,
    own: Any,
    title: Any,
    data: Any,
    flags: Any,
    lower: Any,
    taken: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """Short lines without a stop right below lines that are taken, above the first paragraph of the story."""
    low, high, _, end = at
    rule = own[MENU_LINE] + 0
    category = known[rule][RULE_CATEGORY] + 0
    begin = count
    above = False  # whether the line above is gone
    for row in range(low, min(high, low + MENU_LINES)):
        if taken[row] >= 0:
            # Below a section's name, a byline or a caption alone stands a kicker or a subhead, no menu.
            above = above or not kinds[taken[row]] & SECTION
        elif paragraph(table[row]):
            note(cuts, begin, count, taken)
            return count
        else:
            above = above and menu_item(table[row])
            if above and title and line_folded(table[row], data, flags, lower) == title:
                above = False
            if above:
                count = cut_line(table, row, high, end, rule, category, AT_EDGE, NO_HIT, cuts, count)
    return begin


def menu_item(row: Any) -> Any:
    """Whether a line is as short as those of a menu."""
    return bytes_of(row) <= MENU_LENGTH and 1 <= row[JOINED] <= MENU_WORDS and not ends_sentence(row)


def line_folded(row: Any, data: Any, flags: Any, lower: Any) -> Any:
    """headline.folded of a line."""
    return folded(data, row[LINE_START] + 0, row[LINE_END] + 0, flags, lower, 0) >> 1


def tail(
    table: Any,
    at: Any,
    known: Any,
    kinds: Any,
    own: Any,
    resuming: Any,
    data: Any,
    flags: Any,
    lower: Any,
    taken: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """What stands below the last paragraph of the story and below a line of its frame ("Related", "Copyright ...").

    Lines that end as a sentence does go only below lines of two categories of the frame (a list of links and a legal
    note), and if the model thinks so too: a story may go on below a list. A line that ends with a colon opens
    something of its own, which stays up to the next line of the frame; below one that says that the story goes on, it
    does. A tail twice as long as what stands above it is none.
    """
    low, high, start, end = at
    top = high
    while top > low and (taken[top - 1] >= 0 or not paragraph(table[top - 1])):
        top -= 1
        if high - top > TAIL_BLOCK:
            return count
    if top == low or high - top < TAIL_AT_LEAST or (table[top][LINE_START] - start) * 3 < end - start:
        return count
    rule = own[TAIL_LINE] + 0
    category = known[rule][RULE_CATEGORY] + 0
    begin = count
    last = -1  # the category of the last line of the frame
    mixed = False
    within = False
    for row in range(top, high):
        if taken[row] >= 0:
            if kinds[taken[row]] & FRAME:
                mixed = mixed or (last >= 0 and taken[row] != last)
                last = taken[row] + 0
                within = True
            continue
        if table[row][JOINED] == RESUMES_WORDS and resumes(table[row], resuming, data, flags, lower):
            last = -1
            mixed = False
            within = False
            count = cut_line(table, row, high, end, rule, category, ANY_SCORE, NO_HIT, cuts, count)
            continue
        within = within and table[row][LAST] != 58  # a colon
        sentence = ends_sentence(table[row])
        if within and (mixed or not sentence):
            needs = LIKELY if sentence else AT_EDGE
            count = cut_line(table, row, high, end, rule, category, needs, NO_HIT, cuts, count)
    note(cuts, begin, count, taken)
    return count


def resumes(row: Any, resuming: Any, data: Any, flags: Any, lower: Any) -> Any:
    """Whether a line says that the story goes on below it. resuming: RESUMES, folded."""
    line = line_folded(row, data, flags, lower)
    found = False
    for k in range(len(resuming)):
        found = found or line == resuming[k]
    return found


def closing(
    table: Any,
    at: Any,
    hits: Any,
    first: Any,
    last: Any,
    known: Any,
    taken: Any,
    marked: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """Matches below which nothing of the story is left. The text keeps a paragraph above them."""
    low, high, _, end = at
    some = False
    for h in range(first, last):
        if known[hits[h][HIT_RULE]][RULE_SCOPE] == CLOSING:
            marked[hits[h][HIT_ROW]] = h + 1
            some = True
    if not some:
        return count
    begin = count
    row = high - 1
    while row >= low and (taken[row] >= 0 or marked[row]):
        if taken[row] < 0:
            h = marked[row] - 1
            rule = hits[h][HIT_RULE] + 0
            category = known[rule][RULE_CATEGORY] + 0
            count = cut_line(table, row, high, end, rule, category, ANY_SCORE, h, cuts, count)
        row -= 1
    for h in range(first, last):
        marked[hits[h][HIT_ROW]] = 0
    if row < low or count - begin > CLOSING_LINES:
        return begin
    note(cuts, begin, count, taken)
    return count


def threads(
    table: Any, at: Any, hits: Any, first: Any, last: Any, known: Any, taken: Any, cuts: Any, count: Any
) -> Any:
    """Readers' comments: from a heading such as "12 Comments" to the end, if a third of the text stands above it."""
    low, high, start, end = at
    looked = 0
    for h in range(first, last):
        rule = hits[h][HIT_RULE] + 0
        if known[rule][RULE_SCOPE] != THREAD:
            continue
        heading = hits[h][HIT_ROW] + 0
        if (table[heading][LINE_START] - start) * 3 < end - start:
            continue
        looked += 1
        if looked > THREADS:
            return count
        if not story_above(table, low, heading):
            continue
        begin = count
        category = known[rule][RULE_CATEGORY] + 0
        for row in range(heading, high):
            hit = h if row == heading else NO_HIT
            count = cut_line(table, row, high, end, rule, category, ANY_SCORE, hit, cuts, count)
        note(cuts, begin, count, taken)
        return count
    return count


def story_above(table: Any, low: Any, heading: Any) -> Any:
    """Whether two paragraphs stand above a line, and not far; two sentences of a line each are one."""
    found = 0
    row = heading - 1
    while row >= low and heading - 1 - row <= THREAD_LINES and found < STORY_SENTENCES:
        if paragraph(table[row]):
            found += 2
        elif bytes_of(table[row]) >= SENTENCE_LENGTH and ends_sentence(table[row]):
            found += 1
        row -= 1
    return found >= STORY_SENTENCES


def separators(
    table: Any,
    at: Any,
    known: Any,
    kinds: Any,
    own: Any,
    data: Any,
    flags: Any,
    taken: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """Lines of marks alone next to a line of the frame. A row of stars within the story stays."""
    low, high, _, end = at
    rule = own[SEPARATOR_LINE] + 0
    category = known[rule][RULE_CATEGORY] + 0
    begin = count
    reached = low  # down to here lines are looked at from above
    for row in range(low, high):
        if taken[row] < 0 or not kinds[taken[row]] & FRAME:
            continue
        near = row - 1
        while near >= reached and taken[near] < 0 and only_marks(table[near], data, flags):
            count = cut_line(table, near, high, end, rule, category, ANY_SCORE, NO_HIT, cuts, count)
            near -= 1
        near = row + 1
        while near < high and taken[near] < 0 and only_marks(table[near], data, flags):
            count = cut_line(table, near, high, end, rule, category, ANY_SCORE, NO_HIT, cuts, count)
            near += 1
        reached = near
    note(cuts, begin, count, taken)
    return count


def only_marks(row: Any, data: Any, flags: Any) -> Any:
    """Whether a line is short and has neither letters nor digits."""
    return bytes_of(row) <= SEPARATOR_LENGTH and not worded(data, row[LINE_START] + 0, row[LINE_END] + 0, flags)
