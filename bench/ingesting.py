"""A whole run over JSONL, against a straightforward script of the same packages as a competent user would write it."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from pathlib import Path

import datasketch
import pyarrow as pa
import pyarrow.parquet as pq

from bench.texts import articles
from copydesk.pipeline import run
from copydesk.settings import Settings

CRUFT = [
    re.compile(p, re.I)
    for p in (
        r"^\s*(?:story|article)? ?(?:continues below )?advertisement\s*$",
        r"^\s*(?:photo|image|credit)s?\s*:.*$",
        r"^\s*(?:sign up|subscribe)\b.*\bnewsletter\b.*$",
        r"^\s*read (?:more|also)\s*:.*$",
        r"^\s*(?:share|follow) (?:this|us)\b.*$",
        r"^\s*(?:copyright|©).*$",
    )
]


def main(count: int = 4000) -> None:
    """Print both rates (wall clock, one process each) and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.jsonl"
        source.write_text("".join(json.dumps({"id": n, "text": t}) + "\n" for n, t in enumerate(articles(count))))
        start = time.perf_counter()
        summary = run(Settings(inputs=(str(source),), output=Path(folder) / "out", workers=1))
        ours = time.perf_counter() - start
        start = time.perf_counter()
        kept = peer(source, Path(folder) / "peer.parquet")
        theirs = time.perf_counter() - start
    print(f"{count} articles: copydesk {count / ours:,.0f}/s ({summary.articles} stories)")
    print(f"a script of re, datasketch and pyarrow {count / theirs:,.0f}/s ({kept} stories)")
    print(f"copydesk is {theirs / ours:.1f} times as fast, with removals, verified copies and the books on top")


def peer(source: Path, target: Path) -> int:
    """Read, drop lines that a pattern takes, MinHash LSH, write the first of each group. Returns how many."""
    index = datasketch.MinHashLSH(threshold=0.5, num_perm=128)
    rows = []
    with source.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            kept = [part for part in record["text"].split("\n") if not any(p.match(part) for p in CRUFT)]
            text = "\n".join(kept)
            words = text.lower().split()
            sketch = datasketch.MinHash(num_perm=128)
            sketch.update_batch([" ".join(words[i : i + 3]).encode() for i in range(max(1, len(words) - 2))])
            if not index.query(sketch):
                index.insert(str(record["id"]), sketch)
                rows.append({"id": str(record["id"]), "text": text})
    pq.write_table(pa.Table.from_pylist(rows), target, compression="zstd")
    return len(rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
