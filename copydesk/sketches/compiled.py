"""loops.py and token_loops.py compiled by numba, once there is enough to do in this process that it pays."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
import types
from importlib.metadata import PackageNotFoundError
from typing import Any

from cleaners import compiler
from copydesk.sketches import loops, token_loops

COMPILE_BYTES, LOAD_BYTES, MORE_BYTES = 64 << 20, 6 << 20, 512 << 10
"""Of text. Compiling takes ten seconds of the processor; loading what another process compiled 0.5, or 0.05 where numba
is there for something else. With about so much numpy takes as long."""

DEAR = 16
"""Loops over numbers in plain Python cost as much as so many times their bytes of text."""

_FUNCTIONS = (
    "fmix64",
    "fmix32",
    "hashed",
    "put",
    "decoded",
    "fold",
    "stops_in",
    "replace",
    "pieces",
    "tokenize",
    "short_run",
    "tokenize_unspaced",
    "tokenize_all",
    "digest_all",
    "shingle",
    "shingle_all",
    "least_of",
    "minimize",
    "compare",
    "band",
    "count_buckets",
    "pack",
    "count_neighbours",
    "join",
    "probe",
    "choose",
    "components",
    "gather",
)

_lock = threading.Lock()
_met = 0


def loops_for(size: int) -> types.SimpleNamespace | None:
    """The functions of both, compiled, to work on `size` bytes of text; None while plain Python is quick enough, or
    where there is no numba. Both give the same bits."""
    global _met
    with _lock:
        _met += size
        return _compiled() if _met >= COMPILE_BYTES or (_met >= _enough() and _is_filled()) else None


def _enough() -> int:
    return MORE_BYTES if "numba" in sys.modules else LOAD_BYTES


def foresee(size: int, *, beside: bool = False) -> None:
    """Say that there will be so many bytes of text to work on in this process: if it pays, it is compiled at once.

    beside: this process has something else to wait for before, so that what is compiled can be loaded meanwhile.
    """
    global _met
    with _lock:
        _met = max(_met, size)
    if beside and size >= LOAD_BYTES and _is_filled():
        threading.Thread(target=rehearse, name="copydesk-loops", daemon=True).start()


def warm(size: int) -> None:
    """See that they are compiled, if so many bytes are to be worked on that it pays: once for all processes."""
    if size >= COMPILE_BYTES:
        with contextlib.suppress(PackageNotFoundError):
            compiler.fill(_NAME, _MODULES, rehearse)


def _is_filled() -> bool:
    global _filled
    with contextlib.suppress(PackageNotFoundError):
        _filled = _filled or compiler.is_filled(_NAME, _MODULES)
    return _filled


_filled = False
_NAME, _MODULES = "loops", (loops, token_loops)


def rehearse() -> None:
    """Run all of them once, so that this process has them."""
    with _lock:  # two threads would load them twice
        ready = _compiled()
    if ready:
        loops.rehearse(ready, token_loops.scratch())


def _pread() -> Any:
    """As compiled code calls it, by the C library's own name. Raises ImportError without numba."""
    kinds = compiler.numba().types
    return kinds.ExternalFunction("pread", kinds.intp(kinds.intc, kinds.uintp, kinds.uintp, kinds.int64))


@functools.cache
def _compiled() -> types.SimpleNamespace | None:
    if sys.byteorder != "little":
        return None
    try:
        scope = vars(token_loops) | vars(loops) | {"pread": _pread()}
        functions = compiler.compiled(scope, _FUNCTIONS)
    except ImportError:
        return None
    return types.SimpleNamespace(**{name: functions[name] for name in _FUNCTIONS})
