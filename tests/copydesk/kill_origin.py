"""Run as `python -m tests.copydesk.kill_origin WHAT URL POINT LEASE`: a writer to object storage that is killed.

WHAT is `publish` (the second part of tests.copydesk.outputs), `maintain` or `recover`. The process ends itself with
SIGKILL at the POINT-th point of the bucket's side that it comes to, or the first of that name, and prints the point's
name; one that comes to its end prints nothing. LEASE: seconds.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading

from copydesk import points
from copydesk.store import lease, place
from copydesk.store.store import Store
from copydesk.upkeep.maintain import maintain
from tests.copydesk.outputs import publish, second_part


def main(what: str, url: str, deadly: str, seconds: float) -> None:
    lease.LEASE_SECONDS = seconds
    count = itertools.count(1)

    def checkpoint(name: str) -> None:
        if not name.startswith(("origin:", "lease:")) or threading.current_thread().name == "copydesk-lease":
            return
        if deadly in (name, str(next(count))):
            os.write(1, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    points.checkpoint = checkpoint
    root = place.local(url)
    if what == "publish":
        publish(root, second_part())
    elif what == "maintain":
        maintain(root)
    else:
        with Store(root).lock("test"):
            Store(root).recover()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
