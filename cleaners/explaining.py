"""What cleaning did to a text, and what it would have done but for the vetoes."""

from __future__ import annotations

from dataclasses import dataclass

from cleaners.cleaning import Cleaner, Source, default
from cleaners.span import Cleaned, Vetoed, vetoed


@dataclass(frozen=True, slots=True)
class Explained:
    """cleaned: what `clean` gives. vetoed: what a veto saved, in order of position."""

    cleaned: Cleaned
    vetoed: tuple[Vetoed, ...]


def explain(source: Source, cleaner: Cleaner | None = None) -> Explained:
    """A text cleaned as `cleaner` does it (None: with all that comes with this package), and what vetoes saved of it.

    Never raises for any string.
    """
    (plan,) = (cleaner or default()).plans([source])
    return Explained(plan.carried_out(), vetoed(source.text, plan.spans, plan.vetoes))
