"""The flow that maintains and verifies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import ingest, story, write_jsonl

pytestmark = pytest.mark.slow


@pytest.fixture
def output(tmp_path: Path) -> Path:
    for number in range(3):
        ingest(tmp_path / "out", write_jsonl(tmp_path / f"{number}.jsonl", [{"text": story(number)}]))
    return tmp_path / "out"


def tables(state: Any) -> dict[str, str]:
    """The tables that a run left, by key."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    only = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[state.state_details.flow_run_id]))
    with get_client(sync_client=True) as client:
        return {artifact.key: artifact.data for artifact in client.read_artifacts(artifact_filter=only)}


def test_files_are_merged_and_the_output_is_whole(prefect_server: dict[str, str], output: Path) -> None:
    from flows.maintain import maintain

    page = output.parent / "report.html"
    state = maintain(output, report=page, return_state=True)
    assert state.is_completed()
    assert page.as_uri() in tables(state)["report"]
    assert "The books of the last runs" in page.read_text(encoding="utf-8")
    assert state.result()["into"] < state.result()["files"]
    assert len(list((output / "articles").rglob("*.parquet"))) == 1
    assert verify(output) == []
    assert "maintenance" in tables(state)


def test_faults_fail_the_run_and_are_all_in_a_table(prefect_server: dict[str, str], output: Path) -> None:
    from flows.maintain import maintain

    maintain(output)
    (file,) = (output / "articles").rglob("*.parquet")
    file.write_bytes(file.read_bytes() + b"x")
    state = maintain(output, return_state=True)
    assert state.is_failed()
    assert "faults found" in state.message
    assert file.name in tables(state)["faults"]


def test_a_report_that_cannot_be_written_fails_nothing(prefect_server: dict[str, str], output: Path) -> None:
    from flows.maintain import maintain

    (output.parent / "page.html").mkdir()
    state = maintain(output, report=output.parent / "page.html", return_state=True)
    assert state.is_completed()
    assert "report" not in tables(state)


def test_what_is_no_output_fails_in_plain_words(prefect_server: dict[str, str], tmp_path: Path) -> None:
    from flows.maintain import maintain

    state = maintain(tmp_path, return_state=True)
    assert state.is_failed()
    assert "no output of copydesk" in state.message
