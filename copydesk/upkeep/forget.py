"""forget: takedowns, erasure requests, retention. docs/forget.md says what goes, what stays and what cannot be reached.

All of it is one commit (rewrite.py): the rows go from every dataset, from the index and the ledger, and hashes of them
come to `_state/tombstones/`, so that they are not ingested again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import StoreError
from copydesk.index import history
from copydesk.schema import DATASETS, OVERLAPS
from copydesk.sketches.similarity import measure
from copydesk.store import disk, ledger, manifest, parquet, tombstones
from copydesk.store.layout import STATE
from copydesk.store.store import Store
from copydesk.upkeep import asked as asking
from copydesk.upkeep import rejected
from copydesk.upkeep.asked import Asked, Family
from copydesk.upkeep.rewrite import OF_PART, Rewrite, parts, told_in_words
from copydesk.upkeep.succession import New, Succession, settle

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went, or would go.

    run_id: of the commit; None if nothing was to be done, or only shown. removed: rows by dataset. promoted: articles
    that took the place of one that went. copies: ids of copies that stay, in stories that something went of.
    files: input files whose names the ledger forgets. tombstones: hashes that are new. rows: (dataset, id, title).
    """

    run_id: str | None
    removed: dict[str, int]
    promoted: int
    copies: tuple[str, ...]
    files: int
    tombstones: int
    rows: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    asked: Asked
    family: Family
    succession: Succession
    rejects: Mapping[str, Path]
    overlaps: pa.Table  # those that go or change, with what they become: OVERLAPS, `new_a`, `new_b`
    uris: frozenset[str]
    hashes: dict[str, list[bytes]]

    @property
    def gone(self) -> list[str]:
        ids: list[str] = self.family.gone["id"].to_pylist()
        return ids


def forget(
    root: Path,
    targets: Sequence[str] = (),
    *,
    older_than: dt.date | None = None,
    copies: bool = False,
    dry_run: bool = False,
) -> Forgotten:
    """Forget what `targets` name (ids, URLs, publishers), or all that was ingested before `older_than` (UTC).

    copies: also the copies and versions of each by others. dry_run: only say what would go; nothing is written.
    Doing it again does nothing. Raises UsageError, LockedError, StoreError.
    """
    asked = asking.parse(targets, older_than)
    store = Store(root)
    if dry_run:
        with told_in_words(root):
            return _told(_plan(store, asked, copies), store, None)
    with store.lock("forget"):
        store.recover()
        store.fetch()
        if left := sorted(p.name for p in store.layout.all_staging.iterdir()):
            raise StoreError(
                f"{root}: the staging of {', '.join(left)} cannot be deleted yet: a worker still writes there"
            )
        with told_in_words(root):
            plan = _plan(store, asked, copies)
        if not (plan.gone or plan.rejects or plan.hashes):
            return _told(plan, store, None)
        run_id = store.new_run_id(dt.datetime.now(dt.UTC))
        with store.staging(run_id) as staging:
            rewrite = Rewrite(store, run_id, staging / "final")
            with told_in_words(root):
                told = _told(plan, store, run_id)
                _stage(plan, rewrite)
            history.drop_unnamed(store)
            disk.remove_tree(store.layout.quarantine)  # what `verify --repair` set aside may hold the same
            rewrite.commit(keep=False)
        settled = store.origin.is_settled() if store.origin else not store.layout.all_retired.exists()
        if rewrite.removes and not settled:
            raise StoreError(
                f"{root}: forgotten, but not all that was replaced could be deleted; run any command again"
            )
        return told


def relink(rewrite: Rewrite, kept: pa.Table, succession: Succession) -> None:
    """Stage what rows become whose story or earlier version is gone already. kept: see asked.related."""
    links = _links(rewrite.store, succession)
    nothing = kept.slice(0, 0)
    _stage(_Plan(Asked(), Family(nothing, kept), succession, {}, links, frozenset(), {}), rewrite)


def _plan(store: Store, asked: Asked, copies: bool) -> _Plan:
    family = asking.find(store, asked, copies=copies)
    succession = settle(family.gone.to_pylist(), family.kept.to_pylist(), store.texts)
    rejects = rejected.find(store.files("rejects"), asked, family.gone, store.texts)
    gone: set[str] = set(family.gone["id"].to_pylist())
    uris: set[str] = set(family.gone["source_uri"].to_pylist())
    if rejects:
        told = store.dataset("rejects").to_table(columns=["source_uri"], filter=pc.field("id").isin(list(rejects)))
        uris.update(told["source_uri"].to_pylist())
    uris -= asking.uris_left(store, uris, gone | set(rejects)) if uris else set()
    known = tombstones.load(store.files(f"{STATE}/{tombstones.FOLDER}"))
    hashes = known.news(_hashes(asked, family.gone, rejects))
    return _Plan(asked, family, succession, rejects, _links(store, succession), frozenset(uris), hashes)


