"""Title, authors, dates, publisher and rights of an article, from its record, its page and its text."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from copydesk.model import Date, Metadata
from copydesk.pages import dates, names, page
from copydesk.pages.jsonld import truth
from copydesk.text.language import detect_all, normalized
from copydesk.urls import canonical, registrable_domain

if TYPE_CHECKING:
    from cleaners import Fields

MAX_TEXT = 2000
"""Characters of a field; what is longer is no title, name or licence."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "url": ("url", "link", "uri", "permalink"),
    "canonical_url": ("canonical_url",),
    "publisher": ("publisher", "source", "site_name", "sitename", "outlet", "domain", "hostname"),
    "title": ("title", "headline"),
    "authors": ("authors", "author", "byline", "creator"),
    "tags": ("tags", "keywords"),
    "section": ("section", "category"),
    "credit": ("credit",),
    "bio": ("bio", "author_bio"),
    "published": (
        "date", "published_at", "published", "publish_date", "published_date", "date_published", "pub_date",
        "pubdate", "publication_date", "datePublished",
    ),
    "modified": ("modified_at", "modified", "date_modified", "updated_at", "updated", "dateModified"),
    "language": ("language", "lang"),
    "license": ("license", "licence"),
}  # fmt: skip
"""The names a record may give a field by, the best first. Those of settings.RECORD_FIELDS can be mapped and come first,
but for `modified`, by which some say yes or no beside `modified_at`; the others are what scrapers and data sets
commonly write."""


def from_record(record: Mapping[str, Any], url: str | None = None) -> Metadata:
    """What a JSONL, CSV or Parquet record says, tolerant of types: NaN, blank and unusable values are absent.

    url: to use where the record has none. Dates have origin `record`; the language is what the record gives. Never
    raises.
    """
    return from_records([record], [url])[0]


def from_records(
    records: Sequence[Mapping[str, Any]], urls: Sequence[str | None], texts: Sequence[str] | None = None
) -> list[Metadata]:
    """`from_record` of each of some records, with a URL to use for each. texts: of the articles, if they shall tell
    the languages (language.detect_all)."""
    said = _said(records)
    nobody: list[Any] = [None] * len(records)

    def each(name: str, read: Callable[[Any], Any], absent: Any = None) -> list[Any]:
        if name not in said:
            return [absent] * len(records)
        return [absent if value is None else read(value) for value in said[name]]

    def as_it_is(name: str, read: Callable[[Any], Any]) -> list[Any]:
        return [None if value is None else read(value) for value in [record.get(name) for record in records]]

    own = each("url", _string)
    addresses = [found if canonical(found) else url or found for found, url in zip(own, urls, strict=True)]
    canonicals = each("canonical_url", lambda value: canonical(_string(value)))
    tags = each("language", lambda value: normalized(_string(value)))
    columns: dict[str, list[Any]] = {
        "url": addresses,
        "canonical_url": [found or canonical(url) for found, url in zip(canonicals, addresses, strict=True)],
        "publisher": list(map(publisher, each("publisher", _string), addresses)),
        "title": each("title", _string),
        "authors": each("authors", lambda value: names.authors(_decoded(value)), ()),
        "tags": each("tags", lambda value: page.words(_decoded(value)), ()),
        "section": each("section", _string),
        "credit": each("credit", _string),
        "attribution": nobody,
        "bio": each("bio", _string),
        "published": list(map(_date, said.get("published", nobody), tags)),
        "modified": list(map(_date, said.get("modified", nobody), tags)),
        "language": tags if texts is None else detect_all(texts, tags),
        "license": each("license", _string),
        "robots": as_it_is("robots", _string),
        "tdm_reservation": as_it_is("tdm_reservation", _string),
        "accessible_for_free": as_it_is("accessible_for_free", truth),
    }
    return list(map(Metadata, *(columns[name] for name in Metadata._fields)))


def merge(*sources: Metadata) -> Metadata:
    """Field by field the first that says it; a date goes with its precision and origin."""
    chosen = {name: _first([getattr(source, name) for source in sources]) for name in Metadata._fields}
    return Metadata(**{name: value for name, value in chosen.items() if value is not None})


