"""Pages made for tests, and what one says of itself, its gaps filled from its looks: documents.py does the same around
a record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from copydesk.model import Date, Metadata
from copydesk.pages import page

URL = "https://www.example.com/news/bridge-closed"
ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Old bridge closed",
    "author": [{"@type": "Person", "name": "Ada Lind"}, {"@type": "Person", "name": "Bo Ek"}],
    "datePublished": "2023-09-09T10:15:00-04:00",
    "dateModified": "2023-09-10T08:00:00Z",
    "publisher": {"@type": "Organization", "name": "The Example"},
    "articleSection": "Local",
    "keywords": ["bridge", "river"],
    "isAccessibleForFree": "False",
    "license": "https://creativecommons.org/licenses/by/4.0/",
}


def html(*head: str, body: str = "<h1>Old bridge closed until spring</h1>", lang: str = "en") -> str:
    return f'<!doctype html><html lang="{lang}"><head>{"".join(head)}</head><body>{body}</body></html>'


def ld(value: Any) -> str:
    return f'<script type="application/ld+json">{value if isinstance(value, str) else json.dumps(value)}</script>'


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


def moment(found: Date | None) -> tuple[str, str, str] | None:
    return (found.value.strftime("%Y-%m-%dT%H:%M"), found.precision, found.origin) if found else None


def from_page(html: str, url: str | None = None, headers: Mapping[str, str] | None = None) -> Metadata:
    """What a page says of itself, its gaps filled by guesses from its looks. Never raises, whatever the HTML."""
    read = page.read(html, url, headers)
    return page.guessed(read.metadata, html, url, read.blocks)
