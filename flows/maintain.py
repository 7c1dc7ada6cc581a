"""The Prefect flow that keeps an output in order: maintain, then verify."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Failed
from pydantic import NonNegativeFloat

from copydesk.errors import CopydeskError
from copydesk.settings import Settings
from copydesk.terminal import counted, printable, printable_lines
from copydesk.upkeep.fault import Fault
from copydesk.upkeep.maintain import GRACE_HOURS, Maintained
from copydesk.upkeep.maintain import maintain as merge
from copydesk.upkeep.verify import verify as check
from flows import telling
from flows.options import existing
from flows.patience import patiently
from flows.unread import go_on_unread

OUTPUT = Settings().output

FAULTS_TOLD = 5
"""How many faults stand in the message of the failed run; the table has all."""


def _run_name() -> str:
    return printable(f"maintain {Path(str(flow_run.parameters['output'])).name}")[:80]


@task(cache_policy=NO_CACHE, persist_result=False)
def maintain_output(output: Path, grace_hours: float, wait: float) -> Maintained:
    """copydesk.upkeep.maintain.maintain as a task."""
    return merge(output, grace_hours=grace_hours, wait=wait)


@task(cache_policy=NO_CACHE, persist_result=False)
def verify_output(output: Path, read_data: bool) -> list[Fault]:
    """copydesk.upkeep.verify.verify as a task."""
    return check(output, read_data=read_data)


@task(cache_policy=NO_CACHE, persist_result=False)
def report_output(output: Path | str, to: Path) -> Path:
    """copydesk.inspect.report.write as a task."""
    from copydesk.inspect.report import write

    return write(existing(output, whole=True), to)


def _report(log: telling.Log, output: Path | str, to: Path) -> None:
    try:
        page = report_output(output, to)
    except CopydeskError as error:
        log.warning("the report could not be written: %s", printable_lines(str(error)))
        return
    telling.link(log, "report", page.absolute().as_uri(), "What the output holds, and how its runs went")


@flow(name="maintain", flow_run_name=_run_name, persist_result=False)
def maintain(
    output: Path | str = OUTPUT,
    grace_hours: NonNegativeFloat = GRACE_HOURS,
    read_data: bool = False,
    wait: NonNegativeFloat = 0.0,
    report: Path | None = None,
) -> dict[str, Any] | State[Any]:
    """Merge the small files of `output` and delete what was replaced, then check that it is whole.

    grace_hours: see copydesk.upkeep.maintain. read_data: also read every file and compare its checksum. wait: seconds
    to wait for a run on the output to end. report: where the page of `copydesk report` is written anew, linked as the
    artifact `report`; that it cannot be is a warning. Returns what was done, or the state Failed: with the words of a
    CopydeskError, or with the first faults; all are in the artifact `faults`.
    """
    go_on_unread()
    log = get_run_logger()
    try:
        root = existing(output)
        done = patiently(lambda: maintain_output(root, grace_hours, wait), log.warning)
        faults = verify_output(root, read_data)
    except CopydeskError as error:
        return Failed(message=printable_lines(str(error)))
    told = {name: value for name, value in asdict(done).items() if name != "mended"}
    for line in done.mended:
        log.warning("mended: %s", printable(line))
    log.info("maintained: %s", ", ".join(f"{value} {name}" for name, value in told.items() if name != "run_id"))
    telling.table(log, "maintenance", [told], "What maintenance did")
    if report is not None:
        _report(log, output, report)
    if not faults:
        log.info("%s is whole", printable(str(output)))
        return told
    lines = [printable(str(fault)) for fault in faults]
    for line in lines:
        log.error(line)
    telling.table(log, "faults", [asdict(fault) for fault in faults], "What verify found")
    return Failed(
        message="\n".join([f"{counted(len(faults), 'fault')} found in {printable(str(output))}", *lines[:FAULTS_TOLD]])
    )
