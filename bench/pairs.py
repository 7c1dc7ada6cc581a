"""Timing in pairs: A B A B ..., so that a machine that slows down slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def ratio(ours: Callable[[], object], theirs: Callable[[], object], runs: int = 5) -> tuple[float, float, float]:
    """Median CPU seconds of ours and of theirs, and the median over pairs of theirs / ours."""
    pairs = []
    for _ in range(runs):
        pairs.append((_cpu(ours), _cpu(theirs)))
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(b / a for a, b in pairs),
    )


def _cpu(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start
