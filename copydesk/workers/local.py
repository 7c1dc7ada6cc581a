"""Local worker processes that may die: what one had in hand is tried again, the others are not disturbed.

Every worker is a pool of one process, so that a death tells which shard it was.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from copydesk.errors import TaskError
from copydesk.model import Shard
from copydesk.workers import marks, retry
from copydesk.workers.orphan import end_with_parent

T = TypeVar("T")
R = TypeVar("R")

TICK = 1.0
"""Seconds between two looks at what the workers are doing."""

PATIENCE = 4
"""A worker that stands at one item for so many times `item_seconds` by the clock is killed. Python code is stopped
by the worker itself (clock.Limit); this is for code that does not come back."""

_START_SECONDS = 10.0
"""Within which a new worker is there, or it is left alone."""

MOST_DEATHS = 200
"""Of workers in one run; after so many it is not the articles."""


CLEANING = ("process", "learn", "apply")
"""Stages after which a process holds what cleaning takes: automata, what they found, models; in order."""

MUCH = 64 << 20
"""Bytes for each worker, from which on those that have cleaned make room for new ones: matching so much takes more
memory than cleaning does. The new ones start while what is to be matched is read."""


@dataclass(slots=True)
class _Task:
    """One thing to be done. stands: seconds it has been at the same mark. timed_out: killed for it."""

    one: Any
    again: bool = False
    mark: marks.Mark | None = None
    stands: float = 0.0
    timed_out: bool = False


def _begin(size: int, cleans: bool) -> None:
    """Called in a worker when it starts. What takes a while and lets other threads run is done beside the first shard,
    not in the process that all are forked from: that would keep all waiting."""
    from copydesk.sketches import compiled

    end_with_parent()
    compiled.foresee(size, beside=not cleans)
    if not cleans:
        return
    from copydesk.text import language

    threading.Thread(target=language.warm, name="copydesk-language", daemon=True).start()


class _Lane:
    """One worker process."""

    def __init__(self, context: BaseContext, size: int, cleans: bool) -> None:
        self.cleans = cleans
        self.pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(size, cleans))
        self._pid = self.pool.submit(os.getpid)

    def kill(self) -> None:
        with suppress(Exception):  # it may be dead already
            os.kill(self._pid.result(timeout=_START_SECONDS), signal.SIGKILL)

    def close(self, at_once: bool = False) -> None:
        """Have it end. Who leaves Python waits for it, nobody before: it takes a while to give its memory back."""
        if at_once:
            self.kill()
        self.pool.shutdown(wait=False, cancel_futures=True)


class Workers:
    """A Map (see mapping) over local processes; use it as a context.

    count: of processes. parts: where the parts and marks of this run lie. item_seconds: see Settings. size: bytes that
    each will have to work on, if that is known.
    """

    def __init__(self, count: int, parts: Path, item_seconds: float, size: int = 0) -> None:
        # Not fork: Arrow's threads do not survive it, and a child would hold the output's lock.
        self._context = _context()
        self._count, self._size = count, size
        self._lanes: list[_Lane] = []
        self._parts = parts
        self._patience = PATIENCE * item_seconds
        self._deaths = 0
        self._closed = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(at_once=kind is not None)

    def close(self, at_once: bool = False) -> None:
        """End the processes. at_once: also what they have in hand; whoever waits for it is told by an exception."""
        self._closed = True
        self._dismiss(list(self._lanes), at_once)

    def __call__(self, stage: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterator[R]:
        """Raises TaskError if what is no shard ends two workers, or workers keep dying; and what `function` raises."""
        cleans = stage in CLEANING
        if not cleans:
            self._make_room()
        waiting = deque(_Task(one) for one in over)
        running: dict[Future[R], tuple[_Lane, _Task]] = {}
        idle = list(self._lanes)
        seen = time.monotonic()
        while waiting or running:
            while waiting and (idle or len(self._lanes) < self._count):
                lane, task = idle.pop() if idle else self._new_lane(cleans), waiting.popleft()
                try:
                    running[lane.pool.submit(function, task.one)] = lane, task
                except BrokenProcessPool as error:  # it died with nothing in hand
                    if self._closed:
                        raise
                    self._bury(lane, error)
                    waiting.appendleft(task)
            done = wait(running, TICK, FIRST_COMPLETED).done
            # A run that was stopped for an hour has not watched for an hour.
            passed, seen = min(time.monotonic() - seen, 2 * TICK), time.monotonic()
            for future in done:
                lane, task = running.pop(future)
                try:
                    result = future.result()
                except (BrokenProcessPool, MemoryError) as error:
                    if self._closed:
                        raise
                    self._bury(lane, error)
                    waiting.extendleft(reversed(self._instead(stage, task, error)))
                else:
                    idle.append(lane)
                    yield result
            for lane, task in running.values():
                self._watch(lane, task, passed)
        if stage == CLEANING[-1]:
            self._make_room()

    def _make_room(self) -> None:
        """Have new processes in place of those that have cleaned much."""
        if self._size >= MUCH:
            old = [lane for lane in self._lanes if lane.cleans]
            self._dismiss(old)
            for _ in old:
                self._new_lane(cleans=False)

    def _new_lane(self, cleans: bool) -> _Lane:
        with _uninterrupted():
            lane = _Lane(self._context, self._size, cleans)
            self._lanes.append(lane)
        return lane

    def _dismiss(self, lanes: Sequence[_Lane], at_once: bool = False) -> None:
        """End these processes; but for `at_once` they have nothing in hand."""
        for lane in lanes:
            self._lanes.remove(lane)
            lane.close(at_once)

    def _watch(self, lane: _Lane, task: _Task, passed: float) -> None:
        if not isinstance(task.one, Shard):
            return
        mark = marks.last(self._parts, task.one.name)
        # Reading may have to pass over gigabytes that are not its own.
        if mark is None or mark.step == "read" or mark != task.mark:
            task.mark, task.stands = mark, 0.0
            return
        task.stands += passed
        if task.stands > self._patience and not task.timed_out:
            task.timed_out = True
            lane.kill()

    def _bury(self, lane: _Lane, error: Exception) -> None:
        """Have no more to do with a worker that has died. Raises TaskError if too many have."""
        self._lanes.remove(lane)
        lane.close(at_once=True)
        self._deaths += 1
        if self._deaths > MOST_DEATHS:
            told = f"{self._deaths} workers have died: too many for it to be the articles; {ADVICE}"
            raise TaskError(told) from error

    def _instead(self, stage: str, task: _Task, error: Exception) -> list[_Task]:
        """What to do instead of a task whose worker has died."""
        if isinstance(task.one, Shard):
            mark = marks.last(self._parts, task.one.name)
            name, why = (retry.TIMEOUT, _STOOD) if task.timed_out else (retry.KILLED, _why(error))
            return [_Task(piece) for piece in retry.pieces(task.one, mark, name, why)]
        if task.again:
            raise TaskError(f"{stage}: two workers died of the same part: {_why(error)}")
        return [_Task(task.one, again=True)]


def get_ready(much: bool = False) -> None:
    """Start what worker processes are forked from: it imports what they need while this process goes on.

    much: whether there is so much to do that each would load compiled loops: then they share those too.
    """
    _context("copydesk.run.preloaded_compiled" if much else _PRELOADED)
    with _uninterrupted():
        pass


_PRELOADED = "copydesk.run.preloaded"


def _context(preloaded: str = _PRELOADED) -> BaseContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preloaded, "copydesk.workers.served"])
    return context


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until a worker is there whole: one of which only half is there would tell of it at length.

    What forks the workers is started deaf to it, and so are they: it is for this process to end them.
    """
    # Only the main thread may say what a signal does, and only what Python knows can be put back.
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    came = False

    def note(*_: object) -> None:
        nonlocal came
        came = True

    before = signal.signal(signal.SIGINT, note)
    try:
        resource_tracker.ensure_running()  # which would undo the next line
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # as children inherit it
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


ADVICE = "give it more memory, or fewer workers (--workers)"
_STOOD = "a worker process stood still at it and was killed"


def _why(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return f"a worker process ran out of memory over it; {ADVICE}"
    return f"a worker process was killed over it, as when memory runs out; {ADVICE}"
