"""The working copy of an output in object storage: a folder of this machine, of which the engine knows no more.

It is a cache: what it has of the bucket, and up to which manifest, is noted here; getting it is origin.py's.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from copydesk.errors import StoreError
from copydesk.store import lock, volume
from copydesk.store.layout import STATE, Layout
from copydesk.store.manifest import Commit, PublishedFile

_SEEN = "seen.json"
_KEPT = ("origin.json", "lock", "leases")  # when what it was the copy of is not there any more


class WorkingCopy:
    """root: its folder. url: of the output, as errors name it."""

    def __init__(self, root: Path, url: str) -> None:
        self._root, self._url = root, url
        self._layout = Layout(root)

    def commits(self) -> list[Commit]:
        """What the manifests that it has say, in their order. Raises StoreError."""
        return volume.commits(self._layout)

    def adopt(self, commit: Commit, content: bytes) -> None:
        """Note that a commit is published. content: its manifest."""
        write(self._layout.committed(commit.run_id), content)
        for path in commit.removes:
            (self._root / path).unlink(missing_ok=True)

    def adopt_bound(self, commits: Iterable[Commit], content: bytes) -> None:
        """Note several commits, whose manifests are bound together in `content`."""
        write(self._layout.commits / volume.name([commit.run_id for commit in commits]), content)

    def seen(self) -> tuple[int, str]:
        """Number and etag of the last manifest that it has; 0 and nothing if it has none."""
        try:
            seen: dict[str, Any] = orjson.loads((self._layout.state / _SEEN).read_bytes())
            return int(seen["number"]), str(seen["etag"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, ""

    def note(self, number: int, etag: str) -> None:
        """Note which manifest is the last that it has."""
        write(self._layout.state / _SEEN, orjson.dumps({"number": number, "etag": etag}))

    def lacking(self, files: Iterable[PublishedFile]) -> list[PublishedFile]:
        """Those files that it has not, or not in their size."""
        return [file for file in files if _size(self._root / file.path) != file.size]

    def forget_manifests(self) -> None:
        """Have none, so that all are asked for again."""
        for path in [*self._layout.commits.iterdir(), self._layout.state / _SEEN]:
            path.unlink(missing_ok=True)

    def begin_anew(self) -> None:
        """Be a copy of nothing: the output is gone, or another is in its place. Raises StoreError while a run of
        another process works on it."""
        with suppress(FileNotFoundError):
            if not lock.is_mine(self._layout.lock) and lock.is_held(self._layout.lock):
                raise StoreError(f"{self._url}: the output was deleted or replaced while a run is under way")
        for path in self._root.iterdir():
            if path.name != STATE:
                shutil.rmtree(path)
        for path in self._layout.state.iterdir():
            if path.name not in _KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for folder in (self._layout.commits, self._layout.all_staging):
            folder.mkdir(exist_ok=True)


def write(path: Path, content: bytes) -> None:
    """Write a file in one step: others may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.fresh")
    fresh.write_bytes(content)
    os.replace(fresh, path)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
