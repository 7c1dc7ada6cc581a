"""The command `copydesk`. What the workers of a run are forked from is started before the command line is imported:
both take a third of a second, and so side by side."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main() -> None:
    """Run the command of sys.argv, see flows.cli.main."""
    if _has_workers(sys.argv[1:]):
        from copydesk.workers import get_ready

        get_ready()
    from flows.cli import main as command

    command()


def _has_workers(arguments: Sequence[str]) -> bool:
    """Whether it is a run in worker processes, as far as the arguments tell; the settings may say otherwise, and then
    some imports were for nothing."""
    if arguments[:1] != ["ingest"] or {"-h", "--help", "--version"} & set(arguments):
        return False
    given = f"{' '.join(arguments).replace('=', ' ')} "
    alone = "--engine " in given or "--workers 1 " in given or "-w 1 " in given
    return not alone and (os.cpu_count() or 1) > 1


if __name__ == "__main__":
    main()
