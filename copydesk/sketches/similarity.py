"""How alike two texts are, exactly, and whether that makes one a copy of the other.

The figures come from the texts' shingle sets, not from signatures. The thresholds are those found on pairs of real
articles that people labelled: between publishers a third of the shingles may do; within one publisher texts share
furniture, so the leads must be found in each other too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from cleaners.arrays import F64, I8, I32, I64, Bools
from copydesk.sketches import compiled, loops
from copydesk.sketches.shingling import LEAD_SHINGLES, Shingles, shared, shingle

Texts = Callable[[Sequence[str]], Mapping[str, str]]
"""Cleaned texts of new or historic ids."""

STRONG_BETWEEN = 0.4
LEAST = 30
"""Shingles that a text needs for containment or a template-prone publisher to say anything."""

CUT = 2 / 3
"""A text is a cut of another if it is no longer than this share of it."""

MOSTLY = 0.8
"""Share of a text that must be found in another to call it a cut of it."""

NONE, OVERLAP, EMBEDS, WEAK, STRONG = 0, 1, 2, 3, 4

_SHINGLES_AT_ONCE = 1 << 22
"""Shingles of texts that are in memory at a time, 8 bytes each, and their texts."""
_USUAL = 400  # shingles of a text of which nobody knows


@dataclass(frozen=True, slots=True)
class Figures:
    """Of n pairs (a, b), each an array of n. jaccard; a_in_b: share of a's shingles found in b, and the reverse;
    a_lead_in_b: share of the shingles of a's first 60 words found in b, and the reverse; a_size, b_size: shingles."""

    jaccard: F64
    a_in_b: F64
    b_in_a: F64
    a_lead_in_b: F64
    b_lead_in_a: F64
    a_size: I32
    b_size: I32

    def at(self, pairs: I64 | slice) -> Figures:
        """Those of these pairs."""
        return Figures(*(getattr(self, f.name)[pairs] for f in fields(self)))

    @classmethod
    def joined(cls, first: Figures, second: Figures) -> Figures:
        """Those of `first`, then those of `second`."""
        pairs = ((getattr(first, f.name), getattr(second, f.name)) for f in fields(cls))
        return cls(*map(np.concatenate, pairs))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pairs from `first` to before `last`, whose shingles fit into memory. number: among the stretches, from 0."""

    number: int
    first: int
    last: int

    @property
    def pairs(self) -> slice:
        return slice(self.first, self.last)


Counts = I32
Count = Callable[[I64, I64, Sequence[Stretch]], Counts]
"""From pairs (one[i], two[i]) of numbered texts, in stretches that cover them, to what counted() says of each."""


def measure(a: Sequence[str], b: Sequence[str], texts: Texts) -> Figures:
    """The figures of the pairs (a[i], b[i]) of ids. Of texts without a shingle all are 0."""
    ids = sorted({*a, *b})
    number = {id_: i for i, id_ in enumerate(ids)}

    def numbered(numbers: I64) -> Shingles:
        wanted = [ids[i] for i in numbers]
        found = texts(wanted)
        return shingle([found[id_] for id_ in wanted])

    first, second = (np.fromiter((number[id_] for id_ in side), np.int64, len(side)) for side in (a, b))
    return compare(first, second, np.full(len(ids), _USUAL, np.int64), in_threads(numbered))


def compare(a: I64, b: I64, sizes: I64, count: Count, *, near: Bools | None = None) -> Figures:
    """The figures of the pairs (a[i], b[i]) of numbered texts.

    sizes: of all texts, the number of shingles, or a guess: memory is bounded by it. count: see in_threads(). near: the
    pairs that show which texts belong together, default all.
    """
    order, turned = _by_component(a, b, near, len(sizes))
    one, two = np.where(turned, b, a)[order], np.where(turned, a, b)[order]
    stretches = list(_stretches(sizes[one] + sizes[two], _SHINGLES_AT_ONCE))
    found = np.empty((len(a), 7), np.int32)
    found[order] = count(one, two, stretches)
    found[turned] = found[turned][:, [0, 2, 1, 4, 3, 6, 5]]
    both, a_lead_in_b, b_lead_in_a, a_size, b_size, a_lead, b_lead = found.T
    return Figures(
        _share(both, a_size + b_size - both),
        _share(both, a_size),
        _share(both, b_size),
        _share(a_lead_in_b, a_lead),
        _share(b_lead_in_a, b_lead),
        a_size.copy(),
        b_size.copy(),
    )


def in_threads(shingles: Callable[[I64], Shingles], threads: int = 1) -> Count:
    """Counts in this process. shingles: gives those of texts whose numbers ascend. threads: 0 for one a core."""

    def count(one: I64, two: I64, stretches: Sequence[Stretch]) -> Counts:
        found = np.empty((len(one), 7), np.int32)

        def fill(some: Stretch) -> None:
            found[some.pairs] = counted(shingles, one[some.pairs], two[some.pairs])

        with ThreadPoolExecutor(max(1, min(threads or os.cpu_count() or 1, len(stretches)))) as pool:
            list(pool.map(fill, stretches))
        return found

    return count


def counted(shingles: Callable[[I64], Shingles], one: I64, two: I64) -> Counts:
    """Of pairs (one[i], two[i]) of numbered texts: int32[n, 7], how many shingles they share, how many of the lead of
    the one are in the other and the reverse, how many each has, and how many its lead has.

    shingles: gives those of texts whose numbers ascend. Pairs of one text in a row are quickest.
    """
    numbers, places = np.unique(np.concatenate([one, two]), return_inverse=True)
    here = shingles(numbers)
    first, second = places[: len(one)], places[len(one) :]
    sizes, leads = here.sizes, here.lead_ends - here.starts
    more = [sizes[first], sizes[second], leads[first], leads[second]]
    return np.column_stack([shared(here, first, second), *more]).astype(np.int32)


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


def half_held(figures: Figures) -> Bools:
    """Whether one holds half of the other or more, and the longer has a fifth or more to itself."""
    f = figures
    held, share = np.maximum(f.a_in_b, f.b_in_a), np.where(f.a_size >= f.b_size, f.a_in_b, f.b_in_a)
    return np.asarray((held >= 0.5) & (share < MOSTLY), np.bool_)


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
    whole_lead = np.minimum(least, LEAD_SHINGLES) / LEAD_SHINGLES
    excerpt = (contained >= 0.9) & (longer_lead >= 0.9 * whole_lead) & (least >= LEAST // 2)
    return np.asarray(copied | alike | cut | excerpt, np.bool_)


def _within(f: Figures, title: F64) -> Bools:
    """One publisher, whose texts share furniture and yesterday's paragraphs: the leads must be found, or the title."""
    both = (_leads(f) >= 0.4) & (f.a_lead_in_b + f.b_lead_in_a >= 1.2)
    one = np.maximum(f.a_lead_in_b, f.b_lead_in_a) >= 0.25
    lead = (f.jaccard >= 0.5) & both & (_least(f) >= LEAST)
    titled = (title >= 0.8) & ((f.jaccard >= 0.3) & one & (_least(f) >= LEAST) | (f.jaccard >= 0.95))
    return np.asarray(lead | titled, np.bool_)


