"""CSV and TSV with a header row; the delimiter is found from the first rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain

from copydesk.errors import ItemError
from copydesk.model import Item, Reject
from copydesk.settings import RECORD_FIELDS
from copydesk.sources.base import Reading, canonical_json, check_columns, record_id
from copydesk.sources.lines import Piece, lines
from copydesk.sources.stream import as_utf8, chunks
from copydesk.text.decode import decode

DELIMITERS = ",\t;|"
_KNOWN = frozenset((*RECORD_FIELDS, "headline", "author", "published", "source", "body", "content", "article", "link"))
_SAMPLE = 64 * 1024
_LONGEST_NAME = 128


def looks_like(head: bytes, names: frozenset[str]) -> bool:
    """Whether a source that begins so is CSV: a header with a field name we know, and rows as wide as it.

    names: field names that the user's `map` speaks of.
    """
    rows, delimiter = _sample(head)
    if len(rows) < 2 or delimiter is None:
        return False
    header = [name.strip().lower() for name in rows[0]]
    if len(set(header)) < len(header) or not all(0 < len(name) <= _LONGEST_NAME for name in header):
        return False
    return bool((_KNOWN | names) & set(header)) and len(rows[1]) == len(header)


def read(reading: Reading) -> Iterator[Item | Reject]:
    """One Item a row below the header, one Reject a row that does not fit it. Blank lines do not count."""
    data, _ = as_utf8(chunks(reading.file))
    head, data = _peek(data)
    sample = head.removeprefix(b"\xef\xbb\xbf")
    settings = reading.settings
    delimiter = _sample(sample[:_SAMPLE])[1] or ","
    rows = records(chain([sample], data), delimiter, settings.max_item_bytes, settings.reject_bytes)
    header: list[str] | None = None
    for row in rows:
        if row.whole and (not row.data or row.data.isspace()):
            continue
        if header is None:
            header = _header(row, delimiter, settings.map)
            continue
        if not reading.claim():
            continue
        number = str(reading.number)
        if not row.whole:
            yield reading.too_large("a row", row.size, row.data, number)
            continue
        try:
            yield _item(reading, header, row, delimiter)
        except ItemError as error:
            yield reading.reject(error, row.data, number)


def _peek(data: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first _SAMPLE bytes or more, and what follows. A break in them is met after them."""
    head: list[bytes] = []
    size = 0
    try:
        while size < _SAMPLE and (chunk := next(data, b"")):
            head.append(chunk)
            size += len(chunk)
    except ItemError as error:
        data = _raise(error)
    return b"".join(head), data


def _raise(error: ItemError) -> Iterator[bytes]:
    yield from ()
    raise error


def _header(row: Piece, delimiter: str, names: dict[str, str]) -> list[str]:
    if not row.whole:
        raise ItemError(
            "read", "csv", "the first line, which should name the columns, is longer than an article may be"
        )
    header = [name.strip() for name in fields(row.data, delimiter)]
    check_columns(header, names)
    return header


def _item(reading: Reading, header: list[str], row: Piece, delimiter: str) -> Item:
    if _Quoting(delimiter).open_after(row.data.replace(b"\n", b" ")):
        raise ItemError("read", "csv", "a quote is opened in this row and never closed: save the file again")
    values = fields(row.data, delimiter)
    while len(values) > len(header) and not values[-1]:
        values.pop()  # a delimiter after the last field
    if len(values) != len(header):
        message = f"the row has {len(values)} fields and the header {len(header)}: check its quotes and delimiters"
        raise ItemError("read", "csv", message)
    row_by_name: dict[str, str] = {}
    for name, value in zip(header, values, strict=True):
        row_by_name.setdefault(name, value)
    record = reading.mapped(row_by_name)
    own = record_id(record)
    return Item(
        source_uri=reading.file.uri,
        source_format="csv",
        source_id=str(reading.number) if own is None else own,
        own_id=own is not None,
        content=canonical_json(row_by_name),
        record=record,
    )


def fields(row: bytes, delimiter: str) -> list[str]:
    """The fields of one row. Each is decoded by itself if the row is not UTF-8. Raises ItemError."""
    try:
        return _parse(row.decode(), delimiter)
    except UnicodeDecodeError:
        # Latin-1 keeps every byte, and no byte of ours has another meaning in it: cut first, then decode.
        return [
            decode(value.encode("latin-1")).text if value else "" for value in _parse(row.decode("latin-1"), delimiter)
        ]


