"""What rules match in lines that were met of late: sites repeat their lines."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from cleaners.arrays import I64
from cleaners.patterns import Values
from cleaners.reader import compiled

LINES, LINE_BYTES = 1 << 16, 512
"""So many lines of so many bytes are remembered: then all are forgotten. Of those that return, nearly all do soon."""


class Memory(threading.local):
    """Lines by number, and what was told of each: matches (number of a rule, start, end) with their values.

    Each thread has its own.
    """

    def __init__(self) -> None:
        self._slots = np.empty(2 * LINES, np.int32)
        self._hashes, self._numbers = np.empty((2, LINES), np.int64)
        self._begins = np.zeros(LINES + 1, np.int64)
        self._lines = np.empty(LINES * (LINE_BYTES + 1), np.uint8)  # of which little is ever written
        self._forget()

    def _forget(self) -> None:
        self._asking = False
        self._slots.fill(-1)
        self._held = 0
        self._ends = np.zeros(1, np.int64)  # of what is told of each line, behind that of the line before
        self._matches = np.empty((0, 3), np.int64)
        self._values: list[Values] = []

    def met(self, data: bytes, starts: I64, ends: I64, stands: I64) -> tuple[I64, I64]:
        """The numbers of lines, and which of them are new: `learn` is to be told of those. stands: where they do."""
        if self._asking or len(self._ends) - 1 > LINES:  # who asked about them before was interrupted
            self._forget()
        self._asking = True
        entries, new = np.empty((2, len(starts)), np.int64)
        lines = map(np.ascontiguousarray, (starts, ends, stands))  # numba would compile for others anew
        fresh, self._held = compiled().run(
            "recall", np.frombuffer(data, np.uint8), *lines, LINE_BYTES, len(self._ends) - 1, self._held,
            self._slots, self._hashes, self._numbers, self._begins, self._lines, entries, new,
        )  # fmt: skip
        return entries, new[:fresh]

    def learn(self, counts: Sequence[int], matches: Sequence[tuple[int, int, int]], values: Sequence[Values]) -> None:
        """What is told of the new lines, in order. counts: matches of each."""
        self._ends = np.concatenate([self._ends, self._ends[-1] + np.cumsum(np.array(counts, np.int64))])
        self._matches = np.concatenate([self._matches, np.array(matches, np.int64).reshape(-1, 3)])
        self._values.extend(values)
        self._asking = False

    def told(self, entries: I64) -> tuple[I64, I64, list[Values]]:
        """What is told of lines by number: of which it is, int64[n], matches, int64[n, 3], and values."""
        firsts, counts = self._ends[entries], np.diff(self._ends)[entries]
        of = np.repeat(np.arange(len(entries)), counts)
        chosen = np.arange(len(of)) + (firsts - np.cumsum(counts) + counts)[of]
        return of, self._matches[chosen], [self._values[place] for place in chosen.tolist()]
