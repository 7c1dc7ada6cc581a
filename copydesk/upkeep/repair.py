"""Mend an output: build anew from the Parquet what can be, take broken files out of the way, say what is lost.

| broken | what is done |
|---|---|
| a manifest | a flipped bit is set right; an ingest's is written anew if files and books agree (salvage.py) |
| a commit under way whose files are gone | it is given up: the output stays as it was before it |
| an index segment, or an index that lacks rows | built anew from the Parquet |
| a part of the ledger | dropped: the files are read again, and what they hold is found as seen |
| a file that no manifest names | moved to `_state/quarantine/` |
| a data file | moved to `_state/quarantine/`; losing.py says what follows |

In object storage the same is done to the bucket; restock.py says what differs. What is moved stays in
`_state/quarantine/` for people to look at; nothing reads it.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from copydesk.errors import StoreError
from copydesk.index import history
from copydesk.store import commit, dataset, disk, manifest
from copydesk.store.layout import STATE, Layout
from copydesk.store.manifest import PublishedFile
from copydesk.store.origin import Origin
from copydesk.store.store import Store
from copydesk.upkeep import intact, losing, restock, salvage, verify
from copydesk.upkeep.fault import Fault


@dataclass(frozen=True, slots=True)
class Repaired:
    """mended: what was done, in words. cannot: what was not, and what to do. faults: what verify finds afterwards."""

    mended: list[str] = field(default_factory=list)
    cannot: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def repair(root: Path) -> Repaired:
    """Mend what can be mended of the output at `root`, under its lock.

    Raises LockedError, and StoreError for an output of a later version or one that cannot be written to.
    """
    done = Repaired()
    store = Store(root)
    with store.lock("verify --repair"):
        if store.origin:
            _in_bucket(store, store.origin, done)
        else:
            _on_disk(store, done)
    try:
        done.faults.extend(verify.verify(root, read_data=True))
    except StoreError as error:  # a bucket whose manifests cannot be read
        done.faults.append(Fault("manifest", store.name, str(error)))
    return done


def _on_disk(store: Store, done: Repaired) -> None:
    mended, cannot = salvage.manifests(store.layout)
    done.mended.extend(mended)
    done.cannot.extend(cannot)
    if not cannot:  # else nothing tells which files are in force
        store.check_lock()
        done.mended.extend(salvage.unfinished(store.layout))
        done.mended.extend(store.recover())
        store.check_lock()
        _strays(store, done)
        _files(store, done)
        _index(store, done)


def _in_bucket(store: Store, origin: Origin, done: Repaired) -> None:
    mended, cannot = restock.manifests(store, origin)
    done.mended.extend(mended)
    done.cannot.extend(cannot)
    if not cannot:
        store.check_lock()
        restock.announcements(origin)
        done.mended.extend([*commit.recover(store.layout), *origin.settle(store.new_run_id)])
        store.check_lock()
        done.mended.extend(restock.strays(store, origin))
        done.mended.extend(restock.files(store, origin))
        _files(store, done)
        done.mended.extend(restock.index(store))


def _strays(store: Store, done: Repaired) -> None:
    commits = store.commits()
    removed = {path for commit in commits for path in commit.removes}
    there = verify.present(store.root)
    for path, _ in list(verify.strays(store.root, there, commits, manifest.published(commits))):
        if path in removed:
            disk.remove(store.root / path)
            done.mended.append(f"{path}: a later run took it back; deleted")
        else:
            _move_aside(store.root, path)
            done.mended.append(f"{path}: no manifest names it; moved to {STATE}/quarantine/")


def _files(store: Store, done: Repaired) -> None:
    """The ledger and the data."""
    broken = {f.path: fault for f, fault in _broken(store)}
    for path, fault in broken.items():
        if _is_kept(path, fault):
            done.cannot.append(f"{path}: {fault.message}; restore it from a backup")
    ledger = [path for path in broken if path.startswith(f"{STATE}/ledger/")]
    data = {p: f"{f.check}: {f.message}" for p, f in broken.items() if p not in ledger and not _is_kept(p, f)}
    for path in [*ledger, *data]:
        if (store.root / path).exists():
            _copy_aside(store, path)
    if data:
        lost = losing.take_out(store, data, dataset.published(store.root, f"{STATE}/ledger"))
        done.mended.extend(lost.mended)
        done.cannot.extend(lost.cannot)
    elif ledger:
        _take_back(store, ledger)
        done.mended.append(f"the ledger: {len(ledger)} broken files of it dropped; what they spoke of is read again")
    if not any(path.split("/")[0] in dataset.TEXTS for path in broken if path not in data) and (
        relinked := losing.relink(store)
    ):
        done.mended.append(f"{relinked} copies and later versions relinked: what they led to is gone")


def _is_kept(path: str, fault: Fault) -> bool:
    """Not to be taken out: state that nothing can rebuild (tombstones), and what a later version has written."""
    in_state = path.startswith(f"{STATE}/") and not path.startswith(f"{STATE}/ledger/")
    return in_state or fault.check in ("schema", "unreadable")


def _index(store: Store, done: Repaired) -> None:
    """Unlink what is damaged or falls short; opening the index builds it anew."""
    published = manifest.published(store.commits())
    there = verify.present(store.root)
    faults = verify.index_faults(store.root, published, there, read_data=True)
    bad = sorted({f.where for f in faults})
    if bad == [intact.INDEX]:  # no segment is broken, but together they lack rows
        bad = sorted(path for path in there if path.startswith(intact.INDEX))
    for path in bad:
        disk.remove(store.root / path)
    if bad:
        try:
            history.open_index(store)
        except StoreError as error:
            done.cannot.append(f"the index cannot be built anew: {error}")
        else:
            done.mended.append(f"the index: {len(bad)} segments built anew from the Parquet")


def _broken(store: Store) -> list[tuple[PublishedFile, Fault]]:
    """Published files that are not as their manifests say, but for the index."""
    files = [f for f in manifest.published(store.commits()) if not f.path.startswith(intact.INDEX)]
    faults = [(f, intact.fault(store.root, f, read_data=True)) for f in files]
    return [(f, fault) for f, fault in faults if fault is not None]


def _take_back(store: Store, files: Sequence[str]) -> None:
    """A commit that takes files out of the output."""
    run_id = store.new_run_id(dt.datetime.now(dt.UTC))
    with store.staging(run_id):
        store.commit(run_id, files)


def _move_aside(root: Path, path: str) -> None:
    target = Layout(root).quarantine / path
    disk.make_folder(target.parent)
    disk.rename(root / path, target)
    disk.sync_folder(target.parent)


def _copy_aside(store: Store, path: str) -> None:
    if store.origin:
        store.origin.set_aside(path, delete=False)
        return
    target = store.layout.quarantine / path
    disk.make_folder(target.parent)
    shutil.copyfile(store.root / path, target)
