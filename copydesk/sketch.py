"""What a text is compared by: shingles, MinHash signatures, band keys, and a hash of the text as a whole.

Normalization: NFKC, case-folded, soft hyphens dropped. Tokens: runs of letters, digits and marks, at most 64
characters each. Scripts written without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar) give their overlapping
character trigrams as tokens, so that three tokens span five characters, about three words of Chinese.
A shingle is three tokens in a row, hashed to 64 bits: FNV-1a of each token's UTF-8 bytes, mixed; the three combined
linearly, mixed again. The same on every platform and in every process, and within reach of a compiled pass.

The signature is, bit for bit, that of `datasketch` 2 (scheme "affine32", seed 1) for the upper 32 bits of the shingles:

    datasketch.MinHash(hashvalues=signature, scheme="affine32", seed=1)

Sources: Broder, On the resemblance and containment of documents (1997), for shingles and MinHash; Leskovec, Rajaraman,
Ullman, Mining of Massive Datasets, 3.4, for bands and rows; datasketch/minhash.py for the permutations. Word 3-grams
and 42 bands of 3 rows were the best of those measured on syndicated news.

A cut copy keeps the lead and may share little of the whole, so the first 60 tokens have a short signature of their own
(the first 24 permutations, 8 bands of 3 rows): it finds excerpts that the whole text's bands miss.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

U64 = npt.NDArray[np.uint64]
U32 = npt.NDArray[np.uint32]
I64 = npt.NDArray[np.int64]

NGRAM = 3
BANDS = 42
ROWS = 3
K = BANDS * ROWS
LEAD_TOKENS = 60
LEAD_BANDS = 8
LEAD_K = LEAD_BANDS * ROWS
LEAD_SHINGLES = LEAD_TOKENS - NGRAM + 1
KEYS = BANDS + LEAD_BANDS
SEED = 1
TOKEN_CHARS = 64
UNSPACED_NGRAM = 3
MIN_SHINGLES = 8
"""Texts of fewer shingles (ten words) are matched by exact text only."""

VERSION = 1
PARAMETERS = (
    f"sketch={VERSION} nfkc-casefold word{NGRAM} unspaced{UNSPACED_NGRAM} token{TOKEN_CHARS} fnv1a64 "
    f"affine32 seed={SEED} bands={BANDS}x{ROWS} lead{LEAD_TOKENS}:{LEAD_BANDS}x{ROWS} min={MIN_SHINGLES}"
)
"""Versions whatever is kept of a sketch. Change VERSION when the same text gives another sketch."""

SKETCH = pa.schema(
    [
        pa.field("text_hash", pa.binary(16)),  # of the normalized tokens; null: nothing to compare
        pa.field("shingle_count", pa.int32()),  # distinct shingles
        pa.field("signature", pa.list_(pa.uint32(), K)),
        pa.field("lead_signature", pa.list_(pa.uint32(), LEAD_K)),  # of the first 60 tokens
    ]
)

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
_WORD = re.compile(rf"\w{{1,{TOKEN_CHARS}}}")
_UNIT = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[\w{_MARKS}]){{1,{TOKEN_CHARS}}}")
_BEYOND = re.compile(rf"[{_UNSPACED}{_MARKS}]")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")

_MASK = (1 << 64) - 1
_ODD = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
)  # xxHash64's primes
_CACHED_TOKENS = 1 << 18
_HASHES_AT_ONCE = 1 << 15  # fits the second-level cache: four bytes each, in and out


@dataclass(frozen=True, slots=True)
class Sketches:
    """Sketches of n texts. text_hash: 16 bytes or None. shingle_count: int32[n]. signature: uint32[n, K].
    lead_signature: uint32[n, LEAD_K]."""

    text_hash: list[bytes | None]
    shingle_count: npt.NDArray[np.int32]
    signature: U32
    lead_signature: U32

    def columns(self) -> dict[str, pa.Array]:
        """The columns of SKETCH, in order."""
        return {
            "text_hash": pa.array(self.text_hash, pa.binary(16)),
            "shingle_count": pa.array(self.shingle_count),
            "signature": _lists(self.signature),
            "lead_signature": _lists(self.lead_signature),
        }


def sketch(texts: Sequence[str]) -> Sketches:
    """The sketches of a batch of texts. Batches of some hundred texts are quickest; results do not depend on it."""
    hashes: list[bytes | None] = []
    shingled: list[U64] = []
    leads: list[U64] = []
    for text in texts:
        tokens = _token_hashes(text)
        hashes.append(_text_hash(text, tokens))
        in_order = _shingle_hashes(tokens)
        shingled.append(distinct(in_order))
        leads.append(in_order[:LEAD_SHINGLES])
    counts = np.fromiter((len(s) for s in shingled), np.int32, len(shingled))
    return Sketches(hashes, counts, signatures(shingled), signatures(leads, LEAD_K))


def normalize(text: str) -> str:
    """NFKC, case-folded, without soft hyphens."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().replace("\u00ad", "")


def tokens(text: str) -> list[str]:
    """The tokens of a text, in order (see the module's docstring)."""
    normal = normalize(text)
    if normal.isascii() or not _BEYOND.search(normal):
        return _WORD.findall(normal)
    return list(_spaced_out(_UNIT.findall(normal)))


