"""HTML that no parser should be given: a look at its tags, in one pass, before a tree is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.settings import ELEMENTS

MAX_HTML = 20_000_000
"""Characters of a page; trafilatura has the same limit."""

MAX_DEPTH = 10_000
"""Elements within each other. Parsers take time that grows with its square: 10,000 take a second, 100,000 a minute."""

MAX_ATTRIBUTES = 5_000
"""Attributes of one element; each is compared with all others."""

_LONG_TAG = 10_000
"""Characters of a tag from which on its attributes are counted."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_SHALLOW_WORDS = """
    area base br col dd dt embed hr img input li link meta option p param path rect circle source td th tr track
    use wbr tbody thead tfoot script style svg g
"""
_SHALLOW = frozenset(_SHALLOW_WORDS.split())
"""Elements that are empty or end where the next of their kind begins, so that an open tag adds no depth."""


def fault(html: str, elements: int = ELEMENTS) -> str | None:
    """Why a page must not be parsed, as the name of an error: `too-large`, `too-deep`, `too-many-attributes`,
    `too-many-elements` (more than `elements`); or None.

    An estimate from the tags as written, with no notion of scripts and comments; linear in the length of the page.
    """
    if len(html) > MAX_HTML:
        return "too-large"
    if any(_attributes(piece) > MAX_ATTRIBUTES for piece in _long_pieces(html)):
        return "too-many-attributes"
    if html.count("<") < min(MAX_DEPTH, elements):
        return None
    depth = opened = 0
    for closing, name in _TAG.findall(html):
        opened += not closing
        if opened > elements:
            return "too-many-elements"
        if name.lower() in _SHALLOW:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        if depth > MAX_DEPTH:
            return "too-deep"
    return None


def _long_pieces(html: str) -> Iterator[str]:
    """What stands between one `<` and the next, where that is more than _LONG_TAG characters."""
    start = html.find("<") + 1
    while start and start + _LONG_TAG < len(html):
        # The last `<` within reach: no piece that ends before it is long.
        if last := html.rfind("<", start, start + _LONG_TAG + 1) + 1:
            start = last
            continue
        end = html.find("<", start)
        yield html[start : end if end >= 0 else len(html)]
        start = end + 1


def _attributes(piece: str) -> int:
    """How many attributes a tag has, if it is a long one; what stands in quotes is not one."""
    tag = piece.partition(">")[0]
    if len(tag) <= _LONG_TAG or not tag[0].isalpha() or tag.count("=") <= MAX_ATTRIBUTES:
        return 0
    return len(re.findall(r"[\w:-]+\s*=", re.sub(r"\"[^\"]*\"|'[^']*'", '""', tag)))
