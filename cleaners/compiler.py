"""Compiles modules of plain loops with numba."""

from __future__ import annotations

import platform
import types
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cleaners.absent import absent
from cleaners.kept import Arrays, is_kept, kept


def compiled(scope: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The functions of a module, or of several together, compiled; each finds those named before it, compiled as well.

    scope: the names of the modules. What was compiled is kept in numba's cache for the next process.
    """
    njit = numba().njit
    scope = dict(scope)
    for name in names:
        function = types.FunctionType(scope[name].__code__, scope, name)
        try:
            scope[name] = njit(cache=True, nogil=True)(function)
        except RuntimeError:  # there is no place that it may write to: every process compiles for itself
            scope[name] = njit(nogil=True)(function)
    return scope


def fill(name: str, modules: Iterable[types.ModuleType], rehearse: Callable[[], None]) -> None:
    """Have numba's cache hold what `rehearse` runs of these modules, as it does if a process has done this before.

    Processes that fill it at the same time can spoil it: a program that starts several calls this first.
    """

    def filled() -> Arrays:
        rehearse()
        return {"done": np.ones(1, np.uint8)}

    kept(name, _state(modules), filled)


def is_filled(name: str, modules: Iterable[types.ModuleType]) -> bool:
    """Whether a process has done `fill`, so that what is compiled need only be loaded."""
    return is_kept(name, _state(modules))


def _state(modules: Iterable[types.ModuleType]) -> list[str]:
    """What numba tells by whether its cache is of these modules."""
    found = [version("numba"), platform.python_version(), platform.node()]
    for module in modules:
        file = Path(str(module.__file__))
        found.append(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}")
    return found


def numba() -> Any:
    """numba, less what it imports where that is installed: scipy for linear algebra, in a fifth of a second; cffi, yaml
    and colorama for functions of C, its settings and colours, in a twentieth. Raises ImportError without numba."""
    with absent("scipy", "cffi", "yaml", "colorama"):
        import numba as found
        import numba.core.typing.cffi_utils  # where it looks
        import numba.np.arraymath
    return found
