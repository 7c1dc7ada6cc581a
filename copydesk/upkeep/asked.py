"""Which rows somebody asked to have forgotten, and what else goes with them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import UsageError
from copydesk.schema import ARTICLES, DATASETS, DUPLICATES, REVISIONS
from copydesk.store import dataset, manifest, parquet, tombstones
from copydesk.store.store import Store
from copydesk.terminal import utf8
from copydesk.urls import canonical, registrable_domain

_ID = re.compile(r"[0-9a-f]{32}")

_EXTRA = [DUPLICATES.field("duplicate_of"), REVISIONS.field("revises"), REVISIONS.field("version")]
SKELETON = pa.schema([*(f for f in ARTICLES if f.name not in ("text", "authors", "tags")), *_EXTRA])
"""What is looked at of a row before it is decided what goes: all but the long columns."""

_LOOKED_AT = (
    *("id", "item_key", "story_id", "source_id", "source_uri", "url", "canonical_url", "publisher", "title"),
    *("published_at", "char_count", "ingested_at", "run_id", "duplicate_of", "revises", "version"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """ids, urls and publishers (tombstones.spelling) to forget; or `before`: all that was ingested before (UTC)."""

    ids: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    publishers: frozenset[str] = frozenset()
    before: dt.datetime | None = None

    def matches(self, rows: pa.Table) -> pa.Array:
        """Which rows of a skeleton are meant themselves."""
        if self.before is not None:
            return pc.fill_null(pc.less(rows["ingested_at"], pa.scalar(self.before, pa.timestamp("us", "UTC"))), False)
        found = pc.is_in(rows["id"], value_set=pa.array(sorted(self.ids), pa.string()))
        urls = pa.array(sorted(self.urls), pa.string())
        for name in ("item_key", "canonical_url", "url", "source_uri"):
            found = pc.or_(found, pc.is_in(rows[name], value_set=urls))
        if self.publishers:
            pairs = zip(rows["publisher"].to_pylist(), rows["canonical_url"].to_pylist(), strict=True)
            named = [not self.publishers.isdisjoint(tombstones.names_of(*pair)) for pair in pairs]
            found = pc.or_(found, pa.chunked_array([pa.array(named, pa.bool_())]))
        return found


def parse(targets: Sequence[str], older_than: dt.date | None = None) -> Asked:
    """What is meant by each: 32 hex digits are an id, what has a slash is a URL or an item_key, the rest publishers.

    Raises UsageError if nothing is named, or a date beside something else.
    """
    if bool(targets) == (older_than is not None):
        raise UsageError("name what to forget: ids, URLs or publishers; or give --older-than a date")
    if older_than is not None:
        return Asked(before=dt.datetime(older_than.year, older_than.month, older_than.day, tzinfo=dt.UTC))
    ids: set[str] = set()
    urls: set[str] = set()
    publishers: set[str] = set()
    for target in map(utf8, targets):
        if not target.strip():
            raise UsageError("an empty name is nobody's")
        if _ID.fullmatch(target.strip().lower()):
            ids.add(target.strip().lower())
        elif "/" in target or "#" in target:
            spellings = (canonical(target), canonical(f"https://{target}") if registrable_domain(target) else None)
            urls.update(s for s in (target, *spellings) if s)
        else:
            publishers.add(tombstones.spelling(target))
    return Asked(frozenset(ids), frozenset(urls), frozenset(publishers))


@dataclass(frozen=True, slots=True)
class Family:
    """Rows (SKELETON's _LOOKED_AT, `dataset` and `part`, see rewrite.parts) of all stories that something goes of."""

    gone: pa.Table
    kept: pa.Table


def find(store: Store, asked: Asked, *, copies: bool = False) -> Family:
    """What goes, and what stays of the same stories.

    With a row all versions of its item go, except by age. copies: with it goes all of its story.
    """
    gone = _rows(store, asked.matches)
    items = set(gone["item_key"].to_pylist())
    rows = related(store, set(gone["story_id"].to_pylist()), items)
    of_item = pa.array(sorted(items), pa.string())
    if copies:
        return Family(rows, rows.slice(0, 0))
    goes = asked.matches(rows) if asked.before else _is_in(rows["item_key"], of_item)
    return Family(rows.filter(goes), rows.filter(pc.invert(goes)))


def related(store: Store, stories: set[str], items: set[str]) -> pa.Table:
    """All rows of these stories and items, and of the stories that those have rows in."""
    of_item = pa.array(sorted(items), pa.string())
    while True:
        in_story = pa.array(sorted(stories), pa.string())
        rows = _rows(store, partial(_of_family, stories=in_story, items=of_item))
        if stories.issuperset(rows["story_id"].to_pylist()):
            return rows
        stories = stories | set(rows["story_id"].to_pylist())


def uris_left(store: Store, uris: set[str], gone: set[str]) -> set[str]:
    """Those source_uris that a row has which does not go. gone: ids of texts and of rejects."""
    wanted, leaving = pa.array(sorted(uris), pa.string()), pa.array(sorted(gone), pa.string())
    left: set[str] = set()
    for path in _published(store, (*dataset.TEXTS, "rejects")):
        rows = parquet.columns(store.root / path, DATASETS[path.split("/")[0]], ["id", "source_uri"])
        stays = pc.and_(_is_in(rows["source_uri"], wanted), pc.invert(_is_in(rows["id"], leaving)))
        left.update(rows.filter(stays)["source_uri"].to_pylist())
    return left


def _rows(store: Store, wanted: Callable[[pa.Table], pa.Array]) -> pa.Table:
    found = []
    schema = pa.schema([SKELETON.field(name) for name in _LOOKED_AT])
    for path in _published(store, dataset.TEXTS):
        name, _, part = path.partition("/")
        has = [n for n in _LOOKED_AT if n in DATASETS[name].names]
        rows = parquet.complete(parquet.columns(store.root / path, DATASETS[name], has), schema)
        rows = rows.filter(wanted(rows))
        rows = rows.append_column("dataset", pa.repeat(pa.scalar(name), len(rows)))
        found.append(rows.append_column("part", pa.repeat(pa.scalar(part), len(rows))))
    empty = schema.append(pa.field("dataset", pa.string())).append(pa.field("part", pa.string())).empty_table()
    return pa.concat_tables([empty, *(rows.cast(empty.schema) for rows in found if len(rows))])


def _of_family(rows: pa.Table, stories: pa.Array, items: pa.Array) -> pa.ChunkedArray:
    return pc.or_(_is_in(rows["story_id"], stories), _is_in(rows["item_key"], items))


def _published(store: Store, names: Sequence[str]) -> list[str]:
    return [f.path for f in manifest.published(store.commits()) if f.path.split("/")[0] in names]


def _is_in(column: pa.ChunkedArray, values: pa.Array) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=values)
