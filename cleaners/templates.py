"""Lines that a site repeats: what of a text is counted, when a line is a template, and how templates are taken out.

A line repeated across a site's articles is evidence, not proof: a quote, a subhead and a paragraph of background
repeat as well. So each occurrence of a line comes with marks of where it stood and what it looks like, and `judge`
looks at the marks of all of them and at the number of distinct stories. Templates come last: only lines that no rule
touches are counted, and only those are taken out, so what is counted does not depend on the templates known.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cleaners.cut import PARAGRAPH_LENGTH, SENTENCE_END
from cleaners.span import Cleaned, Removal, restore, without

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

CATEGORY = "template"
RULE = "template:"

# Marks of an occurrence of a line. Where it stood, of the lines that rules leave of the text: no paragraph of the story
# above it, or below it, or at most one below it; first or last of all; among the first or last three; next to a line
# that a rule takes. What it looks like: it ends as a sentence does; it is longer than most subheads; it has quotation
# marks; it has three numbers or more, as what tells of one poll or match has; it ends with a colon or a question mark,
# as subheads do.
HEAD, TAIL, LOW, FIRST, LAST, EARLY, LATE, BESIDE, SENTENCE, WIDE, QUOTE, FIGURES, HEADING = MARKS = tuple(
    1 << n for n in range(13)
)
_PLACE = HEAD | TAIL | LOW | FIRST | LAST | EARLY | LATE | BESIDE
_OUTER = 3

LONGEST = 2000
"""Characters of a line; a longer one is not counted."""

SHORT, WIDER = 25, 40
"""Bytes of UTF-8: a shorter line is no sentence, however it ends; a line as long as that is seldom a subhead."""

ALMOST_ALWAYS = 0.75
"""Share of a line's occurrences that bear a mark, from which on the line does."""

STORIES, STORIES_NEAR, STORIES_ALONE, STORIES_WITHIN = 3, 4, 5, 8
"""Distinct stories that must hold a line: outermost, or at an edge of the text and among other boilerplate; near the
outermost line; at an edge and no more; within the story. Three: measured on pairs of articles, a line of three distinct
stories of a publisher tells nothing of a copy. docs/templates.md says what was read by hand."""

EVERYWHERE = 0.25
"""Share of a site's texts that hold a line, from which on it is one of the page, wherever it stands."""

KEPT, KEPT_CHARS = 1 << 15, 160
"""So many lines up to so many characters are remembered with what they look like: what a site repeats is met again."""

