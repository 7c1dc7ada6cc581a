"""Files made for a test, and what is read of them."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from copydesk import sources
from copydesk.model import Compression, Format, Item, Reject, Shard, SourceFile
from copydesk.settings import Settings

VERSIONS = count()
FORMATS: tuple[Format, ...] = ("text", "html", "jsonl", "csv", "parquet", "warc")


def source(path: Path, data: bytes, format: Format, compression: Compression | None = None) -> SourceFile:
    path.write_bytes(data)
    return SourceFile(path.as_uri(), str(path), len(data), next(VERSIONS), format, compression)


def read(
    path: Path, data: bytes, format: Format, compression: Compression | None = None, parts: int = 1, **settings: Any
) -> list[Item | Reject]:
    file = source(path, data, format, compression)
    options = Settings(**settings)
    return [found for part in range(parts) for found in sources.read(Shard(part, (file,), part, parts), options)]


def items(found: Iterable[Item | Reject]) -> list[Item]:
    assert all(isinstance(one, Item) for one in found), found
    return [one for one in found if isinstance(one, Item)]


def errors(found: Iterable[Item | Reject]) -> list[str]:
    return [one.error for one in found if isinstance(one, Reject)]


def jsonl(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def warc_record(
    number: int,
    body: bytes = b"<html><p>The ferry is late.</p></html>",
    http: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n",
    kind: bytes = b"response",
    content_type: bytes = b"application/http; msgtype=response",
    length: int | None = None,
) -> bytes:
    block = http + b"\r\n" + body if http else body
    return (
        b"WARC/1.0\r\nWARC-Type: %b\r\nWARC-Record-ID: <urn:test:%d>\r\nWARC-Date: 2024-05-06T07:08:09Z\r\n"
        b"WARC-Target-URI: https://news.example/%d\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
    ) % (kind, number, number, content_type, len(block) if length is None else length, block)


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def pack(pieces: list[bytes], compression: Compression) -> bytes:
    """Every piece a member or frame of its own."""
    return b"".join(gzip.compress(one, mtime=0) if compression == "gzip" else zstandard.compress(one) for one in pieces)
