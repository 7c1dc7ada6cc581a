"""A flow's process goes on where nobody reads its log lines any more."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import logging
import sys
from prefect.logging.handlers import PrefectConsoleHandler
from flows.unread import go_on_unread

if __name__ == "__main__":
    go_on_unread()
    log = logging.getLogger("flow")
    log.addHandler(PrefectConsoleHandler())
    print("ready", flush=True)
    sys.stdin.readline()  # until there is no reader
    for number in range(3):
        log.error("nobody reads this")
    sys.exit(7)
"""


@pytest.mark.slow
def test_a_log_line_without_a_reader_ends_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "ready\n"
        process.stdout.close()
        process.stderr.close()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(60) == 7