def _hashes(asked: Asked, gone: pa.Table, rejects: Mapping[str, Path]) -> dict[str, list[bytes]]:
    """Tombstones. What went by age may come again with new content; what was asked to go may not."""
    names = {tombstones.ID: gone["id"].to_pylist(), tombstones.REJECT: list(rejects)}
    if asked.before is None:
        names |= {
            tombstones.ID: [*names[tombstones.ID], *asked.ids],
            tombstones.ITEM: [*gone["item_key"].to_pylist(), *asked.urls],
            tombstones.URL: list(asked.urls),
            tombstones.PUBLISHER: list(asked.publishers),
        }
    return {kind: [tombstones.digest(name) for name in set(values)] for kind, values in names.items()}


def _links(store: Store, succession: Succession) -> pa.Table:
    """Overlaps of stories whose article went, with the stories they lead to from now on; null: they go."""
    dead = pa.array(sorted(succession.stories), pa.string())
    every = pa.concat_tables([OVERLAPS.empty_table(), *(parquet.read(p, OVERLAPS) for p in store.files("overlaps"))])
    hit = pc.or_(pc.is_in(every["a"], value_set=dead), pc.is_in(every["b"], value_set=dead))
    links, others = every.filter(hit), every.filter(pc.invert(hit))
    known = set(zip(others["a"].to_pylist(), others["b"].to_pylist(), strict=True))
    became: list[tuple[str, str] | None] = []
    for pair in zip(links["a"].to_pylist(), links["b"].to_pylist(), strict=True):
        a, b = (succession.stories.get(story, story) for story in pair)
        new = None if a is None or b is None or a == b else (min(a, b), max(a, b))
        became.append(None if new in known else new)
        known.update([new] if new else [])
    for side, name in enumerate(("new_a", "new_b")):
        links = links.append_column(name, pa.array([pair and pair[side] for pair in became], pa.string()))
    return links


def _stage(plan: _Plan, rewrite: Rewrite) -> None:
    store, gone = rewrite.store, set(plan.gone)
    rows = pa.concat_tables([plan.family.gone, plan.family.kept])
    touched = rows.filter(
        pc.is_in(rows["id"], value_set=pa.array(sorted(gone | set(plan.succession.rows)), pa.string()))
    )
    every = parts(store)
    for name in sorted(set(touched["part"].to_pylist())):
        old = every[name]
        tables = {n: parquet.read(store.root / old[n], DATASETS[n]) for n in OF_PART if n in old}
        rewrite.replace(old.values(), _without(tables, gone, plan.succession.rows))
    _replace_rows(rewrite, "rejects", set(plan.rejects.values()), lambda t: _drop(t, set(plan.rejects)))
    _replace_links(plan, rewrite)
    names = {Path(unquote(urlsplit(uri).path)).name for uri in plan.uris}
    _replace_rows(rewrite, "runs", set(store.files("runs")) if names else set(), lambda t: _without_names(t, names))
    entries = store.ledger()
    if not plan.uris.isdisjoint(entries):
        path = rewrite.state("ledger", _published(store, "ledger"))
        ledger.write(entries.without_names(plan.uris), path)
    if plan.hashes:
        tombstones.write(tombstones.table(plan.hashes), rewrite.state(tombstones.FOLDER, ()))
    rewrite.reindex(touched["run_id"].to_pylist())


def _without(tables: Mapping[str, pa.Table], gone: set[str], news: Mapping[str, New]) -> dict[str, pa.Table]:
    """A part less what goes, with what changes: rows may move from one of its datasets to another."""
    moved: dict[str, list[Row]] = {name: [] for name in OF_PART}
    result = {}
    for name, rows in tables.items():
        if name == "removals":
            result[name] = _drop(rows, gone)
            continue
        changes = pc.is_in(rows["id"], value_set=pa.array(list(news), pa.string()))
        for row in rows.filter(changes).to_pylist():
            new = news[row["id"]]
            moved[new.dataset].append({**row, **new.columns})
        result[name] = _drop(rows.filter(pc.invert(changes)), gone)
    for name, added in moved.items():
        if added:
            schema = DATASETS[name]
            fresh = pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in added], schema=schema)
            result[name] = pa.concat_tables([result[name], fresh]) if name in result else fresh
    return result


