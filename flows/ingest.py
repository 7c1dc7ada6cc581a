"""The Prefect flow: the same stages as the command line, one task a shard and stage, never one an article.

Parameters and results carry paths and counts. Tasks run in worker processes; what they leave lies in the output's
staging folder, so the flow and its workers need the same file system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, wait
from prefect.runtime import flow_run
from prefect.states import Failed
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from copydesk.errors import CopydeskError, TaskError
from copydesk.model import Shard
from copydesk.pipeline import run
from copydesk.settings import Settings
from copydesk.terminal import printable, printable_lines

T = TypeVar("T")
R = TypeVar("R")

BOOKS = ("items", "articles", "duplicates", "revisions", "seen", "rejects", "bytes_read")


@task(cache_policy=NO_CACHE, persist_result=False)
def stage(function: Callable[[T], R], one: T) -> R:
    """One stage of one shard. A stage is deterministic, so a failure is not tried again: the next run is the retry."""
    return function(one)


def _run_name() -> str:
    inputs = flow_run.parameters["settings"]
    named = inputs.inputs if isinstance(inputs, Settings) else inputs.get("inputs", ())
    return printable("ingest " + ", ".join(Path(name).name or name for name in named))[:80]


_PROCESSES = cast(TaskRunner[PrefectFuture[Any]], ProcessPoolTaskRunner())  # its type is not declared a covariant one


@flow(name="ingest", flow_run_name=_run_name, task_runner=_PROCESSES, persist_result=False)
def ingest(settings: Settings) -> dict[str, Any] | State[Any]:
    """Ingest `settings.inputs` into `settings.output`: the command line's `copydesk ingest` as a flow.

    Returns the counts of the run's books, or the state Failed with the words of a CopydeskError. At most
    `settings.workers` tasks are under way at once.
    """
    log = get_run_logger()

    def mapper(name: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterator[R]:
        return _map_to_tasks(name, function, over, settings.workers)

    def progress(name: str, done: int, total: int, records: int, rejects: int, /) -> None:
        log.info("%s: %d of %d shards, %d articles, %d rejects", name, done, total, records, rejects)

    try:
        summary = run(settings, mapper=mapper, progress=progress)
    except CopydeskError as error:
        return Failed(message=printable_lines(str(error)))
    seconds = (summary.finished_at - summary.started_at).total_seconds()
    books = {name: getattr(summary, name) for name in BOOKS}
    log.info("run %s: %s, %.1f items a second", summary.run_id, books, summary.items / max(seconds, 1e-9))
    create_table_artifact(key="books", table=[{"run_id": summary.run_id, **books}], description="The books of the run")
    return {"run_id": summary.run_id, **books}


def _map_to_tasks(name: str, function: Callable[[T], R], over: Sequence[T], at_once: int) -> Iterator[R]:
    """Run a stage as tasks, `at_once` of them at a time; results as they come."""
    waiting = iter(over)
    running: list[PrefectFuture[R]] = []
    while True:
        for one in islice(waiting, at_once - len(running)):
            running.append(stage.with_options(task_run_name=f"{name} {_label(one)}").submit(function, one))
        if not running:
            return
        done = _first_done(running)
        running = [f for f in running if f not in done]
        yield from (_result(name, future) for future in done)


def _result(name: str, future: PrefectFuture[R]) -> R:
    try:
        return future.result()
    except CopydeskError:
        raise
    except Exception as error:
        message = (
            f"a task of the stage {name} failed ({printable(repr(error))[:300]}). If its process was killed, as when "
            "memory runs out, `copydesk ingest` with the same inputs finds the item that does it and rejects it"
        )
        raise TaskError(message) from error


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
