"""Packages that a library looks for and uses if they are there, and that we have no use for: not imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Whoever imports one of the packages meanwhile is told that it is not installed; unless it was imported before."""
    without = _Without(names)
    sys.meta_path.insert(0, without)
    try:
        yield
    finally:
        sys.meta_path.remove(without)


class _Without(MetaPathFinder):
    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name in self._names:
            raise ModuleNotFoundError(name, name=name)