_STRIP = " \t\r\x0b\x0c\u00a0\u2009\u200b\u202f\ufeff"
_STOP = re.compile(r"""[.!…。！][\"'”’»)\]]*$""")
_ASKS = re.compile(r"""[:：?？][\"'”’»)\]]*$""")
_QUOTES = re.compile("[\"“”„«»「」『』]|^['‘]")
_NUMBER = re.compile(r"\d+")
_FIGURES = 3
_NO_DIGITS = bytes(code for code in range(256) if not chr(code).isdecimal())
_WORD = re.compile(r"[^\W_]")
_END = 8  # characters of a line that tell how it ends


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of n lines. stories: distinct ones that hold it. spread: share of the site's texts that do. share: of its
    occurrences, that bear a mark (HEAD, ...)."""

    stories: npt.NDArray[np.int64]
    spread: Floats
    share: dict[int, Floats]


def line_hash(line: str) -> int:
    """64 bits of a line, without space around it."""
    digest = hashlib.blake2b(line.strip(_STRIP).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest)


def rule_id(line: int) -> str:
    """The rule that a removal of the line names: `template:` and 12 hex digits of its hash."""
    return f"{RULE}{line >> 16:012x}"


def occurrences(text: str, removals: Sequence[Removal]) -> dict[int, int]:
    """The lines of `text` that no removal touches: hash -> marks. text: before cleaning.

    removals: in order, without those of templates. Of a line that stands there twice the marks of place are those that
    both have.
    """
    lines = _lines(text, removals)
    kept = [n for n, (line, gone) in enumerate(lines) if not gone]
    paragraphs = [n for n in kept if _paragraph(lines[n][0])]
    top, bottom = (paragraphs[0], paragraphs[-1]) if paragraphs else (len(lines), -1)
    low = paragraphs[-2] if len(paragraphs) > 1 else -1
    early, late = (kept[:_OUTER][-1], kept[-_OUTER:][0]) if kept else (-1, 0)
    found: dict[int, int] = {}
    for n in kept:
        line, gone = lines[n]
        if gone is None or len(line) > LONGEST or not (looks := _looks(line)).counts:
            continue
        marks = looks.marks
        if n <= top:
            marks |= HEAD
        if n >= bottom:
            marks |= TAIL
        if n >= low:
            marks |= LOW
        if n <= early:
            marks |= EARLY | FIRST if n == kept[0] else EARLY
        if n >= late:
            marks |= LATE | LAST if n == kept[-1] else LATE
        if (n > 0 and lines[n - 1][1]) or (n + 1 < len(lines) and lines[n + 1][1]):
            marks |= BESIDE
        key = looks.hash
        found[key] = marks if key not in found else marks & (found[key] | ~_PLACE)
    return found


def judge(evidence: Evidence) -> Bools:
    """Which lines of one site are templates.

    An edge of the text: no paragraph of the story is above it, or none below it; for a sentence, one may be below it.

    - at an edge, as the outermost line or next to other boilerplate: from 3 stories on;
    - at an edge, next to the outermost line: from 4 on;
    - a sentence at an edge, or what is no sentence and at the top: from 5 on;
    - elsewhere, what stands next to other boilerplate, and what a quarter of the site's texts hold, if longer than most
      subheads: from 8 on;
    - what has quotation marks or several numbers, or below the story ends as a subhead does, only if outermost or next
      to other boilerplate, and from 8 on.
    """
    head, tail, low, first, last, early, late, beside, sentence, wide, quote, figures, heading = (
        evidence.share[mark] >= ALMOST_ALWAYS for mark in MARKS
    )
    edge = head | tail | (low & sentence)
    outermost = (tail & last) | (head & first)
    needed = np.select(
        [
            (((quote | figures) & edge & ~heading) | (heading & tail)) & (outermost | beside),
            quote | figures | heading,
            outermost | (edge & beside),
            edge & late,
            (edge & sentence) | (head & early),
            beside | ((evidence.spread >= EVERYWHERE) & wide),
        ],
        [STORIES_WITHIN, _NEVER, STORIES, STORIES_NEAR, STORIES_ALONE, STORIES_WITHIN],
        _NEVER,
    )
    return np.asarray(evidence.stories >= needed)


_NEVER = np.iinfo(np.int64).max


def take_out(text: str, cleaned: Cleaned, templates: Collection[int], keeps: Callable[[str], bool]) -> Cleaned:
    """`cleaned` with the lines taken out that are in `templates` and that nothing else touches.

    text: before cleaning. keeps: whether a line must stay, as `keep` rules have it. A text of which nothing would be
    left stays as it is.
    """
    if not templates:
        return cleaned
    more = []
    position, taken = 0, iter(cleaned.removals)
    removal = next(taken, None)
    for line in text.split("\n"):
        end = position + len(line)
        while removal is not None and removal.end <= position:
            removal = next(taken, None)
        touched = removal is not None and removal.start < max(end, position + 1)
        if not touched and line and (key := line_hash(line)) in templates and not keeps(line):
            reach = _reach(text, end)
            more.append(Removal(position, reach, text[position:reach], (rule_id(key),), CATEGORY))
        position = end + 1
    if not more:
        return cleaned
    removals = tuple(sorted((*cleaned.removals, *more), key=lambda r: r.start))
    left = without(text, removals)
    return Cleaned(left, removals, cleaned.fields) if left.strip() else cleaned


def before(text: str, removals: Sequence[Removal]) -> tuple[str, Cleaned]:
    """(text before cleaning, what rules alone made of it), of a text as cleaned and its removals in order."""
    source = restore(text, removals)
    ours = tuple(r for r in removals if r.category != CATEGORY)
    return source, Cleaned(text if len(ours) == len(removals) else without(source, ours), ours)


def _lines(text: str, removals: Sequence[Removal]) -> list[tuple[str, bool | None]]:
    """(line without space around it, whether a removal takes it) of all lines with content; None: a part of it."""
    lines: list[tuple[str, bool | None]] = []
    position = 0
    number = 0
    for raw in text.split("\n"):
        start, end = position, position + len(raw)
        position = end + 1
        line = raw.strip(_STRIP)
        if not line:
            continue
        while number < len(removals) and removals[number].end <= start:
            number += 1
        gone: bool | None = False
        if number < len(removals) and removals[number].start < end:
            first = removals[number]
            gone = True if first.start <= start and first.end >= end else None
        lines.append((line, gone))
    return lines


def _paragraph(line: str) -> bool:
    """As cut.paragraph: long, and it ends as a sentence does."""
    size = _size(line) if len(line) < PARAGRAPH_LENGTH else len(line)
    return size >= PARAGRAPH_LENGTH and bool(SENTENCE_END.search(line[-_END:]))


class _Looks(NamedTuple):
    """What a line is by itself. marks: what it looks like. counts: whether it is counted at all."""

    hash: int
    marks: int
    counts: bool


def _looks(line: str) -> _Looks:
    """line: without space around it."""
    return _kept_looks(line) if len(line) <= KEPT_CHARS else _looked_at(line)


def _looked_at(line: str) -> _Looks:
    end, size = line[-_END:], _size(line)
    marks = (
        SENTENCE * bool(size >= SHORT and _STOP.search(end))
        | WIDE * (size >= WIDER)
        | QUOTE * _has_quotes(line)
        | FIGURES * (_has_digits(line) and len(_NUMBER.findall(line)) >= _FIGURES)
        | HEADING * bool(_ASKS.search(end))
    )
    return _Looks(line_hash(line), marks, bool(_WORD.search(line)))


def _has_quotes(line: str) -> bool:
    return '"' in line or line.startswith("'") if line.isascii() else bool(_QUOTES.search(line))


def _has_digits(line: str) -> bool:
    """Whether there may be several numbers: few lines have as many digits, and these are quickly counted."""
    return not line.isascii() or len(line.encode().translate(None, _NO_DIGITS)) >= _FIGURES


_kept_looks = functools.lru_cache(KEPT)(_looked_at)


def _size(line: str) -> int:
    return len(line) if line.isascii() else len(line.encode("utf-8", "surrogatepass"))


def _reach(text: str, end: int) -> int:
    """Past the line break at `end` and the blank lines after it."""
    while end < len(text):
        following = text.find("\n", end + 1)
        following = len(text) if following < 0 else following
        if text[end + 1 : following].strip(_STRIP):
            return end + 1
        end = following
    return len(text)
