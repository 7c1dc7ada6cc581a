"""Mending the books of commits: manifests that cannot be read, and commits that cannot be completed.

A damaged manifest is mended if one bit of it flipped (its checksum proves it), else written anew from the files of its
run, if those are whole and the books agree. A commit that never became visible and cannot be completed is given up:
the output stays as it was before it. All of it under the lock; every step can be done twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk import schema
from copydesk.errors import StoreError
from copydesk.schema import DATASETS
from copydesk.store import disk, manifest, parquet, run_ids, volume
from copydesk.store.layout import STATE, Layout
from copydesk.store.manifest import Change, Commit, PublishedFile
from copydesk.store.parquet import BROKEN
from copydesk.upkeep import intact, losing, relations, verify
from copydesk.upkeep.fault import Faults

MOST_BYTES = 16 * 1024
"""Of a manifest that is searched for a flipped bit: some seconds' work; it grows with the square of the size."""

_NAMED = re.compile(rb'"((?:_state/tombstones|' + "|".join(DATASETS).encode() + rb')/[^"\\]{1,300})"')


class CannotMend(Exception):
    """Why not, in words."""


def manifests(layout: Layout) -> tuple[list[str], list[str]]:
    """Mend the manifests of `_state/commits/`. Returns what was mended and what cannot be, in words.

    Raises StoreError for a manifest of a later version: that is no damage, and nothing here understands it.
    """
    mended, cannot = _take_apart(layout), []
    for path in [*manifest.prepared(layout), *manifest.committed(layout)]:
        try:
            manifest.decode(path.read_bytes())
        except manifest.DAMAGED:
            try:
                mended.append(f"{path.name}: {_mend(layout, path)}")
            except CannotMend as error:
                cannot.append(f"{path.name}: the manifest is damaged and cannot be mended: {error}")
    if not cannot:
        mended += _lost(layout)
    return mended, cannot


def _take_apart(layout: Layout) -> list[str]:
    """Make single manifests again of damaged volumes, to be mended one by one; the next `maintain` binds them."""
    done = []
    for path in volume.paths(layout):
        content = path.read_bytes()
        try:
            volume.decode(content)
        except manifest.DAMAGED:
            lines = volume.apart(content)
            for run_id, line in lines.items():
                if not layout.committed(run_id).exists():
                    _write(layout, layout.committed(run_id), line)
            _put_aside(layout, path, content)
            disk.remove(path)
            disk.sync_folder(layout.commits)
            done.append(f"{path.name}: the manifests of {len(lines)} runs, damaged, were taken apart")
    return done


def _put_aside(layout: Layout, path: Path, content: bytes) -> None:
    disk.make_folder(_kept(layout, path).parent)
    disk.write_new(_kept(layout, path), content)


def _lost(layout: Layout) -> list[str]:
    """Write anew the manifests that are gone of runs whose files are there; else repair._strays moves those aside."""
    mended = []
    there = [path.split("/") for path in verify.present(layout.root)]
    begun = (run_ids.PATTERN.match(parts[-1]) for parts in there if parts[0] in DATASETS)
    for run_id in sorted({found[0] for found in begun if found}):
        if volume.is_committed(layout, run_id) or layout.prepared(run_id).exists() or layout.staging(run_id).exists():
            continue
        try:
            commit = rebuilt(layout, run_id, b"")
        except CannotMend:
            continue
        _write(layout, layout.committed(run_id), manifest.encode(commit))
        mended.append(f"{run_id}.json was gone: {told(commit)}")
    return mended


def unfinished(layout: Layout) -> list[str]:
    """Give up the prepared commits whose files are not whole; `recover` completes the others. In words."""
    given_up = []
    for path in manifest.prepared(layout):
        prepared = manifest.read(path)
        lost = [f.path for f in prepared.files if not _is_whole(layout, prepared.run_id, f)]
        if lost:
            _give_up(layout, path, [f.path for f in prepared.files])
            given_up.append(
                f"run {prepared.run_id} was stopped inside its commit, and {lost[0]} of it is gone or broken: "
                "given up; the output is as it was before that run"
            )
    return given_up


