"""`python -m bench.report ROWS [FOLDER]`: makes an output of that many articles and reports on it.

The rows are invented and lie in the output as runs would have left them: 30 days of one run each, 200 publishers, a
sixth as many copies as articles, four removals an article, a publisher whose layout changes, some rejects. Texts are
short, for the report reads none.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk import schema
from copydesk.inspect.report import write
from copydesk.model import RunInfo
from copydesk.run.pipeline import Summary
from copydesk.store import parquet
from copydesk.store.store import Store

RUNS = 30
PUBLISHERS = 200
CATEGORIES = (
    "ad_marker",
    "caption",
    "newsletter",
    "related",
    "social",
    "interface",
    "legal",
    "header",
    "video",
    "model",
)
REJECTS = ("no-content", "truncated", "json", "empty", "too-large")
FIRST = dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC)


def build(root: Path, rows: int) -> None:
    """An output of `rows` articles under root."""
    store = Store(root)
    pick = np.random.default_rng(7)
    with store.lock("bench.report"):
        for day in range(RUNS):
            started = FIRST + dt.timedelta(days=day)
            run = RunInfo(store.new_run_id(started), started)
            with store.staging(run.run_id) as staging:
                _run(run, staging / "final", day, max(RUNS, rows // RUNS), pick)
                store.commit(run.run_id)


def _run(run: RunInfo, final: Path, day: int, count: int, pick: np.random.Generator) -> None:
    articles = _texts(run, day, count, pick)
    parquet.write(articles, final / run.path("articles"), "articles")
    copies = count // 6
    of = pick.integers(0, max(1, count // 40), copies) * pick.integers(0, 2, copies)
    duplicates = _copies(run, day, articles.take(pa.array(of)), copies, pick)
    parquet.write(duplicates, final / run.path("duplicates"), "duplicates")
    parquet.write(_removals(articles, pick), final / run.path("removals"), "removals")
    rejects = count // 200
    parquet.write(_rejects(run, rejects, pick), final / run.path("rejects"), "rejects")
    books = {"articles": count, "duplicates": copies, "revisions": 0, "seen": count // 10, "rejects": rejects}
    seconds = dt.timedelta(seconds=count / (60 + 2 * day))
    summary = Summary(
        run_id=run.run_id,
        started_at=run.started_at,
        finished_at=run.started_at + seconds,
        status="done",
        items=sum(books.values()),
        bytes_read=count * 4000,
        settings='{"workers": 2}',
        versions="{}",
        peak_memory=(400 + 10 * day) << 20,
        cpu_seconds=1.8 * seconds.total_seconds(),
        **books,
    )
    parquet.write(pa.Table.from_pylist([asdict(summary)], schema=schema.RUNS), final / run.path("runs"), "runs")


def _hex(pick: np.random.Generator, count: int) -> pa.Array:
    raw = pick.bytes(16 * count)
    return pa.array([raw[i : i + 16].hex() for i in range(0, len(raw), 16)])


def _named(format_: str, numbers: np.ndarray) -> pa.Array:
    before, after = format_.split("{}")
    return pc.binary_join_element_wise(before, pa.array(numbers).cast(pa.string()), after, "")


def _texts(run: RunInfo, day: int, count: int, pick: np.random.Generator) -> pa.Table:
    publishers = (pick.geometric(0.02, count) - 1) % min(PUBLISHERS, max(8, count // 25))
    minutes = pick.integers(0, 24 * 60, count)
    chars = pick.integers(600, 6000, count)
    share = 0.02 + 0.08 * (publishers % 7) / 7 + 0.3 * ((publishers == 3) & (day >= 21))
    ids, serial = _hex(pick, count), np.arange(count)
    published = pa.array([run.started_at] * count, schema.UTC)
    published = pc.subtract(published, pa.array(minutes * 60_000_000, pa.duration("us")))
    columns = {
        "id": ids,
        "item_key": ids,
        "story_id": ids,
        "source_format": pa.repeat("jsonl", count),
        "publisher": _named("The Invented Herald {}", publishers),
        "title": _named(f"Day {day}: the ferry sails again, item {{}}", serial),
        "url": _named(f"https://example.com/{day}/{{}}.html", serial),
        "published_at": published,
        "published_precision": pa.repeat("second", count),
        "language": pa.repeat("en", count),
        "text": pa.repeat("The ferry sailed again on Tuesday.", count),
        "word_count": pa.array(chars // 6, pa.int32()),
        "char_count": pa.array(chars, pa.int32()),
        "removed_chars": pa.array((chars * share).astype(int), pa.int32()),
        "ingested_at": pa.array([run.started_at] * count, schema.UTC),
        "run_id": pa.repeat(run.run_id, count),
    }
    return _table(columns, schema.ARTICLES, count)


def _table(columns: dict[str, pa.Array], wanted: pa.Schema, count: int) -> pa.Table:
    return pa.table(
        [columns[f.name].cast(f.type) if f.name in columns else pa.nulls(count, f.type) for f in wanted], schema=wanted
    )


def _copies(run: RunInfo, day: int, originals: pa.Table, count: int, pick: np.random.Generator) -> pa.Table:
    own = _texts(run, day, count, pick)
    late = pa.array((pick.exponential(6, count) * 3_600_000_000).astype(int), pa.duration("us"))
    columns = {name: own[name] for name in own.column_names} | {
        "story_id": originals["id"],
        "duplicate_of": originals["id"],
        "published_at": pc.add(originals["published_at"], late),
        "relation": pa.array(np.array(["exact", "copy", "truncated", "extended"])[pick.integers(0, 4, count)]),
        "jaccard": pa.array(pick.uniform(0.4, 1, count)),
    }
    return _table(columns, schema.DUPLICATES, count)


def _removals(articles: pa.Table, pick: np.random.Generator) -> pa.Table:
    count = len(articles) * 4
    rows = np.repeat(np.arange(len(articles)), 4)
    start = np.tile(np.arange(4) * 200, len(articles))
    kinds = np.minimum(pick.geometric(0.25, count) - 1, len(CATEGORIES) - 1)
    kind = pa.array(np.array(CATEGORIES)[kinds])
    rule = pc.binary_join_element_wise(kind, pa.array(pick.integers(0, 20, count)).cast(pa.string()), "-")
    columns = {
        "id": articles["id"].take(pa.array(rows)),
        "start": pa.array(start),
        "end": pa.array(start + pick.integers(12, 120, count)),
        "text": _named("Sign up for newsletter {} and never miss a ferry.", pick.integers(0, 500, count)),
        "rules": pa.ListArray.from_arrays(pa.array(np.arange(count + 1), pa.int32()), rule),
        "category": kind,
        "action": pa.repeat("drop", count),
    }
    return _table(columns, schema.REMOVALS, count)


def _rejects(run: RunInfo, count: int, pick: np.random.Generator) -> pa.Table:
    columns = {
        "id": _hex(pick, count),
        "source_uri": _named("file:///inbox/{}.html", pick.integers(0, 10**6, count)),
        "stage": pa.repeat("extract", count),
        "error": pa.array(np.array(REJECTS)[pick.integers(0, len(REJECTS), count)]),
        "message": pa.repeat("nothing was found that looks like an article", count),
        "run_id": pa.repeat(run.run_id, count),
    }
    return _table(columns, schema.REJECTS, count)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("rows", type=int)
    ask.add_argument("folder", type=Path, nargs="?")
    asked = ask.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="copydesk-report-"))
    if not (folder / "_state").exists():
        build(folder, asked.rows)
    began, cpu = time.perf_counter(), time.process_time()
    page = write(folder, folder.with_name(folder.name + ".html"))
    took = f"{time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s of processor time"
    sys.stdout.write(f"{folder}: {page}, {page.stat().st_size / 1e6:.2f} MB, in {took}\n")


if __name__ == "__main__":
    main()
