"""Title, authors, dates, publisher and rights of an article, from its record, its page and its text."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from copydesk.model import Date, Metadata
from copydesk.pages import dates, names, page
from copydesk.pages.jsonld import truth
from copydesk.text.language import UNSEEN, detect, normalized
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
"""The names a record may give a field by, the best first. Those of settings.RECORD_FIELDS come first and can be
mapped; the others are what scrapers and data sets commonly write."""


def from_record(
    record: Mapping[str, Any], url: str | None = None, text: str | None = None, plain: str | None = UNSEEN
) -> Metadata:
    """What a JSONL, CSV or Parquet record says, tolerant of types: NaN, blank and unusable values are absent.

    url: to use where the record has none. text: of the article, if it shall tell the language (language.detect);
    plain: what language.by_common_words has of it. Dates have origin `record`. Never raises.
    """
    get = _said(record).get
    found = get("url")
    address = _string(found) if canonical(_string(found)) else url or _string(found)
    tag = normalized(_string(get("language")))
    published = _date(get("published"), tag)
    return Metadata(
        url=address,
        canonical_url=canonical(_string(get("canonical_url"))) or canonical(address),
        publisher=publisher(_string(get("publisher")), address),
        title=_string(get("title")),
        authors=names.authors(_decoded(get("authors"))),
        tags=page.words(_decoded(get("tags"))),
        section=_string(get("section")),
        credit=_string(get("credit")),
        bio=_string(get("bio")),
        published=published,
        modified=_date(get("modified"), tag),
        language=tag if text is None else detect(text, tag, plain),
        license=_string(get("license")),
        robots=_string(record.get("robots")),
        tdm_reservation=_string(record.get("tdm_reservation")),
        accessible_for_free=truth(record.get("accessible_for_free")),
    )


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
    language = metadata.language
    published = dates.parse(found.published, "text", language=language, reference=reference)
    modified = dates.parse(found.modified, "text", language=language, reference=reference)
    houses = [metadata.publisher] if metadata.publisher else []
    return metadata._replace(
        title=metadata.title or _string(found.title),
        authors=metadata.authors or names.authors(found.authors, houses=houses),
        tags=metadata.tags or page.words(found.tags),
        section=metadata.section or _string(found.section),
        credit=metadata.credit or _string(found.credit),
        attribution=metadata.attribution or _string(found.attribution) or _string(found.source),
        bio=metadata.bio or _string(found.bio),
        published=_better(metadata.published, published),
        modified=metadata.modified or modified,
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


def _said(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says, by our names, whichever of its names it has; letter case counts for nothing."""
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    for key, value in record.items():
        known = _FIELD_OF.get(str(key).casefold())
        if known is not None and not _is_absent(value):
            name, rank = known
            if rank <= ranks.get(name, rank):
                found[name], ranks[name] = value, rank
    return found


_NOTHING = frozenset({"nan", "none", "null", "n/a"})
_LONG = 80  # characters that a value does not have which says, with space around it, that there is none


def _is_absent(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace() or (len(value) < _LONG and value.strip().casefold() in _NOTHING)
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

        try:
            return ast.literal_eval(value.strip()[:20_000])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
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
