"""The flow under Prefect's own test harness: the same rows as the command line, one task a shard and stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.settings import Settings
from copydesk.verify import verify
from tests.copydesk.corpus import everything, story, write_jsonl
from tests.copydesk.corpus import ingest as ingest_here

pytestmark = pytest.mark.slow


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    records = [{"id": str(i), "publisher": "Outlet", "date": "2026-03-01", "text": story(i % 100)} for i in range(120)]
    return write_jsonl(tmp_path / "in.jsonl", records)


def test_the_flow_does_what_the_command_does(prefect_server: None, corpus: Path, tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client

    from flows.ingest import ingest

    settings = Settings(inputs=(str(corpus),), output=tmp_path / "flow", workers=2, shard_bytes=64 * 1024)
    state = ingest(settings, return_state=True)
    books = state.result()
    alone = ingest_here(tmp_path / "alone", corpus)
    assert (books["items"], books["articles"], books["duplicates"]) == (120, alone.articles, alone.duplicates)
    assert everything(tmp_path / "flow") == everything(tmp_path / "alone")
    assert verify(tmp_path / "flow") == []
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
        tasks = [t.name for t in client.read_task_runs() if t.flow_run_id == run.id]
    assert run.name == "ingest in.jsonl"
    parts = sum(name.startswith("process") for name in tasks)
    assert parts >= 2
    assert sorted(tasks) == sorted(
        [f"process {n} in.jsonl {n + 1}/{parts}" for n in range(parts)] + [f"publish {n}" for n in range(parts)]
    )


def test_a_run_that_cannot_be_done_fails_in_plain_words(prefect_server: None, tmp_path: Path) -> None:
    from flows.ingest import ingest

    state = ingest(Settings(inputs=(str(tmp_path / "nowhere"),), output=tmp_path / "out"), return_state=True)
    assert state.is_failed()
    assert "nowhere: no such file" in (state.message or "")


def test_parameters_are_checked_before_a_run(prefect_server: None) -> None:
    from prefect.exceptions import ParameterTypeError

    from flows.ingest import ingest

    with pytest.raises(ParameterTypeError, match="workers"):
        ingest({"inputs": ["x"], "workers": 0})


def test_deployments_name_the_flow_and_its_settings() -> None:
    import yaml

    from flows.ingest import ingest

    root = Path(__file__).parents[2]
    declared = yaml.safe_load((root / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert {d["name"] for d in declared} == {"ingest-hourly", "ingest-now"}
    for deployment in declared:
        assert deployment["entrypoint"] == "flows/ingest.py:ingest"
        assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
        ingest.validate_parameters(deployment["parameters"])
