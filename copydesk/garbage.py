"""Fewer looks for garbage while articles are worked on.

Python looks for cycles of objects that nobody holds after every 700 new ones, and ever so often goes over all of them.
What becomes of articles forms no cycles, and goes when the last reference does: the looking costs a sixth of the time.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

THRESHOLD = (200_000, 20, 20)
"""See gc.set_threshold. A batch of 1,024 articles makes about as many objects."""


def seldom_collected(function: Callable[P, R]) -> Callable[P, R]:
    """The function, during which cycles are looked for seldom; as before after it."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        before = gc.get_threshold()
        gc.set_threshold(*THRESHOLD)
        try:
            return function(*args, **kwargs)
        finally:
            gc.set_threshold(*before)

    return called


@contextmanager
def uncollected() -> Iterator[None]:
    """No looks for garbage meanwhile, and never among what there is by then: for imports, of which all stays. Looking
    takes a tenth of their time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def give_back() -> None:
    """Return memory that is free to the system. glibc keeps what was freed in the middle of its heap, after work on
    large arrays a third of what there is (malloc_trim(3)); so does Arrow."""
    pool = sys.modules.get("pyarrow")
    if pool is not None:
        pool.default_memory_pool().release_unused()
    if _trim is not None:
        _trim(0)


def _found() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library
        return None


_trim = _found()
