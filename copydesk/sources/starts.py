"""Where the blocks of a gzip file's items begin, so that the parts of it need not each unpack all that is before them.

Whoever reads a part first goes through the whole file, as it must to number the items, and leaves a note of where the
blocks begin; parts that are read later, by any process of the run, begin where their blocks do. That works where a
block begins with a member of its own, as in WARC files, whose records are members each.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import orjson

from copydesk.sources.base import BLOCK_ITEMS, Reading


@dataclass(frozen=True, slots=True)
class Start:
    """offset: of the unpacked bytes. member: where the member that begins there lies in the file."""

    offset: int = 0
    member: int = 0


def own(reading: Reading) -> list[tuple[int, Start]] | None:
    """The blocks of this part, as the number of the first item and where it is; None if it is not known of all."""
    note = _note(reading)
    if note is None or reading.parts == 1:
        return None
    try:
        blocks = orjson.loads(note.read_bytes())
    except (OSError, ValueError):
        return None
    found = [(place * BLOCK_ITEMS, blocks[place]) for place in range(reading.part, len(blocks), reading.parts)]
    return [(number, Start(*start)) for number, start in found if start] if all(start for _, start in found) else None


class Learning:
    """Takes down where blocks begin while a file is gone through."""

    def __init__(self, reading: Reading) -> None:
        self._note = _note(reading)
        self._members: deque[Start] = deque()
        self._blocks: list[Start | None] = []

    def member(self, offset: int, member: int) -> None:
        """A member begins there, see Start."""
        self._members.append(Start(offset, member))

    def item(self, number: int, offset: int) -> None:
        """An item, numbered from 0, begins there in the unpacked bytes."""
        while self._members and self._members[0].offset < offset:
            self._members.popleft()
        if number % BLOCK_ITEMS == 0:
            start = self._members[0] if self._members else None
            self._blocks.append(start if start and start.offset == offset else None)

    def done(self) -> None:
        """The file has been read to its end, without a fault."""
        if self._note is None:
            return
        with suppress(OSError):  # on a full disk the others go through the whole file as well
            new = self._note.with_suffix(f".{os.getpid()}")
            new.write_bytes(orjson.dumps([start and astuple(start) for start in self._blocks]))
            new.replace(self._note)


def _note(reading: Reading) -> Path | None:
    """Where it is noted for the file, as it is now."""
    if reading.notes is None:
        return None
    file = reading.file
    name = repr((file.path, file.compression, file.size, file.mtime_ns, file.etag)).encode("utf-8", "surrogateescape")
    return reading.notes / f"{hashlib.sha256(name).hexdigest()[:32]}.starts"
