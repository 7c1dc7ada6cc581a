"""From texts to cleaned texts: the batch goes through the engine at once, then each text through layout and vetoes."""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cleaners import model as model_of_lines
from cleaners.assent import Heard, hear
from cleaners.cut import Cut
from cleaners.engine import Engine, Group, Hit
from cleaners.fields import gather
from cleaners.layout import place
from cleaners.model import Model, Opinion
from cleaners.page import Page
from cleaners.rules import Rule, rules
from cleaners.span import Action, Cleaned, Fields, Removal, Span, apply
from cleaners.vetoes import protected

# Texts are joined up to about this many bytes: enough to spread the cost of a call, little enough for the memory.
BATCH_BYTES = 4 << 20


FIELD_OF = {"bio": "bio"}
"""Categories of which all that is taken out, by whatever rule, is worth keeping as it is: the field it becomes."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text to clean.

    title: the headline the record has, if any. language: BCP 47, if known. site: whose templates to look for, that is
    the publisher, if known.
    """

    text: str
    title: str | None = None
    language: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be taken out of a text, before it is.

    spans: of the cuts, in the same order, in code points. vetoes: what must stay. objected: what rules would have taken
    out but for the model, with its probability as the id of a veto.
    """

    source: Source
    cuts: list[Cut]
    spans: list[Span]
    vetoes: list[Span]
    objected: list[tuple[Span, str]]

    def carried_out(self) -> Cleaned:
        """The text cleaned."""
        if not self.cuts:
            return Cleaned(self.source.text)
        text, removals = apply(self.source.text, self.spans, self.vetoes)
        return Cleaned(text, removals, _fields(self.source.text, self.cuts, self.spans, removals))


class Cleaner:
    """What texts are cleaned with: an engine a language, built when a text first asks for it. Keep it (see `default`).

    A text is cleaned with the rules of its own language, English and those of no language; all rules, if nobody
    knows its language.
    """

    def __init__(self, known: Sequence[Rule], without: Collection[str] = (), model: Model | None = None) -> None:
        """known: the rules, vetoes among them. without: ids and categories of which nothing is taken out ("model" for
        the model's). model: votes where the rules are silent; None: nobody does.
        """
        self.without = frozenset(without)
        self._model = None if model_of_lines.CATEGORY in self.without else model
        self.rules = tuple(rule for rule in known if self.without.isdisjoint((rule.id, rule.category)))
        self._languages = {language for rule in self.rules for language in rule.languages}
        self._engines: dict[str | None, Engine] = {}
        self._groups: dict[Any, Group] = {}

    def clean_many(self, sources: Sequence[Source]) -> list[Cleaned]:
        """The texts cleaned, in order; what a text gives does not depend on the others. Never raises for any string."""
        return [plan.carried_out() for plan in self.plans(sources)]

    def plans(self, sources: Sequence[Source]) -> list[Plan]:
        """What is to be taken out of each text, in order. Never raises for any string."""
        groups: dict[str | None, list[int]] = {}
        for number, source in enumerate(sources):
            groups.setdefault(self._spoken(source.language), []).append(number)
        plans: dict[int, Plan] = {}
        for language, numbers in groups.items():
            found = _plans([sources[number] for number in numbers], self._engine(language), self.without, self._model)
            plans.update(zip(numbers, found, strict=True))
        return [plans[number] for number in range(len(sources))]

    def _spoken(self, language: str | None) -> str | None:
        """The language as rules name it; "" for one that none does."""
        primary = language and language.partition("-")[0].lower()
        return primary if primary is None or primary in self._languages else ""

    def _engine(self, language: str | None) -> Engine:
        if (engine := self._engines.get(language)) is None:
            engine = Engine([rule for rule in self.rules if rule.speaks(language)], self._groups)
            engine = self._engines.setdefault(language, engine)
        return engine

    def keeps(self, line: str, language: str | None) -> bool:
        """Whether a `keep` rule for texts of `language` matches the line."""
        (found,) = self._engine(self._spoken(language)).vetoes([line.encode("utf-8", "surrogatepass")])
        return bool(found)


@functools.cache
def default() -> Cleaner:
    """The cleaner with all that comes with this package."""
    return Cleaner(rules(), model=model_of_lines.default())


def clean(text: str, *, title: str | None = None, language: str | None = None) -> Cleaned:
    """Take out of `text` what is not the story. Never raises for any string.

    title: the headline if the record has one: a first line that repeats it is taken out. language: BCP 47; None
    tries the rules of every language. Offsets of the removals are code points of `text`.
    """
    return clean_many([Source(text, title, language)])[0]


def clean_many(sources: Sequence[Source]) -> list[Cleaned]:
    """`clean` for many texts at once, in order; what a text gives does not depend on the others."""
    return default().clean_many(sources)


def _plans(sources: Sequence[Source], engine: Engine, without: frozenset[str], model: Model | None) -> Iterator[Plan]:
    for first, encoded in _batches(sources):
        opinions = model.opinions(encoded) if model else itertools.repeat(None)
        pages = [Page(data) for data in encoded]
        own = sources[first : first + len(pages)]
        heard = [
            _heard(page, found, source.title, opinion, without)
            for page, found, source, opinion in zip(pages, engine.hits(encoded), own, opinions, strict=False)
        ]
        for page, source, of_text, kept in zip(pages, own, heard, _kept(pages, heard, engine), strict=True):
            yield _plan(source, page, of_text, kept)


def _batches(sources: Sequence[Source]) -> Iterator[tuple[int, list[bytes]]]:
    batch: list[bytes] = []
    first = size = 0
    for number, source in enumerate(sources):
        data = source.text.encode("utf-8", "surrogatepass")
        batch.append(data)
        size += len(data)
        if size >= BATCH_BYTES:
            yield first, batch
            batch, first, size = [], number + 1, 0
    if batch:
        yield first, batch


def _heard(
    page: Page, hits: Sequence[Hit], title: str | None, opinion: Opinion | None, without: frozenset[str]
) -> Heard:
    cuts = place(page, hits, title)
    if without:
        cuts = [cut for cut in cuts if without.isdisjoint((cut.rule, cut.category))]
    return hear(page, opinion, cuts) if opinion else Heard(cuts, [])


def _kept(pages: Sequence[Page], heard: Sequence[Heard], engine: Engine) -> list[list[Hit]]:
    """What `keep` rules match in the lines of each text that cuts touch. Hits in bytes of the text."""
    touched = ({cut.line for cut in (*of.cuts, *(objection.cut for objection in of.objections))} for of in heard)
    lines = [(number, line) for number, of_text in enumerate(touched) for line in sorted(of_text)]
    texts = [pages[number].data[line : pages[number].end(line)] for number, line in lines]
    vetoes: list[list[Hit]] = [[] for _ in pages]
    for (number, line), found in zip(lines, engine.vetoes(texts), strict=True):
        vetoes[number] += [Hit(hit.rule, line + hit.start, line + hit.end, line, line + hit.line_end) for hit in found]
    return vetoes


def _plan(source: Source, page: Page, heard: Heard, kept: Sequence[Hit]) -> Plan:
    objected = [objection.cut for objection in heard.objections]
    if not heard.cuts and not objected:
        return Plan(source, [], [], [], [])
    vetoes = protected(page, kept, heard.cuts)
    points = _code_points(page.data, [*heard.cuts, *objected, *vetoes])
    by = [objection.by for objection in heard.objections]
    return Plan(
        source,
        heard.cuts,
        [_span(cut, points) for cut in heard.cuts],
        [replace(veto, start=points[veto.start], end=points[veto.end]) for veto in vetoes],
        list(zip([_span(cut, points) for cut in objected], by, strict=True)),
    )


def _span(cut: Cut, points: dict[int, int]) -> Span:
    field = cut.field or FIELD_OF.get(cut.category)
    action: Action = "field" if field else "drop"
    return Span(points[cut.start], points[cut.end], cut.rule, cut.category, action, field)


def _fields(text: str, cuts: Sequence[Cut], spans: Sequence[Span], removals: Sequence[Removal]) -> Fields:
    """What the cuts found, in order of position; of those only that no veto cancelled."""
    starts = [removal.start for removal in removals]
    values: list[tuple[str, str]] = []
    for span, cut in sorted(zip(spans, cuts, strict=True), key=lambda pair: (pair[0].start, pair[0].end, pair[0].rule)):
        place = bisect.bisect_right(starts, span.start) - 1
        if place >= 0 and span.end <= removals[place].end:
            values += cut.values
            if not cut.values and (field := FIELD_OF.get(cut.category)):
                values.append((field, text[span.start : span.end]))
    return gather(values)


def _code_points(data: bytes, parts: Iterable[Cut | Span]) -> dict[int, int]:
    """Where parts of a text start and end, in code points by bytes: one pass over the text."""
    places: dict[int, int] = {}
    position = points = 0
    for offset in sorted({offset for part in parts for offset in (part.start, part.end)}):
        points += len(data[position:offset].decode("utf-8", "surrogatepass"))
        position = offset
        places[offset] = points
    return places
