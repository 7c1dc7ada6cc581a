"""What the titles of two articles say about their being one story."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from cleaners.arrays import I32, I64
from copydesk.sketches.tokens import tokens

Title = str | None

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")

_TELLING = 4
"""Characters of a word that tells something: "with", "fire". Of scripts without spaces no token is so long: their
titles never have nothing in common."""


def other_year(a: Title, b: Title) -> bool:
    """Whether two titles name different years: the lists, reviews and agendas of which there is one each year."""
    first, second = set(_YEAR.findall(a or "")), set(_YEAR.findall(b or ""))
    return bool(first and second) and first.isdisjoint(second)


def title_containment(a: Title, b: Title) -> float:
    """Share of the shorter title's words that the other has; 0 if either is unknown or has no words."""
    first, second = set(tokens(a or "")), set(tokens(b or ""))
    least = min(len(first), len(second))
    return len(first & second) / least if least else 0.0


def at_odds(titles: Sequence[Title], a: I64, b: I64) -> I32:
    """Of pairs (a[i], b[i]) of titles that have no telling word in common, the telling words of the one that has fewer;
    0 of others, and where a title is unknown.

    The more, the surer it is that they are about different things. Copies get other headlines, but of all labelled
    pairs of copies these had words in common, unless a title was the name of the site ("The Boston Globe").
    """
    told = [_telling(title) for title in titles]
    pairs = ((told[one], told[two]) for one, two in zip(a.tolist(), b.tolist(), strict=True))
    return np.array([min(len(x), len(y)) if x.isdisjoint(y) else 0 for x, y in pairs], np.int32)


class Headlines(NamedTuple):
    """Titles, and pairs (a[i], b[i]) of them, which are numbered pairs[i] elsewhere. number: of the piece."""

    number: int
    titles: pa.Array
    a: I64
    b: I64
    pairs: I64


def told_at_odds(some: Headlines) -> tuple[I64, I32]:
    """The numbers of pairs, and what at_odds() says of each."""
    return some.pairs, at_odds(some.titles.to_pylist(), some.a, some.b)


@lru_cache(maxsize=1 << 14)
def _telling(title: Title) -> frozenset[str]:
    return frozenset(tokens(title or "", _TELLING))