def _replace_links(plan: _Plan, rewrite: Rewrite) -> None:
    kept = plan.overlaps.filter(pc.is_valid(plan.overlaps["new_a"]))
    a, b = kept["new_a"].to_pylist(), kept["new_b"].to_pylist()
    figures = measure(a, b, rewrite.store.texts)
    new = {
        (old["a"], old["b"]): {
            **old,
            "a": a[k],
            "b": b[k],
            "jaccard": float(figures.jaccard[k]),
            "containment_ab": float(figures.a_in_b[k]),
            "containment_ba": float(figures.b_in_a[k]),
        }
        for k, old in enumerate(kept.to_pylist())
        if figures.jaccard[k] > 0  # the article that went held what linked the two
    }
    gone = set(zip(plan.overlaps["a"].to_pylist(), plan.overlaps["b"].to_pylist(), strict=True))

    def without(rows: pa.Table) -> pa.Table:
        told = [(r["a"], r["b"], r) for r in rows.to_pylist()]
        rows_left = [r if (x, y) not in gone else new.get((x, y)) for x, y, r in told]
        left = [{n: r[n] for n in OVERLAPS.names} for r in rows_left if r is not None]
        return pa.Table.from_pylist(left, schema=OVERLAPS)

    files = rewrite.store.files("overlaps") if gone else []
    hit = {p for p in files if not gone.isdisjoint(_pairs(p))}
    _replace_rows(rewrite, "overlaps", hit, without)


def _pairs(path: Path) -> list[tuple[str, str]]:
    rows = parquet.columns(path, OVERLAPS, ["a", "b"])
    return list(zip(rows["a"].to_pylist(), rows["b"].to_pylist(), strict=True))


def _replace_rows(rewrite: Rewrite, name: str, files: set[Path], change: Callable[[pa.Table], pa.Table]) -> None:
    """Replace each of the files of a dataset that `change` changes."""
    for path in sorted(files):
        before = parquet.read(path, DATASETS[name])
        after = change(before)
        if not after.equals(before):
            rewrite.replace([path.relative_to(rewrite.store.root).as_posix()], {name: after})


def _without_names(runs: pa.Table, names: set[str]) -> pa.Table:
    """Rows of runs/ whose settings do not name the files; a hash of each stands in place of it."""
    settings = []
    for text in runs["settings"].to_pylist():
        told = json.loads(text) if text else {}
        inputs = told.get("inputs", [])
        hidden = [ledger.hashed(given) if Path(given).name in names else given for given in inputs]
        settings.append(text if hidden == inputs else json.dumps({**told, "inputs": hidden}, ensure_ascii=False))
    return runs.set_column(
        runs.schema.get_field_index("settings"), runs.schema.field("settings"), pa.array(settings, pa.string())
    )


def _drop(rows: pa.Table, ids: set[str]) -> pa.Table:
    return rows.filter(pc.invert(pc.is_in(rows["id"], value_set=pa.array(sorted(ids), pa.string()))))


def _published(store: Store, name: str) -> list[str]:
    return [f.path for f in manifest.published(store.commits()) if f.path.startswith(f"{STATE}/{name}/")]


def _told(plan: _Plan, store: Store, run_id: str | None) -> Forgotten:
    gone = plan.family.gone
    removed: Counter[str] = Counter(gone["dataset"].to_pylist())
    ids = pa.array(plan.gone, pa.string())
    for path in store.files("removals"):
        cut = parquet.columns(path, DATASETS["removals"], ["id"])
        removed["removals"] += pc.sum(pc.is_in(cut["id"], value_set=ids)).as_py() or 0
    removed["rejects"] = len(plan.rejects)
    removed["overlaps"] = plan.overlaps["new_a"].null_count
    promoted = sum(new.dataset == "articles" for new in plan.succession.rows.values())
    bases = plan.family.kept.filter(pc.not_equal(plan.family.kept["dataset"], "revisions"))
    columns = (gone[name].to_pylist() for name in ("dataset", "id", "title"))
    return Forgotten(
        run_id=run_id,
        removed={name: removed[name] for name in DATASETS if name != "runs"},
        promoted=promoted,
        copies=tuple(sorted(bases["id"].to_pylist())),
        files=len(plan.uris),
        tombstones=sum(map(len, plan.hashes.values())),
        rows=(*zip(*columns, strict=True), *(("rejects", id_, None) for id_ in plan.rejects)),
    )