def shingles(text: str) -> U64:
    """The distinct shingles of a text: uint64, sorted."""
    return distinct(_shingle_hashes(_token_hashes(text)))


def shingles_in_order(text: str) -> U64:
    """The shingles of a text as they follow each other, repeats included: uint64."""
    return _shingle_hashes(_token_hashes(text))


def signatures(shingled: Sequence[U64], k: int = K) -> U32:
    """MinHash signatures (the first k permutations) of sets of shingles: uint32[n, k]. An empty set has 2**32 - 1."""
    result = np.full((len(shingled), k), 0xFFFFFFFF, np.uint32)
    for first, last in _blocks([len(s) for s in shingled]):
        block = [i for i in range(first, last) if len(shingled[i])]
        if block:
            starts = np.cumsum([0, *(len(shingled[i]) for i in block[:-1])])
            hashes = _fmix32((np.concatenate([shingled[i] for i in block]) >> np.uint64(32)).astype(np.uint32))
            result[block] = _minima(hashes, starts, k)
    return result


def keys_of(sketches: pa.Table) -> U64:
    """The band keys of texts, of the whole and of the lead: columns of SKETCH -> uint64[n, KEYS]."""
    whole = band_keys(matrix(sketches["signature"], K))
    lead = band_keys(matrix(sketches["lead_signature"], LEAD_K), first=BANDS)
    return np.concatenate([whole, lead], axis=1)


def band_keys(signature: U32, first: int = 0) -> U64:
    """One key a band of ROWS values: uint32[n, bands * ROWS] -> uint64[n, bands]. The bands' numbers, from `first`, are
    mixed in: keys of different bands do not meet."""
    bands = signature.shape[1] // ROWS
    rows = signature.reshape(-1, bands, ROWS).astype(np.uint64)
    keys = np.broadcast_to(np.arange(first + 1, first + bands + 1, dtype=np.uint64) * _ODD[0], rows.shape[:2])
    for row in range(ROWS):
        keys = _fmix64((keys ^ rows[:, :, row]) * _ODD[1])
    return keys


def matrix(column: pa.ChunkedArray, width: int) -> U32:
    """A column of lists of `width` numbers each as uint32[n, width]."""
    parts = [np.asarray(chunk.flatten(), np.uint32).reshape(-1, width) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty((0, width), np.uint32)


def _lists(matrix: U32) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])


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
    """FNV-1a (Fowler, Noll, Vo), finished with MurmurHash3's 64-bit mix."""
    value = 0xCBF29CE484222325
    for byte in token.encode("utf-8", "surrogatepass"):
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    value ^= value >> 33
    value = (value * 0xFF51AFD7ED558CCD) & _MASK
    value ^= value >> 33
    value = (value * 0xC4CEB9FE1A85EC53) & _MASK
    return value ^ (value >> 33)


def _token_hashes(text: str) -> U64:
    if len(_vocabulary) > _CACHED_TOKENS:
        _vocabulary.clear()
    found = tokens(text)
    return np.fromiter(map(_vocabulary.__getitem__, found), np.uint64, len(found))


def _shingle_hashes(token_hashes: U64) -> U64:
    count = len(token_hashes) - NGRAM + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    mixed = token_hashes[:count] * _ODD[0]
    for i in range(1, NGRAM):
        mixed += token_hashes[i : i + count] * _ODD[i]
    return _fmix64(mixed)


def distinct(values: U64) -> U64:
    """Sorted and distinct: np.unique, less its overhead on small arrays."""
    if len(values) < 2:
        return values
    values = np.sort(values)
    return values[np.concatenate(([True], values[1:] != values[:-1]))]


def _text_hash(text: str, token_hashes: U64) -> bytes | None:
    """Of the tokens; of a text without any (emoji, punctuation) the text itself; none of an empty text."""
    content = (
        token_hashes.astype("<u8").tobytes() if len(token_hashes) else text.strip().encode("utf-8", "surrogatepass")
    )
    return hashlib.blake2b(content, digest_size=16).digest() if content else None


def _fmix32(h: U32) -> U32:
    """MurmurHash3's 32-bit finalizer."""
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def _fmix64(h: U64) -> U64:
    """MurmurHash3's 64-bit finalizer."""
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@functools.cache
def permutations() -> tuple[U32, U32]:
    """Multipliers (odd) and addends of the K permutations h -> a*h + b mod 2**32, as datasketch draws them."""
    draw = np.random.RandomState(SEED)
    a = draw.randint(0, 1 << 31, K, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, draw.randint(0, 1 << 32, K, dtype=np.uint32)


def _minima(hashes: U32, starts: I64, count: int) -> U32:
    """The least value of `count` permutations in every segment that begins at `starts`: uint32[len(starts), count]."""
    a, b = permutations()
    result = np.empty((count, len(starts)), np.uint32)
    permuted = np.empty_like(hashes)
    for k in range(count):
        np.multiply(hashes, a[k], out=permuted)
        np.add(permuted, b[k], out=permuted)
        np.minimum.reduceat(permuted, starts, out=result[k])
    return result.T


def _blocks(sizes: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Ranges of consecutive texts that hold about _HASHES_AT_ONCE shingles together."""
    first = total = 0
    for i, size in enumerate(sizes):
        total += size
        if total >= _HASHES_AT_ONCE:
            yield first, i + 1
            first, total = i + 1, 0
    if first < len(sizes):
        yield first, len(sizes)
