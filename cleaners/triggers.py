"""Which lines of a batch may be some rule's: those that have a text of each set that a match cannot do without.

The sets come from literals.py; all of them are looked for at once, in one pass over the bytes (spot.py). A rule that
literals.py makes nothing of is tried on every line of its length.
"""

from __future__ import annotations

import functools
import math
import sys
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaners import kept, literals, spot
from cleaners.compiler import compiled
from cleaners.lines import Lines
from cleaners.literals import MARKS, Texts, Unread, fold, rate, read, shortened, shortest
from cleaners.registry import zones
from cleaners.rules import Rule

# How often one meets a text, see literals.rate: beyond COMMON it tells nothing, of one so RARE no more is looked for. A
# rule of which ENOUGH is known, or MOST_NEEDS needs, is asked no further. Measured: other values cost more in all.
COMMON, RARE, ENOUGH, MOST_NEEDS = 0.004, 1e-9, 1e-6, 2
FREQUENT = 0.05  # of a rule of which nothing rarer is known, a text that is met so often is better than none
LINE_CHARS = 100  # of a line, as a rule: it has one start
Rows = npt.NDArray[np.int64]

_CLASSES = 255  # of characters at most; any further ones are of the class 0, with all that are in no text


@dataclass(frozen=True, slots=True)
class Need:
    """A set of which a line must have one text; opens: at its first word."""

    texts: Texts
    opens: bool

    @property
    def rate(self) -> float:
        """How often it is met, by a rough guess."""
        return rate(self.texts) / (LINE_CHARS if self.opens else 1)

    def told_by(self, other: Need) -> bool:
        """Whether most lines that have the other have this one, so that it tells little more."""
        if self.opens and not other.opens:
            return False
        inside = str.startswith if self.opens else str.__contains__
        both = frozenset(text for text in other.texts if any(inside(text, own) for own in self.texts))
        return rate(both) >= rate(other.texts) / 2


def needs(rule: Rule) -> list[Need]:
    """What a line must have for the rule to match it; nothing is known of it if there is none."""
    found = []
    for pattern in dict.fromkeys((rule.lookup, rule.anchored)):
        try:
            part = read(pattern)
        except Unread:
            continue
        found += [_need(texts, False) for texts in part.needs]
        if part.anchored and "" not in part.opens:
            found.append(_need(part.opens, True))
    chosen: list[Need] = []
    ranked = sorted(found, key=lambda need: need.rate)
    if ranked and COMMON <= ranked[0].rate < FREQUENT:
        return ranked[:1]
    for need in sorted(found, key=lambda need: (not need.opens, need.rate)):
        if len(chosen) == MOST_NEEDS or math.prod(other.rate for other in chosen) < ENOUGH:
            break
        if need.rate < COMMON and not any(need.told_by(other) for other in chosen):
            chosen.append(need)
    return chosen


def _need(texts: Texts, opens: bool) -> Need:
    return Need(shortest((shortened(text, RARE) for text in texts), opens), opens)


@dataclass(slots=True)
class _State:
    """A state of the automaton while it is built: what follows it by class, and what ends here: (capitals that a text
    asks for, rule, which of its needs)."""

    next: dict[int, int] = field(default_factory=dict)
    ends: set[tuple[int, int, int]] = field(default_factory=set)


