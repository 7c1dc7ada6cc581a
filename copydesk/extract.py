"""The main content of a page as lines of text, by trafilatura."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from copydesk.errors import ItemError

MAX_HTML = 20_000_000
"""Characters of a page; trafilatura has the same limit."""

EXTRACTOR = "trafilatura"


@dataclass(frozen=True, slots=True)
class Extracted:
    """text: paragraphs, headings, list items and table rows as lines in reading order. extracted_by: which path took it."""

    text: str
    extracted_by: str
    flags: tuple[str, ...] = ()


def extract(html: str, url: str | None = None) -> Extracted:
    """The main content of a page, without its comments.

    Raises ItemError (stage `extract`): `no-content` where there is none to be found, `too-large` for a page above
    MAX_HTML, `failed` where the extractor breaks on it.
    """
    if len(html) > MAX_HTML:
        raise ItemError("extract", "too-large", f"the page has {len(html):,} characters; the limit is {MAX_HTML:,}")
    # 0.4 s, so imported when the first page comes.
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it reports as errors what we report as rejects
    try:
        text = trafilatura.extract(html, url=url, include_comments=False, include_tables=True, deduplicate=False)
    except Exception as error:  # a parser's failure on one hostile page must not end the run
        raise ItemError("extract", "failed", f"the extractor failed on the page: {error!r}") from error
    if not text or not text.strip():
        raise ItemError("extract", "no-content", "no main content was found in the page")
    return Extracted(text.strip("\n"), EXTRACTOR)
