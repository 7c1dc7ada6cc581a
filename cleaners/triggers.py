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
from cleaners.literals import CLOSERS, END, MARKS, START, Texts, Unread, fold, rate, read, shortened, shortest
from cleaners.registry import zones
from cleaners.rules import Rule

# How often one meets a text, see literals.rate: beyond COMMON it tells nothing, of one so RARE no more is looked for. A
# rule of which ENOUGH is known, or MOST_NEEDS needs, is asked no further. Measured: other values cost more in all.
COMMON, RARE, ENOUGH, MOST_NEEDS = 0.002, 1e-9, 1e-6, 2
FREQUENT = 0.008  # of a rule of which nothing rarer is known, a text that is met so often is better than none
Rows = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_CLASSES = 255  # of characters at most; any further ones are of the class 0, with all that are in no text


def needs(rule: Rule) -> list[Texts]:
    """Sets of texts: a line must have one of each for the rule to match it. Nothing is known of it if there is none."""
    found: list[Texts] = []
    for pattern in dict.fromkeys((rule.lookup, rule.anchored)):
        try:
            part = read(pattern)
        except Unread:
            continue
        found += [shortest(shortened(text, RARE) for text in texts) for texts in part.needs]
    found.sort(key=rate)
    if found and COMMON <= rate(found[0]) < FREQUENT:
        return found[:1]
    chosen: list[Texts] = []
    for texts in sorted(found, key=lambda texts: not all(map(_is_at_edge, texts))):
        if len(chosen) == MOST_NEEDS or math.prod(map(rate, chosen)) < ENOUGH:
            break
        if rate(texts) < COMMON and not any(_told_by(other, texts) for other in chosen):
            chosen.append(texts)
    return chosen


def _is_at_edge(text: str) -> bool:
    """Whether it is looked for at the start or the end of a line alone, which costs next to nothing."""
    return START in text or END in text


