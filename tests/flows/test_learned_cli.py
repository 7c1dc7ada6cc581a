"""copydesk rules learned, pin, forbid, drop; --no-learn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.copydesk.corpus import ingest, write_jsonl
from tests.copydesk.templates.test_learn import PLUG, record, rows, taken
from tests.flows.test_cli import command


@pytest.fixture
def output(tmp_path: Path) -> Path:
    ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", [record(n, PLUG) for n in range(4)]))
    return tmp_path / "out"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert command(*arguments) == 0
    return capsys.readouterr().out


def test_learned(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [rule] = {name for row in rows(output, "removals") for name in row["rules"]}
    shown = said(capsys, "rules", "learned", "-o", str(output))
    assert rule in shown
    assert f"Harbour Herald: {PLUG}" in shown
    [one] = json.loads(said(capsys, "rules", "learned", "-o", str(output), "--json"))["learned"]
    assert (one["id"], one["text"], one["texts"], one["ruling"]) == (rule, PLUG, 4, None)
    assert "no line" in said(capsys, "rules", "learned", "-o", str(output), "--site", "Elsewhere")


def test_pin_forbid_drop(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [rule] = {name for row in rows(output, "removals") for name in row["rules"]}
    assert "1 forbidden" in said(capsys, "rules", "forbid", rule, "-o", str(output))
    assert f"Harbour Herald [forbid]: {PLUG}" in said(capsys, "rules", "learned", "-o", str(output))
    told = json.loads(said(capsys, "rules", "pin", "A line of its own", "-o", str(output), "--json"))
    assert "1 line pinned, 1 forbidden" in said(capsys, "rules", "pin", "A line of its own", "-o", str(output))
    assert [len(told[name]) for name in ("pinned", "forbidden")] == [1, 1]
    assert command("reclean", "-o", str(output)) == 0
    assert taken(output) == []
    assert (
        json.loads(said(capsys, "rules", "drop", rule, "-o", str(output), "--json").splitlines()[-1])["forbidden"] == []
    )


def test_a_ruling_that_changes_nothing_is_told(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [rule] = {name for row in rows(output, "removals") for name in row["rules"]}
    unknown, new = "template:00000000beef", "A line of   its own"
    for ruling, what in (("forbid", "should one come, it is left"), ("pin", "should one come, it is taken out")):
        told = said(capsys, "rules", ruling, rule, PLUG, unknown, new, "-o", str(output))
        assert [line for line in told.splitlines() if "warning" in line] == [
            f"warning: {line}: no text of this output is known to have this line; {what}"
            for line in (unknown, "A line of its own")
        ]
    told = json.loads(
        said(capsys, "rules", "drop", rule, unknown, "template:00000000cafe", "-o", str(output), "--json")
    )
    assert told["unmet"] == ["00000000cafe"]
    assert len(told["pinned"]) == 1


def test_without_learning(output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = write_jsonl(tmp_path / "more.jsonl", [record(9, PLUG)])
    assert command("ingest", str(more), "-o", str(output), "-w", "1", "--no-learn") == 0
    assert len(taken(output)) == 4
    assert command("reclean", "-o", str(output), "--no-learn", "--dry-run") == 0
    assert "4 of 5 rows" in capsys.readouterr().out


def test_what_cannot_be_ruled_on(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("rules", "pin", " ", "-o", str(output)) == 2
    assert command("rules", "forbid", "template:12", "-o", str(output)) == 2
    assert command("rules", "learned", "-o", str(output / "nowhere")) == 2
