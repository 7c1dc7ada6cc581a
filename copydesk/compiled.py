"""loops.py compiled by numba, once there is enough to do in this process that it pays."""

from __future__ import annotations

import functools
import threading
import types
from typing import Any

from copydesk import loops

COMPILE_BYTES = 512 * 1024
"""Of text. Loading what numba compiled takes half a second, which plain Python needs for about so much."""

_FUNCTIONS = (
    "fmix64",
    "fmix32",
    "hashed",
    "short_run",
    "tokenize",
    "tokenize_all",
    "shingle",
    "shingle_all",
    "least_of",
    "minimize",
    "compare",
    "band",
    "pack",
    "count_neighbours",
    "join",
    "choose",
    "components",
)

_lock = threading.Lock()
_met = 0


def loops_for(size: int) -> types.SimpleNamespace | None:
    """The functions of loops.py, compiled, to work on `size` bytes of text; None while plain Python is quick enough, or
    where there is no numba. Both give the same bits."""
    global _met
    with _lock:
        _met += size
        return _compiled() if _met >= COMPILE_BYTES else None


def warm(size: int) -> None:
    """Compile, if so many bytes are to be worked on that it pays.

    numba keeps what it compiled in a cache, which processes that fill it at the same time can spoil: a program that
    starts several calls this before.
    """
    if size >= COMPILE_BYTES and (ready := _compiled()):
        loops.rehearse(ready)


@functools.cache
def _compiled() -> types.SimpleNamespace | None:
    """Each function finds those before it, compiled as well."""
    try:
        import numba
    except ImportError:
        return None
    scope: dict[str, Any] = dict(vars(loops))
    for name in _FUNCTIONS:
        function = types.FunctionType(scope[name].__code__, scope, name)
        try:
            scope[name] = numba.njit(cache=True, nogil=True)(function)
        except RuntimeError:  # there is no place that it may write to: every process compiles for itself
            scope[name] = numba.njit(nogil=True)(function)
    return types.SimpleNamespace(**{name: scope[name] for name in _FUNCTIONS})
