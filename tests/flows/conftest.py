"""One Prefect server for all tests of flows, on loopback: started when first needed, ended by its process id."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.started import free_port, process, wait_until

ROOT = Path(__file__).parents[2]
PORT = free_port()
# Before anything imports Prefect: its threads read the settings that were in force then.
os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{PORT}/api"
PREFECT = [sys.executable, "-m", "prefect"]
SERVER = {
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
}
"""What makes a server and its workers quick enough to test."""


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Yields the environment in which other processes reach it. It is started as docs/schedules.md has it, in a folder
    with the project's prefect.toml; nothing in the environment switches its statistics off."""
    home = tmp_path_factory.mktemp("prefect")
    shutil.copy(ROOT / "prefect.toml", home)
    environment = {**os.environ, **SERVER, "PREFECT_HOME": str(home)}
    bare = {k: v for k, v in environment.items() if k not in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED")}
    command = [*PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(PORT)]
    with process(command, home / "server.log", home, bare) as server:
        wait_until(lambda: server.poll() is not None or _answers(), log=home / "server.log")
        assert server.poll() is None, (home / "server.log").read_text()
        yield environment
        _send_what_is_left()


def _send_what_is_left() -> None:
    """What Prefect's threads in this process still have for the server; without it they try for a minute."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all(timeout=10)
    APILogWorker.drain_all(timeout=10)


def _answers() -> bool:
    try:
        return httpx.get(f"{os.environ['PREFECT_API_URL']}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def schedules() -> dict[str, list[tuple[str, str]]]:
    """Cron lines and time zones of all deployments of the server."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return {
            deployment.name: [(s.schedule.cron, s.schedule.timezone) for s in deployment.schedules]
            for deployment in client.read_deployments()
        }


def undeploy() -> None:
    """Remove all deployments of the server."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for deployment in client.read_deployments():
            client.delete_deployment(deployment.id)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that is deployed from: the project's flows and declarations, and nothing else of it."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "flows", folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("prefect.yaml", "prefect.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "inbox").mkdir()
    return folder
