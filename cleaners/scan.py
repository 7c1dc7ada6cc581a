"""What lines look like, in whole numbers: one pass over the bytes of a batch, a row of a table for each line.

Written so that numba compiles it and plain Python runs it, with the same bits: loops, whole numbers below 2**62 and
indexing only, one long function where state goes from character to character. reader.py chooses which of the two, and
makes the tables.
"""

from __future__ import annotations

from typing import Any

from cleaners.spot import code_at

# Columns of the table that `scan` fills, a row a line with content: its bytes without space around it, its characters,
# words, their letters, those with a capital, all in capitals, beginning with a digit, of four letters and more, of
# those with a capital, function words, the first and the last character, sentences that end within it.
START, END, CHARS, WORDS, LETTERS, UPPER, CAPITALS, DIGITS, LONG, LONG_UPPER, FUNCTION, FIRST, LAST, SENTENCES = range(
    14
)
MARKS = 14  # and those after it: marks by kind (see MARK_KINDS in reader.py)
MARK_COUNT = 18
# Whether there is an address, a handle, a year, a time, a date, a word of saying.
URL, MAIL, HANDLE, YEAR, CLOCK, DATE, SAID = range(MARKS + MARK_COUNT, MARKS + MARK_COUNT + 7)
# Which words of the batch are its own, its lexical score, whether it is a paragraph, its text, a hash of it.
TOKENS_FROM, TOKENS_TO, LEXICAL, PARAGRAPH, DOCUMENT, HASH = range(MARKS + MARK_COUNT + 7, MARKS + MARK_COUNT + 13)
# What the model does not look at, but layout does: the bytes of the line with space around it, less its line break;
# its words, those that a hyphen or an apostrophe joins as one; whether every word of four characters or more has a
# capital; whether it says that somebody said something.
LINE_START, LINE_END, JOINED, TITLED, TOLD = range(HASH + 1, HASH + 6)
COLUMNS = TOLD + 1

# Bits of the table of characters.
LETTER, DIGIT, CAPITAL, SMALL, SPACE, CLOSING, OPENING, STOP = 1, 2, 4, 8, 16, 32, 64, 128
# Bits of the table of words (by the low 16 bits of their hash).
IS_FUNCTION, IS_SAID, IS_URL, IS_TOLD = 1, 2, 4, 8

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


def count_word(row: Any, kind: Any, length: Any, common: Any, starts: Any) -> None:
    """Count a word in its line's row. kind: from the table of words. starts: flags of its first character."""
    long = 1 if length >= LONG_TOKEN else 0
    upper = (starts & CAPITAL) >> 2
    row[WORDS] += 1
    row[LETTERS] += length
    row[LONG] += long
    row[UPPER] += upper
    row[LONG_UPPER] += upper & long
    row[CAPITALS] += 1 if common & CAPITAL and length > 1 else 0
    row[DIGITS] += (starts & DIGIT) >> 1
    row[FUNCTION] += kind & IS_FUNCTION
    if kind & ~IS_FUNCTION:
        if kind & IS_SAID:
            row[SAID] = 1
        if kind & IS_URL:
            row[URL] = 1
        if kind & IS_TOLD:
            row[TOLD] = 1


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
        pending = 0  # 1: a sentence may have ended; 2: and a space follows
        numbers = 0  # numbers in a row, with one mark between them
        gap = 0  # the mark since the last word, if it is one alone
        last_digits = 0
        closing = 0
        last = 0
        before = 0  # class of the character before
        whole = _FNV_OFFSET
        joins = 0  # whether the mark before follows a word and may join another to it
        joined = 0  # characters of the word with those joined to it
        titled = 1
        opens = 0  # class of its first character
        row[TOKENS_FROM] = used
        row[LINE_START] = position
        while position < size:
            code = data[position] + 0
            step = 1
            if code >= 0x80:
                code, step = code_at(data, position, size)
            elif code == 10:
                break
            flag = flags[code] + 0
            if flag & 3:  # a word
                if first < 0:
                    first = code
                    begin = position
                    seen = 0
                if pending == 2 and flag & CAPITAL:
                    row[SENTENCES] += 1
                pending = 0
                if not joins:
                    if joined >= LONG_TOKEN and not opens & (CAPITAL | DIGIT):
                        titled = 0
                    row[JOINED] += 1
                    joined = 0
                    opens = flag
                starts = flag
                token = _FNV_OFFSET
                length = 0
                common = flag  # to its characters
                while flag & 3:
                    token = ((token ^ lower[code]) * _FNV_PRIME) & _MASK
                    length += 1
                    common &= flag
                    last = code
                    before = flag
                    position += step
                    if position == size:
                        break
                    code = data[position] + 0
                    step = 1
                    if code >= 0x80:
                        code, step = code_at(data, position, size)
                    flag = flags[code] + 0
                seen += length
                chars = seen
                end = position
                closing = 0
                count_word(row, words[token & 0xFFFF] + 0, length, common, starts)
                if common & DIGIT:
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
                    shape = YEAR_LIKE if length == 4 else NUMBER
                else:
                    last_digits = 0
                    numbers = 0
                    shape = PLAIN
                    if starts & CAPITAL:
                        shape = INITIAL if length == 1 else SHOUTED if common & CAPITAL else NAME_LIKE
                gap = 0
                tokens[used] = token if length >= LONG_TOKEN else 0
                used += 1
                count = keep(line, shapes, count, token, shape)
                whole = mix(whole, token)
                joined += length
                continue
            joins = 1 if before & 3 and (code == 39 or code == 45 or code == 8217) else 0  # ' - ’
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
                if pending == 2 and not flag & OPENING:
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
            if joined >= LONG_TOKEN and not opens & (CAPITAL | DIGIT):
                titled = 0
            row[TITLED] = titled
            row[LINE_END] = position
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
