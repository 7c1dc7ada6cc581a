"""Packages that a library looks for and uses if they are there, and that we have no use for: not imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder


@contextmanager
def absent(name: str) -> Iterator[None]:
    """Whoever imports the package `name` meanwhile is told that it is not installed; unless it was imported before."""
    without = _Without(name)
    sys.meta_path.insert(0, without)
    try:
        yield
    finally:
        sys.meta_path.remove(without)


class _Without(MetaPathFinder):
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name == self._name:
            raise ModuleNotFoundError(name, name=name)