def flipped(content: bytes) -> bytes | None:
    """The manifest that becomes `content` when one of its bits flips; None if there is none."""
    if len(content) > MOST_BYTES:
        return None
    trial = bytearray(content)
    for place in range(len(trial)):
        for bit in range(8):
            trial[place] ^= 1 << bit
            try:
                manifest.decode(bytes(trial))
            except manifest.DAMAGED:
                trial[place] ^= 1 << bit
            else:
                return bytes(trial)
    return None


def _mend(layout: Layout, path: Path) -> str:
    content = path.read_bytes()
    if (whole := flipped(content)) is not None:
        _write(layout, path, whole)
        return "one bit had flipped; its checksum proves what it was"
    if path in manifest.prepared(layout):
        _give_up(layout, path, _unnamed(layout, manifest.run_id(path)))
        return "its run was stopped inside its commit: given up; the output is as it was before that run"
    commit = rebuilt(layout, manifest.run_id(path), content)
    _put_aside(layout, path, content)
    _write(layout, path, manifest.encode(commit))
    return told(commit)


def told(commit: Commit) -> str:
    """What was done to mend a manifest that is `rebuilt`, in words."""
    gone = "".join(f"; {-c.rows} {c.dataset} of run {c.run_id} are counted as gone since" for c in commit.changes)
    return f"written anew from the {len(commit.files)} files of its run, which agree with the books{gone}"


def _write(layout: Layout, path: Path, content: bytes) -> None:
    fresh = _kept(layout, path).with_suffix(".mended")
    disk.make_folder(fresh.parent)
    disk.write_new(fresh, content)
    disk.rename(fresh, path)
    disk.sync_folder(path.parent)


def _kept(layout: Layout, path: Path) -> Path:
    return layout.quarantine / "commits" / path.name


def rebuilt(layout: Layout, run_id: str, damaged: bytes) -> Commit:
    """The commit of a run, from its files. damaged: what is left of its manifest. Raises CannotMend."""
    paths = _unnamed(layout, run_id)
    lost = {found.decode() for found in _NAMED.findall(damaged) if run_id.encode() in found} - set(paths)
    if lost := {path for path in lost if not _is_taken_back(layout, path)}:
        raise CannotMend(f"it names {min(lost)}, which is not there; restore either from a backup")
    commit = Commit(run_id, tuple(f for path in paths if (f := _described(layout, path)) is not None))
    others = _readable(layout)
    if not _has_its_row(layout, run_id, [f.path for f in _in_force([*others, commit])]):
        commit = _rewriting(layout, commit, others)
    commits = [*others, commit]
    paths = [f.path for f in _in_force(commits)]
    by_name = {name: [p for p in paths if p.startswith(f"{name}/") and (layout.root / p).exists()] for name in DATASETS}
    faults = Faults()
    relations.check(layout.root, by_name, faults, [change for one in commits for change in one.changes])
    wrong = [f.message for f in faults.all() if f.check == "books" and (commit.removes or f.where == run_id)]
    if wrong:
        raise CannotMend(f"its files are not all there: {wrong[0]}; restore it or them from a backup")
    return commit


def _rewriting(layout: Layout, commit: Commit, others: Sequence[Commit]) -> Commit:
    """The commit of a run that brought nothing new: what it replaced is not there any more, so the books tell.

    `maintain` and `reclean` change no counts, `forget` and repairs do: what the books have and the datasets do not is
    what they took away.
    """
    earlier = [f.path for f in _in_force(others) if Path(f.path).name[: len(commit.run_id)] < commit.run_id]
    removes = tuple(path for path in earlier if not (layout.root / path).exists())
    if not removes:
        raise CannotMend("runs/ has no row of it, so nothing tells whether its files are all there; restore a backup")
    whole = [f.path for f in _in_force([*others, replace(commit, removes=removes)]) if (layout.root / f.path).exists()]
    missing = losing.uncounted(layout.root, others, whole, removes)
    changes = tuple(Change(run, name, -rows) for (run, name), rows in sorted(missing.items()))
    return replace(commit, removes=removes, changes=changes, keeps=True)


