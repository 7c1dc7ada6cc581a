"""What only neighbours tell: head block, headline, tail block, a caption beside an ad marker, lines beside others.

`place` takes the matches of a batch and says which of them hold where they stand, and what else must go because of
what stands next to it. Loops over the table of lines, as in cut.py; `at` is a text: its rows from and to, its bytes
from and to.
"""

from __future__ import annotations

from typing import Any

from cleaners.blocks import closing, menu, separators, tail, threads
from cleaners.cut import (
    ANY_SCORE,
    CUT_CATEGORY,
    CUT_END,
    CUT_HIT,
    CUT_NEEDS,
    CUT_ROW,
    CUT_RULE,
    CUT_SCORE,
    CUT_START,
    LISTED,
    LISTED_ABOVE,
    NO_HIT,
    bytes_of,
    cut_line,
    ends_sentence,
    ends_stopped,
    note,
    paragraph,
    takes_line,
    worded,
)
from cleaners.headline import repeated
from cleaners.registry import (
    AD,
    ANYWHERE,
    BESIDE,
    BESIDE_AD,
    HEAD,
    HEAD_ZONE,
    HEADING,
    HIT_END,
    HIT_ROW,
    HIT_RULE,
    HIT_START,
    INLINE,
    LINE,
    LINK,
    RULE_CATEGORY,
    RULE_NEXT_TO,
    RULE_SCOPE,
    TAIL,
    TAIL_ZONE,
)
from cleaners.scan import (
    CAPITAL,
    CHARS,
    DOCUMENT,
    FIRST,
    JOINED,
    LINE_END,
    LINE_START,
    TITLED,
    TOLD,
)

# Measured on labelled articles: nothing that belongs to a head lies below this many lines, to a tail above this many.
HEAD_LINES = 24
TAIL_LINES = 80
# A block under a terminal heading ("Related") is no longer than this, nor are its lines, in bytes.
BLOCK_LINES = 40
BLOCK_LINE_LENGTH = 160
LIST_LINES = 3  # from so many lines on a block is a list, whatever stands below it
CAPTION_CHARS = 220
NAMES = 5  # words
LINK_WORDS = 5  # the headline of a link has no fewer; a subhead of the story often has
# A block at an edge of a text has fewer paragraphs than this, whoever takes them.
EDGE_PARAGRAPHS = 5
REST = 4096  # bytes of a line in which it is looked for what a part leaves of it


def zones(table: Any, rows: Any, out: Any) -> None:
    """Fill `out` with where each line stands: ANYWHERE, with HEAD_ZONE if few paragraphs stand above it in its text,
    and with TAIL_ZONE if few do below it.
    """
    low = 0
    while low < rows:
        high = low
        found = 0
        while high < rows and table[high][DOCUMENT] == table[low][DOCUMENT]:
            out[high] = ANYWHERE | HEAD_ZONE if found < EDGE_PARAGRAPHS else ANYWHERE
            if paragraph(table[high]):
                found += 1
            high += 1
        found = 0
        row = high - 1
        while row >= low and found < EDGE_PARAGRAPHS:
            out[row] |= TAIL_ZONE
            if paragraph(table[row]):
                found += 1
            row -= 1
        low = high


def place(
    table: Any,
    rows: Any,
    ends: Any,
    hits: Any,
    known: Any,
    kinds: Any,
    own: Any,
    resuming: Any,
    titles: Any,
    data: Any,
    flags: Any,
    lower: Any,
    taken: Any,
    marked: Any,
    cuts: Any,
) -> Any:
    """Fill `cuts` with those of all texts, text by text; returns how many there are.

    table, rows: see scan.scan. ends: of the texts. hits: rows of (line, rule, start, end), in order of lines and rules.
    known, kinds, own: see registry.py. resuming, titles: what headline.folded makes of phrases and of the texts'
    titles. taken: -1 for every line; filled with the category of what takes it whole. marked: 0 for every line.
    """
    count = 0
    hit = 0
    low = 0
    while low < rows:
        document = table[low][DOCUMENT] + 0
        high = low + 1
        while high < rows and table[high][DOCUMENT] == document:
            high += 1
        first = hit
        while hit < len(hits) and hits[hit][HIT_ROW] < high:
            hit += 1
        begin = ends[document - 1] + 1 if document > 0 else 0
        at = (low, high, begin, ends[document] + 0)
        count = place_text(
            table, at, hits, first, hit, known, kinds, own, resuming, titles[document],
            data, flags, lower, taken, marked, cuts, count,
        )  # fmt: skip
        low = high
    return count


