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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import re2

from cleaners import patterns
from cleaners.arrays import I64
from cleaners.lines import Lines
from cleaners.memory import Memory
from cleaners.patterns import SHARED_MEMORY, Matches, Pattern, Regexp, Values
from cleaners.reader import is_compiled
from cleaners.registry import zones
from cleaners.rules import Rule, options
from cleaners.triggers import Spotted, Triggers

# Rules of a group. Every group is one more pass over the text, larger ones cost more states than they save passes.
GROUP = 16
# From so many bytes on that are to come, or that an engine was given, an automaton of what its rules need pays.
TRIGGER_BYTES = 2 << 20
# Beyond this a batch is one text that is no article, and notes of where what rules need ends in it might be
# twelve times as long.
MOST_TRIGGERED = 8 << 20
# A rule without a hint is looked up by its own pattern, which takes milliseconds to compile a second time for this: not
# for so few lines.
FEW_LINES = 256

Match = tuple[int, int, int]
_Matched = tuple[int, Matches]
"""A rule's number, and what it matches in a line."""
Told = tuple[tuple[Match, ...], tuple[Values, ...]]
"""What rules match in one line: (number of a rule, start, end) in it, in order of rules, and the values of each."""


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


@dataclass(frozen=True, slots=True)
class Found:
    """What rules match in the lines of a batch, in order of line, rule and position.

    places: int64[n, 5]: where the line starts and ends, the rule's number, the start and the end of the match.
    values: of each.
    """

    places: I64
    values: list[Values]


class Engine:
    """The compiled form of some rules. Building one takes a tenth of a second: keep it.

    One automaton of all rules would need as many states as the rules of its groups multiplied; apart they need the
    sum. So a language's rules are a group of their own, those tied to the start of a line are apart from the others,
    and a group is no larger than GROUP. Engines that share groups (English and German, English and Spanish) share
    what was compiled: pass them the same `shared`.
    """

    def __init__(self, known: Sequence[Rule], shared: dict[Any, Group] | None = None) -> None:
        self.rules = tuple(sorted(known, key=lambda rule: rule.id))
        self._shared = {} if shared is None else shared
        self._zones = zones(self.rules)
        self.expected = 0
        """Bytes that are still to come, if somebody knows."""
        self._read = 0  # bytes
        self.triggered = False
        """Whether an automaton of what all rules need was found to pay."""

    def found(self, data: bytes, lines: Lines | None = None) -> Found:
        """What rules match in the lines of some texts, a line feed between two; no vetoes. Numbers: of `rules`.

        lines: of the data, if rules shall be asked only of those that stand where their scope wants them.
        """
        self._read += len(data)
        if self._pays(data):
            return self._triggered.found(data, lines)
        found = self._gathered(self._takers, data)
        if lines is None:
            return found
        placed = (self._zones[found.places[:, 2]] & lines.zone(found.places[:, 0])) > 0
        return Found(found.places[placed], list(itertools.compress(found.values, placed.tolist())))

    def kept(self, data: bytes, lines: Lines | None = None) -> Found:
        """What `keep` rules match in the lines of some texts, or in some of the lines. Numbers: of `rules`."""
        if self._pays(data):
            return self._triggered_keepers.found(data, lines)
        if lines is None:
            return self._gathered(self._keepers, data)
        found = self._gathered(self._keepers, lines.joined(data))
        starts = np.append(0, np.cumsum(lines.ends - lines.starts + 1))[:-1]
        moved = (lines.starts - starts)[np.searchsorted(starts, found.places[:, 0])]
        return Found(found.places + moved[:, None] * _PLACES, found.values)

    def hits(self, texts: Sequence[bytes]) -> list[list[Hit]]:
        """What rules match in the lines of each text (UTF-8), in order of line, rule and position; no vetoes."""
        return self._by_text(texts, self.found(b"\n".join(texts)))

    def vetoes(self, texts: Sequence[bytes]) -> list[list[Hit]]:
        """What `keep` rules match in the lines of each text."""
        return self._by_text(texts, self.kept(b"\n".join(texts)))

    @functools.cached_property
    def _takers(self) -> list[Group]:
        return self._grouped(keep=False)

    @functools.cached_property
    def _keepers(self) -> list[Group]:
        return self._grouped(keep=True)

    def _grouped(self, keep: bool) -> list[Group]:
        groups: dict[Any, list[Rule]] = {}
        for rule in self.rules:
            if (rule.action == "keep") == keep:
                groups.setdefault((rule.languages, rule.tied), []).append(rule)
        found = []
        for members in groups.values():
            for first in range(0, len(members), GROUP):
                part = tuple(members[first : first + GROUP])
                key = tuple(rule.id for rule in part)
                found.append(self._shared.get(key) or self._shared.setdefault(key, Group(part)))
        return found

    @functools.cached_property
    def _triggered(self) -> Triggered:
        return Triggered(self._numbered(keep=False))

    @functools.cached_property
    def _triggered_keepers(self) -> Triggered:
        return Triggered(self._numbered(keep=True))

    def _pays(self, data: bytes) -> bool:
        """Whether to use the automaton of what rules need: it is built once and kept, for all processes to come."""
        self.triggered = self.triggered or (max(self._read, self.expected) >= TRIGGER_BYTES and is_compiled())
        return self.triggered and len(data) <= MOST_TRIGGERED

    def _numbered(self, keep: bool) -> list[tuple[int, Rule]]:
        return [(number, rule) for number, rule in enumerate(self.rules) if (rule.action == "keep") == keep]

    def _gathered(self, groups: Sequence[Group], data: bytes) -> Found:
        number = {rule.id: number for number, rule in enumerate(self.rules)}
        lines: dict[tuple[int, int], list[tuple[int, Matches]]] = {}
        for group in groups:
            for rule, start, end, matches in group.found(data):
                lines.setdefault((start, end), []).append((number[rule.id], matches))
        return _joined([(*line, _told(found)) for line, found in sorted(lines.items())])

    def _by_text(self, texts: Sequence[bytes], found: Found) -> list[list[Hit]]:
        """What was found in each text."""
        hits: list[list[Hit]] = [[] for _ in texts]
        ends = list(itertools.accumulate(len(text) + 1 for text in texts))
        for (line, line_end, rule, start, end), values in zip(found.places.tolist(), found.values, strict=True):
            text = bisect.bisect_right(ends, line)
            begin = ends[text - 1] if text else 0
            hit = Hit(self.rules[rule], start - begin, end - begin, line - begin, line_end - begin, values)
            hits[text].append(hit)
        return hits


