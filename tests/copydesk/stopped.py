"""Run as `python -m tests.copydesk.stopped STAGE BASE INTO RUN_ID STEP`: a holder of the lock that is taken for dead.

On a copy of BASE, a process "on another machine" (no flock, another boot id) does STAGE, `commit` of RUN_ID or
`recover`, and stops itself at its n-th point. Its lease runs out. This process takes the lock over, recovers and
publishes a run of its own; then the other one goes on. For n = 1, 1 + STEP, ...; prints a line each: the exit code of
the other one (0: done, 3: it was told that it lost the lock, 1: another error), how many runs there are now, the name
of the point.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from copydesk import points
from copydesk.errors import CopydeskError
from copydesk.store import lock
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.outputs import publish, story, view


def main(stage: str, base: Path, into: Path, run_id: str, step: int) -> None:
    for number in itertools.count(1, step):
        root = into / f"{number:04d}"
        shutil.copytree(base, root)
        _let_run_out(root)
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os._exit(elsewhere(stage, root, run_id, number, tell))
        os.close(tell)
        _, status = os.waitpid(child, os.WUNTRACED)
        with open(told) as reader:
            if not os.WIFSTOPPED(status):
                assert os.waitstatus_to_exitcode(status) == 0
                return
            _let_run_out(root)
            publish(root, {"articles": [story("e.example/1", "Another run's story.\n")[0]]})
            shown = view(root)
            os.kill(child, signal.SIGCONT)
            name = reader.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert view(root) == shown, f"{number} {name}: what is published has changed"
        store = Store(root)
        with store.lock("test"):
            store.recover()
        assert view(root) == shown, f"{number} {name}: what is published has changed afterwards"
        published = store.layout.committed(run_id).exists()
        assert published or code, f"{number} {name}: it said that it has published, and it has not"
        assert [f for f in verify(root, read_data=True) if f.check != "index"] == [], f"{number} {name}"
        assert not list(store.layout.all_staging.iterdir()), f"{number} {name}"
        print(code, len(store.commits()), name, flush=True)


def elsewhere(stage: str, root: Path, run_id: str, number: int, tell: int) -> int:
    count = itertools.count(1)

    def checkpoint(name: str) -> None:
        if next(count) == number:
            os.write(tell, name.encode())
            os.close(tell)
            os.kill(os.getpid(), signal.SIGSTOP)

    lock.machine = lambda: "another machine"
    fcntl.flock = lambda *_: None  # type: ignore[assignment]
    store = Store(root)
    try:
        with store.lock("ingest elsewhere"):
            points.checkpoint = checkpoint
            store.recover() if stage == "recover" else store.commit(run_id)
    except CopydeskError as error:
        return error.exit_code if str(error).isprintable() else 99
    return 0


def _let_run_out(root: Path) -> None:
    for lease in (root / "_state" / "leases").iterdir():
        os.utime(lease, (time.time() - 3600,) * 2)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
