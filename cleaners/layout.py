"""What only neighbours tell: head block, headline, tail block, a caption beside an ad marker, lines beside others.

`place` takes the matches of one text and says which of them hold where they stand, and what else must go
because of what stands next to it. Offsets in bytes, as in engine.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from cleaners.engine import Hit
from cleaners.page import Page

# Measured on labelled articles: nothing that belongs to a head lies below this many lines, to a tail above this many.
HEAD_LINES = 24
TAIL_LINES = 80
# A block under a terminal heading ("Related") is no longer than this, nor are its lines.
BLOCK_LINES = 40
BLOCK_LINE_LENGTH = 160
# From this length in bytes on, a line that ends as a sentence does is a paragraph of the story.
PARAGRAPH_LENGTH = 140
CAPTION_LENGTH = 220
HEADLINE_LENGTH = (12, 160)
HEADLINE_WORDS = (3, 26)

_SENTENCE_END = re.compile(r"""[.!?…:;,。！？][\"'”’»)\]]*$""")
_STOP_END = re.compile(r"""[.…:;,。][\"'”’»)\]]*$""")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Words that no headline starts with: a sentence that goes on, or an ask of the reader.
_GO_ON = {"but", "and", "so", "or", "then", "also", "und", "aber", "y", "pero", "e", "mas"}
_GO_ON |= {"updated", "watch", "read", "share", "listen", "click", "media", "photo", "image", "video", "by", "via"}
_ATTRIBUTED = re.compile(r"\b(?:said|says|told|sagte|sagt|dijo|disse)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cut:
    """A part to take out, in bytes. line: where its line starts. values: fields found in it, as in Hit."""

    start: int
    end: int
    line: int
    rule: str
    category: str
    field: str | None = None
    values: tuple[tuple[str, str], ...] = ()


def place(page: Page, hits: Iterable[Hit], title: str | None) -> list[Cut]:
    """The cuts of one text: the matches whose place allows them, and what their neighbours give away."""
    hits = list(hits)
    by_scope: dict[str, list[Hit]] = {}
    for hit in hits:
        by_scope.setdefault(hit.rule.scope, []).append(hit)
    cuts = [_of_line(page, hit) for hit in by_scope.get("line", ())]
    for scope in ("prefix", "suffix", "inline"):
        cuts += [_of_part(page, hit) for hit in by_scope.get(scope, ())]
    taken = {cut.line for cut in cuts if _whole(page, cut)}
    for blocks in (_head_block, _tail_block):
        found = blocks(page, by_scope.get("head block" if blocks is _head_block else "tail block", []), taken)
        cuts += found
        taken |= {cut.line for cut in found}
    ads = {cut.line for cut in cuts if cut.category == "ad_marker" and _whole(page, cut)}
    for found in (_captions(page, ads, taken), _headings(page, by_scope.get("heading", []), taken)):
        cuts += found
        taken |= {cut.line for cut in found}
    cuts += _beside(page, by_scope.get("beside", []), taken)
    headline = _headline(page, title, taken | {cut.line for cut in cuts if _whole(page, cut)}, cuts)
    return cuts + headline


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
    if not _WORD.search(rest[:4096].decode("utf-8", "replace")):
        return _of_line(page, hit)
    return Cut(hit.start, hit.end, hit.line_start, hit.rule.id, hit.rule.category, hit.rule.field, hit.values)


def _whole(page: Page, cut: Cut) -> bool:
    return cut.start == cut.line and cut.end >= page.end(cut.line)


def _paragraph(page: Page, line: int) -> bool:
    """Whether a line reads as a paragraph of the story: long, and it ends as a sentence does."""
    length = page.end(line) - line
    return length >= PARAGRAPH_LENGTH and (length > 2000 or bool(_SENTENCE_END.search(page.line(line))))


def _head_block(page: Page, hits: list[Hit], taken: set[int]) -> list[Cut]:
    """Matches that stand above the second paragraph of the story."""
    if not hits:
        return []
    wanted = {hit.line_start for hit in hits} | taken
    end, paragraphs = -1, 0
    for count, line in enumerate(page.down(page.first())):
        if count >= HEAD_LINES:
            break
        paragraphs += line not in wanted and _paragraph(page, line)
        if paragraphs >= 2:
            break
        end = line
    return [_of_line(page, hit) for hit in hits if hit.line_start <= end]


def _tail_block(page: Page, hits: list[Hit], taken: set[int]) -> list[Cut]:
    """Matches that stand below the last paragraph but one of the story."""
    if not hits:
        return []
    wanted = {hit.line_start for hit in hits} | taken
    begin, paragraphs = len(page.data) + 1, 0
    for count, line in enumerate(page.up(page.last())):
        if count >= TAIL_LINES:
            break
        paragraphs += line not in wanted and _paragraph(page, line)
        if paragraphs >= 2:
            break
        begin = line
    return [_of_line(page, hit) for hit in hits if hit.line_start >= begin]


def _headings(page: Page, hits: list[Hit], taken: set[int]) -> list[Cut]:
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
            Cut(line, page.reach(line), line, hit.rule.id, hit.rule.category) for line in block if line not in taken
        ]
        reached = block[-1] if block else hit.line_start
    return cuts


