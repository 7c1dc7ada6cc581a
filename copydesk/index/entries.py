"""Entries: what is kept of a text from run to run, beside its band keys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import I64, U64, Bools
from copydesk.index import lines
from copydesk.sketches import sketch

ARTICLE, DUPLICATE, REVISION = 0, 1, 2
CODES = {"article": ARTICLE, "duplicate": DUPLICATE, "revision": REVISION}
"""What an entry has for its kind."""

ADDED = ("kind", "story_id", "version", "jaccard")
"""Columns of what is decided of a row that go into its entry."""

_SIGNATURES = ("signature", "lead_signature")

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
        pa.field("minhash", pa.list_(pa.uint16(), lines.MINHASHES)),  # of the text before templates: see lines.Texts
    ]
)
"""What is kept of a text."""


def describe(kind: str, rows: pa.Table) -> tuple[pa.Table, U64]:
    """Entries and band keys of rows of the Parquet datasets, sketched from their `text`. kind: one of CODES."""
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
    """Entries (ENTRY) of rows with id, item or item_key, story_id, kind, version, jaccard, publisher, title,
    published_at, char_count, text_hash, shingle_count, and minhash or signature."""
    close = pc.fill_null(pc.greater_equal(rows["jaccard"], CORE_JACCARD), False)
    return pa.table(
        {
            "id": id_array(rows["id"]),
            "item": rows["item"] if "item" in rows.column_names else item_array(rows["item_key"]),
            "story": id_array(rows["story_id"]),
            "kind": pc.index_in(rows["kind"], value_set=pa.array(list(CODES))).cast(pa.int8()),
            "version": pc.fill_null(rows["version"].cast(pa.int32()), 1),
            "core": pc.or_(pc.equal(rows["kind"], "article"), pc.and_(pc.equal(rows["kind"], "duplicate"), close)),
            "publisher": rows["publisher"],
            "title": rows["title"],
            "published_at": microseconds(rows["published_at"]),
            "char_count": rows["char_count"],
            "text_hash": rows["text_hash"],
            "shingle_count": rows["shingle_count"],
            "minhash": rows["minhash"] if "minhash" in rows.column_names else _minhash(rows["signature"]),
        },
        schema=ENTRY,
    )


def added_entries(new: pa.Table, decided: pa.Table) -> pa.Table:
    """The entries of all rows of a run but those seen. new: what match.match() is given. decided: the columns ADDED of
    what it answers."""
    known = [name for name in new.column_names if name not in (*ADDED, *_SIGNATURES)]
    rows = pa.table({name: new[name] for name in known} | {name: decided[name] for name in ADDED})
    if "minhash" not in known:
        rows = rows.append_column("minhash", lines.as_lists(sketch.matrix(new["signature"], sketch.K)))
    return entries_of(rows.filter(pc.not_equal(decided["kind"], "seen")))


def _minhash(signatures: pa.ChunkedArray) -> pa.Array:
    return lines.as_lists(sketch.matrix(signatures, sketch.K))


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


_DIGIT = np.full(256, 255, np.uint8)
_DIGIT[list(b"0123456789abcdef")] = _DIGIT[list(b"0123456789ABCDEF")] = np.arange(16)


def id_array(ids: Sequence[str] | pa.ChunkedArray) -> pa.Array:
    """Ids (32 hex digits) as 16 bytes each. Raises ValueError for anything else."""
    if not isinstance(ids, pa.ChunkedArray):
        ids = pa.chunked_array([pa.array(ids, pa.string())])
    found = np.concatenate([np.empty((0, 16), np.uint8), *map(_unhexed, ids.chunks)])
    return pa.Array.from_buffers(pa.binary(16), len(ids), [None, pa.py_buffer(found)])


def _unhexed(ids: pa.StringArray) -> npt.NDArray[np.uint8]:
    _, offsets, data = ids.buffers()
    ends = np.frombuffer(offsets, np.int32, len(ids) + 1, 4 * ids.offset) if len(ids) else np.zeros(1, np.int32)
    digits = _DIGIT[np.frombuffer(data or b"", np.uint8)[ends[0] : ends[-1]]]
    if (np.diff(ends) != 32).any() or (digits > 15).any():
        raise ValueError("an id has 32 hex digits")
    return np.asarray(digits[0::2] << 4 | digits[1::2], np.uint8).reshape(-1, 16)


def item_array(item_keys: Iterable[str] | pa.ChunkedArray) -> pa.Array:
    """128-bit hashes of item_keys."""
    hashes = bytearray()
    for keys in (c.to_pylist() for c in item_keys.chunks) if isinstance(item_keys, pa.ChunkedArray) else (item_keys,):
        for key in keys:
            hashes += hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return pa.Array.from_buffers(pa.binary(16), len(hashes) // 16, [None, pa.py_buffer(bytes(hashes))])


def halves(column: pa.Array) -> tuple[U64, U64]:
    """16-byte values as two uint64 arrays; nulls as zeros."""
    if len(column) == 0:
        return np.empty(0, np.uint64), np.empty(0, np.uint64)
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(bytes(16), pa.binary(16)))
    data = column.buffers()[1]
    both = np.frombuffer(data, ">u8", 2 * len(column), 16 * column.offset).reshape(-1, 2)
    return both[:, 0].astype(np.uint64), both[:, 1].astype(np.uint64)


def one(column: pa.ChunkedArray) -> pa.Array:
    """The column as one array, which is a copy only of a column of several."""
    if column.num_chunks == 1:
        return column.chunk(0)
    combined = column.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        return combined.chunk(0) if combined.num_chunks else pa.array([], column.type)
    return combined


def first_of(column: pa.ChunkedArray) -> Bools:
    """Whether a value is the first of its kind; nulls are all alike."""
    codes = np.asarray(pc.fill_null(codes_of(column).indices, -1), np.int64)  # numbered as they first come
    first = codes > np.concatenate([[-1], np.maximum.accumulate(codes)])[: len(codes)]
    first[np.flatnonzero(codes < 0)[:1]] = True
    return np.asarray(first, np.bool_)


def codes_of(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as numbers of its distinct values, in the order in which they first come."""
    coded = one(column).dictionary_encode()
    return coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded


def texts_of(records: pa.Table) -> lines.Texts:
    """What lines.weigh asks of records. records: id, item, minhash."""
    ids, items = id_array(records["id"]), one(records["item"])
    return lines.Texts(halves(ids)[0], halves(items)[0], lines.minhash(records["minhash"]))


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.append_column(name, column) if at < 0 else table.set_column(at, name, column)
