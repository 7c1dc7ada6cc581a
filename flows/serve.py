"""Flows without a worker: one process that serves them, and one-off runs started and followed from the command line."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from prefect import Flow
from prefect import serve as prefect_serve
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, FlowRun
from prefect.client.schemas.sorting import LogSort
from prefect.deployments import run_deployment
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron, Schedule

from copydesk import objects
from copydesk.errors import CopydeskError, UsageError
from copydesk.run import discover
from copydesk.settings import Settings
from copydesk.terminal import printable_lines
from flows.ingest import ingest
from flows.maintain import maintain
from flows.watch import TAG, no_answer

WAIT_SECONDS = 21_600.0
"""How long a run waits for one of another deployment on the same output, as in prefect.yaml."""

HEARTBEAT_SECONDS = 30.0
"""Prefect's shortest; what `copydesk watch` tells a dead run by. As in prefect.yaml."""

_OF_FLOW = "prefect.flow_runs"
"""Name of the log of a flow itself; its tasks and its worker have others."""

_WAITING = {
    "Scheduled": "waiting for a worker",
    "Late": "waiting for a worker",
    "AwaitingConcurrencySlot": "waiting for the run before it to end",
}
"""What states mean to who follows a run."""

_ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)

POLL_SECONDS = 1.0

LAST_LOGS_SECONDS = 3.0
"""A run's last log lines come to the server after its end; Prefect sends them every two seconds."""


def parameters(settings: Settings) -> dict[str, Any]:
    """The flow's parameters: only what differs from the defaults, so that a deployment stays readable."""
    return {"settings": settings.model_dump(mode="json", exclude_defaults=True)}


def serve(settings: Settings, cron: str, maintain_cron: str, timezone: str) -> None:
    """Serve `ingest-now`, `maintain-daily` and, if `settings` names inputs, `ingest-hourly` until stopped.

    cron, maintain_cron: when the two run, by the clock of `timezone`. Late and one-off runs queue behind a running
    one: one run at a time. Raises UsageError for what is no cron line or no time zone, and for deployments that a work
    pool has; CopydeskError if no server answers.
    """
    now = _deployment(ingest, "ingest-now", description="One-off runs, started by `copydesk trigger`.")
    keeping = {"output": str(settings.output), "report": "report.html", "wait": WAIT_SECONDS}
    daily = _deployment(maintain, "maintain-daily", schedule=_at(maintain_cron, timezone), parameters=keeping)
    served = [now, daily]
    if settings.inputs:
        hourly = parameters(_patient(settings))
        served.append(_deployment(ingest, "ingest-hourly", schedule=_at(cron, timezone), parameters=hourly))
    _refuse_deployed(served)
    prefect_serve(*served, limit=1, heartbeat_seconds=HEARTBEAT_SECONDS)


def _refuse_deployed(wanted: Sequence[RunnerDeployment]) -> None:
    """Prefect would leave such a deployment with its pool, and without the place of its code."""
    deployed = []
    with _client() as client:
        for deployment in wanted:
            with suppress(ObjectNotFound):
                if client.read_deployment_by_name(deployment.full_name).work_pool_name:
                    deployed.append(deployment.full_name)
    if deployed:
        raise UsageError(
            f"deployed to a work pool: {', '.join(deployed)}; to serve them, remove each there first with "
            f"`prefect deployment delete {deployed[0]}`"
        )


def _deployment(flow: Flow[..., Any], name: str, **options: Any) -> RunnerDeployment:
    made = flow.to_deployment(name, tags=[TAG], concurrency_limit=_ONE_AT_A_TIME, **options)
    return cast(RunnerDeployment, made)  # a coroutine only in an async caller


def _at(cron: str, timezone: str) -> Schedule:
    try:
        ZoneInfo(timezone)
        return Cron(cron, timezone=timezone)
    except (ValueError, ZoneInfoNotFoundError):
        raise UsageError(
            f"no schedule: {cron!r} in {timezone!r}: cron has five fields, as in '0 * * * *', and a time zone is named "
            "as Europe/Rome"
        ) from None


def _patient(settings: Settings) -> Settings:
    """The settings with time to wait for another run on the output, if they have none of their own."""
    return settings if settings.wait else settings.model_copy(update={"wait": WAIT_SECONDS})


def absolute(settings: Settings) -> Settings:
    """The settings with absolute paths, but for an output that was not named."""
    given: dict[str, Any] = {
        "inputs": tuple(map(_absolute, settings.inputs)),
        "rules": tuple(path.expanduser().absolute() for path in settings.rules),
    }
    if isinstance(settings.output, Path) and settings.output != Settings().output:
        given["output"] = settings.output.absolute()
    return settings.model_copy(update=given)


def _absolute(given: str) -> str:
    return given if objects.is_url(given) else discover.absolute(os.path.expanduser(given))


def follow(settings: Settings, deployment: str) -> bool:
    """Start a one-off run and print its log until it ends.

    Paths are made absolute: the run may have another working directory. Returns whether it completed. Raises
    UsageError for standard input, and if the server knows no such deployment; CopydeskError if no server answers.
    """
    if "-" in settings.inputs:
        raise UsageError("a flow run cannot read standard input: write it to a file first, or use `copydesk ingest -`")
    asked = absolute(_patient(settings))
    with _client() as client:
        started = _start(asked, deployment)
        try:
            return _follow(client, started)
        except httpx.HTTPError as error:
            told = f"the run {started.name} is followed no further, and goes on by itself; {no_answer(error)}"
            raise CopydeskError(told) from None


@contextmanager
def _client() -> Iterator[SyncPrefectClient]:
    """Raises CopydeskError if no server answers, or not as it should."""
    try:
        with get_client(sync_client=True) as client:
            yield client
    except httpx.HTTPError as error:
        raise CopydeskError(no_answer(error)) from None


def _start(settings: Settings, deployment: str) -> FlowRun:
    try:
        return cast(FlowRun, run_deployment(deployment, parameters=parameters(settings), timeout=0))
    except ObjectNotFound:
        raise UsageError(
            f"the Prefect server knows no deployment {deployment}: run `copydesk serve` or "
            "`prefect --no-prompt deploy --all` first"
        ) from None


def _follow(client: SyncPrefectClient, started: FlowRun) -> bool:
    told, waiting = 0, None
    while True:
        run = client.read_flow_run(started.id)
        told += _print_logs(client, started, told)
        words = _WAITING.get(run.state.name or "") if run.state else None
        if words and words != waiting:
            print(f"{run.name}: {words}", flush=True)
        waiting = words
        if run.state and run.state.is_final():
            time.sleep(LAST_LOGS_SECONDS)
            _print_logs(client, started, told)
            why = f": {run.state.message}" if run.state.message else ""
            print(printable_lines(f"{run.name}: {run.state.name}{why}"), flush=True)
            return run.state.is_completed()
        time.sleep(POLL_SECONDS)


def _print_logs(client: SyncPrefectClient, started: FlowRun, skip: int) -> int:
    only = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[started.id]))
    logs = client.read_logs(only, limit=200, offset=skip, sort=LogSort.TIMESTAMP_ASC)
    for log in logs:
        if log.name == _OF_FLOW or log.level >= logging.WARNING:
            said = log.message.partition("\nTraceback ")[0]  # which is for the server's log
            print(printable_lines(said), flush=True)
    return len(logs)
