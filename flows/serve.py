"""Flows without a worker: one process that serves them, and one-off runs started and followed from the command line."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, cast

import httpx
from prefect import serve as prefect_serve
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import LogSort
from prefect.deployments import run_deployment
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from copydesk import objects
from copydesk.errors import CopydeskError, UsageError
from copydesk.settings import Settings
from copydesk.terminal import printable_lines
from flows.ingest import ingest

POLL_SECONDS = 1.0

LAST_LOGS_SECONDS = 3.0
"""A run's last log lines come to the server after its end; Prefect sends them every two seconds."""


def parameters(settings: Settings) -> dict[str, Any]:
    """The flow's parameters: only what differs from the defaults, so that a deployment stays readable."""
    return {"settings": settings.model_dump(mode="json", exclude_defaults=True)}


def serve(settings: Settings, cron: str) -> None:
    """Serve `ingest-hourly` (only if `settings` names inputs) and `ingest-now` until stopped.

    Late and one-off runs queue behind a running one: one run at a time writes to an output.
    """
    served = [_deployment("ingest-now", description="One-off runs, started by `copydesk trigger`.")]
    if settings.inputs:
        served.append(_deployment("ingest-hourly", cron=cron, parameters=parameters(settings)))
    prefect_serve(*served, limit=1)


def _deployment(name: str, **options: Any) -> RunnerDeployment:
    return cast(RunnerDeployment, ingest.to_deployment(name, **options))  # a coroutine only in an async caller


def absolute(settings: Settings) -> Settings:
    """The settings with absolute paths, but for an output that was not named."""
    given: dict[str, Any] = {
        "inputs": tuple(one if objects.is_url(one) else os.path.abspath(one) for one in settings.inputs),
        "rules": tuple(path.expanduser().absolute() for path in settings.rules),
    }
    if isinstance(settings.output, Path) and settings.output != Settings().output:
        given["output"] = settings.output.absolute()
    return settings.model_copy(update=given)


def follow(settings: Settings, deployment: str) -> bool:
    """Start a one-off run and print its log until it ends.

    Paths are made absolute: the run may have another working directory. Returns whether it completed. Raises
    UsageError for standard input, and if the server knows no such deployment; CopydeskError if no server answers.
    """
    if "-" in settings.inputs:
        raise UsageError("a flow run cannot read standard input: write it to a file first, or use `copydesk ingest -`")
    asked = absolute(settings)
    try:
        with get_client(sync_client=True) as client:
            return _follow(client, _start(asked, deployment))
    except httpx.TransportError as error:
        raise CopydeskError(
            f"no Prefect server answers at {PREFECT_API_URL.value()} ({error}): start one with `prefect server start`, "
            "or set PREFECT_API_URL to where it listens"
        ) from None


def _start(settings: Settings, deployment: str) -> FlowRun:
    try:
        return cast(FlowRun, run_deployment(deployment, parameters=parameters(settings), timeout=0))
    except ObjectNotFound:
        raise UsageError(
            f"the Prefect server knows no deployment {deployment}: run `copydesk serve` or `prefect deploy --all` first"
        ) from None


def _follow(client: SyncPrefectClient, started: FlowRun) -> bool:
    print(f"{started.name}: waiting for a worker", flush=True)
    told = 0
    while True:
        run = client.read_flow_run(started.id)
        told += _print_logs(client, started, told)
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
        print(printable_lines(log.message), flush=True)
    return len(logs)
