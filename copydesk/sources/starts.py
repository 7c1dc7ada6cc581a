"""Where the blocks of a gzip file's items begin, so that the parts of it need not each unpack all that is before them.

The first part that a process reads goes through the whole file, as it must to number the items; the next ones that it
reads begin where their blocks do. That works where a block begins with a member of its own, as in WARC files, whose
records are members each.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from copydesk.sources.base import BLOCK_ITEMS, Reading

MOST_FILES = 64
"""Of which a process remembers the blocks."""

_File = tuple[str, str | None, int, int, str | None]


@dataclass(frozen=True, slots=True)
class Start:
    """offset: of the unpacked bytes. member: where the member that begins there lies in the file."""

    offset: int = 0
    member: int = 0


_known: dict[_File, list[Start | None]] = {}


def own(reading: Reading) -> list[tuple[int, Start]] | None:
    """The blocks of this part, as the number of the first item and where it is; None if it is not known of all."""
    blocks = _known.get(_name(reading))
    if blocks is None or reading.parts == 1:
        return None
    found = [(place * BLOCK_ITEMS, blocks[place]) for place in range(reading.part, len(blocks), reading.parts)]
    return [(number, start) for number, start in found if start is not None] if all(s for _, s in found) else None


class Learning:
    """Takes down where blocks begin while a file is gone through."""

    def __init__(self, reading: Reading) -> None:
        self._name = _name(reading)
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
        _known[self._name] = self._blocks
        if len(_known) > MOST_FILES:
            del _known[next(iter(_known))]


def _name(reading: Reading) -> _File:
    file = reading.file
    return file.path, file.compression, file.size, file.mtime_ns, file.etag
