"""How large the pages of a Parquet file are when they are unpacked, from their headers alone.

Arrow unpacks a page whole, whatever its size, and the file's footer tells of columns, not of pages. A page's header is
a struct of Thrift's compact protocol (parquet.thrift, PageHeader; thrift-compact-protocol.md); the type and the two
sizes are read here, the rest is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import pyarrow.parquet as pq

_DICTIONARY = 2
_FIRST_READ = 512
_LONGEST_HEADER = 16 * 1024 * 1024
"""As Arrow has it (kDefaultMaxPageHeaderSize)."""

_FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 2, 3, 7, 8, 9, 10, 11, 12
_DEEPEST = 16  # of structs and lists in a header; there are three


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Bytes of a row group's pages. at_once: that are in memory together, one page and the dictionary of each column.
    dictionary: of the largest dictionary."""

    at_once: int
    dictionary: int


class _Short(Exception):
    """More of the header is needed."""


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
        header = _Compact(data)
        try:
            kind, size, packed = header.page()
        except _Short:
            if len(data) < wanted:
                break
            wanted *= 8
            continue
        if size < 0 or packed < 0:
            break
        return kind, size, packed, header.at
    raise ValueError("not the header of a page")


class _Compact:
    """Thrift's compact protocol, as much of it as a page's header needs. Raises _Short, ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def page(self) -> tuple[int, int, int]:
        """The first three fields of the struct; all of it is passed over."""
        found = {1: -1, 2: -1, 3: -1}
        field = 0
        while (head := self._byte()) != 0:
            field = field + (head >> 4) if head >> 4 else self._integer()
            if field in found:
                found[field] = self._integer()
            else:
                self._pass(head & 15, 0)
        return found[1], found[2], found[3]

    def _pass(self, kind: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise ValueError("too deep")
        if kind <= _FALSE:
            return
        if kind == _BYTE:
            self._move(1)
        elif kind < _DOUBLE:
            self._varint()
        elif kind == _DOUBLE:
            self._move(8)
        elif kind == _BINARY:
            self._move(self._varint())
        elif kind in (_LIST, _SET):
            head = self._byte()
            for _ in range(self._varint() if head >> 4 == 15 else head >> 4):
                self._pass(_BYTE if head & 15 <= _FALSE else head & 15, depth + 1)
        elif kind == _STRUCT:
            while (head := self._byte()) != 0:
                if not head >> 4:
                    self._integer()
                self._pass(head & 15, depth + 1)
        else:
            raise ValueError("no such type in a page's header")

    def _integer(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)  # zigzag

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("too long a number")

    def _byte(self) -> int:
        self._move(1)
        return self._data[self.at - 1]

    def _move(self, size: int) -> None:
        self.at += size
        if self.at > len(self._data):
            raise _Short
