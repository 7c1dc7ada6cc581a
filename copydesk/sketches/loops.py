"""The inner loops of near-duplicate detection: from bytes of text to tokens, shingles, signatures and likeness.

Written for numba: numbers and arrays only. They are compiled when there is enough to do (compiled.py); what is compared
by them has a definition in tokens.py and sketch.py, which gives the same bits. Every loop is linear in its input.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NGRAM = 3

PRIME_1, PRIME_2, PRIME_3 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
MIX_1, MIX_2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
pread: Any = None
"""pread(2) of the C library, where this is compiled (compiled.py): without the cost of a call of Python's."""

MIX32_1, MIX32_2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)


def fmix64(value: Any) -> Any:
    """MurmurHash3's 64-bit finalizer."""
    value = (value ^ (value >> np.uint64(33))) * MIX_1
    value = (value ^ (value >> np.uint64(33))) * MIX_2
    return value ^ (value >> np.uint64(33))


def fmix32(value: Any) -> Any:
    """MurmurHash3's 32-bit finalizer."""
    value = np.uint32((value ^ (value >> np.uint32(16))) * MIX32_1)
    value = np.uint32((value ^ (value >> np.uint32(13))) * MIX32_2)
    return np.uint32(value ^ (value >> np.uint32(16)))


def digest_all(tokens: Any, starts: Any, ends: Any, digests: Any) -> Any:
    """A hash of the tokens of each text and their places. digests: uint64[n, 2]."""
    for i in range(len(ends)):
        own = tokens[starts[i] : ends[i]]
        one, two = np.uint64(0), np.uint64(0)
        for j in range(len(own)):
            place = np.uint64(2 * j + 1)
            value = fmix64(own[j] + place * PRIME_1)
            one += value
            two += value * place
        digests[i, 0], digests[i, 1] = one, two


def shingle(tokens: Any, first: Any, last: Any, slots: Any, shingles: Any, at: Any, lead: Any) -> Any:
    """The distinct shingles of tokens[first:last], in the order in which they first occur, into `shingles` from `at`.

    slots: room for a set, more than twice the tokens. lead: how many shingles from the start count as the lead. Returns
    where they end, and where those of the lead do. A shingle whose hash is 0 has the hash 1.
    """
    mask = np.uint64(1)
    while mask < np.uint64(2 * (last - first)):
        mask <<= np.uint64(1)
    slots[:mask] = 0
    mask -= np.uint64(1)
    one, two, three = tokens[first:last], tokens[first + 1 : last], tokens[first + 2 : last]
    found = shingles[at : at + len(three)]
    for i in range(len(three)):
        found[i] = max(fmix64(one[i] * PRIME_1 + two[i] * PRIME_2 + three[i] * PRIME_3), np.uint64(1))
    lead_end = at
    for i in range(len(three)):
        value = found[i]
        if i == lead:
            lead_end = at
        slot = value & mask
        held = slots[slot]
        while held != 0 and held != value:
            slot = (slot + np.uint64(1)) & mask
            held = slots[slot]
        slots[slot] = value
        shingles[at] = value
        at += held == 0
    return at, at if len(three) <= lead else lead_end


def shingle_all(
    tokens: Any, starts: Any, ends: Any, slots: Any, shingles: Any, lead: Any, shingle_ends: Any, lead_ends: Any
) -> Any:
    """`shingle` of texts, one after the other. starts, ends: of the tokens of each."""
    at = np.int64(0)
    for i in range(len(ends)):
        at, lead_ends[i] = shingle(tokens, starts[i], ends[i], slots, shingles, at, lead)
        shingle_ends[i] = at


