"""What is kept of a text to find its copies by: MinHash signatures, band keys, and a hash of the text as a whole.

The signature is, bit for bit, that of `datasketch` 2 (scheme "affine32", seed 1) for the upper 32 bits of the shingles:

    datasketch.MinHash(hashvalues=signature, scheme="affine32", seed=1)

Sources: Broder, On the resemblance and containment of documents (1997), for MinHash; Leskovec, Rajaraman, Ullman,
Mining of Massive Datasets, 3.4, for bands and rows; datasketch/minhash.py for the permutations. Word 3-grams and 42
bands of 3 rows were the best of those measured on syndicated news.

A cut copy keeps the lead and may share little of the whole, so the lead has a short signature of its own (the first 48
permutations, 16 bands of 3 rows): it finds excerpts that the whole text's bands miss.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaners.arrays import I64, U32, U64
from copydesk.sketches.compiled import loops_for
from copydesk.sketches.loops import NGRAM, PRIME_1, PRIME_2, fmix32, fmix64
from copydesk.sketches.shingling import LEAD_TOKENS, Shingles, Strings, shingles_of, text_hashes, tokenize
from copydesk.sketches.token_loops import TOKEN_CHARS
from copydesk.sketches.tokens import UNSPACED_NGRAM

BANDS = 42
ROWS = 3
K = BANDS * ROWS
LEAD_BANDS = 16
LEAD_K = LEAD_BANDS * ROWS
AGAIN = 8
"""More bands of the same values, each a third of the signature apart: they share one value at most with a band of
neighbours, and cost no more permutations."""
KEYS = BANDS + AGAIN + LEAD_BANDS
SEED = 1
MIN_SHINGLES = 8
"""Texts of fewer shingles (ten words) are matched by exact text only."""

VERSION = 2
PARAMETERS = (
    f"sketch={VERSION} nfkc-casefold word{NGRAM} unspaced{UNSPACED_NGRAM} token{TOKEN_CHARS} "
    f"affine32 seed={SEED} bands={BANDS}+{AGAIN}x{ROWS} lead{LEAD_TOKENS}:{LEAD_BANDS}x{ROWS} min={MIN_SHINGLES}"
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

_SPREAD = (np.arange(AGAIN)[:, None] + np.arange(ROWS) * BANDS).reshape(-1)
_KEYS_AT_ONCE = 1 << 14
_LANES = 32
"""Permutations that a processor works on at a time, or twice or four times as many: of more than a multiple of them the
rest would be done one by one."""
_HASHES_AT_ONCE = 1 << 15  # fits the second-level cache: four bytes each, in and out


@dataclass(frozen=True, slots=True)
class Sketches:
    """Sketches of n texts. text_hash: 16 bytes or None. shingle_count: int32[n]. signature: uint32[n, K].
    lead_signature: uint32[n, LEAD_K]. shingles: what they were made of."""

    text_hash: list[bytes | None]
    shingle_count: npt.NDArray[np.int32]
    signature: U32
    lead_signature: U32
    shingles: Shingles

    def columns(self) -> dict[str, pa.Array]:
        """The columns of SKETCH, in order."""
        return {
            "text_hash": pa.array(self.text_hash, pa.binary(16)),
            "shingle_count": pa.array(self.shingle_count),
            "signature": _lists(self.signature),
            "lead_signature": _lists(self.lead_signature),
        }


def sketch(texts: Strings) -> Sketches:
    """The sketches of a batch of texts. Batches of some hundred texts are quickest; results do not depend on it."""
    tokens = tokenize(texts)
    hashes, found = text_hashes(tokens, texts), shingles_of(tokens)
    del tokens  # of a long text they are as large as it
    return Sketches(hashes, found.sizes.astype(np.int32), *signatures(found), found)


def signatures(found: Shingles) -> tuple[U32, U32]:
    """MinHash signatures of texts and, of the first LEAD_K permutations, of their leads: uint32[n, K] and
    uint32[n, LEAD_K]. A text without shingles has 2**32 - 1."""
    whole = np.full((len(found), K), 0xFFFFFFFF, np.uint32)
    lead = np.full((len(found), LEAD_K), 0xFFFFFFFF, np.uint32)
    ready = loops_for(0)
    if ready is not None:
        padded = np.full((len(found), K + -K % _LANES), 0xFFFFFFFF, np.uint32)
        ready.minimize(found.values, found.starts, found.lead_ends, found.ends, *_padded(), padded, lead)
        whole[:] = padded[:, :K]
    else:
        _minimize(found, found.ends, whole)
        _minimize(found, found.lead_ends, lead)
    return whole, lead


def keys_of(sketches: pa.Table, rows: I64 | None = None, bands: range = range(KEYS)) -> U64:
    """The band keys of texts, of the whole and of the lead: columns of SKETCH -> uint64[n, len(bands)].

    rows: of these rows, in this order; default: of all. bands: consecutive ones.
    """
    sketches = sketches.select(["signature", "lead_signature"])
    count = len(sketches) if rows is None else len(rows)
    keys = np.empty((count, len(bands)), np.uint64)
    room = np.empty((min(count, _KEYS_AT_ONCE), KEYS), np.uint64)
    for at in range(0, count, _KEYS_AT_ONCE):
        into = room[: min(_KEYS_AT_ONCE, count - at)]
        some = sketches.slice(at, len(into)) if rows is None else sketches.take(pa.array(rows[at : at + len(into)]))
        if bands.start < BANDS + AGAIN:
            whole = matrix(some["signature"], K)
            _some_keys(whole, 0, bands, into)
            _some_keys(whole[:, _SPREAD], BANDS, bands, into)
        _some_keys(matrix(some["lead_signature"], LEAD_K), BANDS + AGAIN, bands, into)
        keys[at : at + len(into)] = into[:, bands.start : bands.stop]
    return keys


def _some_keys(signature: U32, first: int, wanted: range, keys: U64) -> None:
    """band_keys of those bands only, of a signature whose first is `first`, that are wanted."""
    start, stop = (min(max(end - first, 0), signature.shape[1] // ROWS) for end in (wanted.start, wanted.stop))
    if start < stop:
        band_keys(np.ascontiguousarray(signature[:, start * ROWS : stop * ROWS]), first + start, keys)


def band_keys(signature: U32, first: int, keys: U64) -> None:
    """One key a band of ROWS values: uint32[n, bands * ROWS] into keys[:, first:first + bands]. The bands' numbers,
    from `first`, are mixed in: keys of different bands do not meet."""
    ready = loops_for(0)
    if ready is not None:
        ready.band(signature, ROWS, first, keys)
        return
    bands = signature.shape[1] // ROWS
    rows = signature.reshape(-1, bands, ROWS).astype(np.uint64)
    mixed = np.broadcast_to(np.arange(first + 1, first + bands + 1, dtype=np.uint64) * PRIME_1, rows.shape[:2])
    for row in range(ROWS):
        mixed = fmix64((mixed ^ rows[:, :, row]) * PRIME_2)
    keys[:, first : first + bands] = mixed


def matrix(column: pa.ChunkedArray, width: int) -> U32:
    """A column of lists of `width` numbers each as uint32[n, width]."""
    parts = [_matrix(chunk, width) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty((0, width), np.uint32)


def _matrix(chunk: pa.Array, width: int) -> U32:
    return np.asarray(chunk.flatten(), np.uint32).reshape(-1, width)


def _lists(matrix: U32) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])


@functools.cache
def permutations() -> tuple[U32, U32]:
    """Multipliers (odd) and addends of the K permutations h -> a*h + b mod 2**32, as datasketch draws them."""
    draw = np.random.RandomState(SEED)
    a = draw.randint(0, 1 << 31, K, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, draw.randint(0, 1 << 32, K, dtype=np.uint32)


@functools.cache
def _padded() -> tuple[U32, U32]:
    """The permutations, and as many that give 0 as make up a multiple of _LANES."""
    a, b = permutations()
    return np.pad(a, (0, -K % _LANES)), np.pad(b, (0, -K % _LANES))


def _minimize(found: Shingles, ends: I64, signature: U32) -> None:
    """The signatures of the shingles from found.starts to `ends`, without a compiler: uint32[n, k], filled in."""
    for first, last in _blocks((ends - found.starts).tolist()):
        block = np.arange(first, last)[ends[first:last] > found.starts[first:last]]
        if len(block):
            parts = [found.values[found.starts[i] : ends[i]] for i in block]
            starts = np.cumsum([0, *map(len, parts[:-1])])
            hashes = fmix32((np.concatenate(parts) >> np.uint64(32)).astype(np.uint32))
            signature[block] = _minima(hashes, starts, signature.shape[1])


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
