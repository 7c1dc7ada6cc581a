"""What a flow tells of itself while it runs and at its end: log lines and Prefect's artifacts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from logging import Logger, LoggerAdapter
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from copydesk.model import RunInfo
from copydesk.run.pipeline import Summary
from copydesk.schema import REJECTS
from copydesk.store import parquet
from copydesk.store.store import Store
from copydesk.terminal import printable

Log = Logger | LoggerAdapter[Logger]

SECONDS = 5.0
"""Progress is told at the most this often, and at the end of a stage: each time asks the server for something."""

BOOKS = ("items", "articles", "duplicates", "revisions", "seen", "rejects", "bytes_read")


class Progress:
    """A pipeline.Progress that writes to the log and to an artifact a stage, `ingest-process` and so on."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._artifacts: dict[str, UUID | None] = {}
        self._began = self._last = self._called = time.monotonic()

    def __call__(self, stage: str, done: int, total: int, records: int, rejects: int, /) -> None:
        now = time.monotonic()
        if stage not in self._artifacts:
            self._began = self._called  # the stage before it ended there
            key = f"ingest-{stage}"
            self._artifacts[stage] = _told(self._log, create_progress_artifact, 0.0, key, f"{total:,} shards")
        self._called = now
        if done < total and now - self._last < SECONDS:
            return
        self._last = now
        words = f"{done:,} of {total:,} shards"
        if records or rejects:
            rate = records / max(now - self._began, 1e-9)
            words += f", {records:,} articles, {rejects:,} rejects, {rate:,.1f} articles a second"
        self._log.info("%s: %s", stage, words)
        if artifact := self._artifacts[stage]:
            _told(self._log, update_progress_artifact, artifact, 100.0 * done / max(1, total), words)


def books(log: Log, summary: Summary, store: Store) -> dict[str, Any]:
    """A run's books to the log and to the table `books`, its rejects by reason to the table `rejects`; returned are the
    books."""
    seconds = (summary.finished_at - summary.started_at).total_seconds()
    rate = round(summary.items / max(seconds, 1e-9), 1)
    counts = {"run_id": summary.run_id, **{name: getattr(summary, name) for name in BOOKS}}
    log.info("run %s: %s", summary.run_id, ", ".join(f"{counts[name]:,} {name}" for name in BOOKS))
    log.info("run %s: %.1f s, %s items a second", summary.run_id, seconds, rate)
    for warning in summary.warnings:
        log.warning("run %s: %s", summary.run_id, printable(warning))
    table(log, "books", [{**counts, "seconds": round(seconds, 1), "items_per_second": rate}], "The books of the run")
    reasons = _reasons(store, RunInfo(summary.run_id, summary.started_at)) if summary.rejects else []
    if reasons:
        log.warning("rejects: %s", ", ".join(f"{row['rejects']:,} {row['stage']}/{row['error']}" for row in reasons))
        table(log, "rejects", reasons, "What could not be ingested, by reason; the rows are in rejects/")
    return counts


def table(log: Log, key: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    """A table artifact."""
    _told(log, create_table_artifact, [dict(row) for row in rows], key, description)


def link(log: Log, key: str, address: str, description: str) -> None:
    """A link artifact."""
    _told(log, create_link_artifact, address, None, key, description)


def _reasons(store: Store, run: RunInfo) -> list[dict[str, Any]]:
    """How many rejects of a run have which reason, most first; read from its own files alone."""
    own = [path for path in store.files("rejects") if path.name.startswith(f"{run.run_id}-")]
    found: Counter[tuple[str, str]] = Counter()
    for path in own:
        read = parquet.columns(path, REJECTS, ["stage", "error"])
        found.update(zip(read["stage"].to_pylist(), read["error"].to_pylist(), strict=True))
    return [{"stage": stage, "error": error, "rejects": count} for (stage, error), count in found.most_common()]


def _told(log: Log, tell: Any, *arguments: Any) -> Any:
    """What `tell` returns; a server that does not answer is no reason to end a run."""
    try:
        return tell(*arguments)
    except Exception as error:
        log.warning("an artifact could not be written: %s", printable(str(error))[:200])
        return None
