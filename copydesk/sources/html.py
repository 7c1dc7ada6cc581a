"""HTML files: one page, one item."""

from __future__ import annotations

import re

from copydesk.sources.text import read

__all__ = ["looks_like", "read"]

_LEADING = re.compile(rb"(?:\s++|<!--.{0,4096}?-->|<\?[^>]{0,1024}\?>)*+", re.DOTALL)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_PART = re.compile(
    rb"<(?:article|main|section|div|p|h[1-6]|title|meta|link|script|style|table|ul|span|header|nav)\b[^<>]{0,1024}>",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rb"</(?:article|main|section|div|p|h[1-6]|title|script|style|table|ul|span|header|nav|a)\s*>", re.I
)


def looks_like(head: bytes) -> bool:
    """Whether a source that begins so is a page, or a part of one: a tag first, and for a part a closing tag too."""
    leading = _LEADING.match(head)
    at = leading.end() if leading else 0
    return bool(_PAGE.match(head, at) or (_PART.match(head, at) and _CLOSING.search(head, at)))
