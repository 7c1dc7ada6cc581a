"""A limit on the processor time of one step."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class TimeUp(BaseException):
    """The time of a step is up. Not an Exception: libraries that catch those must not swallow it."""


class Limit:
    """`with limit: ...` raises TimeUp in the main thread once the step has used its processor time.

    Processor time of the process, so that a machine that is busy, or a run that was stopped and went on, makes no
    difference. Without effect off the main thread and where there is no such timer (Windows); code that does not
    come back to Python is left to whoever watches the process.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._armed = False
        self._works = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if self._works:
            signal.signal(signal.SIGPROF, self._ring)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._armed:
            raise TimeUp

    def __enter__(self) -> None:
        if self._works:
            self._armed = True
            # Again each second: the first may come where Python cannot raise, as in a finalizer.
            signal.setitimer(signal.ITIMER_PROF, self._seconds, 1.0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._armed = False
        if self._works:
            signal.setitimer(signal.ITIMER_PROF, 0)
