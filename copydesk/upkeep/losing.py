"""What follows when data files are gone or broken: the rest is made usable, the next run brings the lost rows again.

Broken files are copied to `_state/quarantine/` and taken out by a commit that books their rows as gone and forgets the
ledger: so the next run reads its inputs again, finds all else as seen, and ingests what was lost as if it were new.

| broken | what is done beside |
|---|---|
| articles, duplicates, revisions | their removals go with them; the copies and later versions that stay are relinked |
| removals | the rows of them go too, if their sources are still there; else they stay, and cannot be restored |
| overlaps | nothing: the links are lost |
| rejects | nothing |
| runs | a row is written anew from what the datasets hold; what only it knew is null, its status is `rebuilt` |
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import IndexDamaged
from copydesk.index import history
from copydesk.index.segment import Segment
from copydesk.schema import DATASETS
from copydesk.store import dataset, layout, manifest, parquet
from copydesk.store.manifest import Commit
from copydesk.store.store import Store
from copydesk.upkeep import asked, forget
from copydesk.upkeep.rewrite import Part, Rewrite, parts
from copydesk.upkeep.succession import settle

_BOOKED = (*dataset.TEXTS, "rejects")
_NAMED = 20  # lost rows that are told one by one


@dataclass(slots=True)
class Lost:
    """mended, cannot: in words. ids: of lost rows, as far as the index knows them, with their titles."""

    mended: list[str] = field(default_factory=list)
    cannot: list[str] = field(default_factory=list)
    ids: dict[str, str | None] = field(default_factory=dict)


def take_out(store: Store, broken: Mapping[str, str], ledger: Sequence[str]) -> Lost:
    """Take broken data files out of the output, in one commit. broken: relative path -> what is wrong with it.

    ledger: all its files in force. The broken ones must be in the quarantine already, if they are there at all.
    """
    lost = Lost()
    whole = [f.path for f in manifest.published(store.commits()) if f.path not in broken]
    run_id = store.new_run_id(dt.datetime.now(dt.UTC))
    with store.staging(run_id) as staging:
        rewrite = Rewrite(store, run_id, staging / "final")
        gone = _drop_parts(rewrite, broken, lost)
        for path in (p for p in broken if p.split("/")[0] in ("overlaps", "rejects")):
            rewrite.drop(path)
            gone.append(path)
        for (run, name), rows in uncounted(store.root, store.commits(), whole, gone).items():
            rewrite.lose(run, name, rows)
        runs = [p for p in broken if p.startswith("runs/")]
        if runs:
            rewrite.replace(runs, {"runs": _rebuilt_runs(store, whole)})
            lost.mended.append("runs/: rows written anew from what the datasets hold; status `rebuilt`")
        if not gone and not runs:
            return lost
        rewrite.removes += ledger
        rewrite.reindex(_index_runs(store, rewrite, whole, lost))
        history.drop_unnamed(store)
        rewrite.commit(keep=True)
    for path in gone:
        lost.mended.append(f"{path}: {broken[path]}; taken out, what is left of it is in {layout.STATE}/quarantine/")
    _tell(lost)
    return lost


def relink(store: Store) -> int:
    """Give the rows a new place whose article or earlier version is gone, as `forget` does. Returns how many."""
    stories, items = _dangling(store)
    if not stories and not items:
        return 0
    kept = asked.related(store, stories, items)
    dead = [{"id": story, "item_key": None, "dataset": "articles"} for story in stories]
    behind = [{"id": None, "item_key": item, "dataset": "revisions"} for item in items]
    succession = settle([*dead, *behind], kept.to_pylist(), store.texts)
    run_id = store.new_run_id(dt.datetime.now(dt.UTC))
    with store.staging(run_id) as staging:
        rewrite = Rewrite(store, run_id, staging / "final")
        forget.relink(rewrite, kept, succession)
        history.drop_unnamed(store)
        rewrite.commit(keep=True)
    return len(succession.rows)


def _drop_parts(rewrite: Rewrite, broken: Mapping[str, str], lost: Lost) -> list[str]:
    """Take the broken files of parts out, and with them what is of no use without them. Returns what is taken out."""
    gone = []
    for part in parts(rewrite.store).values():
        bad = [path for path in part.values() if path in broken]
        if not bad:
            continue
        good = {name: rewrite.store.root / path for name, path in part.items() if path not in broken}
        tables = {name: parquet.read(path, DATASETS[name]) for name, path in good.items()}
        if part.get("removals") in bad:
            kept = _with_all_they_need(tables, part, lost, broken)
            if kept is None:
                bad.remove(part["removals"])
                kept = tables
            tables = kept
        else:
            tables = _without_strangers(tables)
        if not bad:
            continue
        if good:
            rewrite.replace([part[name] for name in good], tables)
        for path in bad:
            rewrite.drop(path)
        gone += bad
    return gone


def _with_all_they_need(
    tables: Mapping[str, pa.Table], part: Part, lost: Lost, broken: Mapping[str, str]
) -> dict[str, pa.Table] | None:
    """The rows that have no removals; None if others would be lost for good, as their sources are gone."""
    cut = {name: pc.greater(table["removed_chars"], 0) for name, table in tables.items()}
    sources = {uri for name, table in tables.items() for uri in table.filter(cut[name])["source_uri"].to_pylist()}
    if away := sorted(uri for uri in sources if not _is_there(uri)):
        lost.cannot.append(
            f"{part['removals']}: {broken[part['removals']]}; its rows stay, but their texts before cleaning cannot be "
            f"had: {away[0]} is gone, so they could not be ingested again; restore the file from a backup"
        )
        return None
    for name, table in tables.items():
        rows = table.filter(cut[name])
        lost.ids.update(zip(rows["id"].to_pylist(), rows["title"].to_pylist(), strict=True))
    return {name: table.filter(pc.invert(cut[name])) for name, table in tables.items()}


def _without_strangers(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """A part less the removals of rows that are not in it any more."""
    if "removals" not in tables:
        return dict(tables)
    ids = [i for name, table in tables.items() if name != "removals" for i in table["id"].to_pylist()]
    own = pc.is_in(tables["removals"]["id"], value_set=pa.array(ids, pa.string()))
    return {**tables, "removals": tables["removals"].filter(own)}


def _is_there(uri: str) -> bool:
    address = urlsplit(uri)
    return address.scheme == "file" and Path(unquote(address.path)).is_file()


def uncounted(
    root: Path, commits: Sequence[Commit], whole: Sequence[str], gone: Sequence[str]
) -> dict[tuple[str, str], int]:
    """(run, dataset) -> rows that the books have and no whole file does, of the datasets that files are gone of.

    commits: in force. whole, gone: relative paths.
    """
    names = {path.split("/")[0] for path in gone} & {*_BOOKED}
    booked: Counter[tuple[str, str]] = Counter()
    for path in (p for p in whole if p.startswith("runs/")):
        for row in parquet.columns(root / path, DATASETS["runs"], ["run_id", *_BOOKED]).to_pylist():
            for name in names:
                booked[row["run_id"], name] += row[name] or 0
    runs = {run for run, _ in booked}
    for commit in commits:
        for change in commit.changes:
            if change.dataset in names and change.run_id in runs:
                booked[change.run_id, change.dataset] += change.rows
    booked.subtract({key: n for key, n in _held(root, whole).items() if key[1] in names and key[0] in runs})
    return {key: rows for key, rows in booked.items() if rows}


def _held(root: Path, whole: Sequence[str]) -> Counter[tuple[str, str]]:
    held: Counter[tuple[str, str]] = Counter()
    for path in whole:
        name = path.split("/")[0]
        if name in _BOOKED:
            rows = parquet.columns(root / path, DATASETS[name], ["run_id"])["run_id"]
            held.update((run, name) for run in rows.to_pylist())
    return held


def _rebuilt_runs(store: Store, whole: Sequence[str]) -> pa.Table:
    known: set[str] = set()
    for path in (p for p in whole if p.startswith("runs/")):
        known.update(parquet.columns(store.root / path, DATASETS["runs"], ["run_id"])["run_id"].to_pylist())
    held = _held(store.root, whole)
    commits = store.commits()
    for commit in commits:
        for change in commit.changes:
            held[change.run_id, change.dataset] -= change.rows
    ingests = {c.run_id for c in commits if not c.removes and any(f.path.startswith("runs/") for f in c.files)}
    rows: list[dict[str, Any]] = []
    for run in sorted(({run for run, _ in held} | ingests) - known):
        started = dt.datetime.strptime(run, "%Y%m%d-%H%M%S-%f").replace(tzinfo=dt.UTC)
        counts = {name: held[run, name] for name in _BOOKED}
        rows.append({"run_id": run, "started_at": started, "status": "rebuilt", **counts})
    schema = DATASETS["runs"]
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)


def _index_runs(store: Store, rewrite: Rewrite, whole: Sequence[str], lost: Lost) -> set[str]:
    """Runs whose segments know rows that are gone, or cannot be read."""
    taken = set(rewrite.removes)
    texts = [p for p in whole if p.split("/")[0] in dataset.TEXTS and p not in taken]
    paths = [*(store.root / p for p in texts), *(t.path for t in rewrite.texts)]
    ids = [c for p in paths for c in parquet.columns(p, DATASETS["articles"], ["id"])["id"].chunks]
    present = pa.array([bytes.fromhex(i) for c in ids for i in c.to_pylist()], pa.binary(16))
    runs = set()
    for file in history.segments(store):
        try:
            segment = Segment(store.root / file.path)
            segment.check()
        except IndexDamaged:
            runs.add(file.first)
            continue
        gone = segment.entries.filter(pc.invert(pc.is_in(segment.entries["id"], value_set=present)))
        if len(gone):
            runs.add(file.first)
            found = zip(gone["id"].to_pylist(), gone["title"].to_pylist(), strict=True)
            lost.ids.update({id_.hex(): title for id_, title in found})
    return runs


def _tell(lost: Lost) -> None:
    for id_, title in list(lost.ids.items())[:_NAMED]:
        lost.mended.append(f"lost until it is ingested again: {id_} {title or ''}".rstrip())
    if len(lost.ids) > _NAMED:
        lost.mended.append(f"and {len(lost.ids) - _NAMED:,} rows more")
    lost.mended.append("ingest the same inputs again: their files are read anew, and what was lost is added")


def _dangling(store: Store) -> tuple[set[str], set[str]]:
    """Stories that are gone, and items of which a version is gone that a later one revises."""
    articles: set[str] = set()
    ids: set[str] = set()
    told: list[tuple[str, str | None, str | None]] = []
    for name in dataset.TEXTS:
        wanted = [n for n in ("id", "item_key", "story_id", "revises") if n in DATASETS[name].names]
        for path in store.files(name):
            for row in parquet.columns(path, DATASETS[name], wanted).to_pylist():
                ids.add(row["id"])
                if name == "articles":
                    articles.add(row["id"])
                else:
                    told.append((row["item_key"], row["story_id"], row.get("revises")))
    stories = {story for _, story, _ in told if story is not None} - articles
    items = {item for item, _, before in told if before is not None and before not in ids}
    for path in store.files("overlaps"):
        links = parquet.columns(path, DATASETS["overlaps"], ["a", "b"])
        stories |= {story for name in ("a", "b") for story in links[name].to_pylist()} - articles
    return stories, items
