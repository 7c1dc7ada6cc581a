"""An output in a bucket: made, looked at, and left by a process that is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copydesk.run.pipeline import Summary, run
from copydesk.settings import Settings
from copydesk.store import place
from copydesk.store.store import Store
from tests.copydesk import news
from tests.copydesk.outputs import first_part, publish, view
from tests.copydesk.s3 import S3

BRIEF = 0.3
"""Seconds of a lease, where a test waits for one to run out. The server tells times in whole seconds."""


def out(s3: S3) -> str:
    return f"{s3.url}/news/out"


def shown(url: str) -> dict[str, Any]:
    return view(url)  # type: ignore[arg-type]


def keys(s3: S3) -> list[str]:
    """What lies in the output, but for the manifests (a fence is one) and the lease."""
    own = ("_state/commits/", "_state/lease.json")
    return [k for key in s3.names("news/out") if not (k := key.removeprefix("news/out/")).startswith(own)]


def ingest(url: str, *inputs: str, **settings: Any) -> Summary:
    return run(Settings(inputs=inputs, output=url, workers=1, learn=False, guard=False, **settings))


def write(path: Path, first: int, count: int) -> str:
    lines = [json.dumps({"id": str(n), "text": news.story(n)}) for n in range(first, first + count)]
    path.write_text("\n".join(lines))
    return str(path)


def requests(s3: S3, work: Callable[[], Any]) -> int:
    """How many it takes, but for the lease: a run on a busy machine renews it."""
    s3.asked.clear()
    work()
    return sum(not asked.key.endswith("/lease.json") for asked in s3.asked)


def killed(what: str, s3: S3, point: int | str, seconds: float = 60.0) -> str:
    """A process that does it, killed at a point; the point's name, "" if it came to its end."""
    command = [sys.executable, "-m", "tests.copydesk.kill_origin", what, out(s3), str(point), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert done.returncode == (-signal.SIGKILL if done.stdout else 0)
    return done.stdout


def mend(s3: S3) -> list[str]:
    """What the next run does first."""
    with Store(place.local(out(s3))).lock("test", wait=30):
        return Store(place.local(out(s3))).recover()


def start_anew(s3: S3) -> None:
    s3.reset()
    publish(place.local(out(s3)), first_part())
