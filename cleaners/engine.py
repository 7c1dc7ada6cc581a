"""Find the lines that rules may touch over a whole batch at once, then ask which rules, then where.

There are two ways to do it, with the same answers. `Group` needs nothing but RE2: automata of what rules are looked up
by run over the bytes of the batch, some rules together, and stop only at candidate lines; a set automaton tells which
rules a candidate is one for. `Triggered`, for a corpus, finds the candidates of all rules in one pass (triggers.py) and
asks each rule of all its lines together. Either way lines that nothing touches cost no Python object, the rules alone
give their span, and all is done in linear time. Everything here counts in bytes of UTF-8: the binding's str interface
would count code points anew at every match.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import re2

from cleaners.rules import Rule, options
from cleaners.triggers import Rows, Triggers, by_rule

# A rule that matches a line this often is no longer read further: keeps hostile lines linear.
MATCHES_PER_LINE = 64
# Memory that an automaton which runs over a batch may take, in bytes: with 8 MB some are built over and over.
SHARED_MEMORY = 64 << 20
# Rules of a group. Every group is one more pass over the text, larger ones cost more states than they save passes.
GROUP = 16
# From so many bytes on that an engine is given, building an automaton of what its rules need pays.
TRIGGER_BYTES = 8 << 20
# Beyond this a batch is one text that is no article, and notes of where what rules need ends in it might be
# twelve times as long.
MOST_TRIGGERED = 8 << 20
# Of lines of so many bytes an engine remembers up to twice so many, with what its rules match in them.
REMEMBERED_LINES, REMEMBERED_BYTES = 1 << 14, 512

_NAMED_GROUP = re.compile(r"\(\?P<\w+>")
_GROUP = re.compile(r"\\.|\[\^?(?:\\.|[^\]\\])+\]|\((?!\?)|\(\?P<(\w+)>")


Values = tuple[tuple[str, str], ...]
Matches = tuple[tuple[int, int, Values], ...]
"""What a rule matches in a line: start and end in bytes, and what the named groups of the pattern matched."""
Found = tuple[Rule, int, int, Matches]
"""A rule, the start and the end of a line of a batch, and what it matches there."""
Told = tuple[tuple["Pattern", Matches], ...]
"""What rules match in one line."""


class Hit(NamedTuple):
    """A rule's answer. start, end: bytes of the part it matched; line_start, line_end: its line, no line break.

    values: what the named groups of the pattern matched, in order of position.
    """

    rule: Rule
    start: int
    end: int
    line_start: int
    line_end: int
    values: Values = ()


class Engine:
    """The compiled form of some rules. Building one takes a tenth of a second: keep it.

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
        self._read = 0  # bytes

    def hits(self, texts: Sequence[bytes]) -> list[list[Hit]]:
        """What rules match in the lines of each text (UTF-8), in order of line, rule and position; no vetoes."""
        data = b"\n".join(texts)
        self._read += len(data)
        if self._read >= TRIGGER_BYTES and len(data) <= MOST_TRIGGERED:
            return _by_text(texts, self._triggered.found(data))
        return _by_text(texts, _ordered(found for group in self._takers for found in group.found(data)))

    def vetoes(self, texts: Sequence[bytes]) -> list[list[Hit]]:
        """What `keep` rules match in the lines of each text."""
        data = b"\n".join(texts)
        return _by_text(texts, _ordered(found for group in self._keepers for found in group.found(data)))

    @functools.cached_property
    def _triggered(self) -> Triggered:
        return Triggered([rule for rule in self.rules if rule.action != "keep"])


def warm(size: int) -> None:
    """Compile, if so many bytes are to be read that it pays; as model.warm does."""
    if size >= TRIGGER_BYTES:
        Triggers(()).spotted(b"warm")


def _ordered(all_found: Iterable[Found]) -> list[Found]:
    return sorted(all_found, key=lambda found: (found[1], found[0].id))


def _by_text(texts: Sequence[bytes], all_found: Iterable[Found]) -> list[list[Hit]]:
    """What was found in each text. all_found: in order of line and rule."""
    hits: list[list[Hit]] = []
    found = iter(all_found)
    upcoming = next(found, None)
    begin = 0
    for text in texts:
        own: list[Hit] = []
        hits.append(own)
        end = begin + len(text)
        while upcoming is not None and upcoming[1] <= end:
            rule, line, line_end, matches = upcoming
            start, stop = line - begin, line_end - begin
            for a, b, values in matches:
                own.append(Hit(rule, start + a, start + b, start, stop, values))
            upcoming = next(found, None)
        begin = end + 1
    return hits


