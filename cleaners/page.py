"""One text as lines that are looked at only when asked for: no object per line.

All offsets are bytes of UTF-8 and a line is told by where it starts.
"""

from __future__ import annotations

from collections.abc import Iterator

# What does not count as content at the ends of a line; a line of these alone is blank.
SPACE = b" \t\r\x0b\x0c"
_STRIP = " \t\r\x0b\x0c\u00a0\u2009\u200b\u202f\ufeff"


class Page:
    """A text, and its lines by offset."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def end(self, start: int) -> int:
        """Where the line that starts at `start` ends, before its line break."""
        found = self.data.find(b"\n", start)
        return len(self.data) if found < 0 else found

    def line(self, start: int) -> str:
        """The line that starts at `start`, without space around it."""
        return self.data[start : self.end(start)].decode("utf-8", "surrogatepass").strip(_STRIP)

    def blank(self, start: int) -> bool:
        """Whether the line has no content."""
        return self._empty(start, self.end(start))

    def _empty(self, start: int, end: int) -> bool:
        if start == end:
            return True
        if end - start > 64 or b" " < self.data[start : start + 1] < b"\x7f":
            return False
        content = self.data[start:end].strip(SPACE)
        return not content or not content.decode("utf-8", "surrogatepass").strip(_STRIP)

    def below(self, start: int) -> int | None:
        """Start of the next line, blank or not; None after the last."""
        end = self.end(start)
        return end + 1 if end < len(self.data) else None

    def above(self, start: int) -> int | None:
        """Start of the line before, blank or not; None before the first."""
        return None if start == 0 else self.data.rfind(b"\n", 0, start - 1) + 1

    def next(self, start: int) -> int | None:
        """Start of the next line with content."""
        data, size = self.data, len(self.data)
        end = data.find(b"\n", start)
        while end >= 0:
            start = end + 1
            end = data.find(b"\n", start)
            if not self._empty(start, size if end < 0 else end):
                return start
        return None

    def previous(self, start: int) -> int | None:
        """Start of the line before that has content."""
        data = self.data
        while start > 0:
            end = start - 1
            start = data.rfind(b"\n", 0, end) + 1
            if not self._empty(start, end):
                return start
        return None

    def first(self) -> int | None:
        """Start of the first line with content."""
        return self.next(0) if self.blank(0) else 0

    def last(self) -> int | None:
        """Start of the last line with content."""
        line = self.data.rfind(b"\n") + 1
        return self.previous(line) if self.blank(line) else line

    def down(self, start: int | None) -> Iterator[int]:
        """Starts of the lines with content from `start` to the end of the text."""
        while start is not None:
            yield start
            start = self.next(start)

    def up(self, start: int | None) -> Iterator[int]:
        """Starts of the lines with content from `start` to the beginning of the text."""
        while start is not None:
            yield start
            start = self.previous(start)

    def reach(self, start: int) -> int:
        """End of the line's removal: past its line break and the blank lines after it."""
        following = self.next(start)
        return len(self.data) if following is None else following
