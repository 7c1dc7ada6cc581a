"""Looks for words in every byte of an output: what `forget` must leave none of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson
import pyarrow.parquet as pq


def traces(root: Path, words: Iterable[str]) -> set[tuple[str, str]]:
    """(relative path, word) of each word that a file of `root` holds: in its bytes, its name, or the values that its
    bytes are a compressed form of."""
    found = set()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        content = name.encode() + path.read_bytes() + _values(path)
        found.update((name, word) for word in words if word.encode() in content or _escaped(word) in content)
    return found


def _values(path: Path) -> bytes:
    if path.suffix != ".parquet":
        return b""
    table = pq.read_table(path, partitioning=None)
    parts = []
    for column in table.columns:
        for value in column.to_pylist():
            for one in value if isinstance(value, list) else [value]:
                parts.append(one if isinstance(one, bytes) else str(one).encode())
    return b"\n".join(parts)


def _escaped(word: str) -> bytes:
    """As JSON writes it."""
    return orjson.dumps(word)[1:-1]