def _told(found: Iterable[tuple[int, Matches]]) -> Told:
    """What was found in one line. found: numbers of rules with what they match."""
    rows = [(rule, start, end, values) for rule, matches in sorted(found) for start, end, values in matches]
    return tuple((rule, start, end) for rule, start, end, _ in rows), tuple(values for *_, values in rows)


def _told_of(asked: dict[int, list[_Matched]], lines: int) -> tuple[list[int], list[Match], list[Values]]:
    """For Memory.learn, what was found in so many lines, by number."""
    counts = [0] * lines
    matches: list[Match] = []
    values: list[Values] = []
    for line in sorted(asked):
        for rule, of_rule in sorted(asked[line]):
            counts[line] += len(of_rule)
            for start, end, own in of_rule:
                matches.append((rule, start, end))
                values.append(own)
    return counts, matches, values


# Which columns of matches, and of what is found, are places.
_IN_LINE, _PLACES = np.array([0, 1, 1]), np.array([1, 1, 0, 1, 1])


def _joined(lines: Iterable[tuple[int, int, Told]]) -> Found:
    """What was told of lines, which start and end somewhere, together."""
    starts, ends, counts = [], [], []
    rows: list[Match] = []
    values: list[Values] = []
    for start, end, (matches, of_matches) in lines:
        if matches:
            starts.append(start)
            ends.append(end)
            counts.append(len(matches))
            rows += matches
            values += of_matches
    places = np.empty((len(rows), 5), np.int64)
    places[:, 0] = np.repeat(starts, counts)
    places[:, 1] = np.repeat(ends, counts)
    places[:, 2:] = np.array(rows, np.int64).reshape(-1, 3)
    places[:, 3:] += places[:, :1]
    return Found(places, values)


