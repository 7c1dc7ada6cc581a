"""The command `copydesk`: a run starts what its workers are forked from first of all, beside the rest of its start."""

from __future__ import annotations

import glob
import importlib
import itertools
import os
import sys
from itertools import pairwise

from copydesk.garbage import uncollected
from copydesk.workers.leaving import Leaving
from copydesk.workers.local import get_ready

MUCH = 4 << 20
"""Bytes of the files that are named, from which on all processes are sure to load what is compiled."""

FIRST = 100
"""Files that are looked at."""

_WITHOUT_WORKERS = frozenset({"-h", "--help", "-w1", "-w=1", "--workers=1", "--engine"})


def main() -> None:
    """See flows.cli.main."""
    _open_streams()
    leaving = Leaving()  # first, so that all else comes before it
    try:
        _run()
    except SystemExit as ended:
        leaving.code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        raise
    except KeyboardInterrupt:  # while all is imported: later ones cli.main answers
        print("copydesk: interrupted before anything was done", file=sys.stderr)
        leaving.code = 130
        sys.exit(130)
    leaving.code = 0


def _run() -> None:
    arguments = sys.argv[1:]
    runs = arguments[:1] == ["ingest"]
    if runs and _needs_workers(arguments):
        get_ready(_size(arguments) >= MUCH)
    with uncollected():
        from flows import cli  # a third of a second

        if runs:
            from copydesk.workers.spare import spare_pandas

            spare_pandas()
            importlib.import_module("copydesk.run.pipeline")
    cli.main()


def _open_streams() -> None:
    """Have standard input, output and error, if whoever called closed them (`2>&-`): their numbers would be given to
    the next files that are opened, and what is printed would end up there."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # which gets the lowest number that is free
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _needs_workers(arguments: list[str]) -> bool:
    """Whether it looks like it, so far as that can be told at a glance: if not, they start a little later."""
    alone = any(name in ("-w", "--workers") and value == "1" for name, value in pairwise(arguments))
    return not alone and _WITHOUT_WORKERS.isdisjoint(arguments)


def _size(arguments: list[str]) -> int:
    """Bytes of the first files that arguments name; folders aside, which are looked into later."""
    files = (file for name in arguments for file in glob.iglob(name) if os.path.isfile(file))
    return sum(map(os.path.getsize, itertools.islice(files, FIRST)))