def _in_force(commits: Sequence[Commit]) -> list[PublishedFile]:
    return manifest.published(sorted(commits, key=lambda commit: commit.run_id))


def _unnamed(layout: Layout, run_id: str) -> list[str]:
    """Relative paths of the files in place that are named for a run and that no readable manifest names."""
    named = {f.path for commit in _readable(layout) for f in commit.files}
    there = verify.present(layout.root)
    return sorted(path for path in there if path not in named and path.split("/")[-1].startswith(run_id))


def _is_taken_back(layout: Layout, path: str) -> bool:
    return any(path in commit.removes for commit in _readable(layout))


def _readable(layout: Layout) -> list[Commit]:
    commits = {c.run_id: c for path in volume.paths(layout) for c in volume.read(path)}  # `_take_apart` was before
    for path in manifest.committed(layout):
        try:
            commits[manifest.run_id(path)] = manifest.decode(path.read_bytes())
        except manifest.DAMAGED:
            commits.pop(manifest.run_id(path), None)
    return list(commits.values())


def _described(layout: Layout, path: str) -> PublishedFile | None:
    """A file as its manifest would have it; None for a broken one that can be done without (index, ledger).

    Raises CannotMend for a broken one of a dataset.
    """
    place = layout.root / path
    if path.startswith(intact.INDEX):
        if intact.segment_fault(layout.root, path, read_data=True) is not None:
            return None
        return PublishedFile(path, place.stat().st_size, intact.sha256(place), None)
    try:
        with pq.ParquetFile(place) as file:
            rows = sum(batch.num_rows for batch in file.iter_batches(batch_size=1024))
            columns = file.schema_arrow
    except BROKEN as error:
        if path.startswith(f"{STATE}/"):
            return None
        raise CannotMend(f"{path} is broken as well ({error}); restore either from a backup") from None
    if (name := path.split("/")[0]) in DATASETS and (wrong := schema.difference(name, columns)):
        raise CannotMend(f"{path}: {wrong}")
    return PublishedFile(path, place.stat().st_size, intact.sha256(place), rows)


def _has_its_row(layout: Layout, run_id: str, paths: Sequence[str]) -> bool:
    for path in paths:
        if path.startswith("runs/"):
            try:
                runs = parquet.read(layout.root / path, DATASETS["runs"])
            except BROKEN:
                continue
            if pc.any(pc.equal(runs["run_id"], run_id)).as_py():
                return True
    return False


def _is_whole(layout: Layout, run_id: str, file: PublishedFile) -> bool:
    """Whether a file of a prepared commit is as it was staged, staged or in place."""
    staged, target = layout.final(run_id) / file.path, layout.root / file.path
    path = staged if staged.exists() else target
    return path.exists() and path.stat().st_size == file.size and intact.sha256(path) == file.sha256


def _give_up(layout: Layout, path: Path, placed: Sequence[str]) -> None:
    """Undo a commit that never became visible: what it set aside comes back, what it put in place goes."""
    run_id = manifest.run_id(path)
    aside = layout.retired(run_id)
    for file in placed:
        disk.remove(layout.root / file)
    for retired in sorted(p for p in aside.rglob("*") if p.is_file()):
        target = layout.root / retired.relative_to(aside)
        if target.exists():
            raise StoreError(f"{target}: it is there, and as {retired} too")
        disk.make_folder(target.parent)
        disk.rename(retired, target)
        disk.sync_folder(target.parent)
    disk.remove(path)  # last: until then the next repair can do all of this again
    disk.sync_folder(layout.commits)
    disk.remove_tree(aside)
    disk.remove_tree(layout.staging(run_id))
