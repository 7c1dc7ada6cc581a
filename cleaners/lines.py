"""The lines of a batch, as the engine is asked about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cleaners.arrays import I64
from cleaners.registry import EVERY_ZONE

_LINE_FEED = 10


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a batch: where they start, in order, and end, and where they stand, as bits (registry.HEAD_ZONE and
    on).
    """

    starts: I64
    ends: I64
    zones: I64

    @classmethod
    def anywhere(cls, starts: I64, ends: I64) -> Lines:
        """Lines of which it does not matter where they stand."""
        return cls(starts, ends, np.full(len(starts), EVERY_ZONE))

    @classmethod
    def of(cls, data: bytes) -> Lines:
        """All lines of some texts."""
        ends = np.append(np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED), len(data))
        return cls.anywhere(np.append(0, ends[:-1] + 1), ends)

    def joined(self, data: bytes) -> bytes:
        """They alone, a line feed between two."""
        return b"\n".join(
            [data[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]
        )

    def zone(self, starts: I64) -> I64:
        """Where lines stand that start there; nowhere, if no line does."""
        row = np.minimum(np.searchsorted(self.starts, starts), len(self.starts) - 1)
        return np.where(self.starts[row] == starts, self.zones[row], 0) if len(self.starts) else np.zeros_like(starts)

    def chosen(self, numbers: I64) -> Lines:
        """Some of them."""
        return Lines(self.starts[numbers], self.ends[numbers], self.zones[numbers])
