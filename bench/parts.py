"""What the parts of a run take by themselves, one after the other in one process, over articles that are at hand.

    python -m bench.parts IN.jsonl

Decoding JSON, cleaning, sketching, matching and writing Parquet: prints the seconds of each, and of all, as JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.duplicates import InMemory
from cleaners import Source
from cleaners.cleaning import default, rehearse
from copydesk.articles import cleaned
from copydesk.dedup.match import NEW, match
from copydesk.index.index import Index
from copydesk.sketches import compiled, sketch

T = TypeVar("T")
AT_ONCE = 512  # articles


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="articles, one JSON object a line")
    lines = parser.parse_args().source.read_bytes().splitlines()
    size = sum(map(len, lines))
    default().expect(size)
    rehearse()
    compiled.rehearse()
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        start = perf_counter()
        done = work()
        seconds[name] = perf_counter() - start
        return done

    records = timed("decode", lambda: [orjson.loads(line) for line in lines])
    done = timed("clean", lambda: cleaned.joined([_clean(batch) for batch in _batches(records)]))
    made = timed("sketch", lambda: sketch.sketch(done.text))
    table = _new(records, done)
    new = pa.table({name: table[name] for name in NEW} | made.columns())
    timed("match", lambda: match(new, Index(), InMemory(made.shingles)))
    with tempfile.TemporaryDirectory() as folder:
        timed("write", lambda: _write(Path(folder), table, done.removals))
    print(json.dumps(seconds | {"all": sum(seconds.values())}))


def _batches(records: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    return [records[first : first + AT_ONCE] for first in range(0, len(records), AT_ONCE)]


def _clean(records: Sequence[dict[str, Any]]) -> cleaned.CleanedTexts:
    sources = [Source(r["text"], r.get("title"), r.get("language") or "en") for r in records]
    order, made = cleaned.clean(default(), sources)
    return made.only(np.argsort(order))


def _new(records: Sequence[dict[str, Any]], done: cleaned.CleanedTexts) -> pa.Table:
    count = len(records)
    names = [f"{number:032x}" for number in range(count)]
    nothing = pa.nulls(count, pa.timestamp("us", tz="UTC"))
    return pa.table(
        {
            "id": names,
            "item_key": names,
            "publisher": pa.array([str(r.get("publisher") or "") for r in records]),
            "title": pa.array([str(r.get("title") or "") for r in records]),
            **dict.fromkeys(("published_at", "modified_at", "fetched_at"), nothing),
            "char_count": pa.array(done.chars, pa.int32()),
            "text": done.text,
        }
    )


def _write(folder: Path, articles: pa.Table, removals: pa.Table) -> None:
    pq.write_table(articles, folder / "articles.parquet", compression="zstd")
    pq.write_table(removals, folder / "removals.parquet", compression="zstd")


if __name__ == "__main__":
    main()
