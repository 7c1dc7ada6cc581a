"""What the command line shows of what was done. While it is being done: progress.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from copydesk.run.pipeline import Summary
from copydesk.store import place
from copydesk.store.dataset import open_dataset
from copydesk.terminal import counted, printable
from copydesk.upkeep.fault import Fault
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
    items = counted(books.items, "item")
    lines = [f"run {books.run_id} -> {printable(str(output))}: {items} in {seconds:.1f} s"]
    lines += [f"  {name:<11}{getattr(books, name):>9,}  {about[name]}" for name in parts]
    lines += [f"  warning: {printable(warning)}" for warning in books.warnings]
    return "\n".join(lines)


REASONS_SHOWN = 3
"""Why items were rejected: the commonest ones."""


def reasons(output: Path | str, run_id: str) -> Iterator[str]:
    """Why a run rejected items, for people: of the commonest reasons how many, and one of them; the others by name.
    Nothing of an output in object storage."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = ["source_uri", "source_id", "error", "message"]
    files = sorted(Path(output).glob(f"rejects/*/{run_id}*.parquet"))
    if not files:
        return
    rows = pa.concat_tables([pq.read_table(path, columns=columns) for path in files])
    firsts = [(name, "first") for name in columns if name != "error"]
    told = rows.group_by("error", use_threads=False).aggregate([("error", "count"), *firsts]).to_pylist()
    told.sort(key=lambda one: (-one["error_count"], one["error"]))
    for one in told[:REASONS_SHOWN]:
        file = unquote(one["source_uri_first"].rsplit("/", 1)[-1])
        where = " ".join(filter(None, (file, one["source_id_first"])))
        yield printable(f"  {one['error_count']:>20,}  {one['error']}; {where}: {one['message_first']}")
    if others := told[REASONS_SHOWN:]:
        names = ", ".join(one["error"] for one in others)
        yield printable(f"  {sum(one['error_count'] for one in others):>20,}  others: {names}")


ROWS_SHOWN = 20
"""Of those that `forget` takes away."""


def forgotten(told: Forgotten, output: Path | str, dry_run: bool) -> str:
    """What went, or would go, for people."""
    total = sum(told.removed.values())
    if not total and not told.tombstones:
        return f"nothing in {output} is meant by that, or it is forgotten already"
    if not total:
        would = "would be" if dry_run else "is"
        return f"no row in {printable(str(output))} is meant by that; what comes of it {would} kept out from now on"
    said = "would go" if dry_run else "gone"
    lines = [f"{printable(str(output))}: {counted(total, 'row')} {said}"]
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


def verified(faults: Sequence[Fault], root: Path) -> str:
    """The last line of verify."""
    if faults:
        return f"{counted(len(faults), 'fault')} found in {place.name(root)}"
    runs, articles = (open_dataset(root, name).count_rows() for name in ("runs", "articles"))
    return f"{place.name(root)} is whole: {counted(runs, 'run')}, {counted(articles, 'article')}"


def maintained(done: Maintained, output: Path | str, dry_run: bool) -> str:
    """What maintenance did, or would do, for people."""
    would = "would be " if dry_run else ""
    lines = [*done.mended]
    if done.files or done.segments or done.state:
        lines.append(f"{counted(done.files, 'file')} {would}merged into {done.into:,}")
        lines.append(
            f"{counted(done.segments, 'index segment')} and {counted(done.state, 'file')} of the ledger {would}merged"
        )
    if done.manifests:
        lines.append(f"{counted(done.manifests, 'file')} of manifests {would}bound into fewer")
    if done.pruned:
        lines.append(f"{counted(done.pruned, 'folder')} of replaced files {would}deleted")
    return "\n".join(lines) or f"nothing to do in {printable(str(output))}"
