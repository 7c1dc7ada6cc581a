"""What texts are cleaned with: those of a language together, with its rules, English ones and those of none."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cleaners import model as model_of_lines
from cleaners import templates
from cleaners.batch import Batch, Plan
from cleaners.engine import Engine, Group, Triggered
from cleaners.model import Model
from cleaners.passes import Ways
from cleaners.passes import clean as clean_together
from cleaners.reader import compiled, expect
from cleaners.registry import MODEL, Registry
from cleaners.rules import Rule, rules
from cleaners.span import Cleaned
from cleaners.vetoes import BUILT_IN_VETOES, WITHIN_QUOTATION

# Texts are joined up to about this many bytes: enough to spread the cost of a call, little enough for the memory.
BATCH_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A text to clean.

    title: the headline the record has, if any. language: BCP 47, if known. site: whose templates to look for, that is
    the publisher, if known. utf8: the text in it, if it is at hand.
    """

    text: str
    title: str | None = None
    language: str | None = None
    site: str | None = None
    utf8: bytes | None = None


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
        self._model = None if MODEL in self.without else model
        self.rules = tuple(rule for rule in known if self.without.isdisjoint((rule.id, rule.category)))
        self._languages = {language for rule in self.rules for language in rule.languages}
        self._known: dict[str | None, Ways] = {}
        self._expected = 0
        self._registry = Registry(self.rules)
        self._silenced = self._registry.named(self.without)
        self._groups: dict[Any, Group] = {}

    def clean_many(self, sources: Sequence[Source]) -> list[Cleaned]:
        """The texts cleaned, in order; what a text gives does not depend on the others. Never raises for any string."""
        cleaned: dict[int, Cleaned] = {}
        for numbers, batch in self.batches(sources):
            cleaned.update(zip(numbers, batch.cleaned(), strict=True))
        return [cleaned[number] for number in range(len(sources))]

    def plans(self, sources: Sequence[Source]) -> list[tuple[Cleaned, Plan]]:
        """The texts cleaned, in order, each with what was to be taken out of it. Never raises for any string."""
        found: dict[int, tuple[Cleaned, Plan]] = {}
        for numbers, batch in self.batches(sources):
            plans = map(batch.plan, range(len(batch)))
            found.update(zip(numbers, zip(batch.cleaned(), plans, strict=True), strict=True))
        return [found[number] for number in range(len(sources))]

    def batches(self, sources: Sequence[Source]) -> Iterator[tuple[list[int], Batch]]:
        """The texts cleaned, those of one language together, with the numbers of those in each batch."""
        groups: dict[str | None, list[int]] = {}
        for number, source in enumerate(sources):
            groups.setdefault(self._spoken(source.language), []).append(number)
        for language, numbers in groups.items():
            for part, texts in _batches((number, sources[number]) for number in numbers):
                yield part, clean_together(texts, [sources[number].title for number in part], self._ways(language))

    def expect(self, size: int) -> None:
        """Tell that so many bytes are to come, so that what pays for them only is done at once."""
        self._expected = size
        expect(size)
        for ways in self._known.values():
            ways.engine.expected = size

    def _spoken(self, language: str | None) -> str | None:
        """The language as rules name it; "" for one that none does."""
        primary = language and language.partition("-")[0].lower()
        return primary if primary is None or primary in self._languages else ""

    def _ways(self, language: str | None) -> Ways:
        if (ways := self._known.get(language)) is None:
            engine = Engine([rule for rule in self.rules if rule.speaks(language)], self._groups)
            engine.expected = self._expected
            quotes = self.without.isdisjoint((WITHIN_QUOTATION, BUILT_IN_VETOES[WITHIN_QUOTATION][0]))
            ways = Ways(engine, self._registry, self._silenced, self._model, quotes)
            ways = self._known.setdefault(language, ways)
        return ways

    def kept(self, lines: Sequence[str], language: str | None) -> list[bool]:
        """Of each of some lines, without space around it, whether a `keep` rule for texts of `language` matches it."""
        engine = self._ways(self._spoken(language)).engine
        bare = [line.strip(templates.BLANKS).encode("utf-8", "surrogatepass") for line in lines]
        return list(map(bool, engine.vetoes(bare)))

    def keeps(self, line: str, language: str | None) -> bool:
        """Whether a `keep` rule for texts of `language` matches the line."""
        return self.kept([line], language)[0]


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


def _batches(sources: Iterable[tuple[int, Source]]) -> Iterator[tuple[list[int], list[bytes]]]:
    numbers: list[int] = []
    batch: list[bytes] = []
    size = 0
    for number, source in sources:
        data = source.text.encode("utf-8", "surrogatepass") if source.utf8 is None else source.utf8
        numbers.append(number)
        batch.append(data)
        size += len(data)
        if size >= BATCH_BYTES:
            yield numbers, batch
            numbers, batch, size = [], [], 0
    if batch:
        yield numbers, batch


def rehearse() -> None:
    """Run all that is compiled of cleaning once, so that this process has it."""
    ways = Cleaner((), (), model_of_lines.default())._ways(None)
    batch = clean_together([b"Warm."], [None], ways, compiled())
    batch.counted(*batch.left())
    batch.removed()
    templates.occurring(batch.lined, batch.starts, batch.stops)
    Triggered(()).found(b"warm")