def _told_by(texts: Texts, other: Texts) -> bool:
    """Whether most lines that have one of the others have one of these texts, so that they tell little more."""
    both = frozenset(text for text in other if any(own in text for own in texts))
    return rate(both) >= rate(other) / 2


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
        lengths = np.array([(rule.min_length, rule.max_length) for rule in known], np.int64).reshape(-1, 2)
        self._limits = np.column_stack([lengths, zones(known)])
        width, first, opening, closing, start, first_text = found["states"]
        ends = found["texts"], found["capitals"], found["met"]
        self._longest = int(found["longest"][0])
        self._table = _Table(found["step"], width, first, opening, closing, start, first_text, *ends)

    def spotted(self, data: bytes, lines: Lines) -> Spotted:
        """The lines of some lines of the data that rules may match. lines: in order, without their line breaks."""
        read, starts = _joined(np.frombuffer(data, np.uint8), lines.starts, lines.ends)
        ends, table, run = starts[1:] - 1, self._table, self._run
        middle = int(ends[np.searchsorted(ends, len(read) // 2)]) if len(ends) else 0
        places, states = np.empty(len(read), np.int64), np.empty(len(read), np.uint32)
        walked = self._kinds, table.step, table.first, table.first_text
        near, far = run["walk"](read, middle, *walked, places, states)
        places, states = (np.concatenate([both[:near], both[middle:far]]) for both in (places, states))
        rooms = np.empty_like(self._given), np.empty(self._longest, np.int64), np.empty(self._longest, np.uint32)
        chosen = np.empty((len(read) // 8 + 4 * len(self._limits) + 1, 2), np.int64)
        parts, line, place = [chosen[:0]], 0, 0
        while line < len(ends):
            count, line, place = run["choose"](
                read, ends, lines.zones, line, places, states, place, len(places), self._kinds, self._traits,
                table.step, table.width, table.opening, table.closing, table.start, table.first_text, table.texts,
                table.capitals, table.met, self._given, self._limits, *rooms, chosen,
            )  # fmt: skip
            parts.append(chosen[:count].copy())
        found = np.concatenate(parts)
        rules, of = found[np.argsort(found[:, 0].astype(np.uint16), kind="stable")].T  # short numbers are sorted sooner
        return Spotted(rules, of, read, starts)


@dataclass(frozen=True, slots=True)
class Spotted:
    """The lines that rules may match, in order of rules, then of lines; one that several may is there for each.

    rules, of: int64[n], numbers of rules and of lines. data: all lines, each with a line feed behind it. starts: of
    each in it, and of one more.
    """

    rules: Rows
    of: Rows
    data: Bytes
    starts: Rows

    def by_rule(self) -> Iterator[tuple[int, Rows, bytes, list[int]]]:
        """Each of the rules once, with the numbers of its lines, them alone, each with a line feed behind it, and
        where they start in that, and one more would. One rule's at a time: of hostile texts all would be fifty times
        the data."""
        known, first = np.unique(self.rules, return_index=True)
        for rule, low, high in zip(known.tolist(), first, np.append(first[1:], len(self.of)), strict=False):
            of = self.of[low:high]
            joined, starts = _joined(self.data, self.starts[of], self.starts[of + 1] - 1)
            yield rule, of, joined.tobytes(), starts.tolist()


def _joined(data: Bytes, starts: Rows, ends: Rows) -> tuple[Bytes, Rows]:
    """Lines alone, each with a line feed behind it; and where each starts, and one more would."""
    begins = np.append(0, np.cumsum(ends - starts + 1))
    joined = np.empty(int(begins[-1]), np.uint8)
    _functions()["join"](data, starts, ends, joined)
    return joined, begins


def _built(known: Sequence[Rule]) -> kept.Arrays:
    """The tables of some rules. given: see spot.choose. states: the numbers of a _Table."""
    wanted = [needs(rule) for rule in known]
    kinds, traits, classes = _classes(text for own in wanted for need in own for text in need)
    table = _automaton(wanted, classes)
    missing = [(rule, need) for rule, own in enumerate(wanted) for need in range(len(own), MOST_NEEDS)]
    return {
        "given": _sets(missing, len(known)),
        "kinds": kinds,
        "traits": traits,
        "step": table.step,
        "states": np.array(
            [table.width, table.first, table.opening, table.closing, table.start, table.first_text], np.uint32
        ),
        "texts": table.texts,
        "capitals": table.capitals,
        "met": table.met,
        "longest": np.array([2 * max((len(text) for own in wanted for need in own for text in need), default=0)]),
    }


@functools.cache
def _functions() -> dict[str, Any]:
    return compiled(
        vars(spot),
        ("code_at", "char_before", "opened_at", "closed_at", "edges", "walk", "capitals_at", "choose", "join"),
    )


def _classes(texts: Iterable[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], dict[str, int]]:
    """The tables of characters (see spot.py), and the class of each character that is in a text, folded."""
    counts: dict[str, int] = {}
    for text in texts:
        for character in filter(_told, text.strip(START + END)):
            counts[fold(character)] = counts.get(fold(character), 0) + 1
    common = sorted(counts, key=lambda character: (-counts[character], character))[: _CLASSES - 1]
    classes = {character: number for number, character in enumerate([*common, START], 1)}
    kinds, traits = np.zeros(1 << 16, np.uint8), np.zeros(1 << 16, np.uint8)
    for code, (folded, capital) in enumerate(_folded()):
        kinds[code] = classes.get(folded, 0)
        traits[code] = (
            (spot.CAPITAL if capital else 0)
            | (spot.MARK if folded in MARKS else 0)
            | (spot.CLOSER if folded in CLOSERS else 0)
        )
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
    """See spot.py. first, opening, closing, first_text: states, typed as those of `step` are; start: a class."""

    step: npt.NDArray[np.uint32]
    width: np.uint32
    first: np.uint32
    opening: np.uint32
    closing: np.uint32
    start: np.uint32
    first_text: np.uint32
    texts: npt.NDArray[np.int64]
    capitals: npt.NDArray[np.int64]
    met: npt.NDArray[np.int64]


_DEAD, _FIRST, _OPENING, _CLOSING = range(4)


def _automaton(wanted: Sequence[Sequence[Texts]], classes: dict[str, int]) -> _Table:
    """wanted: the needs of each rule."""
    states = [_State() for _ in (_DEAD, _FIRST, _OPENING, _CLOSING)]
    for rule, own in enumerate(wanted):
        for number, need in enumerate(own):
            for text in need:
                _add(states, text, (rule, number), classes)
    back = _falling_back(states)
    # States where a text ends come last, so that one comparison tells them.
    ranked = sorted(range(len(states)), key=lambda state: bool(states[state].ends))
    width = len(classes) + 1
    place = {state: rank * width for rank, state in enumerate(ranked)}
    step = np.zeros(len(states) * width, np.uint32)
    step[place[_FIRST] : place[_FIRST] + width] = place[_FIRST]
    for state in _by_depth(states, _FIRST, _OPENING, _CLOSING):
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
        np.uint32(place[_CLOSING]),
        np.uint32(classes[START]),
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


def _add(states: list[_State], text: str, of: tuple[int, int], classes: dict[str, int]) -> None:
    """Have a text end at a state: one that ends a line is read backwards."""
    bare = text.strip(START + END)
    capitals = 0
    for character in bare:
        capitals = capitals << 1 | (_told(character) and character.isupper())
    if text.endswith(END):
        state, characters = _CLOSING, text.removesuffix(END)[::-1]
    else:
        state, characters = _OPENING if text.startswith(START) else _FIRST, bare
    for character in characters:
        kind = classes.get(fold(character), 0)
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
