"""Small invented corpora for tests, and the rows that a run made of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from copydesk.run.pipeline import Summary, run
from copydesk.settings import Settings
from copydesk.store.dataset import open_dataset

RUN_COLUMNS = ("run_id", "ingested_at", "ingest_date")
"""What differs between two runs over the same input."""

_WORDS = (
    "harbour council bridge ferry winter engineer budget school river market orchard tram museum festival storm "
    "mayor reservoir library ticket railway bakery forest clinic stadium lighthouse quarry village committee wind "
    "turbine archive theatre dairy canal farmer teacher pilot nurse painter driver voter printer keeper"
).split()


def story(seed: int, sentences: int = 14) -> str:
    """An invented text of several paragraphs; the same for the same seed."""
    pick = random.Random(seed)
    lines = []
    for _ in range(sentences):
        words = [pick.choice(_WORDS) for _ in range(pick.randint(9, 16))]
        lines.append("The " + " ".join(words) + f" near {pick.randint(2, 98)} Mill Lane.")
    return "\n\n".join(" ".join(lines[i : i + 2]) for i in range(0, len(lines), 2))


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(dict(r)) + b"\n" for r in records))
    return path


def ingest(output: Path, *inputs: Path, **settings: Any) -> Summary:
    """A run in this process unless `workers` says otherwise."""
    return run(Settings(inputs=tuple(map(str, inputs)), output=output, **{"workers": 1, **settings}))


def rows(output: Path, name: str) -> list[dict[str, Any]]:
    """A dataset's rows without what differs between two runs, in an order of their own."""
    table = open_dataset(output, name).to_table()
    table = table.drop_columns([c for c in RUN_COLUMNS if c in table.column_names])
    return sorted(table.to_pylist(), key=repr)


def everything(output: Path) -> dict[str, list[dict[str, Any]]]:
    """All datasets but runs/."""
    return {n: rows(output, n) for n in ("articles", "duplicates", "revisions", "overlaps", "removals", "rejects")}
