"""Packages that a library looks for and uses if they are there, and that we have no use for: not imported."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """This thread is told meanwhile that these packages are not installed; unless they were imported before."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)  # for good: who imports elsewhere meanwhile goes through the list
    before = _finder.names
    _finder.names = before | frozenset(names)
    try:
        yield
    finally:
        _finder.names = before


class _Without(MetaPathFinder, threading.local):
    """names: of the packages that are not there for the thread that asks."""

    names: frozenset[str] = frozenset()

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name in self.names:
            raise ModuleNotFoundError(name, name=name)


_finder = _Without()
