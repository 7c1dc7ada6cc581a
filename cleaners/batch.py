"""Texts of one language that were cleaned together, as arrays: no object a line or removal until one is asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleaners.arrays import I64
from cleaners.cut import CUT_CATEGORY, CUT_END, CUT_HIT, CUT_RULE, CUT_START, UNTOLD
from cleaners.patterns import Values
from cleaners.reader import Bytes, Reader, Scanned, reader
from cleaners.registry import Registry
from cleaners.rules import FIELD_NAMES
from cleaners.span import Action, Cleaned, Fields, Removal, Span
from cleaners.vetoes import Veto

FIELD_OF = {"bio": "bio"}
"""Categories of which all that is taken out, by whatever rule, is worth keeping as it is: the field it becomes."""

_NO_FIELDS = Fields()
_NO_WEIGHTS = np.zeros(1, np.int8)
_BLANK = 32

MOST_LINES = 1 << 19
"""A text of more lines is no article, and stays as it is: what is noted of each line takes some hundred bytes."""


@dataclass(frozen=True, slots=True)
class Lined:
    """n texts and their lines. joined, data: the texts as UTF-8, a line feed between two. begins, ends: of the texts in
    them.

    scanned: their lines. with_: what read them.
    """

    joined: bytes
    data: Bytes
    begins: I64
    ends: I64
    scanned: Scanned
    with_: Reader

    def __len__(self) -> int:
        return len(self.begins)

    def part(self, start: int, stop: int) -> str:
        """What stands from one place to another."""
        return self.joined[start:stop].decode("utf-8", "surrogatepass")


def lined(
    texts: Sequence[bytes],
    weights: npt.NDArray[np.int8] = _NO_WEIGHTS,
    with_: Reader | None = None,
    more: int = 0,
) -> Lined:
    """The lines of texts (UTF-8). weights: of n-grams, see Model. with_: what reads them (default: what pays). more:
    lines that a text may have beyond MOST_LINES."""
    joined = b"\n".join(texts)
    data = np.frombuffer(joined, np.uint8)
    ends = np.cumsum(np.array([len(text) + 1 for text in texts], np.int64)) - 1
    with_ = with_ or reader(len(data))
    begins = np.append(0, ends + 1)[: len(ends)]  # none, of no text
    scanned = with_.scan(_less_long(data, texts, begins, ends, MOST_LINES + more), ends, weights)
    return Lined(joined, data, begins, ends, scanned, with_)


def _less_long(data: Bytes, texts: Sequence[bytes], begins: I64, ends: I64, most: int) -> Bytes:
    """The data with blanks in place of texts of more lines than any article has: they have no lines to look at."""
    long = [n for n, text in enumerate(texts) if len(text) >= most and text.count(b"\n") >= most]
    if not long:
        return data
    data = data.copy()
    for number in long:
        data[begins[number] : ends[number]] = _BLANK
    data.flags.writeable = False
    return data


def taken(data: Bytes, starts: I64, stops: I64) -> Bytes:
    """Parts of the data, one behind the other."""
    held = data.data
    parts = [held[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
    return np.frombuffer(b"".join(parts), np.uint8)


def less(data: Bytes, begins: I64, ends: I64, starts: I64, stops: I64, bounds: I64) -> tuple[Bytes, I64]:
    """Texts without parts of them, one behind the other; and where each of them ends there.

    begins, ends: of the texts in the data. starts, stops: of the parts, in order; those of a text end before
    bounds[text].
    """
    # What stays of a text is what stands before its first part, between two, and behind the last.
    firsts = np.append(0, bounds)[: len(bounds)]
    left = np.insert(stops, firsts, begins), np.insert(starts, bounds, ends)
    return taken(data, *left), np.cumsum(left[1] - left[0])[bounds + np.arange(len(bounds))]


@dataclass(frozen=True, slots=True)
class Cuts:
    """What is to be taken out of some texts, before it is.

    rows: int64[n, ...], see cut.py. objected: those that the model does not let go, with its probability as the id of a
    veto. values: what each fills fields with. vetoes: what must stay, in bytes of the batch.
    """

    rows: I64
    objected: dict[int, str]
    values: dict[int, Values]
    vetoes: list[Veto]


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts, and r removals of them, in order.

    starts, stops: of the removals, in bytes. bounds: how many removals there are up to each text's last. points:
    int64[r, 2], start and end in code points of the text. leads: the cut that tells each removal's category and field;
    rules_to, rules: numbers of the rules that agree on it, those of each up to rules_to. fields: by text, of those that
    have any.
    """

    registry: Registry
    lined: Lined
    cuts: Cuts
    starts: I64
    stops: I64
    bounds: I64
    points: I64
    leads: I64
    rules_to: I64
    rules: I64
    fields: dict[int, Fields]

    def __len__(self) -> int:
        return len(self.lined)

    def removals(self) -> Iterator[tuple[Removal, ...]]:
        """Those of each text, in order."""
        gone, ends = self.removed()
        said = gone.tobytes()
        rules = [self.registry.ids[rule] for rule in self.rules.tolist()]
        columns = self.points, *self.told_of(), ends, self.rules_to
        told = zip(*(column.tolist() for column in columns), strict=True)
        begin = first = 0
        for count in np.diff(self.bounds, prepend=0).tolist():
            found = []
            for (start, stop), category, field, end, rules_to in itertools.islice(told, count):
                name = FIELD_NAMES[field] if field >= 0 else None
                text = said[begin:end].decode("utf-8", "surrogatepass")
                by, of = tuple(rules[first:rules_to]), self.registry.categories[category]
                found.append(Removal(start, stop, text, by, of, "field" if name else "drop", name))
                begin, first = end, rules_to
            yield tuple(found)

    def told(self, cut: I64) -> tuple[str, str | None]:
        """The category and the field of what a cut takes out."""
        name = self.registry.categories[cut[CUT_CATEGORY]]
        field = None if cut[CUT_HIT] == UNTOLD else self.registry.fields[cut[CUT_RULE]]
        return name, field or FIELD_OF.get(name)

    def left(self) -> tuple[Bytes, I64]:
        """The texts without their removals, one behind the other, as UTF-8; and where each of them ends."""
        of = self.lined
        return less(of.data, of.begins, of.ends, self.starts, self.stops, self.bounds)

    def removed(self) -> tuple[Bytes, I64]:
        """What was taken out, one part behind the other, as UTF-8; and where each of them ends."""
        return taken(self.lined.data, self.starts, self.stops), np.cumsum(self.stops - self.starts)

    def counted(self, left: Bytes, ends: I64) -> tuple[I64, I64]:
        """How many words and how many code points each text has. left, ends: as `left` gives them."""
        words, chars = np.empty(len(self), np.int64), np.empty(len(self), np.int64)
        self.lined.with_.run("count_words", left, ends, self.lined.with_.blanks, words, chars)
        return words, chars

    def code_points(self, text: I64, starts: I64, stops: I64) -> I64:
        """int64[n, 2]: parts of texts, in order, in code points of their text. starts, stops: bytes."""
        points = np.empty(2 * len(starts), np.int64)
        places = np.stack([starts, stops], 1).reshape(-1)
        self.lined.with_.run("points", self.lined.data, places, np.repeat(self.lined.begins[text], 2), points)
        return points.reshape(-1, 2)

    def named(self) -> tuple[tuple[str, ...], ...]:
        """Names of rules, of categories, and of fields, by number."""
        return self.registry.ids, self.registry.categories, FIELD_NAMES

    def told_of(self) -> tuple[I64, I64]:
        """The category and the field of each removal, -1 for none, by number."""
        leads = self.cuts.rows[self.leads]
        category = leads[:, CUT_CATEGORY]
        field = np.where(leads[:, CUT_HIT] == UNTOLD, -1, self.registry.field_of_rule[leads[:, CUT_RULE]])
        return category, np.where(field < 0, self._field_of_category()[category], field)

    def _field_of_category(self) -> I64:
        of = [FIELD_OF.get(name) for name in self.registry.categories]
        return np.array([FIELD_NAMES.index(name) if name else -1 for name in of], np.int64)

    def cleaned(self) -> Iterator[Cleaned]:
        """The texts cleaned, in order."""
        out, offsets = self.left()
        left = out.tobytes()
        begin = 0
        for text, (end, removals) in enumerate(zip(offsets.tolist(), self.removals(), strict=True)):
            told = left[begin:end].decode("utf-8", "surrogatepass")
            yield Cleaned(told, removals, self.fields.get(text, _NO_FIELDS))
            begin = end

    def plan(self, text: int) -> Plan:
        """What was to be taken out of one text, and what must stay."""
        begin, end = int(self.lined.begins[text]), int(self.lined.ends[text])
        before = np.append(0, np.cumsum(self.lined.data[begin:end] & 0xC0 != 0x80))  # each byte, in code points
        inside = np.flatnonzero((self.cuts.rows[:, CUT_START] >= begin) & (self.cuts.rows[:, CUT_START] < max(end, 1)))
        spans, objected = [], []
        for number in inside.tolist():
            cut = self.cuts.rows[number]
            category, field = self.told(cut)
            action: Action = "field" if field else "drop"
            start, stop = (int(before[cut[place] - begin]) for place in (CUT_START, CUT_END))
            span = Span(start, stop, self.registry.ids[cut[CUT_RULE]], category, action, field)
            if by := self.cuts.objected.get(number):
                objected.append((span, by))
            else:
                spans.append(span)
        vetoes = [
            Span(int(before[veto.start - begin]), int(before[veto.end - begin]), veto.rule, veto.category)
            for veto in self.cuts.vetoes
            if begin <= veto.start < end
        ]
        return Plan(spans, vetoes, objected)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be taken out of a text, before it is, in code points.

    vetoes: what must stay. objected: what rules would have taken out but for the model, with its probability as the id
    of a veto.
    """

    spans: list[Span]
    vetoes: list[Span]
    objected: list[tuple[Span, str]]