class Group:
    """Some rules compiled together: where one of them may match, which of them, and what they match.

    Nothing but RE2, whose compiled form is at hand at once.
    """

    def __init__(self, known: Sequence[Rule]) -> None:
        self._rules = known
        self._patterns: dict[int, Pattern] = {}
        self._set = re2.Set.SearchSet(options(SHARED_MEMORY))
        for rule in known:
            self._set.Add(patterns.uncaptured(rule.lookup))
        self._set.Compile()
        self._finder = patterns.finder(tuple(rule.lookup for rule in known))

    def found(self, data: bytes) -> Iterator[tuple[Rule, int, int, Matches]]:
        """Rules, the start and the end of a line of `data`, and what the rule matches there."""
        for start, end in patterns.lines(self._finder, data):
            line = data[start:end]
            for number in self._set.Match(line) or ():
                rule = self._rules[number]
                if len(line) < rule.min_length:
                    continue
                if len(line) > rule.max_length and len(line.decode("utf-8", "surrogatepass")) > rule.max_length:
                    continue
                if (pattern := self._patterns.get(number)) is None:
                    pattern = self._patterns.setdefault(number, patterns.pattern(rule.anchored, rule.from_start))
                if matches := pattern.matches(line):
                    yield rule, start, end, matches


class Triggered:
    """The same for all rules of an engine at once: each is asked of the lines that have what it needs (triggers.py).

    What all of them say of a line is remembered: sites repeat their lines.
    """

    def __init__(self, known: Sequence[tuple[int, Rule]]) -> None:
        """known: rules with their numbers."""
        rules = [rule for _, rule in known]
        self._numbers = [number for number, _ in known]
        self._rules = rules
        self._triggers = Triggers(rules)
        self._compiled: dict[int, Pattern] = {}
        self._finders: dict[int, Regexp] = {}
        self._lines = [0] * len(rules)  # that each was asked of
        self._memory = Memory()

    def found(self, data: bytes, lines: Lines | None = None) -> Found:
        """What the rules match in the lines of `data`. lines: of it, if rules shall be asked only of those that stand
        where their scope wants them.
        """
        lines = lines or Lines.of(data)
        entries, new = self._memory.met(data, lines.starts, lines.ends, lines.zones)
        asked = self._asked(self._triggers.spotted(data, lines.chosen(new)))
        self._memory.learn(*_told_of(asked, len(new)))
        of, matches, values = self._memory.told(entries)
        starts = lines.starts[of]
        return Found(np.column_stack([starts, lines.ends[of], matches + starts[:, None] * _IN_LINE]), values)

    def _asked(self, spotted: Spotted) -> dict[int, list[_Matched]]:
        """What rules match in the lines that they might match in, by the number of the line."""
        told: dict[int, list[_Matched]] = {}
        for number, of, joined, starts in spotted.by_rule():
            self._lines[number] += len(of)
            few = self._rules[number].hint is None and self._lines[number] <= FEW_LINES
            for place in range(len(of)) if few else self._places(number, joined, starts):
                line = joined[starts[place] : starts[place + 1] - 1]
                if matches := self._pattern(number).matches(line):
                    told.setdefault(int(of[place]), []).append((self._numbers[number], matches))
        return told

    def _places(self, number: int, joined: bytes, starts: Sequence[int]) -> Iterator[int]:
        """Of lines that a rule might match the places of those that have what it is looked up by, as RE2 says. starts:
        of them in `joined`, and of one more."""
        if (finder := self._finders.get(number)) is None:
            finder = self._finders.setdefault(number, patterns.finder((self._rules[number].lookup,)))
        for start, _ in patterns.lines(finder, joined[:-1]):
            yield bisect.bisect_left(starts, start)

    def _pattern(self, number: int) -> Pattern:
        """A rule's pattern: many rules are never asked."""
        if (pattern := self._compiled.get(number)) is None:
            rule = self._rules[number]
            pattern = self._compiled.setdefault(number, patterns.pattern(rule.anchored, rule.from_start))
        return pattern
