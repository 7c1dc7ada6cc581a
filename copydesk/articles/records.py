"""Documents and what cleaning made of them -> normalized records, rows of articles/, as columns."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cleaners import Fields
from cleaners.arrays import I64
from copydesk import schema
from copydesk.articles import metadata as meta
from copydesk.errors import ItemError
from copydesk.model import Document, Item, Metadata

FILE_OF_ONE = frozenset({"text", "html"})
"""Formats of which a file holds one article."""

MOSTLY_REMOVED = 0.5
"""Share of a text's characters from which on its removal is flagged `mostly-removed`."""


TOLD = pa.schema([field for field in schema.RECORD if field.name != "text"])
"""The columns of articles/ that are known before matching, but for the text."""

Numbers = Sequence[int] | I64


def described(
    documents: Sequence[Document], words: Numbers, chars: Numbers, removed: Numbers, fields: Mapping[int, Fields]
) -> pa.Table:
    """The records of documents, in order: TOLD.

    words, chars: of what cleaning left of each text. removed: code points taken out of it. fields: what was found in
    texts, by number. Raises ItemError (stage `clean`) if nothing is left of one.
    """
    if not np.all(words):
        raise nothing_left()
    known = [document.metadata for document in documents]
    for number, found in fields.items():
        known[number] = meta.with_fields(known[number], found)
    left = {"word_count": words, "char_count": chars, "removed_chars": removed}
    try:
        return _described(documents, known, left)
    except UnicodeEncodeError:
        return _described(documents, list(map(_storable, known)), left)


def nothing_left() -> ItemError:
    """Why a text is no article of which cleaning left no word."""
    return ItemError("clean", "nothing-left", "nothing is left of the text after cleaning")


def _described(documents: Sequence[Document], known: Sequence[Metadata], left: Mapping[str, Numbers]) -> pa.Table:
    of = _columns(Document._fields, documents)
    item, told = _columns(Item._fields, of["item"]), _columns(Metadata._fields, known)
    content = list(map(_sha256, item["content"]))
    keys = list(map(item_key, of["item"], known, content))
    mostly = np.asarray(left["removed_chars"]) > MOSTLY_REMOVED * np.add(left["char_count"], left["removed_chars"])
    columns: dict[str, Any] = {
        **left,
        **{name: told[name] for name in TOLD.names if name in told},
        "id": list(map(record_id, keys, content)),
        "item_key": keys,
        "source_id": item["source_id"],
        "source_uri": item["source_uri"],
        "source_offset": item["offset"],
        "source_length": item["length"],
        "source_format": item["source_format"],
        "content_sha256": content,
        "published_at": [date and date.value for date in told["published"]],
        "modified_at": [date and date.value for date in told["modified"]],
        "fetched_at": item["fetched_at"],
        "published_precision": [date and date.precision for date in told["published"]],
        "published_from": [date and date.origin for date in told["published"]],
        "source_text_sha256": [
            _sha256(text.encode() if utf8 is None else utf8) for text, utf8 in zip(of["text"], of["utf8"], strict=True)
        ],
        "extracted_by": of["extracted_by"],
        "repaired": of["repaired"],
        "flags": [
            (*flags, "mostly-removed") if most else flags
            for flags, most in zip(of["flags"], mostly.tolist(), strict=True)
        ],
        "http_status": item["http_status"],
    }
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in TOLD}, schema=TOLD)


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _storable(known: Metadata) -> Metadata:
    """Without halves of UTF-16 pairs, which JSON can spell and UTF-8 cannot: they become U+FFFD."""
    values: tuple[Any, ...] = known
    try:
        "".join(
            value if type(value) is str else "".join(value) for value in values if value and _is_text(value)
        ).encode()
    except UnicodeEncodeError:
        return Metadata(*map(_utf8, values))
    return known


def _is_text(value: Any) -> bool:
    return type(value) in (str, tuple)


def _utf8(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_utf8, value))
    return _HALF_PAIR.sub("\ufffd", value) if isinstance(value, str) else value


_HALF_PAIR = re.compile("[\ud800-\udfff]")


def item_key(item: Item, known: Metadata, content_sha256: str) -> str:
    """What makes two versions the same item: its URL, else its publisher's id for it, else where it was read from.

    A record without URL or id is the same item only if it is the same content: its number says nothing, for a line put
    in before it gives it another, and then a new story would pass for a later version of its neighbour.
    """
    if known.canonical_url:
        return known.canonical_url
    if item.own_id and known.publisher:
        return f"{known.publisher}/{item.source_id}"
    if item.own_id or item.source_format in FILE_OF_ONE:
        return f"{item.source_uri}#{item.source_id}"
    return f"{item.source_uri}#sha256:{content_sha256[:32]}"


def record_id(key: str, content_sha256: str) -> str:
    """First 32 hex digits of sha256(item_key, NUL, content_sha256)."""
    return hashlib.sha256(f"{key}\0{content_sha256}".encode()).hexdigest()[:32]


def reject_id(source_uri: str, source_id: str | None, stage: str, error: str, content: bytes | None) -> str:
    """First 32 hex digits of sha256 over what was rejected, where and why: told again, known again."""
    head = "\0".join((source_uri, source_id or "", stage, error)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(head + b"\0" + (content or b"")).hexdigest()[:32]
