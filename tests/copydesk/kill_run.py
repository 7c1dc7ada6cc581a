"""Whole runs that are killed: run as `python -m tests.copydesk.kill_run WHAT FOLDER [...]`; prints what was tried.

One process is warmed by a run of its own and then forked for every run that is killed and every run that mends it, as
that is twenty times quicker than starting Python anew. (Arrow starts its threads anew in a forked child.) FOLDER holds
what `prepare` put there: an output with a first run, the inputs of a second one, which is killed.

points FIRST STEP    SIGKILL at points FIRST, FIRST + STEP, ... of the run, until one comes to its end
recovery STEP        the run killed at every STEP-th point, the next one at every point of its recovery
random COUNT SEED    SIGKILL at COUNT random times
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from copydesk import points
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, story, write_jsonl

Hook = Callable[[str], None]


def prepare(folder: Path) -> None:
    """A first run over three stories; inputs of a second that adds to every dataset, from two shards, and in which a
    line is learned to be of a site's pages."""
    first = [_record(n) for n in range(3)]
    ingest(folder / "base", write_jsonl(folder / "first.jsonl", first))
    inputs = folder / "inputs"
    inputs.mkdir()
    digest = _record(9, id="digest", text="\n\n".join((story(0), story(1), "Advertisement", story(10))))
    big = [_record(n, text=story(n, 400)) for n in range(20, 23)]
    write_jsonl(inputs / "a.jsonl", [*first, digest, _record(1, id="copy", publisher="Elsewhere"), *big])
    plugged = [
        _record(n, text=f"{story(n)}\n\nThis paper is printed on Fridays.", publisher="P") for n in range(30, 34)
    ]
    write_jsonl(
        inputs / "b.jsonl", [_record(2, text=story(2) + "\n\nIt was mended in the night."), _record(11), *plugged]
    )
    (inputs / "c.jsonl").write_bytes(b'{"broken": \n' + b" " * 70_000)
    (inputs / "page.html").write_text(
        f"<html><body><article><h1>Harbour</h1><p>{story(12)}</p></article></body></html>"
    )


def main(what: str, folder: Path, *more: str) -> None:
    sweep = Sweep(folder)
    if what == "points":
        first, step = map(int, more)
        for number in range(first, len(sweep.names) + 1, step):
            print(number, sweep.killed_at(number))
    elif what == "recovery":
        for number in range(1, len(sweep.names) + 1, int(more[0])):
            for name in sweep.recoveries_killed(number):
                print(number, name)
    else:
        pick = random.Random(int(more[1]))
        for number in range(int(more[0])):
            print(number, sweep.killed_after(pick.uniform(0, sweep.seconds)))
    shutil.rmtree(sweep.work)


class Sweep:
    """Kills runs of its own kind and says if what the next run leaves differs from an undisturbed run's."""

    def __init__(self, folder: Path) -> None:
        self.base, self.inputs, self.work = folder / "base", folder / "inputs", folder / "work"
        self.work.mkdir(exist_ok=True)
        shutil.copytree(self.base, self.work / "warm")
        self._run(self.work / "warm")
        shutil.copytree(self.base, self.work / "whole")
        told = self.work / "names"
        start = time.monotonic()
        with _child(lambda: self._run(self.work / "whole", _write_names(told))) as child:
            assert _end(child) == 0
        self.seconds = time.monotonic() - start
        self.names = told.read_text().splitlines()
        self.before, self.after = everything(self.base), everything(self.work / "whole")
        assert all(self.after[name] != self.before[name] for name in self.after)
        assert any(row["category"] == "template" for row in self.after["removals"])

    def killed_at(self, number: int) -> str:
        """The run killed at its point of that number (from 1). Returns the point's name."""
        root = self._copy()
        self._kill_at(root, number)
        self._look_and_mend(root, f"point {number}, {self.names[number - 1]}")
        return self.names[number - 1]

    def recoveries_killed(self, number: int) -> Iterator[str]:
        """The run killed at a point, the next one at every point until it has recovered. Yields their names."""
        broken = self._copy()
        self._kill_at(broken, number)
        told = self.work / "recovery"
        again = self._copy(broken, "counted")
        with _child(lambda: self._run(again, _write_names(told))) as child:
            assert _end(child) == 0
        names = told.read_text().splitlines()
        for second in range(1, names.index("run: recovered") + 1):
            root = self._copy(broken, "twice")
            self._kill_at(root, second)
            self._look_and_mend(root, f"point {number}, then {second}: {names[second - 1]}")
            yield names[second - 1]

    def killed_after(self, seconds: float) -> str:
        """The run killed at a time. Returns how far it came."""
        root = self._copy()
        with _child(lambda: self._run(root)) as child:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
            ended = _end(child)
        self._look_and_mend(root, f"after {seconds:.3f} s")
        return f"{seconds:.3f} s: " + ("had ended" if ended == 0 else "killed")

    def _copy(self, of: Path | None = None, name: str = "killed") -> Path:
        root = self.work / name
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(of or self.base, root)
        return root

    def _kill_at(self, root: Path, number: int) -> None:
        with _child(lambda: self._run(root, _kill_at(number))) as child:
            assert _end(child) == -signal.SIGKILL

    def _look_and_mend(self, root: Path, where: str) -> None:
        assert everything(root) in (self.before, self.after), f"{where}: a part of a run is seen"
        with _child(lambda: self._run(root)) as child:
            assert _end(child) == 0, f"{where}: the next run failed"
        found = everything(root)
        for name, rows in self.after.items():
            assert found[name] == rows, f"{where}: {name} differs"
        assert verify(root, read_data=True) == [], where
        assert not list((root / "_state" / "staging").iterdir()), where

    def _run(self, root: Path, hook: Hook | None = None) -> Any:
        if hook:
            points.checkpoint = hook
        return ingest(root, self.inputs, shard_bytes=64 * 1024)


@contextmanager
def _child(work: Callable[[], Any]) -> Iterator[int]:
    """A forked process that does `work`; its pid. `_end` is called within."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    yield child


def _end(child: int) -> int:
    """The exit code of a child when it has ended, or less its signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _kill_at(number: int) -> Hook:
    count = 0

    def checkpoint(name: str) -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return checkpoint


def _write_names(told: Path) -> Hook:
    told.write_text("")

    def checkpoint(name: str) -> None:
        with told.open("a") as file:
            file.write(name + "\n")

    return checkpoint


def _record(seed: int, **more: Any) -> dict[str, Any]:
    return {"id": str(seed), "publisher": f"Outlet {seed % 3}", "title": f"No. {seed}", "text": story(seed), **more}


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]))
    else:
        main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
