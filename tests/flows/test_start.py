"""The command `copydesk`: when it starts what workers are forked from before the command line is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows import start


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("ingest seeds -o out", True),
        ("ingest seeds --workers 12", True),
        ("ingest seeds --workers=1", False),
        ("ingest seeds -w 1", False),
        ("ingest --engine tcp://there:8786 seeds", False),
        ("ingest --help", False),
        ("verify -o out", False),
        ("", False),
    ],
)
def test_workers_are_foreseen_by_the_arguments(monkeypatch: pytest.MonkeyPatch, arguments: str, expected: bool) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert start._has_workers(arguments.split()) == expected


def test_the_command_runs_and_ends_with_its_code(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The ferry sails at dawn, and the harbour is closed until then.\n")
    for arguments, code in ((["ingest", "a.txt", "-o", "out", "--json"], 0), (["ingest", "b.txt", "-o", "out"], 2)):
        done = subprocess.run([sys.executable, "-m", "flows.start", *arguments], cwd=tmp_path, capture_output=True)
        assert done.returncode == code, done.stderr
