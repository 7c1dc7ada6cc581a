"""Rules and categories as numbers, for the loops of layout.py and those after it.

A rule's number is its place among all ids in order, those of rules that are code and of the model's votes with them; a
category's, its place among all names in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

import numpy as np
import numpy.typing as npt

from cleaners.arrays import I64
from cleaners.rules import FIELD_NAMES, Rule

MODEL = "model"
"""The category of the model's removals, and what their ids begin with."""

# Columns of the array of matches: the row of the line, the rule, the bytes of the batch that it matched.
HIT_ROW, HIT_RULE, HIT_START, HIT_END = range(4)
# Columns of the array of rules.
RULE_SCOPE, RULE_CATEGORY, RULE_NEXT_TO = range(3)

SCOPES = (
    "line", "prefix", "suffix", "inline", "head block", "tail block", "heading", "link", "thread", "closing", "beside",
)  # fmt: skip
LINE, PREFIX, SUFFIX, INLINE, HEAD, TAIL, HEADING, LINK, THREAD, CLOSING, BESIDE = range(11)
NOWHERE = -1

# Where a line stands in its text, as bits (see layout.zones), and where lines must that rules of a scope match.
ANYWHERE, HEAD_ZONE, TAIL_ZONE = 1, 2, 4
EVERY_ZONE = ANYWHERE | HEAD_ZONE | TAIL_ZONE
ZONE_OF = {"head block": HEAD_ZONE, "tail block": TAIL_ZONE, "closing": TAIL_ZONE}
"""Of other scopes: ANYWHERE."""


def zones(rules: Iterable[Rule]) -> I64:
    """Where lines must stand that rules match."""
    return np.array([ZONE_OF.get(rule.scope, ANYWHERE) for rule in rules], np.int64)


BUILT_IN = {
    "beside-ad-marker": ("caption", "a bare caption: a line glued to an ad marker"),
    "first-line": ("headline", "the headline: a first line that can be nothing else"),
    "menu-line": ("nav", "short lines above the story, below lines that other rules take"),
    "repeats-title": ("headline", "a line that repeats the record's title"),
    "separator-line": ("separator", "a row of marks beside lines that other rules take"),
    "tail-line": ("related", "what stands below the story and below a line of its frame"),
}
"""Rules that are code, because only neighbours tell: id -> category and what they take out."""
BESIDE_AD, FIRST_LINE, MENU_LINE, REPEATS_TITLE, SEPARATOR_LINE, TAIL_LINE = range(6)

# What is told of categories, as bits.
FRAME, WITHIN, ASKED, SPOKEN, AD, SECTION, POINTER, PROSE = (1 << n for n in range(8))

OF_FRAME = frozenset({"comment", "newsletter", "social", "promo", "contact", "related", "legal", "header"})
"""Categories whose lines stand around a story, not within it."""

OF_WITHIN = frozenset({"ad_marker", "dangling", "embed", "headline", "interface", "video"})
"""Categories whose lines stand between those of the story: that one is near says nothing of a line."""

OF_ASKED = frozenset({"bio", "contact", "dangling", "newsletter", "promo", "related", "social"})
"""Categories whose rules know phrases that a story may have as well: the model is asked. Measured with scores of models
that had not seen the publisher: of 826 lines of boilerplate that they take of the labelled articles, legal notes among
them, 11 are doubted; of what they take of pages that they were not written from, guides and blogs among them, 18 of 50
lines of the text and 4 of 109 others. Legal notes are asked about no more: what is said of cookies and copyright no
story has, and in other languages than English the model has seen little of it."""

OF_SPOKEN = frozenset({"bio", "comment", "contact", "dangling", "newsletter", "promo", "related", "social"})
"""Categories of what somebody may say: in an open quotation it stays. (A widget or an ad marker may be glued in.)"""

OF_POINTER = frozenset({"related"})
"""Categories of pointers to other pages: as whole sentences guides give them to their readers as well."""

OF_PROSE = frozenset({"caption", "comment", "headline", "video"})
"""Categories whose lines may read as paragraphs of a story do."""

_BITS: tuple[tuple[int, Set[str]], ...] = (
    (FRAME, OF_FRAME),
    (WITHIN, OF_WITHIN),
    (ASKED, OF_ASKED),
    (SPOKEN, OF_SPOKEN),
    (AD, frozenset({"ad_marker"})),
    (SECTION, frozenset({"caption", "header", "section"})),
    (POINTER, OF_POINTER),
    (PROSE, OF_PROSE),
)
_VOTES = 101  # ids of the model's votes: a probability in hundredths


class Registry:
    """The numbers of some rules.

    ids, categories: by number. known: int64[rules, 3]: scope, category, next_to. kinds: bits by category. own: numbers
    of the rules that are code. fields: by rule, what it fills; field_of_rule: its number. first_vote: number of the
    model's vote with a probability of 0. model: the category of its votes.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        told = {rule.id: (rule.category, SCOPES.index(rule.scope), rule.next_to) for rule in rules}
        told |= {id_: (category, NOWHERE, None) for id_, (category, _) in BUILT_IN.items()}
        told |= {f"{MODEL}:{n / 100:.2f}": (MODEL, NOWHERE, None) for n in range(_VOTES)}
        self.ids = tuple(sorted(told))
        self.number = {id_: number for number, id_ in enumerate(self.ids)}
        named = {category for category, _, _ in told.values()} | {near for _, _, near in told.values() if near}
        self.categories = tuple(sorted(named))
        of = {category: number for number, category in enumerate(self.categories)}
        rows = [(scope, of[category], of[near] if near else -1) for category, scope, near in map(told.get, self.ids)]  # type: ignore[misc]
        self.known: I64 = np.array(rows, np.int64)
        self.kinds: I64 = np.array([sum(bit for bit, of_it in _BITS if c in of_it) for c in self.categories], np.int64)
        self.own: I64 = np.array([self.number[id_] for id_ in sorted(BUILT_IN)], np.int64)
        filled = {rule.id: rule.field for rule in rules} | {"first-line": "title", "repeats-title": "title"}
        self.fields = tuple(filled.get(id_) for id_ in self.ids)
        self.field_of_rule: I64 = np.array([FIELD_NAMES.index(f) if f else -1 for f in self.fields], np.int64)
        self.first_vote = self.number[f"{MODEL}:0.00"]
        self.model = of[MODEL]
        self.is_spoken = (self.kinds & SPOKEN) > 0
        self._category = of

    def named(self, names: Set[str]) -> npt.NDArray[np.bool_]:
        """By number, whether its id or its category is among the names."""
        of = [self.categories[category] for category in self.known[:, RULE_CATEGORY].tolist()]
        return np.array([id_ in names or own in names for id_, own in zip(self.ids, of, strict=True)], np.bool_)

    def votes(self, odds: npt.NDArray[np.float64]) -> I64:
        """The numbers of the model's votes of these log-odds."""
        return self.first_vote + np.rint(100 / (1 + np.exp(-np.clip(odds, -99, 99)))).astype(np.int64)

    def category(self, name: str) -> int:
        """The number of a category; -1 if there is none of that name."""
        return self._category.get(name, -1)

    def numbers(self, rules: Sequence[Rule]) -> I64:
        """Of these rules."""
        return np.array([self.number[rule.id] for rule in rules], np.int64)
