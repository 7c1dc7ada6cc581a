"""Parquet files, some rows at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.errors import ItemError
from copydesk.model import Item, Reject
from copydesk.settings import MIB, RECORD_FIELDS
from copydesk.sources.base import BLOCK_ITEMS, Reading, canonical_json, check_columns, record_id
from copydesk.sources.pages import unpacked
from copydesk.sources.stream import chunks, open_source
from copydesk.text.decode import decode

MAGIC = b"PAR1"
_FAULTS = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError, MemoryError)
"""What pyarrow raises for a file that is damaged."""

_BATCH_BYTES = 16 * MIB
_REPEATED_BYTES = 64 * MIB
_BUFFER = MIB
_PAGES = 16
"""How many times max_item_bytes the pages of a row group may have that are unpacked together, one of each column. Most
writers fill a page up to 1 MiB or, of long texts, some hundred rows; DuckDB up to 100 MB."""

_LARGEST_SPOOL = 16 * 1024 * MIB
"""A compressed Parquet file must be unpacked before it can be read; no bomb shall fill the disk."""


class _TooLarge(Exception):
    """A row group that shall not be unpacked. size: bytes of its pages."""

    def __init__(self, size: int) -> None:
        self.size = size


def read(reading: Reading) -> Iterator[Item | Reject]:
    """One Item a row. A row group that cannot be read is one Reject, and the next group is read."""
    with _seekable(reading) as raw:
        try:
            # Not pre-buffered: a column of a row group may be larger than memory.
            table = pq.ParquetFile(raw, pre_buffer=False, buffer_size=_BUFFER)
            metadata = table.metadata
            sizes = [
                (metadata.row_group(n).num_rows, metadata.row_group(n).total_byte_size)
                for n in range(metadata.num_row_groups)
            ]
            columns = list(table.schema_arrow.names)
        except _FAULTS as error:
            raise _not_parquet(error) from None
        check_columns(columns, reading.settings.map)
        for group, (rows, size) in enumerate(sizes):
            yield from _group(reading, raw, table, group, rows, size)


def _group(
    reading: Reading, raw: BinaryIO, table: pq.ParquetFile, group: int, rows: int, size: int
) -> Iterator[Item | Reject]:
    first = reading.number
    if rows <= 0:
        return
    if not _holds_ours(reading, first, rows):
        reading.number = first + rows
        return
    try:
        pages = unpacked(raw, table.metadata.row_group(group))
        if pages.at_once > _PAGES * reading.settings.max_item_bytes:
            raise _TooLarge(pages.at_once)
        batch_rows = min(BLOCK_ITEMS, _BATCH_BYTES * rows // max(size, 1))
        batch_rows = min(batch_rows, _REPEATED_BYTES // max(pages.dictionary, 1))  # one value may stand in all rows
        for batch in table.iter_batches(batch_size=max(1, batch_rows), row_groups=[group], use_threads=False):
            yield from _batch(reading, _in_microseconds(batch))
        if reading.number < first + rows:
            raise ValueError("the file holds fewer rows than it tells")
    except _TooLarge as error:
        if reading.claim():
            message = (
                f"rows {first + 1} to {first + rows} have pages that unpack to {error.size:,} bytes at once: write "
            )
            message += "the file again with smaller pages, or raise max_item_bytes"
            yield reading.reject(ItemError("read", "too-large", message))
    except _FAULTS as error:
        # All parts that hold rows of the group meet this, maybe after some rows: the number says which one tells.
        failed, reading.number = reading.number, first
        if reading.claim():
            message = f"rows {failed + 1} to {first + rows} cannot be read ({_short(error)}): write the file again"
            yield reading.reject(ItemError("read", "parquet", message))
    reading.number = first + rows


def _holds_ours(reading: Reading, first: int, rows: int) -> bool:
    """Whether any of the rows belongs to this part."""
    if first + rows <= reading.first or (reading.last is not None and first >= reading.last):
        return False
    blocks = range(first // BLOCK_ITEMS, (first + rows - 1) // BLOCK_ITEMS + 1)
    return len(blocks) >= reading.parts or any(block % reading.parts == reading.part for block in blocks)


def _batch(reading: Reading, batch: pa.RecordBatch) -> Iterator[Item | Reject]:
    sizes = _sizes(batch)
    for index in range(batch.num_rows):
        if not reading.claim():
            continue
        number = str(reading.number)
        if sizes[index] > reading.settings.max_item_bytes:  # known before it is made a Python object and JSON
            yield reading.too_large("a row", int(sizes[index]), b"", number)
        else:
            yield _row(reading, batch, index, number)


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with what counts nanoseconds, as pandas writes times, cut to microseconds: Python has no finer ones. Of
    those pyarrow makes what pandas has for them, or fails, as pandas is at hand or not."""
    kinds = [_in_microseconds_too(kind) for kind in batch.schema.types]
    if kinds == batch.schema.types:
        return batch
    pairs = zip(batch.columns, kinds, strict=True)
    columns = [column if column.type == kind else column.cast(kind, safe=False) for column, kind in pairs]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _in_microseconds_too(kind: pa.DataType) -> pa.DataType:
    """The type, in microseconds where it is in nanoseconds."""
    if isinstance(kind, pa.TimestampType):
        return pa.timestamp("us", kind.tz) if kind.unit == "ns" else kind
    if pa.types.is_time64(kind):
        return pa.time64("us")
    if pa.types.is_duration(kind):
        return pa.duration("us") if kind.unit == "ns" else kind
    if isinstance(kind, pa.DictionaryType):
        values = _in_microseconds_too(kind.value_type)
        return kind if values == kind.value_type else values
    if isinstance(kind, pa.StructType):
        return pa.struct([field.with_type(_in_microseconds_too(field.type)) for field in kind])
    if isinstance(kind, pa.MapType):
        return pa.map_(_in_microseconds_too(kind.key_type), _in_microseconds_too(kind.item_type))
    if isinstance(kind, pa.ListType | pa.LargeListType):
        items = kind.value_field.with_type(_in_microseconds_too(kind.value_type))
        return pa.list_(items) if isinstance(kind, pa.ListType) else pa.large_list(items)
    return kind


