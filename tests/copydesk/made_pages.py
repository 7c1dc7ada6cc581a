"""What a page says of itself, its gaps filled from its looks: documents.py does the same around a record."""

from __future__ import annotations

from collections.abc import Mapping

from copydesk.model import Metadata
from copydesk.pages import page


def from_page(html: str, url: str | None = None, headers: Mapping[str, str] | None = None) -> Metadata:
    """What a page says of itself, its gaps filled by guesses from its looks. Never raises, whatever the HTML."""
    read = page.read(html, url, headers)
    return page.guessed(read.metadata, html, url, read.blocks)
