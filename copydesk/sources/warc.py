"""WARC files (ISO 28500): responses with status 200, and conversion records.

Records are cut here, by Content-Length, so that reading goes on after one that is broken; FastWARC's own iterator
ends there. What a record holds is parsed by FastWARC.
"""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from copydesk.errors import ItemError
from copydesk.model import Item, Reject
from copydesk.sources import starts
from copydesk.sources.base import BLOCK_ITEMS, Reading
from copydesk.sources.coding import is_harmless, unpacks_beyond
from copydesk.sources.stream import chunks
from copydesk.text.decode import is_binary

_RECORD = re.compile(rb"WARC/[01]\.\d+[ \t]*\r?\n")
_HEADER_END = re.compile(rb"(\r?\n\r?\n)|\n(?=WARC/[01]\.\d+[ \t]*\r?\n)")  # or where the next record opens
_FIELD = re.compile(rb"^([A-Za-z0-9-]+)[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*)", re.MULTILINE)
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})\b")
_LONGEST_HEADER = 64 * 1024
_LONGEST_VALUE = 4096
_HEADERS = frozenset(
    {
        "content-encoding",
        "content-language",
        "content-location",
        "content-type",
        "date",
        "last-modified",
        "link",
        "refresh",
        "tdm-policy",
        "tdm-reservation",
        "x-robots-tag",
    }
)
"""Of the response; those that metadata and decoding use."""


def looks_like(head: bytes) -> bool:
    """Whether a source that begins so is WARC."""
    return bool(_RECORD.match(head.lstrip(b"\r\n")))


def has_record(head: bytes) -> bool:
    """Whether there is a record in it, after bytes that are none."""
    return bool(_RECORD.search(head))


@dataclass(frozen=True, slots=True)
class _Record:
    """offset, size: of the whole record in the source. block: after the header, only its beginning if not whole."""

    offset: int
    size: int
    header: bytes
    block: bytes
    whole: bool
    fault: ItemError | None = None


def read(reading: Reading) -> Iterator[Item | Reject]:
    """One Item a response with status 200 or conversion record, one Reject a record that is broken."""
    if (own := starts.own(reading)) is not None:
        for number, start in own:
            reading.number = number
            yield from _read_from(reading, start, number + BLOCK_ITEMS)
    elif reading.parts > 1 and reading.file.compression == "gzip":
        learning = starts.Learning(reading)
        yield from _read_from(reading, starts.Start(), None, learning)
        learning.done()
    else:
        yield from _read_from(reading, starts.Start())


def _read_from(
    reading: Reading, start: starts.Start, until: int | None = None, learning: starts.Learning | None = None
) -> Iterator[Item | Reject]:
    """What lies from a place on, up to the item of a number."""
    source = chunks(reading.file, start.member, learning.member if learning else None)
    for record in _records(_Buffer(source, start.offset), reading.settings.max_item_bytes):
        fields = _fields(record.header)
        if not record.fault and not _is_item(fields, record.block):
            continue
        if learning:
            learning.item(reading.number, record.offset)
        if reading.claim():
            yield _found(reading, record, fields)
        if reading.number == until:
            return


def _found(reading: Reading, record: _Record, fields: Mapping[str, str]) -> Item | Reject:
    source_id = fields.get("warc-record-id", "").strip("<> ")[:1024] or str(reading.number)
    if record.fault:
        return reading.reject(record.fault, record.header + record.block, source_id)
    if not record.whole:
        return reading.too_large("a record", record.size, record.block, source_id)
    return _item(reading, record, fields, source_id)


def _is_item(fields: Mapping[str, str], block: bytes) -> bool:
    kind = fields.get("warc-type", "").lower()
    if kind == "conversion":
        return True
    if kind != "response":
        return False
    status = _STATUS.match(block)
    if status is None:
        return "http" in fields.get("content-type", "application/http")  # broken; but a DNS response is none of ours
    return status.group(1) == b"200"


def _item(reading: Reading, record: _Record, fields: Mapping[str, str], source_id: str) -> Item | Reject:
    conversion = fields.get("warc-type", "").lower() == "conversion"
    status = None if conversion else _STATUS.match(record.block)
    try:
        if conversion:
            content, headers = record.block, {"content-type": fields.get("content-type", "text/plain")}
        elif status is None:
            raise ItemError(
                "read", "warc", "the response does not begin with an HTTP status line: crawl the page again"
            )
        else:
            content, headers = _http(record, reading.settings.max_item_bytes)
        if not content.strip():
            raise ItemError("read", "empty", "the record holds no content")
        if len(content) > reading.settings.max_item_bytes:
            return reading.too_large("a page", None, content, source_id)
    except ItemError as error:
        return reading.reject(error, record.block, source_id)
    return Item(
        source_uri=reading.file.uri,
        source_format="warc",
        source_id=source_id,
        content=content,
        offset=record.offset,
        length=record.size,
        url=fields.get("warc-target-uri", "").strip("<> ") or None,
        fetched_at=_date(fields.get("warc-date", "")),
        http_status=None if status is None else int(status.group(1)),
        http_headers=headers,
    )


