"""The flow under Prefect's own test harness: the same rows as the command line, one task a shard and stage."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.errors import TaskError
from copydesk.settings import Settings
from copydesk.upkeep.verify import verify
from copydesk.workers import usage
from tests.copydesk.corpus import everything, rows, story, write_jsonl
from tests.copydesk.corpus import ingest as ingest_here
from tests.copydesk.dask_cluster import cluster

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    records = [{"id": str(i), "publisher": "Outlet", "date": "2026-03-01", "text": story(i % 100)} for i in range(120)]
    file = write_jsonl(tmp_path / "in.jsonl", records)
    with file.open("ab") as out:
        out.write(b"{broken\n")
    return file


def test_the_flow_does_what_the_command_does(prefect_server: dict[str, str], corpus: Path, tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client

    from flows.ingest import ingest

    settings = Settings(inputs=(str(corpus),), output=tmp_path / "flow", workers=2, shard_bytes=64 * 1024)
    state = ingest(settings, return_state=True)
    books, own = state.result(), usage.peak_memory()
    assert rows(tmp_path / "flow", "runs")[0]["peak_memory"] > own  # the tasks' processes are in it
    alone = ingest_here(tmp_path / "alone", corpus)
    assert (books["items"], books["articles"], books["duplicates"]) == (121, alone.articles, alone.duplicates)
    assert everything(tmp_path / "flow") == everything(tmp_path / "alone")
    assert verify(tmp_path / "flow") == []
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
        tasks = [t.name for t in client.read_task_runs() if t.flow_run_id == run.id]
        artifacts = {a.key: a.data for a in client.read_artifacts() if a.flow_run_id == run.id}
    assert run.name == "ingest in.jsonl"
    stages = [artifacts.pop(f"ingest-{stage}") for stage in ("process", "learn", "match", "publish")]
    assert stages == [100.0] * 4
    assert artifacts.keys() == {"books", "rejects"}
    assert '"articles": 100' in artifacts["books"]
    assert artifacts["rejects"] == '[{"stage": "read", "error": "json", "rejects": 1}]'
    parts = sum(name.startswith("process") for name in tasks)
    assert parts >= 2
    assert sorted(name for name in tasks if not name.startswith("bands ")) == sorted(
        [f"process {n} in.jsonl {n + 1}/{parts}" for n in range(parts)]
        + [f"publish {n}" for n in range(parts)]
        + ["publish index"]
    )


@pytest.mark.long
def test_the_flow_on_a_dask_cluster(prefect_server: dict[str, str], corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("prefect_dask")
    from prefect.client.orchestration import get_client

    from flows.ingest import ingest

    with cluster(tmp_path / "dask", 2) as (engine, _):
        settings = Settings(inputs=(str(corpus),), output=tmp_path / "flow", engine=engine, shard_bytes=64 * 1024)
        state = ingest(settings, return_state=True)
    assert state.is_completed(), state.message
    ingest_here(tmp_path / "alone", corpus)
    assert everything(tmp_path / "flow") == everything(tmp_path / "alone")
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
        names = [t.name for t in client.read_task_runs() if t.flow_run_id == run.id]
    names.remove("publish index")
    assert sum(name.startswith("process") for name in names) == sum(name.startswith("publish") for name in names) >= 2


def test_a_run_that_cannot_be_done_fails_in_plain_words(prefect_server: dict[str, str], tmp_path: Path) -> None:
    from flows.ingest import ingest

    state = ingest(Settings(inputs=(str(tmp_path / "nowhere"),), output=tmp_path / "out"), return_state=True)
    assert state.is_failed()
    assert "nowhere: no such file" in (state.message or "")


DEADLY_FLOW = """
import sys
from pathlib import Path
from copydesk.settings import Settings
from flows.ingest import ingest

if __name__ == "__main__":
    inputs, output = sys.argv[1:]
    books = ingest(Settings(inputs=(inputs,), output=Path(output), workers=2, shard_bytes=64 * 1024))
    print({name: books[name] for name in ("items", "articles", "rejects")})
"""


def deadly(environment: dict[str, str], folder: Path, words: dict[int, str]) -> subprocess.CompletedProcess[str]:
    """A flow over a hundred items, some of which have these words; its output is `out` in the folder."""
    records = [{"id": str(n), "text": f"{words.get(n, '')}\n\n{story(n)}"} for n in range(100)]
    corpus = write_jsonl(folder / "in.jsonl", records)
    script = folder / "deadly_flow.py"
    script.write_text(DEADLY_FLOW)
    more = {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "copydesk" / "deadly"), str(ROOT)]),
        "DEADLY_ONCE": str(folder / "killed-once"),
    }
    command = [sys.executable, str(script), str(corpus), str(folder / "out")]
    return subprocess.run(command, env=environment | more, capture_output=True, text=True, timeout=300, check=False)


def test_a_task_that_exits_does_not_keep_the_run_waiting(prefect_server: dict[str, str], tmp_path: Path) -> None:
    """Prefect's pool does not tell of it: the flow would wait for ever, with the output locked."""
    done = deadly(prefect_server, tmp_path, {41: "EXIT ONCE"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "{'items': 100, 'articles': 100, 'rejects': 0}"
    assert verify(tmp_path / "out", read_data=True) == []


def test_what_kills_a_task_is_a_reject_and_nothing_else_is(prefect_server: dict[str, str], tmp_path: Path) -> None:
    done = deadly(prefect_server, tmp_path, {17: "KILL THE EXTRACTOR", 41: "KILL ONCE"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "{'items': 100, 'articles': 99, 'rejects': 1}"
    assert done.stderr.count("a process of a task of the stage process was killed") == 1
    assert [(r["source_id"], r["error"]) for r in rows(tmp_path / "out", "rejects")] == [("17", "killed-worker")]
    assert verify(tmp_path / "out", read_data=True) == []


def test_a_task_that_fails_is_told_in_plain_words() -> None:
    from flows.tasks import _result

    class Failing:
        def result(self) -> None:
            raise ValueError("gone \x1b[2J")

    with pytest.raises(TaskError, match=r"a task of the stage process failed: ValueError") as told:
        _result("process", Failing())  # type: ignore[arg-type]
    assert "\x1b" not in str(told.value)


def test_parameters_are_checked_before_a_run(prefect_server: dict[str, str]) -> None:
    from prefect.exceptions import ParameterTypeError

    from flows.ingest import ingest

    with pytest.raises(ParameterTypeError, match="workers"):
        ingest({"inputs": ["x"], "workers": 0})


def test_deployments_name_the_flows_and_their_parameters() -> None:
    import yaml

    from flows import ingest, maintain, serve

    flows = {"flows/ingest.py:ingest": ingest.ingest, "flows/maintain.py:maintain": maintain.maintain}
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert {d["name"] for d in declared} == {"ingest-hourly", "ingest-now", "maintain-daily"}
    for deployment in declared:
        assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
        assert deployment["tags"] == ["copydesk"]
        environment = deployment["work_pool"]["job_variables"]["env"]
        assert float(environment["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) == serve.HEARTBEAT_SECONDS
        parameters = deployment["parameters"]
        assert parameters.get("settings", parameters)["wait"] == serve.WAIT_SECONDS
        flows[deployment["entrypoint"]].validate_parameters(parameters)
