"""From what lines look like to which are boilerplate: each line with those around it, through the trees of a model.

Compiled or not, as scan.py is.
"""

from __future__ import annotations

from typing import Any

from cleaners.scan import (
    CAPITAL,
    CAPITALS,
    CHARS,
    DIGIT,
    DIGITS,
    DOCUMENT,
    FIRST,
    FUNCTION,
    HASH,
    LAST,
    LETTER,
    LETTERS,
    LEXICAL,
    LINE_END,
    LINE_START,
    LONG,
    LONG_UPPER,
    MARK_COUNT,
    MARKS,
    OPENING,
    PARAGRAPH,
    SENTENCES,
    SMALL,
    TOKENS_FROM,
    TOKENS_TO,
    UPPER,
    WORDS,
)

# How many features the trees look at; see `describe`.
NEAR = (-3, -2, -1, 1, 2, 3)
NEAR_FEATURES = 7
FEATURES = 12 + MARK_COUNT + 7 + 8 + 7 + 4 + NEAR_FEATURES * len(NEAR) + 6 + 2
SLOTS = 8192  # of the tables of a text's words and lines
COUNT = 1 << 24  # how often a line stands in a text is below this
DEPTH = 6  # of the trees
BLOCK = 64  # lines that go through the trees together: as many as keep their features at hand
SHORT_CHARS = 80
RUN_CHARS = 100
MOST_RUN = 30
FAR = 99
LEAST = -100_000


def first_class(code: Any, flags: Any) -> Any:
    """Of a line's first character: capital, small, digit, quote, bracket, bullet, other letter, other."""
    flag = flags[code] + 0
    if flag & CAPITAL:
        return 0
    if flag & SMALL:
        return 1
    if flag & DIGIT:
        return 2
    if code == 40 or code == 91 or code == 123:
        return 4
    if flag & OPENING:
        return 3
    if flag & LETTER:
        return 6
    if code == 42 or code == 45 or code == 62 or code == 183 or code == 187 or code == 8211 or code == 8212:
        return 5
    if code == 8226 or code == 9654:
        return 5
    return 7


def last_class(code: Any, flags: Any) -> Any:
    """Of a line's last character: full stop, !, ?, colon, comma, ellipsis, digit, letter, letter in quotes, other."""
    quoted = code >= 65536
    code = code & 65535
    if code == 46 or code == 12290:
        return 10 if quoted else 0
    if code == 33 or code == 65281:
        return 1
    if code == 63 or code == 65311:
        return 2
    if code == 58 or code == 65306:
        return 3
    if code == 44 or code == 59:
        return 4
    if code == 8230:
        return 5
    flag = flags[code] + 0
    if flag & DIGIT:
        return 6
    if flag & LETTER:
        return 8 if quoted else 7
    return 9


def share(part: Any, whole: Any, scale: Any) -> Any:
    """part of whole, in parts of `scale`."""
    return part * scale // whole if whole > 0 else 0


def survey(table: Any, low: Any, high: Any, tokens: Any, sums: Any, owner: Any, many: Any, lines: Any) -> Any:
    """What one text (rows low to high) is like: fills prefix sums, and the tables of its paragraphs' words and lines.

    sums: rows of (characters, lexical score, paragraphs) before each line. owner: word -> row of the first paragraph
    with it, many: 1 if others have it. lines: how often a line stands in the text. What was there of texts before is
    told by its rows, and not cleared. Returns (short lines, first and last paragraph).
    """
    short = 0
    first = high
    last = low - 1
    sums[0][0] = 0
    sums[0][1] = 0
    sums[0][2] = 0
    for i in range(low, high):
        row = table[i]
        n = i - low
        sums[n + 1][0] = sums[n][0] + row[CHARS]
        sums[n + 1][1] = sums[n][1] + row[LEXICAL]
        sums[n + 1][2] = sums[n][2] + row[PARAGRAPH]
        if row[CHARS] < SHORT_CHARS:
            short += 1
        slot = row[HASH] % SLOTS
        if lines[slot] < low * COUNT:
            lines[slot] = low * COUNT
        lines[slot] += 1
        if row[PARAGRAPH]:
            if first == high:
                first = i
            last = i
            for k in range(row[TOKENS_FROM], row[TOKENS_TO]):
                t = tokens[k] + 0
                if t:
                    slot = t % SLOTS
                    if owner[slot] < low:
                        owner[slot] = i
                        many[slot] = 0
                    elif owner[slot] != i:
                        many[slot] = 1
    return short, first, last


