"""What a line looks like, in whole numbers: one pass over the bytes of a batch.

Written so that numba compiles it and plain Python runs it, with the same bits: loops, whole numbers below 2**62 and
indexing only. `reader.py` chooses which, and says what the columns mean.
"""

from __future__ import annotations

from typing import Any

# Columns of the table that `scan` fills, a row a line with content.
START, END, CHARS, WORDS, LETTERS, UPPER, CAPITALS, DIGITS, LONG, LONG_UPPER, FUNCTION, FIRST, LAST, SENTENCES = range(
    14
)
MARKS = 14  # and the 17 after it: marks by kind (see MARK_KINDS in reader.py)
MARK_COUNT = 18
URL, MAIL, HANDLE, YEAR, CLOCK, DATE, SAID = range(MARKS + MARK_COUNT, MARKS + MARK_COUNT + 7)
TOKENS_FROM, TOKENS_TO, LEXICAL, PARAGRAPH, DOCUMENT, HASH = range(MARKS + MARK_COUNT + 7, MARKS + MARK_COUNT + 13)
COLUMNS = HASH + 1

# Bits of the table of characters.
LETTER, DIGIT, CAPITAL, SMALL, SPACE, CLOSING, OPENING, STOP = 1, 2, 4, 8, 16, 32, 64, 128
# Bits of the table of words (by the low 16 bits of their hash).
IS_FUNCTION, IS_SAID, IS_URL = 1, 2, 4

PARAGRAPH_CHARS = 140
# Of a line's tokens so many at its start count for the lexical score, and so many at its end.
MOST_TOKENS, LAST_TOKENS = 96, 6
LINE_TOKENS = MOST_TOKENS + LAST_TOKENS
LINE_GRAMS = 3 * LINE_TOKENS + 2 * (3 + LAST_TOKENS) + 2
# Shapes of tokens; a mark's is its code point beyond these.
YEAR_LIKE, NUMBER, INITIAL, SHOUTED, NAME_LIKE, PLAIN, MARK = range(1, 8)
LONG_TOKEN = 4

_FNV_OFFSET, _FNV_PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF


