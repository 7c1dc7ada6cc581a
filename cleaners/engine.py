"""Find the lines that rules may touch over a whole batch at once, then ask which rules, then where.

Three steps, each in linear time (RE2): automata of what rules are looked up by run over the bytes of the batch and
stop only at candidate lines, so lines that nothing touches cost no Python object; a set automaton tells which rules
a candidate is one for; those rules alone then give their span, and are compiled when first asked. Everything here
counts in bytes of UTF-8: the binding's str interface would count code points anew at every match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import re2

from cleaners.rules import Rule, options

# A rule that matches a line this often is no longer read further: keeps hostile lines linear.
MATCHES_PER_LINE = 64
# Memory for an automaton of many rules, in bytes; those of one rule need little.
SHARED_MEMORY = 64 << 20

_NAMED_GROUP = re.compile(r"\(\?P<\w+>")


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule's answer. start, end: bytes of the part it matched; line_start, line_end: its line, no line break.

    values: what the named groups of the pattern matched, in order of position.
    """

    rule: Rule
    start: int
    end: int
    line_start: int
    line_end: int
    values: tuple[tuple[str, str], ...] = field(default=())


class Engine:
    """The compiled form of some rules. Building one takes a tenth of a second: keep it."""

    def __init__(self, known: Sequence[Rule]) -> None:
        self.rules = tuple(sorted(known, key=lambda rule: rule.id))
        takers = [rule for rule in self.rules if rule.action != "keep"]
        # Apart, because what was seen within a line would multiply the states of the patterns tied to its start.
        tied = [[rule for rule in takers if rule.tied is alone] for alone in (True, False)]
        self._finders = [_finder(part) for part in tied if part]
        self._takers = _Matcher(takers)
        self._vetoes = _Matcher([rule for rule in self.rules if rule.action == "keep"])

    def hits(self, data: bytes) -> Iterator[Hit]:
        """What rules match in the lines of `data` (UTF-8), line by line in order of position; no vetoes."""
        lines = {line for finder in self._finders for line in _lines(finder, data)}
        for start, end in sorted(lines):
            yield from self._takers.hits(data, start, end)

    def vetoes(self, data: bytes, start: int, end: int) -> Iterator[Hit]:
        """The `keep` rules that match the line data[start:end]."""
        return self._vetoes.hits(data, start, end)


class _Matcher:
    """Which of some rules match a line, and where."""

    def __init__(self, known: Sequence[Rule]) -> None:
        self._rules = known
        self._patterns: dict[int, _Pattern] = {}
        self._set = re2.Set.SearchSet(options(SHARED_MEMORY))
        for rule in known:
            self._set.Add(_uncaptured(rule.lookup))
        self._set.Compile()

    def hits(self, data: bytes, start: int, end: int) -> Iterator[Hit]:
        line = data[start:end]
        length = end - start
        for number in self._set.Match(line) or ():
            rule = self._rules[number]
            if (pattern := self._patterns.get(number)) is None:
                pattern = self._patterns.setdefault(number, _Pattern(rule))
            if length > rule.max_length and len(line.decode("utf-8", "surrogatepass")) > rule.max_length:
                continue
            for count, match in enumerate(pattern.compiled.finditer(line)):
                a, b = match.span()
                if a == b or count >= MATCHES_PER_LINE:
                    break
                values = tuple(
                    (name, value.decode("utf-8", "replace"))
                    for index, name in pattern.groups
                    if (value := match.group(index))
                )
                yield Hit(rule, start + a, start + b, start, end, values)


class _Pattern:
    """A rule's pattern, compiled, and the numbers of its named groups."""

    __slots__ = ("compiled", "groups")

    def __init__(self, rule: Rule) -> None:
        self.compiled = re2.compile(rule.anchored, options())
        self.groups = sorted((index, name) for name, index in self.compiled.groupindex.items())


def _lines(finder: re2._Regexp, data: bytes) -> Iterator[tuple[int, int]]:
    """The lines of `data` in which `finder` matches: where they start and end."""
    position, size = 0, len(data)
    while position <= size and (match := finder.search(data, position)):
        found = match.start()
        start = data.rfind(b"\n", position, found) + 1 or position
        end = data.find(b"\n", found)
        end = size if end < 0 else end
        yield start, end
        position = end + 1


def _finder(known: Sequence[Rule]) -> re2._Regexp:
    chosen = options(SHARED_MEMORY)
    chosen.never_capture = True
    return re2.compile("|".join(_uncaptured(rule.lookup) for rule in known), chosen)


def _uncaptured(pattern: str) -> str:
    return _NAMED_GROUP.sub("(?:", pattern)
