"""How alike two texts are, exactly, and whether that makes one a copy of the other.

The figures come from the texts' shingle sets, not from signatures. The thresholds are those found on pairs of real
articles that people labelled: between publishers a third of the shingles may do; within one publisher texts share
furniture, so the leads must be found in each other too.
"""

from __future__ import annotations

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

NONE, OVERLAP, EMBEDS, WEAK, STRONG = 0, 1, 2, 3, 4

_TEXTS_AT_ONCE = 8192


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


def judge(figures: Figures, same_publisher: Bools, title: F64) -> I8:
    """What each pair is.

    STRONG: one story; merges. WEAK: one story; attaches. EMBEDS: the longer holds the shorter under another lead: it
    may be a longer version or a digest of several stories. OVERLAP: linked only. NONE.
    same_publisher: both known and equal. title: containment of the shorter title's words in the other, 0 if unknown.
    """
    f = figures
    contained = np.maximum(f.a_in_b, f.b_in_a)
    least = np.minimum(f.a_size, f.b_size)
    longer_lead = np.where(f.a_size >= f.b_size, f.a_lead_in_b, f.b_lead_in_a)
    leads = np.minimum(f.a_lead_in_b, f.b_lead_in_a)

    between = (contained >= 0.5) & (f.jaccard >= 0.3)
    cut = (contained >= 0.5) & (leads >= 0.3) & (least >= LEAST)
    within = (f.jaccard >= 0.5) & (leads >= 0.5) & (least >= LEAST)
    within |= (title >= 0.8) & ((f.jaccard >= 0.3) & (least >= LEAST) | (f.jaccard >= 0.95))
    same = np.where(same_publisher, within, between | cut)
    embeds = same & ~same_publisher & (contained >= 0.75) & (longer_lead < 0.1) & (f.jaccard < 0.65)
    strong = same & ~embeds & (f.jaccard >= np.where(same_publisher, 0.5, STRONG_BETWEEN))

    result = np.zeros(len(contained), np.int8)
    result[(contained >= 0.5) & (least >= LEAST)] = OVERLAP
    result[same] = WEAK
    result[embeds] = EMBEDS
    result[strong] = STRONG
    return result


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
