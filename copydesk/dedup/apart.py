"""Who does what can be done in pieces: this process, or others beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Apart(Protocol):
    """Maps a function of a piece over pieces, in any order. name: of what is done. Pieces, which have a `number`, and
    results can be pickled."""

    def __call__(self, name: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterable[R]: ...


def here(name: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterable[R]:
    """In this process (Apart)."""
    return map(function, over)


def if_several(apart: Apart, name: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterable[R]:
    """By others, unless there is one piece only, which is sooner done than handed over."""
    return (apart if len(over) > 1 else here)(name, function, over)