class Triggers:
    """The automaton of some rules. Building one takes half a second, so it is kept for the next process."""

    def __init__(self, known: Sequence[Rule]) -> None:
        self._run = _functions()
        patterns = [f"{rule.lookup}\n{rule.anchored}" for rule in known]
        of = [unicodedata.unidata_version, *kept.source(literals, spot, sys.modules[__name__]), *patterns]
        found = kept.kept("triggers", of, lambda: _built(known))
        self._kinds, self._traits, self._given = found["kinds"], found["traits"], found["given"]
        self._limits = np.column_stack(
            [[rule.min_length for rule in known], [rule.max_length for rule in known], zones(known)]
        ).astype(np.int64)
        width, first, opening, first_text = found["states"]
        ends = found["texts"], found["capitals"], found["met"]
        self._table = _Table(found["step"], width, first, opening, first_text, *ends)

    def spotted(self, data: bytes, lines: Lines) -> Spotted:
        """What rules may match in some lines of the data."""
        read, table, run = np.frombuffer(data, np.uint8), self._table, self._run
        starts, ends, stands = map(np.ascontiguousarray, (lines.starts, lines.ends, lines.zones))
        sizes = np.cumsum(ends - starts)
        middle = int(np.searchsorted(sizes, sizes[-1] // 2)) if len(sizes) else 0
        places, states = np.empty(len(data) + 1, np.int64), np.empty(len(data) + 1, np.uint32)
        walked = self._kinds, table.step, table.first, table.first_text
        near, far = run["walk"](read, starts, ends, middle, *walked, places, states)
        begin = int(starts[middle]) if len(starts) else 0
        places, states = (np.concatenate([both[:near], both[begin:far]]) for both in (places, states))
        had = np.empty_like(self._given)
        chosen = np.empty((len(data) // 8 + 4 * len(self._limits) + 1, 2), np.int64)
        parts, line, place = [chosen[:0]], 0, 0
        while line < len(ends):
            count, line, place = run["choose"](
                read, starts, ends, stands, line, places, states, place, len(places), self._kinds, self._traits,
                table.step, table.width, table.opening, table.first_text, table.texts, table.capitals, table.met,
                self._given, self._limits, had, chosen,
            )  # fmt: skip
            parts.append(chosen[:count].copy())
        found = np.concatenate(parts)
        rules, of = found[np.argsort(found[:, 0].astype(np.uint16), kind="stable")].T  # short numbers are sorted sooner
        begins, stops = starts[of], ends[of]
        joined = np.empty(int((stops - begins).sum()) + len(of), np.uint8)
        run["join"](read, begins, stops, joined)
        return Spotted(rules, of, joined.tobytes(), np.append(0, np.cumsum(stops - begins + 1)))


@dataclass(frozen=True, slots=True)
class Spotted:
    """The lines that rules may match, in order of rules, then of lines.

    rules, of: int64[n], numbers of rules and of lines. joined: the lines, each with a line feed behind it; starts: of
    each in it, and one more.
    """

    rules: Rows
    of: Rows
    joined: bytes
    starts: Rows

    def by_rule(self) -> Iterator[tuple[int, int, int]]:
        """Each of the rules once, with the first of its lines and one past the last."""
        known, first = np.unique(self.rules, return_index=True)
        bounds = [*first.tolist(), len(self.rules)]
        yield from zip(known.tolist(), bounds[:-1], bounds[1:], strict=True)


def _built(known: Sequence[Rule]) -> kept.Arrays:
    """The tables of some rules. given: see spot.choose. states: width, first, opening and first_text of a _Table."""
    wanted = [needs(rule) for rule in known]
    kinds, traits, classes = _classes(text for own in wanted for need in own for text in need.texts)
    table = _automaton(wanted, classes)
    missing = [(rule, need) for rule, own in enumerate(wanted) for need in range(len(own), MOST_NEEDS)]
    return {
        "given": _sets(missing, len(known)),
        "kinds": kinds,
        "traits": traits,
        "step": table.step,
        "states": np.array([table.width, table.first, table.opening, table.first_text], np.uint32),
        "texts": table.texts,
        "capitals": table.capitals,
        "met": table.met,
    }


@functools.cache
def _functions() -> dict[str, Any]:
    return compiled(vars(spot), ("code_at", "walk", "capitals_at", "choose", "join"))


def _classes(texts: Iterable[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], dict[str, int]]:
    """The tables of characters (see spot.py), and the class of each character that is in a text, folded."""
    counts: dict[str, int] = {}
    for text in texts:
        for character in filter(_told, text):
            counts[fold(character)] = counts.get(fold(character), 0) + 1
    common = sorted(counts, key=lambda character: (-counts[character], character))[:_CLASSES]
    classes = {character: number for number, character in enumerate(common, 1)}
    kinds, traits = np.zeros(1 << 16, np.uint8), np.zeros(1 << 16, np.uint8)
    for code, (folded, capital) in enumerate(_folded()):
        kinds[code] = classes.get(folded, 0)
        traits[code] = (spot.CAPITAL if capital else 0) | (spot.MARK if folded in MARKS else 0)
    kinds[0xFFFF] = traits[0xFFFF] = 0
    return kinds, traits, classes


def _told(character: str) -> bool:
    """Whether the tables tell a character from others."""
    return character < "\uffff"


@functools.cache
def _folded() -> list[tuple[str, bool]]:
    return [(fold(chr(code)), chr(code).isupper()) for code in range(1 << 16)]


@dataclass(frozen=True, slots=True)
class _Table:
    """See spot.py. first, opening, first_text: states, typed as those of `step` are."""

    step: npt.NDArray[np.uint32]
    width: np.uint32
    first: np.uint32
    opening: np.uint32
    first_text: np.uint32
    texts: npt.NDArray[np.int64]
    capitals: npt.NDArray[np.int64]
    met: npt.NDArray[np.int64]


_DEAD, _FIRST, _OPENING = 0, 1, 2


def _automaton(wanted: Sequence[Sequence[Need]], classes: dict[str, int]) -> _Table:
    """wanted: the needs of each rule."""
    states = [_State() for _ in (_DEAD, _FIRST, _OPENING)]
    for rule, own in enumerate(wanted):
        for number, need in enumerate(own):
            for text in need.texts:
                _add(states, _OPENING if need.opens else _FIRST, text, (rule, number), classes)
    back = _falling_back(states)
    # States where a text ends come last, so that one comparison tells them.
    ranked = sorted(range(len(states)), key=lambda state: bool(states[state].ends))
    width = len(classes) + 1
    place = {state: rank * width for rank, state in enumerate(ranked)}
    step = np.zeros(len(states) * width, np.uint32)
    step[place[_FIRST] : place[_FIRST] + width] = place[_FIRST]
    for state in _by_depth(states, _FIRST, _OPENING):
        at = place[state]
        if state in back:
            step[at : at + width] = step[place[back[state]] : place[back[state]] + width]
        for kind, following in states[state].next.items():
            step[at + kind] = place[following]
    ending = [state for state in ranked if states[state].ends]
    rows = [sorted({capitals for capitals, *_ in states[state].ends}) for state in ending]
    met = [
        _sets([of for capitals, *of in states[state].ends if capitals == row], len(wanted))
        for state, own in zip(ending, rows, strict=True)
        for row in own
    ]
    return _Table(
        step,
        np.uint32(width),
        np.uint32(place[_FIRST]),
        np.uint32(place[_OPENING]),
        np.uint32((len(states) - len(ending)) * width),
        np.cumsum([0, *map(len, rows)]),
        np.array([row for own in rows for row in own], np.int64),
        np.array(met, np.int64).reshape(len(met), len(_sets([], len(wanted)))),
    )


def _sets(of: Iterable[Sequence[int]], rules: int) -> npt.NDArray[np.int64]:
    """Sets (see spot.RULES_A_NUMBER) of the rules that are in `of` with each of MOST_NEEDS, one behind the other."""
    numbers = rules // spot.RULES_A_NUMBER + 1
    sets = np.zeros(MOST_NEEDS * numbers, np.int64)
    for rule, need in of:
        sets[need * numbers + rule // spot.RULES_A_NUMBER] |= 1 << rule % spot.RULES_A_NUMBER
    return sets


def _add(states: list[_State], state: int, text: str, of: tuple[int, int], classes: dict[str, int]) -> None:
    capitals = 0
    for character in text:
        kind = classes.get(fold(character), 0)
        capitals = capitals << 1 | (_told(character) and character.isupper())
        if kind not in states[state].next:
            states[state].next[kind] = len(states)
            states.append(_State())
        state = states[state].next[kind]
    states[state].ends.add((capitals, *of))


def _by_depth(states: list[_State], *starts: int) -> Iterator[int]:
    queue = deque(starts)
    while queue:
        yield (state := queue.popleft())
        queue.extend(states[state].next.values())


def _falling_back(states: list[_State]) -> dict[int, int]:
    """Where an automaton goes on if nothing follows a state: its longest end that a text begins with."""
    back: dict[int, int] = {}
    for state in _by_depth(states, _FIRST):
        for kind, following in states[state].next.items():
            other = back.get(state)
            while other is not None and kind not in states[other].next:
                other = back.get(other)
            back[following] = _FIRST if other is None else states[other].next[kind]
            states[following].ends |= states[back[following]].ends
    return back
