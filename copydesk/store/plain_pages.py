"""Single strings of a Parquet column, read page by page.

pyarrow reads a column of a row group as a whole, which for one text of history is some megabytes to unpack. The pages
of a column lie one after the other, each behind a header that tells its size and how many values it has; so all but
those that are needed can be passed over. Only what parquet.py writes for texts is understood: pages of version 1, zstd,
values one after the other (PLAIN), none null. Of anything else nothing is read here.

Source: github.com/apache/parquet-format, README.md and parquet.thrift.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk import thrift

_HEADER = 256
"""Bytes that a page's header takes at the most, mostly: it is some twenty, unless it holds statistics."""

_LONGEST_HEADER = 1 << 16

_DATA_PAGE, _PLAIN = 0, 0


def strings(path: Path, column: pq.ColumnChunkMetaData, rows: Sequence[int]) -> list[str] | None:
    """The values of a column of a row group in these rows of the group, which ascend; None if it is written otherwise.

    Raises one of parquet.BROKEN if the file is damaged.
    """
    if column.has_dictionary_page or column.compression != "ZSTD" or column.num_values <= rows[-1]:
        return None
    found: list[str] = []
    at, end, first = column.data_page_offset, column.data_page_offset + column.total_compressed_size, 0
    with open(path, "rb", buffering=0) as file:
        while at < end and len(found) < len(rows):
            header, body = _header(file.fileno(), at)
            data = header.get(5)
            if header.get(1) != _DATA_PAGE or not isinstance(data, dict) or data.get(2) != _PLAIN:
                return None
            if not 0 < header[3] <= end - body or not 0 < header[2] <= column.total_uncompressed_size:
                raise ValueError("a page of a Parquet file has a size that cannot be")
            at, last = body + header[3], first + data[1]
            wanted = [row - first for row in rows[len(found) :] if row < last]
            if wanted:
                packed = os.pread(file.fileno(), header[3], body)
                values = _values(pa.decompress(packed, header[2], "zstd", asbytes=True), data[1], wanted)
                if values is None:
                    return None
                found += values
            first = last
    return found if len(found) == len(rows) else None


def _values(page: bytes, count: int, wanted: Sequence[int]) -> list[str] | None:
    """Of the page's strings those at the wanted places; None if it has fewer than `count`: some are null."""
    at = 4 + int.from_bytes(page[:4], "little")  # which are null
    spans = []
    while at < len(page):
        size = int.from_bytes(page[at : at + 4], "little")
        spans.append((at + 4, at + 4 + size))
        at += 4 + size
    if len(spans) != count or at != len(page):
        return None
    return [str(page[start:end], "utf-8") for start, end in (spans[place] for place in wanted)]


def _header(file: int, at: int) -> tuple[dict[int, Any], int]:
    """The header of a page that begins at `at` in the file, and where its body begins."""
    for size in (_HEADER, _LONGEST_HEADER):
        with suppress(thrift.Short):
            fields, length = thrift.struct(os.pread(file, size, at))
            return fields, at + length
    raise ValueError("a page of a Parquet file has no header")
