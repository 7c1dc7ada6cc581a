"""The Dask engine, with a real scheduler and real workers on loopback."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from copydesk.errors import UsageError
from copydesk.run.pipeline import run
from copydesk.settings import Settings, load
from copydesk.upkeep.verify import verify
from copydesk.workers import usage
from tests.copydesk.corpus import everything, ingest, rows, story, write_jsonl
from tests.copydesk.dask_cluster import cluster
from tests.started import free_port, wait_until

pytest.importorskip("distributed")

ROOT = Path(__file__).parents[3]


def corpus(folder: Path, count: int, **words: str) -> Path:
    """Articles, every third a copy of one of another publisher; `words` go into those of these numbers."""
    records = [
        {
            "id": str(n),
            "publisher": f"Outlet {n % 7}",
            "date": "2026-03-01",
            "text": f"{words.get(f'n{n}', '')}\n\n{story(n - n % 3 if n % 3 == 1 else n)}",
        }
        for n in range(count)
    ]
    return write_jsonl(folder / "in.jsonl", records)


@pytest.mark.slow
def test_the_same_rows_as_here_and_what_kills_is_a_reject(tmp_path: Path) -> None:
    source = corpus(tmp_path, 300, n17="KILL THE EXTRACTOR", n100="KILL ONCE", n200="NEVER ENDS")
    environment = {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "copydesk" / "deadly"), str(ROOT)]),
        "DEADLY_ONCE": str(tmp_path / "killed-once"),
    }
    with cluster(tmp_path / "dask", 2, **environment) as (engine, _):
        settings = Settings(inputs=(str(source),), output=tmp_path / "there", engine=engine, item_seconds=5)
        books, again = (run(settings.model_copy(update={"shard_bytes": 64 * 1024})) for _ in range(2))
        own = usage.peak_memory()
    assert (books.items, books.rejects, again.articles, again.seen) == (300, 2, 0, 300)
    assert (books.peak_memory or 0) > own  # the cluster's processes are in it
    rejects = [(row["source_id"], row["error"]) for row in rows(tmp_path / "there", "rejects")]
    assert sorted(rejects) == [("17", "killed-worker"), ("200", "timeout")]
    ingest(tmp_path / "here", source)
    here, there = everything(tmp_path / "here"), everything(tmp_path / "there")
    lost = [row for row in here["articles"] + here["duplicates"] if row["source_id"] in ("17", "200")]
    assert len(lost) == 2  # here nothing was killed
    for name in ("articles", "duplicates", "overlaps", "revisions"):
        assert there[name] == [row for row in here[name] if row not in lost], name
    assert verify(tmp_path / "there", read_data=True) == []


@pytest.mark.long
def test_a_worker_that_is_killed_changes_nothing(tmp_path: Path) -> None:
    source = corpus(tmp_path, 6000)
    settings = Settings(inputs=(str(source),), output=tmp_path / "there", shard_bytes=256 * 1024)
    failures: list[BaseException] = []

    def there(engine: str) -> None:
        try:
            run(settings.model_copy(update={"engine": engine}))
        except BaseException as error:
            failures.append(error)

    with cluster(tmp_path / "dask", 2) as (engine, workers):
        ingesting = threading.Thread(target=there, args=(engine,))
        ingesting.start()
        marks = "_state/staging/*/parts/*.mark"
        wait_until(lambda: failures or len(list((tmp_path / "there").glob(marks))) > 3)
        for pid in (*children(workers[0].pid), workers[0].pid):  # the worker's own process, and the nanny it has
            os.kill(pid, signal.SIGKILL)
        assert not list((tmp_path / "there").glob("_state/staging/*/parts/*/decisions.arrow"))  # in the first stage
        ingesting.join(300)
        assert not ingesting.is_alive()
    assert failures == []
    ingest(tmp_path / "here", source, shard_bytes=256 * 1024)
    assert everything(tmp_path / "there") == everything(tmp_path / "here")
    assert verify(tmp_path / "there", read_data=True) == []


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text().split()]


@pytest.mark.slow
def test_a_cluster_that_cannot_do_the_work_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from copydesk.workers import cluster as engine_module

    monkeypatch.setattr(engine_module, "CONNECT_SECONDS", 8)
    source = corpus(tmp_path, 3)
    settings = Settings(inputs=(str(source),), output=tmp_path / "out", engine=f"dask://127.0.0.1:{free_port()}")
    with pytest.raises(UsageError, match="no Dask scheduler answers at dask://127"):
        run(settings)
    with cluster(tmp_path / "dask", 0) as (engine, _), pytest.raises(UsageError, match="has no worker"):
        run(settings.model_copy(update={"engine": engine}))
    assert rows(tmp_path / "out", "runs") == []


@pytest.mark.parametrize("engine", ["dask", "dask://host", "dask://host:port", "spark://host:7077", "dask://a/b:1", ""])
def test_what_is_no_engine_is_refused(engine: str) -> None:
    with pytest.raises(UsageError, match="engine: must be local or a Dask scheduler"):
        load({"engine": engine})
