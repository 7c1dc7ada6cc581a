"""What `verify` answers with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

MOST = 20
"""Faults listed of one check; one broken file can make a million of them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be. check: a stable name. where: a file, a run or a row."""

    check: str
    where: str
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.check, self.where, self.message)))


class Faults:
    """Faults as they are found, at most MOST of a check."""

    def __init__(self) -> None:
        self._found: list[Fault] = []
        self._count: Counter[str] = Counter()

    def add(self, check: str, where: str, message: str) -> None:
        """Of the first one beyond MOST it is said that there are more; those after it are counted only."""
        self._count[check] += 1
        if self._count[check] <= MOST:
            self._found.append(Fault(check, where, message))
        elif self._count[check] == MOST + 1:
            self._found.append(Fault(check, "", f"there are more than {MOST} of these; the rest is not listed"))

    def all(self) -> list[Fault]:
        """Those that are listed, as they were found."""
        return list(self._found)
