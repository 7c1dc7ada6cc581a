"""The main content of a page as lines of text: our own reading where it is sure, else trafilatura's."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from copydesk.errors import ItemError
from copydesk.pages import markup, page, story
from copydesk.settings import ELEMENTS

OWN = "copydesk"
FALLBACK = "trafilatura"
UNSURE = "copydesk-unsure"
"""Our reading where it is not sure, and trafilatura has none or would take too long."""

LARGE = 2_000_000
"""Characters of a page after which trafilatura's caches are emptied. They keep the last thousands of lines: bounded
for ordinary pages (a process stood at 290 MB after 250 pages and after 770), not where lines are megabytes."""

MOST_ELEMENTS = 20_000
"""From there on trafilatura's time grows faster than the page: it is given one only if our reading has nothing."""

FEW_LETTERS = 100
"""Fewer letters than this, without the end of a sentence, are what is left of a page that has no story."""

_SENTENCE_END = re.compile(r"[.!?…。！？।؟]")


@dataclass(frozen=True, slots=True)
class Extracted:
    """text: paragraphs, headings, list items, table rows as lines in reading order. extracted_by: the path taken."""

    text: str
    extracted_by: str
    flags: tuple[str, ...] = ()


def extract(html: str, url: str | None = None, elements: int = ELEMENTS, found: page.Page | None = None) -> Extracted:
    """The main content of a page, without its comments.

    found: the page as it has been read already. Raises ItemError (stage `extract`): `no-content` where there is none to
    be found; `too-large`, `too-deep`, `too-many-attributes` or `too-many-elements` (more than `elements`) where it must
    not be parsed (markup.fault).
    """
    found = found or page.read(html, url, most=elements)
    if found.fault:
        raise ItemError("extract", found.fault, f"the page {_FAULTS[found.fault].format(len(html), elements)}")
    own = story.read(found.blocks, found.metadata.title, found.body)
    return Extracted(own.text, OWN) if own.sure else second(html, url, own, blank=not found.blocks.blocks)


_FAULTS = {
    "too-large": "is too large to be parsed: {:,} characters",
    "too-deep": "is nested too deeply to be parsed",
    "too-many-attributes": "has an element of too many attributes to be parsed",
    "too-many-elements": "has more than {1:,} elements: raise page_elements if it is an article",
}
"""What markup.fault says, in words, with the page's characters and the most elements."""


def second(html: str, url: str | None, own: story.Story, blank: bool = False) -> Extracted:
    """What trafilatura makes of a page, or our own reading after all. blank: whether the page shows no text at all.
    Raises ItemError as above."""
    large = html.count("<") > 2 * MOST_ELEMENTS and markup.fault(html, MOST_ELEMENTS)
    if large and _says_something(own.text):
        return Extracted(own.text, UNSURE)
    # Its own second opinions take half of its time, and pay only where it finds nothing in what there is.
    for fast in (True,) if blank else (True, False):
        text = _by_trafilatura(html, url, fast)
        if text and _says_something(text):
            return Extracted(text.strip("\n"), FALLBACK)
    if _says_something(own.text):
        return Extracted(own.text, UNSURE)
    raise ItemError("extract", "no-content", "no main content was found in the page")


def _by_trafilatura(html: str, url: str | None, fast: bool) -> str | None:
    """None where it finds nothing or breaks."""
    # 0.4 s, so imported when the first page needs it.
    import trafilatura.meta

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it reports as errors what is none of ours
    try:
        text = trafilatura.extract(html, url=url, include_comments=False, include_tables=True, fast=fast)
    except Exception:  # a parser's failure on one hostile page must not end the run
        return None
    finally:
        if len(html) > LARGE:
            trafilatura.meta.reset_caches()
    return str(text) if text else None


def _says_something(text: str) -> bool:
    """Whether there is a sentence in it, or as many letters as one has: a menu alone is no article."""
    return bool(_SENTENCE_END.search(text)) or sum(map(str.isalpha, text[: 4 * FEW_LETTERS])) >= FEW_LETTERS