def _http(record: _Record, limit: int) -> tuple[bytes, dict[str, str]]:
    """Payload after transfer and content decoding, and headers. Raises ItemError("read", "warc", ...).

    Some crawlers store payloads decoded and leave the headers that say otherwise: then the bytes count.
    """
    from fastwarc.warc import WarcRecord  # 30 ms

    if (plain := _unpacked(record.block)) is not None:
        return plain
    data = b"%b%d\r\n\r\n%b" % (_CLEAN_HEADER, len(record.block), record.block)
    if b"content-encoding" in record.block[:_LONGEST_HEADER].lower() and _unpacks_beyond(data, limit):
        message = f"a page that unpacks to more than {limit:,} bytes: raise max_item_bytes if it is an article"
        raise ItemError("read", "too-large", message)
    fault: Exception | None = None
    headers: dict[str, str] = {}
    for decoding in ("all", "transfer", "content", "none"):
        try:
            parsed = WarcRecord.from_bytes(data)
            parsed.parse_http(auto_decode=decoding, max_header_len=_LONGEST_HEADER)
            headers = _useful(parsed.http_headers.items_bytes())
            payload = _read(parsed.reader, limit)
        except (OSError, ValueError, EOFError, RuntimeError, AttributeError, TypeError) as error:
            fault = fault or error
            continue
        if fault is None:
            return payload, headers
        if "deflate" in headers.get("content-encoding", "") and decoding in ("transfer", "none"):
            payload = _inflate(payload, limit)
        if payload and not is_binary(payload):
            return payload, headers
    raise ItemError("read", "warc", f"the page's encoding is damaged ({fault}): crawl it again")


def _unpacked(block: bytes) -> tuple[bytes, dict[str, str]] | None:
    """Payload and headers of a response that no header says is packed; None for others, and where it is not plain where
    the headers end. Only they are copied to be parsed: most crawlers store pages so."""
    from fastwarc.warc import WarcRecord

    end = block.find(b"\r\n\r\n", 0, _LONGEST_HEADER) + 4
    head = block[:end]
    if end < 4 or b"encoding" in head.lower() or b"\n\n" in head or head.find(b"\n\r\n") + 3 != end:
        return None
    try:
        parsed = WarcRecord.from_bytes(b"%b%d\r\n\r\n%b" % (_CLEAN_HEADER, end, head))
        parsed.parse_http(auto_decode="none", max_header_len=_LONGEST_HEADER)
        return block[end:], _useful(parsed.http_headers.items_bytes())
    except (OSError, ValueError, EOFError, RuntimeError, AttributeError, TypeError):
        return None


def _unpacks_beyond(data: bytes, limit: int) -> bool:
    """Whether a response unpacks to more than `limit` bytes."""
    from fastwarc.warc import WarcRecord  # 30 ms

    try:
        parsed = WarcRecord.from_bytes(data)
        parsed.parse_http(auto_decode="transfer", max_header_len=_LONGEST_HEADER)
        codings = _useful(parsed.http_headers.items_bytes()).get("content-encoding", "")
        packed = _read(parsed.reader, limit)
    except (OSError, ValueError, EOFError, RuntimeError, AttributeError, TypeError):
        return False
    return not is_harmless(packed, codings, limit) and unpacks_beyond(packed, codings, limit)


_CLEAN_HEADER = (
    b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: "
)
"""A header of our own around the block: the one found may hold anything."""


