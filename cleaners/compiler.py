"""Compiles modules of plain loops with numba."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any


def compiled(scope: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The functions of a module, or of several together, compiled; each finds those named before it, compiled as well.

    scope: the names of the modules. What was compiled is kept in numba's cache for the next process.
    """
    import numba

    scope = dict(scope)
    for name in names:
        function = types.FunctionType(scope[name].__code__, scope, name)
        try:
            scope[name] = numba.njit(cache=True, nogil=True)(function)
        except RuntimeError:  # there is no place that it may write to: every process compiles for itself
            scope[name] = numba.njit(nogil=True)(function)
    return scope
