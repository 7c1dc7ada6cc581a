"""How a stage is mapped over shards, parts or pieces, whatever does it: processes here, a cluster, tasks of a flow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Map(Protocol):
    """Maps one stage over its shards, parts or pieces, which have numbers; results come in any order."""

    def __call__(self, stage: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterable[R]: ...


Mapper = Callable[[Path], AbstractContextManager[Map]]
"""Makes a Map, given the folder where the parts and marks of the run will lie."""
