"""Run as `python -m tests.copydesk.kill STAGE BASE INTO RUN_ID`: an output killed at every point, one copy for each.

STAGE is `commit` or `recover`. For n = 1, 2, ... BASE is copied to INTO/<n>, and a process that does STAGE on the copy
ends itself with SIGKILL at the n-th point it comes to, until one comes to its end. Prints the points' names, a line
each. It forks rather than starts Python anew, as that is a hundred times quicker; it has no threads at that time.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path

from copydesk import points
from copydesk.store.store import Store


def main(stage: str, base: Path, into: Path, run_id: str) -> None:
    for number in itertools.count(1):
        root = into / f"{number:04d}"
        shutil.copytree(base, root)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            work(stage, root, run_id, number, writer)
            os._exit(0)
        os.close(writer)
        with open(reader) as told:
            name = told.read()
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            if os.WEXITSTATUS(status):
                sys.exit(f"{stage} failed in {root}")
            return
        print(name)


def work(stage: str, root: Path, run_id: str, deadly: int, tell: int) -> None:
    count = itertools.count(1)

    def checkpoint(name: str) -> None:
        if next(count) == deadly:
            os.write(tell, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    store = Store(root)
    with store.lock("test"):
        points.checkpoint = checkpoint
        store.recover() if stage == "recover" else store.commit(run_id)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
