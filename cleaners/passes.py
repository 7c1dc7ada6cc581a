"""The passes over texts of one language: from their bytes to what is taken out of them.

The rules are asked over all of them at once, and what they match goes through layout, the model, the vetoes and the
union as arrays (engine.py, layout.py, assent.py, vetoes.py, uniting.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cleaners.arrays import I64, Bools
from cleaners.asked import Asked
from cleaners.batch import FIELD_OF, Batch, Cuts, Lined, lined
from cleaners.blocks import RESUMES
from cleaners.cut import (
    ANY_SCORE,
    CUT_CATEGORY,
    CUT_COLUMNS,
    CUT_END,
    CUT_HIT,
    CUT_ROW,
    CUT_RULE,
    CUT_SCORE,
    CUT_START,
    NO_HIT,
    UNTOLD,
)
from cleaners.engine import Engine, Found
from cleaners.fields import gather
from cleaners.gluing import glued
from cleaners.headline import LENGTH, LINES, Top, first_line
from cleaners.lines import Lines
from cleaners.model import SCALE, Model, rule_id
from cleaners.parting import doubted
from cleaners.patterns import Values
from cleaners.reader import Reader, Table
from cleaners.registry import FIRST_LINE, REPEATS_TITLE, RULE_CATEGORY, Registry
from cleaners.scan import CHARS, DOCUMENT, LINE_END, LINE_START
from cleaners.span import Fields
from cleaners.vetoes import Kept, Part, Veto, protected

# Lines of a text without title that are looked at for its headline: LINES, and those that cuts take between them.
_TOP_LINES = 4 * LINES
_SIGNED = frozenset({"authors", "published", "modified"})


@dataclass(frozen=True, slots=True)
class Ways:
    """How texts of a language are cleaned.

    silenced: by number in the registry, the rules of which nothing is taken out. model: None says nothing. quotes:
    whether what somebody says stays (vetoes.WITHIN_QUOTATION).
    """

    engine: Engine
    registry: Registry
    silenced: Bools
    model: Model | None
    quotes: bool = True


def clean(texts: Sequence[bytes], titles: Sequence[str | None], ways: Ways, with_: Reader | None = None) -> Batch:
    """Clean texts (UTF-8) of one language. titles: the headlines their records have. with_: what to read them with
    (default: what pays).
    """
    of = lined(texts, ways.model.weights, with_) if ways.model else lined(texts, with_=with_)
    scanned, with_ = of.scanned, of.with_
    scores = ways.model.scores(scanned, with_) if ways.model else np.zeros(scanned.rows, np.int32)
    lines = scanned.columns(LINE_START, LINE_END, DOCUMENT)
    zones = np.empty(scanned.rows, np.int64)
    with_.run("zones", scanned.table, scanned.rows, zones)
    found = ways.engine.found(of.joined, Lines(lines[:, 0], lines[:, 1], zones))
    hits, values = _hits(found, lines, ways.registry.numbers(ways.engine.rules))
    work = _Work(ways, of, lines, hits, values)
    rows = work.placed(texts, titles)
    rows, objected = work.heard(rows, scores)
    objected |= work.doubted(rows, objected, texts)
    rows = work.with_glued(rows, objected, texts)
    return work.united(Cuts(rows, objected, work.told(rows), work.vetoes(rows, objected)))


def _hits(found: Found, lines: I64, numbers: I64) -> tuple[I64, list[Values]]:
    """int64[n, 4] of matches (registry.HIT_ROW and on), and the values of each."""
    places = found.places
    row = np.searchsorted(lines[:, 0], places[:, 0])
    # A rule may match in a line that has nothing but what `scan` takes for blanks.
    known = row < len(lines)
    known[known] = lines[row[known], 0] == places[known, 0]
    hits = np.stack([row, numbers[places[:, 2]], places[:, 3], places[:, 4]], 1)
    if known.all():
        return hits, found.values
    return hits[known], [values for values, is_known in zip(found.values, known.tolist(), strict=True) if is_known]


@dataclass(frozen=True, slots=True)
class _Work:
    """A batch on its way. lines: int64[rows, 3]: start, end and text of each. hits, values: see _hits."""

    ways: Ways
    of: Lined
    lines: I64
    hits: I64
    values: list[Values]

    def placed(self, texts: Sequence[bytes], titles: Sequence[str | None]) -> I64:
        """The cuts of rules, in order of texts."""
        rows, registry = self.of.scanned.rows, self.ways.registry
        cuts = np.empty((2 * len(self.hits) + 5 * rows + 1, CUT_COLUMNS), np.int64)
        taken = np.full(rows, -1, np.int64)
        folded = self._folded([title or "" for title in titles])
        count = self.of.with_.run(
            "place", self.of.scanned.table, rows, self.of.ends, self.hits, registry.known, registry.kinds, registry.own,
            self._folded(RESUMES), folded, self.of.data, self.of.with_.flags, self.of.with_.lower, taken,
            np.zeros(rows, np.int64), cuts,
        )  # fmt: skip
        cuts = cuts[:count]
        if len(firsts := self._first_lines(texts, self._untitled(folded == 0, taken), cuts, taken)):
            cuts = np.concatenate([cuts, firsts])
            cuts = cuts[np.argsort(self.lines[cuts[:, CUT_ROW], 2], kind="stable")]
        silenced = self.ways.silenced
        return cuts[~silenced[cuts[:, CUT_RULE]]] if silenced.any() else cuts

    def _folded(self, phrases: Sequence[str]) -> I64:
        """The hash that headline.folded gives for each of these."""
        encoded = [phrase.encode("utf-8", "surrogatepass") for phrase in phrases]
        found = np.empty(len(encoded), np.int64)
        stops = np.cumsum(np.array([len(one) for one in encoded], np.int64))
        data = np.frombuffer(b"".join(encoded), np.uint8)
        self.of.with_.run("fold_all", data, stops, self.of.with_.flags, self.of.with_.lower, found)
        return found

    def _untitled(self, without: Bools, taken: I64) -> I64:
        """The texts without title whose first line that stays is no longer than a headline."""
        first, document = np.flatnonzero(taken < 0), self.lines[:, 2]
        first = first[np.diff(document[first], prepend=-1) > 0]
        short = self.of.scanned.columns(CHARS)[first, 0] <= LENGTH[1]
        texts: I64 = document[first[short]]
        return texts[without[texts]]

    def _first_lines(self, texts: Sequence[bytes], without: I64, cuts: I64, taken: I64) -> I64:
        """Cuts of the headlines of texts without title."""
        registry = self.ways.registry
        first, repeats = registry.own[FIRST_LINE], registry.own[REPEATS_TITLE]
        document = self.lines[:, 2]
        lows, highs = np.searchsorted(document, without), np.searchsorted(document, without, side="right")
        owners = document[cuts[:, CUT_ROW]]
        froms, tos = np.searchsorted(owners, without), np.searchsorted(owners, without, side="right")
        found: list[list[int]] = []
        for text, low, high, cuts_from, cuts_to in zip(
            *(a.tolist() for a in (without, lows, highs, froms, tos)), strict=True
        ):
            if low == high:
                continue
            top = self._top(texts[text], text, low, min(high, low + _TOP_LINES), cuts[cuts_from:cuts_to], taken)
            rule = int(first)
            for number in first_line(top):
                row = low + number
                told = UNTOLD if number in top.parts else NO_HIT
                end = int(self.lines[row + 1, 0]) if row + 1 < high else int(self.of.ends[text])
                category = int(registry.known[rule, RULE_CATEGORY])
                found.append([int(self.lines[row, 0]), end, row, rule, category, ANY_SCORE, told, 0])
                rule = int(repeats)
        return np.array(found, np.int64).reshape(-1, CUT_COLUMNS)

    def _top(self, data: bytes, text: int, low: int, high: int, cuts: I64, taken: I64) -> Top:
        begin = int(self.of.begins[text])
        parts: dict[int, list[tuple[int, int]]] = {}
        signed, sections = set(), []
        for start, end, row, rule, hit in cuts[:, [CUT_START, CUT_END, CUT_ROW, CUT_RULE, CUT_HIT]].tolist():
            if taken[row] < 0:
                parts.setdefault(row - low, []).append((start - begin, end - begin))
            if self.ways.registry.fields[rule] in _SIGNED:
                signed.add(row - low)
            if hit >= 0:
                sections += [value for name, value in self.values[hit] if name == "section"]
        lines = (self.lines[low:high, :2] - begin).tolist()
        gone = set(np.flatnonzero(taken[low:high] >= 0).tolist())
        return Top(data, lines, gone, parts, signed, sections)

    def heard(self, cuts: I64, scores: Table) -> tuple[I64, dict[int, str]]:
        """The cuts with the model's own behind them, and those that it does not let go."""
        rows, registry, count = self.of.scanned.rows, self.ways.registry, len(cuts)
        if self.ways.model is None:
            return cuts, {}
        cuts = np.concatenate([cuts, np.empty((rows + 1, CUT_COLUMNS), np.int64)])
        objected = np.zeros(len(cuts), np.int64)
        total = self.of.with_.run(
            "hear", self.of.scanned.table, rows, self.of.ends, scores, registry.kinds, registry.model,
            np.full(rows, -1, np.int64), np.zeros(rows, np.int64), np.empty(rows, np.int64), objected, cuts, count,
        )  # fmt: skip
        cuts = cuts[:total]
        cuts[count:, CUT_RULE] = registry.votes(cuts[count:, CUT_SCORE] / SCALE)
        said = {number: rule_id(int(scores[cuts[number, CUT_ROW]])) for number in np.flatnonzero(objected).tolist()}
        return cuts, said

    def doubted(self, cuts: I64, objected: dict[int, str], texts: Sequence[bytes]) -> dict[int, str]:
        """The cuts of parts of lines that the model does not let go."""
        if self.ways.model is None:
            return {}
        said = doubted(texts, self.of, self.ways.model, self.ways.registry, cuts)
        return {number: rule_id(score) for number, score in said.items() if number not in objected}

    def with_glued(self, cuts: I64, objected: dict[int, str], texts: Sequence[bytes]) -> I64:
        """The cuts with those of pieces behind them that were lines of their own."""
        ways = self.ways
        if ways.model is None:
            return cuts
        standing = np.delete(cuts, list(objected), axis=0) if objected else cuts
        found = glued(texts, self.of, Asked(ways.engine, ways.registry, ways.silenced, ways.model), standing)
        rows = found.rows
        rows[:, CUT_HIT] = np.where(rows[:, CUT_HIT] == NO_HIT, NO_HIT, rows[:, CUT_HIT] + len(self.values))
        self.values.extend(found.values)
        return np.concatenate([cuts, rows])

    def told(self, cuts: I64) -> dict[int, Values]:
        """What cuts fill fields with, by number."""
        registry = self.ways.registry
        found: dict[int, Values] = {}
        hit = cuts[:, CUT_HIT]
        for number in np.flatnonzero(hit >= 0).tolist():
            if values := self.values[hit[number]]:
                found[number] = values
        category = cuts[:, CUT_CATEGORY]
        headline = np.isin(cuts[:, CUT_RULE], registry.own[[FIRST_LINE, REPEATS_TITLE]])
        for number in np.flatnonzero(headline & (hit != UNTOLD)).tolist():
            start, end, _ = self.lines[cuts[number, CUT_ROW]].tolist()
            found[number] = (("title", self.of.part(start, end).strip()),)
        for name, field in FIELD_OF.items():
            for number in np.flatnonzero(category == registry.category(name)).tolist():
                if number not in found:
                    found[number] = ((field, self.of.part(int(cuts[number, CUT_START]), int(cuts[number, CUT_END]))),)
        return found

    def vetoes(self, cuts: I64, objected: dict[int, str]) -> list[Veto]:
        """What must stay, in order."""
        touched = np.unique(cuts[:, CUT_ROW])
        if not len(touched):
            return []
        kept = self.ways.engine.kept(self.of.joined, Lines.anywhere(*self.lines[touched, :2].T))
        rules = self.ways.engine.rules
        said = [
            Kept(start, end, line, rules[rule].id, rules[rule].category)
            for line, _, rule, start, end in kept.places.tolist()
        ]
        return protected(self.of.joined, said, list(self._parts(cuts, objected)))

    def _parts(self, cuts: I64, objected: dict[int, str]) -> Iterator[Part]:
        """Cuts that do not take their lines whole."""
        line = self.lines[cuts[:, CUT_ROW], :2]
        partly = (cuts[:, CUT_START] != line[:, 0]) | (cuts[:, CUT_END] < line[:, 1])
        partly[list(objected)] = False
        places, spoken = cuts[partly][:, [CUT_START, CUT_END]], self.ways.registry.is_spoken[cuts[partly, CUT_CATEGORY]]
        for (start, end), of, said in zip(places.tolist(), line[partly, 0].tolist(), spoken.tolist(), strict=True):
            yield Part(start, end, of, self.ways.quotes and bool(said))

    def united(self, cuts: Cuts) -> Batch:
        """The removals that come of it."""
        rows = cuts.rows
        active = np.flatnonzero(rows[:, CUT_START] < rows[:, CUT_END])
        if cuts.objected:
            active = active[~np.isin(active, list(cuts.objected))]
        chosen = rows[active]
        order = active[np.lexsort((chosen[:, CUT_RULE], chosen[:, CUT_END], chosen[:, CUT_START]))]
        spans = sorted((veto.start, veto.end) for veto in cuts.vetoes if veto.start < veto.end)
        starts, stops, leads, rules_to, rules = (np.empty(len(order), np.int64) for _ in range(5))
        count = self.of.with_.run(
            "unite", rows, order, np.array(spans, np.int64).reshape(-1, 2), starts, stops, leads, rules_to, rules
        )
        starts, stops, leads, rules_to = (array[:count] for array in (starts, stops, leads, rules_to))
        of = np.searchsorted(self.of.ends, starts, side="right")
        points = np.empty(2 * count, np.int64)
        places = np.stack([starts, stops], 1).reshape(-1)
        self.of.with_.run("points", self.of.data, places, np.repeat(self.of.begins[of], 2), points)
        return Batch(
            self.ways.registry,
            self.of,
            cuts,
            starts,
            stops,
            np.searchsorted(starts, self.of.ends),
            points.reshape(-1, 2),
            leads,
            rules_to,
            rules[: rules_to[-1]] if count else rules[:0],
            self._fields(cuts, starts, stops, of),
        )

    def _fields(self, cuts: Cuts, starts: I64, stops: I64, of: I64) -> dict[int, Fields]:
        """What the cuts found, by text, in order of position; of those only that no veto cancelled."""
        numbers = np.array([number for number in cuts.values if number not in cuts.objected], np.int64)
        chosen = cuts.rows[numbers]
        order = np.lexsort((chosen[:, CUT_RULE], chosen[:, CUT_END], chosen[:, CUT_START]))
        numbers, chosen = numbers[order], chosen[order]
        place = np.searchsorted(starts, chosen[:, CUT_START], side="right") - 1
        inside = place >= 0
        inside[inside] = chosen[inside, CUT_END] <= stops[place[inside]]
        found: dict[int, list[tuple[str, str]]] = {}
        for number, text in zip(numbers[inside].tolist(), of[place[inside]].tolist(), strict=True):
            found.setdefault(text, []).extend(cuts.values[number])
        return {text: gather(values) for text, values in found.items()}