def minimize(
    shingles: Any, starts: Any, lead_ends: Any, ends: Any, a: Any, b: Any, signature: Any, lead_signature: Any
) -> Any:
    """MinHash: the least of the permutations a * h + b of the upper halves of each text's shingles, mixed.

    signature: uint32[n, K] and lead_signature: uint32[n, LEAD_K], both filled with 2**32 - 1.
    """
    for i in range(len(ends)):
        least_of(shingles, starts[i], lead_ends[i], a, b, signature[i])
        lead_signature[i] = signature[i, : lead_signature.shape[1]]
        least_of(shingles, lead_ends[i], ends[i], a, b, signature[i])


def least_of(shingles: Any, first: Any, last: Any, a: Any, b: Any, least: Any) -> Any:
    """`minimize` of the shingles from `first` to `last`, four at a time: a permutation is loaded once for them."""
    for j in range(first, last - 3, 4):
        h0 = fmix32(np.uint32(shingles[j] >> np.uint64(32)))
        h1 = fmix32(np.uint32(shingles[j + 1] >> np.uint64(32)))
        h2 = fmix32(np.uint32(shingles[j + 2] >> np.uint64(32)))
        h3 = fmix32(np.uint32(shingles[j + 3] >> np.uint64(32)))
        for k in range(len(least)):
            one = min(np.uint32(a[k] * h0 + b[k]), np.uint32(a[k] * h1 + b[k]))
            two = min(np.uint32(a[k] * h2 + b[k]), np.uint32(a[k] * h3 + b[k]))
            least[k] = min(least[k], min(one, two))
    for j in range(max(first, last - (last - first) % 4), last):
        h = fmix32(np.uint32(shingles[j] >> np.uint64(32)))
        for k in range(len(least)):
            least[k] = min(least[k], np.uint32(a[k] * h + b[k]))


def compare(
    shingles: Any, starts: Any, lead_ends: Any, ends: Any, a: Any, b: Any, slots: Any, places: Any, shared: Any
) -> Any:
    """How many distinct shingles pairs (a[i], b[i]) of texts share: shared[i] = in all, a's lead in b, b's lead in a.

    Pairs of one `a` in a row cost less. slots, places: room for a set of the largest text, as in `shingle`.
    """
    held, mask = np.int64(-1), np.int64(0)
    for i in range(len(a)):
        first = a[i]
        if first != held:
            held = first
            mask = np.int64(1)
            while mask < 2 * (ends[first] - starts[first]):
                mask *= 2
            slots[:mask] = 0
            mask -= 1
            for j in range(starts[first], ends[first]):
                slot = np.int64(shingles[j]) & mask
                while slots[slot] != 0:
                    slot = (slot + 1) & mask
                slots[slot] = shingles[j]
                places[slot] = j
        both = a_lead = b_lead = 0
        for j in range(starts[b[i]], ends[b[i]]):
            value = shingles[j]
            slot = np.int64(value) & mask
            while slots[slot] != 0 and slots[slot] != value:
                slot = (slot + 1) & mask
            if slots[slot] == value:
                both += 1
                a_lead += places[slot] < lead_ends[first]
                b_lead += j < lead_ends[b[i]]
        shared[i, 0], shared[i, 1], shared[i, 2] = both, a_lead, b_lead


