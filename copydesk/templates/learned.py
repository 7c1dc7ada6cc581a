"""What an output holds of the lines that its sites repeat: those that are templates by all it knows now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from cleaners import occurring, templates
from cleaners.arrays import U64
from copydesk.errors import IndexDamaged
from copydesk.index import lines
from copydesk.index.history import segments
from copydesk.index.index import Index
from copydesk.store.store import Store
from copydesk.templates.learn import LINES_AT_ONCE, Weighed, weighed
from copydesk.templates.rulings import load as load_rulings

PLACES = {
    "head": occurring.HEAD,
    "tail": occurring.TAIL,
    "first": occurring.FIRST_LINE,
    "last": occurring.LAST_LINE,
    "beside": occurring.BESIDE,
}


@dataclass(frozen=True, slots=True)
class Learned:
    """A template of a site, or a line that a user has ruled on.

    id: the rule that its removals name. site: the publisher, as rows name it; None: whichever, by a ruling. texts: that
    hold the line. stories: the distinct ones among a sample of those. spread: share of the site's texts that hold it.
    places: shares of its occurrences: see PLACES and cleaners.templates. ruling: pin, forbid or None. text: the line,
    if one of its removals is there to tell: no `keep` rule saved it, and not all its texts were forgotten.
    """

    id: str
    site: str | None
    texts: int
    stories: int
    spread: float
    places: dict[str, float]
    ruling: str | None
    text: str | None


def learned(root: Path, site: str | None = None) -> list[Learned]:
    """The templates of an output and the lines that users have ruled on; those of most texts first.

    site: only those of this publisher, as rows name it. Needs no lock, writes nothing. Raises IndexDamaged (`reindex`
    builds the index anew) and StoreError.
    """
    store = Store(root)
    known, rulings = Index.open(store.root / file.path for file in segments(store)), load_rulings(store)
    texts, names = _texts(store), _names(known)
    ruled = {f"{templates.RULE}{line}": "pin" for line in rulings.pinned}
    ruled |= {f"{templates.RULE}{line}": "forbid" for line in rulings.forbidden}
    found = [
        Learned(id_, publisher, count, stories, spread, places, ruled.get(id_), texts.get(id_))
        for id_, publisher, count, stories, spread, places in _judged(known, names, ruled)
    ]
    told = {one.id for one in found}
    found += [Learned(id_, None, 0, 0, 0.0, {}, how, texts.get(id_)) for id_, how in ruled.items() if id_ not in told]
    wanted = [one for one in found if site is None or one.site is None or one.site.casefold() == site.casefold()]
    return sorted(wanted, key=lambda one: (-one.texts, one.site or "", one.id))


def unmet(root: Path, names: Iterable[str]) -> list[str]:
    """Of lines, those that no text of the output is known to hold. names: see rulings.named.

    Lines that a rule takes are known no more than those of texts to come; of a damaged index nothing is told.
    """
    store, asked = Store(root), list(names)
    try:
        known = Index.open(store.root / file.path for file in segments(store))
    except IndexDamaged:
        return []
    first = np.array([int(name, 16) << lines.SITE_BITS for name in asked], np.uint64)
    held = np.zeros(len(asked), np.bool_)
    for segment in known.segments:
        keys = segment.lines().key
        held |= np.searchsorted(keys, first) < np.searchsorted(keys, first | lines.SITE, "right")
    return [name for name, there in zip(asked, held.tolist(), strict=True) if not there]


def _judged(
    known: Index, names: dict[int, str], ruled: dict[str, str]
) -> Iterator[tuple[str, str, int, int, float, dict[str, float]]]:
    sizes = lines.Sizes.count(known.sites())
    for keys in _keys(known):
        found = weighed(keys, lines.NONE, lines.NO_TEXTS, known, sizes)
        good = templates.judge(found.evidence)
        for n, key in enumerate(found.keys.tolist()):
            id_ = f"{templates.RULE}{key >> lines.SITE_BITS:012x}"
            if (good[n] or id_ in ruled) and (name := names.get(key & int(lines.SITE))) is not None:
                yield id_, name, int(found.texts[n]), *_shares(found, n)


def _shares(found: Weighed, n: int) -> tuple[int, float, dict[str, float]]:
    evidence = found.evidence
    places = {name: round(float(evidence.share[mark][n]), 3) for name, mark in PLACES.items()}
    return int(evidence.stories[n]), round(float(evidence.spread[n]), 4), places


def _keys(known: Index) -> Iterator[U64]:
    """All keys of the index, distinct and sorted, some at a time."""
    held = [segment.lines().key for segment in known.segments]
    turns = 1 + sum(map(len, held)) // LINES_AT_ONCE
    bounds = [(n << 64) // turns for n in range(turns + 1)]
    for low, high in pairwise(bounds):
        cut = [keys[np.searchsorted(keys, np.uint64(low)) : _below(keys, high)] for keys in held]
        yield np.unique(np.concatenate([lines.NONE.key, *cut]))


def _below(keys: U64, bound: int) -> int:
    return len(keys) if bound >> 64 else int(np.searchsorted(keys, np.uint64(bound)))


def _names(known: Index) -> dict[int, str]:
    """Site -> a publisher of it, the first by name."""
    names = {
        n for segment in known.segments for n in segment.entries["publisher"].unique().to_pylist() if n is not None
    }
    return {lines.site_key(name): name for name in sorted(names, reverse=True)}


def _texts(store: Store) -> dict[str, str]:
    """Rule of a template -> the line, from the removals that name it."""
    rows = store.dataset("removals").to_table(
        columns=["rules", "text"], filter=pc.field("category") == templates.CATEGORY
    )
    return {
        rules[0]: text.strip() for rules, text in zip(rows["rules"].to_pylist(), rows["text"].to_pylist(), strict=True)
    }
