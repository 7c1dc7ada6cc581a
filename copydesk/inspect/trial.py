"""`copydesk rules test`: what some rules would take out of a corpus, beside what is taken out already.

Every text is cleaned twice, with the rules and without them, so that what they lead to counts as well: a line that
goes only because its neighbour went, a headline that is found only below a breadcrumb.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cleaners import Cleaner, Removal, Source, Vetoed
from cleaners.batch import Plan
from cleaners.explaining import saved
from cleaners.registry import BUILT_IN
from cleaners.span import Cleaned
from cleaners.vetoes import BUILT_IN_VETOES
from copydesk.articles import cleaning
from copydesk.errors import UsageError
from copydesk.inspect import reading
from copydesk.model import Document, Reject
from copydesk.settings import Settings

BATCH_ITEMS, BATCH_CHARS = 256, 4 << 20
CONTEXT = 120  # characters before and after a sample

Status = Literal["new", "known", "vetoed"]
"""Of a hit: it takes out something that nothing else does; others take all of it; a veto or the model saved it.
Of a veto: it keeps what would go without it; others keep it too."""


@dataclass(slots=True)
class Counts:
    """articles: with a hit. hits: places. new, known, vetoed: of these (see Status). The rest: of the parts taken out,
    and of what of them nothing else takes.
    """

    articles: int = 0
    hits: int = 0
    new: int = 0
    known: int = 0
    vetoed: int = 0
    lines: int = 0
    words: int = 0
    chars: int = 0
    new_lines: int = 0
    new_words: int = 0
    new_chars: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A hit with what stands around it.

    where: source and id of the article. others: rules that agree or overrule. kept: it is a veto that keeps the part.
    """

    where: str
    rules: tuple[str, ...]
    status: Status
    before: str
    part: str
    after: str
    others: tuple[str, ...]
    kept: bool


@dataclass(slots=True)
class Tried:
    """What came of it.

    articles, rejects, words, chars: of the corpus. rules: by id. total: all of them together. more_words, less_words:
    that the texts lose, or keep, elsewhere than at the hits, because of them.
    """

    articles: int = 0
    rejects: int = 0
    words: int = 0
    chars: int = 0
    more_words: int = 0
    less_words: int = 0
    rules: dict[str, Counts] = field(default_factory=dict)
    total: Counts = field(default_factory=Counts)
    samples: list[Sample] = field(default_factory=list)
    first_reject: str | None = None


