"""Which names of the setting `map` the records of a run had: one that none had is a slip, and nothing else tells of it.

Whoever reads a part of a file leaves an empty note of each name that it met, in the folder that all of them have in
common.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

A_RECORD = ""
"""Met, as a name, where any record was read: without one nothing can be told of the names."""


def note(folder: Path, names: Iterable[str]) -> None:
    """Leave a note that records had fields of these names."""
    for name in names:
        _path(folder, name).touch()


def unmet(folder: Path, names: Mapping[str, str]) -> list[str]:
    """What to tell of the names that no note speaks of, if any record was read. names: the setting `map`,
    {ours: theirs}."""
    if not _path(folder, A_RECORD).exists():
        return []
    return [
        f"no record that was read has `{theirs}`, which `map` names for `{ours}`"
        for ours, theirs in names.items()
        if not _path(folder, theirs).exists()
    ]


def _path(folder: Path, name: str) -> Path:
    return folder / f"{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.met"
