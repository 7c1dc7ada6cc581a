"""Lines that a site repeats: what of a text is counted, when a line is a template, and how templates are taken out.

A line repeated across a site's articles is evidence, not proof: a quote, a subhead and a paragraph of background
repeat as well. So each occurrence of a line comes with marks of where it stood and what it looks like, and `judge`
looks at the marks of all of them and at the number of distinct stories. Templates come last: only lines that no rule
touches are counted, and only those are taken out, so what is counted does not depend on the templates known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from cleaners.arrays import F64, I64, U64, Bools
from cleaners.batch import Lined, lined
from cleaners.occurring import (
    BESIDE,
    EARLY,
    FIGURES,
    FIRST_LINE,
    HEAD,
    HEADING,
    LAST_LINE,
    LATE,
    LOW,
    QUOTE,
    SENTENCE,
    TAIL,
    WIDE,
)
from cleaners.scan import DOCUMENT, END, LINE_START, START
from cleaners.span import Cleaned, Removal, restore, without

CATEGORY = "template"
RULE = "template:"

MARKS = (HEAD, TAIL, LOW, FIRST_LINE, LAST_LINE, EARLY, LATE, BESIDE, SENTENCE, WIDE, QUOTE, FIGURES, HEADING)
"""What an occurrence of a line is marked with: see occurring.py."""

ALMOST_ALWAYS = 0.75
"""Share of a line's occurrences that bear a mark, from which on the line does."""

STORIES, STORIES_NEAR, STORIES_ALONE, STORIES_WITHIN = 3, 4, 5, 8
"""Distinct stories that must hold a line: outermost, or at an edge of the text and among other boilerplate; near the
outermost line; at an edge and no more; within the story. Three: measured on pairs of articles, a line of three distinct
stories of a publisher tells nothing of a copy. docs/templates.md says what was read by hand."""

EVERYWHERE = 0.25
"""Share of a site's texts that hold a line, from which on it is one of the page, wherever it stands."""

_HASH_BYTES = 8

BLANKS = "".join(chr(code) for code in range(1 << 16) if chr(code).isspace()) + "\u200b\ufeff"
"""What stands around a line and is no part of it: all blanks, and two characters of no width."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of n lines. stories: distinct ones that hold it. spread: share of the site's texts that do. share: of its
    occurrences, that bear a mark (HEAD, ...)."""

    stories: npt.NDArray[np.int64]
    spread: F64
    share: dict[int, F64]


def line_hash(line: str) -> int:
    """64 bits of a line, without space around it."""
    return int(hashes_of([line.strip(BLANKS).encode("utf-8", "surrogatepass")])[0])


def hashes_of(lines: Iterable[bytes]) -> U64:
    """line_hash of lines that have no space around them, as UTF-8."""
    digests = [blake2b(line, digest_size=_HASH_BYTES).digest() for line in lines]
    return np.frombuffer(b"".join(digests), f">u{_HASH_BYTES}").astype(np.uint64)


def rule_id(line: int) -> str:
    """The rule that a removal of the line names: `template:` and 12 hex digits of its hash."""
    return f"{RULE}{line >> 16:012x}"


@dataclass(frozen=True, slots=True)
class Occurrences:
    """n lines of texts that no removal touches, in order.

    text: the number of the text. line: its hash. marks: see occurring.py. starts, stops: bytes of the batch from its
    first to the next line with content, which is what is taken out with it.
    """

    text: I64
    line: U64
    marks: I64
    starts: I64
    stops: I64

    def distinct(self) -> tuple[I64, U64, I64]:
        """(text, line, marks) of the distinct lines of each text. Of a line that stands there twice the marks of place
        are those that both have.
        """
        if not len(self.text):
            return self.text, self.line, self.marks
        order = np.lexsort((self.line, self.text))
        text, line = self.text[order], self.line[order]
        first = np.flatnonzero(np.append(True, (text[1:] != text[:-1]) | (line[1:] != line[:-1])))
        return text[first], line[first], np.bitwise_and.reduceat(self.marks[order], first)


def occurring(batch: Lined, starts: I64, stops: I64) -> Occurrences:
    """The lines of a batch that no removal touches and that count. starts, stops: of removals, in order, in bytes."""
    rows = batch.scanned.rows
    marks, fates = np.empty(rows, np.int64), np.empty(rows, np.int64)
    batch.with_.run("occur", batch.scanned.table, rows, starts, stops, batch.data, batch.with_.flags, fates, marks)
    places = batch.scanned.columns(LINE_START, START, END, DOCUMENT)
    counted = np.flatnonzero(marks >= 0)
    data = batch.joined
    hashes = hashes_of(data[start:end] for start, end in places[counted, 1:3].tolist())
    reach = batch.ends[places[:, 3]]
    followed = np.flatnonzero(places[1:, 3] == places[:-1, 3])  # by a line of the same text
    reach[followed] = places[followed + 1, 0]
    return Occurrences(places[counted, 3], hashes, marks[counted], places[counted, 0], reach[counted])


def occurrences(texts: Sequence[str], removals: Sequence[Sequence[Removal]]) -> Occurrences:
    """The lines of texts that no removal touches and that count. texts: before cleaning.

    removals: of each, in order, without those of templates.
    """
    batch = lined([text.encode("utf-8", "surrogatepass") for text in texts])
    spans = [
        span
        for begin, text, cut in zip(batch.begins.tolist(), texts, removals, strict=True)
        for span in _in_bytes(begin, text, cut)
    ]
    places = np.array(spans, np.int64).reshape(-1, 2)
    return occurring(batch, places[:, 0].copy(), places[:, 1].copy())


def _in_bytes(begin: int, text: str, removals: Sequence[Removal]) -> Iterator[tuple[int, int]]:
    """Where removals of a text start and end, in bytes from where the text begins."""
    position = 0
    for removal in removals:
        start = begin + len(text[position : removal.start].encode("utf-8", "surrogatepass"))
        begin = start + len(text[removal.start : removal.end].encode("utf-8", "surrogatepass"))
        position = removal.end
        yield start, begin


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


def _reach(text: str, end: int) -> int:
    """Past the line break at `end` and the blank lines after it."""
    while end < len(text):
        following = text.find("\n", end + 1)
        following = len(text) if following < 0 else following
        if text[end + 1 : following].strip(BLANKS):
            return end + 1
        end = following
    return len(text)
