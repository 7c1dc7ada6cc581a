"""A disk that forgets what was not synced: watches a folder while the store works there, and loses power at will.

What is known to be on the disk: the bytes that a file had when it was last synced, and the names that a folder had
when it was last synced. Everything since is pending: a new name, a lost name, a rename. When the power goes, any part
of what is pending may have reached the disk and the rest not, in any order; a file that was never synced has lost its
bytes, or half of them. A rename is one thing: its two names change together (as on every journalling file system).
A sync of a folder brings all that is pending in it to the disk, and nothing else. Harsher than most file systems: on
those a folder's sync brings more with it, and a new file's sync its name.

Syncs are seen where they leave Python, in os.fsync, and changes by looking at the folder whenever a point of
copydesk.points is passed or something is synced; whoever wrote a file, it is seen (Arrow's Parquet writer too).
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from copydesk import points

Key = tuple[int, int]  # a folder or file: its inode, and the how-manieth of that number it is


@dataclass(frozen=True, slots=True)
class Change:
    """A name that came (`to`), went (`gone`), or both: a rename. Each is (folder, name)."""

    node: Key
    gone: tuple[Key, str] | None
    to: tuple[Key, str] | None

    def folders(self) -> set[Key]:
        return {place[0] for place in (self.gone, self.to) if place}


@dataclass(slots=True)
class State:
    """What a disk holds: the names in each folder, the bytes of each file (None: it was never synced)."""

    names: dict[Key, dict[str, Key]] = field(default_factory=dict)
    bytes: dict[Key, bytes] = field(default_factory=dict)
    files: set[Key] = field(default_factory=set)

    def apply(self, change: Change) -> None:
        if change.gone:
            folder, name = change.gone
            if self.names.setdefault(folder, {}).get(name) == change.node:
                del self.names[folder][name]
        if change.to:
            folder, name = change.to
            self.names.setdefault(folder, {})[name] = change.node

    def write(self, node: Key, path: Path, lost: Callable[[], bytes]) -> None:
        """Bring it to a real folder, `path`. lost: what a file that was never synced holds."""
        path.mkdir()
        for name, child in self.names.get(node, {}).items():
            if child in self.files:
                (path / name).write_bytes(self.bytes[child] if child in self.bytes else lost())
            else:
                self.write(child, path / name, lost)


class Power:
    """Watches `root`, whose own name is taken to be on the disk, and all that is in it now."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._generation: dict[int, int] = {}
        self._now: dict[Key, dict[str, Key]] = {}
        self._disk = State()
        self._pending: list[Change] = []
        self._top = self._key(root.stat().st_ino)
        self.look()
        for change in self._pending:
            self._disk.apply(change)
        self._pending.clear()
        for node, path in self._paths().items():
            if node in self._disk.files:
                self._disk.bytes[node] = path.read_bytes()

    def look(self) -> None:
        """See what has changed."""
        before = {child: (folder, name) for folder, names in self._now.items() for name, child in names.items()}
        seen: dict[Key, dict[str, Key]] = {}
        self._scan(self.root, self._top, seen)
        after = {child: (folder, name) for folder, names in seen.items() for name, child in names.items()}
        taken = {after[child] for child in after if before.get(child) != after[child]}
        for child in sorted(set(before) | set(after)):
            gone, to = before.get(child), after.get(child)
            if gone != to and (to or gone not in taken):  # a file that a rename replaced goes with that rename
                self._pending.append(Change(child, gone, to))
            if child not in after:
                self._generation[child[0]] = child[1] + 1  # the number may be given again
        self._now = seen

    def synced(self, path: Path) -> None:
        """Something was synced."""
        self.look()
        status = path.stat()
        node = self._key(status.st_ino)
        if path.is_dir():
            done = [c for c in self._pending if node in c.folders()]
            for change in done:
                self._disk.apply(change)
            self._pending = [c for c in self._pending if node not in c.folders()]
        else:
            self._disk.bytes[node] = path.read_bytes()

    def fail(self, into: Path, pick: random.Random | None, keep: float) -> None:
        """Lose power: write what is left to the folder `into`, which is made.

        keep: the share of what is pending that is kept, as `pick` has it; without it all (1) or nothing (0).
        """
        left = State({k: dict(v) for k, v in self._disk.names.items()}, self._disk.bytes, self._disk.files)
        kept = [c for c in self._pending if (pick.random() < keep if pick else keep == 1)]
        for change in kept:
            left.apply(change)
        left.write(self._top, into, lambda: b"" if pick is None or pick.random() < 0.5 else b"PAR1 half of i")

    def _key(self, inode: int) -> Key:
        return inode, self._generation.get(inode, 0)

    def _scan(self, path: Path, node: Key, seen: dict[Key, dict[str, Key]]) -> None:
        try:
            with os.scandir(path) as entries:
                listing = list(entries)
        except FileNotFoundError:  # another thread has removed it since its folder was listed
            listing = []
        seen[node] = {}
        for entry in listing:
            child = self._key(entry.inode())
            seen[node][entry.name] = child
            if entry.is_dir(follow_symlinks=False):
                self._scan(Path(entry.path), child, seen)
            else:
                self._disk.files.add(child)

    def _paths(self) -> dict[Key, Path]:
        found: dict[Key, Path] = {self._top: self.root}
        for folder, names in self._now.items():  # folders come before what is in them
            found.update({child: found[folder] / name for name, child in names.items()})
        return found


@contextmanager
def watched(root: Path, at: Callable[[str, Power], None]) -> Iterator[Power]:
    """Watch `root`; `at` is called at every point and before and after every sync, with its name."""
    power = Power(root)

    def point(name: str) -> None:
        power.look()
        at(name, power)

    def sync(descriptor: int) -> None:  # the true one is left out: what matters is what the store asks for
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        point(f"before a sync of {path.name}")
        if power.root in (path, *path.parents):
            power.synced(path)
        point(f"after a sync of {path.name}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", sync)
        patch.setattr(points, "checkpoint", point)
        yield power


def losses(seeds: range) -> Iterator[tuple[str, random.Random | None, float]]:
    """Ways to lose power: nothing pending kept, all kept, and by chance some of it."""
    yield "none", None, 0.0
    yield "all", None, 1.0
    for seed in seeds:
        yield f"some, seed {seed}", random.Random(seed), (0.2, 0.5, 0.8)[seed % 3]


def clear(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    return path
