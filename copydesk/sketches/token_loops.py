"""The inner loops from bytes of text to the hashes of tokens.

Written for numba, as loops.py. A block of text is folded as if it were ASCII, many bytes at a time; then the ends of
tokens and what is not ASCII are found without a branch, and what is between them is hashed eight bytes at a time. Text
in a script without spaces is read one character after the other. The definition is in tokens.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.sketches.loops import MIX_1, MIX_2, NGRAM

SEPARATOR, WORD, UNSPACED, NOTHING, COMPLEX = range(5)
"""Kinds of code points: between tokens; of a token; of a script without spaces; dropped; beyond these tables."""

TOKEN_CHARS = 64

BLOCK = 4096
"""Bytes of text that are folded at a time: what is made of them stays in the first cache."""

BEFORE = 1024
"""Bytes of the buffer before a block's own: for a token that the block before did not end, and for what grows when it
is folded; six bytes for each of TOKEN_CHARS characters, twice."""

ROOM = BEFORE + BLOCK + 64

UNKNOWN, HAS_UNSPACED = -1, -2
"""What a text has that cannot be folded: a code point that the tables do not tell; one of a script without spaces."""

_SPACE, _END = 32, 0x80
START = np.uint64(1)
"""What a token's hash begins with: of no meaning."""

_HIGH, _DOWN = np.uint64(32), np.uint64(29)
_FIRST = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)  # masks of so many bytes


def scratch() -> tuple[Any, Any, Any]:
    """Room to work in: a buffer of ROOM bytes, as numbers of eight bytes from each place on, and as bytes; places."""
    text = np.zeros(ROOM, np.uint8)
    return np.ndarray((ROOM - 8,), np.uint64, text.data, 0, (1,)), text, np.empty(ROOM, np.int64)


def hashed(eights: Any, first: Any, last: Any) -> Any:
    """The hash of the bytes from `first` to `last` of a buffer. eights: at each place the number that eight bytes from
    there on are, little-endian."""
    value = START
    while last - first > 8:
        value = (value ^ eights[first]) * MIX_1
        value ^= value >> _HIGH
        first += 8
    value = (value ^ (eights[first] & _FIRST[last - first])) * MIX_1
    value = (value ^ (value >> _HIGH)) * MIX_2
    return value ^ (value >> _DOWN)


def put(text: Any, at: Any, code: Any) -> Any:
    """The UTF-8 bytes of a code point below 2**16 into `text`. Returns where they end."""
    if code < 0x80:
        text[at] = code
        return at + 1
    if code < 0x800:
        text[at] = 0xC0 | code >> 6
    else:
        text[at] = 0xE0 | code >> 12
        at += 1
        text[at] = 0x80 | (code >> 6 & 0x3F)
    text[at + 1] = 0x80 | (code & 0x3F)
    return at + 2


def decoded(data: Any, place: Any) -> Any:
    """The code point at data[place] of UTF-8, a space for pictures and flags, -1 for others above 2**16; and where the
    next begins."""
    code = np.int64(data[place])
    if code < 0x80:
        return code, place + 1
    if code < 0xE0:
        return (code & 0x1F) << 6 | (np.int64(data[place + 1]) & 0x3F), place + 2
    if code < 0xF0:
        code = (code & 0x0F) << 12 | (np.int64(data[place + 1]) & 0x3F) << 6 | (np.int64(data[place + 2]) & 0x3F)
        return code, place + 3
    code = (code & 0x07) << 18 | (np.int64(data[place + 1]) & 0x3F) << 12
    code |= (np.int64(data[place + 2]) & 0x3F) << 6 | (np.int64(data[place + 3]) & 0x3F)
    if 0x1F300 <= code <= 0x1FAFF or 0x1F1E6 <= code <= 0x1F1FF:
        return np.int64(_SPACE), place + 4
    return np.int64(-1), place + 4


def fold(source: Any, into: Any) -> Any:
    """Fold bytes as if they were ASCII: letters to lower case, what ends a token to _END, the others stay."""
    for k in range(len(source)):
        byte = source[k]
        lower = np.uint8(byte | np.uint8(32))
        letter = np.uint8(lower - np.uint8(97)) < np.uint8(26)
        other = (np.uint8(byte - np.uint8(48)) < np.uint8(10)) | (byte == np.uint8(95)) | (byte > np.uint8(127))
        into[k] = lower if letter else (byte if other else np.uint8(_END))


def stops_in(text: Any, first: Any, last: Any, stops: Any) -> Any:
    """Where text[first:last] has bytes that are not of ASCII: their places into `stops`. Returns how many."""
    count = 0
    for i in range(first, last):
        stops[count] = i
        count += text[i] >> np.uint8(7)
    return count


def replace(text: Any, begun: Any, place: Any, after: Any, one: Any, two: Any) -> Any:
    """Put the character `one`, and `two` if it is not 0, in the place of the bytes text[place:after], the end of the
    token that began at `begun`. Returns where it begins now: what it holds is moved, and there is room before it."""
    size = 1 if one < 0x80 else 2 if one < 0x800 else 3
    if two:
        size += 1 if two < 0x80 else 2 if two < 0x800 else 3
    shift = after - place - size
    if shift > 0:
        for i in range(place - 1, begun - 1, -1):
            text[i + shift] = text[i]
    elif shift < 0:
        for i in range(begun, place):
            text[i + shift] = text[i]
    at = put(text, after - size, one)
    if two:
        put(text, at, two)
    return begun + shift


