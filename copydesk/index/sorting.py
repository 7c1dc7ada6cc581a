"""The band keys of a segment in order, without all of them in memory.

A block of rows at a time is laid into buckets by the upper bits of its keys and put into a file. Then what all blocks
have of a bucket is read and sorted: one piece of the whole after the other, each small enough for a cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BufferedRandom

import numpy as np

from cleaners.arrays import I64, U64
from copydesk.sketches import compiled, loops


def in_order(blocks: Iterable[tuple[U64, U64]], bits: int, count: int, scratch: BufferedRandom) -> Iterator[U64]:
    """All keys, the upper bits of each above the number of its row, which takes `bits`: ascending, in pieces.

    blocks: keys of rows, uint64[n, m], and the rows' numbers, uint64[n]. count: of all keys. scratch: an empty file
    that can be written and read.
    """
    run = compiled.loops_for(compiled.DEAR * 8 * count) or loops
    counts = []
    for keys, numbers in blocks:
        buckets = np.zeros(256, np.int64)
        run.count_buckets(keys, buckets)
        packed = np.empty(keys.size, np.uint64)
        run.pack(keys, numbers, bits, np.cumsum(buckets) - buckets, packed)
        scratch.write(packed.data.cast("B"))
        counts.append(buckets)
    if not counts:
        return
    sizes = np.stack(counts)
    starts = np.cumsum(sizes).reshape(-1, 256) - sizes
    for bucket in np.flatnonzero(sizes.any(axis=0)):
        yield _sorted(scratch, starts[:, bucket], sizes[:, bucket])


def _sorted(file: BufferedRandom, starts: I64, sizes: I64) -> U64:
    """So many keys from each of these places in the file, sorted."""
    keys = np.empty(int(sizes.sum()), np.uint64)
    room = keys.data.cast("B")
    for start, size in zip((8 * starts).tolist(), (8 * sizes).tolist(), strict=True):
        file.seek(start)
        file.readinto(room[:size])
        room = room[size:]
    keys.sort()
    return keys
