"""What only neighbours tell: head block, headline, tail block, a caption beside an ad marker, lines beside others.

`place` takes the matches of one text and says which of them hold where they stand, and what else must go
because of what stands next to it. Offsets in bytes, as in engine.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cleaners import blocks, headline
from cleaners.cut import LISTED, SENTENCE_END, STOP_END, WORD, Cut, paragraph, title_case, whole
from cleaners.engine import Hit
from cleaners.page import Page

# Measured on labelled articles: nothing that belongs to a head lies below this many lines, to a tail above this many.
HEAD_LINES = 24
TAIL_LINES = 80
# A block under a terminal heading ("Related") is no longer than this, nor are its lines.
BLOCK_LINES = 40
BLOCK_LINE_LENGTH = 160
CAPTION_LENGTH = 220
NAMES = 5  # words
LINK_WORDS = 5  # the headline of a link has no fewer; a subhead of the story often has

BUILT_IN = {
    "beside-ad-marker": ("caption", "a bare caption: a line glued to an ad marker"),
    "first-line": ("headline", "the headline: a first line that can be nothing else"),
    "menu-line": ("nav", "short lines above the story, below lines that other rules take"),
    "repeats-title": ("headline", "a line that repeats the record's title"),
    "separator-line": ("separator", "a row of marks beside lines that other rules take"),
    "tail-line": ("related", "what stands below the story and below a line of its frame"),
}
"""Rules that are code, because only neighbours tell: id -> category and what they take out."""

WITHIN = frozenset({"ad_marker", "dangling", "embed", "headline", "interface", "video"})
"""Categories whose lines stand between those of the story: that one is near says nothing of a line."""

_ATTRIBUTED = re.compile(r"\b(?:said|says|told|sagte|sagt|dijo|disse)\b", re.IGNORECASE)


def place(page: Page, hits: Iterable[Hit], title: str | None) -> list[Cut]:
    """The cuts of one text: the matches whose place allows them, and what their neighbours give away."""
    hits = list(hits)
    by_scope: dict[str, list[Hit]] = {}
    for hit in hits:
        by_scope.setdefault(hit.rule.scope, []).append(hit)
    cuts = [_of_line(page, hit) for hit in by_scope.get("line", ())]
    for scope in ("prefix", "suffix", "inline"):
        cuts += [_of_part(page, hit) for hit in by_scope.get(scope, ())]
    taken = {cut.line: cut.category for cut in cuts if whole(page, cut)}

    def take(found: list[Cut]) -> None:
        cuts.extend(found)
        for cut in found:
            taken.setdefault(cut.line, cut.category)

    take(_head_block(page, by_scope.get("head block", []), taken))
    take(_tail_block(page, by_scope.get("tail block", []), taken))
    ads = {cut.line for cut in cuts if cut.category == "ad_marker" and whole(page, cut)}
    take(_captions(page, ads, taken))
    take(_links(page, by_scope.get("link", []), taken))
    take(_headings(page, by_scope.get("heading", []), taken))
    take(_beside(page, by_scope.get("beside", []), taken))
    take(blocks.threads(page, by_scope.get("thread", [])))
    take(blocks.closing(page, by_scope.get("closing", []), taken))
    take(blocks.menu(page, taken, title))
    take(blocks.tail(page, taken))
    take(blocks.separators(page, taken))
    take(headline.find(page, title, taken, cuts))
    return cuts


def _of_line(page: Page, hit: Hit) -> Cut:
    return Cut(
        hit.line_start,
        page.reach(hit.line_start),
        hit.line_start,
        hit.rule.id,
        hit.rule.category,
        hit.rule.field,
        hit.values,
    )


def _of_part(page: Page, hit: Hit) -> Cut:
    """A part of a line; the whole line if nothing but space and marks is left of it."""
    rest = page.data[hit.line_start : hit.start] + page.data[hit.end : hit.line_end]
    if not WORD.search(rest[:4096].decode("utf-8", "replace")):
        return _of_line(page, hit)
    return Cut(hit.start, hit.end, hit.line_start, hit.rule.id, hit.rule.category, hit.rule.field, hit.values)


def _head_block(page: Page, hits: list[Hit], taken: Mapping[int, str]) -> list[Cut]:
    """Matches that stand above the second paragraph of the story."""
    if not hits:
        return []
    wanted = {hit.line_start for hit in hits} | taken.keys()
    end, paragraphs = -1, 0
    for count, line in enumerate(page.down(page.first())):
        if count >= HEAD_LINES:
            break
        paragraphs += line not in wanted and paragraph(page, line)
        if paragraphs >= 2:
            break
        end = line
    return [_of_line(page, hit) for hit in hits if hit.line_start <= end]


def _tail_block(page: Page, hits: list[Hit], taken: Mapping[int, str]) -> list[Cut]:
    """Matches that stand below the last paragraph but one of the story."""
    if not hits:
        return []
    wanted = {hit.line_start for hit in hits} | taken.keys()
    begin, paragraphs = len(page.data) + 1, 0
    for count, line in enumerate(page.up(page.last())):
        if count >= TAIL_LINES:
            break
        paragraphs += line not in wanted and paragraph(page, line)
        if paragraphs >= 2:
            break
        begin = line
    return [_of_line(page, hit) for hit in hits if hit.line_start >= begin]


def _links(page: Page, hits: list[Hit], taken: Mapping[int, str]) -> list[Cut]:
    """Labels such as "Read also", each with the line below it if that is a headline and set off from the story."""
    cuts: list[Cut] = []
    for hit in hits:
        below = page.next(hit.line_start)
        if below is None or below in taken or page.end(below) - below > BLOCK_LINE_LENGTH:
            continue
        text = page.line(below)
        if len(WORD.findall(text)) >= LINK_WORDS and not STOP_END.search(text):
            cuts.append(_of_line(page, hit))
            cuts.append(Cut(below, page.reach(below), below, hit.rule.id, hit.rule.category))
    return cuts


def _headings(page: Page, hits: list[Hit], taken: Mapping[int, str]) -> list[Cut]:
    """Headings such as "Related", with the short lines below them that end without a stop.

    The heading goes only with lines that look like a list of links, or as the last line of the text.
    """
    cuts: list[Cut] = []
    reached = -1
    for hit in hits:
        if hit.line_start <= reached:
            continue
        block = _block(page, hit.line_start, taken)
        rest = page.next(block[-1] if block else hit.line_start)
        if not block and rest is not None:
            continue
        if rest is not None and len(block) < 2:
            continue
        cuts.append(_of_line(page, hit))
        cuts += [
            Cut(line, page.reach(line), line, hit.rule.id, hit.rule.category, needs=LISTED)
            for line in block
            if line not in taken
        ]
        reached = block[-1] if block else hit.line_start
    return cuts


def _block(page: Page, heading: int, taken: Mapping[int, str]) -> list[int]:
    block: list[int] = []
    for line in page.down(page.next(heading)):
        if len(block) >= BLOCK_LINES:
            break
        if line not in taken and (page.end(line) - line > BLOCK_LINE_LENGTH or STOP_END.search(page.line(line))):
            break
        block.append(line)
    return block


def _captions(page: Page, ads: set[int], taken: Mapping[int, str]) -> list[Cut]:
    """Bare captions: lines glued to an ad marker, in a text whose paragraphs are set off by blank lines.

    Subheads are set off on both sides; a caption shares its block with the marker. A line that capitalizes every
    long word is a subhead still, unless markers hold it from both sides.
    """
    if not ads or b"\n\n" not in page.data:
        return []
    cuts = []
    for line in sorted(_neighbours(page, ads)):
        if line in taken or page.blank(line):
            continue
        above, below = page.above(line), page.below(line)
        sides = [side is not None and side in ads for side in (above, below)]
        loose = [side is None or side in ads or page.blank(side) for side in (above, below)]
        if all(loose) and _caption(page.line(line), held=all(sides)):
            cuts.append(Cut(line, page.reach(line), line, "beside-ad-marker", "caption"))
    return cuts


def _neighbours(page: Page, lines: Iterable[int]) -> set[int]:
    found: set[int | None] = set()
    for line in lines:
        found |= {page.above(line), page.below(line)}
    return {line for line in found if line is not None}


def _caption(line: str, held: bool) -> bool:
    words = WORD.findall(line)
    if not len(words) >= 2 or len(line) > CAPTION_LENGTH or SENTENCE_END.search(line):
        return False
    if line[0] in "\"'“‘«„" or _ATTRIBUTED.search(line) or not line[0].isupper():
        return False
    return held or len(words) <= NAMES or not title_case(words)  # names alone do not tell


def _beside(page: Page, hits: list[Hit], taken: Mapping[int, str]) -> list[Cut]:
    """Matches whose next or previous line with content another rule takes, of a category that the rule names if any."""
    cuts = []
    first = page.first() if hits else None
    for hit in hits:
        line, near = hit.line_start, hit.rule.next_to
        around = {taken.get(other) for other in (page.previous(line), page.next(line)) if other is not None} | {None}
        if line not in taken and (near in around and line != first if near else around != {None}):
            cuts.append(_of_line(page, hit))
    return cuts
