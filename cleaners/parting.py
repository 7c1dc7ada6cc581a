"""Parts of lines as lines of their own: what the model makes of them.

A rule that takes a part of a line for a phrase in it ("Related: ... ") may reach too far: into the next sentence. The
model scores lines, and the score of the paragraph is the story's. So the text is parted where the part begins and ends,
and the part is scored where it stands then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cleaners.arrays import I64
from cleaners.assent import STORY_BAR
from cleaners.batch import Lined, lined
from cleaners.cut import CUT_CATEGORY, CUT_END, CUT_ROW, CUT_START
from cleaners.model import MOST_BYTES, Model
from cleaners.registry import ASKED, Registry
from cleaners.scan import DOCUMENT, LEXICAL, LINE_END, LINE_START

# Parts of so many bytes and more are asked about, if their lexical score is below this. What is surely of the story
# then (as paragraphs are, see assent.py) stays.
PART_BYTES, PART_LEXICAL = 100, 0
_BLANKS = b" \t"


class Part(NamedTuple):
    """start, end: bytes of the batch, none of them blank. row: of its line."""

    start: int
    end: int
    row: int


def lexical(of: Lined, model: Model, parts: I64) -> I64:
    """The lexical score of each part: int64[n, 3], see Part."""
    said = np.zeros(int((parts[:, 1] - parts[:, 0] + 1).sum()), np.uint8)
    ends = np.empty(len(parts), np.int64)
    of.with_.run("gather", of.data, parts, said, ends)
    said.flags.writeable = False  # numba would compile for what may be written to anew
    read = of.with_.scan(said[:-1], ends, model.weights).columns(DOCUMENT, LEXICAL)
    found = np.full(len(parts), -(1 << 40))
    found[read[:, 0]] = read[:, 1]
    return found


def scores(texts: Sequence[bytes], of: Lined, model: Model, parts: Sequence[Part]) -> Iterator[int]:
    """The model's score of each part on a line of its own, all those of a text in one parted text. They are apart."""
    lines = of.scanned.columns(LINE_START, LINE_END, DOCUMENT)
    breaks: dict[int, set[int]] = {}
    for part in parts:
        start, end, text = lines[part.row].tolist()
        breaks.setdefault(text, set()).update(place for place in part[:2] if start < place < end)
    again, bases = [], {}
    base = 0
    for text, places in breaks.items():
        begin, position, pieces = int(of.begins[text]), 0, []
        for place in sorted(places):
            pieces.append(texts[text][position : place - begin])
            position = place - begin
        again.append(b"\n".join([*pieces, texts[text][position:]]))
        bases[text] = base - begin
        base += len(again[-1]) + 1
    if not again:
        return
    read = lined(again, model.weights, of.with_, more=2 * len(parts))
    found = model.scores(read.scanned, of.with_)
    starts = read.scanned.columns(LINE_START)[:, 0]
    for part in parts:
        text = int(lines[part.row, 2])
        moved = part.start + bases[text] + sum(place <= part.start for place in breaks[text])
        yield int(found[np.searchsorted(starts, moved)])


def doubted(texts: Sequence[bytes], of: Lined, model: Model, registry: Registry, cuts: I64) -> dict[int, int]:
    """The cuts of parts that the model does not let go: number -> score of the part."""
    given = _given_away(texts, of, registry, cuts)
    if not given:
        return {}
    parts = np.array(list(given), np.int64)
    asked = sorted(Part(*part) for part in parts[lexical(of, model, parts) < PART_LEXICAL].tolist())
    said = {}
    while asked:
        apart = list(_apart(asked))
        for part, score in zip(apart, scores(texts, of, model, apart), strict=True):
            if score < STORY_BAR:
                said.update(dict.fromkeys(given[part], score))
        asked = sorted({*asked}.difference(apart))
    return said


def _given_away(texts: Sequence[bytes], of: Lined, registry: Registry, cuts: I64) -> dict[Part, list[int]]:
    """Parts of lines that phrases speak for, with the numbers of the cuts that take them."""
    lines = of.scanned.columns(LINE_START, LINE_END, DOCUMENT)
    line = lines[cuts[:, CUT_ROW]]
    partly = (cuts[:, CUT_START] > line[:, 0]) | (cuts[:, CUT_END] < line[:, 1])
    asked = (registry.kinds[cuts[:, CUT_CATEGORY]] & ASKED) > 0
    long = cuts[:, CUT_END] - cuts[:, CUT_START] >= PART_BYTES
    found: dict[Part, list[int]] = {}
    for number in np.flatnonzero(partly & asked & long).tolist():
        start, end, row = cuts[number, [CUT_START, CUT_END, CUT_ROW]].tolist()
        while start < end and of.joined[start] in _BLANKS:
            start += 1
        if end - start >= PART_BYTES and len(texts[lines[row, 2]]) <= MOST_BYTES:
            found.setdefault(Part(start, end, row), []).append(number)
    return found


def _apart(parts: Sequence[Part]) -> Iterator[Part]:
    """Some of the parts that do not overlap, the first among them. parts: in order."""
    reached = -1
    for part in parts:
        if part.start >= reached:
            yield part
            reached = part.end
