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
from typing import Any

import re2

from cleaners.rules import Rule, options

# A rule that matches a line this often is no longer read further: keeps hostile lines linear.
MATCHES_PER_LINE = 64
# Memory for an automaton of many rules, in bytes; those of one rule need little.
SHARED_MEMORY = 64 << 20
# Rules of a group. Every group is one more pass over the text, larger ones cost more states than they save passes.
GROUP = 16

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
    """The compiled form of some rules, in groups. Building one takes a tenth of a second: keep it.

    One automaton of all rules would need as many states as the rules of its groups multiplied; apart they need the
    sum. So a language's rules are a group of their own, those tied to the start of a line are apart from the others,
    and a group is no larger than GROUP. Engines that share groups (English and German, English and Spanish) share
    what was compiled: pass them the same `shared`.
    """

    def __init__(self, known: Sequence[Rule], shared: dict[Any, Group] | None = None) -> None:
        self.rules = tuple(sorted(known, key=lambda rule: rule.id))
        groups: dict[Any, list[Rule]] = {}
        for rule in self.rules:
            groups.setdefault((rule.languages, rule.action == "keep", rule.tied), []).append(rule)
        shared = {} if shared is None else shared
        self._takers: list[Group] = []
        self._keepers: list[Group] = []
        for (_, keep, _), members in groups.items():
            for first in range(0, len(members), GROUP):
                part = tuple(members[first : first + GROUP])
                key = tuple(rule.id for rule in part)
                group = shared.get(key) or shared.setdefault(key, Group(part))
                (self._keepers if keep else self._takers).append(group)

    def hits(self, data: bytes) -> Iterator[Hit]:
        """What rules match in the lines of `data` (UTF-8), line by line in order of position; no vetoes."""
        found = [hit for group in self._takers for hit in group.hits(data)]
        return iter(sorted(found, key=lambda hit: (hit.line_start, hit.rule.id, hit.start)))

    def vetoes(self, data: bytes, start: int, end: int) -> Iterator[Hit]:
        """The `keep` rules that match the line data[start:end]."""
        return (hit for group in self._keepers for hit in group.hits_of_line(data, start, end))


class Group:
    """Some rules compiled together: where one of them may match, which of them, and what they match."""

    def __init__(self, known: Sequence[Rule]) -> None:
        self._rules = known
        self._patterns: dict[int, Pattern] = {}
        self._set = re2.Set.SearchSet(options(SHARED_MEMORY))
        for rule in known:
            self._set.Add(_uncaptured(rule.lookup))
        self._set.Compile()
        self._finder = _finder(known)

    def hits(self, data: bytes) -> Iterator[Hit]:
        """What the rules match in the lines of `data`, in order of position."""
        for start, end in _lines(self._finder, data):
            yield from self.hits_of_line(data, start, end)

    def hits_of_line(self, data: bytes, start: int, end: int) -> Iterator[Hit]:
        """What the rules match in the line data[start:end]."""
        line = data[start:end]
        length = end - start
        for number in self._set.Match(line) or ():
            rule = self._rules[number]
            if (pattern := self._patterns.get(number)) is None:
                pattern = self._patterns.setdefault(number, Pattern(rule))
            if length < rule.min_length:
                continue
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


class Pattern:
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