class Group:
    """Some rules compiled together: where one of them may match, which of them, and what they match.

    Nothing but RE2, whose compiled form is at hand at once.
    """

    def __init__(self, known: Sequence[Rule]) -> None:
        self._rules = known
        self._patterns: dict[int, Pattern] = {}
        self._set = re2.Set.SearchSet(options(SHARED_MEMORY))
        for rule in known:
            self._set.Add(_uncaptured(rule.lookup))
        self._set.Compile()
        self._finder = _finder([rule.lookup for rule in known])

    def found(self, data: bytes) -> Iterator[Found]:
        """What the rules match in the lines of `data`."""
        for start, end in _lines(self._finder, data):
            line = data[start:end]
            for number in self._set.Match(line) or ():
                rule = self._rules[number]
                if len(line) < rule.min_length:
                    continue
                if len(line) > rule.max_length and len(line.decode("utf-8", "surrogatepass")) > rule.max_length:
                    continue
                if (pattern := self._patterns.get(number)) is None:
                    pattern = self._patterns.setdefault(number, Pattern(rule))
                if matches := pattern.matches(line):
                    yield rule, start, end, matches


class Triggered:
    """The same for all rules of an engine at once: each is asked of the lines that have what it needs (triggers.py).

    What all of them say of a line is remembered: sites repeat their lines.
    """

    def __init__(self, known: Sequence[Rule]) -> None:
        self._triggers = Triggers(known)
        self._finders = [_finder([rule.lookup]) for rule in known]
        self._patterns = [Pattern(rule) for rule in known]
        self._memory = _Memory()

    def found(self, data: bytes) -> Iterator[Found]:
        """What the rules match in the lines of `data`."""
        spotted = self._triggers.spotted(data)
        first = np.flatnonzero(np.diff(spotted[:, 1], prepend=-1))
        lines = spotted[first, 1:].tolist()
        told = [self._memory.get(data[start:end]) for start, end in lines]
        new = np.array([of_line is None for of_line in told], np.bool_)
        asked = self._asked(data, spotted[np.repeat(new, np.diff(np.append(first, len(spotted))))])
        for (start, end), of_line in zip(lines, told, strict=True):
            if of_line is None:
                of_line = tuple(sorted(asked.get(start, ()), key=lambda told: told[0].rule.id))
                self._memory.put(data[start:end], of_line)
            for pattern, matches in of_line:
                yield pattern.rule, start, end, matches

    def _asked(self, data: bytes, spotted: Rows) -> dict[int, list[tuple[Pattern, Matches]]]:
        """What rules match in the lines that they might match in, by where the line starts."""
        told: dict[int, list[tuple[Pattern, Matches]]] = {}
        for number, starts, ends in by_rule(spotted):
            pattern = self._patterns[number]
            lines = b"\n".join([data[start:end] for start, end in zip(starts, ends, strict=True)])
            places: list[int] = []  # of these lines in `lines`
            for start, end in _lines(self._finders[number], lines):
                if matches := pattern.matches(lines[start:end]):
                    places = places or _places(starts, ends)
                    told.setdefault(starts[bisect.bisect_left(places, start)], []).append((pattern, matches))
        return told


class _Memory:
    """What was said of lines that were met of late, of REMEMBERED_BYTES at most."""

    def __init__(self) -> None:
        self._fresh: dict[bytes, Told] = {}
        self._old: dict[bytes, Told] = {}

    def get(self, line: bytes) -> Told | None:
        """What was said of the line; None if it is not remembered."""
        told = self._fresh.get(line)
        if told is None and (told := self._old.get(line)) is not None:
            self.put(line, told)
        return told

    def put(self, line: bytes, told: Told) -> None:
        """Remember it; those are forgotten that were not met while as many others were."""
        if len(line) > REMEMBERED_BYTES:
            return
        if len(self._fresh) >= REMEMBERED_LINES:
            self._fresh, self._old = {}, self._fresh
        self._fresh[line] = told


def _places(starts: Sequence[int], ends: Sequence[int]) -> list[int]:
    """Where lines begin that are put together, a line break after each."""
    return list(itertools.accumulate(map(lambda start, end: end - start + 1, starts, ends), initial=0))


class Pattern:
    """A rule's pattern, compiled, and the numbers of its named groups."""

    __slots__ = ("_groups", "compiled", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.compiled = re2.compile(rule.anchored, options())
        # RE2 tells the number of the first group of a name only, and each way to match may have one.
        opened = [token for token in _GROUP.finditer(rule.anchored) if token[0].startswith("(")]
        self._groups = [(index, token[1]) for index, token in enumerate(opened, 1) if token[1]]

    def matches(self, line: bytes) -> Matches:
        """What it matches in a line."""
        return tuple(self._matches(line))

    def _matches(self, line: bytes) -> Iterator[tuple[int, int, Values]]:
        position = 0
        for _ in range(MATCHES_PER_LINE):
            match = self.compiled.search(line, position)
            start, position = match.span() if match else (0, 0)
            if start == position:
                break
            yield start, position, self._values(match)
            if position == len(line):
                break

    def _values(self, match: Any) -> Values:
        if not self._groups:
            return ()
        return tuple(
            (name, value.decode("utf-8", "replace")) for index, name in self._groups if (value := match.group(index))
        )


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


def _finder(patterns: Iterable[str]) -> re2._Regexp:
    chosen = options(SHARED_MEMORY)
    chosen.never_capture = True
    return re2.compile("|".join(map(_uncaptured, patterns)), chosen)


def _uncaptured(pattern: str) -> str:
    return _NAMED_GROUP.sub("(?:", pattern)
