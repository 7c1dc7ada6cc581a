"""The command `copydesk`: a run starts what its workers are forked from first of all, beside the rest of its start."""

from __future__ import annotations

import importlib
import sys
from itertools import pairwise

from copydesk.garbage import uncollected
from copydesk.workers.local import get_ready

_WITHOUT_WORKERS = frozenset({"-h", "--help", "-w1", "-w=1", "--workers=1", "--engine"})


def main() -> None:
    """See flows.cli.main."""
    arguments = sys.argv[1:]
    runs = arguments[:1] == ["ingest"]
    if runs and _needs_workers(arguments):
        get_ready()
    with uncollected():
        from flows import cli  # a third of a second

        if runs:
            from copydesk.workers.spare import spare_pandas

            spare_pandas()
            importlib.import_module("copydesk.run.pipeline")
    cli.main()


def _needs_workers(arguments: list[str]) -> bool:
    """Whether it looks like it, so far as that can be told at a glance: if not, they start a little later."""
    alone = any(name in ("-w", "--workers") and value == "1" for name, value in pairwise(arguments))
    return not alone and _WITHOUT_WORKERS.isdisjoint(arguments)
