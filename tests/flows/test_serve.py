"""`copydesk serve` and `copydesk trigger` against a Prefect server on loopback, each a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.copydesk.corpus import rows, story, write_jsonl
from tests.flows.conftest import schedules, undeploy
from tests.started import process, wait_until

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "flows.cli"]


@pytest.fixture
def served(prefect_server: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """A running `copydesk serve`; yields the environment that its server is reached with."""
    undeploy()
    (tmp_path / "inbox").mkdir()
    (tmp_path / "copydesk.toml").write_text('inputs = ["inbox/**"]\noutput = "kept"\n')
    log = tmp_path / "serve.log"
    command = [*COMMAND, "serve", "--timezone", "Europe/Rome"]
    with process(command, log, tmp_path, prefect_server) as serving:
        wait_until(lambda: serving.poll() is not None or b"being served" in log.read_bytes(), log=log)
        assert serving.poll() is None, log.read_text()
        yield prefect_server


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
    assert "3 items, 3 articles, 0 duplicates" in done.stdout
    assert len(rows(elsewhere / "out", "articles")) == 3
    failed = trigger(served, elsewhere, "nowhere", "-o", "out")
    assert failed.returncode == 1
    assert "nowhere: no such file" in failed.stdout
    assert "Traceback" not in failed.stdout
    unknown = trigger(served, elsewhere, "in.jsonl", "--deployment", "ingest/never")
    assert unknown.returncode == 2
    assert "ingest/never" in unknown.stderr
    assert schedules() == {
        "ingest-hourly": [("0 * * * *", "Europe/Rome")],
        "ingest-now": [],
        "maintain-daily": [("30 3 * * *", "Europe/Rome")],
    }


@pytest.mark.parametrize(("cron", "timezone"), [("hourly", "Etc/UTC"), ("0 * * * *", "Rome")])
def test_what_is_no_schedule_is_refused(cron: str, timezone: str) -> None:
    from copydesk.errors import UsageError
    from copydesk.settings import Settings
    from flows.serve import serve

    with pytest.raises(UsageError, match="no schedule"):
        serve(Settings(), cron, cron, timezone)


def test_no_server_is_told_in_a_line(tmp_path: Path) -> None:
    done = trigger({**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}, tmp_path, "in.jsonl")
    assert done.returncode == 1
    assert "no Prefect server answers at http://127.0.0.1:9/api" in done.stderr
    assert "Traceback" not in done.stderr


class _Failing(BaseHTTPRequestHandler):
    """A server that answers 500 to whatever it is asked."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        body = b'{"exception_message": "Internal Server Error"}'
        self.send_response(500)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("command", [["trigger", "in.jsonl"], ["watch"]])
def test_a_server_that_fails_is_told_in_a_line(tmp_path: Path, command: list[str]) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Failing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/api"
    try:
        done = subprocess.run(
            [*COMMAND, *command],
            cwd=tmp_path,
            env={**os.environ, "PREFECT_API_URL": address},
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 1, done.stderr
    assert f"the Prefect server at {address} answered 500 Internal Server Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_goes_while_a_run_is_followed(prefect_server: dict[str, str], tmp_path: Path) -> None:
    import httpx

    from copydesk.errors import CopydeskError
    from copydesk.settings import Settings
    from flows import serve

    def gone(*_: object) -> bool:
        asked = httpx.Request("GET", "http://127.0.0.1/api")
        raise httpx.HTTPStatusError("gone", request=asked, response=httpx.Response(500, request=asked))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serve, "_start", lambda *_: SimpleNamespace(name="ingest in.jsonl"))
        patch.setattr(serve, "_follow", gone)
        with pytest.raises(CopydeskError, match=r"the run ingest in\.jsonl is followed no further, .* answered 500"):
            serve.follow(Settings(inputs=("in.jsonl",), output=tmp_path / "out"), "ingest/ingest-now")


def test_watch_wants_a_server_that_stays(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    done = subprocess.run(
        [*COMMAND, "watch"],
        cwd=tmp_path,
        env={**bare, "PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "no Prefect server to look after runs: set PREFECT_API_URL" in done.stderr


def test_a_run_elsewhere_gets_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from copydesk.settings import Settings
    from flows.serve import absolute

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    inputs = "in.jsonl", "~/news/*.txt", "s3://desk/news"
    asked = absolute(Settings(inputs=inputs, output=Path("out"), rules=(Path("my.toml"),)))
    assert (asked.inputs, asked.output, asked.rules) == (
        (str(tmp_path / "in.jsonl"), str(tmp_path / "home/news/*.txt"), "s3://desk/news"),
        tmp_path / "out",
        (tmp_path / "my.toml",),
    )
    assert absolute(Settings()).output == Settings().output
