"""Volumes: the manifests of many consecutive runs in one file, so that opening an output of many runs stays quick.

`_state/commits/<first>.<last>.jsonl`, named for its first and last run, holds the manifests as they were, a line each:

    {"format": 1, "runs": [run ids], "sha256": of all lines below, "checksum": of this line}
    {"format": 1, "run_id": ..., "files": [...], ..., "checksum": of this line}
    ...

bind.py writes them: a volume comes before the manifests go that it holds, so for a while, or until the next `maintain`
if it was killed, a run has both; they say the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from copydesk.errors import StoreError
from copydesk.store import manifest
from copydesk.store.layout import Layout
from copydesk.store.manifest import Commit

FORMAT = 1
"""Of a volume's first line. A reader refuses a greater one."""

SUFFIX = ".jsonl"
_KEPT = 32  # volumes that a process remembers: a run asks for the commits a dozen times


def commits(layout: Layout) -> list[Commit]:
    """The commits in force, in the order of their runs. Raises StoreError for a damaged manifest or volume.

    Manifests may be bound while they are read, or a damaged volume be taken apart: then it begins again.
    """
    while True:
        listed = paths(layout)
        found, gone = _singles(layout)
        try:
            bound = [commit for path in listed for commit in read(path)]
        except FileNotFoundError:
            continue
        if paths(layout) == listed:
            break
    for commit in bound:
        found.setdefault(commit.run_id, commit)
    if lost := gone - found.keys():
        raise StoreError(f"{layout.committed(min(lost))}: the manifest was removed while the output was opened")
    return [found[run] for run in sorted(found)]


def is_committed(layout: Layout, run_id: str) -> bool:
    """Whether a run is published."""
    return layout.committed(run_id).exists() or any(c.run_id == run_id for path in paths(layout) for c in read(path))


def paths(layout: Layout) -> list[Path]:
    """The volumes, in the order of their first runs."""
    return sorted(layout.commits.glob("*" + SUFFIX))


def name(runs: Sequence[str]) -> str:
    """The file name of the volume of these runs."""
    return f"{runs[0]}.{runs[-1]}{SUFFIX}"


def encode(manifests: Iterable[bytes]) -> bytes:
    """A volume of whole manifests (see manifest.encode), in the order of their runs."""
    bodies = [orjson.loads(content) for content in manifests]
    lines = b"".join(orjson.dumps(body) + b"\n" for body in bodies)
    head = {"format": FORMAT, "runs": [body["run_id"] for body in bodies], "sha256": hashlib.sha256(lines).hexdigest()}
    return orjson.dumps({**head, "checksum": manifest.checksum(head)}) + b"\n" + lines


def read(path: Path) -> tuple[Commit, ...]:
    """The commits of a volume. Raises FileNotFoundError, and StoreError if it is damaged or of a later version."""
    try:
        about = path.stat()
        return _read(path, about.st_ino, about.st_mtime_ns, about.st_size)
    except FileNotFoundError:
        raise
    except manifest.DAMAGED as error:
        raise StoreError(f"{path}: the manifests cannot be read: {error}; try `copydesk verify --repair`") from error
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from None


def decode(content: bytes) -> tuple[Commit, ...]:
    """A volume from its bytes. Raises one of manifest.DAMAGED, or StoreError for a later version."""
    first, _, lines = content.partition(b"\n")
    head = _head(first)
    if hashlib.sha256(lines).hexdigest() != head["sha256"]:
        raise ValueError("its checksum does not fit")
    return tuple(manifest.of_body(orjson.loads(line)) for line in lines.splitlines())


def apart(content: bytes) -> dict[str, bytes]:
    """What is left of a damaged volume: run -> the line of its manifest, whole or not; b"" if it is lost."""
    first, *lines = content.removesuffix(b"\n").split(b"\n")
    whole: dict[str, bytes] = {}
    for line in lines:
        try:
            whole[manifest.decode(line).run_id] = line
        except manifest.DAMAGED:
            continue
    try:
        runs: list[str] = _head(first)["runs"]
    except manifest.DAMAGED:
        return whole  # of what is not whole nothing tells whose it is but the files
    in_place = lines if len(lines) == len(runs) else [b""] * len(runs)
    return {run: whole.get(run, line) for run, line in zip(runs, in_place, strict=True)}


def _singles(layout: Layout) -> tuple[dict[str, Commit], set[str]]:
    """The manifests that are in no volume, or not only; and the runs of those that went while they were read."""
    found: dict[str, Commit] = {}
    gone: set[str] = set()
    for path in manifest.committed(layout):
        try:
            found[manifest.run_id(path)] = manifest.read(path)
        except StoreError:
            if path.exists():
                raise
            gone.add(manifest.run_id(path))
    return found, gone


@lru_cache(maxsize=_KEPT)
def _read(path: Path, *_: int) -> tuple[Commit, ...]:
    return decode(path.read_bytes())


def _head(line: bytes) -> dict[str, Any]:
    head: dict[str, Any] = orjson.loads(line)
    if head.pop("checksum") != manifest.checksum(head):
        raise ValueError("the checksum of its first line does not fit")
    if head["format"] > FORMAT:
        raise StoreError("written by a later version of copydesk; use that one")
    return head
