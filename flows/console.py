"""What the command line shows of what was done. While it is being done: progress.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from copydesk.run.pipeline import Summary
from copydesk.terminal import printable
from copydesk.upkeep.forget import Forgotten
from copydesk.upkeep.maintain import Maintained


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
