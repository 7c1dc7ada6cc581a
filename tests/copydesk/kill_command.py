"""Run as `python -m tests.copydesk.kill_command COMMAND BASE INTO FIRST STEP`: an output killed at points of a command.

COMMAND is a key of COMMANDS. For n = FIRST, FIRST + STEP, ... BASE is copied to INTO/<n>, and a process that runs the
command on the copy ends itself with SIGKILL at the n-th point it comes to, until one comes to its end. Prints a line
each: n and the point's name. It forks rather than starts Python anew, as that is much quicker (Arrow starts its threads
anew in a forked child).
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import cleaners
from copydesk import points
from copydesk.upkeep.forget import forget
from copydesk.upkeep.maintain import maintain
from copydesk.upkeep.reclean import reclean

FORGOTTEN = "https://alpha.example/news/1"

COMMANDS: dict[str, Callable[[Path], object]] = {
    "forget": lambda root: forget(root, [FORGOTTEN]),
    "maintain": maintain,
    "reclean": lambda root: _reclean(root),
}


def _reclean(root: Path) -> None:
    """With a rule that takes the end of every text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cleaners.Cleaner, "clean_many", lambda _, sources: [_cut(source.text) for source in sources])
        reclean(root)


def _cut(text: str) -> cleaners.Cleaned:
    end = len(text)
    return cleaners.Cleaned(text[:-5], (cleaners.Removal(end - 5, end, text[-5:], ("end",), "test"),))


def main(command: str, base: Path, into: Path, first: int, step: int) -> None:
    into.mkdir()
    for number in itertools.count(first, step):
        root = into / f"{number:04d}"
        shutil.copytree(base, root)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            work(command, root, number, writer)
            os._exit(0)
        os.close(writer)
        with open(reader) as told:
            name = told.read()
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            shutil.rmtree(root)
            if os.WEXITSTATUS(status):
                sys.exit(f"{command} failed at {number}")
            return
        print(number, name)


def work(command: str, root: Path, deadly: int, tell: int) -> None:
    count = itertools.count(1)

    def checkpoint(name: str) -> None:
        if next(count) == deadly:
            os.write(tell, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    points.checkpoint = checkpoint
    try:
        COMMANDS[command](root)
    except BaseException as error:
        os.write(2, repr(error).encode())
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
