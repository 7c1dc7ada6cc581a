"""How alike two texts are, exactly, and whether that makes one a copy of the other.

The figures come from the texts' shingle sets, not from signatures. The thresholds are those found on pairs of real
articles that people labelled: between publishers a third of the shingles may do; within one publisher texts share
furniture, so the leads must be found in each other too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from copydesk import sketch

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]
Texts = Callable[[Sequence[str]], Mapping[str, str]]
"""Cleaned texts of new or historic ids."""

STRONG_BETWEEN = 0.4
LEAST = 30
"""Shingles that a text needs for containment or a template-prone publisher to say anything."""

CUT = 2 / 3
"""A text is a cut of another if it is no longer than this share of it."""

NONE, OVERLAP, EMBEDS, WEAK, STRONG = 0, 1, 2, 3, 4

_TEXTS_AT_ONCE = 8192
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of n pairs (a, b), each an array of n. jaccard; a_in_b: share of a's shingles found in b, and the reverse;
    a_lead_in_b: share of the shingles of a's first 60 words found in b, and the reverse; a_size, b_size: shingles."""

    jaccard: F64
    a_in_b: F64
    b_in_a: F64
    a_lead_in_b: F64
    b_lead_in_a: F64
    a_size: I64
    b_size: I64


@dataclass(frozen=True, slots=True)
class _Shingled:
    all: sketch.U64  # sorted, distinct
    lead: sketch.U64


def measure(a: Sequence[str], b: Sequence[str], texts: Texts) -> Figures:
    """The figures of the pairs (a[i], b[i]) of ids. Of texts without a shingle all are 0."""
    rows = np.zeros((len(a), 7))
    for block in _blocks(_in_order(a, b), a, b):
        wanted = sorted({a[i] for i in block} | {b[i] for i in block})
        found = texts(wanted)
        shingled = {i: _shingle(found[i]) for i in wanted}
        for i in block:
            rows[i] = _compare(shingled[a[i]], shingled[b[i]])
    jaccard, a_in_b, b_in_a, a_lead_in_b, b_lead_in_a, a_size, b_size = rows.T
    return Figures(jaccard, a_in_b, b_in_a, a_lead_in_b, b_lead_in_a, a_size.astype(np.int64), b_size.astype(np.int64))


def judge(figures: Figures, same_publisher: Bools, title: F64, other_year: Bools) -> I8:
    """What each pair is.

    STRONG: one story; merges. WEAK: one story; attaches. EMBEDS: the longer holds the shorter under another lead: it
    may be a longer version or a digest of several stories. OVERLAP: linked only. NONE.
    same_publisher: both known and equal. title: containment of the shorter title's words in the other, 0 if unknown.
    other_year: both titles name years, and no common one.
    """
    f = figures
    contained = np.maximum(f.a_in_b, f.b_in_a)
    longer_lead = np.where(f.a_size >= f.b_size, f.a_lead_in_b, f.b_lead_in_a)
    same = np.where(same_publisher, _within(f, title) & ~other_year, _between(f, contained, longer_lead))
    embeds = same & ~same_publisher & under_another_lead(f) & (f.jaccard < 0.8)
    strong = same & ~embeds & (f.jaccard >= np.where(same_publisher, 0.5, STRONG_BETWEEN))

    result = np.zeros(len(contained), np.int8)
    result[(contained >= 0.5) & (_least(f) >= LEAST)] = OVERLAP
    result[same] = WEAK
    result[embeds] = EMBEDS
    result[strong] = STRONG
    return result


def under_another_lead(figures: Figures) -> Bools:
    """Whether the longer text holds the shorter, or its lead, and begins with something else."""
    f = figures
    a_is_longer = f.a_size >= f.b_size
    longer_lead = np.where(a_is_longer, f.a_lead_in_b, f.b_lead_in_a)
    shorter_lead = np.where(a_is_longer, f.b_lead_in_a, f.a_lead_in_b)
    held = np.where(a_is_longer, f.b_in_a, f.a_in_b)
    return np.asarray((longer_lead < 0.1) & ((held >= 0.75) | (held >= 0.5) & (shorter_lead >= 0.5)), np.bool_)