def band(signature: Any, rows: Any, first: Any, keys: Any) -> Any:
    """Keys of the bands of `rows` values each: signature uint32[n, bands * rows] into keys uint64[n, ...] from column
    `first` on. The band's number is mixed in."""
    for i in range(signature.shape[0]):
        for j in range(signature.shape[1] // rows):
            key = np.uint64(first + j + 1) * PRIME_1
            for k in range(j * rows, j * rows + rows):
                key = fmix64((key ^ np.uint64(signature[i, k])) * PRIME_2)
            keys[i, first + j] = key


def count_buckets(keys: Any, buckets: Any) -> Any:
    """How many keys each bucket of `pack` gets, added to `buckets`. keys: uint64[n, m]. buckets: int64[256]."""
    high = np.uint64(56)
    for i in range(keys.shape[0]):
        for j in range(keys.shape[1]):
            buckets[np.int64(keys[i, j] >> high)] += 1


def pack(keys: Any, numbers: Any, bits: Any, ends: Any, packed: Any) -> Any:
    """Each row's keys, their upper bits above the row's number (`bits` of them), in buckets of their uppermost 8 bits.

    keys: uint64[n, m]. numbers: uint64[n]. ends: int64[256], where in `packed` the next key of each bucket belongs.
    """
    shift, high = np.uint64(bits), np.uint64(56)
    for i in range(keys.shape[0]):
        for j in range(keys.shape[1]):
            bucket = np.int64(keys[i, j] >> high)
            packed[ends[bucket]] = keys[i, j] >> shift << shift | numbers[i]
            ends[bucket] += 1


def count_neighbours(packed: Any, bits: Any, per_key: Any, counts: Any) -> Any:
    """How many earlier rows each row meets in `join`. counts: int64, one a row, zeros."""
    shift = np.uint64(bits)
    low = (np.uint64(1) << shift) - np.uint64(1)
    start = 0
    for i in range(1, len(packed)):
        if packed[i] >> shift != packed[start] >> shift:
            start = i
        else:
            counts[np.int64(packed[i] & low)] += min(i - start, per_key)


def join(packed: Any, bits: Any, per_key: Any, first: Any, at: Any, others: Any) -> Any:
    """The rows that share a band key: for each row from `first` on, of each of its keys the first `per_key` rows that
    have it before, as often as they share one.

    packed: uint64, sorted: see `pack`. at: int64, of rows from `first` on where in `others` its own begin; in the end,
    where they end; for rows that are not wanted, there are none. others: uint32.
    """
    shift = np.uint64(bits)
    low = (np.uint64(1) << shift) - np.uint64(1)
    start = 0
    for i in range(1, len(packed)):
        if packed[i] >> shift != packed[start] >> shift:
            start = i
            continue
        row = np.int64(packed[i] & low) - first
        if 0 <= row < len(at):
            for k in range(start, min(i, start + per_key)):
                others[at[row]] = np.uint32(packed[k] & low)
                at[row] += 1


def probe(packed: Any, wanted: Any, bits: Any, most: Any, firsts: Any, counts: Any) -> Any:
    """Where sorted numbers hold keys: of each the first place, and at how many, up to `most`.

    packed: uint64, see `pack`; wanted: uint64, keys above `bits` zeros, ascending: each is looked for from where the
    one before was found, in steps that double.
    """
    shift, count = np.uint64(bits), np.int64(len(packed))
    low, step = np.int64(0), count
    for i in range(len(wanted)):
        key = wanted[i]
        high = low
        while high < count and packed[high] < key:
            low = high + 1
            high = min(count, high + step)
            step *= 2
        while low < high:
            middle = (low + high) >> 1
            if packed[middle] < key:
                low = middle + 1
            else:
                high = middle
        firsts[i] = low
        found = 0
        while found < most and low + found < count and packed[low + found] >> shift == key >> shift:
            found += 1
        counts[i] = found
        step = np.int64(32)


def choose(others: Any, ends: Any, per_row: Any, rows: Any, chosen: Any, shared: Any) -> Any:
    """Of what each row meets the distinct: the `per_row` that it meets most often, the smaller first, in their order.

    others: uint32, those of row i up to ends[i]; sorted in place. rows, chosen, shared: receive the pairs and how often
    they meet. Returns how many there are.
    """
    at, start = 0, 0
    for i in range(len(ends)):
        own = others[start : ends[i]]
        start = ends[i]
        own.sort()
        first = at
        for j in range(len(own)):
            if at > first and chosen[at - 1] == own[j]:
                shared[at - 1] += 1
            else:
                rows[at], chosen[at], shared[at] = i, own[j], 1
                at += 1
        if at - first > per_row:
            rank = np.empty(at - first, np.int64)
            for j in range(first, at):
                rank[j - first] = -shared[j] << 32 | chosen[j]
            rank.sort()
            last = rank[per_row - 1]
            kept = first
            for j in range(first, at):
                if -shared[j] << 32 | chosen[j] <= last:
                    rows[kept], chosen[kept], shared[kept] = rows[j], chosen[j], shared[j]
                    kept += 1
            at = kept
    return at


def components(a: Any, b: Any, parents: Any) -> Any:
    """Join the sets of a[i] and b[i], whose roots are the smallest of each (Tarjan, van Leeuwen 1984: path halving).

    parents: int64, of each node itself to begin with; of each its set's root in the end.
    """
    for i in range(len(a)):
        one, two = a[i], b[i]
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        while parents[two] != two:
            parents[two] = parents[parents[two]]
            two = parents[two]
        if one < two:
            parents[two] = one
        else:
            parents[one] = two
    for i in range(len(parents)):
        parents[i] = parents[parents[i]]


def gather(file: Any, places: Any, sizes: Any, values: Any) -> Any:
    """Read stretches of a file of numbers, one behind the other. Returns how many were read whole before one was not.

    file: its descriptor. places, sizes: int64, in bytes. values: uint64, receives them.
    """
    to = values.ctypes.data
    for i in range(len(places)):
        done = np.int64(0)
        while done < sizes[i]:
            read = pread(file, np.uintp(to + done), np.uintp(sizes[i] - done), places[i] + done)
            if read <= 0:
                return i
            done += read
        to += done
    return len(places)


def rehearse(ready: Any, room: Any) -> None:
    """Call each of the compiled functions, so that all are there. ready: them, by name. room: token_loops.scratch()."""
    texts = np.frombuffer(b"one two three four", np.uint8)
    tables = np.ones(1 << 16, np.uint8), np.arange(1 << 16, dtype=np.uint16), np.zeros(1 << 16, np.uint16)
    tokens, ends, offsets = np.empty(32, np.uint64), np.empty(1, np.int64), np.array([0, len(texts)], np.int64)
    ready.tokenize_all(texts, offsets, *tables, room, tokens, ends)
    shingles, shingle_ends, lead_ends = np.empty(32, np.uint64), np.empty(1, np.int64), np.empty(1, np.int64)
    starts = np.zeros(1, np.int64)
    ready.digest_all(tokens, starts, ends, np.empty((1, 2), np.uint64))
    slots, places = np.empty(64, np.uint64), np.empty(64, np.int64)
    ready.shingle_all(tokens, starts, ends, slots, shingles, 58, shingle_ends, lead_ends)
    odd = np.ones(3, np.uint32)
    signature = np.zeros((1, 3), np.uint32)
    ready.minimize(shingles, starts, lead_ends, shingle_ends, odd, odd, signature, signature)
    ready.band(signature, 3, 0, np.empty((1, 1), np.uint64))
    shared = np.empty((1, 3), np.int64)
    ready.compare(shingles, starts, lead_ends, shingle_ends, starts, starts, slots, places, shared)
    packed, counts, others = np.zeros(2, np.uint64), np.zeros(256, np.int64), np.zeros(8, np.uint32)
    ready.count_buckets(np.zeros((1, 2), np.uint64), counts.copy())
    ready.pack(np.zeros((1, 2), np.uint64), np.zeros(1, np.uint64), 1, counts.copy(), packed)
    ready.count_neighbours(packed, 1, 8, counts)
    ready.join(packed, 1, 8, 0, np.zeros(1, np.int64), others)
    ready.probe(packed, packed, 1, 8, counts[:2].copy(), counts[:2].copy())
    ready.choose(others, np.ones(1, np.int64), 8, *(np.zeros(8, np.int64) for _ in range(3)))
    ready.components(starts, starts, np.zeros(1, np.int64))
    ready.gather(0, starts[:0], starts[:0], packed)
