"""An object of a bucket as a stream that can be read from any place, some MiB a request."""

from __future__ import annotations

import io
from collections import OrderedDict

from copydesk import objects
from copydesk.errors import ItemError
from copydesk.settings import MIB

BLOCK = 4 * MIB
"""Bytes a request. Not one request for all of an object: it would have to stay open for as long as it takes to ingest
what it holds, and servers do not wait for that."""

_BLOCKS = 4  # that are kept: columns of a Parquet file are read in turn


class Ranges(io.RawIOBase):
    """The bytes of one version of an object. Raises ItemError (vanished, unreadable) from any method that reads.

    url: of the object. size, etag: as the listing told; who replaces the object meanwhile makes it unreadable.
    """

    def __init__(self, url: str, size: int, etag: str | None, block: int = BLOCK) -> None:
        self._bucket, self._key = objects.bucket(url), objects.split(url)[1]
        self._size, self._etag, self._block = size, etag, block
        self._at = 0
        self._held: OrderedDict[int, bytes] = OrderedDict()

    def move_to(self, url: str, about: objects.Object) -> None:
        """Read on from a copy of the object, in the same bucket."""
        self._key, self._etag = objects.split(url)[1], about.etag

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view) and self._at < self._size:
            number, start = divmod(self._at, self._block)
            piece = self._read(number)[start : start + len(view) - filled]
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._at += len(piece)
        return filled

    def _read(self, number: int) -> bytes:
        if number in self._held:
            self._held.move_to_end(number)
            return self._held[number]
        start = number * self._block
        end = min(start + self._block, self._size)
        try:
            data = self._bucket.get_range(self._key, start, end, self._etag)
        except (FileNotFoundError, objects.Conflict):
            message = "the object was there when the run began and is gone or replaced: run again"
            raise ItemError("read", "vanished", message) from None
        except OSError as error:
            raise ItemError("read", "unreadable", f"cannot be read ({error.strerror}): run again") from None
        if len(data) != end - start:
            raise ItemError("read", "unreadable", f"cannot be read ({len(data)} bytes of {end - start}): run again")
        self._held[number] = data
        if len(self._held) > _BLOCKS:
            self._held.popitem(last=False)
        return data
