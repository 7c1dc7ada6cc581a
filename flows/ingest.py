"""The Prefect flow: the same stages as the command line, one task a shard and stage, never one an article.

Parameters and results carry paths and counts. Tasks run in worker processes; what they leave lies in the output's
staging folder, so the flow and its workers need the same file system.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from glob import has_magic
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Failed
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from copydesk.errors import CopydeskError
from copydesk.run.pipeline import run
from copydesk.settings import Settings
from copydesk.store import place
from copydesk.store.store import Store
from copydesk.terminal import printable, printable_lines
from copydesk.workers.mapping import Map
from copydesk.workers.orphan import end_with_parent
from flows import telling
from flows.patience import patiently
from flows.tasks import tasks
from flows.unread import go_on_unread


def _run_name() -> str:
    inputs = flow_run.parameters["settings"]
    named = inputs.inputs if isinstance(inputs, Settings) else inputs.get("inputs", ())
    return printable("ingest " + ", ".join(map(_short, named)))[:80]


def _short(name: str) -> str:
    """The last name of a path; of a glob also the folder before it."""
    return "/".join(Path(name).parts[-2 if has_magic(name) else -1 :]) or name


def _begin() -> None:
    """Called in a process of tasks when it starts."""
    end_with_parent()
    go_on_unread()


_PROCESSES = cast(  # its type is not declared a covariant one
    TaskRunner[PrefectFuture[Any]], ProcessPoolTaskRunner(initializer=_begin)
)


@flow(name="ingest", flow_run_name=_run_name, task_runner=_PROCESSES, persist_result=False)
def ingest(settings: Settings) -> dict[str, Any] | State[Any]:
    """Ingest `settings.inputs` into `settings.output`: the command line's `copydesk ingest` as a flow.

    Returns the counts of the run's books, or the state Failed with the words of a CopydeskError. At most
    `settings.workers` tasks are under way at once. What may pass by itself is tried again (see patience).
    """
    go_on_unread()
    log = get_run_logger()

    def mapper(parts: Path) -> AbstractContextManager[Map]:
        return tasks(settings, parts, log.warning)

    try:
        summary = patiently(lambda: run(settings, mapper=mapper, progress=telling.Progress(log)), log.warning)
    except CopydeskError as error:
        return Failed(message=printable_lines(str(error)))
    return telling.books(log, summary, Store(place.local(settings.output)))
