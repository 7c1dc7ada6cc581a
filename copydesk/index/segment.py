"""Segments of the index: immutable files of entries and their band keys, one a run, or of several consecutive ones once
maintenance has merged them.

    magic, length of header | header: JSON, padded to 64 bytes | an Arrow IPC file, padded likewise | keys

All is memory-mapped and read without copying. The Arrow file holds one record batch. Its rows are entries in the order
of their runs, those of a run in order of precedence: earliest publication (unknown last), then longest, then smallest
id. Beside the columns of ENTRY there are sorted lookups, and the lines of the texts (lines.py), sorted by key.

The keys are all band keys of the segment, sorted: the upper bits of a uint64 are those of the key, the lower
`entry_bits` the entry. (Adjacent bands' keys are told apart by the band number inside the key.) A false hit of a
shortened key costs one verification. Texts that repeat an earlier one of the segment have no keys: an exact match finds
the first. Keys are more than half of a segment, and the only thing of which not all is in memory when it is written.
(In segments of format 5 they are a column of the batch, filled up with 2**64 - 1.)
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaners.arrays import I64, U64, Bools
from copydesk import points
from copydesk.errors import IndexDamaged, IndexOutdated
from copydesk.garbage import give_back
from copydesk.index import lines
from copydesk.index.entries import ENTRY, first_of, halves, one, precedence
from copydesk.index.lines import Lines
from copydesk.index.sorting import in_order
from copydesk.sketches import compiled, sketch
from copydesk.sketches.candidates import PER_KEY

FORMAT = 6
READ = (5, FORMAT)  # what can be read
MAGIC = b"copydesk-index\x00\x01"
_ALIGNED = 64  # bytes


# ---- writing -------------------------------------------------------------------------------------------------------


Keys = Callable[[I64], U64]
"""From rows, ascending, to their band keys: uint64[n, sketch.KEYS]."""

_ROWS_AT_ONCE = 1 << 14
"""Rows whose keys are made at a time, 9 MB of them."""

_KEYS_AT_ONCE = 1 << 15  # that a thread looks up


def write_segment(
    path: Path,
    entries: pa.Table,
    keys: Keys | U64,
    run_id: str = "",
    *,
    held: Lines = lines.NONE,
    ordered: bool = False,
) -> None:
    """Write the segment of a run, complete and synced, to `path`.

    entries: the columns of ENTRY, ids unique; in any order of rows, or in their final one if `ordered`.
    keys: of the same rows, or what makes them, which bounds the memory. held: the lines that they hold, texts being
    their row numbers.
    """
    give_back()  # what these were made from
    order = np.arange(len(entries), dtype=np.int64) if ordered else precedence(entries)
    entries = entries.select(ENTRY.names).cast(ENTRY).take(pa.array(order)).combine_chunks()
    give_back()  # and what it was put in order from
    keyed = order[_has_keys(entries)]
    give_back()
    columns: dict[str, pa.Array] = {name: one(entries[name]) for name in ENTRY.names}
    for name in ("id", "item", "text_hash"):
        high = halves(columns[name])[0]
        by_high = np.argsort(high, kind="stable")
        columns[f"{name}_sorted"] = pa.array(high[by_high])
        columns[f"{name}_order"] = pa.array(by_high.astype(np.uint32))
    held = held.renumbered(order)
    held = held.ordered(halves(columns["id"])[0])
    columns |= {f"line_{name}": _in_first_row(getattr(held, name), len(order)) for name in _LINES}
    give_back()  # what they were made from
    bits = max(1, int(len(order) - 1).bit_length()) if len(order) else 1
    count = len(keyed) * sketch.KEYS
    blocks = _blocks(keys if callable(keys) else keys.__getitem__, keyed, order)
    with tempfile.TemporaryFile(dir=path.parent) as scratch:
        sorted_keys = in_order(blocks, bits, count, scratch)
        about = {"run_id": run_id, "entry_bits": bits, "keys": count}
        _write(path, pa.record_batch(columns), sorted_keys, about)


_LINES = ("key", "text", "marks")


def _in_first_row(values: npt.NDArray[Any], rows: int) -> pa.Array:
    """A column of lists of which the first holds all the values."""
    offsets = np.full(rows + 1, len(values), np.int64)
    offsets[0] = 0
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values if rows else values[:0]))


def _has_keys(entries: pa.Table) -> Bools:
    """Long enough for near matching, and the first of its text in this segment."""
    long_enough = np.asarray(entries["shingle_count"]) >= sketch.MIN_SHINGLES
    return np.asarray(first_of(entries["text_hash"]) & long_enough, np.bool_)


def _blocks(keys: Keys, keyed: I64, order: I64) -> Iterator[tuple[U64, U64]]:
    """Keys of rows and the numbers of their entries. keyed: the rows that have keys. order: of all rows."""
    number = np.empty(len(order), np.uint64)
    number[order] = np.arange(len(order), dtype=np.uint64)
    rows = np.sort(keyed)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        yield keys(some), number[some]


class _Hashed:
    """What a file takes down, hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash, self.size, self.closed = file, hashlib.blake2b(digest_size=16), 0, False

    def write(self, data: bytes | memoryview) -> int:
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self.closed = True

    def digest(self) -> str:
        return self._hash.hexdigest()


