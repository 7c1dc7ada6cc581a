"""Manifests: which files belong to a run. `_state/commits/<run_id>.json` is the truth about what is published."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from copydesk.errors import StoreError
from copydesk.store.layout import Layout

FORMAT = 1
"""Of the manifest's JSON. A reader refuses a greater one: it could miss what is in force."""

DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading a damaged manifest raises."""


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file of a run. path: relative to the output, with `/`. size: bytes. rows: of a Parquet file, else None."""

    path: str
    size: int
    sha256: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """Rows of a run that a later commit added to a dataset, or took away (rows < 0): what the books are short of."""

    run_id: str
    dataset: str
    rows: int


@dataclass(frozen=True, slots=True)
class Commit:
    """What a run published, and which files of earlier runs it took back.

    keeps: whether those are kept aside for who still reads them (Layout.retired). changes: of rows published before.
    """

    run_id: str
    files: tuple[PublishedFile, ...]
    removes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    keeps: bool = False


def encode(commit: Commit, token: str | None = None) -> bytes:
    """JSON with a checksum of itself, so that a flipped bit is told from a fact.

    token: what makes it unlike any other manifest, so that who has put it knows it again.
    """
    body: dict[str, Any] = {"format": FORMAT, **asdict(commit)} | ({"token": token} if token else {})
    return orjson.dumps({**body, "checksum": checksum(body)}, option=orjson.OPT_INDENT_2)


def read(path: Path) -> Commit:
    """Raises StoreError if the manifest is missing, damaged or of a later format."""
    try:
        commit = decode(path.read_bytes())
    except DAMAGED as error:
        raise StoreError(f"{path}: the manifest cannot be read: {error}; try `copydesk verify --repair`") from error
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from None
    if commit.run_id != run_id(path):
        raise StoreError(f"{path}: the manifest is that of run {commit.run_id}")
    return commit


def decode(content: bytes) -> Commit:
    """A manifest from its bytes. Raises one of DAMAGED, or StoreError for a later format."""
    body = orjson.loads(content)
    if body.pop("checksum") != checksum(body):
        raise ValueError("its checksum does not fit")
    return of_body(body)


def of_body(body: dict[str, Any]) -> Commit:
    """A manifest from its JSON, whose checksum was compared or is that of a volume. Raises as `decode`."""
    if body["format"] > FORMAT:
        raise StoreError("written by a later version of copydesk; use that one")
    files = tuple(PublishedFile(**f) for f in body["files"])
    changes = tuple(Change(**c) for c in body.get("changes", ()))
    return Commit(body["run_id"], files, tuple(body["removes"]), changes, body.get("keeps", False))


def run_id(path: Path) -> str:
    """The run a manifest's file name speaks of."""
    return path.name.removesuffix(".json").removesuffix(".prepared")


def committed(layout: Layout) -> list[Path]:
    """Single manifests in force, in the order of their runs; volume.commits has those in volumes as well."""
    return sorted(p for p in paths(layout) if not p.name.endswith(".prepared.json"))


def prepared(layout: Layout) -> list[Path]:
    """Manifests of commits under way, in the order of their runs."""
    return sorted(p for p in paths(layout) if p.name.endswith(".prepared.json"))


def published(commits: Iterable[Commit]) -> list[PublishedFile]:
    """The files in force, in the order of the runs."""
    commits = list(commits)
    removed = {path for commit in commits for path in commit.removes}
    return [f for commit in commits for f in commit.files if f.path not in removed]


def paths(layout: Layout) -> Iterable[Path]:
    """Single manifests, in force or of commits under way."""
    return layout.commits.glob("*.json")


def checksum(body: dict[str, Any]) -> str:
    """Of a JSON object, however it is written down."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
