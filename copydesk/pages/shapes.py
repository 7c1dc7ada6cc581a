"""What the texts of a page's blocks look like: their length, how they end, their sentences, words, capitals, digits.

All texts of a page at once, as one array of code points: a page has hundreds of blocks, most of them a few words.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.int64]

HEAD = 160
"""Characters at its beginning by which the capitals and digits of a text are told."""

_CAPITAL, _DIGIT, _WIDE, _COMMA, _STOP, _FULL_STOP, _BLANK = (1 << bit for bit in range(7))
_KINDS = 1 << 16
_WIDE_RANGES = (("\u3040", "\u30ff"), ("\u3400", "\u9fff"), ("\uac00", "\ud7af"))
_ENDS = frozenset(".!?…。！？।؟")
_CLOSERS = "\"'”’»)]›」』"


@dataclass(frozen=True, slots=True)
class Shapes:
    """A row a text. sizes: characters. chars: the same, but those of scripts that write a word with one or two count
    three. ends: 3 as a sentence does, 2 as what announces something, 1 within one, 0. sentences, commas, words: how
    many, up to 20, 20, 500. capitals, digits: in the first HEAD characters, the share of words with a capital and of
    digits, in parts of 1,000.
    """

    sizes: Column
    chars: Column
    ends: Column
    sentences: Column
    commas: Column
    words: Column
    capitals: Column
    digits: Column


def of(texts: Sequence[str]) -> Shapes:
    """The shapes of some texts: none is blank, each is one line without runs of blanks, as blocks.read makes them."""
    count = len(texts)
    codes = np.frombuffer("\n".join([*texts, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    sizes = np.array([len(text) for text in texts], np.int64)
    starts = np.cumsum(sizes + 1) - sizes - 1
    kinds = _kinds()[np.minimum(codes, _KINDS - 1)]
    rare = np.flatnonzero(codes >= _KINDS)
    kinds[rare] = [_kind(chr(code)) for code in codes[rare].tolist()]
    at = np.flatnonzero(kinds)
    kind = kinds[at]
    text = np.repeat(np.arange(count), sizes + 1)[at]
    place = at - starts[text]

    def many(chosen: npt.NDArray[np.bool_]) -> Column:
        return np.bincount(text[chosen], minlength=count)

    blank, early = (kind & _BLANK) > 0, place < HEAD
    opens = early & ((kind & _CAPITAL) > 0)
    opens[opens] = np.isin(codes[at[opens] - 1], (10, 32))  # of the first the one before is the last: a line feed
    stops = (kind & _STOP) > 0
    stops[stops] = codes[at[stops] + 1] == 32
    head_words = many(blank & (place < HEAD - 1)) + 1
    return Shapes(
        sizes=sizes,
        chars=sizes + 2 * many((kind & _WIDE) > 0),
        ends=np.array([_end(one) for one in texts], np.int64),
        sentences=np.minimum(20, many(stops | ((kind & _FULL_STOP) > 0))),
        commas=np.minimum(20, many((kind & _COMMA) > 0)),
        words=np.minimum(500, many(blank) + 1),
        capitals=many(opens) * 1000 // head_words,
        digits=many(early & ((kind & _DIGIT) > 0)) * 1000 // np.minimum(sizes, HEAD),
    )


def _end(text: str) -> int:
    last = text[-1]
    if last in _CLOSERS:
        last = text.rstrip(_CLOSERS)[-1:] or last
    return 3 if last in _ENDS else 2 if last in ":;" else 1 if last in ",-–—" else 0


def _kind(character: str) -> int:
    return _CAPITAL if character.isupper() else _DIGIT if character.isdecimal() else 0


@functools.cache
def _kinds() -> npt.NDArray[np.uint8]:
    """By code point: what a character is."""
    kinds = np.array([_kind(chr(code)) for code in range(_KINDS)], np.uint8)
    for first, last in _WIDE_RANGES:
        kinds[ord(first) : ord(last) + 1] |= _WIDE
    for listed, kind in ((",、،", _COMMA), (".?!", _STOP), ("。", _FULL_STOP), (" ", _BLANK)):
        kinds[[ord(c) for c in listed]] |= kind
    return kinds
