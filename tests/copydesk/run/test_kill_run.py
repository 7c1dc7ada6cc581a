"""A whole run killed at any point and run again: the same rows as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from copydesk import points
from tests.copydesk.corpus import everything, ingest
from tests.copydesk.kill_run import prepare


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(tmp_path)
    return tmp_path


def kill(what: str, folder: Path, *more: int) -> list[str]:
    """What was tried, a line each; it fails with what was wrong."""
    command = [sys.executable, "-m", "tests.copydesk.kill_run", what, str(folder), *map(str, more)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_run_killed_at_points_throughout(folder: Path) -> None:
    assert len(kill("points", folder, 5, 25)) >= 10


@pytest.mark.long
def test_a_run_killed_at_every_point(folder: Path) -> None:
    assert len(kill("points", folder, 1, 1)) >= 60


@pytest.mark.slow
def test_a_recovery_killed_at_every_point(folder: Path) -> None:
    assert len(kill("recovery", folder, 190)) >= 10


@pytest.mark.long
def test_recoveries_of_many_points_killed_at_every_point(folder: Path) -> None:
    assert len(kill("recovery", folder, 13)) >= 60


@pytest.mark.long
def test_a_run_killed_at_random_times(folder: Path) -> None:
    assert len(kill("random", folder, 200, 20261122)) == 200


@pytest.mark.slow
def test_a_reader_sees_whole_runs_at_any_moment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = folder / "base"
    seen = [everything(output)]
    changes = []

    def look(name: str) -> None:
        now = everything(output)
        if now != seen[-1]:
            seen.append(now)
            changes.append(name)

    monkeypatch.setattr(points, "checkpoint", look)
    ingest(output, folder / "inputs", shard_bytes=64 * 1024)
    assert seen[1:] == [everything(output)]
    assert changes == ["after rename"]  # that of the manifest
