"""Which texts of a run to compare with each other: those that share a band key.

All keys of a run are sorted as one array of numbers, each a key's upper bits above the number of its row. Of a crowded
band the first rows stand for the rest, and of each row the closest others are kept, so a crowd of look-alikes costs a
constant for each.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from copydesk import compiled, loops
from copydesk.segment import PER_KEY

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

PER_TEXT = 16
"""How many candidates of one text are verified: those it shares most bands with. Keeps crowds of look-alikes linear."""

_PAIRS_AT_ONCE = 1 << 26
"""Pairs that are in memory at a time, eight bytes each, before those of one row and another are counted together."""


def within(keys: U64, per_key: int = PER_KEY, per_row: int = PER_TEXT) -> tuple[I64, I64]:
    """Pairs (earlier, later) of rows that share a band key; in a crowded one the first `per_key` rows with all others.

    Of each row the `per_row` closest earlier ones. keys: uint64[n, KEYS], rows in order of precedence. Distinct, by
    later row. Two keys that differ in their lowest bits alone pass for one: such a pair costs a verification.
    """
    count = len(keys)
    bits = max(1, int(count - 1).bit_length())
    packed = packed_keys(keys, np.arange(count, dtype=np.uint64), bits)
    run = compiled.loops_for(packed.nbytes) or loops
    met = np.zeros(count, np.int64)
    run.count_neighbours(packed, bits, per_key, met)
    earlier, later = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for first, last, pairs in _ranges(met):
        codes = np.empty(pairs, np.uint64)
        run.join(packed, bits, per_key, first, last, codes)
        b, a = closest(codes, per_row)
        earlier.append(a)
        later.append(b)
    return np.concatenate(earlier), np.concatenate(later)


def packed_keys(keys: U64, numbers: U64, bits: int) -> U64:
    """All keys of rows as one sorted array: the upper bits of each above the number of its row, which takes `bits`.

    keys: uint64[n, m]. numbers: uint64[n].
    """
    shift = np.uint64(bits)
    packed = keys >> shift
    packed <<= shift
    packed |= numbers[:, None]
    flat = packed.reshape(-1)
    flat.sort()
    return flat


def closest(codes: U64, per_row: int = PER_TEXT) -> tuple[I64, I64]:
    """Of pairs row << 32 | other, which repeat for each band they share, the distinct: of each row the `per_row` that
    share most, the smaller `other` first. `codes` is sorted in place. Returns rows and others, sorted."""
    codes.sort()
    starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(codes)), np.bool_), codes[1:] != codes[:-1]]))
    shared = np.diff(np.append(starts, len(codes)))
    codes = codes[starts]
    rows, others = (codes >> np.uint64(32)).astype(np.int64), (codes & np.uint64(0xFFFFFFFF)).astype(np.int64)
    first = np.searchsorted(rows, rows, "left")
    crowded = np.searchsorted(rows, rows, "right") - first > per_row
    kept = ~crowded
    order = np.flatnonzero(crowded)
    order = order[np.lexsort((others[order], -shared[order], rows[order]))]
    rank = np.arange(len(order)) - np.searchsorted(rows[order], rows[order], "left")
    kept[order[rank < per_row]] = True
    return rows[kept], others[kept]


def _ranges(met: I64) -> Iterator[tuple[int, int, int]]:
    """Ranges of rows (first, last less one, pairs) that meet at most _PAIRS_AT_ONCE others, or are a single row."""
    ends = np.cumsum(met)
    first = before = 0
    while before < (ends[-1] if len(ends) else 0):
        last = max(first + 1, int(np.searchsorted(ends, before + _PAIRS_AT_ONCE, "right")))
        yield first, last, int(ends[last - 1]) - before
        first, before = last, int(ends[last - 1])