def _least(f: Figures) -> I32:
    return np.minimum(f.a_size, f.b_size)


def _leads(f: Figures) -> F64:
    """How much of its lead is found in the other of that of the two of which less is."""
    return np.minimum(f.a_lead_in_b, f.b_lead_in_a)


def connected(a: I64, b: I64, count: int) -> I64:
    """Of `count` numbers, of which a[i] and b[i] belong together, of each the smallest of its set."""
    parents = np.arange(count, dtype=np.int64)
    (compiled.loops_for(compiled.DEAR * a.nbytes) or loops).components(a, b, parents)
    return parents


def _by_component(a: I64, b: I64, near: Bools | None, count: int) -> tuple[I64, Bools]:
    """The order of the pairs component by component, so that a text is read once or twice; in one by the text that is
    in fewer pairs; and which pairs are to be turned, so that that one stands first.

    The first texts of a crowd are in pairs with all the others. By those, the others would come up again for each.
    """
    parents = connected(a, b, count) if near is None else connected(a[near], b[near], count)
    pairs = np.bincount(a, minlength=count) + np.bincount(b, minlength=count)
    rare = np.where(pairs[a] <= pairs[b], a, b)
    rank = np.empty(count, np.int64)
    rank[np.argsort(parents, kind="stable")] = np.arange(count)  # component by component
    return np.argsort(rank[rare] * count + (a + b - rare)), rare != a


def _stretches(shingles: I64, most: int) -> Iterator[Stretch]:
    """Runs of pairs whose texts have `most` shingles, as far as a pair has. shingles: of each pair."""
    ends = np.cumsum(shingles)
    number = first = 0
    while first < len(ends):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + most, "right")))
        yield Stretch(number, first, last)
        number, first = number + 1, last


def _share(part: Counts, whole: Counts) -> F64:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
