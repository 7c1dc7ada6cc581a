"""A document and what cleaning made of it -> the normalized record, a row of articles/."""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

from cleaners import Cleaned, Fields
from copydesk.articles import metadata as meta
from copydesk.errors import ItemError
from copydesk.model import Document, Item, Metadata, Record

FILE_OF_ONE = frozenset({"text", "html"})
"""Formats of which a file holds one article."""

MOSTLY_REMOVED = 0.5
"""Share of a text's characters from which on its removal is flagged `mostly-removed`."""


class Left(NamedTuple):
    """What cleaning left of a text. words, chars: of it. removed: code points taken out. fields: what was found."""

    words: int
    chars: int
    removed: int
    fields: Fields | None

    @classmethod
    def of(cls, cleaned: Cleaned) -> Left:
        removed = sum(r.end - r.start for r in cleaned.removals)
        return cls(len(cleaned.text.split()), len(cleaned.text), removed, cleaned.fields)


def describe(document: Document, left: Left) -> Record:
    """The record of a document. Raises ItemError (stage `clean`) if cleaning left nothing of it."""
    if not left.words:
        raise ItemError("clean", "nothing-left", "nothing is left of the text after cleaning")
    item, known = document.item, document.metadata
    if left.fields:
        known = meta.with_fields(known, left.fields)
    known = _storable(known)
    content_sha256 = hashlib.sha256(item.content).hexdigest()
    key = item_key(item, known, content_sha256)
    flags = document.flags
    if left.removed > MOSTLY_REMOVED * (left.chars + left.removed):
        flags = (*flags, "mostly-removed")
    return Record(
        id=record_id(key, content_sha256),
        item_key=key,
        source_id=item.source_id,
        source_uri=item.source_uri,
        source_offset=item.offset,
        source_length=item.length,
        source_format=item.source_format,
        content_sha256=content_sha256,
        url=known.url,
        canonical_url=known.canonical_url,
        publisher=known.publisher,
        title=known.title,
        authors=known.authors,
        tags=known.tags,
        section=known.section,
        credit=known.credit,
        attribution=known.attribution,
        bio=known.bio,
        published_at=known.published.value if known.published else None,
        modified_at=known.modified.value if known.modified else None,
        fetched_at=item.fetched_at,
        published_precision=known.published.precision if known.published else None,
        published_from=known.published.origin if known.published else None,
        language=known.language,
        source_text_sha256=hashlib.sha256(document.utf8 or document.text.encode()).hexdigest(),
        word_count=left.words,
        char_count=left.chars,
        removed_chars=left.removed,
        extracted_by=document.extracted_by,
        repaired=document.repaired,
        flags=flags,
        license=known.license,
        robots=known.robots,
        tdm_reservation=known.tdm_reservation,
        accessible_for_free=known.accessible_for_free,
        http_status=item.http_status,
    )


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
