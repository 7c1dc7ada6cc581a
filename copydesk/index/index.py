"""The sketches kept from run to run: which ids are known, the latest version of an item, candidates for a new text.

A cache: it can be rebuilt from the Parquet (history.py) and then answers the same. It is a list of segments
(segment.py), whose entries (entries.py) are numbered through all of them in the order of runs: a smaller number means
an earlier story.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaners.arrays import I64, U16, U64, Bools
from copydesk.index import lines
from copydesk.index.entries import ENTRY, halves, id_array, item_array, one
from copydesk.index.segment import Segment, ranges
from copydesk.sketches.candidates import PER_KEY, PER_TEXT, closest


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest versions of items, in the order asked for. entry: int64, -1 for an unknown item; version: int32."""

    entry: I64
    version: npt.NDArray[np.int32]


class Index:
    """All segments of a dataset, in the order of their runs.

    Entry numbers count through all segments, from 0: the smaller is the earlier. Every lookup takes whole batches.
    """

    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        self.segments = tuple(segments)
        self._starts = np.cumsum([0, *map(len, self.segments)]).astype(np.int64)

    @classmethod
    def open(cls, paths: Iterable[Path]) -> Index:
        """The segments at `paths`, in the order of their runs. Raises IndexDamaged (see Segment)."""
        return cls([Segment(Path(path)) for path in paths])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def check(self) -> None:
        """Compare all checksums. Raises IndexDamaged."""
        for segment in self.segments:
            segment.check()

    def known(self, ids: Sequence[str]) -> Bools:
        """Which ids are in articles/, duplicates/ or revisions/."""
        result = np.zeros(len(ids), np.bool_)
        wanted = id_array(ids)
        for segment in self.segments:
            result[segment.find("id", wanted)[0]] = True
        return result

    def find_ids(self, ids: pa.Array) -> I64:
        """The entries with these ids (16 bytes each), -1 where there is none."""
        return self._first("id", ids)

    def holding(self, ids: Sequence[str]) -> set[int]:
        """The segments, by their place, that have any of these ids."""
        found = self.find_ids(id_array(ids))
        return set((np.searchsorted(self._starts, found[found >= 0], "right") - 1).tolist())

    def exact(self, text_hashes: pa.Array) -> I64:
        """The earliest entries with these text hashes, -1 where there is none (always for null)."""
        return self._first("text_hash", text_hashes)

    def latest(self, item_keys: Sequence[str]) -> Latest:
        """The latest version of each item."""
        wanted = item_array(item_keys)
        entry = np.full(len(item_keys), -1, np.int64)
        version = np.zeros(len(item_keys), np.int32)
        for segment, start in zip(self.segments, self._starts, strict=False):
            places, rows = segment.find("item", wanted)
            versions = np.asarray(segment.entries["version"])[rows]
            order = np.argsort(versions, kind="stable")
            places, rows, versions = places[order], rows[order], versions[order]
            newer = versions > version[places]
            entry[places[newer]] = rows[newer] + start
            version[places[newer]] = versions[newer]
        return Latest(entry, version)

    def candidates(
        self, keys: U64, per_key: int = PER_KEY, per_text: int = PER_TEXT, threads: int = 1
    ) -> tuple[I64, I64, I64]:
        """Distinct pairs (row of `keys`, entry) that share a band, the closest `per_text` of each row, sorted; and how
        many bands they share.

        keys: uint64[n, KEYS]. threads: that look up, 0 for one a core.
        """
        found = []
        flat = np.ascontiguousarray(keys).reshape(-1)
        order = np.argsort(flat)
        row_of, ordered = (order // keys.shape[1]).astype(np.uint64) << np.uint64(32), flat[order]
        for segment, start in zip(self.segments, self._starts, strict=False):
            places, rows = segment.candidates(ordered, per_key, threads)
            found.append(row_of[places] | (rows + start).astype(np.uint64))
        return closest(np.concatenate([np.empty(0, np.uint64), *found]), len(keys), per_text)

    def entries(self, numbers: I64) -> pa.Table:
        """ENTRY rows of these entries, in the order asked for."""
        parts, places = [], []
        for i, segment in enumerate(self.segments):
            mine = np.flatnonzero((numbers >= self._starts[i]) & (numbers < self._starts[i + 1]))
            if len(mine):
                parts.append(segment.entries.take(pa.array(numbers[mine] - self._starts[i])))
                places.append(mine)
        if not parts:
            return ENTRY.empty_table()
        back = np.argsort(np.concatenate(places))
        return pa.concat_tables(parts).take(pa.array(back))

    def find_lines(self, keys: U64, per_line: int = lines.SAMPLE) -> tuple[I64, I64, I64, U16]:
        """How many texts hold lines with these keys; and (place in `keys`, entry, marks) of the first `per_line` of
        them in each segment."""
        counts = np.zeros(len(keys), np.int64)
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint16))]
        for segment, start in zip(self.segments, self._starts, strict=False):
            held = segment.lines()
            first = np.searchsorted(held.key, keys, "left")
            last = np.searchsorted(held.key, keys, "right")
            counts += last - first
            places, rows = ranges(first, np.minimum(last, first + per_line))
            found.append((places, held.text[rows].astype(np.int64) + start, held.marks[rows]))
        places, entries, marks = (np.concatenate(column) for column in zip(*found, strict=True))
        return counts, places, entries, marks

    def sites(self) -> U64:
        """Of each entry, its site (lines.site_keys)."""
        found = [lines.site_keys(segment.entries["publisher"]) for segment in self.segments]
        return np.concatenate([np.empty(0, np.uint64), *found])

    def texts(self, numbers: I64) -> lines.Texts:
        """What lines.weigh asks of these entries."""
        rows = self.entries(numbers)
        ids, items = (halves(one(rows[name]))[0] for name in ("id", "item"))
        return lines.Texts(ids, items, lines.minhash(rows["minhash"]))

    def _first(self, column: str, wanted: pa.Array) -> I64:
        result = np.full(len(wanted), -1, np.int64)
        for segment, start in zip(self.segments, self._starts, strict=False):
            places, rows = segment.find(column, wanted)
            order = np.lexsort((rows, places))
            places, rows = places[order], rows[order]
            _, first = np.unique(places, return_index=True)
            places, rows = places[first], rows[first]
            new = result[places] < 0
            result[places[new]] = rows[new] + start
        return result
