"""The Prefect flow: the same stages as the command line, one task a shard and stage, never one an article.

Parameters and results carry paths and counts. Tasks run in worker processes; what they leave lies in the output's
staging folder, so the flow and its workers need the same file system.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Failed
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from copydesk.errors import CopydeskError
from copydesk.pipeline import run
from copydesk.settings import Settings
from copydesk.terminal import printable, printable_lines
from flows.tasks import Tasks

BOOKS = ("items", "articles", "duplicates", "revisions", "seen", "rejects", "bytes_read")


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

    def mapper(parts: Path) -> Tasks:
        return Tasks(settings, parts, log.warning)

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
