"""Progress: what is told of a run, and where nothing is."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from flows import progress
from flows.progress import Clock, line, span
from tests.copydesk.corpus import story, write_jsonl
from tests.flows.test_cli import command


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for n in range(3):
        write_jsonl(Path(f"{n}.jsonl"), [{"text": story(n)}, {"text": story(n + 10)}, {"no": "text"}])


INGEST = ("ingest", "0.jsonl", "1.jsonl", "2.jsonl", "-w", "1", "-o", "out")


def test_in_a_pipe_it_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*INGEST) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "6  new stories" in captured.out


def test_json_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0)
    assert command(*INGEST, "--json", "--log-format", "json") == 0
    captured = capsys.readouterr()
    books = json.loads(captured.out)
    *told, done = map(json.loads, captured.err.splitlines())
    assert done["event"] == "done"
    assert {name: done[name] for name in ("run_id", "items", "rejects")} == {
        name: books[name] for name in ("run_id", "items", "rejects")
    }
    assert {row["event"] for row in told} == {"progress"}
    stages = [name for name in progress.WEIGHTS if name != "apply"]  # no line is learned of so few articles
    assert list(dict.fromkeys(row["stage"] for row in told)) == stages
    shares = [row["share"] for row in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert (told[-1]["articles"], told[-1]["rejects"]) == (6, 3)
    assert told[-1]["per_second"] > 0
    assert told[-1]["left"] == 0


def test_a_failure_is_a_json_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ingest", "no-such-file", "--log-format", "json") == 2
    (failed,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (failed["event"], failed["exit_code"]) == ("failed", 2)
    assert "no-such-file" in failed["message"]


def test_lines_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*INGEST, "--log-format", "text") == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("100%  publish")
    assert "6 articles, 3 rejects" in lines[-1]


def test_rate_and_time_left() -> None:
    seconds = 0.0
    clock = Clock(lambda: seconds)
    assert clock.told("process", 0, 4, 0, 0).left is None
    seconds = 10
    state = clock.told("process", 1, 4, 90, 10)
    assert (state.per_second, state.stage_left) == (10, 30)
    assert state.left == pytest.approx(10 / (0.91 / 4) * (1 - 0.91 / 4))
    assert line(state) == " 23%  process, 1 of 4 shards, 90 articles, 10 rejects, 10 a second, 34 s left"
    seconds = 20
    assert clock.told("match", 0, 1, 0, 0).share == pytest.approx(0.95)
    assert clock.told("process", 0, 0, 0, 0).share == pytest.approx(0.91)  # nothing to read


def test_a_stage_that_has_no_share_of_its_own_moves_nothing() -> None:
    clock = Clock(lambda: 1.0)
    share = clock.told("learn", 1, 1, 0, 0).share
    assert clock.told("another", 1, 2, 0, 0).share == share


def test_times_in_words() -> None:
    assert [span(5.2), span(65), span(7300)] == ["5 s", "1 min 05 s", "2 h 01 min"]


def test_on_a_terminal_there_is_a_bar() -> None:
    code = f"from flows.cli import main; main({list(INGEST)!r})"
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen([sys.executable, "-c", code], stderr=theirs, stdout=subprocess.PIPE, env=environment) as run:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
        assert run.wait() == 0
    os.close(ours)
    text = shown.decode()
    assert "process" in text
    assert "6 articles, 3 rejects" in text
    assert "run" in text
