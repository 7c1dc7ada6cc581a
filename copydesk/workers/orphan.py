"""A worker process ends with the process that started it, even where that one was killed and could not say so.

Without this a worker of a killed run waits for ever for its next shard, with all its memory.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """Called in a worker process when it starts: `ProcessPoolExecutor(initializer=end_with_parent)`."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), name="copydesk-orphan", daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])  # becomes ready when the parent is gone
    os._exit(1)