def describe(
    table: Any,
    low: Any,
    high: Any,
    i: Any,
    tokens: Any,
    sums: Any,
    owner: Any,
    many: Any,
    lines: Any,
    short: Any,
    first: Any,
    last: Any,
    flags: Any,
    out: Any,
) -> None:
    """Fill `out` with the features of row i of a text that was surveyed."""
    row = table[i]
    n = high - low
    at = i - low
    words = row[WORDS]
    out[0] = row[CHARS]
    out[1] = words
    out[2] = share(row[LETTERS], words, 100)
    out[3] = share(row[UPPER], words, 100)
    out[4] = share(row[CAPITALS], words, 100)
    out[5] = share(row[DIGITS], words, 100)
    out[6] = share(row[LONG_UPPER], row[LONG], 100)
    out[7] = row[FUNCTION]
    out[8] = share(row[FUNCTION], words, 100)
    out[9] = first_class(row[FIRST], flags)
    out[10] = last_class(row[LAST], flags)
    out[11] = row[SENTENCES]
    f = 12
    for k in range(MARK_COUNT + 7):
        out[f] = row[MARKS + k]
        f += 1
    out[f] = at
    out[f + 1] = n - 1 - at
    out[f + 2] = share(at, n, 1000)
    out[f + 3] = share(sums[at][0], sums[n][0], 1000)
    out[f + 4] = n
    out[f + 5] = share(sums[n][0], n, 1)
    out[f + 6] = share(short, n, 1000)
    out[f + 7] = sums[n][2]
    f += 8
    above = 1
    while at - above >= 0 and above < FAR and not table[i - above][PARAGRAPH]:
        above += 1
    if at - above < 0:
        above = FAR
    below = 1
    while i + below < high and below < FAR and not table[i + below][PARAGRAPH]:
        below += 1
    if i + below >= high:
        below = FAR
    out[f] = i - first
    out[f + 1] = last - i
    out[f + 2] = row[PARAGRAPH]
    out[f + 3] = above
    out[f + 4] = below
    out[f + 5] = sums[at][2]
    out[f + 6] = sums[n][2] - sums[at + 1][2]
    f += 7
    found = 0
    long = 0
    near = 0
    for k in range(row[TOKENS_FROM], row[TOKENS_TO]):
        t = tokens[k] + 0
        if t:
            long += 1
            slot = t % SLOTS
            if owner[slot] >= low and (owner[slot] != i or many[slot]):
                found += 1
                if many[slot]:
                    near += 1
    out[f] = found
    out[f + 1] = share(found, long, 100)
    out[f + 2] = share(near, long, 100)
    out[f + 3] = lines[row[HASH] % SLOTS] - low * COUNT
    f += 4
    for d in NEAR:
        j = i + d
        if low <= j < high:
            other = table[j]
            out[f] = other[CHARS]
            out[f + 1] = other[WORDS]
            out[f + 2] = first_class(other[FIRST], flags)
            out[f + 3] = last_class(other[LAST], flags)
            out[f + 4] = share(other[LONG_UPPER], other[LONG], 100)
            out[f + 5] = share(other[FUNCTION], other[WORDS], 100)
            out[f + 6] = other[LEXICAL]
        else:
            for k in range(NEAR_FEATURES):
                out[f + k] = -1
            out[f + 6] = 0
        f += NEAR_FEATURES
    out[f] = row[LEXICAL]
    a = max(0, at - 5)
    b = min(n, at + 6)
    out[f + 1] = share(sums[at][1] - sums[a][1], at - a, 1)
    out[f + 2] = share(sums[b][1] - sums[at + 1][1], b - at - 1, 1)
    out[f + 3] = share(sums[at][1], at, 1)
    out[f + 4] = share(sums[n][1] - sums[at + 1][1], n - at - 1, 1)
    out[f + 5] = share(sums[n][1], n, 1)
    f += 6
    a = 0
    while a < MOST_RUN and at - a > 0 and table[i - a - 1][CHARS] < RUN_CHARS:
        a += 1
    b = 0
    while b < MOST_RUN and i + b + 1 < high and table[i + b + 1][CHARS] < RUN_CHARS:
        b += 1
    out[f] = a
    out[f + 1] = b