def _between(f: Figures, contained: F64, longer_lead: F64) -> Bools:
    """Different or unknown publishers.

    What they share may be quotes, a statement or a rewritten brief, if it is short. A copy shares more than a hundred
    words, and two hundred if half of each text is its own; or the texts are alike as wholes, or in half and both leads;
    or one is a cut of the other, or begins it. Of thirty words hardly one may differ.
    """
    shared = f.a_in_b * f.a_size
    least = _least(f)
    half = (contained >= 0.5) & (f.jaccard >= 0.3)
    most = (contained >= 0.65) | (f.jaccard >= 0.42)
    copied = half & ((shared >= 200) | (most & (shared >= 100)))
    alike = f.jaccard >= np.where(least >= LEAST, 0.65, 0.8)
    alike |= (f.jaccard >= 0.45) & (_leads(f) >= 0.55) & (least >= LEAST)
    alike |= half & (contained >= 0.9) & (least >= LEAST // 2)
    shorter = least <= np.maximum(f.a_size, f.b_size) * CUT
    cut = shorter & (contained >= 0.5) & (_leads(f) >= 0.35) & (least >= LEAST)
    whole_lead = np.minimum(least, sketch.LEAD_SHINGLES) / sketch.LEAD_SHINGLES
    excerpt = (contained >= 0.9) & (longer_lead >= 0.9 * whole_lead) & (least >= LEAST // 2)
    return np.asarray(copied | alike | cut | excerpt, np.bool_)


def _within(f: Figures, title: F64) -> Bools:
    """One publisher, whose texts share furniture and yesterday's paragraphs: the leads must be found, or the title."""
    both = (_leads(f) >= 0.4) & (f.a_lead_in_b + f.b_lead_in_a >= 1.2)
    one = np.maximum(f.a_lead_in_b, f.b_lead_in_a) >= 0.25
    lead = (f.jaccard >= 0.5) & both & (_least(f) >= LEAST)
    titled = (title >= 0.8) & ((f.jaccard >= 0.3) & one & (_least(f) >= LEAST) | (f.jaccard >= 0.95))
    return np.asarray(lead | titled, np.bool_)


def _least(f: Figures) -> I64:
    return np.minimum(f.a_size, f.b_size)


def _leads(f: Figures) -> F64:
    """How much of its lead is found in the other of that of the two of which less is."""
    return np.minimum(f.a_lead_in_b, f.b_lead_in_a)


def other_year(a: str | None, b: str | None) -> bool:
    """Whether two titles name different years: the lists, reviews and agendas of which there is one each year."""
    first, second = set(_YEAR.findall(a or "")), set(_YEAR.findall(b or ""))
    return bool(first and second) and first.isdisjoint(second)


def title_containment(a: str | None, b: str | None) -> float:
    """Share of the shorter title's words that the other has; 0 if either is unknown or has no words."""
    first, second = set(sketch.tokens(a or "")), set(sketch.tokens(b or ""))
    least = min(len(first), len(second))
    return len(first & second) / least if least else 0.0


def _in_order(a: Sequence[str], b: Sequence[str]) -> list[int]:
    """The pairs by the one of the two texts that is in fewer of them.

    The first texts of a crowd are in pairs with all the others. By those, the others would come up again for each.
    """
    pairs = Counter(a) + Counter(b)
    return sorted(range(len(a)), key=lambda i: min((pairs[a[i]], a[i], b[i]), (pairs[b[i]], b[i], a[i]))[1:])


def _blocks(order: Sequence[int], a: Sequence[str], b: Sequence[str]) -> Iterator[list[int]]:
    """Runs of pairs that touch a bounded number of texts."""
    block: list[int] = []
    touched: set[str] = set()
    for i in order:
        block.append(i)
        touched.update((a[i], b[i]))
        if len(touched) >= _TEXTS_AT_ONCE:
            yield block
            block, touched = [], set()
    if block:
        yield block


def _shingle(text: str) -> _Shingled:
    in_order = sketch.shingles_in_order(text)
    return _Shingled(sketch.distinct(in_order), sketch.distinct(in_order[: sketch.LEAD_SHINGLES]))


def _compare(a: _Shingled, b: _Shingled) -> tuple[float, ...]:
    shared = _shared(a.all, b.all)
    union = len(a.all) + len(b.all) - shared
    return (
        _share(shared, union),
        _share(shared, len(a.all)),
        _share(shared, len(b.all)),
        _share(_shared(a.lead, b.all), len(a.lead)),
        _share(_shared(b.lead, a.all), len(b.lead)),
        len(a.all),
        len(b.all),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _shared(a: sketch.U64, b: sketch.U64) -> int:
    """How many values two sorted arrays of distinct values share."""
    if len(a) > len(b):
        a, b = b, a
    if not len(a):
        return 0
    places = b.searchsorted(a)  # of what is beyond the last, `take` clips to the last: another value
    return int(np.count_nonzero(b.take(places, mode="clip") == a))
