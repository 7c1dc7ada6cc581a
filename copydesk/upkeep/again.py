"""A row cleaned again: the text before cleaning from its text and removals, and the row that today's rules make of it.

The record or page that a row came from is not at hand. What of its columns came out of the text can be known only in
part:

| column | is taken to have come out of the text if |
|---|---|
| title | a removal that became the title is more than a repetition of a title that was known |
| published_at | published_from is `text` |
| authors, tags, section, credit, attribution, bio | a removal that became such a field holds what the column says |
| modified_at, and all of these | the source was a text file, where nothing else can have said it |

What came out of the text is found anew. If today's rules find nothing in its place, the column goes back to null where
nothing but the text can have said it (title, published_at, text files), and stays as it is elsewhere: the record may
have said the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaners import Cleaned, Removal, Source, restore
from copydesk.articles import metadata
from copydesk.articles.records import MOSTLY_REMOVED
from copydesk.model import Date, Metadata
from copydesk.schema import DATASETS
from copydesk.store import parquet
from copydesk.store.dataset import TEXTS

Row = dict[str, Any]

_REPEATS = "repeats-title"
_FLAG = "mostly-removed"
_ROWS_AT_ONCE = 512
_FIELDS = {
    "authors": ("authors",),
    "tags": ("tags",),
    "section": ("section",),
    "credit": ("credit",),
    "attribution": ("attribution", "source"),
    "bio": ("bio",),
}
"""Columns that both a text and a record may give, and the fields of removals that become them."""


@dataclass(frozen=True, slots=True)
class Before:
    """A row of articles/, duplicates/ or revisions/ with its removals in order, and the text before cleaning."""

    row: Row
    removals: tuple[Removal, ...]
    text: str

    def source(self) -> Source:
        """What is cleaned anew."""
        return Source(self.text, known(self).title, self.row["language"])


def blocks(root: Path, part: Mapping[str, str]) -> Iterator[tuple[str, list[Row], dict[str, list[Row]]]]:
    """(dataset, rows, all removals of the part by id, in order) of a published part, block by block.

    part: dataset -> relative path. The memory is that of the part's removals.
    """
    removals = _removals(root / part["removals"]) if "removals" in part else {}
    for kind in (k for k in TEXTS if k in part):
        with pq.ParquetFile(root / part[kind]) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                yield kind, parquet.complete(pa.Table.from_batches([batch]), DATASETS[kind]).to_pylist(), removals


def removals_of(row: Row, removals: Mapping[str, Sequence[Row]]) -> list[Removal]:
    """A row's own of the removals that `blocks` gives."""
    return [
        Removal(r["start"], r["end"], r["text"], tuple(r["rules"] or ()), r["category"], r["action"], r["field"])
        for r in removals.get(row["id"], ())
    ]


def _removals(path: Path) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in parquet.read(path, DATASETS["removals"]).to_pylist():
        found.setdefault(row["id"], []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: int(row["start"]))
    return found


def before(row: Row, removals: Sequence[Removal]) -> Before | None:
    """A row with the text before cleaning; None if it cannot be had: the checksum does not fit."""
    text = restore(row["text"], removals)
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != row["source_text_sha256"]:
        return None
    return Before(row, tuple(removals), text)


def after(old: Before, cleaned: Cleaned) -> Row | None:
    """The row as today's rules would have it; None if they leave nothing of the text. Its id stays."""
    if not cleaned.text.strip():
        return None
    found = metadata.with_fields(known(old), cleaned.fields)
    removed = sum(r.end - r.start for r in cleaned.removals)
    flags = [flag for flag in old.row["flags"] or () if flag != _FLAG]
    if removed > MOSTLY_REMOVED * len(old.text):
        flags.append(_FLAG)
    row = old.row | {
        "title": found.title,
        "published_at": found.published.value if found.published else None,
        "published_precision": found.published.precision if found.published else None,
        "published_from": found.published.origin if found.published else None,
        "modified_at": found.modified.value if found.modified else None,
        "text": cleaned.text,
        "word_count": len(cleaned.text.split()),
        "char_count": len(cleaned.text),
        "removed_chars": removed,
        "flags": flags if flags else old.row["flags"] and [],
    }
    for name in _FIELDS:
        value = getattr(found, name)
        if value or (_is_plain(old.row) and old.row[name]):
            row[name] = list(value) if isinstance(value, tuple) else value
    return row


def known(old: Before) -> Metadata:
    """What is known of a row without what came out of its text."""
    row = old.row
    plain = _is_plain(row)
    own_title = plain or any(r.field == "title" and _REPEATS not in r.rules for r in old.removals)
    told = Metadata(
        url=row["url"],
        canonical_url=row["canonical_url"],
        publisher=row["publisher"],
        title=None if own_title else row["title"],
        authors=tuple(row["authors"] or ()),
        tags=tuple(row["tags"] or ()),
        section=row["section"],
        credit=row["credit"],
        attribution=row["attribution"],
        bio=row["bio"],
        published=_date(row) if row["published_from"] != "text" else None,
        modified=Date(row["modified_at"], "second", "record") if row["modified_at"] and not plain else None,
        language=row["language"],
    )
    from_text = {name: () if name in ("authors", "tags") else None for name in _FIELDS if _is_from_text(old, name)}
    return told._replace(**from_text)  # type: ignore[arg-type]


def _is_from_text(old: Before, name: str) -> bool:
    if _is_plain(old.row):
        return True
    value = old.row[name]
    said = [" ".join(r.text.casefold().split()) for r in old.removals if r.field in _FIELDS[name]]
    said.append(" ".join(said))  # a bio of several lines
    values = value if isinstance(value, list) else [value]
    return bool(said[0] and value) and all(any(v.casefold() in text for text in said) for v in values)


def _is_plain(row: Row) -> bool:
    return bool(row["source_format"] == "text")


def _date(row: Row) -> Date | None:
    if row["published_at"] is None:
        return None
    return Date(row["published_at"], row["published_precision"] or "second", row["published_from"] or "record")
