"""What a word of a text is, for telling copies: normalized, hashed, in order.

Normalization: NFKC, case-folded, soft hyphens dropped. Tokens: runs of letters, digits and marks, at most 64
characters each. Scripts written without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar) give their overlapping
character trigrams as tokens, so that three tokens span five characters, about three words of Chinese.
A token's hash is the same on every platform and in every process.

This is the definition, in plain Python. token_loops.tokenize gives the same bits for whole batches, by the tables made
here.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleaners import kept
from cleaners.arrays import U64
from copydesk.sketches import token_loops
from copydesk.sketches.token_loops import COMPLEX, NOTHING, SEPARATOR, START, TOKEN_CHARS, UNSPACED, WORD

UNSPACED_NGRAM = 3

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Kana, iteration marks
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
# Python's \w knows no combining marks, without which Indic, Arabic and Hebrew words fall apart.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff"
)
_UNIT = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[\w{_MARKS}]){{1,{TOKEN_CHARS}}}")
_BEYOND = re.compile(rf"[{_UNSPACED}{_MARKS}]")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")

_MASK = (1 << 64) - 1
_CACHED_TOKENS = 1 << 18
_SOFT_HYPHEN = "\u00ad"


def normalize(text: str) -> str:
    """NFKC, case-folded, without soft hyphens."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().replace(_SOFT_HYPHEN, "")


def tokens(text: str, least: int = 1) -> list[str]:
    """The tokens of a text, in order (see the module's docstring). least: characters of one."""
    normal = normalize(text)
    if normal.isascii() or not _BEYOND.search(normal):
        return _words(least).findall(normal)
    return [token for token in _spaced_out(_UNIT.findall(normal)) if len(token) >= least]


@functools.lru_cache
def _words(least: int) -> re.Pattern[str]:
    return re.compile(rf"\w{{{least},{TOKEN_CHARS}}}")


def token_hashes(text: str) -> U64:
    """The hashes of a text's tokens, in order: uint64."""
    if len(_vocabulary) > _CACHED_TOKENS:
        _vocabulary.clear()
    found = tokens(text)
    return np.fromiter(map(_vocabulary.__getitem__, found), np.uint64, len(found))


def _spaced_out(units: Iterable[str]) -> Iterable[str]:
    """Words as they are; single characters of unspaced scripts as overlapping trigrams, punctuation between ignored."""
    run: list[str] = []
    for unit in units:
        if len(unit) == 1 and _IS_UNSPACED.match(unit):
            run.append(unit)
            continue
        yield from _trigrams(run)
        run = []
        yield unit
    yield from _trigrams(run)


def _trigrams(run: Sequence[str]) -> Iterable[str]:
    if 0 < len(run) < UNSPACED_NGRAM:
        yield "".join(run)
    for i in range(len(run) - UNSPACED_NGRAM + 1):
        yield "".join(run[i : i + UNSPACED_NGRAM])


class _Vocabulary(dict[str, int]):
    """Token -> 64-bit hash, computed at the first meeting. Only a cache: emptied when it grows large."""

    def __missing__(self, token: str) -> int:
        value = self[token] = _token_hash(token)
        return value


_vocabulary = _Vocabulary()


def _token_hash(token: str) -> int:
    """Its UTF-8 bytes, eight at a time, little-endian, filled up with zeros: each eight are mixed in by a multiplier
    of MurmurHash3's 64-bit mix and a shift, and its second multiplier ends it. Distinct for words of up to eight."""
    content, value = token.encode("utf-8", "surrogatepass"), int(START)
    for at in range(0, len(content), 8):
        value ^= int.from_bytes(content[at : at + 8], "little")
        value = (value * 0xFF51AFD7ED558CCD) & _MASK
        value ^= value >> 32
    value = (value * 0xC4CEB9FE1A85EC53) & _MASK
    return value ^ (value >> 29)


# ---- for the compiled loops ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tables:
    """By code point below 2**16. kinds: uint8, see loops. folds: uint16, what it is normalized to; seconds: uint16, a
    second character of that, 0 if there is none."""

    kinds: npt.NDArray[np.uint8]
    folds: npt.NDArray[np.uint16]
    seconds: npt.NDArray[np.uint16]


@functools.cache
def tables_of_raw() -> Tables:
    """For text as it is: what one code point becomes, whatever stands beside it; the others are COMPLEX.

    Those are combining marks and Hangul's single letters, which may join what is before them, and what gives more than
    two characters or not of one kind ("½").
    """
    return Tables(**kept.kept("tokens", _OF, _of_raw))


_OF = (unicodedata.unidata_version, *kept.source(sys.modules[__name__], token_loops))


def _of_raw() -> kept.Arrays:
    kinds, folds, seconds = np.zeros(1 << 16, np.uint8), np.zeros(1 << 16, np.uint16), np.zeros(1 << 16, np.uint16)
    for code in range(1 << 16):
        raw = chr(code)
        composed = unicodedata.normalize("NFKC", raw)
        normal = normalize(raw)
        of = {_kind(character) for character in normal}
        if raw == _SOFT_HYPHEN:
            kinds[code] = NOTHING
        elif _joins(raw) or _joins(composed[:1]):
            kinds[code] = COMPLEX
        elif of == {SEPARATOR}:
            kinds[code] = SEPARATOR
        elif len(of) == 1 and (len(normal) == 1 or (len(normal) == 2 and of == {WORD})) and max(normal) < "\U00010000":
            kinds[code], folds[code] = of.pop(), ord(normal[0])
            seconds[code] = ord(normal[1]) if len(normal) == 2 else 0
        else:
            kinds[code] = COMPLEX
    return {"kinds": kinds, "folds": folds, "seconds": seconds}


@functools.cache
def tables_of_normal() -> Tables:
    """For text that `normalize` gave."""
    kinds = np.fromiter((_kind(chr(code)) for code in range(1 << 16)), np.uint8, 1 << 16)
    return Tables(kinds, np.arange(1 << 16, dtype=np.uint16), np.zeros(1 << 16, np.uint16))


def _kind(character: str) -> int:
    if _IS_UNSPACED.match(character):
        return UNSPACED
    return WORD if _UNIT.match(character) else SEPARATOR


def _joins(character: str) -> bool:
    """Whether it may become one with what stands before it, or change places with it."""
    return unicodedata.category(character)[0] == "M" or "\u1100" <= character <= "\u11ff"
