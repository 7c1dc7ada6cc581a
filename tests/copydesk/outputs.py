"""Small outputs for the tests of the store: rows that agree with each other, published through the store itself."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from cleaners.span import Span, apply
from copydesk.schema import DATASETS
from copydesk.store import parquet
from copydesk.store.dataset import open_dataset
from copydesk.store.ledger import LedgerEntry
from copydesk.store.store import Store

Row = dict[str, Any]

NOW = dt.datetime(2026, 11, 22, 23, 59, 59, tzinfo=dt.UTC)
DAY = "ingest_date=2026-11-22"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def identity(key: str, content: str) -> str:
    return sha(f"{key}\0{sha(content)}")[:32]


def story(key: str, content: str, cut: Sequence[tuple[int, int]] = (), **columns: Any) -> tuple[Row, list[Row]]:
    """A row of articles/ and its removals; `cut` are the parts that cleaning took out of `content`."""
    text, removals = apply(content, [Span(start, end, "test.rule", "ad_marker") for start, end in cut])
    id_ = identity(key, content)
    row = {
        "id": id_,
        "item_key": key,
        "story_id": id_,
        "source_id": key,
        "source_uri": "file:///in.jsonl",
        "source_format": "jsonl",
        "content_sha256": sha(content),
        "authors": ["Ada Brook"],
        "published_at": NOW - dt.timedelta(days=len(content)),
        "text": text,
        "source_text_sha256": sha(content),
        "word_count": len(text.split()),
        "char_count": len(text),
        "removed_chars": len(content) - len(text),
        "ingested_at": NOW,
        **columns,
    }
    return row, [{"id": id_, "start": r.start, "end": r.end, "text": r.text, "rules": list(r.rules)} for r in removals]


def table(name: str, rows: Iterable[Row]) -> pa.Table:
    schema = DATASETS[name]
    return pa.Table.from_pylist([{c: row.get(c) for c in schema.names} for row in rows], schema=schema)


def stage(final: Path, run_id: str, parts: Sequence[dict[str, list[Row]]], seen: int = 0) -> None:
    """Write a run's parts and its row of runs/ under `final`. A part: dataset -> rows."""
    books = dict.fromkeys(("articles", "duplicates", "revisions", "rejects"), 0)
    for number, part in enumerate(parts):
        for name, rows in part.items():
            books |= {name: books[name] + len(rows)} if name in books else {}
            marked = table(name, [row | {"run_id": run_id} for row in rows])
            parquet.write(marked, final / name / DAY / f"{run_id}-{number:05d}.parquet", name)
    run = {"run_id": run_id, "started_at": NOW, "status": "done", "seen": seen, "items": sum(books.values()) + seen}
    parquet.write(table("runs", [run | books]), final / "runs" / DAY / f"{run_id}.parquet", "runs")


def publish(root: Path, *parts: dict[str, list[Row]], seen: int = 0) -> str:
    """A whole run; returns its id."""
    store = Store(root)
    with store.lock("test"):
        store.recover()
        run_id = store.new_run_id(NOW)
        with store.staging(run_id) as staging:
            stage(staging / "final", run_id, parts, seen)
            entry = LedgerEntry(f"file:///{run_id}", 1, 2, 3, "reading")
            store.write_ledger(run_id, staging / "final", [entry])
            store.commit(run_id)
    return run_id


def first_part() -> dict[str, list[Row]]:
    """An article with removals, its copy, and its revision."""
    a, cut_a = story("a.example/1", "Advertisement\nThe ferry came late.\nShare this\n", [(0, 14), (35, 46)])
    b, cut_b = story("b.example/1", "The ferry came late. 🚢\nAdvertisement\n", [(23, 37)])
    c, _ = story("a.example/1", "The ferry came late, and then it left.\n")
    copy = b | {"story_id": a["id"], "duplicate_of": a["id"], "relation": "copy", "jaccard": 0.9}
    revision = c | {"story_id": a["id"], "revises": a["id"], "version": 2, "jaccard": 0.5}
    reject = {"id": sha("reject")[:32], "source_uri": "file:///bad", "stage": "read", "error": "empty"}
    return {
        "articles": [a],
        "duplicates": [copy],
        "revisions": [revision],
        "removals": [*cut_a, *cut_b],
        "rejects": [reject],
    }


def second_part() -> dict[str, list[Row]]:
    """Two more articles."""
    rows = [story(f"c.example/{n}", f"Harbour notes, number {n}.\n")[0] for n in range(2)]
    return {"articles": rows}


def view(root: Path) -> dict[str, list[Row]]:
    """All that open_dataset shows, less what differs from run to run."""
    shown = {}
    for name in DATASETS:
        rows = open_dataset(root, name).to_table().to_pylist()
        shown[name] = sorted(({k: v for k, v in r.items() if k != "run_id"} for r in rows), key=repr)
    return shown


def data_files(root: Path) -> list[str]:
    """Every file outside `_state/`."""
    files = (p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
    return sorted(p for p in files if not p.startswith("_state/"))


def tree(root: Path) -> dict[str, bytes]:
    """Every file of an output with its bytes, but for the lock and its leases."""
    files = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return {p: content for p, content in files.items() if not p.startswith(("_state/lock", "_state/leases/"))}
