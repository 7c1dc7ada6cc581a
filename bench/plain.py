"""What a competent user would write with the same packages: rules of `re`, MinHash and LSH of datasketch, pyarrow.

python -m bench.plain IN.jsonl OUT.parquet
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import datasketch
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_AT_ONCE = 5000
SHINGLE = 3  # words
PERMUTATIONS, THRESHOLD = 128, 0.5

CRUFT = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^\s*(?:story|article)?\s*(?:continues below\s*)?advertisement\b.{0,40}$",
        r"^\s*(?:photo|image|picture|credits?)\s*(?:by|courtesy|:).{0,160}$",
        r"^.{0,120}(?:/getty images|/ap photo|/reuters|/afp)\)?\s*$",
        r"^.{0,80}\bsign up (?:for|to) (?:our|the)\b.{0,80}newsletter.{0,80}$",
        r"^\s*(?:subscribe|log in|sign in|register)\b.{0,80}$",
        r"^\s*(?:read|see|watch) (?:more|also)\s*:.*$",
        r"^\s*(?:related|most read|more from|recommended)\b.{0,200}$",
        r"^\s*(?:share|follow|like) (?:this|us|on)\b.{0,80}$",
        r"^\s*follow .{0,80} on (?:facebook|twitter|instagram).{0,120}$",
        r"^\s*(?:copyright|©|\(c\)).*$",
        r"^.{0,80}all rights reserved.{0,160}$",
        r"^.{0,60}\bcookies?\b.{0,300}(?:policy|preferences|experience).{0,100}$",
        r"^\s*by [A-Z][a-z]+ [A-Z][a-z]+(?:,.{0,40})?\s*$",
        r"^\s*(?:published|updated|posted)\b.{0,60}\d{4}.{0,20}$",
        r"^\s*(?:home|news|sport|business)(?:\s+[A-Z][a-z]+){3,12}.{0,60}$",
    )
]
"""The obvious ones, as the first session with real articles gives them."""


def main(source: Path, target: Path) -> None:
    """Clean, drop what is like an earlier article, write Parquet; print how many articles are left."""
    index = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    rows: list[dict[str, Any]] = []
    left = 0
    with source.open(encoding="utf-8") as lines, pq.ParquetWriter(target, _SCHEMA, compression="zstd") as out:
        for number, line in enumerate(lines):
            record = json.loads(line)
            text = "\n".join(part for part in record["text"].split("\n") if not any(p.match(part) for p in CRUFT))
            sketch = _sketch(text)
            if index.query(sketch):
                continue
            index.insert(str(number), sketch)
            rows.append({"id": str(record.get("id")), "title": record.get("title"), "text": text})
            left += 1
            if len(rows) == ROWS_AT_ONCE:
                out.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))
                rows = []
        out.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))
    print(left)


def _sketch(text: str) -> datasketch.MinHash:
    words = text.lower().split()
    sketch = datasketch.MinHash(num_perm=PERMUTATIONS)
    sketch.update_batch([" ".join(words[i : i + SHINGLE]).encode() for i in range(max(1, len(words) - SHINGLE + 1))])
    return sketch


_SCHEMA = pa.schema([("id", pa.string()), ("title", pa.string()), ("text", pa.string())])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="articles, one JSON object a line")
    parser.add_argument("target", type=Path, help="Parquet")
    asked = parser.parse_args()
    main(asked.source, asked.target)
