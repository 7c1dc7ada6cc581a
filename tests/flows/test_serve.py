"""`copydesk serve` and `copydesk trigger` against a Prefect server on loopback, each a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.copydesk.corpus import rows, story, write_jsonl

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "flows.cli"]


@pytest.fixture
def served(prefect_server: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A running `copydesk serve`; yields the environment that its server is reached with."""
    from prefect.settings import PREFECT_API_URL

    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value() or ""}
    log = (tmp_path / "serve.log").open("wb")
    process = subprocess.Popen([*COMMAND, "serve"], cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 90
        while b"being served" not in (tmp_path / "serve.log").read_bytes():
            assert process.poll() is None, (tmp_path / "serve.log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "serve.log").read_text()
            time.sleep(0.5)
        yield environment
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def trigger(environment: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "trigger", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def test_trigger_starts_a_run_and_ends_as_it_ends(served: dict[str, str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"  # the server's process works in another folder
    elsewhere.mkdir()
    write_jsonl(elsewhere / "in.jsonl", [{"text": story(n)} for n in range(3)])
    done = trigger(served, elsewhere, "in.jsonl", "-o", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'articles': 3" in done.stdout
    assert len(rows(elsewhere / "out", "articles")) == 3
    failed = trigger(served, elsewhere, "nowhere", "-o", "out")
    assert failed.returncode == 1
    assert "nowhere: no such file" in failed.stdout
    unknown = trigger(served, elsewhere, "in.jsonl", "--deployment", "ingest/never")
    assert unknown.returncode == 2
    assert "ingest/never" in unknown.stderr


def test_no_server_is_told_in_a_line(tmp_path: Path) -> None:
    done = trigger({**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}, tmp_path, "in.jsonl")
    assert done.returncode == 1
    assert "no Prefect server answers at http://127.0.0.1:9/api" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_elsewhere_gets_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from copydesk.settings import Settings
    from flows.serve import absolute

    monkeypatch.chdir(tmp_path)
    asked = absolute(Settings(inputs=("in.jsonl",), output=Path("out"), rules=(Path("my.toml"),)))
    assert (asked.inputs, asked.output, asked.rules) == (
        (str(tmp_path / "in.jsonl"),),
        tmp_path / "out",
        (tmp_path / "my.toml",),
    )
    assert absolute(Settings()).output == Settings().output
