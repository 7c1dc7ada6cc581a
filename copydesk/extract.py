"""The main content of a page as lines of text, by trafilatura."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from copydesk import markup
from copydesk.errors import ItemError
from copydesk.settings import ELEMENTS

EXTRACTOR = "trafilatura"

LARGE = 2_000_000
"""Characters of a page after which trafilatura's caches are emptied. They keep the last thousands of lines: bounded
for ordinary pages (a process stood at 290 MB after 250 pages and after 770), not where lines are megabytes."""

FEW_LETTERS = 100
"""Fewer letters than this, without the end of a sentence, are what is left of a page that has no story."""

_SENTENCE_END = re.compile(r"[.!?…。！？।؟]")


@dataclass(frozen=True, slots=True)
class Extracted:
    """text: paragraphs, headings, list items, table rows as lines in reading order. extracted_by: the path taken."""

    text: str
    extracted_by: str
    flags: tuple[str, ...] = ()


def extract(html: str, url: str | None = None, elements: int = ELEMENTS) -> Extracted:
    """The main content of a page, without its comments.

    Raises ItemError (stage `extract`): `no-content` where there is none to be found; `failed` where the extractor
    breaks on the page; `too-large`, `too-deep`, `too-many-attributes` or `too-many-elements` (more than `elements`)
    where it must not be tried (markup.fault).
    """
    if fault := markup.fault(html, elements):
        raise ItemError(
            "extract", fault, f"the page is {fault.replace('-', ' ')} to be parsed: {len(html):,} characters"
        )
    # 0.4 s, so imported when the first page comes.
    import trafilatura.meta

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it reports as errors what we report as rejects
    try:
        text = trafilatura.extract(html, url=url, include_comments=False, include_tables=True, deduplicate=False)
    except Exception as error:  # a parser's failure on one hostile page must not end the run
        raise ItemError("extract", "failed", f"the extractor failed on the page: {error!r}") from error
    finally:
        if len(html) > LARGE:
            trafilatura.meta.reset_caches()
    if not text or not _says_something(text):
        raise ItemError("extract", "no-content", "no main content was found in the page")
    return Extracted(text.strip("\n"), EXTRACTOR)


def _says_something(text: str) -> bool:
    """Whether there is a sentence in it, or as many letters as one has: a menu alone is no article."""
    return bool(_SENTENCE_END.search(text)) or sum(map(str.isalpha, text[: 4 * FEW_LETTERS])) >= FEW_LETTERS
