"""Whether a run has much to read, at a glance: before anything is opened, and cheaper than to find all of it."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

MUCH = 4 * 1024 * 1024
"""Bytes. Loading what numba compiled takes 0.6 s of the processor, which plain Python needs for about so much."""

MOST_FILES = 2000
"""That are looked at: of so many small ones it takes a while to find out."""


def is_much(inputs: Iterable[str]) -> bool:
    """Whether the files that the inputs name hold MUCH bytes or more; a guess for standard input and objects of a
    bucket, which are seldom few. What is not there, or has no end, is for `discover` to say."""
    total = 0
    for number, file in enumerate(_files(inputs)):
        if file is None or number >= MOST_FILES:
            return True
        with suppress(OSError, ValueError):
            total += os.stat(file).st_size
        if total >= MUCH:
            return True
    return False


def _files(inputs: Iterable[str]) -> Iterator[str | None]:
    """Paths; None for what cannot be looked at."""
    for text in inputs:
        if text == "-" or "://" in text:
            yield None
            continue
        named = os.path.expanduser(text)
        for path in [named] if os.path.exists(named) else glob.iglob(named, recursive=True):
            if not os.path.isdir(path):
                yield path
                continue
            for folder, _, names in os.walk(path):
                yield from (os.path.join(folder, name) for name in names)
