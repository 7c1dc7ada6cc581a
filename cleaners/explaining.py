"""What cleaning did to a text, and what it would have done but for the vetoes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cleaners.batch import Plan
from cleaners.cleaning import Cleaner, Source, default
from cleaners.span import Cleaned, Span, Vetoed, vetoed


@dataclass(frozen=True, slots=True)
class Explained:
    """cleaned: what `clean` gives. vetoed: what a veto or the model saved, in order of position."""

    cleaned: Cleaned
    vetoed: tuple[Vetoed, ...]


def explain(source: Source, cleaner: Cleaner | None = None) -> Explained:
    """A text cleaned as `cleaner` does it (None: with all that comes with this package), and what vetoes saved of it.

    The model's objections are shown as vetoes, by its probability (`model:0.02`). Never raises for any string.
    """
    ((cleaned, plan),) = (cleaner or default()).plans([source])
    return Explained(cleaned, saved(source.text, plan, cleaned))


def saved(text: str, plan: Plan, cleaned: Cleaned) -> tuple[Vetoed, ...]:
    """What vetoes and the model saved of a text, in order of position. cleaned: what came of the plan."""
    found = [*vetoed(text, plan.spans, plan.vetoes), *_objected(text, plan, cleaned)]
    return tuple(sorted(found, key=lambda one: one.start))


def _objected(text: str, plan: Plan, cleaned: Cleaned) -> Iterator[Vetoed]:
    """What the model saved, line by line, or a veto as well: not what another rule takes all the same."""
    rules: dict[tuple[int, int, str], list[Span]] = {}
    for span, by in plan.objected:
        rules.setdefault((span.start, span.end, by), []).append(span)
    for (start, end, by), spans in rules.items():
        if not any(start < removal.end and removal.start < end for removal in cleaned.removals):
            names = tuple(sorted({span.rule for span in spans}))
            vetoes = tuple(sorted({v.rule for v in plan.vetoes if v.start < end and start < v.end}))
            yield Vetoed(start, end, text[start:end], names, spans[0].category, vetoes or (by,))