def _write(path: Path, batch: pa.RecordBatch, keys: Iterable[U64], about: dict[str, Any]) -> None:
    """The header comes last, into the room left for it: until then this is no segment."""
    header = {"format": FORMAT, "parameters": sketch.PARAMETERS, "rows": batch.num_rows, **about}
    room = len(_lead({**header, "arrow": 1 << 63, "bytes": 1 << 63, "blake2b": "0" * 32}))
    with open(path, "wb") as file:
        points.checkpoint("index: opened")
        file.write(bytes(room))
        payload = _Hashed(file)
        with pa.PythonFile(payload, "w") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        header["arrow"] = payload.size
        payload.write(bytes(-payload.size % _ALIGNED))
        for piece in keys:
            payload.write(piece.data.cast("B"))
        file.flush()
        points.checkpoint("index: half written")
        file.seek(0)
        file.write(_lead({**header, "bytes": payload.size, "blake2b": payload.digest()}, room))
        file.flush()
        points.checkpoint("index: written")
        os.fsync(file.fileno())
    points.checkpoint("index: synced")


def _lead(header: dict[str, Any], room: int = 0) -> bytes:
    """Magic, length and header, padded to a multiple of 64 bytes, or to `room`."""
    text = json.dumps(header, sort_keys=True).encode()
    size = len(MAGIC) + 8 + len(text)
    text += b" " * (room - size if room else -size % 64)
    return MAGIC + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little") + text


# ---- reading -------------------------------------------------------------------------------------------------------