def place_text(
    table: Any,
    at: Any,
    hits: Any,
    first: Any,
    last: Any,
    known: Any,
    kinds: Any,
    own: Any,
    resuming: Any,
    title: Any,
    data: Any,
    flags: Any,
    lower: Any,
    taken: Any,
    marked: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """`place` for one text, whose matches are hits[first:last] and whose cuts begin at `count`."""
    begin = count
    for scope in range(LINE, INLINE + 1):
        for h in range(first, last):
            if known[hits[h][HIT_RULE]][RULE_SCOPE] == scope:
                count = cut_part(table, at, hits, h, known, data, flags, cuts, count)
    for k in range(begin, count):
        if takes_line(table, cuts[k]):
            taken[cuts[k][CUT_ROW]] = cuts[k][CUT_CATEGORY]
    if last > first:
        count = within(table, at, hits, first, last, HEAD, known, taken, marked, cuts, count)
        count = within(table, at, hits, first, last, TAIL, known, taken, marked, cuts, count)
        count = captions(table, at, begin, kinds, known, own, flags, taken, marked, cuts, count)
        count = links(table, at, hits, first, last, known, taken, cuts, count)
        count = headings(table, at, hits, first, last, known, taken, cuts, count)
        count = beside(table, at, hits, first, last, known, taken, cuts, count)
        count = threads(table, at, hits, first, last, known, taken, cuts, count)
        count = closing(table, at, hits, first, last, known, taken, marked, cuts, count)
        count = menu(table, at, known, kinds, own, title, data, flags, lower, taken, cuts, count)
    count = tail(table, at, known, kinds, own, resuming, data, flags, lower, taken, cuts, count)
    if count > begin:
        count = separators(table, at, known, kinds, own, data, flags, taken, cuts, count)
    if title:
        count = repeated(table, at, title, known, own, data, flags, lower, begin, taken, cuts, count)
    return count


def cut_part(table: Any, at: Any, hits: Any, h: Any, known: Any, data: Any, flags: Any, cuts: Any, count: Any) -> Any:
    """The part that a rule matched; the whole line, if the rule is of lines or nothing but marks is left of it."""
    _, high, _, end = at
    hit = hits[h]
    rule = hit[HIT_RULE] + 0
    row = hit[HIT_ROW] + 0
    category = known[rule][RULE_CATEGORY] + 0
    line = table[row]
    if known[rule][RULE_SCOPE] == LINE or not (
        worded(data, line[LINE_START] + 0, min(hit[HIT_START], line[LINE_START] + REST), flags)
        or worded(
            data,
            hit[HIT_END] + 0,
            min(line[LINE_END], hit[HIT_END] + REST - (hit[HIT_START] - line[LINE_START])),
            flags,
        )
    ):
        return cut_line(table, row, high, end, rule, category, ANY_SCORE, h, cuts, count)
    cut = cuts[count]
    cut[CUT_START] = hit[HIT_START]
    cut[CUT_END] = hit[HIT_END]
    cut[CUT_ROW] = row
    cut[CUT_RULE] = rule
    cut[CUT_CATEGORY] = category
    cut[CUT_NEEDS] = ANY_SCORE
    cut[CUT_HIT] = h
    cut[CUT_SCORE] = 0
    return count + 1


def within(
    table: Any,
    at: Any,
    hits: Any,
    first: Any,
    last: Any,
    scope: Any,
    known: Any,
    taken: Any,
    marked: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """Matches of the head block stand above the story's second paragraph, of the tail block below its last but one."""
    low, high, _, end = at
    some = False
    for h in range(first, last):
        if known[hits[h][HIT_RULE]][RULE_SCOPE] == scope:
            marked[hits[h][HIT_ROW]] = 1
            some = True
    if not some:
        return count
    row, step, most = (low, 1, HEAD_LINES) if scope == HEAD else (high - 1, -1, TAIL_LINES)
    edge = row - step
    paragraphs = 0
    while low <= row < high and (row - low if scope == HEAD else high - 1 - row) < most:
        if not marked[row] and taken[row] < 0 and paragraph(table[row]):
            paragraphs += 1
        if paragraphs >= 2:
            break
        edge = row
        row += step
    begin = count
    for h in range(first, last):
        rule = hits[h][HIT_RULE] + 0
        if known[rule][RULE_SCOPE] != scope:
            continue
        row = hits[h][HIT_ROW] + 0
        marked[row] = 0
        if (row <= edge) if scope == HEAD else (row >= edge):
            category = known[rule][RULE_CATEGORY] + 0
            count = cut_line(table, row, high, end, rule, category, ANY_SCORE, h, cuts, count)
    note(cuts, begin, count, taken)
    return count


def captions(
    table: Any,
    at: Any,
    begin: Any,
    kinds: Any,
    known: Any,
    own: Any,
    flags: Any,
    taken: Any,
    ads: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """Bare captions: lines glued to an ad marker, in a text whose paragraphs are set off by blank lines.

    Subheads are set off on both sides; a caption shares its block with the marker. A line that capitalizes every
    long word is a subhead still, unless markers hold it from both sides. begin: of the cuts of the text.
    """
    low, high, _, end = at
    some = False
    for k in range(begin, count):
        if kinds[cuts[k][CUT_CATEGORY]] & AD and takes_line(table, cuts[k]):
            ads[cuts[k][CUT_ROW]] = 1
            some = True
    if not some:
        return count
    spaced = False
    for row in range(low + 1, high):
        spaced = spaced or not glued(table, row - 1)
    found = count
    for row in range(low, high):
        if not spaced or taken[row] >= 0:
            continue
        above = row > low and glued(table, row - 1)
        below = row + 1 < high and glued(table, row)
        held_above = above and ads[row - 1] == 1
        held_below = below and ads[row + 1] == 1
        if not (held_above or held_below) or (above and not held_above) or (below and not held_below):
            continue
        if caption(table[row], held_above and held_below, flags):
            rule = own[BESIDE_AD] + 0
            count = cut_line(
                table, row, high, end, rule, known[rule][RULE_CATEGORY] + 0, ANY_SCORE, NO_HIT, cuts, count
            )
    for k in range(begin, found):
        ads[cuts[k][CUT_ROW]] = 0
    note(cuts, found, count, taken)
    return count


def glued(table: Any, row: Any) -> Any:
    """Whether no blank line stands between a line and the next one with content."""
    return table[row + 1][LINE_START] == table[row][LINE_END] + 1


def caption(row: Any, held: Any, flags: Any) -> Any:
    """Whether a line beside an ad marker reads as a caption. held: from both sides."""
    if row[JOINED] < 2 or row[CHARS] > CAPTION_CHARS or ends_sentence(row) or row[TOLD]:
        return False
    if not flags[row[FIRST]] & CAPITAL:
        return False
    return held or row[JOINED] <= NAMES or not row[TITLED]  # names alone do not tell


def links(table: Any, at: Any, hits: Any, first: Any, last: Any, known: Any, taken: Any, cuts: Any, count: Any) -> Any:
    """Labels such as "Read also", each with the line below it if that is a headline and set off from the story."""
    _, high, _, end = at
    begin = count
    for h in range(first, last):
        rule = hits[h][HIT_RULE] + 0
        if known[rule][RULE_SCOPE] != LINK:
            continue
        row = hits[h][HIT_ROW] + 0
        below = row + 1
        if below >= high or taken[below] >= 0 or bytes_of(table[below]) > BLOCK_LINE_LENGTH:
            continue
        if table[below][JOINED] >= LINK_WORDS and not ends_stopped(table[below]):
            category = known[rule][RULE_CATEGORY] + 0
            count = cut_line(table, row, high, end, rule, category, ANY_SCORE, h, cuts, count)
            count = cut_line(table, below, high, end, rule, category, ANY_SCORE, NO_HIT, cuts, count)
    note(cuts, begin, count, taken)
    return count


def headings(
    table: Any, at: Any, hits: Any, first: Any, last: Any, known: Any, taken: Any, cuts: Any, count: Any
) -> Any:
    """Headings such as "Related", with the short lines below them that end without a stop.

    The heading goes only with lines that look like a list of links, or as the last line of the text.
    """
    _, high, _, end = at
    begin = count
    reached = -1
    for h in range(first, last):
        rule = hits[h][HIT_RULE] + 0
        row = hits[h][HIT_ROW] + 0
        if known[rule][RULE_SCOPE] != HEADING or row <= reached:
            continue
        below = row + 1
        while below < high and below - row <= BLOCK_LINES:
            if taken[below] < 0 and (bytes_of(table[below]) > BLOCK_LINE_LENGTH or ends_stopped(table[below])):
                break
            below += 1
        block = below - row - 1
        if below < high and block < 2:
            continue
        needs = LISTED_ABOVE if below < high and block < LIST_LINES else LISTED
        category = known[rule][RULE_CATEGORY] + 0
        count = cut_line(table, row, high, end, rule, category, ANY_SCORE, h, cuts, count)
        for line in range(row + 1, below):
            if taken[line] < 0:
                count = cut_line(table, line, high, end, rule, category, needs, NO_HIT, cuts, count)
        reached = below - 1
    note(cuts, begin, count, taken)
    return count


def beside(table: Any, at: Any, hits: Any, first: Any, last: Any, known: Any, taken: Any, cuts: Any, count: Any) -> Any:
    """Matches whose next or previous line with content another rule takes, of a category that the rule names if any."""
    low, high, _, end = at
    begin = count
    for h in range(first, last):
        rule = hits[h][HIT_RULE] + 0
        row = hits[h][HIT_ROW] + 0
        if known[rule][RULE_SCOPE] != BESIDE or taken[row] >= 0:
            continue
        near = known[rule][RULE_NEXT_TO] + 0
        above = taken[row - 1] + 0 if row > low else -1
        below = taken[row + 1] + 0 if row + 1 < high else -1
        if (above == near or below == near) and row != low if near >= 0 else above >= 0 or below >= 0:
            category = known[rule][RULE_CATEGORY] + 0
            count = cut_line(table, row, high, end, rule, category, ANY_SCORE, h, cuts, count)
    note(cuts, begin, count, taken)
    return count
