"""Content codings of web pages (gzip, deflate, brotli, zstd), unpacked no further than a limit.

FastWARC unpacks them without a bound. So what is too large is found here first, a piece at a time.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator

import brotli
import zstandard

_PIECE = 1 << 20
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_MOST_DEFLATED = 1032
"""Bytes that one byte of deflate can stand for (https://zlib.net/zlib_tech.html, "Maximum Compression Factor")."""

_DAMAGED = (zlib.error, brotli.error, zstandard.ZstdError)


def unpacks_beyond(packed: bytes, codings: str, limit: int) -> bool:
    """Whether `packed` unpacks to more than `limit` bytes, at any step. codings: the header Content-Encoding.

    False too for what is damaged, or of codings that nobody here knows: nothing unpacks that.
    """
    for coding in reversed([name.strip().lower() for name in codings.split(",")]):
        pieces = _PIECES.get(coding)
        if pieces is None:
            return False
        unpacked: list[bytes] = []
        size = 0
        try:
            for piece in pieces(packed):
                unpacked.append(piece)
                size += len(piece)
                if size > limit:
                    return True
        except _DAMAGED:
            return False
        packed = b"".join(unpacked)
    return False


def is_harmless(packed: bytes, codings: str, limit: int) -> bool:
    """Whether it is too short to unpack to more than `limit`, at a glance."""
    return codings.strip().lower() in ("gzip", "deflate") and len(packed) * _MOST_DEFLATED <= limit


def _deflated(packed: bytes) -> Iterator[bytes]:
    """Of gzip all members."""
    while packed:
        member = zlib.decompressobj(_GZIP_OR_ZLIB)
        while packed and not member.eof:
            yield member.decompress(packed, _PIECE)
            packed = member.unconsumed_tail
        packed = member.unused_data if member.eof else b""


def _brotli(packed: bytes) -> Iterator[bytes]:
    unpacking = brotli.Decompressor()
    yield unpacking.process(packed, output_buffer_limit=_PIECE)
    while not unpacking.can_accept_more_data():
        yield unpacking.process(b"", output_buffer_limit=_PIECE)


def _zstd(packed: bytes) -> Iterator[bytes]:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed), read_across_frames=True) as unpacking:
        while piece := unpacking.read(_PIECE):
            yield piece


_PIECES: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _deflated,
    "deflate": _deflated,
    "br": _brotli,
    "zstd": _zstd,
    "identity": lambda packed: iter([packed]),
}