def weigh(
    block: Any,
    held: Any,
    count: Any,
    splits: Any,
    borders: Any,
    leaves: Any,
    bias: Any,
    leaf: Any,
    total: Any,
    scores: Any,
) -> None:
    """Put lines through the trees, `count` of them together. block: features by lines; held: their rows in scores.

    leaf, total: room for so many lines; leaves are bytes, for a processor compares and joins as many of them at once.
    """
    for n in range(count):
        total[n] = bias
    for t in range(len(splits)):
        split, border = splits[t], borders[t]
        one, two, three = block[split[0]], block[split[1]], block[split[2]]
        four, five, six = block[split[3]], block[split[4]], block[split[5]]
        for n in range(count):
            leaf[n] = (
                (1 if one[n] >= border[0] else 0)
                | (2 if two[n] >= border[1] else 0)
                | (4 if three[n] >= border[2] else 0)
                | (8 if four[n] >= border[3] else 0)
                | (16 if five[n] >= border[4] else 0)
                | (32 if six[n] >= border[5] else 0)
            )
        values = leaves[t]
        for n in range(count):
            total[n] += values[leaf[n]]
    for n in range(count):
        scores[held[n]] = total[n]


def judge(
    table: Any,
    rows: Any,
    tokens: Any,
    flags: Any,
    splits: Any,
    borders: Any,
    leaves: Any,
    bias: Any,
    gate_chars: Any,
    gate_lexical: Any,
    most_lines: Any,
    most_bytes: Any,
    sums: Any,
    owner: Any,
    many: Any,
    lines: Any,
    out: Any,
    block: Any,
    held: Any,
    leaf: Any,
    total: Any,
    scores: Any,
) -> None:
    """Fill `scores`: for every row the log-odds that it is boilerplate, in parts of 1,000.

    splits, borders: trees by depth: which feature is compared (>=) with what. leaves: trees by 2**depth. Paragraphs of
    gate_chars and more whose lexical score is below gate_lexical are not looked at further: they get the LEAST. Of a
    text of more than most_lines lines or most_bytes bytes nothing is said: its lines get 0. sums, owner, many, lines:
    see survey; owner is -1 at first, lines 0. out, block, held, leaf, total: room, see weigh.
    """
    low = 0
    count = 0
    while low < rows:
        high = low + 1
        while high < rows and table[high][DOCUMENT] == table[low][DOCUMENT]:
            high += 1
        if high - low > most_lines or table[high - 1][LINE_END] - table[low][LINE_START] > most_bytes:
            for i in range(low, high):
                scores[i] = 0
            low = high
            continue
        short, first, last = survey(table, low, high, tokens, sums, owner, many, lines)
        for i in range(low, high):
            row = table[i]
            if row[CHARS] >= gate_chars and row[LEXICAL] < gate_lexical and row[PARAGRAPH]:
                scores[i] = LEAST
                continue
            describe(table, low, high, i, tokens, sums, owner, many, lines, short, first, last, flags, out)
            for k in range(FEATURES):
                block[k][count] = out[k]
            held[count] = i
            count += 1
            if count == BLOCK:
                weigh(block, held, count, splits, borders, leaves, bias, leaf, total, scores)
                count = 0
        low = high
    weigh(block, held, count, splits, borders, leaves, bias, leaf, total, scores)