def tested(named: str, settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Settings with the rules that are meant in force, and their ids. named: a rule's id, or a file or folder of rules.

    Raises UsageError if there is no such rule.
    """
    if Path(named).expanduser().exists():
        path = Path(named)
        ids = tuple(rule.id for rule in cleaning.own_rules([path]))
        return settings.model_copy(update={"rules": tuple(dict.fromkeys((*settings.rules, path)))}), ids
    chosen = settings.model_copy(update={"without": tuple(name for name in settings.without if name != named)})
    if named not in {*BUILT_IN, *BUILT_IN_VETOES} and named not in {rule.id for rule in cleaning.rules_of(chosen)}:
        raise UsageError(f"{named} is no file and no rule in force: `copydesk rules list` has all")
    return chosen, (named,)


def run(settings: Settings, ids: Sequence[str], limit: int) -> Tried:
    """Try rules on `settings.inputs`. ids: of rules in force under `settings`. limit: of samples, drawn at random, the
    same ones every time; those that are new come first.
    """
    with_them = cleaning.cleaner(settings)
    without = cleaning.cleaner(settings.model_copy(update={"without": (*settings.without, *ids)}))
    work = _Work(with_them, without, frozenset(ids), limit)
    for batch in _batches(settings, work.tried):
        work.look(batch)
    return work.done()


class _Work:
    def __init__(self, with_them: Cleaner, without: Cleaner, ids: frozenset[str], limit: int) -> None:
        self._with, self._without, self._ids = with_them, without, ids
        self._drawn = {status: _Drawn(limit) for status in ("new", "known", "vetoed")}
        self._limit = limit
        self.tried = Tried(rules={rule: Counts() for rule in sorted(ids)})

    def look(self, batch: Sequence[Document]) -> None:
        sources = [_source(document) for document in batch]
        planned, without = self._with.plans(sources), self._without.clean_many(sources)
        for document, (now, plan), before in zip(batch, planned, without, strict=True):
            self._look_at(document, now, plan, before.removals)

    def _look_at(self, document: Document, now: Cleaned, plan: Plan, before: Sequence[Removal]) -> None:
        text, taken = document.text, now.removals
        spans = itertools.chain(plan.spans, (span for span, _ in plan.objected))
        if taken == before and not plan.vetoes and not any(span.rule in self._ids for span in spans):
            return
        stayed = [one for one in saved(text, plan, now) if not self._ids.isdisjoint((*one.rules, *one.vetoes))]
        hits = [r for r in taken if not self._ids.isdisjoint(r.rules)]
        touched: set[str] = set()
        gone = _covered(before)
        for hit in hits:
            fresh = [i for i in range(hit.start, hit.end) if i not in gone]
            touched |= self._count(document, hit, _joined(text, fresh))
        for one in stayed:
            touched |= self._count_saved(document, one, gone)
        for rule in touched:
            self.tried.rules[rule].articles += 1
        self.tried.total.articles += bool(touched)
        now_gone = _covered(taken)
        if now_gone != gone:
            at_hits = _covered(hits)
            self.tried.more_words += len(_joined(text, sorted(now_gone - gone - at_hits)).split())
            self.tried.less_words += len(_joined(text, sorted(gone - now_gone)).split())

    def _count(self, document: Document, hit: Removal, fresh: str) -> Set[str]:
        named = self._ids & set(hit.rules)
        status: Status = "new" if fresh.strip() else "known"
        for counts in (self.tried.total, *(self.tried.rules[rule] for rule in named)):
            counts.hits += 1
            counts.new += status == "new"
            counts.known += status == "known"
            counts.lines += _lines(hit.text)
            counts.words += len(hit.text.split())
            counts.chars += len(hit.text)
            counts.new_lines += _lines(fresh)
            counts.new_words += len(fresh.split())
            counts.new_chars += len(fresh)
        self._draw(document, hit, named, status, set(hit.rules) - named, False)
        return named

    def _count_saved(self, document: Document, one: Vetoed, gone: frozenset[int]) -> Set[str]:
        """A rule under test whose removal a veto or the model cancelled; or a veto under test that saved something."""
        vetoes = self._ids & set(one.vetoes)
        named = vetoes or self._ids & set(one.rules)
        status: Status = "vetoed"
        if vetoes:
            status = "new" if any(i in gone for i in range(one.start, one.end)) else "known"
        for counts in (self.tried.total, *(self.tried.rules[rule] for rule in named)):
            counts.hits += 1
            setattr(counts, status, getattr(counts, status) + 1)
        self._draw(document, one, named, status, {*one.rules, *one.vetoes} - named, bool(vetoes))
        return named

    def _draw(
        self, document: Document, at: Removal | Vetoed, named: Set[str], status: Status, others: Set[str], kept: bool
    ) -> None:
        if not self._drawn[status].wanted():
            return
        text, item = document.text, document.item
        end = at.end - (len(at.text) - len(at.text.rstrip()))
        sample = Sample(
            where=f"{item.source_uri} {item.source_id}",
            rules=tuple(sorted(named)),
            status=status,
            before=text[max(0, at.start - CONTEXT) : at.start],
            part=text[at.start : end],
            after=text[end : end + CONTEXT],
            others=tuple(sorted(others)),
            kept=kept,
        )
        self._drawn[status].put(sample)

    def done(self) -> Tried:
        samples = [sample for drawn in self._drawn.values() for sample in drawn.samples]
        self.tried.samples = samples[: self._limit]
        return self.tried


class _Drawn:
    """A sample of a stream, each of it as likely as any other (Vitter's algorithm R), the same every time."""

    def __init__(self, size: int) -> None:
        self._size, self._seen, self._place = size, 0, -1
        self._random = random.Random(0)
        self.samples: list[Sample] = []

    def wanted(self) -> bool:
        """Whether the next one is drawn."""
        self._seen += 1
        self._place = self._seen - 1 if self._seen <= self._size else self._random.randrange(self._seen)
        return self._place < self._size

    def put(self, sample: Sample) -> None:
        if self._place < len(self.samples):
            self.samples[self._place] = sample
        else:
            self.samples.append(sample)


def _batches(settings: Settings, tried: Tried) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for found in reading.read(settings):
        if isinstance(found, Reject):
            tried.rejects += 1
            tried.first_reject = tried.first_reject or f"{found.source_uri}: {found.message}"
            continue
        tried.articles += 1
        tried.words += len(found.text.split())
        tried.chars += len(found.text)
        batch.append(found)
        size += len(found.text)
        if len(batch) >= BATCH_ITEMS or size >= BATCH_CHARS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _source(document: Document) -> Source:
    return Source(document.text, document.metadata.title, document.metadata.language)


def _covered(removals: Sequence[Removal]) -> frozenset[int]:
    return frozenset(place for removal in removals for place in range(removal.start, removal.end))


def _joined(text: str, places: Sequence[int]) -> str:
    """The characters at these places; those that do not follow one another are set apart."""
    parts: list[str] = []
    last = None
    for place in places:
        if last is not None and place != last + 1:
            parts.append("\n")
        parts.append(text[place])
        last = place
    return "".join(parts)


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.split("\n"))