def _parse(row: str, delimiter: str) -> list[str]:
    limit = csv.field_size_limit()
    if len(row) > limit:
        csv.field_size_limit(len(row))
    try:
        parsed = list(csv.reader([row], delimiter=delimiter))
    except csv.Error as error:
        raise ItemError("read", "csv", f"not a CSV row ({error})") from None
    finally:
        if len(row) > limit:
            csv.field_size_limit(limit)
    if len(parsed) > 1:
        raise ItemError("read", "csv", "a carriage return outside quotes: save the file with ordinary line ends")
    return parsed[0] if parsed else []


def _sample(head: bytes) -> tuple[list[list[str]], str | None]:
    """The first rows as the likeliest delimiter cuts them, and it; None if none cuts the header in two."""
    best: tuple[tuple[float, int], list[list[str]], str] | None = None
    for delimiter in DELIMITERS:
        if delimiter.encode() not in head.partition(b"\n")[0]:
            continue
        rows: list[list[str]] = []
        for piece in records(iter([head]), delimiter, _SAMPLE, 0):
            ended = piece.offset + piece.size < len(head) - 2
            if piece.whole and piece.data.strip() and (ended or not rows or len(rows) == 1):
                rows.append(_fields_if_any(piece.data, delimiter))
            if len(rows) == 16:
                break
        if not rows or len(rows[0]) < 2:
            continue
        agree = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        score = (agree, len(rows[0]))
        if best is None or score > best[0]:
            best = score, rows, delimiter
    return ([], None) if best is None else best[1:]


def records(data: Iterator[bytes], delimiter: str, limit: int, keep: int) -> Iterator[Piece]:
    """The rows of a CSV source, undecoded: a line break between quotes does not end a row (RFC 4180).

    limit, keep: as in lines(). A quote that is never closed would make one row of what follows. It was not closed if a
    line comes that is a row by itself, as wide as the header, in which the quote that would close it opens a field; or
    if the source ends, and most lines since are as wide as the header. Then every line since is a row of its own. One
    that goes on to the limit is one row, too large; reading then goes on at the next line.
    """
    quoting = _Quoting(delimiter)
    parts: list[Piece] = []
    size = width = 0
    for line in lines(data, limit, keep):
        if parts and line.whole and quoting.opens_again(line.data) and _width(line.data, delimiter) == width:
            yield from parts
            parts = []
        if not parts:
            size, quoting.inside = 0, False
        parts.append(line)
        size = line.offset + line.size - parts[0].offset
        if not line.whole or size > limit:
            yield Piece(parts[0].offset, size, b"\n".join(part.data for part in parts)[:keep], False)
            parts = []
        elif not quoting.open_after(line.data):
            row = _joined(parts)
            width = width or _width(row.data, delimiter)
            yield row
            parts = []
    widths = [wide for part in parts[1:] if (wide := _width(part.data, delimiter))]
    if 2 * widths.count(width) > len(widths):
        yield from parts
    elif parts:
        yield _joined(parts)


def _joined(parts: list[Piece]) -> Piece:
    """Lines as one row."""
    first, last = parts[0], parts[-1]
    data = b"\n".join(part.data for part in parts) if len(parts) > 1 else first.data
    return Piece(first.offset, last.offset + last.size - first.offset, data, True)


def _width(row: bytes, delimiter: str) -> int:
    """How many fields a row has; 0 if it is none, or blank."""
    return len(_fields_if_any(row, delimiter)) if row.strip() else 0


def _fields_if_any(row: bytes, delimiter: str) -> list[str]:
    """The fields of what may be no row: then there are none."""
    try:
        return _parse(row.decode("latin-1"), delimiter)
    except ItemError:
        return []


class _Quoting:
    """Whether a quoted field is open after a line. Only a quote that opens a field counts: `6" pipe` does not."""

    def __init__(self, delimiter: str) -> None:
        self.inside = False
        mark = re.escape(delimiter.encode())
        self._opens = re.compile(rb'(?:^|%b)"' % mark)
        self._after_delimiter = b'%b"' % delimiter.encode()
        self._closes = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')
        self._ends = re.compile(rb"[ \t]*(?:\r?$|%b)" % mark)

    def opens_again(self, line: bytes) -> bool:
        """Whether the quote that would close the open field opens one: something else than a delimiter follows."""
        closes = self._closes.match(line)
        if closes is None or self._ends.match(line, closes.end()):
            return False
        return any(found.end() == closes.end() for found in self._opens.finditer(line, 0, closes.end()))

    def open_after(self, line: bytes) -> bool:
        if not self.inside and not line.startswith(b'"') and self._after_delimiter not in line:
            return False
        at = 0
        while True:
            if not self.inside:
                opens = self._opens.search(line, at)
                if not opens:
                    return False
                at = opens.end()
                self.inside = True
            closes = self._closes.match(line, at)
            if not closes:
                return True
            at = closes.end()
            self.inside = False
