"""Killed at the points of forget, maintain and reclean, the output is as before or after; the next one ends it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.store.layout import Layout
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, write_jsonl
from tests.copydesk.kill_command import COMMANDS, FORGOTTEN
from tests.copydesk.traces import traces
from tests.copydesk.upkeep.test_forget import corpus, record


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kill")
    inputs = corpus(folder / "in")
    for paths in (inputs[:2], inputs[2:]):
        ingest(folder / "out", *paths)
    return folder / "out"


@pytest.fixture(scope="module")
def merged(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Maintained, with replaced files still there and manifests bound, and a run after that."""
    folder = tmp_path_factory.mktemp("merged")
    shutil.copytree(base, folder / "out")
    COMMANDS["maintain"](folder / "out")
    ingest(folder / "out", write_jsonl(folder / "in.jsonl", [record(30, "site", 30)]))
    return folder / "out"


def kill(command: str, base: Path, into: Path, first: int, step: int) -> int:
    """Returns how many kills there were. Each output is deleted when it was looked at."""
    after = into.with_name("after")
    shutil.copytree(base, after)
    COMMANDS[command](after)
    views = [everything(base), everything(after)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.copydesk.kill_command", command, str(base), str(into), str(first), str(step)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    killed = done.stdout.splitlines()
    for line, root in zip(killed, sorted(into.iterdir()), strict=True):
        assert everything(root) in views, line
        COMMANDS[command](root)
        assert everything(root) == views[1], line
        assert verify(root, read_data=True) == [], line
        assert list((root / "_state" / "staging").iterdir()) == [], line
        assert command != "maintain" or len(list(Layout(root).commits.iterdir())) == 1, line
        if command == "forget":
            assert traces(root, [FORGOTTEN, "Headline1 of alpha"]) == set(), line
        shutil.rmtree(root)
    return len(killed)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_some_points(command: str, base: Path, tmp_path: Path) -> None:
    assert kill(command, base, tmp_path / "killed", 5, 37) > 4


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_every_point(command: str, base: Path, tmp_path: Path) -> None:
    assert kill(command, base, tmp_path / "killed", 1, 1) > 100


@pytest.mark.slow
def test_maintain_killed_at_some_points_with_manifests_bound(merged: Path, tmp_path: Path) -> None:
    assert kill("maintain", merged, tmp_path / "killed", 9, 41) > 4


@pytest.mark.long
@pytest.mark.parametrize("command", ["forget", "maintain"])
def test_killed_at_every_point_of_an_output_maintained_before(command: str, merged: Path, tmp_path: Path) -> None:
    assert kill(command, merged, tmp_path / "killed", 1, 1) > 100
