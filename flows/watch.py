"""What a Prefect server is asked to look after: the record of dead runs, and a notice of those that failed.

Both are automations of the server, so that they work where neither the run nor its worker lives any more to say so.
Only runs of deployments with the tag `copydesk` are meant.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast
from uuid import UUID

import httpx
from prefect.automations import Automation
from prefect.blocks.webhook import Webhook
from prefect.client.schemas.objects import StateType
from prefect.events.actions import CallWebhook, ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.settings import PREFECT_API_URL
from prefect.types import SecretDict
from pydantic import SecretStr

from copydesk.errors import CopydeskError, UsageError

TAG = "copydesk"
"""Of the deployments in prefect.yaml and of `copydesk serve`."""

DEAD, UNBEGUN, NOTICE = "copydesk: dead runs", "copydesk: runs that never began", "copydesk: failure notice"
"""Names of the automations."""

_BLOCK = "copydesk-notice"

SILENT_SECONDS = 150.0
"""Five heartbeats."""

LEAST_SILENT, MOST_SILENT = 10.0, 604_800.0
"""What Prefect takes for its shortest wait, and a week."""

START_SECONDS = 600.0
"""Within which a run begins after a worker took it."""

BEGUN = {"prefect.flow-run.heartbeat", "prefect.flow-run.Running"}
ENDED = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "TimedOut", "Cancelled", "Crashed")}
FAILED = {f"prefect.flow-run.{state}" for state in ("Failed", "TimedOut", "Crashed")}

_RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})
_OURS = ResourceSpecification({"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"})

_PAYLOAD = """{"text": {{ ("copydesk: " ~ flow_run.name ~ ": " ~ flow_run.state.name ~ ": "
~ (flow_run.state.message or "no reason given") ~ " " ~ flow_run|ui_url) | tojson }}}"""
"""What is posted: the one field that Slack and Mattermost read."""


def watch(notice: str | None = None, silent: float = SILENT_SECONDS) -> list[str]:
    """Make the automations, or bring those that are there up to date. Returns their names.

    notice: URL that failures are posted to, as JSON with one field `text`; None leaves an earlier one as it is.
    silent: seconds without a heartbeat after which a run is dead. Raises UsageError if it is out of range or no server
    is named, and CopydeskError if none answers.
    """
    if PREFECT_API_URL.value() is None:  # Prefect would start one, which ends with this process
        raise UsageError(
            "no Prefect server to look after runs: set PREFECT_API_URL to where it listens, as http://127.0.0.1:4200/api"
        )
    if not LEAST_SILENT <= silent <= MOST_SILENT:
        raise UsageError(f"silent: must be from {LEAST_SILENT:g} to {MOST_SILENT:g} seconds, not {silent:g}")
    wanted = [
        _if_silent(DEAD, {"prefect.flow-run.heartbeat"}, silent, f"no heartbeat for {silent:g} s: the run is dead"),
        _if_silent(UNBEGUN, {"prefect.flow-run.Pending"}, START_SECONDS, "a worker took the run and never began it"),
    ]
    try:
        if notice:
            wanted.append(_notice(notice))
        for automation in wanted:
            _save(automation)
    except httpx.HTTPError as error:
        raise CopydeskError(no_answer(error)) from None
    return [automation.name for automation in wanted]


def no_answer(error: httpx.HTTPError) -> str:
    """What to say if no Prefect server answers, or not as it should."""
    if isinstance(error, httpx.HTTPStatusError):
        answer = error.response
        return (
            f"the Prefect server at {PREFECT_API_URL.value()} answered {answer.status_code} {answer.reason_phrase}: "
            f"{answer.text[:300]}"
        )
    return (
        f"no Prefect server answers at {PREFECT_API_URL.value()} ({error}): start one with `prefect server start`, "
        "or set PREFECT_API_URL to where it listens"
    )


def _if_silent(name: str, after: set[str], seconds: float, message: str) -> Automation:
    """docs.prefect.io/v3/advanced/detect-zombie-flows. Not forced: a run that has ended stays as it ended."""
    return Automation(
        name=name,
        trigger=EventTrigger(
            match=_RUNS,
            match_related=_OURS,
            for_each={"prefect.resource.id"},
            after=after,
            expect=BEGUN | ENDED,
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=seconds),
        ),
        actions=[ChangeFlowRunState(name=None, state=StateType.CRASHED, message=message, force=False)],
    )


def _notice(url: str) -> Automation:
    block = Webhook(url=SecretStr(url), headers=SecretDict({"content-type": "application/json"}))
    document = cast(UUID, block.save(_BLOCK, overwrite=True))  # a coroutine only in an async caller
    return Automation(
        name=NOTICE,
        trigger=EventTrigger(
            match=_RUNS,
            match_related=_OURS,
            for_each={"prefect.resource.id"},
            expect=FAILED,
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[CallWebhook(block_document_id=document, payload=_PAYLOAD)],
    )


def _save(automation: Automation) -> None:
    try:
        automation.id = cast(Automation, Automation.read(name=automation.name)).id
    except ValueError:  # there is none of that name
        automation.create()
    else:
        automation.update()
