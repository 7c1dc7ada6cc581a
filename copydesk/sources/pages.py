"""How large the pages of a Parquet file are when they are unpacked, from their headers alone.

Arrow unpacks a page whole, whatever its size, and the file's footer tells of columns, not of pages. A page's header is
a struct of Thrift (parquet.thrift, PageHeader), of which the type and the two sizes are looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import pyarrow.parquet as pq

from copydesk import thrift

_DICTIONARY = 2
_FIRST_READ = 512
_LONGEST_HEADER = 16 * 1024 * 1024
"""As Arrow has it (kDefaultMaxPageHeaderSize)."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Bytes of a row group's pages. at_once: that are in memory together, one page and the dictionary of each column.
    dictionary: of the largest dictionary."""

    at_once: int
    dictionary: int


def unpacked(raw: BinaryIO, group: pq.RowGroupMetaData) -> Unpacked:
    """Of a row group of the file `raw`; where a header cannot be read, what was found before.

    raw: moved to another place. Raises OSError.
    """
    at_once = largest = 0
    for number in range(group.num_columns):
        data, dictionary = _column(raw, group.column(number))
        at_once += data + dictionary
        largest = max(largest, dictionary)
    return Unpacked(at_once, largest)


def _column(raw: BinaryIO, column: pq.ColumnChunkMetaData) -> tuple[int, int]:
    """The largest data page, the dictionary."""
    at = column.data_page_offset
    if column.has_dictionary_page and 0 < (column.dictionary_page_offset or 0) < at:
        at = column.dictionary_page_offset
    end = at + column.total_compressed_size
    data = dictionary = 0
    while at < end:
        try:
            kind, size, packed, length = _header(raw, at)
        except ValueError:
            break
        if kind == _DICTIONARY:
            dictionary = max(dictionary, size)
        else:
            data = max(data, size)
        at += length + packed
    return data, dictionary


def _header(raw: BinaryIO, at: int) -> tuple[int, int, int, int]:
    """Type, size unpacked, size packed, and the header's own. Raises ValueError for what is no header."""
    wanted = _FIRST_READ
    while wanted <= _LONGEST_HEADER:
        raw.seek(at)
        data = raw.read(wanted)
        try:
            fields, length = thrift.struct(data)
        except thrift.Short:
            if len(data) < wanted:
                break
            wanted *= 8
            continue
        kind, size, packed = (fields.get(number) for number in (1, 2, 3))
        if not (isinstance(kind, int) and isinstance(size, int) and isinstance(packed, int)) or min(size, packed) < 0:
            break
        return kind, size, packed, length
    raise ValueError("not the header of a page")
