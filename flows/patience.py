"""What is tried again, and when: only what may pass by itself (copydesk.errors.may_pass).

A shard's task is retried by Prefect. A whole run is not, though flows have `retries`: they retry whatever failed, a
wrong setting too, and a flow that waits for its retry gives up its place in the queue, for which Prefect then ends it
(PrefectHQ/prefect issues 20251 and 22885). So a run waits here, inside its flow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from copydesk.errors import CopydeskError, may_pass

T = TypeVar("T")

RUN_DELAYS = (30.0, 120.0, 480.0)
"""Seconds before a run's second, third and fourth try."""

TASK_DELAYS = [2.0, 10.0]
"""Seconds before a task's second and third try."""


def patiently(run: Callable[[], T], warn: Callable[[str], object]) -> T:
    """What `run` returns; it is called again, ever later, while it fails of something that may pass. warn: is told of
    each wait. Raises the CopydeskError that will not pass, or the last one."""
    for delay in RUN_DELAYS:
        try:
            return run()
        except CopydeskError as error:
            if not may_pass(error):
                raise
            warn(f"{error}; tried again in {delay:g} s")
        time.sleep(delay)
    return run()


def task_may_pass(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Prefect's retry_condition_fn: `state` holds the exception of a task that has failed."""
    return isinstance(state.data, BaseException) and may_pass(state.data)