def _block(page: Page, heading: int, taken: set[int]) -> list[int]:
    block: list[int] = []
    for line in page.down(page.next(heading)):
        if len(block) >= BLOCK_LINES:
            break
        if line not in taken and (page.end(line) - line > BLOCK_LINE_LENGTH or _STOP_END.search(page.line(line))):
            break
        block.append(line)
    return block


def _captions(page: Page, ads: set[int], taken: set[int]) -> list[Cut]:
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
    words = _WORD.findall(line)
    if not len(words) >= 2 or len(line) > CAPTION_LENGTH or _SENTENCE_END.search(line):
        return False
    if line[0] in "\"'“‘«„" or _ATTRIBUTED.search(line) or not line[0].isupper():
        return False
    return held or not _title_case(words)


def _title_case(words: list[str]) -> bool:
    """Whether every long word has a capital, as in a headline; names alone (up to five words) do not tell."""
    long = [word for word in words if len(word) > 3]
    return len(words) > 5 and all(word[0].isupper() or word[0].isdigit() for word in long)


def _beside(page: Page, hits: list[Hit], taken: set[int]) -> list[Cut]:
    """Matches whose next or previous line with content is taken by another rule."""
    cuts = []
    for hit in hits:
        around = {page.previous(hit.line_start), page.next(hit.line_start)}
        if hit.line_start in taken or around & taken:
            cuts.append(_of_line(page, hit))
    return cuts


def _headline(page: Page, title: str | None, taken: set[int], cuts: list[Cut]) -> list[Cut]:
    """The headline line: the one that repeats the title, or a first line that can be nothing else."""
    crumbs = {_fold(value.rpartition("/")[2]) for cut in cuts for name, value in cut.values if name == "section"}
    wanted = _fold(title) if title else None
    touched = {cut.line for cut in cuts}
    for count, line in enumerate(page.down(page.first())):
        if count >= 12 or page.end(line) - line > 4 * HEADLINE_LENGTH[1]:
            return []
        if line in taken:
            continue
        if line in touched:
            return []
        text = page.line(line)
        if wanted:
            if _fold(text) == wanted:
                return [_title(page, line, "repeats-title")]
            if _paragraph(page, line):
                return []
            continue
        if (crumbs and _fold(text) in crumbs) or _looks_like_headline(page, line, text, taken):
            return [_title(page, line, "first-line")]
        return []
    return []


def _title(page: Page, line: int, rule: str) -> Cut:
    return Cut(line, page.reach(line), line, rule, "headline", "title", (("title", page.line(line)),))


def _looks_like_headline(page: Page, line: int, text: str, taken: set[int]) -> bool:
    """Short, no stop at its end, starts as a headline does, and two paragraphs of the story follow."""
    words = _WORD.findall(text)
    if not HEADLINE_LENGTH[0] <= len(text) <= HEADLINE_LENGTH[1]:
        return False
    if not words or words[0].casefold() in _GO_ON:
        return False
    if not HEADLINE_WORDS[0] <= len(words) <= HEADLINE_WORDS[1] or _STOP_END.search(text):
        return False
    if not (text[0].isupper() or text[0].isdigit() or text[0] in "\"'“‘«„¿¡"):
        return False
    return _story_follows(page, line, taken)


def _story_follows(page: Page, line: int, taken: set[int]) -> bool:
    """Whether the next line that is not taken is a paragraph, and another follows within the next few lines."""
    paragraphs = lines = 0
    for below in page.down(page.next(line)):
        if below in taken:
            continue
        lines += 1
        paragraphs += _paragraph(page, below)
        if paragraphs >= 2:
            return True
        if lines >= 5:
            return False
    return False


def _fold(text: str) -> str:
    """Letters and digits only, case and width ignored: what two spellings of a headline share."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'")))
