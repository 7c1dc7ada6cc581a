"""Blocks that only what stands around them gives away: menus above a story, what follows its end, readers' comments.

What was measured here was measured on labelled articles and dumps of pages: of what `menu` and `tail` take on
top of the rules, 19 lines in 20 are not the story. Offsets in bytes, as in engine.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cleaners.cut import AT_EDGE, SENTENCE_END, WORD, Cut, paragraph
from cleaners.engine import Hit
from cleaners.headline import fold
from cleaners.page import Page

# No menu above a story and no tail below one is longer than this, in lines.
MENU_LINES = 160
TAIL_LINES = 400
# A line of a menu has no more words and bytes than this.
MENU_WORDS, MENU_LENGTH = 3, 48
# Below the last paragraph fewer lines than this are no block.
TAIL_AT_LEAST = 3
SEPARATOR_LENGTH = 80
# More lines than this that match are the story: a list of who is who.
CLOSING_LINES = 3
# What stands between a plug and the rest of the story.
RESUMES = re.compile(
    r"^(?:after newsletter promotion|story continues below|article continues below)\W*$", re.IGNORECASE
)
# So many headings of a thread of comments are looked at.
THREADS = 4
# Categories whose lines stand around a story, not within it.
FRAME = frozenset({"comment", "newsletter", "social", "promo", "contact", "related", "legal", "header"})


def menu(page: Page, taken: Mapping[int, str], title: str | None) -> list[Cut]:
    """Short lines without a stop right below lines that are taken, above the first paragraph of the story."""
    if not taken:
        return []
    headline = fold(title) if title else ""
    cuts: list[Cut] = []
    above = False  # whether the line above is gone
    for count, line in enumerate(page.down(page.first())):
        if count >= MENU_LINES:
            break
        if line in taken:
            above = above or taken[line] != "section"  # below a section's name alone stands a kicker, no menu
            continue
        if paragraph(page, line):
            return cuts
        above = above and _item(page, line) and fold(page.line(line)) != headline
        if above:
            cuts.append(_cut(page, line, "menu-line", "nav", AT_EDGE))
    return []


def _item(page: Page, line: int) -> bool:
    if page.end(line) - line > MENU_LENGTH:
        return False
    text = page.line(line)
    return 1 <= len(WORD.findall(text)) <= MENU_WORDS and not SENTENCE_END.search(text)


def tail(page: Page, taken: Mapping[int, str]) -> list[Cut]:
    """What stands below the last paragraph of the story and below a line of its frame ("Related", "Copyright ...").

    Lines that end as a sentence does go only if two such lines stand above them. A line that ends with a colon
    opens something of its own, which stays up to the next line of the frame; below one that says that the story goes
    on, it does. A tail twice as long as what stands above it is none.
    """
    lines: list[int] = []
    for line in page.up(page.last()):
        if line not in taken and paragraph(page, line):
            break
        lines.append(line)
        if len(lines) > TAIL_LINES:
            return []
    else:
        return []
    if len(lines) < TAIL_AT_LEAST or lines[-1] * 3 < len(page.data):
        return []
    cuts: list[Cut] = []
    frame, within = 0, False
    for line in reversed(lines):
        if line in taken:
            frame += taken[line] in FRAME
            within = within or taken[line] in FRAME
            continue
        text = page.line(line)
        if RESUMES.search(text):
            frame, within = 0, False
            cuts.append(_cut(page, line, "tail-line", "related"))
            continue
        within = within and not text.endswith(":")
        if within and (frame >= 2 or not SENTENCE_END.search(text)):
            cuts.append(_cut(page, line, "tail-line", "related", AT_EDGE))
    return cuts


def closing(page: Page, hits: Sequence[Hit], taken: Mapping[int, str]) -> list[Cut]:
    """Matches below which nothing of the story is left. The text keeps a paragraph above them."""
    if not hits:
        return []
    found = {hit.line_start: hit for hit in hits}
    cuts: list[Cut] = []
    for line in page.up(page.last()):
        if line in found and line not in taken:
            cuts.append(_cut(page, line, found[line].rule.id, found[line].rule.category))
        elif line not in taken:
            return cuts if len(cuts) <= CLOSING_LINES else []
    return []


def threads(page: Page, headings: Sequence[Hit]) -> list[Cut]:
    """Readers' comments: from a heading such as "12 Comments" to the end, if a third of the text stands above it."""
    for heading in [hit for hit in headings if hit.line_start * 3 >= len(page.data)][:THREADS]:
        if _story_above(page, heading.line_start):
            return [_cut(page, line, heading.rule.id, heading.rule.category) for line in page.down(heading.line_start)]
    return []


def _story_above(page: Page, line: int) -> bool:
    found = 0
    for count, above in enumerate(page.up(page.previous(line))):
        found += paragraph(page, above)
        if found >= 2 or count >= TAIL_LINES:
            break
    return found >= 2


def separators(page: Page, taken: Mapping[int, str]) -> list[Cut]:
    """Lines of marks alone next to a line of the frame. A row of stars within the story stays."""
    found: dict[int, Cut] = {}
    for line, category in taken.items():
        if category not in FRAME:
            continue
        for way in (page.previous, page.next):
            near = way(line)
            while near is not None and near not in taken and near not in found and _marks(page, near):
                found[near] = _cut(page, near, "separator-line", "separator")
                near = way(near)
    return list(found.values())


def _marks(page: Page, line: int) -> bool:
    return page.end(line) - line <= SEPARATOR_LENGTH and not WORD.search(page.line(line))


def _cut(page: Page, line: int, rule: str, category: str, needs: int | None = None) -> Cut:
    return Cut(line, page.reach(line), line, rule, category, needs=needs)
