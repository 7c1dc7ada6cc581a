"""From an item as found to a document: decoded, extracted if it is a page, described by its record and its page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from copydesk.articles import metadata as described
from copydesk.errors import ItemError
from copydesk.model import Document, Item, Metadata
from copydesk.pages import page
from copydesk.pages.extract import extract
from copydesk.settings import Settings
from copydesk.text.decode import Decoded, declared_charset, decode
from copydesk.text.language import detect
from copydesk.text.mend import mend, mend_all

_MARKUP = re.compile(r"<(?:!doctype\s+html|html|head|body|article|div|p|meta|title|script)\b", re.I)


def read(item: Item, settings: Settings) -> Document:
    """A document of an item. Raises ItemError where it holds no text that could be read."""
    if item.record is not None:
        return _of_record(item, item.record, settings)
    found = decoded(item)
    if item.source_format == "html" or (item.source_format == "warc" and _is_html(item, found.text)):
        return _of_page(item, found, Metadata(), settings)
    text, mended = mend(found.text)
    (told,) = described.from_records([{}], [item.url], [text])
    return _document(item, text, told, "plain", _both(found.repaired, mended), ())


def decoded(item: Item) -> Decoded:
    """The bytes of a file or response as text."""
    return decode(item.content, declared_charset(item.content, _content_type(item)))


def _of_record(item: Item, record: Mapping[str, Any], settings: Settings) -> Document:
    html, text = record.get("html"), record.get("text")
    if _has_text(html):
        return _of_page(item, Decoded(html, "utf-8"), described.from_record(record, item.url), settings)
    if not _has_text(text):
        raise ItemError(
            "read",
            "no-text",
            f"the record holds no article: {_lacking(html, text)} (other names can be mapped: --map text=body)",
        )
    mended, repaired = mend(text)
    (told,) = described.from_records([record], [item.url], [mended])
    return _document(item, mended, _titled(told, mend(told.title)[0] if told.title else None), "plain", repaired, ())


def _lacking(html: Any, text: Any) -> str:
    """Why neither of these of a record is a text."""
    for name, value in (("text", text), ("html", html)):
        if isinstance(value, str):
            return f"`{name}` is blank"
        if value is not None:
            return f"`{name}` is {_KINDS.get(type(value), 'no text')}"
    return "it has neither `text` nor `html`"


_KINDS = {
    list: "a list, not a text",
    dict: "an object, not a text",
    int: "a number, not a text",
    float: "a number, not a text",
    bool: "true or false, not a text",
    bytes: "bytes, not a text",
}


def _titled(told: Metadata, title: str | None) -> Metadata:
    return told if title == told.title else told._replace(title=title)


def is_text(item: Item) -> bool:
    """Whether an item is a record of text, which takes microseconds to read."""
    return item.record is not None and _has_text(item.record.get("text")) and not _has_text(item.record.get("html"))


def read_texts(items: Sequence[Item]) -> list[Document | None]:
    """`read` for many items that are texts (is_text) at once; None in place of one that must be read alone."""
    records = [item.record or {} for item in items]
    mended = mend_all([record["text"] for record in records])
    texts = [text for text, *_ in mended]
    told = described.from_records(records, [item.url for item in items], texts)
    titles = mend_all([own.title or "" for own in told])
    return [
        Document(item, text, _titled(own, own.title and title), repaired=repaired, utf8=utf8)
        if _has_text(text)
        else None
        for item, (text, repaired, utf8), own, (title, *_) in zip(items, mended, told, titles, strict=True)
    ]


def _of_page(item: Item, decoded: Decoded, told: Metadata, settings: Settings) -> Document:
    html = decoded.text
    url = told.url or item.url
    found = page.read(html, url, item.http_headers, settings.page_elements, decoded.utf8)
    extracted = extract(html, url, settings.page_elements, found)
    own = page.guessed(described.merge(told, found.metadata), html, url, found.blocks)
    own = own._replace(canonical_url=found.metadata.canonical_url or own.canonical_url)
    text, mended = mend(extracted.text)
    if own.title and " ".join(text.split()) == own.title:
        raise ItemError("extract", "no-content", "nothing but its headline was found in the page")
    if own.title:
        own = own._replace(title=mend(own.title)[0].strip() or None)
    language = detect(text, own.language)
    own = own if language == own.language else own._replace(language=language)
    return _document(
        item, text, own, extracted.extracted_by, _both(decoded.repaired, mended), _both(found.flags, extracted.flags)
    )


def _document(
    item: Item,
    text: str,
    told: Metadata,
    extracted_by: str,
    repaired: tuple[str, ...],
    flags: tuple[str, ...],
) -> Document:
    if not _has_text(text):
        raise ItemError("decode", "empty", "there is no text in it but blanks")
    return Document(item, text, told, extracted_by, repaired, flags)


def _is_html(item: Item, text: str) -> bool:
    """A WARC response is a page by its content type; without one that says, by its first characters. A conversion
    record is text already, whatever it tells of markup, unless its type says otherwise."""
    kind = _content_type(item)
    if "html" in kind.casefold():
        return True
    if kind and not kind.casefold().startswith(("application/octet-stream", "text/")):
        raise ItemError(
            "extract", "not-text", f"the response is {kind.partition(';')[0].strip()}, neither HTML nor text"
        )
    return item.http_status is not None and bool(_MARKUP.search(text[:2048]))


def _content_type(item: Item) -> str:
    return next((value for key, value in item.http_headers.items() if key.casefold() == "content-type"), "")


def _has_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value != "" and not value.isspace()


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
