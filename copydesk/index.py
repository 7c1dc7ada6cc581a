"""The sketches kept from run to run: which ids are known, the latest version of an item, candidates for a new text.

A cache: it can be rebuilt from the Parquet (history.py) and then answers the same. One immutable segment a
run, or of several consecutive ones once maintenance has merged them:

    magic, length of header | header: JSON, padded to 64 bytes | an Arrow IPC file

The Arrow file holds one record batch, memory-mapped and read without copying. Its rows are entries in the order of
their runs, those of a run in order of precedence: earliest publication (unknown last), then longest, then smallest id.
Beside the columns of ENTRY there are sorted lookups. `keys` holds all band keys of the segment, sorted: the upper bits
of a uint64 are those of the key, the lower `entry_bits` the entry. (Adjacent bands' keys are told apart by the band
number inside the key.) A false hit of a shortened key costs one verification. Texts that repeat an earlier one of the
segment have no keys: an exact match finds the first. The lines of the texts lie beside (lines.py), sorted by key.

Entries are numbered through all segments in the order of runs, so a smaller number means an earlier story.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk import lines, points, sketch
from copydesk.errors import IndexDamaged
from copydesk.lines import Lines

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

FORMAT = 2
MAGIC = b"copydesk-index\x00\x01"
PER_KEY = 8
"""How many entries of one band key are looked at in a segment; the first in precedence stand for the rest."""

PER_TEXT = 16
"""How many candidates of one text are verified: those it shares most bands with. Keeps crowds of look-alikes linear."""

ARTICLE, DUPLICATE, REVISION = 0, 1, 2
KINDS = {"article": ARTICLE, "duplicate": DUPLICATE, "revision": REVISION}
CORE_JACCARD = 0.4
"""How close a copy is to its article to be of its story's core: as the strong pairs of similarity.py are."""

ENTRY = pa.schema(
    [
        pa.field("id", pa.binary(16)),
        pa.field("item", pa.binary(16)),  # hash of item_key
        pa.field("story", pa.binary(16)),  # story_id
        pa.field("kind", pa.int8()),
        pa.field("version", pa.int32()),  # 1 for articles and duplicates
        pa.field("core", pa.bool_()),  # whether a weak match may attach here: articles, and copies close to theirs
        pa.field("publisher", pa.string()),
        pa.field("title", pa.string()),
        pa.field("published_at", pa.int64()),  # microseconds since 1970, UTC
        pa.field("char_count", pa.int32()),
        pa.field("text_hash", pa.binary(16)),
        pa.field("shingle_count", pa.int32()),
        pa.field("minhash", pa.list_(pa.uint32(), lines.MINHASHES)),  # of the text before templates: see lines.Texts
    ]
)
"""What is kept of a text."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest versions of items, in the order asked for. entry: int64, -1 for an unknown item; version: int32."""

    entry: I64
    version: npt.NDArray[np.int32]


# ---- writing -------------------------------------------------------------------------------------------------------


def write_segment(
    path: Path,
    entries: pa.Table,
    keys: sketch.U64,
    run_id: str = "",
    *,
    held: Lines = lines.NONE,
    ordered: bool = False,
) -> None:
    """Write the segment of a run, complete and synced, to `path`.

    entries: the columns of ENTRY, ids unique; in any order of rows, or in their final one if `ordered`.
    keys: uint64[n, sketch.KEYS], of the same rows. held: the lines that they hold, texts being their row numbers.
    """
    order = np.arange(len(entries), dtype=np.int64) if ordered else precedence(entries)
    entries = entries.select(ENTRY.names).cast(ENTRY).take(pa.array(order)).combine_chunks()
    columns: dict[str, pa.Array] = {name: _one(entries[name]) for name in ENTRY.names}
    for name in ("id", "item", "text_hash"):
        high = _halves(columns[name])[0]
        by_high = np.argsort(high, kind="stable")
        columns[f"{name}_sorted"] = pa.array(high[by_high])
        columns[f"{name}_order"] = pa.array(by_high.astype(np.uint32))
    bits = max(1, int(len(order) - 1).bit_length()) if len(order) else 1
    packed = _packed_keys(keys[order], _has_keys(entries), bits)
    columns["keys"] = pa.FixedSizeListArray.from_arrays(pa.array(packed), sketch.KEYS)
    number = np.empty(len(order), np.uint32)
    number[order] = np.arange(len(order), dtype=np.uint32)
    held = Lines(held.key, number[held.text], held.marks).ordered(_halves(columns["id"])[0])
    for name in _LINES:
        columns[f"line_{name}"] = _in_first_row(getattr(held, name), len(order))
    _write(path, pa.record_batch(columns), {"run_id": run_id, "entry_bits": bits})


