"""What is tried again, and what is not."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from copydesk.errors import CopydeskError, GuardError, LockedError, StoreError, TaskError, UsageError, may_pass


def caused(error: CopydeskError, number: int) -> CopydeskError:
    error.__cause__ = OSError(number, "so it is")
    return error


@pytest.mark.parametrize(
    "error", [LockedError("held"), caused(StoreError("failed"), errno.EIO), caused(TaskError("failed"), errno.ESTALE)]
)
def test_what_may_pass(error: CopydeskError) -> None:
    assert may_pass(error)


@pytest.mark.parametrize(
    "error",
    [
        UsageError("no such file"),
        GuardError("out of all proportion"),
        StoreError("damaged"),
        caused(StoreError("failed"), errno.ENOSPC),
        caused(StoreError("failed"), errno.EACCES),
        TaskError("workers keep dying"),
    ],
)
def test_what_will_not(error: CopydeskError) -> None:
    assert not may_pass(error)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    from flows import patience

    slept: list[float] = []
    monkeypatch.setattr(patience.time, "sleep", slept.append)
    return slept


@pytest.mark.slow  # imports Prefect
def test_a_run_is_tried_again_ever_later(waits: list[float]) -> None:
    from flows.patience import RUN_DELAYS, patiently

    left = [LockedError("held"), caused(StoreError("gone"), errno.EIO)]
    warned: list[object] = []

    def run() -> str:
        if left:
            raise left.pop(0)
        return "done"

    assert patiently(run, warned.append) == "done"
    assert waits == list(RUN_DELAYS[:2])
    assert warned == ["held; tried again in 30 s", "gone; tried again in 120 s"]
    assert list(RUN_DELAYS) == sorted(RUN_DELAYS)


@pytest.mark.slow
def test_what_does_not_pass_ends_the_run(waits: list[float]) -> None:
    from flows.patience import RUN_DELAYS, patiently

    def locked() -> None:
        raise LockedError("held")

    def wrong() -> None:
        raise UsageError("no such file")

    with pytest.raises(LockedError):
        patiently(locked, print)
    assert waits == list(RUN_DELAYS)
    waits.clear()
    with pytest.raises(UsageError):
        patiently(wrong, print)
    assert waits == []


def fail_once(told: tuple[Path, int]) -> str:
    """Fails in its first try."""
    tries, number = told
    with tries.open("a") as file:
        file.write(".")
    if tries.stat().st_size == 1:
        raise OSError(number, "so it is")
    return "done"


@pytest.mark.slow
@pytest.mark.parametrize(("number", "tries", "state"), [(errno.EIO, 2, "Completed"), (errno.ENOSPC, 1, "Failed")])
def test_a_task_in_its_process_is_tried_again_where_a_disk_failed(
    number: int, tries: int, state: str, prefect_server: dict[str, str], tmp_path: Path
) -> None:
    from prefect import flow

    from flows.ingest import ingest
    from flows.tasks import stage

    @flow(task_runner=ingest.task_runner)
    def once() -> str:
        quick = stage.with_options(retry_delay_seconds=0.1)
        return str(quick.submit(fail_once, (tmp_path / "tries", number)).result())

    assert once(return_state=True).name == state
    assert (tmp_path / "tries").stat().st_size == tries