def _sizes(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Bytes of the strings in each row, those in lists and structs not counted."""
    total = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        values = column.dictionary if isinstance(column, pa.DictionaryArray) else column
        if not (pa.types.is_large_string(values.type) or pa.types.is_large_binary(values.type)) and not (
            pa.types.is_string(values.type) or pa.types.is_binary(values.type)
        ):
            continue
        lengths = pc.binary_length(values)
        if values is not column:
            lengths = lengths.take(column.indices)
        total += pc.fill_null(lengths.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return total


def _row(reading: Reading, batch: pa.RecordBatch, index: int, number: str) -> Item | Reject:
    content = b""
    try:
        row = _values(batch, index)
        content = canonical_json(row)
        if len(content) > reading.settings.max_item_bytes:
            return reading.too_large("a row", len(content), content, number)
        record = reading.mapped(row)
        record |= {name: _text(name, value) for name in RECORD_FIELDS if isinstance(value := record.get(name), bytes)}
    except ItemError as error:
        return reading.reject(error, content, number)
    own = record_id(record)
    return Item(
        source_uri=reading.file.uri,
        source_format="parquet",
        source_id=number if own is None else own,
        own_id=own is not None,
        content=content,
        record=record,
    )


def _text(name: str, value: bytes) -> str | None:
    """What the bytes of a field say. Of an id that is no text, such as a UUID, the hexadecimal digits; of other fields
    nothing, but an article must be text: raises ItemError."""
    try:
        if name == "id":
            return text if (text := value.decode()).isprintable() else value.hex()
        return decode(value).text if value else ""
    except UnicodeDecodeError:
        return value.hex()
    except ItemError:
        if name in ("text", "html"):
            raise
        return None


def _values(batch: pa.RecordBatch, index: int) -> dict[str, Any]:
    """A row by name; of columns of one name the first counts, as in CSV."""
    row: dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            row.setdefault(name, column[index].as_py())
        except _FAULTS as error:  # a string that is not UTF-8, a date out of Python's range
            raise ItemError(
                "read", "parquet", f"its `{name}` cannot be read ({_short(error)}): write it again"
            ) from None
    return row


def _seekable(reading: Reading) -> BinaryIO:
    """The file, unpacked into a temporary one if it is compressed as a whole."""
    if reading.file.compression is None:
        return open_source(reading.file)
    spool = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 the caller closes it
    size = 0
    try:
        for chunk in chunks(reading.file):
            size += len(chunk)
            if size > _LARGEST_SPOOL:
                raise ItemError("read", "too-large", f"unpacks to more than {_LARGEST_SPOOL:,} bytes: unpack it first")
            spool.write(chunk)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return spool


def _not_parquet(error: Exception) -> ItemError:
    return ItemError("read", "parquet", f"not a Parquet file that can be read ({_short(error)}): write it again")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
