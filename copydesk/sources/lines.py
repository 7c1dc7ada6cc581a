"""A source's bytes cut into lines, or into JSON values, none of them longer in memory than a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO, NamedTuple

import numpy as np

from copydesk.model import LineSpan


class Piece(NamedTuple):
    """offset, size: bytes in the source. data: the piece, or only its beginning if it is not whole."""

    offset: int
    size: int
    data: bytes
    whole: bool


def lines(chunks: Iterator[bytes], limit: int, keep: int, skip_empty: bool = False) -> Iterator[Piece]:
    """The lines of a source without their line breaks (LF or CRLF).

    limit: bytes of the longest line that is kept whole; of a longer one the first `keep` bytes are kept.
    skip_empty: pass over empty lines, at a fraction of the cost.
    """
    offset = 0
    line = _Growing(limit, keep)
    for chunk in chunks:
        parts = chunk.split(b"\n")
        last = parts.pop()
        for part in parts:
            if skip_empty and not part and not line.size:
                offset += 1
                continue
            if line.size:
                line.add(part)
                piece = line.finish(offset)
                line = _Growing(limit, keep)
                length = piece.size
            else:
                length = len(part)
                whole = length <= limit
                piece = Piece(offset, length, part if whole else part[:keep], whole)
            yield _less_return(piece)
            offset += length + 1
        if last:
            line.add(last)
    if line.size:
        yield _less_return(line.finish(offset))


def _less_return(piece: Piece) -> Piece:
    if piece.whole and piece.data.endswith(b"\r"):
        return Piece(piece.offset, piece.size - 1, piece.data[:-1], True)
    return piece


class _Growing:
    """A piece that comes in parts."""

    __slots__ = ("keep", "limit", "parts", "size", "whole")

    def __init__(self, limit: int, keep: int) -> None:
        self.limit, self.keep = limit, keep
        self.size = 0
        self.whole = True
        self.parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        self.size += len(part)
        if self.whole:
            self.parts.append(part)
            if self.size > self.limit:
                self.whole = False
                self.parts = [b"".join(self.parts)[: self.keep]]
        elif len(self.parts[0]) < self.keep:
            self.parts = [(self.parts[0] + part)[: self.keep]]

    def finish(self, offset: int) -> Piece:
        return Piece(offset, self.size, b"".join(self.parts), self.whole)


_AT_ONCE = 1 << 18  # bytes: what a processor keeps near


def spans(file: BinaryIO, size: int, count: int) -> list[LineSpan]:
    """A file of lines cut into about `count` spans of about the same length. size: of it, in bytes.

    The items before a span are counted, at some gigabytes a second, so that a span can be read without those before it.
    """
    cuts = [0, *(_line_start(file, max(1, size * n // count), size) for n in range(1, count)), size]
    found: list[LineSpan] = []
    before = 0
    for start, stop in pairwise(dict.fromkeys(cuts)):
        found.append(LineSpan(start, stop, before))
        before += _items(file, start, stop)
    return found


def _line_start(file: BinaryIO, place: int, size: int) -> int:
    """Where the first line begins that begins at `place` or behind it."""
    file.seek(place - 1)
    while place - 1 < size and (data := file.read(_AT_ONCE)):
        if (end := data.find(b"\n")) >= 0:
            return place + end
        place += len(data)
    return size


def _items(file: BinaryIO, start: int, stop: int) -> int:
    """How many lines between two line breaks, or the ends of the file, are not blank."""
    file.seek(start)
    count = 0
    rest = b""  # of a line that goes on in the next piece
    while start < stop and (data := file.read(min(_AT_ONCE, stop - start))):
        start += len(data)
        data = rest + data
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED)
        begins = np.append(0, ends[:-1] + 1)[: len(ends)]
        # Lines that begin with a blank may be nothing else.
        doubtful = np.flatnonzero(np.frombuffer(data, np.uint8)[begins] <= _SPACE)
        blank = sum(not data[begins[n] : ends[n]].strip() for n in doubtful.tolist())
        count += len(ends) - blank
        rest = data[ends[-1] + 1 :] if len(ends) else data
    return count + bool(rest.strip())


_LINE_FEED, _SPACE = 10, 32


_START = re.compile(rb"[^\s,\x1e]")  # RS (0x1e) opens a value in RFC 7464
_STRUCTURE = re.compile(rb'["{}\[\]]')
_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SCALAR_END = re.compile(rb"[\s,\]}\[{]")


def values(chunks: Iterator[bytes], limit: int, keep: int) -> Iterator[Piece]:
    """The JSON values of a source: the elements of one array, or values one after the other, on any number of lines.

    Finds where values begin and end and leaves it to a parser whether they are right. limit, keep: as in lines().
    The last piece may be a value that breaks off.
    """
    scanner = _Values(limit, keep)
    for chunk in chunks:
        yield from scanner.feed(chunk)
    if scanner.kind:
        yield scanner.value.finish(scanner.start)


class _Values:
    """kind: of the value being read: b'{' for an object or array, b'"' for a string, b'0' for anything else."""

    def __init__(self, limit: int, keep: int) -> None:
        self.limit, self.keep = limit, keep
        self.offset = 0  # of the chunk
        self.start = 0  # of the value
        self.value = _Growing(limit, keep)
        self.kind = b""
        self.depth = 0
        self.in_string = False
        self.escaped = False  # the chunk ended after a backslash
        self.fresh = True  # nothing met yet: a bracket now opens the array that holds the values

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        at = 0
        while at < len(chunk):
            if not self.kind:
                found = _START.search(chunk, at)
                if not found:
                    break
                at = found.start()
                byte = found.group()
                if self.fresh and byte == b"[":
                    self.fresh = False
                    at += 1
                    continue
                if byte == b"]":  # of the array that holds the values, or a stray one
                    at += 1
                    continue
                self.fresh = False
                self._begin(byte, self.offset + at)
            end = self._end(chunk, at)
            self.value.add(chunk[at : len(chunk) if end < 0 else end])
            if end < 0:
                break
            yield self.value.finish(self.start)
            self.value = _Growing(self.limit, self.keep)
            self.kind = b""
            at = end
        self.offset += len(chunk)

    def _begin(self, byte: bytes, start: int) -> None:
        self.start = start
        self.depth = 0
        self.in_string = False
        self.kind = b"{" if byte in b"{[" else b'"' if byte == b'"' else b"0"

    def _end(self, chunk: bytes, at: int) -> int:
        """Where the value ends in the chunk, -1 if after it."""
        if self.kind == b"0":
            # The first byte is the value's, whatever it is: else a stray brace would never be passed.
            found = _SCALAR_END.search(chunk, at if self.value.size else at + 1)
            return found.start() if found else -1
        if self.escaped:
            self.escaped = False
            at += 1
        while at < len(chunk):
            if self.in_string:
                at = self._string_end(chunk, at)
                if at < 0:
                    return -1
                if self.kind == b'"':
                    return at
                continue
            found = _STRUCTURE.search(chunk, at)
            if not found:
                return -1
            at = found.end()
            byte = found.group()
            if byte == b'"':
                self.in_string = True
            else:
                self.depth += 1 if byte in b"{[" else -1
                if self.depth <= 0:
                    return at
        return -1

    def _string_end(self, chunk: bytes, at: int) -> int:
        found = _STRING.match(chunk, at)
        assert found
        end = found.end()
        if end >= len(chunk):
            return -1
        if chunk[end : end + 1] == b"\\":
            self.escaped = True
            return -1
        self.in_string = False
        return end + 1
