"""What the command line shows: progress while a run goes on, its books at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from copydesk.forget import Forgotten
from copydesk.maintain import Maintained
from copydesk.pipeline import Progress, Summary
from copydesk.terminal import printable

LINE_SECONDS = 5.0
"""Off a terminal, a line of progress at the most this often."""


def as_json(row: Mapping[str, Any]) -> str:
    """One JSON object; times as ISO 8601 with a zone."""
    return orjson.dumps(row).decode()


def summary(books: Summary, output: Path | str) -> str:
    """A run's books, for people."""
    seconds = (books.finished_at - books.started_at).total_seconds()
    parts = ("articles", "duplicates", "revisions", "seen", "rejects")
    about = {
        "articles": "new stories",
        "duplicates": "copies of stories",
        "revisions": "later versions of known items",
        "seen": "known from before, unchanged",
        "rejects": "could not be ingested; why is in rejects/",
    }
    lines = [f"run {books.run_id} -> {printable(str(output))}: {books.items:,} items in {seconds:.1f} s"]
    lines += [f"  {name:<11}{getattr(books, name):>9,}  {about[name]}" for name in parts]
    return "\n".join(lines)


ROWS_SHOWN = 20


def forgotten(told: Forgotten, output: Path | str, dry_run: bool) -> str:
    """What went, or would go, for people."""
    total = sum(told.removed.values())
    if not total and not told.tombstones:
        return f"nothing in {output} is meant by that, or it is forgotten already"
    if not total:
        would = "would be" if dry_run else "is"
        return f"no row in {printable(str(output))} is meant by that; what comes of it {would} kept out from now on"
    said = "would go" if dry_run else "gone"
    lines = [f"{printable(str(output))}: {total:,} rows {said}"]
    lines += [f"  {name:<11}{rows:>9,}" for name, rows in told.removed.items() if rows]
    lines += [f"  {name}/{id_}  {printable(title or '')}" for name, id_, title in told.rows[:ROWS_SHOWN]]
    if len(told.rows) > ROWS_SHOWN:
        lines.append(f"  and {len(told.rows) - ROWS_SHOWN:,} more (--json lists all)")
    if told.promoted:
        lines.append(f"promoted to canonical articles: {told.promoted:,}")
    if told.copies:
        lines.append(f"copies that stay: {len(told.copies):,}; --copies takes them too")
    lines.append("The input files are not touched: what is still in them is kept out by a tombstone.")
    return "\n".join(lines)


def maintained(done: Maintained, output: Path | str, dry_run: bool) -> str:
    """What maintenance did, or would do, for people."""
    would = "would be " if dry_run else ""
    lines = [*done.mended]
    if done.files or done.segments or done.state:
        lines.append(f"{done.files:,} files {would}merged into {done.into:,}")
        lines.append(f"{done.segments:,} index segments and {done.state:,} files of the ledger {would}merged")
    if done.manifests:
        lines.append(f"{done.manifests:,} files of manifests {would}bound into fewer")
    if done.pruned:
        lines.append(f"{done.pruned:,} folders of replaced files {would}deleted")
    return "\n".join(lines) or f"nothing to do in {printable(str(output))}"


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress | None]:
    """Tells of a run's progress on standard error: a bar on a terminal, a line now and then elsewhere."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as told:
            yield told
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:>8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("shards  {task.fields[note]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def told(stage: str, done: int, total: int, records: int, rejects: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, note="")
            note = f"{records:,} articles, {rejects:,} rejects" if records or rejects else ""
            bars.update(tasks[stage], completed=done, total=total, note=note)

        yield told


def _lines() -> Progress:
    last = time.monotonic()

    def told(stage: str, done: int, total: int, records: int, rejects: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_SECONDS:
            last = now
            note = f", {records:,} articles, {rejects:,} rejects" if records or rejects else ""
            print(f"{stage}: {done:,} of {total:,} shards{note}", file=sys.stderr, flush=True)

    return told
