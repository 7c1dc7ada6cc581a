"""`prefect deploy --all` and what it declares, against a server; then runs by a worker, killed and not."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, rows, story, write_jsonl
from tests.copydesk.corpus import ingest as ingest_here
from tests.flows.conftest import PREFECT, schedules
from tests.started import process, wait_until

NAMES = {"ingest-hourly": "ingest", "ingest-now": "ingest", "maintain-daily": "maintain"}


def prefect(environment: dict[str, str], folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [*PREFECT, "--no-prompt", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def deployed(prefect_server: dict[str, str], project: Path) -> dict[str, str]:
    """The project, deployed as docs/schedules.md has it."""
    prefect(prefect_server, project, "work-pool", "create", "desk", "--type", "process", "--overwrite")
    prefect(prefect_server, project, "deploy", "--all")
    return prefect_server


def start(deployment: str, *, late: int = 0, **parameters: Any) -> UUID:
    """A run of a deployment, scheduled `late` seconds ago."""
    from prefect.client.orchestration import get_client
    from prefect.states import Scheduled

    with get_client(sync_client=True) as client:
        made = client.read_deployment_by_name(f"{NAMES[deployment]}/{deployment}")
        when = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=late)
        run = client.create_flow_run_from_deployment(
            made.id, parameters=made.parameters | parameters, state=Scheduled(scheduled_time=when)
        )
        return run.id


def read(run: UUID) -> Any:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return client.read_flow_run(run)


def states(run: UUID) -> list[Any]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return sorted(client.read_flow_run_states(run), key=lambda state: state.timestamp)


def ended(*runs: UUID) -> bool:
    return all(read(run).state.is_final() for run in runs)


@contextmanager
def worker(environment: dict[str, str], project: Path) -> Iterator[subprocess.Popen[bytes]]:
    with process([*PREFECT, "worker", "start", "--pool", "desk"], project / "worker.log", project, environment) as one:
        yield one


@pytest.mark.slow
def test_everything_is_deployed_and_parameters_are_checked_before_scheduling(deployed: dict[str, str]) -> None:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    assert schedules() == {
        "ingest-hourly": [("0 * * * *", "Etc/UTC")],
        "ingest-now": [],
        "maintain-daily": [("30 3 * * *", "Etc/UTC")],
    }
    with get_client(sync_client=True) as client:
        for wrong in ({"inputs": ["x"], "workers": 0}, {"input": ["x"]}):
            with pytest.raises(PrefectHTTPStatusError, match="Validation failed"):
                start("ingest-now", settings=wrong)
        assert [run.name for run in client.read_flow_runs() if not run.auto_scheduled] == []


@pytest.mark.slow
def test_what_a_pool_has_is_not_served(deployed: dict[str, str]) -> None:
    from copydesk.errors import UsageError
    from copydesk.settings import Settings
    from flows.serve import serve

    with pytest.raises(UsageError, match="deployed to a work pool: ingest/ingest-now, maintain/maintain-daily; "):
        serve(Settings(), "0 * * * *", "30 3 * * *", "Etc/UTC")


@pytest.mark.slow
def test_the_server_makes_the_runs_of_a_schedule(deployed: dict[str, str]) -> None:
    """With some versions of what Prefect is built on its scheduler fails, and says so in the server's log alone."""
    from prefect.client.orchestration import get_client

    def hourly() -> list[Any]:
        with get_client(sync_client=True) as client:
            runs = client.read_flow_runs()
        return [run for run in runs if run.auto_scheduled and run.parameters.get("settings", {}).get("inputs")]

    wait_until(lambda: bool(hourly()), 90)
    (minutes,) = {run.expected_start_time.minute for run in hourly()}
    assert minutes == 0