class Segment:
    """One segment, memory-mapped. Raises IndexDamaged if it is missing, cut, of another format or other parameters."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            source = pa.memory_map(str(path))
        except OSError as error:
            raise IndexDamaged(f"index segment {path}: {error}") from None
        self._file = source.read_buffer() if source.size() else pa.py_buffer(b"")
        self.header = self._read_header()
        try:
            self._batch = pa.ipc.open_file(pa.BufferReader(self._arrow())).get_batch(0)
            self.entries = pa.Table.from_batches([self._batch.select(ENTRY.names)]).cast(ENTRY)
        except (pa.ArrowException, KeyError, ValueError, OSError) as error:
            raise IndexDamaged(f"index segment {path}: {error}") from None
        if len(self._batch) != self.header["rows"]:
            raise IndexDamaged(f"index segment {path}: {len(self._batch)} rows, the header says {self.header['rows']}")

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def check(self) -> None:
        """Read all of it and compare the checksum. Raises IndexDamaged."""
        if hashlib.blake2b(self._payload(), digest_size=16).hexdigest() != self.header["blake2b"]:
            raise IndexDamaged(f"index segment {self.path}: its checksum is another")

    def find(self, column: str, wanted: pa.Array) -> tuple[I64, I64]:
        """All pairs (place in `wanted`, row) of equal 16-byte values; nulls match none. column: id, item, text_hash."""
        high, low = halves(wanted)
        ordered = self._numbers(f"{column}_sorted", np.uint64)
        first = np.searchsorted(ordered, high, "left")
        last = np.searchsorted(ordered, high, "right")
        if wanted.null_count:
            last = np.where(np.asarray(wanted.is_valid()), last, first)
        places, positions = ranges(first, last)
        rows = self._numbers(f"{column}_order", np.uint32)[positions].astype(np.int64)
        found = halves(self._batch.column(column).take(pa.array(rows)))[1]
        equal = found == low[places]
        return places[equal], rows[equal]

    def candidates(self, keys: U64, per_key: int = PER_KEY, threads: int = 1) -> tuple[I64, I64]:
        """All pairs (place in `keys`, row) that share a key, of one key the first `per_key` rows. keys: uint64[m],
        ascending: neighbours in the file are looked up one after the other.

        threads: that look up, 0 for one a core.
        """
        shift = np.uint64(self.header["entry_bits"])
        packed = self._keys()
        wanted = (keys >> shift) << shift
        ready = compiled.loops_for(keys.nbytes)
        if ready is not None:
            first, found = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)

            def probe(start: int) -> None:
                some = slice(start, start + _KEYS_AT_ONCE)
                ready.probe(packed, wanted[some], self.header["entry_bits"], per_key, first[some], found[some])

            with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
                list(pool.map(probe, range(0, len(keys), _KEYS_AT_ONCE)))
        else:
            first = np.searchsorted(packed, wanted, "left")
            last = np.searchsorted(packed, wanted | ((np.uint64(1) << shift) - np.uint64(1)), "right")
            found = np.minimum(last - first, per_key)
        met = np.flatnonzero(found)
        places, positions = ranges(first[met], first[met] + found[met])
        rows = (packed[positions] & ((np.uint64(1) << shift) - np.uint64(1))).astype(np.int64)
        real = packed[positions] != ~np.uint64(0)
        return met[places[real]], rows[real]

    def keys(self) -> U64:
        """uint64[n, KEYS]: the band keys of all entries, without the bits that make room for the entry; 0 if none.

        A larger segment takes more of the bits, so what is merged from these is what would be made from the texts.
        """
        shift = np.uint64(self.header["entry_bits"])
        packed = self._keys()
        packed = packed[packed != ~np.uint64(0)]
        rows = (packed & ((np.uint64(1) << shift) - np.uint64(1))).astype(np.int64)
        order = np.argsort(rows, kind="stable")
        keys = np.zeros((len(self), sketch.KEYS), np.uint64)
        keys[rows[order[:: sketch.KEYS]]] = ((packed[order] >> shift) << shift).reshape(-1, sketch.KEYS)
        return keys

    def lines(self) -> Lines:
        """All lines of the segment's texts, by key and then by id; texts are rows."""
        kinds = (np.uint64, np.uint32, np.uint16)
        return Lines(*(self._numbers(f"line_{name}", kind) for name, kind in zip(_LINES, kinds, strict=True)))

    def _keys(self) -> U64:
        if self.header["format"] == 5:
            return np.asarray(self._numbers("keys", np.uint64))
        count = self.header["keys"]
        return np.frombuffer(self._payload(), np.uint64, count, self.header["bytes"] - 8 * count)

    def _numbers(self, column: str, kind: Any) -> Any:
        array = self._batch.column(column)
        if pa.types.is_fixed_size_list(array.type) or pa.types.is_large_list(array.type):
            array = array.flatten()
        return np.frombuffer(array.buffers()[1], kind, len(array)) if len(array) else np.empty(0, kind)

    def _read_header(self) -> dict[str, Any]:
        lead = bytes(self._file.slice(0, min(len(MAGIC) + 8, self._file.size)))
        if len(lead) < len(MAGIC) + 8 or lead[: len(MAGIC)] != MAGIC:
            raise IndexDamaged(f"index segment {self.path}: not a segment of this format")
        length = int.from_bytes(lead[-8:-4], "little")
        self._start = len(lead) + length
        if self._start > self._file.size:
            raise IndexDamaged(f"index segment {self.path}: cut short")
        text = bytes(self._file.slice(len(lead), length))
        if zlib.crc32(text) != int.from_bytes(lead[-4:], "little"):
            raise IndexDamaged(f"index segment {self.path}: its header is damaged")
        header: dict[str, Any] = json.loads(text)
        if header["format"] < READ[0]:
            raise IndexOutdated(f"index segment {self.path}: of an earlier format; `copydesk reindex` builds it anew")
        if header["format"] not in READ or header["parameters"] != sketch.PARAMETERS:
            raise IndexDamaged(f"index segment {self.path}: made with other parameters ({header['parameters']})")
        if header["bytes"] != self._file.size - self._start:
            raise IndexDamaged(f"index segment {self.path}: {self._file.size} bytes, not what its header says")
        return header

    def _arrow(self) -> pa.Buffer:
        return self._payload().slice(0, self.header.get("arrow"))

    def _payload(self) -> pa.Buffer:
        return self._file.slice(self._start)


def ranges(first: Any, last: Any) -> tuple[I64, I64]:
    """Of half-open ranges: (number of the range, position) for every position in them."""
    first, last = first.astype(np.int64), last.astype(np.int64)
    counts = np.maximum(last - first, 0)
    places = np.repeat(np.arange(len(first), dtype=np.int64), counts)
    within = np.arange(len(places), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return places, first[places] + within