def mix(a: Any, b: Any) -> Any:
    """A hash (32 bits) of two."""
    h = ((a ^ (b * 2654435761 & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return h ^ (h >> 15)


def keep(tokens: Any, shapes: Any, count: Any, token: Any, shape: Any) -> Any:
    """Add a token to those of a line that are kept; returns how many are."""
    if count < MOST_TOKENS + LAST_TOKENS:
        tokens[count] = token
        shapes[count] = shape
        return count + 1
    for k in range(MOST_TOKENS, MOST_TOKENS + LAST_TOKENS - 1):
        tokens[k] = tokens[k + 1]
        shapes[k] = shapes[k + 1]
    tokens[count - 1] = token
    shapes[count - 1] = shape
    return count


def ngrams(tokens: Any, shapes: Any, count: Any, out: Any) -> Any:
    """Hashes of what a line says: n-grams of its tokens, and the words and shapes that it starts and ends with.

    tokens, shapes: hashes and shapes of those at the start and the last ones; count: how many. Fills `out`; returns how
    many.
    """
    n = 0
    for i in range(count):
        t = tokens[i]
        out[n] = mix(t, 1)
        n += 1
        if i >= 1:
            pair = mix(tokens[i - 1], t)
            out[n] = mix(pair, 2)
            n += 1
            if i >= 2:
                out[n] = mix(mix(tokens[i - 2], pair), 3)
                n += 1
    head = tail = 0
    for k in range(min(3, count)):
        head = mix(head, tokens[k])
        tail = mix(tail, tokens[count - 1 - k])
        out[n] = mix(head, 11 + k)
        out[n + 1] = mix(tail, 21 + k)
        n += 2
    head = tail = 5
    for k in range(min(LAST_TOKENS, count)):
        head = mix(head, shapes[k])
        tail = mix(tail, shapes[count - 1 - k])
        if k > 0:
            out[n] = mix(head, 41 + k)
            out[n + 1] = mix(tail, 51 + k)
            n += 2
    if count <= 10:
        head = 7
        tail = 9
        for k in range(count):
            head = mix(head, tokens[k])
            tail = mix(tail, shapes[k])
        out[n] = mix(head, 31)
        out[n + 1] = mix(tail, 32)
        n += 2
    return n


def scan(
    data: Any,
    size: Any,
    ends: Any,
    flags: Any,
    lower: Any,
    kinds: Any,
    words: Any,
    weights: Any,
    table: Any,
    tokens: Any,
    line: Any,
    shapes: Any,
    grams: Any,
) -> Any:
    """Fill `table` and `tokens` (hashes of words, case folded, digits as 0) from UTF-8; returns (lines, tokens).

    ends: where each text of the batch ends; a line feed stands between two. flags, lower, kinds: by code point below
    2**16. words: by hash. weights: of n-grams, by hash; length a power of two. line, shapes,
    grams: room for one line's tokens and n-grams.
    """
    rows = 0
    used = 0
    document = 0
    mask = len(weights) - 1
    position = 0
    while position < size:
        row = table[rows]
        for c in range(COLUMNS):
            row[c] = 0
        chars = 0  # up to the last character with content
        seen = 0
        first = -1
        end = position
        begin = position
        count = 0  # tokens of the line that are kept
        token = -1  # hash of the word that goes on
        length = 0
        capitals = 0
        digits = 0
        starts = 0  # class of the word's first character
        pending = 0  # 1: a sentence may have ended; 2: and a space follows
        numbers = 0  # numbers in a row, with one mark between them
        gap = 0  # the mark since the last word, if it is one alone
        last_digits = 0
        closing = 0
        last = 0
        before = 0
        whole = _FNV_OFFSET
        over = 0
        row[TOKENS_FROM] = used
        while True:
            # One character.
            if position < size:
                code = data[position] + 0
                step = 1
                if code >= 0x80:
                    if code >= 0xF0:
                        code = 0xFFFF
                        step = 4
                    elif code >= 0xE0 and position + 2 < size:
                        code = ((code & 15) << 12) | ((data[position + 1] & 63) << 6) | (data[position + 2] & 63)
                        step = 3
                    elif position + 1 < size:
                        code = ((code & 31) << 6) | (data[position + 1] & 63)
                        step = 2
            else:
                code = 10
                step = 1
            over = 1 if code == 10 else 0
            flag = 0 if over else flags[code] + 0
            if flag & 3:
                low = lower[code] + 0
                if flag & 2:
                    low = 48
                if token < 0:
                    token = _FNV_OFFSET
                    length = 0
                    capitals = 0
                    digits = 0
                    starts = flag
                token = ((token ^ low) * _FNV_PRIME) & _MASK
                length += 1
                if flag & CAPITAL:
                    capitals += 1
                if flag & DIGIT:
                    digits += 1
            elif token >= 0:
                # The word is over.
                row[WORDS] += 1
                row[LETTERS] += length
                if starts & CAPITAL:
                    row[UPPER] += 1
                    if length >= LONG_TOKEN:
                        row[LONG_UPPER] += 1
                if length >= LONG_TOKEN:
                    row[LONG] += 1
                if capitals == length and length > 1:
                    row[CAPITALS] += 1
                if starts & DIGIT:
                    row[DIGITS] += 1
                kind = words[token & 0xFFFF] + 0
                if kind & IS_FUNCTION:
                    row[FUNCTION] += 1
                if kind & IS_SAID:
                    row[SAID] = 1
                if kind & IS_URL:
                    row[URL] = 1
                if digits == length:
                    if length == 4:
                        row[YEAR] = 1
                    if gap == 58 or gap == 46 or gap == 47 or gap == 45:  # : . / -
                        if last_digits > 0 and last_digits <= 2 and length == 2 and (gap == 58 or gap == 46):
                            row[CLOCK] = 1
                        numbers = numbers + 1 if last_digits > 0 else 1
                        if numbers >= 3:
                            row[DATE] = 1
                    else:
                        numbers = 1
                    last_digits = length
                else:
                    last_digits = 0
                    numbers = 0
                gap = 0
                tokens[used] = token if length >= LONG_TOKEN else 0
                used += 1
                if digits == length:
                    shape = YEAR_LIKE if length == 4 else NUMBER
                elif starts & CAPITAL:
                    shape = INITIAL if length == 1 else SHOUTED if capitals == length else NAME_LIKE
                else:
                    shape = PLAIN
                count = keep(line, shapes, count, token, shape)
                whole = mix(whole, token)
                token = -1
            if over:
                break
            seen += 1
            if flag & SPACE:
                if pending == 1:
                    pending = 2
                gap = 0
            else:
                if first < 0:
                    first = code
                    begin = position
                    seen = 1
                chars = seen
                end = position + step
                if pending == 2:
                    if flag & CAPITAL:
                        row[SENTENCES] += 1
                        pending = 0
                    elif not flag & OPENING:
                        pending = 0
                if flag & STOP:
                    pending = 1
                elif pending == 1 and not flag & CLOSING:
                    pending = 0
                if flag & CLOSING:
                    closing = 1
                else:
                    closing = 0
                    last = code
                if not flag & 3:
                    gap = code if gap == 0 else -1
                    kind = kinds[code] + 0
                    if kind:
                        row[MARKS + kind - 1] += 1
                    if code == 64:  # @
                        if before & 3:
                            row[MAIL] = 1
                        else:
                            row[HANDLE] = 1
                    mark = mix(code, 97)
                    count = keep(line, shapes, count, mark, MARK + code)
                    whole = mix(whole, mark)
            before = flag
            position += step
        if first >= 0:
            row[START] = begin
            row[END] = end
            row[CHARS] = chars
            row[FIRST] = first
            row[LAST] = last if not closing else (last if last else first) + 65536
            row[TOKENS_TO] = used
            row[DOCUMENT] = document
            row[HASH] = whole & 0x7FFFFFFF
            row[PARAGRAPH] = 1 if chars >= PARAGRAPH_CHARS and flags[last] & STOP else 0
            score = 0
            for k in range(ngrams(line, shapes, count, grams)):
                score += weights[grams[k] & mask]
            row[LEXICAL] = score
            rows += 1
        while document < len(ends) and position >= ends[document]:
            document += 1
        position += 1
    return rows, used


# What the trees look at, in this order; see `describe`.
NEAR = (-3, -2, -1, 1, 2, 3)
NEAR_FEATURES = 7
FEATURES = 12 + MARK_COUNT + 7 + 8 + 7 + 4 + NEAR_FEATURES * len(NEAR) + 6 + 2
SLOTS = 8192  # of the tables of a text's words and lines
SHORT_CHARS = 80
RUN_CHARS = 100
MOST_RUN = 30
FAR = 99


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
    with it, many: 1 if others have it. lines: how often a line stands in the text. Returns (short lines, first and last
    paragraph).
    """
    for k in range(SLOTS):
        owner[k] = -1
        many[k] = 0
        lines[k] = 0
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
        lines[row[HASH] % SLOTS] += 1
        if row[PARAGRAPH]:
            if first == high:
                first = i
            last = i
            for k in range(row[TOKENS_FROM], row[TOKENS_TO]):
                t = tokens[k] + 0
                if t:
                    slot = t % SLOTS
                    if owner[slot] < 0:
                        owner[slot] = i
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
            if owner[slot] >= 0 and (owner[slot] != i or many[slot]):
                found += 1
                if many[slot]:
                    near += 1
    out[f] = found
    out[f + 1] = share(found, long, 100)
    out[f + 2] = share(near, long, 100)
    out[f + 3] = lines[row[HASH] % SLOTS]
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
    lengths: Any,
    bars: Any,
    sums: Any,
    owner: Any,
    many: Any,
    lines: Any,
    out: Any,
    scores: Any,
) -> None:
    """Fill `scores` (log-odds, in parts of 1,000) for every row that is boilerplate, with 0 for the others.

    splits, borders: trees by depth: which feature is compared (>=) with what. leaves: trees by 2**depth. Paragraphs of
    gate_chars and more whose lexical score is below gate_lexical are passed over. bars: the least score for lines
    shorter than each of `lengths`, in turn; the last is for all others.
    """
    low = 0
    while low < rows:
        high = low + 1
        while high < rows and table[high][DOCUMENT] == table[low][DOCUMENT]:
            high += 1
        short, first, last = survey(table, low, high, tokens, sums, owner, many, lines)
        for i in range(low, high):
            row = table[i]
            if row[CHARS] >= gate_chars and row[LEXICAL] < gate_lexical and row[PARAGRAPH]:
                scores[i] = 0
                continue
            describe(table, low, high, i, tokens, sums, owner, many, lines, short, first, last, flags, out)
            total = bias
            for t in range(len(splits)):
                leaf = 0
                for k in range(len(splits[t])):
                    if out[splits[t][k]] >= borders[t][k]:
                        leaf |= 1 << k
                total += leaves[t][leaf]
            k = 0
            while k < len(lengths) and row[CHARS] >= lengths[k]:
                k += 1
            scores[i] = total if total >= bars[k] else 0
        low = high