def _read(reader: object, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= limit:
        part = reader.read(min(limit + 1 - size, 1 << 20))  # type: ignore[attr-defined]
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _inflate(payload: bytes, limit: int) -> bytes:
    """Deflate without zlib's header, as old servers send it."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload, limit + 1)
    except zlib.error:
        return payload


def _useful(headers: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.decode("latin-1").strip().lower()
        if key in _HEADERS:
            text = _text(value)[:_LONGEST_VALUE]
            found[key] = f"{found[key]}, {text}"[:_LONGEST_VALUE] if key in found else text
    return found


def _fields(header: bytes) -> dict[str, str]:
    """The record's header fields, keys in lower case, the first of each."""
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(header):
        found.setdefault(name.decode().lower(), _text(value))
    return found


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("cp1252", "replace")
    return " ".join(text.split())


def _date(value: str) -> dt.datetime | None:
    """WARC-Date in UTC (it is so by the standard), with or without fractions of a second."""
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    try:
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except OverflowError:
        return None


class _Buffer:
    """A window on the source: data[at:]. offset: of its first byte in the source."""

    def __init__(self, source: Iterator[bytes], offset: int = 0) -> None:
        self._source = source
        self.data = b""
        self.at = 0
        self.offset = offset
        self.fault: ItemError | None = None
        self._ended = False

    def __len__(self) -> int:
        return len(self.data) - self.at

    def peek(self, size: int) -> bytes:
        """The first bytes of the window."""
        return self.data[self.at : self.at + size]

    def fill(self, size: int) -> bool:
        """Have at least `size` bytes in the window. False if the source ends before, or breaks."""
        have = len(self)
        if have >= size:
            return True
        if self._ended:
            return False
        parts = [self.data[self.at :]]
        while have < size and (chunk := self._next()):
            parts.append(chunk)
            have += len(chunk)
        self.data, self.at = b"".join(parts), 0
        return have >= size

    def _next(self) -> bytes:
        try:
            chunk = next(self._source, b"")
        except ItemError as error:
            self.fault = error
            chunk = b""
        self._ended = not chunk
        return chunk

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; how many there were."""
        passed = 0
        while passed < size and (len(self) or self.fill(1)):
            step = min(size - passed, len(self))
            self.at += step
            passed += step
        self.offset += passed
        return passed

    def take(self, size: int) -> bytes:
        """The first bytes of the window, passed over."""
        data = self.peek(size)
        self.skip(len(data))
        return data


_BREAKS = re.compile(rb"[\r\n]*")
_AFTER = re.compile(rb"\r?\n\r?\n|[\r\n]*(?:WARC/|\Z)")


def _records(buffer: _Buffer, limit: int) -> Iterator[_Record]:
    """All records of the source; one with a fault for each that is broken, and for each stretch that is none."""
    while buffer.fill(1):
        breaks = _BREAKS.match(buffer.data, buffer.at)
        if breaks and breaks.end() > buffer.at:
            buffer.skip(breaks.end() - buffer.at)
        else:
            yield _next_record(buffer, limit)
    if buffer.fault:
        raise buffer.fault


def _next_record(buffer: _Buffer, limit: int) -> _Record:
    start = buffer.offset
    buffer.fill(_LONGEST_HEADER)
    opening = _RECORD.match(buffer.data, buffer.at)
    if not opening:
        return _stray(buffer, start, "these bytes are no WARC record")
    end = _HEADER_END.search(buffer.data, opening.end() - 2, buffer.at + _LONGEST_HEADER)
    if not end or not end[1]:
        return _stray(buffer, start, "the record's header does not end")
    header = buffer.data[buffer.at : end.start()]
    length = _length(header)
    if length is None:
        return _stray(buffer, start, "the record has no Content-Length")
    buffer.skip(end.end() - buffer.at)
    if length > limit:
        return _long(buffer, start, header, length)
    if not buffer.fill(length):
        return _cut(buffer, start, header, length)
    buffer.fill(length + 16)
    if not _AFTER.match(buffer.data[buffer.at + length : buffer.at + length + 16]):
        block = _resume(buffer)
        return _broken(
            buffer, start, header, block, f"the record does not end after the {length:,} bytes that it tells"
        )
    block = buffer.take(length)
    return _Record(start, buffer.offset - start, header, block, True)


def _length(header: bytes) -> int | None:
    value = _fields(header).get("content-length", "")
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 16 else None


def _stray(buffer: _Buffer, start: int, what: str) -> _Record:
    """Pass over what is no record, to where the next one begins."""
    block = buffer.take(1) + _resume(buffer)
    return _broken(buffer, start, b"", block, f"{what}; reading went on at the next record")


def _cut(buffer: _Buffer, start: int, header: bytes, length: int) -> _Record:
    """The source ends within the record; it may be that its length is wrong and others follow."""
    block = _resume(buffer)
    if len(buffer):
        return _broken(buffer, start, header, block, f"the record is shorter than the {length:,} bytes that it tells")
    if buffer.fault:
        fault, buffer.fault = buffer.fault, None  # told with the record that it cut
        return _Record(start, buffer.offset - start, header, block, False, fault)
    return _truncated(buffer, start, header, block, length)


def _long(buffer: _Buffer, start: int, header: bytes, length: int) -> _Record:
    buffer.fill(min(length, _LONGEST_HEADER))
    block = buffer.peek(min(length, _LONGEST_HEADER))
    if buffer.skip(length) < length and not buffer.fault:
        return _truncated(buffer, start, header, block, length)
    return _Record(start, buffer.offset - start, header, block, False)


def _truncated(buffer: _Buffer, start: int, header: bytes, block: bytes, length: int) -> _Record:
    what = f"the record tells of {length:,} bytes and the file ends before: fetch it again"
    return _broken(buffer, start, header, block, what, "truncated")


def _broken(buffer: _Buffer, start: int, header: bytes, block: bytes, what: str, error: str = "warc") -> _Record:
    return _Record(start, buffer.offset - start, header, block, False, ItemError("read", error, what))


_RESUME = re.compile(rb"\n(?=WARC/[01]\.\d+[ \t]*\r?\n)")
_LONGEST_OPENING = 32


def _resume(buffer: _Buffer) -> bytes:
    """Pass over bytes until a line begins a record, or to the end. Returns the first of them."""
    passed: bytes | None = None
    while True:
        found = _RESUME.search(buffer.data, buffer.at)
        if passed is None:
            passed = buffer.peek(min(_LONGEST_HEADER, found.end() - buffer.at) if found else _LONGEST_HEADER)
        if found:
            buffer.skip(found.end() - buffer.at)
            return passed
        # What may be the beginning of the line that is looked for stays.
        buffer.skip(max(len(buffer) - _LONGEST_OPENING, 0))
        if not buffer.fill(len(buffer) + 1):
            buffer.skip(len(buffer))
            return passed
