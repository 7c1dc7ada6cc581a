"""A process that ends without being taken apart.

Python frees the objects of a process that ends one by one, and numba what it has loaded: a tenth to a quarter of a
second of the processor, for which whoever called waits. The system does it at once.
"""

from __future__ import annotations

import atexit
import os
import sys


class Leaving:
    """Has this process end at once, with the exit status `code`, when all is done that was registered with atexit after
    this one was made."""

    def __init__(self, code: int = 1) -> None:
        self.code = code
        atexit.register(self._leave)

    def _leave(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):  # there is none, or nobody reads it
                self.code = self.code or _NOT_WRITTEN
        os._exit(self.code)


_NOT_WRITTEN = 120  # as Python ends if it cannot write what was printed
