"""Which texts of a run to compare with each other: those that share a band key.

All keys of a run are sorted as one array of numbers, each a key's upper bits above the number of its row. Of a crowded
band the first rows stand for the rest, and of each row the closest others are kept, so a crowd of look-alikes costs a
constant for each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from cleaners.arrays import I64, U32, U64
from copydesk.sketches import compiled, loops

PER_KEY = 8
"""How many texts of one band key are looked at, of a run or of a segment of the index; the first in precedence stand
for the rest."""

PER_TEXT = 16
"""How many candidates of one text are verified: those it shares most bands with. Keeps crowds of look-alikes linear."""

_FEW = 1 << 20
"""Keys that are sorted as soon as 256 tasks are handed to threads."""

_PAIRS_AT_ONCE = 1 << 23
"""Pairs in memory at a time, some thirty bytes each, before those of one row and another are counted together."""


def within(keys: U64, per_key: int = PER_KEY, per_row: int = PER_TEXT, threads: int = 1) -> tuple[I64, I64, I64]:
    """Pairs (earlier, later) of rows that share a band key; in a crowded one the first `per_key` rows with all others;
    and how many keys they share.

    Of each row the `per_row` closest earlier ones. keys: uint64[n, KEYS], rows in order of precedence. Distinct, by
    later row. Two keys that differ in their lowest bits alone pass for one: such a pair costs a verification.
    """
    count = len(keys)
    bits = max(1, int(count - 1).bit_length())
    packed = _packed(keys, bits, threads)
    run = compiled.loops_for(0) or loops
    met = np.zeros(count, np.int64)
    run.count_neighbours(packed, bits, per_key, met)
    found = [np.empty((3, 0), np.int64)]
    for first, last in _ranges(met):
        ends = np.cumsum(met[first:last])
        others = np.empty(int(ends[-1]), np.uint32)
        run.join(packed, bits, per_key, first, ends - met[first:last], others)
        rows, earlier, shared = _choose(others, ends, per_row)
        found.append(np.stack([rows + first, earlier, shared]))
    later, earlier, shared = np.concatenate(found, axis=1)
    return earlier, later, shared


def _packed(keys: U64, bits: int, threads: int) -> U64:
    """All keys of rows as one sorted array: the upper bits of each above the number of its row, which takes `bits`.
    Sorted bucket by bucket, each small enough for a cache."""
    run = compiled.loops_for(compiled.DEAR * 8 * keys.size) or loops
    buckets = np.zeros(256, np.int64)
    run.count_buckets(keys, buckets)
    ends = np.cumsum(buckets) - buckets
    packed = np.empty(keys.size, np.uint64)
    run.pack(keys, np.arange(len(keys), dtype=np.uint64), bits, ends.copy(), packed)
    in_buckets = np.split(packed, ends[1:])
    if keys.size < _FEW:
        list(map(np.ndarray.sort, in_buckets))
        return packed
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(np.ndarray.sort, in_buckets))
    return packed


def closest(codes: U64, count: int, per_row: int = PER_TEXT) -> tuple[I64, I64, I64]:
    """Of pairs row << 32 | other, which repeat for each band they share, the distinct: of each row the `per_row` that
    share most, the smaller `other` first.

    count: of rows. `codes` is sorted in place. Returns rows, others (sorted) and how often each pair came.
    """
    codes.sort()
    ends = np.searchsorted(codes, np.arange(1, count + 1, dtype=np.uint64) << np.uint64(32))
    return _choose((codes & np.uint64(0xFFFFFFFF)).astype(np.uint32), ends.astype(np.int64), per_row)


def _choose(others: U32, ends: I64, per_row: int) -> tuple[I64, I64, I64]:
    rows, chosen, shared = (np.empty(len(others) + 1, np.int64) for _ in range(3))
    run = compiled.loops_for(compiled.DEAR * others.nbytes) or loops
    kept = run.choose(others, ends, per_row, rows, chosen, shared)
    return rows[:kept], chosen[:kept], shared[:kept]


def _ranges(met: I64) -> Iterator[tuple[int, int]]:
    """Ranges of rows (first, last less one) that meet at most _PAIRS_AT_ONCE others, or are a single row."""
    ends = np.cumsum(met)
    first = before = 0
    while before < (ends[-1] if len(ends) else 0):
        last = max(first + 1, int(np.searchsorted(ends, before + _PAIRS_AT_ONCE, "right")))
        yield first, last
        first, before = last, int(ends[last - 1])
