"""What a file is, from its first bytes; its name breaks ties."""

from __future__ import annotations

import codecs
import re
import zlib

import zstandard

from copydesk.errors import ItemError
from copydesk.model import Compression, Format, SourceFile
from copydesk.sources import csv, html, jsonl, parquet, warc
from copydesk.sources.base import endings
from copydesk.sources.stream import compression_of, open_source, unreadable
from copydesk.text.decode import is_binary, wide_charset

_HEAD = 16 * 1024
_ZSTD_BLOCK = 128 * 1024
"""Nothing of a block can be had before all of it is there (RFC 8878, 3.1.1.2)."""

# First bytes of what is often found among articles and is none.
_KINDS = (
    (b"%PDF-", "a PDF: extract its text first"),
    (b"PK\x03\x04", "a zip archive or office document: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an office document: extract its text first"),
    (b"{\\rtf", "an RTF document: save it as text first"),
    (b"BZh", "compressed with bzip2: gzip and zstd are read, unpack it first"),
    (b"\xfd7zXZ\x00", "compressed with xz: gzip and zstd are read, unpack it first"),
    (b"\x04\x22\x4d\x18", "compressed with lz4: gzip and zstd are read, unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3\x00", "a database: export it as JSONL or Parquet"),
    (b"ARROW1", "an Arrow file: write it as Parquet"),
    (b"ORC", "an ORC file: write it as Parquet"),
)
_XML = re.compile(rb"\s*<\?xml\b")
_FEED = re.compile(rb"<(rss|feed|rdf:RDF|urlset|sitemapindex|nitf|newsml|newsItem|NewsML)\b", re.IGNORECASE)


def sniff(file: SourceFile, names: frozenset[str] = frozenset()) -> tuple[Format, Compression | None]:
    """Format and compression of a file, whatever it says of them. names: field names that the user's `map` speaks of.

    Raises ItemError for a file that is none of ours: empty, binary, unreadable, vanished, not-a-file, truncated,
    corrupt, parquet, xml.
    """
    with open_source(file, block=_HEAD + _ZSTD_BLOCK) as raw:
        try:
            head = raw.read(_HEAD)
            if compression_of(head) == "zstd":
                head += raw.read(_ZSTD_BLOCK)
        except OSError as error:
            raise unreadable(error) from None
    if not head:
        raise ItemError("read", "empty", "the file is empty")
    compression = compression_of(head)
    if compression:
        head = unpacked(head, compression)
    return format_of(head, file.path.rpartition("/")[2], names), compression


def unpacked(head: bytes, compression: Compression) -> bytes:
    """The first decompressed bytes of a compressed file's first bytes. Raises ItemError if there are none."""
    found = b""
    reason: Exception | str = "it holds nothing"
    try:
        if compression == "gzip":
            while head and not found:
                member = zlib.decompressobj(wbits=31)
                found = member.decompress(head, _HEAD)
                head = member.unused_data
                if not member.eof:
                    reason = "it breaks off"
                    break
        else:
            frame = zstandard.ZstdDecompressor().decompressobj()
            while head and len(found) < _HEAD:
                found += frame.decompress(head[:1024])
                head = head[1024:]
                if frame.eof:
                    head = frame.unused_data + head
                    frame = zstandard.ZstdDecompressor().decompressobj()
                    reason = "it holds nothing"
                else:
                    reason = "it breaks off"
    except (zlib.error, zstandard.ZstdError) as error:
        if not found:
            raise ItemError("read", "corrupt", f"the {compression} data is damaged ({error}): fetch it again") from None
    if not found:
        error_name = "empty" if reason == "it holds nothing" else "truncated"
        raise ItemError("read", error_name, f"the {compression} file is no use, {reason}: fetch it again")
    return found[:_HEAD]


def format_of(head: bytes, name: str, names: frozenset[str] = frozenset()) -> Format:
    """The format of a source that begins so. name: of the file. Raises ItemError: binary, parquet, xml."""
    _, named, _ = endings(name)
    if head.startswith(parquet.MAGIC):
        return "parquet"
    if warc.looks_like(head) or (named == "warc" and (warc.has_record(head) or is_binary(head))):
        return "warc"
    for magic, what in _KINDS:
        if head.startswith(magic) and (magic not in (b"ORC", b"BZh", b"GIF8") or is_binary(head)):
            raise ItemError("read", "binary", f"this is {what}")
    if head[257:262] == b"ustar":
        raise ItemError("read", "binary", "this is a tar archive: unpack it first")
    head = _as_utf8(head)
    if is_binary(head) and named == "parquet":
        raise ItemError("read", "parquet", "named .parquet and not a Parquet file: it does not begin with PAR1")
    if is_binary(head):
        raise ItemError(
            "read", "binary", "not text, HTML, JSON, CSV, Parquet or WARC: give the text or the page itself"
        )
    return _of_text(head, named, names)


def _of_text(head: bytes, named: str | None, names: frozenset[str]) -> Format:
    if html.looks_like(head):
        return "html"
    if _XML.match(head) and _FEED.search(head):
        raise ItemError("read", "xml", "a feed, sitemap or XML document: give the pages that it points to")
    if jsonl.looks_like(head) and (named in ("jsonl", "csv", None, "html") or jsonl.begins_well(head)):
        return "jsonl"
    if named == "jsonl":
        return "jsonl"
    if named == "csv" or (named in (None, "text", "html") and csv.looks_like(head, names)):
        return "csv"
    return "html" if named == "html" else "text"


def _as_utf8(head: bytes) -> bytes:
    """For recognition only: UTF-16 and UTF-32 as UTF-8, and no byte-order mark."""
    if head.startswith(codecs.BOM_UTF8):
        return head[3:]
    wide = wide_charset(head)
    return head.decode(wide, "replace").encode("utf-8", "replace") if wide else head
