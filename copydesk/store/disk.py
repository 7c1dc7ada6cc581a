"""All that the store does to the disk, in one place, so that tests can put another layer under it.

A write is safe from power loss when the file is synced and the folder that names it is synced too; a rename when
the folder it went to is synced. POSIX (rename(2), fsync(2)); T. Pillai et al., "All File Systems Are Not Created
Equal", OSDI 2014, shows what goes wrong otherwise.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path

from copydesk import points


def sync_file(path: Path) -> None:
    """Bring a file's bytes to the disk."""
    points.checkpoint("before sync-file")
    _sync(path, os.O_RDONLY)
    points.checkpoint("after sync-file")


def sync_folder(path: Path) -> None:
    """Bring a folder's names to the disk."""
    points.checkpoint("before sync-folder")
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)
    points.checkpoint("after sync-folder")


def make_folder(path: Path) -> None:
    """Make a folder and what is missing above it; each new name is synced."""
    missing = [p for p in (path, *path.parents) if not p.is_dir()]
    if missing:
        _sync_if_allowed(missing[-1].parent.parent)  # who made that one may have been killed before its name was synced
    for folder in reversed(missing):
        points.checkpoint("before make-folder")
        folder.mkdir(exist_ok=True)
        points.checkpoint("after make-folder")
        sync_folder(folder.parent)


def write_new(path: Path, content: bytes) -> None:
    """Write a file and bring its bytes to the disk; its name is not. Killed meanwhile, half of it may be there."""
    points.checkpoint("before write")
    path.write_bytes(content)
    points.checkpoint("after write")
    sync_file(path)


def rename(source: Path, target: Path) -> None:
    """Atomic; safe from power loss only once `target.parent` is synced."""
    points.checkpoint("before rename")
    os.replace(source, target)
    points.checkpoint("after rename")


def remove(path: Path) -> None:
    """Remove a file; it is no error if it is gone."""
    points.checkpoint("before remove")
    path.unlink(missing_ok=True)
    points.checkpoint("after remove")


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it; it is no error if it is gone. Raises OSError if something keeps writing there.

    Not synced: what comes back after a power loss is what the next recovery removes.
    """
    points.checkpoint("before remove-tree")
    if path.is_dir():
        for child in sorted(path.iterdir()):  # child by child: a kill between two leaves half a tree
            if child.is_dir() and not child.is_symlink():
                shutil.rmtree(child)
            else:
                child.unlink(missing_ok=True)
            points.checkpoint("inside remove-tree")
        path.rmdir()
    points.checkpoint("after remove-tree")


def sync_above(path: Path) -> None:
    """Bring a folder's own name to the disk, where it is ours to do."""
    points.checkpoint("before sync-above")
    _sync_if_allowed(path.parent)
    points.checkpoint("after sync-above")


def _sync_if_allowed(folder: Path) -> None:
    with suppress(PermissionError):  # one that cannot be opened is not one that we made
        _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync leaves the bytes in the drive's cache
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
