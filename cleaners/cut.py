"""A part of a page to take out, and what the shape of a line tells; offsets in bytes, as in engine.py."""

from __future__ import annotations

import re
from typing import NamedTuple

from cleaners.page import Page

# From this length in bytes on, a line that ends as a sentence does is a paragraph of the story.
PARAGRAPH_LENGTH = 140

# What the model must say at least (see Cut.needs) to a line at the edge of the story, .15 as a probability, and to one
# in a list below a heading, .07. With scores of models that had not seen the publisher, 18 of 489 of the former that
# were not the story stay by it; on pages of other sites, 10 of 19 of the latter that were.
AT_EDGE, LISTED = -1735, -2587

SENTENCE_END = re.compile(r"""[.!?…:;,。！？][\"'”’»)\]]*$""")
STOP_END = re.compile(r"""[.…:;,。][\"'”’»)\]]*$""")
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class Cut(NamedTuple):
    """A part to take out, in bytes. line: where its line starts. values: fields found in it, as in Hit. needs: the
    least log-odds, as in model.py, at which the model lets go a line that nothing but its place gives away."""

    start: int
    end: int
    line: int
    rule: str
    category: str
    field: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    needs: int | None = None


def whole(page: Page, cut: Cut) -> bool:
    """Whether the cut takes its line from end to end."""
    return cut.start == cut.line and cut.end >= page.end(cut.line)


def paragraph(page: Page, line: int) -> bool:
    """Whether a line reads as a paragraph of the story: long, and it ends as a sentence does."""
    length = page.end(line) - line
    return length >= PARAGRAPH_LENGTH and (length > 2000 or bool(SENTENCE_END.search(page.line(line))))


def title_case(words: list[str]) -> bool:
    """Whether every long word has a capital, as in a headline."""
    return all(word[0].isupper() or word[0].isdigit() for word in words if len(word) > 3)
