"""Patterns as RE2 runs them over bytes of UTF-8: in which lines they match, and what."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence

import re2

from cleaners.rules import CLASS, options

# A rule that matches a line this often is no longer read further: keeps hostile lines linear.
MATCHES_PER_LINE = 64
# Memory that an automaton which runs over a batch may take, in bytes: with 8 MB some are built over and over.
SHARED_MEMORY = 64 << 20

_NAMED_GROUP = re.compile(r"\(\?P?<\w+>")
_GROUP = re.compile(rf"\\.|{CLASS}|\((?!\?)|\(\?P?<(\w+)>")
# The bytes of most lines that is_latin tells of, and a few others.
_LATIN_BYTES = bytes([*range(0xC0), 0xC2, 0xC3, 0xE2])
# Names of characters, with those of such lines that they name, and capitals of three that have theirs elsewhere; where
# they stand, in a class or alone; what is not read.
_LATIN = {
    r"\p{Lu}": r"A-ZÀ-ÖØ-Þ\x{178}\x{39c}\x{1e9e}",
    r"\p{Ll}": "a-zµß-öø-ÿ",
    r"\p{L}": "A-Za-zªµºÀ-ÖØ-öø-ÿ",
    r"\p{N}": "0-9²³¹¼-¾",
}
_NAMED = re.compile(r"\\p\{\w+\}|\\.", re.DOTALL)
_CLASS_OR_NAMED = re.compile(r"\[(?:\\.|[^\]\\])+\]|\\p\{\w+\}|\\.", re.DOTALL)
_UNREAD = re.compile(r"\[\^?\]|\[[^\]]*\[:|\\[QP]|\\p[^{]")
_ANYWHERE, _HERE = re2._Anchor.UNANCHORED, re2._Anchor.ANCHOR_START

Spans = Sequence[tuple[int, int]]
"""Where a pattern matches, and each of its groups: (-1, -1) for one that has no part in it."""
Values = tuple[tuple[str, str], ...]
Matches = tuple[tuple[int, int, Values], ...]
"""What a rule matches in a line: start and end in bytes, and what the named groups of the pattern matched."""


class Regexp:
    """A compiled pattern. Raises re2.error if it is none."""

    __slots__ = ("_match",)

    def __init__(self, pattern: str, chosen: re2.Options) -> None:
        # What the binding calls RE2 with: its own `search` takes four times as long to tell the same, in objects.
        self._match = re2.compile(pattern, chosen)._regexp.Match

    def search(self, data: bytes, position: int = 0) -> Spans | None:
        """The first match from `position` on, if there is one."""
        spans: Spans = self._match(_ANYWHERE, data, position, len(data))
        return spans if spans[0][0] >= 0 else None

    def match(self, data: bytes, position: int) -> Spans | None:
        """The match at `position`, if there is one: what may match anywhere RE2 compiles a second time, to be read
        backwards."""
        spans: Spans = self._match(_HERE, data, position, len(data))
        return spans if spans[0][0] >= 0 else None


class Pattern:
    """A pattern, compiled once it is asked, and the numbers of its named groups.

    from_start: whether it can match at the start of a line only.
    """

    def __init__(self, pattern: str, from_start: bool = False) -> None:
        self._pattern, self._from_start = pattern, from_start

    @functools.cached_property
    def compiled(self) -> Regexp:
        """The pattern, compiled. Raises re2.error if it is none."""
        return Regexp(self._pattern, options())

    @functools.cached_property
    def _compiled_for_latin(self) -> Regexp:
        own = in_latin(self._pattern)
        return self.compiled if own == self._pattern else Regexp(own, options())

    @functools.cached_property
    def _groups(self) -> list[tuple[int, str]]:
        # RE2 tells the number of the first group of a name only, and each way to match may have one.
        opened = [token for token in _GROUP.finditer(self._pattern) if token[0].startswith("(")]
        return [(index, token[1]) for index, token in enumerate(opened, 1) if token[1]]

    def matches(self, line: bytes) -> Matches:
        """What it matches in a line."""
        found: list[tuple[int, int, Values]] = []
        position = 0
        regexp = self._compiled_for_latin if is_latin(line) else self.compiled
        ask = regexp.match if self._from_start else regexp.search
        while len(found) < MATCHES_PER_LINE and (spans := ask(line, position)):
            start, position = spans[0]
            if start == position:
                break
            found.append((start, position, self._values(line, spans)))
            if position == len(line):
                break
        return tuple(found)

    def _values(self, line: bytes, spans: Spans) -> Values:
        return tuple(
            (name, line[spans[index][0] : spans[index][1]].decode("utf-8", "replace"))
            for index, name in self._groups
            if spans[index][0] < spans[index][1]
        )


def lines(found: Regexp, data: bytes) -> Iterator[tuple[int, int]]:
    """The lines of `data` in which a pattern matches: where they start and end."""
    position, size = 0, len(data)
    while position <= size and (spans := found.search(data, position)):
        first = spans[0][0]
        start = data.rfind(b"\n", position, first) + 1 or position
        end = data.find(b"\n", first)
        end = size if end < 0 else end
        yield start, end
        position = end + 1


# Engines of several languages have many rules in common, and compiling one takes some milliseconds.
pattern = functools.lru_cache(maxsize=1 << 12)(Pattern)


@functools.lru_cache(maxsize=1 << 12)
def finder(patterns: tuple[str, ...]) -> Regexp:
    """Finds where one of them may match; what their groups match it does not tell."""
    chosen = options(SHARED_MEMORY)
    chosen.never_capture = True
    return Regexp("|".join(map(uncaptured, patterns)), chosen)


def is_latin(line: bytes) -> bool:
    """Whether all characters of a line are below U+0100, or such as no name in _LATIN is of: marks, symbols, spaces."""
    if line.isascii() or (not line.translate(None, _LATIN_BYTES) and line.count(b"\xe2") == line.count(b"\xe2\x80")):
        return True
    characters = set(line.decode("utf-8", "replace"))
    return all(character < "\u0100" or unicodedata.category(character)[0] in "PSZ" for character in characters)


def in_latin(pattern: str) -> str:
    """A pattern that matches the same in such lines: if it names letters, RE2 compiles that in a tenth of the time."""
    return pattern if _UNREAD.search(pattern) else _CLASS_OR_NAMED.sub(_in_latin, pattern)


def _in_latin(token: re.Match[str]) -> str:
    own = token[0]
    if own.startswith("["):
        return _NAMED.sub(lambda name: _LATIN.get(name[0], name[0]), own)
    return f"[{_LATIN[own]}]" if own in _LATIN else own


def uncaptured(pattern: str) -> str:
    """A pattern without names of groups, which several together may not have twice."""
    return _NAMED_GROUP.sub("(?:", pattern)
