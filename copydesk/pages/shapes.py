"""What the texts of a page's blocks look like: their length, how they end, their sentences, words, capitals, digits.

All texts of a page at once, as one array of code points: a page has hundreds of blocks, most of them a few words.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleaners.arrays import I64
from cleaners.reader import is_compiled
from copydesk.pages import loops, text_loops
from copydesk.pages.text_loops import BLANK, CAPITAL, CLOSING, COMMA, DIGIT, FULL_STOP, HEAD, STOP, WIDE

Column = npt.NDArray[np.int64]

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


def fill(texts: Sequence[str], blocks: I64) -> None:
    """Fill the rows of `blocks` that are of a text's shape (see loops)."""
    if is_compiled():
        text_loops.compiled("measure")(_plain(_codes(texts)), _kinds(), _endings(), blocks)
        return
    found = of(texts)
    blocks[loops.SIZE], blocks[loops.CHARS], blocks[loops.ENDING] = found.sizes, found.chars, found.ends
    blocks[loops.SENTENCES], blocks[loops.COMMAS] = found.sentences, found.commas
    blocks[loops.WORDS], blocks[loops.CAPITALS], blocks[loops.DIGITS] = found.words, found.capitals, found.digits


def of(texts: Sequence[str]) -> Shapes:
    """The shapes of some texts: none is blank, each is one line without runs of blanks, as blocks.read makes them."""
    count = len(texts)
    codes = _codes(texts)
    sizes = np.array([len(text) for text in texts], np.int64)
    starts = np.cumsum(sizes + 1) - sizes - 1
    kinds = _kinds().take(codes, mode="clip")
    rare = np.flatnonzero(codes >= _KINDS)
    kinds[rare] = [_kind(chr(code)) for code in codes[rare].tolist()]
    at = np.flatnonzero(kinds)
    kind = kinds[at]
    text = np.repeat(np.arange(count), sizes + 1)[at]
    place = at - starts[text]

    def many(chosen: npt.NDArray[np.bool_]) -> Column:
        return np.bincount(text[chosen], minlength=count)

    blank, early = (kind & BLANK) > 0, place < HEAD
    opens = early & ((kind & CAPITAL) > 0)
    before = codes[at[opens] - 1]  # of the first it is the last: a line feed
    opens[opens] = (before == 32) | (before == 10)
    stops = (kind & STOP) > 0
    stops[stops] = codes[at[stops] + 1] == 32
    head_words = many(blank & (place < HEAD - 1)) + 1
    return Shapes(
        sizes=sizes,
        chars=sizes + 2 * many((kind & WIDE) > 0),
        ends=np.array([_end(one) for one in texts], np.int64),
        sentences=np.minimum(20, many(stops | ((kind & FULL_STOP) > 0))),
        commas=np.minimum(20, many((kind & COMMA) > 0)),
        words=np.minimum(500, many(blank) + 1),
        capitals=many(opens) * 1000 // head_words,
        digits=many(early & ((kind & DIGIT) > 0)) * 1000 // np.minimum(sizes, HEAD),
    )


def _codes(texts: Sequence[str]) -> npt.NDArray[np.uint32]:
    """The code points of all texts, a line feed after each."""
    return np.frombuffer("\n".join([*texts, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)


def _plain(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """With others in the place of those beyond the tables: of the same kind, and in the tables. It cannot be written
    to, as what is compiled takes it."""
    rare = codes >= _KINDS
    if rare.any():
        codes = codes.copy()
        codes[rare] = [_LIKE[_kind(chr(code))] for code in codes[rare].tolist()]
        codes.setflags(write=False)
    return codes


_LIKE = {CAPITAL: ord("A"), DIGIT: ord("0"), 0: ord("a")}


def _end(text: str) -> int:
    last = text[-1]
    if last in _CLOSERS:
        last = text.rstrip(_CLOSERS)[-1:] or last
    return 3 if last in _ENDS else 2 if last in ":;" else 1 if last in ",-–—" else 0


def _kind(character: str) -> int:
    return CAPITAL if character.isupper() else DIGIT if character.isdecimal() else 0


@functools.cache
def _kinds() -> npt.NDArray[np.uint8]:
    """By code point: what a character is."""
    kinds = np.array([_kind(chr(code)) for code in range(_KINDS)], np.uint8)
    for first, last in _WIDE_RANGES:
        kinds[ord(first) : ord(last) + 1] |= WIDE
    for listed, kind in ((",、،", COMMA), (".?!", STOP), ("。", FULL_STOP), (" ", BLANK)):
        kinds[[ord(c) for c in listed]] |= kind
    return kinds


@functools.cache
def _endings() -> npt.NDArray[np.uint8]:
    """By code point: how a text ends that ends in it, or CLOSING."""
    endings = np.zeros(_KINDS, np.uint8)
    for listed, ending in ((_ENDS, 3), (":;", 2), (",-–—", 1), (_CLOSERS, CLOSING)):
        endings[[ord(c) for c in listed]] = ending
    return endings