def pieces(eights: Any, text: Any, first: Any, last: Any, whole: Any, tokens: Any, at: Any) -> Any:
    """The tokens of the token's bytes text[first:last], which are TOKEN_CHARS characters each, and, unless `whole`
    only, a shorter one. Returns where the bytes that are left begin, and where the tokens end."""
    chars = 0
    for place in range(first, last):
        if text[place] & 0xC0 == 0x80:
            continue
        if chars == TOKEN_CHARS:
            tokens[at] = hashed(eights, first, place)
            at += 1
            first, chars = place, 0
        chars += 1
    if chars > 0 and not whole:
        tokens[at] = hashed(eights, first, last)
        at += 1
    return first, at


def tokenize(
    data: Any, first: Any, last: Any, kinds: Any, folds: Any, seconds: Any, room: Any, tokens: Any, at: Any
) -> Any:
    """Hash the tokens of the text data[first:last] (UTF-8) into `tokens` from `at` on.

    kinds, folds, seconds: by code point below 2**16 its kind, what it becomes, and a second one that follows (0: none).
    room: see scratch(). Returns where the tokens end, or UNKNOWN or HAS_UNSPACED.
    """
    eights, text, stops = room
    held = 0  # bytes of a token that the block before did not end; they stand before the block's own
    while first < last:
        stop = min(last, first + BLOCK)
        while stop < last and data[stop] & 0xC0 == 0x80:
            stop -= 1
        end = BEFORE + stop - first
        fold(data[first:stop], text[BEFORE:end])
        begun, after = np.int64(BEFORE - held), np.int64(BEFORE)
        for i in range(stops_in(text, BEFORE, end, stops)):
            place = stops[i]
            if place < after:  # of a character that has been read
                continue
            after = place + 1
            if text[place] != _END:
                code, after = decoded(data, first + place - BEFORE)
                after += BEFORE - first
                kind = UNKNOWN if code < 0 else kinds[code]
                if kind == WORD:
                    begun = replace(text, begun, place, after, np.int64(folds[code]), np.int64(seconds[code]))
                    if after - begun > TOKEN_CHARS:
                        begun, at = pieces(eights, text, begun, after, True, tokens, at)
                    continue
                if kind == NOTHING:
                    for k in range(place - 1, begun - 1, -1):
                        text[k + after - place] = text[k]
                    begun += after - place
                    continue
                if kind == UNSPACED:
                    return HAS_UNSPACED
                if kind != SEPARATOR:
                    return UNKNOWN
            if place - begun > TOKEN_CHARS:
                begun, at = pieces(eights, text, begun, place, False, tokens, at)
            else:
                tokens[at] = hashed(eights, begun, place)
                at += place > begun
            begun = after
        if end - begun > TOKEN_CHARS:
            begun, at = pieces(eights, text, begun, end, True, tokens, at)
        held = end - begun
        for i in range(held):
            text[BEFORE - held + i] = text[begun + i]
        first = stop
    if held > 0:
        begun, at = pieces(eights, text, BEFORE - held, BEFORE, False, tokens, at)
    return at


def tokenize_unspaced(
    data: Any, first: Any, last: Any, kinds: Any, folds: Any, seconds: Any, room: Any, tokens: Any, at: Any
) -> Any:
    """`tokenize`, of a text that has characters of scripts without spaces."""
    eights, text, _ = room
    size = chars = 0  # of the token that is being read
    one, two, run = np.int64(0), np.int64(0), 0  # the last two of a run of unspaced characters, and their number
    place = first
    while place < last:
        code, place = decoded(data, place)
        kind = COMPLEX if code < 0 else kinds[code]
        if kind == COMPLEX:
            return UNKNOWN
        if kind == NOTHING:
            continue
        if chars > 0 and kind != WORD:
            tokens[at] = hashed(eights, 0, size)
            at += 1
            size = chars = 0
        if kind == UNSPACED:
            code = np.int64(folds[code])
            if run >= NGRAM - 1:
                tokens[at] = hashed(eights, 0, put(text, put(text, put(text, 0, one), two), code))
                at += 1
            one, two = two, code
            run += 1
        elif kind == WORD:
            if 0 < run < NGRAM:
                tokens[at] = short_run(eights, text, one, two, run)
                at += 1
            run = 0
            for folded in (np.int64(folds[code]), np.int64(seconds[code])):
                if folded > 0:
                    size = put(text, size, folded)
                    chars += 1
                    if chars == TOKEN_CHARS:
                        tokens[at] = hashed(eights, 0, size)
                        at += 1
                        size = chars = 0
    if chars > 0:
        tokens[at] = hashed(eights, 0, size)
        at += 1
    elif 0 < run < NGRAM:
        tokens[at] = short_run(eights, text, one, two, run)
        at += 1
    return at


def short_run(eights: Any, text: Any, one: Any, two: Any, run: Any) -> Any:
    """The token of one or two unspaced characters."""
    size = put(text, 0, one) if run == 2 else 0
    return hashed(eights, 0, put(text, size, two))


def tokenize_all(
    data: Any, offsets: Any, kinds: Any, folds: Any, seconds: Any, room: Any, tokens: Any, ends: Any
) -> Any:
    """Tokenize the texts data[offsets[i]:offsets[i + 1]] one after the other.

    ends: receives where the tokens of each end; -1 - that for a text whose code points the tables do not tell, which
    has none then.
    """
    at = np.int64(0)
    for i in range(len(ends)):
        first, last = offsets[i], offsets[i + 1]
        end = tokenize(data, first, last, kinds, folds, seconds, room, tokens, at)
        if end == HAS_UNSPACED:
            end = tokenize_unspaced(data, first, last, kinds, folds, seconds, room, tokens, at)
        if end < 0:
            ends[i] = -1 - at
        else:
            at = end
            ends[i] = at
    return at
