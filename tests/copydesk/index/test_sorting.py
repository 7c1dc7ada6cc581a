from __future__ import annotations

import tempfile
from itertools import chain, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from copydesk.index import sorting

KEY = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1 << 56, (1 << 56) + 4096, 2**64 - 1]))


@given(st.lists(st.lists(st.tuples(KEY, KEY, KEY), max_size=8), max_size=6))
def test_pieces_are_the_whole_in_order(blocks: list[list[tuple[int, int, int]]]) -> None:
    """Whatever lies in which block."""
    bits, count = 6, sum(map(len, blocks))
    keys = [np.array(block, np.uint64).reshape(-1, 3) for block in blocks]
    ends = np.cumsum([0, *map(len, blocks)])
    numbers = [np.arange(start, end, dtype=np.uint64) for start, end in pairwise(ends)]
    with tempfile.TemporaryFile() as scratch:
        pieces = list(sorting.in_order(zip(keys, numbers, strict=True), bits, 3 * count, scratch))
    expected = sorted(
        (key >> bits << bits) | row for row, of_row in enumerate(chain.from_iterable(blocks)) for key in of_row
    )
    assert [key for piece in pieces for key in piece.tolist()] == expected
    assert len(pieces) == len({key >> 56 for key in expected})
