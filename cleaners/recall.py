"""Which lines were met before: a table of hashes, and the lines themselves to compare with (see memory.py).

Plain loops over whole numbers, as in spot.py, but for numba only: products of hashes are cut to 64 bits.
"""

from __future__ import annotations

from typing import Any

_ODD = 0x2545F4914F6CDD1D  # a multiplier that spreads bits: Vigna, An experimental exploration of xorshift (2016)


def line_hash(line: Any, stands: Any) -> Any:
    """A hash of a line that stands somewhere, eight bytes at a time."""
    found = stands << 40 | len(line)
    whole = len(line) - len(line) % 8
    for k in range(0, whole, 8):
        word = 0
        for n in range(8):
            word |= line[k + n] << 8 * n
        found = (found ^ word) * _ODD
        found ^= found >> 29
    for k in range(whole, len(line)):
        found = (found ^ line[k]) * _ODD
    return found ^ found >> 32


def same(line: Any, stands: Any, held: Any) -> Any:
    """Whether a line is the one that is held, and stands where that did, of which the first byte tells."""
    if len(held) != len(line) + 1 or held[0] != stands:
        return False
    other = 0
    for k in range(len(line)):
        other |= line[k] ^ held[k + 1]
    return other == 0


def recall(
    data: Any,
    starts: Any,
    ends: Any,
    stands: Any,
    longest: Any,
    known: Any,
    held: Any,
    slots: Any,
    hashes: Any,
    numbers: Any,
    begins: Any,
    lines: Any,
    entries: Any,
    new: Any,
) -> Any:
    """Fill `entries` with the number of each line: that of one that is held, or one from `known` on, and `new` with the
    places of those. Returns how many of these there are, and how many lines are held then.

    starts, ends, stands: of lines of the data. Of up to `longest` bytes they are held from now on, while there is room:
    slots: by the low bits of the hash, or behind, which one is held there, -1 for none; a power of two, and twice
    as many as hashes, numbers and begins have room for. lines: what is held, which begins at `begins`.
    """
    fresh = 0
    mask = len(slots) - 1
    for k in range(len(starts)):
        line = data[starts[k] : ends[k]]
        entry = -1
        if len(line) <= longest:
            found = line_hash(line, stands[k])
            slot = found & mask
            while entry < 0 and slots[slot] >= 0:
                one = slots[slot]
                if hashes[one] == found and same(line, stands[k], lines[begins[one] : begins[one + 1]]):
                    entry = numbers[one] + 0
                slot = (slot + 1) & mask
            if entry < 0 and held < len(hashes):
                slots[slot] = held
                hashes[held] = found
                numbers[held] = known + fresh
                end = begins[held] + 1 + len(line)
                begins[held + 1] = end
                kept = lines[begins[held] : end]
                kept[0] = stands[k]
                for n in range(len(line)):
                    kept[n + 1] = line[n]
                held += 1
        if entry < 0:
            entry = known + fresh
            new[fresh] = k
            fresh += 1
        entries[k] = entry
    return fresh, held
