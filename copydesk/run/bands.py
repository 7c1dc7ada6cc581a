"""The signatures of a run as its parts have them, and candidates by ranges of bands: no memory holds all keys.

    positions -> ranges, as tasks: the keys of some bands of all texts -> pairs that share one, in a file -> joined

The pairs are those of candidates.within(), which has all keys in one place: how many keys two texts share is the sum
over the ranges, and the closest of each are chosen when all is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaners.arrays import I64, U64
from copydesk.articles.parts import Part
from copydesk.sketches import candidates, sketch

RunRanges = Callable[[Callable[["Range"], Path], Sequence["Range"]], Iterable[Path]]
"""Maps a function of a range, of bands or of rows, over all of them, in any order."""

BANDS_AT_ONCE = 6
"""Bands of a range: eleven ranges of all of them. Each reads the signatures of the whole run."""

KEYS_AT_ONCE = 1 << 26
"""Keys of a range at the most, half a gigabyte, and as much again to sort them; of one band there may be more."""

FEW_KEYS = 1 << 21
"""A range of so many keys is not divided further: it is done in less than a second."""

_ROWS_AT_ONCE = 1 << 14  # whose pairs are joined at a time: later rows have more of them


@dataclass(frozen=True, slots=True)
class Range:
    """From `first` to before `last`: of bands, of sketch.KEYS, those of the whole text and then of its lead; or of
    texts, in order of precedence. number: among the ranges, from 0."""

    number: int
    first: int
    last: int


def ranges(count: int) -> list[Range]:
    """All bands in ranges, for so many texts."""
    width = max(1, min(max(BANDS_AT_ONCE, FEW_KEYS // max(1, count)), KEYS_AT_ONCE // max(1, count)))
    some = -(-sketch.KEYS // width)
    if some > 1:
        width = -(-sketch.KEYS // (some + some % 2))  # an even number of ranges: with two workers none is done alone
    starts = range(0, sketch.KEYS, width)
    return [Range(number, first, min(first + width, sketch.KEYS)) for number, first in enumerate(starts)]


class OfParts:
    """The signatures of rows of a run (pairs.Signed), read part by part when they are asked for."""

    def __init__(self, parts: Sequence[Part], numbers: I64, run_ranges: RunRanges, folder: Path) -> None:
        """numbers: of the rows, among all records, ascending. folder: where the ranges' files will lie."""
        self._parts, self._numbers, self._run_ranges, self._folder = tuple(parts), numbers, run_ranges, folder

    def keys(self, rows: I64) -> U64:
        return keys_at(self._parts, self._numbers[rows])

    def neighbours(self, rows: I64) -> tuple[I64, I64, I64]:
        return neighbours(self._run_ranges, self._parts, self._folder, self._numbers[rows])


def keys_at(parts: Sequence[Part], numbers: I64) -> U64:
    """All band keys of the records with these numbers, which ascend: uint64[n, sketch.KEYS]."""
    ends = np.cumsum([0, *(part.records for part in parts)])
    found = np.empty((len(numbers), sketch.KEYS), np.uint64)
    cuts = np.searchsorted(numbers, ends)
    for part, start, first, last in zip(parts, ends, cuts, cuts[1:], strict=False):
        if first < last:
            found[first:last] = sketch.keys_of(part.read("records"), numbers[first:last] - start)
    return found


def neighbours(run_ranges: RunRanges, parts: Sequence[Part], folder: Path, places: I64) -> tuple[I64, I64, I64]:
    """candidates.within() of the texts at these places of all records, in order of precedence.

    folder: where the ranges' files will lie.
    """
    if not len(places):
        return candidates.within(np.empty((0, sketch.KEYS), np.uint64))
    folder.mkdir(parents=True, exist_ok=True)
    position = np.full(sum(part.records for part in parts), -1, np.int64)
    position[places] = np.arange(len(places))
    np.save(folder / "positions.npy", position)
    task = partial(pairs_of, parts=tuple(parts), count=len(places), folder=folder)
    bands = ranges(len(places))
    files = sorted(run_ranges(task, bands) if len(bands) > 1 else map(task, bands))
    starts = range(0, len(places), _ROWS_AT_ONCE)
    rows = [Range(n, first, min(first + _ROWS_AT_ONCE, len(places))) for n, first in enumerate(starts)]
    join = partial(joined, files=files, folder=folder)
    found = [np.load(path) for path in sorted(run_ranges(join, rows) if len(rows) > 1 else map(join, rows))]
    earlier, later, shared = np.concatenate(found, axis=1)
    return earlier.astype(np.int64), later.astype(np.int64), shared.astype(np.int64)


def pairs_of(bands: Range, parts: Sequence[Part], count: int, folder: Path) -> Path:
    """Write the pairs of texts that share keys of these bands: int32[3, n], earlier, later and how many they share."""
    keys = keys_of(bands, parts, np.load(folder / "positions.npy", mmap_mode="r"), count)
    found = candidates.within(keys, per_row=keys.shape[1] * candidates.PER_KEY)
    return _written(folder / f"bands.{bands.number:02d}.npy", found)


def keys_of(bands: Range, parts: Sequence[Part], position: I64, count: int) -> U64:
    """The keys of these bands: uint64[count, bands]. Part by part, as they lie on the disk. position: of each record
    its row in what is returned, -1 for none."""
    keys = np.empty((count, bands.last - bands.first), np.uint64)
    start = 0
    for part in parts:
        for batch in part.read("records").select(["signature", "lead_signature"]).to_batches():
            here = position[start : start + len(batch)]
            start += len(batch)
            wanted = np.flatnonzero(here >= 0)
            signed = pa.Table.from_batches([batch])
            rows = None if len(wanted) == len(here) else wanted
            keys[here[wanted]] = sketch.keys_of(signed, rows, range(bands.first, bands.last))
    return keys


def joined(rows: Range, files: Sequence[Path], folder: Path, per_row: int = candidates.PER_TEXT) -> Path:
    """Write the pairs of all ranges of bands of which these rows are the later, with all that they share; of each row
    the `per_row` closest, as candidates.within(). files: those of pairs_of()."""
    codes = np.concatenate([_codes(np.load(path, mmap_mode="r"), rows) for path in files])
    later, earlier, shared = candidates.closest(codes, rows.last - rows.first, per_row)
    return _written(folder / f"rows.{rows.number:06d}.npy", (earlier, later + rows.first, shared))


def _codes(pairs: npt.NDArray[np.int32], rows: Range) -> U64:
    """What candidates.closest() takes, of these later rows: a pair as often as it shares keys."""
    start, end = np.searchsorted(pairs[1], np.array([rows.first, rows.last], np.int32))
    earlier, later, shared = pairs[:, start:end]
    codes = (later - rows.first).astype(np.uint64) << np.uint64(32) | earlier.astype(np.uint64)
    return np.repeat(codes, shared)


def _written(path: Path, pairs: Sequence[I64]) -> Path:
    np.save(path, np.stack(pairs).astype(np.int32))
    return path
