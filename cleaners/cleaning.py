"""From texts to cleaned texts: the batch goes through the engine at once, then each text through layout and vetoes."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cleaners.cut import Cut
from cleaners.engine import Engine, Hit
from cleaners.fields import gather
from cleaners.layout import place
from cleaners.page import Page
from cleaners.rules import Rule, rules
from cleaners.span import Cleaned, Fields, Removal, Span, apply

# Texts are joined up to about this many bytes: enough to spread the cost of a call, little enough for the memory.
BATCH_BYTES = 4 << 20


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


class Cleaner:
    """What texts are cleaned with. Building one takes some tenths of a second: keep it (see `default`)."""

    def __init__(self, known: Sequence[Rule]) -> None:
        """known: the rules, vetoes among them."""
        self._engine = Engine(known)

    def clean_many(self, sources: Sequence[Source]) -> list[Cleaned]:
        """The texts cleaned, in order; what a text gives does not depend on the others. Never raises for any string."""
        return list(_cleaned(sources, self._engine))

    def keeps(self, line: str, language: str | None) -> bool:
        """Whether a `keep` rule for texts of `language` matches the line."""
        data = line.encode("utf-8", "surrogatepass")
        return any(hit.rule.speaks(language) for hit in self._engine.vetoes(data, 0, len(data)))


@functools.cache
def default() -> Cleaner:
    """The cleaner with all that comes with this package."""
    return Cleaner(rules())


def clean(text: str, *, title: str | None = None, language: str | None = None) -> Cleaned:
    """Take out of `text` what is not the story. Never raises for any string.

    title: the headline if the record has one: a first line that repeats it is taken out. language: BCP 47; None
    tries the rules of every language. Offsets of the removals are code points of `text`.
    """
    return clean_many([Source(text, title, language)])[0]


def clean_many(sources: Sequence[Source]) -> list[Cleaned]:
    """`clean` for many texts at once, in order; what a text gives does not depend on the others."""
    return default().clean_many(sources)


def _cleaned(sources: Sequence[Source], engine: Engine) -> Iterator[Cleaned]:
    for first, encoded in _batches(sources):
        hits = engine.hits(b"\n".join(encoded))
        hit = next(hits, None)
        offset = 0
        for number, data in enumerate(encoded):
            own = []
            end = offset + len(data)
            while hit is not None and hit.line_start <= end:
                own.append(_moved(hit, offset))
                hit = next(hits, None)
            offset = end + 1
            yield _clean_one(sources[first + number], data, own, engine)


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


def _moved(hit: Hit, offset: int) -> Hit:
    if not offset:
        return hit
    return Hit(
        hit.rule, hit.start - offset, hit.end - offset, hit.line_start - offset, hit.line_end - offset, hit.values
    )


def _clean_one(source: Source, data: bytes, hits: list[Hit], engine: Engine) -> Cleaned:
    page = Page(data)
    cuts = place(page, [hit for hit in hits if hit.rule.speaks(source.language)], source.title)
    if not cuts:
        return Cleaned(source.text)
    vetoes = [
        Span(hit.start, hit.end, hit.rule.id, hit.rule.category)
        for line in {cut.line for cut in cuts}
        for hit in engine.vetoes(data, line, page.end(line))
        if hit.rule.speaks(source.language)
    ]
    spans = [
        Span(cut.start, cut.end, cut.rule, cut.category, "field" if cut.field else "drop", cut.field) for cut in cuts
    ]
    if not source.text.isascii():
        spans, vetoes = _code_points(data, spans), _code_points(data, vetoes)
    text, removals = apply(source.text, spans, vetoes)
    return Cleaned(text, removals, _fields(cuts, spans, removals))


def _fields(cuts: Sequence[Cut], spans: Sequence[Span], removals: Sequence[Removal]) -> Fields:
    """What the cuts found, in order of position; of those only that no veto cancelled."""
    starts = [removal.start for removal in removals]
    values: list[tuple[str, str]] = []
    for span, cut in sorted(zip(spans, cuts, strict=True), key=lambda pair: (pair[0].start, pair[0].end, pair[0].rule)):
        place = bisect.bisect_right(starts, span.start) - 1
        if cut.values and place >= 0 and span.end <= removals[place].end:
            values += cut.values
    return gather(values)


def _code_points(data: bytes, spans: list[Span]) -> list[Span]:
    """The spans with offsets in code points instead of bytes: one pass over the text."""
    places: dict[int, int] = {}
    position = points = 0
    for offset in sorted({offset for span in spans for offset in (span.start, span.end)}):
        points += len(data[position:offset].decode("utf-8", "surrogatepass"))
        position = places[offset] = offset
        places[offset] = points
    return [
        Span(places[span.start], places[span.end], span.rule, span.category, span.action, span.field) for span in spans
    ]
