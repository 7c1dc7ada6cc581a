"""What the records of a run are by their identity alone: seen before, a new version of an item, or first of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import I64, Bools
from copydesk.index.entries import codes_of, first_of, microseconds
from copydesk.index.index import Index


class Ordered:
    """The rows of a run in order of precedence: columns are put in order when they are asked for, as a second table of
    them all would be much of what a run has in memory. order: of each row, where it stands in `table`."""

    def __init__(self, table: pa.Table, order: I64) -> None:
        self.table, self.order = table, order

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        return self.table[name].take(pa.array(self.order))

    def at(self, name: str, rows: I64) -> pa.ChunkedArray:
        """A column of some rows."""
        return self.table[name].take(pa.array(self.order[rows]))


@dataclass(frozen=True, slots=True)
class Revision:
    """A later version of an item. revises: the id of the one before, and `before` its row if it is of this run. story:
    id of the published story it is of, None if it is that of the item's first version in this run, `first`: a row."""

    revises: str
    before: int | None
    version: int
    story: str | None
    first: int | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Of the rows of a run. seen: known by their id, or a repeat of an earlier row. revisions: by row; the others that
    are not seen are first versions."""

    seen: Bools
    revisions: dict[int, Revision] = field(default_factory=dict)

    @property
    def first_versions(self) -> Bools:
        result = ~self.seen
        result[list(self.revisions)] = False
        return result


def identify(new: Ordered, index: Index) -> Identity:
    """new: id, item_key, and the times of match.NEW."""
    ids = new["id"]
    seen = ~first_of(ids)
    if len(index):
        seen |= index.known(ids.to_pylist())
    rows = np.flatnonzero(~seen)
    items = codes_of(new.at("item_key", rows))
    codes = np.asarray(items.indices, np.int64)
    versions = np.bincount(codes, minlength=len(items.dictionary))
    before: dict[int, tuple[str, str, int]] = _published(items.dictionary.to_pylist(), index) if len(index) else {}
    revised = versions > 1
    revised[list(before)] = True
    identity = Identity(seen)
    concerned = rows[revised[codes]]
    times = dict(zip(concerned.tolist(), version_times(new, concerned), strict=True))
    names = dict(zip(concerned.tolist(), new.at("id", concerned).to_pylist(), strict=True))
    of_item: dict[int, list[int]] = {}
    for row, code in zip(concerned.tolist(), codes[revised[codes]].tolist(), strict=True):
        of_item.setdefault(code, []).append(row)
    for code, members in of_item.items():
        members.sort(key=lambda row: (times[row], names[row]))
        _number(identity, [(row, names[row]) for row in members], before.get(code))
    return identity


def version_times(new: Ordered, rows: I64) -> list[float]:
    """When rows were last changed, as well as it is known; unknown last."""
    times = pc.coalesce(*(microseconds(new.at(name, rows)) for name in ("modified_at", "published_at", "fetched_at")))
    return [float("inf") if time is None else time for time in times.to_pylist()]


def _published(keys: list[str], index: Index) -> dict[int, tuple[str, str, int]]:
    """Of the items that were published: by number, the id, story and number of their latest version."""
    latest = index.latest(keys)
    known = np.flatnonzero(latest.entry >= 0)
    entries = index.entries(latest.entry[known])
    ids, stories = ([value.hex() for value in entries[name].to_pylist()] for name in ("id", "story"))
    numbers = zip(known.tolist(), ids, stories, latest.version[known].tolist(), strict=True)
    return {number: (id_, story, version) for number, id_, story, version in numbers}


def _number(identity: Identity, members: list[tuple[int, str]], before: tuple[str, str, int] | None) -> None:
    """Versions of one item: all but a new item's first are revisions of the one before."""
    first: int | None
    story: str | None
    row: int | None
    if before is None:
        (first, revises), members = members[0], members[1:]
        row, story, version = first, None, 1
    else:
        first, row, (revises, story, version) = None, None, before
    for later, name in members:
        version += 1
        identity.revisions[later] = Revision(revises, row, version, story, first)
        revises, row = name, later
