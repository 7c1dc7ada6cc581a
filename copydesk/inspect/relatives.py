"""What an article of an output is to others: of what it is a copy, its copies and versions, and where it overlaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaners import Removal
from copydesk.errors import StoreError, UsageError
from copydesk.schema import DATASETS
from copydesk.store import dataset, parquet
from copydesk.store.parquet import BROKEN
from copydesk.terminal import utf8
from copydesk.upkeep import asked
from copydesk.upkeep.asked import Asked

Row = dict[str, Any]
Kind = Literal["article", "copy of", "copy", "same story", "earlier version", "later version", "overlap"]


@dataclass(frozen=True, slots=True)
class Relative:
    """Another article, and what it is to the one in question. relation, jaccard, ...: as in duplicates/ and overlaps/.

    containment_in_original: the copy's in the original; of an overlap: the article's in the other. revises: of a later
    version of story(): the id of the version before it, to which its jaccard is.
    """

    kind: Kind
    dataset: str
    id: str
    publisher: str | None
    url: str | None
    title: str | None
    published_at: dt.datetime | None
    version: int
    relation: str | None = None
    jaccard: float | None = None
    containment_in_original: float | None = None
    containment_of_original: float | None = None
    revises: str | None = None


_FIGURES = ("relation", "jaccard", "containment_in_original", "containment_of_original")
_COLUMNS = (
    *("id", "item_key", "story_id", "publisher", "url", "canonical_url", "source_uri", "source_id", "title"),
    "published_at",
    *("ingested_at", "duplicate_of", "revises", "version", *_FIGURES),
)


def find(root: Path, wanted: Asked) -> list[tuple[str, Row, list[Removal]]]:
    """(dataset, row, removals in order) of what is asked for: by id, or of each item the latest version.

    The newest come first. Raises StoreError for a file that cannot be read.
    """
    return [whole(root, row) for row in matching(root, wanted)]


def named(root: Path, text: str) -> Asked:
    """What a user means by an id, a URL, an item_key, or the `id` that records came with. Raises UsageError."""
    wanted = asked.parse([text])
    if not wanted.publishers:
        return wanted
    own = {"source_id": utf8(text)}
    ids = frozenset(row["id"] for row in _rows(root, lambda rows: _is(rows, "source_id", own)))
    if not ids:
        raise UsageError(f"{text}: no such file, and neither an id of {root} nor a URL")
    return Asked(ids=ids)


def matching(root: Path, wanted: Asked) -> list[Row]:
    """As find(), but of each row only what tells it apart: `dataset`, `path`, `version`, `story_id`, its names."""
    rows = list(_rows(root, wanted.matches))
    rows.sort(key=lambda row: (row["ingested_at"], row["version"], row["id"]), reverse=True)
    chosen: dict[str, Row] = {}
    for row in rows:
        chosen.setdefault(row["id"] if row["id"] in wanted.ids else row["item_key"], row)
    return list(chosen.values())


def story(root: Path, story_id: str) -> tuple[Relative, ...]:
    """All texts of a story: its article, its copies, after each the later versions of it; then what it overlaps with.

    Raises StoreError for a file that cannot be read.
    """
    rows = list(_rows(root, lambda rows: _is(rows, "story_id", {"story_id": story_id})))
    first = {row["item_key"]: row for row in sorted(rows, key=lambda row: row["version"], reverse=True)}
    rows.sort(key=lambda row: (*_place(first[row["item_key"]]), row["version"], row["id"]))
    members = []
    for row in rows:
        kind: Kind = "article" if row["dataset"] == "articles" else "copy" if row["duplicate_of"] else "later version"
        members.append(_relative(kind, row, {name: row[name] for name in (*_FIGURES, "revises")}))
    return (*members, *_overlaps(root, story_id))


def _place(row: Row) -> tuple[bool, bool, str, str]:
    """Among the items of a story: the article first, then by date of publication, unknown last."""
    date = row["published_at"]
    return row["dataset"] != "articles", date is None, str(date), row["item_key"]


def of(root: Path, row: Row) -> tuple[Relative, ...]:
    """All that is known of the relatives of a whole row. Raises StoreError for a file that cannot be read."""
    others = [
        other
        for other in _rows(root, lambda rows: pc.or_(_is(rows, "story_id", row), _is(rows, "item_key", row)))
        if other["id"] != row["id"]
    ]
    known = []
    for other in others:
        kind = _kind(row, other)
        told = row if kind == "copy of" else other if kind in ("copy", "same story") else {}
        known.append(_relative(kind, other, {name: told.get(name) for name in _FIGURES}))
    known.sort(key=lambda one: (_ORDER.index(one.kind), one.version, str(one.published_at), one.id))
    return (*known, *_overlaps(root, row["story_id"]))


_ORDER: tuple[Kind, ...] = ("copy of", "earlier version", "later version", "copy", "same story", "overlap")


def _kind(row: Row, other: Row) -> Kind:
    if row.get("duplicate_of") == other["id"]:
        return "copy of"
    if other["duplicate_of"] == row["id"]:
        return "copy"
    if other["item_key"] == row["item_key"]:
        return "earlier version" if other["version"] < (row.get("version") or 1) else "later version"
    return "same story"


def _relative(kind: Kind, other: Row, figures: Mapping[str, Any]) -> Relative:
    named = ("dataset", "id", "publisher", "url", "title", "published_at", "version")
    told: dict[str, Any] = {name: other[name] for name in named} | dict(figures)
    return Relative(kind, **told)


def _overlaps(root: Path, story: str) -> Iterator[Relative]:
    """Stories that share text with this one."""
    links: dict[str, tuple[float, float, float]] = {}
    for path in dataset.published(root, "overlaps"):
        table = _read(root / path, "overlaps", ("a", "b", "jaccard", "containment_ab", "containment_ba"))
        for a, b, jaccard, ab, ba in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
            if story == a:
                links[b] = jaccard, ab, ba
            elif story == b:
                links[a] = jaccard, ba, ab
    if not links:
        return
    ids = pa.array(sorted(links), pa.string())
    others = _rows(root, lambda rows: pc.is_in(rows["id"], value_set=ids))
    for other in sorted(others, key=lambda row: str(row["id"])):
        yield _relative("overlap", other, dict(zip(_FIGURES[1:], links[other["id"]], strict=True)))


def _rows(root: Path, wanted: Callable[[pa.Table], pa.Array]) -> Iterator[Row]:
    """The rows of all texts that are wanted (_COLUMNS), with `dataset`, `path` and a version."""
    for name in dataset.TEXTS:
        has = [column for column in _COLUMNS if column in DATASETS[name].names]
        for path in dataset.published(root, name):
            table = _read(root / path, name, has)
            for row in table.filter(wanted(table)).to_pylist():
                blank = dict.fromkeys(_COLUMNS)
                yield blank | row | {"dataset": name, "path": path, "version": row.get("version") or 1}


def _is(rows: pa.Table, column: str, row: Row) -> pa.Array:
    return pc.fill_null(pc.equal(rows[column], pa.scalar(row[column], pa.string())), False)


def whole(root: Path, row: Row) -> tuple[str, Row, list[Removal]]:
    """(dataset, the whole row, its removals in order) of a row of matching()."""
    name, path = row["dataset"], row["path"]
    (whole,) = _of_id(root / path, name, row["id"])
    cuts = f"removals/{path.partition('/')[2]}"
    found = _of_id(root / cuts, "removals", row["id"]) if cuts in dataset.published(root, "removals") else []
    removals = [
        Removal(r["start"], r["end"], r["text"], tuple(r["rules"] or ()), r["category"], r["action"], r["field"])
        for r in sorted(found, key=lambda r: int(r["start"]))
    ]
    return name, whole, removals


def _of_id(path: Path, name: str, id_: str) -> list[Row]:
    """The rows of a file with this id; memory is that of one row group."""
    found: list[Row] = []
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                if id_ in file.read_row_group(group, columns=["id"])["id"].to_pylist():
                    rows = file.read_row_group(group)
                    rows = rows.filter(pc.equal(rows["id"], id_))
                    found += parquet.complete(rows, DATASETS[name]).to_pylist()
    except BROKEN as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    return found


def _read(path: Path, name: str, columns: tuple[str, ...] | list[str]) -> pa.Table:
    try:
        return parquet.columns(path, DATASETS[name], columns)
    except BROKEN as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