@pytest.mark.slow
def test_the_server_sends_no_statistics(prefect_server: dict[str, str]) -> None:
    settings = httpx.get(f"{prefect_server['PREFECT_API_URL']}/admin/settings").json()
    assert settings["server"]["analytics_enabled"] is False
    code = "import os, flows.ingest; print(os.environ['DO_NOT_TRACK'], os.environ['PREFECT_SERVER_ANALYTICS_ENABLED'])"
    bare = {k: v for k, v in os.environ.items() if k not in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED")}
    told = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1", "false"]


@pytest.mark.long
def test_late_runs_queue_and_find_nothing_new(deployed: dict[str, str], project: Path) -> None:
    write_jsonl(project / "inbox" / "a.jsonl", [{"id": str(n), "text": story(n)} for n in range(50)])
    runs = [start("ingest-hourly", late=3600 * hours) for hours in (3, 2, 1)]
    with worker(deployed, project):
        wait_until(lambda: ended(*runs), log=project / "worker.log")
    told = [states(run) for run in runs]
    assert [states_[-1].name for states_ in told] == ["Completed"] * 3
    assert "Cancelled" not in {state.name for states_ in told for state in states_}
    spans = sorted(_running(states_) for states_ in told)
    assert all(one[1] <= other[0] for one, other in pairwise(spans)), spans
    assert sorted((row["articles"], row["seen"]) for row in rows(project / "output", "runs")) == [
        (0, 50),
        (0, 50),
        (50, 0),
    ]
    assert read(runs[0]).name == "ingest inbox/**"


@pytest.mark.long
def test_one_off_runs_queue_behind_each_other_and_behind_the_hourly_one(
    deployed: dict[str, str], project: Path
) -> None:
    """All write to one output: those of one deployment wait at the server, those of two for the output's lock."""
    write_jsonl(project / "inbox" / "a.jsonl", [{"id": str(n), "text": story(n)} for n in range(3000)])
    once = []
    for number in range(3):
        path = write_jsonl(project / f"{number}.jsonl", [{"text": story(10_000 + number)}])
        once.append({"inputs": [str(path)], "output": "output", "wait": 600})
    runs = [start("ingest-hourly"), *(start("ingest-now", settings=settings) for settings in once)]
    with worker(deployed, project):
        wait_until(lambda: ended(*runs), log=project / "worker.log")
    assert [read(run).state.name for run in runs] == ["Completed"] * 4
    assert len(rows(project / "output", "articles")) == 3003
    assert verify(project / "output") == []


@pytest.mark.long
def test_maintenance_by_a_worker(deployed: dict[str, str], project: Path) -> None:
    for number in range(3):
        ingest_here(project / "output", write_jsonl(project / f"{number}.jsonl", [{"text": story(number)}]))
    run = start("maintain-daily")
    with worker(deployed, project):
        wait_until(lambda: ended(run), log=project / "worker.log")
    assert (read(run).state.name, read(run).name) == ("Completed", "maintain output")
    assert len(list((project / "output" / "articles").rglob("*.parquet"))) == 1
    assert verify(project / "output") == []


@pytest.mark.long
def test_a_killed_worker_and_run_are_mended_and_nothing_is_doubled(deployed: dict[str, str], project: Path) -> None:
    from flows.watch import watch

    watch(silent=90)
    corpus = write_jsonl(project / "in.jsonl", [{"id": str(n), "text": story(n)} for n in range(20_000)])
    settings = {"inputs": [str(corpus)], "output": "output", "workers": 2, "shard_bytes": 1024 * 1024}
    first = start("ingest-now", settings=settings)
    with worker(deployed, project) as killed:
        # Killed between two shards of many: after the first part is done and before the commit.
        wait_until(lambda: len(list(project.glob("output/_state/staging/*/parts/*/files.arrow"))) > 1)
        engines = children(killed.pid)
        helpers = [pid for engine in engines for pid in children(engine)]
        assert engines
        assert helpers
        for pid in (killed.pid, *engines):
            os.kill(pid, signal.SIGKILL)
        killed.wait()
    assert read(first).state.name == "Running"  # nobody could say otherwise
    assert rows(project / "output", "articles") == []
    second = start("ingest-now", settings=settings)
    with worker(deployed, project):
        wait_until(lambda: ended(first, second), 400, project / "worker.log")
    assert (read(first).state.name, read(second).state.name) == ("Crashed", "Completed")
    assert "no heartbeat for 90 s" in read(first).state.message
    assert not any(Path(f"/proc/{pid}").exists() for pid in helpers)
    ingest_here(project / "alone", corpus, shard_bytes=1024 * 1024)
    assert everything(project / "output") == everything(project / "alone")
    assert verify(project / "output", read_data=True) == []
    assert not list((project / "output" / "_state" / "staging").glob("*"))


@pytest.mark.long
def test_a_run_whose_worker_alone_was_killed_goes_on_to_its_end(deployed: dict[str, str], project: Path) -> None:
    """It has nobody to read its log lines any more; the server is told all the same."""
    corpus = write_jsonl(project / "in.jsonl", [{"id": str(n), "text": story(n)} for n in range(10_000)])
    run = start(
        "ingest-now", settings={"inputs": [str(corpus)], "output": "output", "workers": 2, "shard_bytes": 2**20}
    )
    engines: list[int] = []
    try:
        with worker(deployed, project) as killed:
            wait_until(lambda: list(project.glob("output/_state/staging/*/parts/*/files.arrow")))
            engines += children(killed.pid)
            killed.kill()
        assert read(run).state.name == "Running"
        wait_until(lambda: ended(run), log=project / "worker.log")
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in engines), 60)
    finally:
        for pid in engines:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert read(run).state.name == "Completed"
    ingest_here(project / "alone", corpus, shard_bytes=2**20)
    assert everything(project / "output") == everything(project / "alone")
    assert verify(project / "output", read_data=True) == []


