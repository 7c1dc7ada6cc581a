"""What two texts share and what only one of them has, word by word, for people to read.

Three words that each text has once, in the same order as the other, are an anchor, and between two anchors are others
(Bram Cohen's patience diff); small gaps are left to difflib. Time grows little faster than the texts: a large gap
without an anchor counts as replaced. In scripts written without spaces a word is a character.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST = 50_000
"""Words of a text that are compared; the rest is left out."""

_SMALL = 40_000  # pairs of words that difflib may look at in one gap
_DEEP = 12  # anchors within gaps between anchors, so often
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"\s*(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)\s*")

Match = tuple[int, int, int]
"""Where words of the first text are, where in the second, how many."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one text or of both. In `both` the text is the first's: the white space may differ."""

    where: Literal["both", "first", "second"]
    text: str
    words: int


@dataclass(frozen=True, slots=True)
class Diff:
    """pieces: the first text is those of `both` and `first` one after the other, the second, but for white space, those
    of `both` and `second`. cut: whether a text was longer than what is compared."""

    pieces: tuple[Piece, ...]
    cut: bool


def compare(first: str, second: str) -> Diff:
    """The two texts against each other."""
    a, b = _WORD.findall(first), _WORD.findall(second)
    cut = max(len(a), len(b)) > MOST
    a, b = a[:MOST], b[:MOST]
    pieces: list[Piece] = []
    i = j = 0
    for at_a, at_b, count in [*_matches([w.strip() for w in a], [w.strip() for w in b]), (len(a), len(b), 0)]:
        for where, words in (("first", a[i:at_a]), ("second", b[j:at_b]), ("both", a[at_a : at_a + count])):
            if words:
                pieces.append(Piece(where, "".join(words), len(words)))  # type: ignore[arg-type]
        i, j = at_a + count, at_b + count
    return Diff(tuple(pieces), cut)


def _matches(a: Sequence[str], b: Sequence[str]) -> list[Match]:
    """Runs of equal words, in order; adjacent ones as one."""
    found: list[Match] = []
    gaps = [(0, len(a), 0, len(b), 0)]
    while gaps:
        a0, a1, b0, b1, depth = gaps.pop()
        start = a0
        while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
            a0, b0 = a0 + 1, b0 + 1
        if a0 > start:
            found.append((start, b0 - (a0 - start), a0 - start))
        end = a1
        while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
            a1, b1 = a1 - 1, b1 - 1
        if a1 < end:
            found.append((a1, b1, end - a1))
        if a0 == a1 or b0 == b1:
            continue
        if (a1 - a0) * (b1 - b0) <= _SMALL:
            blocks = SequenceMatcher(None, a[a0:a1], b[b0:b1], autojunk=False).get_matching_blocks()
            found += [(a0 + block.a, b0 + block.b, block.size) for block in blocks if block.size]
        elif depth < _DEEP:
            at_a, at_b = a0, b0
            anchors = _anchors(a, b, a0, a1, b0, b1)
            for next_a, next_b in [*anchors, (a1, b1)] if anchors else []:
                gaps.append((at_a, next_a, at_b, next_b, depth + 1))
                at_a, at_b = next_a, next_b  # the anchor itself begins the next gap
    return _joined(sorted(found))


def _anchors(a: Sequence[str], b: Sequence[str], a0: int, a1: int, b0: int, b1: int) -> list[tuple[int, int]]:
    """Places of three words that both ranges have once: the longest series that is in order in both."""
    of_a, of_b = _threes(a[a0:a1]), _threes(b[b0:b1])
    in_a, in_b = Counter(of_a), Counter(of_b)
    place = {words: b0 + j for j, words in enumerate(of_b) if in_b[words] == 1}
    common = [(a0 + i, place[words]) for i, words in enumerate(of_a) if in_a[words] == 1 and words in place]
    ends: list[int] = []  # of the best series of each length, the place in b
    tails: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(common):
        length = bisect_left(ends, j)
        before.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [j]
        tails[length : length + 1] = [n]
    series = []
    n = tails[-1] if tails else -1
    while n >= 0:
        series.append(common[n])
        n = before[n]
    return series[::-1]


def _threes(words: Sequence[str]) -> list[tuple[str, str, str]]:
    return list(zip(words, words[1:], words[2:], strict=False))


def _joined(found: Sequence[Match]) -> list[Match]:
    result: list[Match] = []
    for i, j, count in found:
        if result and result[-1][0] + result[-1][2] == i and result[-1][1] + result[-1][2] == j:
            result[-1] = (*result[-1][:2], result[-1][2] + count)
        else:
            result.append((i, j, count))
    return result
