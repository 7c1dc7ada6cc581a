"""The memory and processor time of a run: all its processes are in them, and runs of earlier versions stay readable."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from copydesk.inspect.report import sections, write
from copydesk.inspect.report.figures import Figures
from copydesk.store import dataset
from copydesk.upkeep.maintain import maintain
from copydesk.upkeep.verify import verify
from copydesk.workers import usage
from copydesk.workers.local import Workers
from tests.copydesk.corpus import ingest, rows, story, write_jsonl

MB = 1 << 20
OLD = Path(__file__).parents[2] / "data" / "output-0.1"


def hold(megabytes: int) -> int:
    """Takes memory, all of it in use."""
    return len(b"x" * (megabytes * MB))


def test_every_worker_is_counted(tmp_path: Path) -> None:
    own = usage.peak_memory()
    with Workers(2, tmp_path / "parts", 60) as workers:
        mapped = usage.metered(workers, tmp_path / "usage")
        assert list(mapped("hold", hold, [300, 300])) == [300 * MB] * 2
        told = usage.total(tmp_path / "usage", 0.0)
    assert told.peak_memory >= own + 300 * MB
    assert told.cpu_seconds > 0
    assert 1 <= len(list((tmp_path / "usage").iterdir())) <= 2


def test_who_took_the_place_of_another_was_not_there_with_it(tmp_path: Path) -> None:
    own = usage.peak_memory()
    for name, peak, first, last in (("a", 7, 0, 10), ("b", 5, 1, 4), ("c", 6, 5, 9)):
        (tmp_path / name).write_text(f"[{peak * MB * 1000}, 1.5, {first}.0, {last}.0]")
    told = usage.total(tmp_path, time.process_time())
    assert abs(told.peak_memory - 13_000 * MB - own) < 100 * MB
    assert told.cpu_seconds == pytest.approx(4.5, abs=0.1)


def test_who_was_killed_while_it_wrote_its_figures_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / "whole").write_text("[0, 1.5, 0.0, 9.0]")
    for name, half in (("empty", ""), ("half", "[1234, 1.")):
        (tmp_path / name).write_text(half)
    assert usage.total(tmp_path, time.process_time()).cpu_seconds == pytest.approx(1.5, abs=0.1)


def test_this_process_is_counted_once(tmp_path: Path) -> None:
    list(usage.metered(lambda _, function, over: map(function, over), tmp_path / "usage")("hold", hold, [1]))
    assert len(list((tmp_path / "usage").iterdir())) == 1
    assert usage.total(tmp_path / "usage", 0.0).peak_memory <= usage.peak_memory()


def test_a_process_does_not_tell_of_what_started_it() -> None:
    held = b"x" * (400 * MB)
    command = [sys.executable, "-c", "from copydesk.workers import usage; print(usage.peak_memory())"]
    told = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert 0 < told < len(held) < usage.peak_memory()


def test_a_run_has_its_figures(tmp_path: Path) -> None:
    corpus = write_jsonl(tmp_path / "in.jsonl", [{"id": str(n), "text": story(n)} for n in range(20)])
    began = time.process_time()
    one = ingest(tmp_path / "one", corpus)
    whole = time.process_time() - began
    assert one.cpu_seconds is not None
    assert one.peak_memory is not None
    assert 0 < one.cpu_seconds <= round(whole, 3)
    (row,) = rows(tmp_path / "one", "runs")
    assert (row["peak_memory"], row["cpu_seconds"]) == (one.peak_memory, one.cpu_seconds)
    two = ingest(tmp_path / "two", corpus, workers=2)
    assert two.peak_memory is not None
    assert two.peak_memory > one.peak_memory  # that of this process, and a worker's


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """An output of an earlier version, and two runs of this one on it."""
    output = Path(shutil.copytree(OLD, tmp_path / "out"))
    for n in range(2):
        ingest(output, write_jsonl(tmp_path / f"{n}.jsonl", [{"id": f"n{n}", "text": story(900 + n)}]))
    return output


def test_runs_of_earlier_versions_have_none(mixed: Path) -> None:
    def known() -> list[tuple[bool, bool]]:
        with duckdb.connect() as connection:
            connection.execute(dataset.duckdb_views(mixed))
            sql = "SELECT peak_memory > 0, cpu_seconds > 0 FROM runs ORDER BY run_id"
            return connection.execute(sql).fetchall()

    before = known()
    assert before[-2:] == [(True, True)] * 2
    assert set(before[:-2]) == {(None, None)}
    assert maintain(mixed).files  # puts runs with and without them into one file
    assert known() == before
    assert verify(mixed, read_data=True) == []


def test_the_report_shows_them_where_they_are(mixed: Path, tmp_path: Path) -> None:
    told = sections.speed(Figures(mixed))
    assert ["MB of memory" in row.note for row in told.rows] == [True, True] + [False] * (len(told.rows) - 2)
    assert len(told.rows) > 2
    assert len(told.charts) == 2
    page = write(mixed, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "peak memory, MB" in page


def test_the_report_of_an_earlier_version_has_no_chart_of_memory(tmp_path: Path) -> None:
    told = sections.speed(Figures(Path(shutil.copytree(OLD, tmp_path / "out"))))
    assert told.rows
    assert not any("memory" in row.note for row in told.rows)
    assert not any("memory" in str(chart) for chart in told.charts)
