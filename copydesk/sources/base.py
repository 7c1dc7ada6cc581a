"""What every reader of a format has in common: numbering, blocks, names and rejects."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from copydesk.errors import ItemError
from copydesk.model import LineSpan, Reject, SourceFile
from copydesk.settings import Settings
from copydesk.sources.met import A_RECORD

BLOCK_ITEMS = 32
"""Items in a block; the parts of a file take its blocks in turn."""

TRANSIENT = frozenset({"unreadable", "vanished", "killed-worker", "timeout", "out-of-memory"})
"""Errors that say nothing sure of the bytes: the same file may be well the next time, so the ledger forgets it."""

MOST_COLUMNS = 10_000
"""Of a table; every row costs memory for each. An article has a few dozen fields."""

COMPRESSION_ENDINGS = frozenset({"gz", "gzip", "zst", "zstd"})
FORMAT_ENDINGS = {
    "txt": "text",
    "text": "text",
    "md": "text",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
    "csv": "csv",
    "tsv": "csv",
    "parquet": "parquet",
    "pq": "parquet",
    "warc": "warc",
    "wet": "warc",
}

_LONGEST_ID = 1024


@dataclass(slots=True)
class Reading:
    """A file while one part of it is read.

    number: of the item met last, from 1; items of other parts, and bad ones, count. span: see Shard. notes: a folder in
    which the readers of a file's parts tell each other of it (see starts). met: those names of `settings.map` that its
    records had, see met.py.
    """

    file: SourceFile
    settings: Settings
    part: int = 0
    parts: int = 1
    number: int = 0
    first: int = 0
    last: int | None = None
    span: LineSpan | None = None
    notes: Path | None = None
    met: set[str] = field(default_factory=set)

    def claim(self) -> bool:
        """Count one more item. True if it belongs to this part, and lies between first and last (see Shard)."""
        index = self.number
        self.number = index + 1
        if index < self.first or (self.last is not None and index >= self.last):
            return False
        return self.parts == 1 or index // BLOCK_ITEMS % self.parts == self.part

    def mapped(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record keyed by our names, as mapped() has it."""
        names = self.settings.map
        if len(self.met) <= len(names):
            self.met.update((A_RECORD, *(their for their in names.values() if their in record)))
        return mapped(record, names)

    def reject(self, error: ItemError, content: bytes | None = None, source_id: str | None = None) -> Reject:
        """The row of rejects/ for `error`; content is cut to the setting reject_bytes."""
        return Reject(
            source_uri=self.file.uri,
            source_id=source_id,
            stage=error.stage,
            error=error.error,
            message=str(error),
            content=None if content is None else bytes(content[: self.settings.reject_bytes]),
        )

    def too_large(self, what: str, size: int | None, content: bytes, source_id: str | None) -> Reject:
        """The reject of an item above the setting max_item_bytes. size: in bytes, None if not known."""
        measure = "more than" if size is None else f"{size:,} bytes, above"
        limit = f"{self.settings.max_item_bytes:,}"
        message = f"{what} of {measure} {limit} bytes: raise max_item_bytes if it is an article"
        return self.reject(ItemError("read", "too-large", message), content, source_id)


def check_columns(columns: Sequence[str], names: Mapping[str, str]) -> None:
    """That columns can hold articles. names: the user's `map`. Raises ItemError: too-many-columns, no-text."""
    if len(columns) > MOST_COLUMNS:
        message = f"{len(columns):,} columns, above {MOST_COLUMNS:,}: an article has a few dozen"
        raise ItemError("read", "too-many-columns", message)
    if not {"text", "html"} & mapped(dict.fromkeys(columns, ""), names).keys():
        found = ", ".join(columns[:12])[:200] or "none at all"
        called = [name for ours in ("text", "html") for name in _called(ours, names)] or ["text", "html"]
        wanted = " or ".join(f"`{name}`" for name in called)
        message = f"no column {wanted} among {found}: name it with --map text=COLUMN"
        raise ItemError("read", "no-text", message)


def _called(ours: str, names: Mapping[str, str]) -> list[str]:
    """What a field of ours may be called: what `map` names for it, and our own name if that means nothing else."""
    return list(dict.fromkeys([*([names[ours]] if ours in names else []), *([] if ours in names.values() else [ours])]))


def endings(name: str) -> tuple[str, str | None, str | None]:
    """Stem, format that the ending stands for and compression ending of a file name: `a.html.gz` is a, html, gz."""
    stem, compression = name, None
    base, dot, ending = stem.rpartition(".")
    if base and dot and ending.lower() in COMPRESSION_ENDINGS:
        stem, compression = base, ending.lower()
        base, dot, ending = stem.rpartition(".")
    named = FORMAT_ENDINGS.get(ending.lower()) if base and dot else None
    return (base if named else stem), named, compression


def name_id(path: str) -> str:
    """source_id of a file of one article: its name less one compression and one format ending."""
    stem = endings(os.path.basename(path))[0]
    return os.fsencode(stem).decode("utf-8", "replace")


def record_id(record: Mapping[str, Any]) -> str | None:
    """The record's own `id` as a string, or None if it has none that can serve (a string, a number, a UUID)."""
    value = record.get("id")
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)  # of Parquet, which has no more than 76 digits
    if isinstance(value, UUID):
        value = str(value)
    if isinstance(value, str):
        text = value.strip()
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode("utf-8")
        return text if 0 < len(text) <= _LONGEST_ID else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)  # pandas writes whole numbers as floats where a column has gaps
    elif isinstance(value, int) and value.bit_length() > 256:
        return None
    return str(value)


def mapped(record: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The record keyed by our names. names: {ours: theirs}. Fields that are not mapped stay as they are.

    A record that lacks their field keeps what it has under our name, unless that is mapped to something else.
    """
    if not names:
        return record
    theirs = set(names.values())
    result = {key: value for key, value in record.items() if key not in theirs}
    result.update((ours, record[their]) for ours, their in names.items() if record.get(their) is not None)
    return result


def canonical_json(row: Mapping[str, Any]) -> bytes:
    """The row as JSON with sorted keys. Raises ItemError for values that have no place in JSON."""
    try:
        return orjson.dumps(row, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise ItemError("read", "json", f"the row cannot be written as JSON ({error})") from None


def _plain(value: Any) -> Any:
    """What orjson does not know: decimals, durations, bytes, sets as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)
