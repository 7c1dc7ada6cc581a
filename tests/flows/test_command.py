from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext

import pytest

from flows import cli, command


@pytest.mark.parametrize(
    ("arguments", "started"),
    [
        ("ingest seeds -o out", True),
        ("ingest seeds -o out --workers 2", True),
        ("ingest seeds -o out -w 1", False),
        ("ingest seeds -o out --workers=1", False),
        ("ingest --help", False),
        ("ingest seeds --engine dask://host:8786", False),
        ("verify -o out", False),
        ("", False),
    ],
)
def test_workers_are_started_early_for_a_run(monkeypatch: pytest.MonkeyPatch, arguments: str, started: bool) -> None:
    done: list[str] = []
    monkeypatch.setattr(sys, "argv", ["copydesk", *arguments.split()])
    monkeypatch.setattr(command, "uncollected", nullcontext)  # which would last
    monkeypatch.setattr(command, "get_ready", lambda: done.append("workers"))
    monkeypatch.setattr(cli, "main", lambda: done.append("command"))
    command.main()
    assert done == (["workers", "command"] if started else ["command"])


def test_little_is_imported_before_they_are_started() -> None:
    code = "import sys, flows.command; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pyarrow", "pydantic", "cyclopts"} & set(loaded)
