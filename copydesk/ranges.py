"""An object of a bucket as a stream that can be read from any place, some MiB a request."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from copydesk import objects
from copydesk.errors import ItemError
from copydesk.model import SourceFile
from copydesk.settings import MIB

BLOCK = 4 * MIB
"""Bytes a request. Not one request for all of an object: it would have to stay open for as long as it takes to ingest
what it holds, and servers do not wait for that."""

AHEAD = 16
"""Objects that are asked for before it is their turn: of small ones, waiting would be most of the time."""

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
        coming = _coming.pop((self._bucket.url, self._key, self._etag, end), None) if number == 0 else None
        try:
            data = coming.result() if coming else self._bucket.get_range(self._key, start, end, self._etag)
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


_Beginning = tuple[str, str, str | None, int]
_coming: dict[_Beginning, Future[bytes]] = {}
"""Beginnings of objects that are on their way: (bucket, key, etag, bytes)."""


def read_ahead(files: Sequence[SourceFile]) -> Iterator[SourceFile]:
    """The files in order; meanwhile the beginnings of the next ones, if they are objects, are asked for."""
    if len(files) < 2 or all(file.etag is None for file in files):
        yield from files
        return
    ahead = iter(files)
    asked: list[_Beginning | None] = []
    with ThreadPoolExecutor(AHEAD) as pool:
        try:
            for file in files:
                asked += [_ask(soon, pool) for soon in islice(ahead, 1 if asked else AHEAD)]
                yield file
                _forget(asked.pop(0))  # whoever was to read it has read it, or does not want it
        finally:
            for beginning in asked:
                _forget(beginning)


def _forget(beginning: _Beginning | None) -> None:
    if beginning:
        _coming.pop(beginning, None)


def _ask(file: SourceFile, pool: ThreadPoolExecutor) -> _Beginning | None:
    if file.etag is None or not file.size:
        return None
    bucket, key, end = objects.bucket(file.path), objects.split(file.path)[1], min(BLOCK, file.size)
    beginning = bucket.url, key, file.etag, end
    _coming[beginning] = pool.submit(bucket.get_range, key, 0, end, file.etag)
    return beginning
