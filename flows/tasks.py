"""The stages of a run as tasks of a flow.

When the process of a task is killed, Prefect's pool is broken for good and all tasks under way are lost. What is left
is then done in local worker processes of ours (copydesk/workers/local.py), which find the item that kills and reject
it. So it is when a task exits: see _exited.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from itertools import islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, wait
from prefect.task_runners import TaskRunner

from copydesk.errors import CopydeskError, TaskError, UsageError
from copydesk.model import Shard
from copydesk.run.adding import Added
from copydesk.settings import Settings
from copydesk.terminal import printable
from copydesk.workers import cluster
from copydesk.workers.local import Workers
from copydesk.workers.mapping import Map
from flows.patience import TASK_DELAYS, task_may_pass

T = TypeVar("T")
R = TypeVar("R")

_DASK_AT_ONCE = 1000
"""Tasks that a Dask scheduler has at once: more than a cluster has threads, fewer than a run may have shards."""

_GONE = 10.0
"""Seconds to wait for the end of what was left of a broken pool: it is killed, and must not write any more."""


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


def tasks(settings: Settings, parts: Path, warn: Callable[[str], object]) -> AbstractContextManager[Map]:
    """The Map (see mapping) of a flow: tasks of its own task runner or, where the settings name a Dask cluster, of a
    DaskTaskRunner. parts: where the parts and marks of this run lie. warn: is told, once, that tasks were killed."""
    return Tasks(settings, parts, warn) if settings.engine == "local" else DaskTasks(settings, parts)


class Tasks:
    """A Map over tasks of the flow's task runner, at most `settings.workers` of them under way at once; use it as a
    context. See tasks()."""

    def __init__(self, settings: Settings, parts: Path, warn: Callable[[str], object]) -> None:
        self._at_once = settings.workers
        self._warn = warn
        self._workers = Workers(settings.workers, parts, settings.item_seconds)
        self._broken = False
        self._others: set[BaseProcess] = set()

    def __enter__(self) -> Tasks:
        self._others.update(multiprocessing.active_children())
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
                for place, result in in_tasks(None, name, function, over, self._at_once):
                    del left[place]
                    yield result
            except BrokenProcessPool:
                self._broken = True
                self._warn(
                    f"a process of a task of the stage {name} was killed, as when memory runs out; what is left of the "
                    "run is done in worker processes of its own, to find what does it"
                )
                self._end_pool()
        yield from self._workers(name, function, list(left.values()))

    def _end_pool(self) -> None:
        """A pool ends its processes itself when one is killed, but not when a task exits."""
        left = set(multiprocessing.active_children()) - self._others
        for process in left:
            process.kill()
        for process in left:
            process.join(_GONE)


class DaskTasks:
    """A Map over tasks of a DaskTaskRunner on the cluster of `settings.engine`, where they run as they do without a
    flow (copydesk.workers.cluster); use it as a context. See tasks()."""

    def __init__(self, settings: Settings, parts: Path) -> None:
        self._settings, self._parts = settings, parts
        self._stack = ExitStack()

    def __enter__(self) -> DaskTasks:
        """Raises UsageError as Cluster does, and if there is no prefect-dask."""
        try:
            from prefect_dask.task_runners import DaskTaskRunner
        except ImportError:
            raise UsageError(f"the engine {self._settings.engine} needs Dask: pip install 'copydesk[dask]'") from None
        with self._stack as stack:
            stack.enter_context(cluster.Cluster(self._settings, self._parts))
            self._runner = stack.enter_context(DaskTaskRunner(address=cluster.address(self._settings.engine)))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def __call__(self, name: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterator[R]:
        """Raises as Tasks does."""
        hosted = cluster.Hosted(name, function, self._settings, self._parts)
        for _, results in in_tasks(self._runner, name, hosted, over, _DASK_AT_ONCE):
            yield from results


def in_tasks(
    runner: TaskRunner[PrefectFuture[Any]] | None,
    name: str,
    function: Callable[[T], R],
    over: Sequence[T],
    at_once: int,
) -> Iterator[tuple[int, R]]:
    """Results and their places in `over`, as they come. runner: None for that of the flow. Raises BrokenProcessPool."""
    waiting = iter(enumerate(over))
    running: dict[int, PrefectFuture[R]] = {}
    while True:
        for place, one in islice(waiting, at_once - len(running)):
            named = stage.with_options(task_run_name=f"{name} {_label(one)}")
            parameters = {"function": function, "one": one}
            running[place] = runner.submit(named, parameters) if runner else named.submit(function, one)
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
        if any(map(_exited, running)):
            raise BrokenProcessPool


def _exited(future: PrefectFuture[Any]) -> bool:
    """Whether a task raised SystemExit or the like in its process, as Prefect's engine does of what it cannot handle.

    Prefect hands on nothing but an Exception. Of anything else the thread dies that waits for all processes of the
    pool: this future and the others would never be done.
    """
    submitted = getattr(getattr(future, "wrapped_future", None), "wrapped_future", None)
    process: Future[Any] | None = getattr(submitted, "_process_future", None)
    if process is None or not process.done() or process.cancelled():
        return False
    return not isinstance(process.exception(), Exception | None)


def _label(one: Any) -> str:
    """What a task is named by: its shard's number and first file, its part's number, or `index`."""
    if isinstance(one, Shard):
        first = Path(one.files[0].path).name
        more = f" +{len(one.files) - 1}" if len(one.files) > 1 else f" {one.part + 1}/{one.parts}" * (one.parts > 1)
        return printable(f"{one.number} {first}{more}")
    return "index" if isinstance(one, Added) else str(one.number)