@pytest.mark.long
def test_a_paused_pool_begins_no_run(deployed: dict[str, str], project: Path) -> None:
    """As docs/schedules.md has a worker stopped."""
    corpus = write_jsonl(project / "in.jsonl", [{"text": story(1)}])
    prefect(deployed, project, "work-pool", "pause", "desk")
    run = start("ingest-now", settings={"inputs": [str(corpus)], "output": "output"})
    with worker(deployed, project):
        wait_until(lambda: b"started" in (project / "worker.log").read_bytes(), log=project / "worker.log")
        time.sleep(5)  # it asks for runs every second
        assert read(run).state.name in ("Scheduled", "Late")
        prefect(deployed, project, "flow-run", "ls", "--state", "Running")
        prefect(deployed, project, "work-pool", "resume", "desk")
        wait_until(lambda: ended(run), log=project / "worker.log")
    assert read(run).state.name == "Completed"


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text().split()]


def _running(told: list[Any]) -> tuple[dt.datetime, dt.datetime]:
    (began,) = [state.timestamp for state in told if state.name == "Running"]
    return began, told[-1].timestamp


@pytest.mark.slow
def test_what_fails_is_told(prefect_server: dict[str, str], tmp_path: Path) -> None:
    """The automation posts what a webhook expects; it needs the tag that our deployments have."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    import orjson
    from prefect import tags

    from copydesk.settings import Settings
    from flows.ingest import ingest
    from flows.watch import watch

    told: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(orjson.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        names = watch(f"http://127.0.0.1:{server.server_port}/hook")
        assert watch(f"http://127.0.0.1:{server.server_port}/hook") == names  # they are brought up to date
        time.sleep(3)  # until the server has them in force
        with tags("copydesk"):
            ingest(Settings(inputs=(str(tmp_path / '"nowhere" <b>'),), output=tmp_path / "out"), return_state=True)
        wait_until(lambda: bool(told))
    finally:
        server.shutdown()
    assert told[0].keys() == {"text"}
    assert told[0]["text"].startswith('copydesk: ingest "nowhere" <b>: Failed: ')
    assert "no such file" in told[0]["text"]
