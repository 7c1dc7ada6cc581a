"""The stages of a run as tasks of a flow.

When the process of a task is killed, Prefect's pool is broken for good and all tasks under way are lost. What is left
is then done in local worker processes of ours (copydesk/workers.py), which find the item that kills and reject it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, wait

from copydesk.errors import CopydeskError, TaskError
from copydesk.model import Shard
from copydesk.settings import Settings
from copydesk.terminal import printable
from copydesk.workers import Workers
from flows.patience import TASK_DELAYS, task_may_pass

T = TypeVar("T")
R = TypeVar("R")

_GONE = 10.0
"""Seconds to wait for the end of what was left of a broken pool: it was told to end, and must not write any more."""


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=len(TASK_DELAYS),
    retry_delay_seconds=TASK_DELAYS,
    retry_condition_fn=task_may_pass,
)
def stage(function: Callable[[T], R], one: T) -> R:
    """One stage of one shard: it writes the same files however often it is done, so it can be tried again. That is
    done where the disk failed; whatever else fails would fail again."""
    return function(one)


class Tasks:
    """A Map (see pipeline) over tasks, at most `settings.workers` of them under way at once; use it as a context.

    parts: where the parts and marks of this run lie. warn: is told, once, that tasks were killed.
    """

    def __init__(self, settings: Settings, parts: Path, warn: Callable[[str], object]) -> None:
        self._at_once = settings.workers
        self._warn = warn
        self._workers = Workers(settings.workers, parts, settings.item_seconds)
        self._broken = False

    def __enter__(self) -> Tasks:
        self._workers.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.__exit__(kind, error, trace)

    def __call__(self, name: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterator[R]:
        """Raises CopydeskError as `function` does, and TaskError if it raises anything else or workers keep dying."""
        left = dict(enumerate(over))
        if not self._broken:
            try:
                for place, result in self._in_tasks(name, function, over):
                    del left[place]
                    yield result
            except BrokenProcessPool:
                self._broken = True
                self._warn(
                    f"a process of a task of the stage {name} was killed, as when memory runs out; what is left of the "
                    "run is done in worker processes of its own, to find what does it"
                )
                for process in multiprocessing.active_children():
                    process.join(_GONE)
        yield from self._workers(name, function, list(left.values()))

    def _in_tasks(self, name: str, function: Callable[[T], R], over: Sequence[T]) -> Iterator[tuple[int, R]]:
        """Results and their places in `over`, as they come. Raises BrokenProcessPool."""
        waiting = iter(enumerate(over))
        running: dict[int, PrefectFuture[R]] = {}
        while True:
            for place, one in islice(waiting, self._at_once - len(running)):
                running[place] = stage.with_options(task_run_name=f"{name} {_label(one)}").submit(function, one)
            if not running:
                return
            done = _first_done(list(running.values()))
            for place in [place for place, future in running.items() if future in done]:
                yield place, _result(name, running.pop(place))


def _result(name: str, future: PrefectFuture[R]) -> R:
    try:
        return future.result()
    except (CopydeskError, BrokenProcessPool):
        raise
    except Exception as error:
        raise TaskError(f"a task of the stage {name} failed: {printable(repr(error))[:300]}") from error


def _first_done(running: Sequence[PrefectFuture[R]]) -> set[PrefectFuture[R]]:
    while True:
        done = wait(list(running), timeout=0.2).done
        if done:
            return done


def _label(one: Any) -> str:
    """What a task is named by: its shard's number and first file, or its part's number."""
    if isinstance(one, Shard):
        first = Path(one.files[0].path).name
        more = f" +{len(one.files) - 1}" if len(one.files) > 1 else f" {one.part + 1}/{one.parts}" * (one.parts > 1)
        return printable(f"{one.number} {first}{more}")
    return str(one.number)