def describe(kind: str, rows: pa.Table) -> tuple[pa.Table, sketch.U64]:
    """Entries and band keys of rows of the Parquet datasets, sketched from their `text`. kind: one of KINDS."""
    made = sketch.sketch(rows["text"].to_pylist())
    rows = rows.append_column("kind", pa.array([kind] * len(rows), pa.string()))
    if kind != "revision":
        rows = _with(rows, "version", pa.nulls(len(rows), pa.int32()))
    if kind == "article":
        rows = _with(rows, "jaccard", pa.nulls(len(rows), pa.float64()))
    for name, column in made.columns().items():
        rows = _with(rows, name, column)
    return entries_of(rows), sketch.keys_of(rows)


def entries_of(rows: pa.Table) -> pa.Table:
    """Entries (ENTRY) of rows with id, item_key, story_id, kind, version, jaccard, publisher, title, published_at,
    char_count, text_hash, shingle_count, and minhash or signature."""
    kinds = rows["kind"].to_pylist()
    close = pc.fill_null(pc.greater_equal(rows["jaccard"], CORE_JACCARD), False)
    return pa.table(
        {
            "id": id_array(rows["id"].to_pylist()),
            "item": item_array(rows["item_key"].to_pylist()),
            "story": id_array(rows["story_id"].to_pylist()),
            "kind": pa.array([KINDS[kind] for kind in kinds], pa.int8()),
            "version": pc.fill_null(rows["version"].cast(pa.int32()), 1),
            "core": pc.or_(pc.equal(rows["kind"], "article"), pc.and_(pc.equal(rows["kind"], "duplicate"), close)),
            "publisher": rows["publisher"],
            "title": rows["title"],
            "published_at": microseconds(rows["published_at"]),
            "char_count": rows["char_count"],
            "text_hash": rows["text_hash"],
            "shingle_count": rows["shingle_count"],
            "minhash": rows["minhash"]
            if "minhash" in rows.column_names
            else lines.as_lists(_first_minima(rows["signature"])),
        },
        schema=ENTRY,
    )


def _first_minima(signatures: pa.ChunkedArray) -> sketch.U32:
    return sketch.matrix(signatures, sketch.K)[:, : lines.MINHASHES]


def microseconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Timestamps as microseconds since 1970, int64."""
    return column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())


def precedence(table: pa.Table) -> I64:
    """Row numbers in order of precedence: earliest publication (unknown last), longest, smallest id.

    table: id (hex or 16 bytes), published_at (int64 or timestamp), char_count.
    """
    keys = table.select(["published_at", "char_count", "id"])
    order = pc.sort_indices(
        keys,
        sort_keys=[("published_at", "ascending"), ("char_count", "descending"), ("id", "ascending")],  # nulls last
    )
    return np.asarray(order).astype(np.int64)


def closest(rows: I64, others: I64, count: int, per_row: int = PER_TEXT) -> tuple[I64, I64]:
    """Of pairs (row, other), which repeat for each band they share, the distinct: of each row the `per_row` that share
    most, the smaller `other` first. others: less than `count`. Returns rows and others, sorted."""
    codes, shared = np.unique(rows * max(1, count) + others, return_counts=True)
    rows, others = np.divmod(codes, max(1, count))
    order = np.lexsort((others, -shared, rows))
    of_order = rows[order]
    first = np.searchsorted(of_order, of_order, "left")
    kept = np.sort(order[np.arange(len(order)) - first < per_row])
    return rows[kept], others[kept]


def id_array(ids: Sequence[str]) -> pa.Array:
    """Ids (32 hex digits) as 16 bytes each. Raises ValueError for anything else."""
    data = bytes.fromhex("".join(ids))
    if len(data) != 16 * len(ids) or any(len(i) != 32 for i in ids):
        raise ValueError("an id has 32 hex digits")
    return pa.Array.from_buffers(pa.binary(16), len(ids), [None, pa.py_buffer(data)])


def item_array(item_keys: Iterable[str]) -> pa.Array:
    """128-bit hashes of item_keys."""
    hashes = [hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest() for key in item_keys]
    return pa.array(hashes, pa.binary(16))


def texts_of(records: pa.Table) -> lines.Texts:
    """What lines.weigh asks of records. records: id, item_key, minhash."""
    ids = _halves(id_array(records["id"].to_pylist()))[0]
    items = _halves(item_array(records["item_key"].to_pylist()))[0]
    return lines.Texts(ids, items, sketch.matrix(records["minhash"], lines.MINHASHES))


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.append_column(name, column) if at < 0 else table.set_column(at, name, column)


_LINES = ("key", "text", "marks")


def _in_first_row(values: npt.NDArray[Any], rows: int) -> pa.Array:
    """A column of lists of which the first holds all the values."""
    offsets = np.full(rows + 1, len(values), np.int64)
    offsets[0] = 0
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values if rows else values[:0]))


def _one(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        return combined.chunk(0) if combined.num_chunks else pa.array([], column.type)
    return combined


def _halves(column: pa.Array) -> tuple[U64, U64]:
    """16-byte values as two uint64 arrays; nulls as zeros."""
    if len(column) == 0:
        return np.empty(0, np.uint64), np.empty(0, np.uint64)
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(bytes(16), pa.binary(16)))
    data = column.buffers()[1]
    both = np.frombuffer(data, ">u8", 2 * len(column), 16 * column.offset).reshape(-1, 2)
    return both[:, 0].astype(np.uint64), both[:, 1].astype(np.uint64)


def _has_keys(entries: pa.Table) -> Bools:
    """Long enough for near matching, and the first of its text in this segment."""
    hashes = entries["text_hash"].to_pylist()
    first: dict[bytes | None, int] = {}
    for i, text_hash in enumerate(hashes):
        first.setdefault(text_hash, i)
    is_first = np.fromiter((first[h] == i for i, h in enumerate(hashes)), np.bool_, len(hashes))
    long_enough = np.asarray(entries["shingle_count"]) >= sketch.MIN_SHINGLES
    return np.asarray(is_first & long_enough, np.bool_)


def _packed_keys(keys: U64, keyed: Bools, bits: int) -> U64:
    """uint64[n * KEYS], sorted; places without a key come last, as 2**64 - 1 (no key of an entry: see `_probe`)."""
    packed = np.full(keys.size, ~np.uint64(0), np.uint64)
    entries = np.flatnonzero(keyed).astype(np.uint64)
    shift = np.uint64(bits)
    with_entry = ((keys[keyed] >> shift) << shift) | entries[:, None]
    packed[: with_entry.size] = np.sort(with_entry, axis=None)
    return packed


def _write(path: Path, batch: pa.RecordBatch, about: dict[str, Any]) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    payload = sink.getvalue()
    header = {
        "format": FORMAT,
        "parameters": sketch.PARAMETERS,
        "rows": batch.num_rows,
        "bytes": payload.size,
        "blake2b": hashlib.blake2b(payload, digest_size=16).hexdigest(),
        **about,
    }
    text = json.dumps(header, sort_keys=True).encode()
    text += b" " * (-(len(MAGIC) + 8 + len(text)) % 64)
    lead = MAGIC + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little")
    with open(path, "wb") as file:
        points.checkpoint("index: opened")
        file.write(lead + text)
        file.flush()
        points.checkpoint("index: half written")
        file.write(payload)
        file.flush()
        points.checkpoint("index: written")
        os.fsync(file.fileno())
    points.checkpoint("index: synced")


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
            self._batch = pa.ipc.open_file(pa.BufferReader(self._payload())).get_batch(0)
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
        high, low = _halves(wanted)
        ordered = self._numbers(f"{column}_sorted", np.uint64)
        first = np.searchsorted(ordered, high, "left")
        last = np.searchsorted(ordered, high, "right")
        if wanted.null_count:
            last = np.where(np.asarray(wanted.is_valid()), last, first)
        places, positions = _ranges(first, last)
        rows = self._numbers(f"{column}_order", np.uint32)[positions].astype(np.int64)
        found = _halves(self._batch.column(column).take(pa.array(rows)))[1]
        equal = found == low[places]
        return places[equal], rows[equal]

    def candidates(self, keys: U64, per_key: int = PER_KEY) -> tuple[I64, I64]:
        """All pairs (place in `keys`, row) that share a key, of one key the first `per_key` rows. keys: uint64[m]."""
        shift = np.uint64(self.header["entry_bits"])
        packed = self._numbers("keys", np.uint64)
        order = np.argsort(keys)  # neighbours in the file are looked up one after the other
        wanted = (keys[order] >> shift) << shift
        first = np.searchsorted(packed, wanted, "left")
        last = np.searchsorted(packed, wanted | ((np.uint64(1) << shift) - np.uint64(1)), "right")
        places, positions = _ranges(first, np.minimum(last, first + per_key))
        rows = (packed[positions] & ((np.uint64(1) << shift) - np.uint64(1))).astype(np.int64)
        real = packed[positions] != ~np.uint64(0)
        return order[places[real]].astype(np.int64), rows[real]

    def keys(self) -> U64:
        """uint64[n, KEYS]: the band keys of all entries, without the bits that make room for the entry; 0 if none.

        A larger segment takes more of the bits, so what is merged from these is what would be made from the texts.
        """
        shift = np.uint64(self.header["entry_bits"])
        packed = self._numbers("keys", np.uint64)
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
        if header["format"] != FORMAT or header["parameters"] != sketch.PARAMETERS:
            raise IndexDamaged(f"index segment {self.path}: made with other parameters ({header['parameters']})")
        if header["bytes"] != self._file.size - self._start:
            raise IndexDamaged(f"index segment {self.path}: {self._file.size} bytes, not what its header says")
        return header

    def _payload(self) -> pa.Buffer:
        return self._file.slice(self._start)


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

    def candidates(self, keys: U64, per_key: int = PER_KEY, per_text: int = PER_TEXT) -> tuple[I64, I64]:
        """Distinct pairs (row of `keys`, entry) that share a band, the closest `per_text` of each row, sorted.

        keys: uint64[n, KEYS].
        """
        found = []
        flat = np.ascontiguousarray(keys).reshape(-1)
        for segment, start in zip(self.segments, self._starts, strict=False):
            places, rows = segment.candidates(flat, per_key)
            found.append(np.stack([places // keys.shape[1], rows + start]))
        pairs = np.concatenate(found, axis=1) if found else np.empty((2, 0), np.int64)
        return closest(pairs[0], pairs[1], len(self), per_text)

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

    def find_lines(self, keys: U64, per_line: int = lines.SAMPLE) -> tuple[I64, I64, I64, lines.U16]:
        """How many texts hold lines with these keys; and (place in `keys`, entry, marks) of the first `per_line` of
        them in each segment."""
        counts = np.zeros(len(keys), np.int64)
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint16))]
        for segment, start in zip(self.segments, self._starts, strict=False):
            held = segment.lines()
            first = np.searchsorted(held.key, keys, "left")
            last = np.searchsorted(held.key, keys, "right")
            counts += last - first
            places, rows = _ranges(first, np.minimum(last, first + per_line))
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
        ids, items = (_halves(_one(rows[name]))[0] for name in ("id", "item"))
        return lines.Texts(ids, items, sketch.matrix(rows["minhash"], lines.MINHASHES))

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


def _ranges(first: Any, last: Any) -> tuple[I64, I64]:
    """Of half-open ranges: (number of the range, position) for every position in them."""
    first, last = first.astype(np.int64), last.astype(np.int64)
    counts = np.maximum(last - first, 0)
    places = np.repeat(np.arange(len(first), dtype=np.int64), counts)
    within = np.arange(len(places), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return places, first[places] + within
