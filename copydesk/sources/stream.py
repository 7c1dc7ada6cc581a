"""Files as chunks of decompressed bytes, in bounded memory."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO, cast

import zstandard
from isal import isal_zlib

from copydesk import objects
from copydesk.errors import ItemError
from copydesk.model import Compression, SourceFile

CHUNK = 256 * 1024

_ZSTD_PIECE = 1024
"""Compressed bytes given to zstd at a time. 4 bytes can stand for a block of 128 KiB (RFC 8878, 3.1.1.2), so this
bounds what comes back at 32 MiB however hostile the frame; real text comes back as some KiB."""

_GZIP_PIECE = 64 * 1024
"""Compressed bytes given to gzip at a time; CHUNK bounds what comes back."""
_DAMAGED = cast(type[Exception], isal_zlib.error)
_GZIP_MEMBER = 31  # a window of 32 KiB, and gzip's header and checksum

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = frozenset(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))


def compression_of(head: bytes) -> Compression | None:
    """Which compression a file's first bytes tell of."""
    if head[:2] == GZIP_MAGIC:
        return "gzip"
    if head[:4] == ZSTD_MAGIC or head[:4] in _ZSTD_SKIPPABLE:
        return "zstd"
    return None


def open_source(file: SourceFile, block: int | None = None) -> BinaryIO:
    """Open a file or object for reading; where it is read, not only here, an object may raise ItemError.

    block: bytes that one request for an object asks for. Raises ItemError: vanished, unreadable, not-a-file.
    """
    if not objects.is_url(file.path):
        return open_regular(file.path)
    from copydesk.ranges import BLOCK, Ranges

    return cast(BinaryIO, Ranges(file.path, file.size, file.etag, block or BLOCK))


def open_regular(path: str) -> BinaryIO:
    """Open a regular file for reading. Raises ItemError: vanished, unreadable, not-a-file.

    Never waits: a FIFO put in a file's place would block a plain open for ever.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise ItemError("read", "vanished", "the file was there when the run began and is gone: run again") from None
    except (OSError, ValueError) as error:
        raise unreadable(error) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ItemError("read", "not-a-file", "a device, pipe or socket is not an input: give a file, or - for a pipe")
    return os.fdopen(descriptor, "rb", buffering=0)


def unreadable(error: Exception) -> ItemError:
    """The ItemError for an error of the operating system."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ItemError("read", "unreadable", f"cannot be read ({reason}): check its permissions and its disk")


def chunks(file: SourceFile, start: int = 0, begins: Callable[[int, int], None] | None = None) -> Iterator[bytes]:
    """The decompressed bytes of a file in order, none of the chunks empty.

    start: of a gzip file, the member to begin with. begins: is told of each member how many bytes there were before
    it, unpacked from `start` on, and where it lies in the file.
    Raises ItemError: truncated, corrupt, vanished, unreadable, after the chunks before the break.
    """
    with open_source(file) as raw:
        if file.compression == "gzip":
            raw.seek(start)
            yield from _gunzip(raw, start, begins)
        elif file.compression == "zstd":
            yield from _unzstd(raw)
        else:
            while data := _read(raw, CHUNK):
                yield data


def span_chunks(file: SourceFile, start: int, stop: int) -> Iterator[bytes]:
    """The bytes of a plain file from one place to another, none of the chunks empty. Raises ItemError, as `chunks`."""
    with open_source(file) as raw:
        raw.seek(start)
        while start < stop and (data := _read(raw, min(CHUNK, stop - start))):
            start += len(data)
            yield data


def _read(raw: BinaryIO, size: int) -> bytes:
    try:
        return raw.read(size)
    except OSError as error:
        raise unreadable(error) from None


def _gunzip(raw: BinaryIO, read: int, begins: Callable[[int, int], None] | None) -> Iterator[bytes]:
    # Not GzipFile: it would lose what lies before a break.
    member, unpacked = None, 0
    while piece := _read(raw, _GZIP_PIECE):
        read += len(piece)
        if member is None:
            piece = piece.lstrip(b"\0")  # zeros may fill up a tape
        while piece:
            if member is None:
                member = isal_zlib.decompressobj(wbits=_GZIP_MEMBER)
                if begins:
                    begins(unpacked, read - len(piece))
            try:
                data = member.decompress(piece, CHUNK)
            except _DAMAGED as error:
                raise _corrupt("gzip", error) from None
            if data:
                unpacked += len(data)
                yield data
            piece = member.unconsumed_tail
            if member.eof:
                piece, member = member.unused_data.lstrip(b"\0"), None
    if member:
        raise _truncated("gzip")


def _unzstd(raw: BinaryIO) -> Iterator[bytes]:
    # Not stream_reader: it takes a cut frame for a whole one.
    context = zstandard.ZstdDecompressor()
    frame = context.decompressobj()
    begun = False
    found: list[bytes] = []
    size = 0
    while piece := _read(raw, CHUNK):
        at = 0
        while at < len(piece):
            part = piece[at : at + _ZSTD_PIECE]
            try:
                data = frame.decompress(part)
            except zstandard.ZstdError as error:
                if found:
                    yield b"".join(found)
                raise _corrupt("zstd", error) from None
            at += len(part)
            begun = True
            if data:
                found.append(data)
                size += len(data)
                if size >= CHUNK:
                    yield b"".join(found)
                    found, size = [], 0
            if frame.eof:
                at -= len(frame.unused_data)
                frame, begun = context.decompressobj(), False
    if found:
        yield b"".join(found)
    if begun:
        raise _truncated("zstd")


def _truncated(kind: str) -> ItemError:
    return ItemError(
        "read", "truncated", f"the {kind} data breaks off: fetch the file again; what came before was read"
    )


def _corrupt(kind: str, error: Exception) -> ItemError:
    return ItemError("read", "corrupt", f"the {kind} data is damaged ({error}): fetch the file again")


def as_utf8(data: Iterator[bytes]) -> tuple[Iterator[bytes], bool]:
    """Chunks of UTF-8, without its byte-order mark, of a source that may be UTF-16 by its mark; and whether it was.

    For formats whose syntax is ASCII (JSON, CSV). What is neither passes as it is.
    """
    head = next(data, b"")
    while 0 < len(head) < 4 and (more := next(data, b"")):
        head += more
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _from_utf16(chain([head], data)), True
    return chain([head], data) if head else iter(()), False


def _from_utf16(data: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for chunk in data:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()