def with_fields(metadata: Metadata, found: Fields, *, reference: dt.datetime | None = None) -> Metadata:
    """Metadata with its gaps filled by what cleaning found in the text; dates from there have origin `text`.

    A guessed or URL date gives way to one that the text states, and a day to the time of that same day.
    """
    if not found:
        return metadata
    houses = [metadata.publisher] if metadata.publisher else []

    def date(stated: str | None) -> Date | None:
        return dates.parse(stated, "text", language=metadata.language, reference=reference) if stated else None

    return metadata._replace(
        title=metadata.title or _string(found.title),
        authors=metadata.authors or (names.authors(found.authors, houses=houses) if found.authors else ()),
        tags=metadata.tags or (page.words(found.tags) if found.tags else ()),
        section=metadata.section or _string(found.section),
        credit=metadata.credit or _string(found.credit),
        attribution=metadata.attribution or _string(found.attribution) or _string(found.source),
        bio=metadata.bio or _string(found.bio),
        published=_better(metadata.published, date(found.published)),
        modified=metadata.modified or date(found.modified),
    )


def publisher(name: str | None, url: str | None) -> str | None:
    """The record's own name for the publisher; if that is a host name or missing, the registrable domain."""
    domain = _domain(name) if name else None
    return domain or (name if name else registrable_domain(url))


_domain = lru_cache(maxsize=4096)(registrable_domain)  # of the same few publishers


def _better(known: Date | None, stated: Date | None) -> Date | None:
    if known is None or stated is None:
        return known or stated
    if known.origin in ("guess", "url"):
        return stated
    same_day = abs((stated.value - known.value).total_seconds()) < 36 * 3600
    return (
        stated
        if known.precision == "day" and stated.precision != "day" and same_day and known.origin != "record"
        else known
    )


def _first(values: list[Any]) -> Any:
    return next((value for value in values if value is not None and value != ()), None)


_FIELD_OF = {alias.casefold(): (name, rank) for name, aliases in _ALIASES.items() for rank, alias in enumerate(aliases)}
"""By a name that records use, ours and how good a name it is, 0 for the best."""


def _said(records: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """What each record says, by our names; None where it does not. Names that no record has are not there."""
    found: dict[str, list[Any]] = {}
    for place, record in enumerate(records):
        keys = tuple(record)
        for key, name in _known(keys) if _are_usual(keys) else _known.__wrapped__(keys):
            value = record[key]
            if not _is_absent(value):
                column = found[name] if name in found else found.setdefault(name, [None] * len(records))
                if column[place] is None:
                    column[place] = value
    return found


_MANY, _LONG_KEY = 64, 64  # keys of a record, characters of one: of others nothing is kept


def _are_usual(keys: Sequence[Any]) -> bool:
    return len(keys) <= _MANY and all(type(key) is str and len(key) <= _LONG_KEY for key in keys)


@lru_cache(maxsize=256)  # most records of a file have the same
def _known(keys: tuple[Any, ...]) -> tuple[tuple[Any, str], ...]:
    """Of a record's keys those that we know, with our name for it, the best for a name first, of equals the last;
    letter case counts for nothing."""
    found = [(place, key, _FIELD_OF.get(str(key).casefold())) for place, key in enumerate(keys)]
    ranked = sorted((known[1], -place, key, known[0]) for place, key, known in found if known)
    return tuple((key, name) for *_, key, name in ranked)


_NOTHING = frozenset({"nan", "none", "null", "n/a"})
_LONGEST = max(map(len, _NOTHING))


def _is_absent(value: Any) -> bool:
    if isinstance(value, str):
        said = value.strip()
        return not said or (len(said) <= _LONGEST and said.casefold() in _NOTHING)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return True
    return isinstance(value, list | tuple | dict | set) and not value


def _string(value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is str:
        return _line(value)
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("url")
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return _line(str(value))


def _line(value: str) -> str | None:
    return " ".join(value.split())[:MAX_TEXT].strip() or None


def _decoded(value: Any) -> Any:
    """CSV cells hold lists as JSON or as Python prints them: `["A", "B"]`, `['A', 'B']`."""
    if isinstance(value, str) and value.strip()[:1] == "[" and value.strip()[-1:] == "]":
        import ast

        for read in (partial(json.loads, strict=False), ast.literal_eval):
            with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                return read(value.strip()[:20_000])
        return value.strip()[1:-1]
    return value


def _date(value: Any, language: str | None) -> Date | None:
    if value is None:
        return None
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        value = value.get("$date") or value.get("value")
    return dates.parse(value, "record", language=language)
