"""Checks row by row: the removals of each text give back the text before cleaning, and the counts agree.

One part after the other: the removals of a row lie in the file of removals/ that has the name of the row's own file.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cleaners.span import Removal, restore
from copydesk.store.dataset import TEXTS
from copydesk.store.parquet import BROKEN
from copydesk.upkeep.fault import Faults

Row = dict[str, Any]

_COLUMNS = ["id", "item_key", "content_sha256", "text", "source_text_sha256", "char_count", "removed_chars"]

_ROWS_AT_ONCE = 256


def check(root: Path, paths: Mapping[str, Sequence[str]], faults: Faults) -> None:
    """Check every row of the given files of TEXTS (relative paths) against the given files of removals/."""
    removals_files = set(paths["removals"])
    parts = defaultdict(list)
    for name in TEXTS:
        for path in paths[name]:
            parts[f"removals/{path.split('/', 1)[1]}"].append(path)
    for removals_path, files in parts.items():
        try:
            removals = _removals(root / removals_path) if removals_path in removals_files else {}
        except BROKEN as error:
            faults.add("unreadable", removals_path, str(error))
            continue
        for path in files:
            _check_file(root, path, removals, faults)


def _check_file(root: Path, path: str, removals: Mapping[str, Sequence[Removal]], faults: Faults) -> None:
    try:
        for row in _rows(root / path, _COLUMNS):
            for name, message in _faults_of(row, removals.get(row["id"], ())):
                faults.add(name, f"{path} {row['id']}", message)
    except BROKEN as error:
        faults.add("unreadable", path, str(error))


def _faults_of(row: Row, removals: Sequence[Removal]) -> Iterator[tuple[str, str]]:
    """(check, message) of all that is wrong with a row."""
    nulls = [name for name in _COLUMNS if row[name] is None]
    if nulls:
        yield "counts", f"{', '.join(nulls)} must not be null"
        return
    if row["id"] != hashlib.sha256(f"{row['item_key']}\0{row['content_sha256']}".encode()).hexdigest()[:32]:
        yield "id", "it is not that of its item_key and content_sha256"
    if row["char_count"] != len(row["text"]):
        yield "counts", f"char_count is {row['char_count']}, the text has {len(row['text'])}"
    taken = sum(len(removal.text) for removal in removals)
    if row["removed_chars"] != taken:
        yield "counts", f"removed_chars is {row['removed_chars']}, its removals have {taken}"
    if not _in_order(removals):
        yield "restore", "its removals overlap, or are not as long as their text"
    elif hashlib.sha256(restore(row["text"], removals).encode()).hexdigest() != row["source_text_sha256"]:
        yield "restore", "the text with its removals put back is not the text before cleaning"


def _in_order(removals: Sequence[Removal]) -> bool:
    position = 0
    for removal in removals:
        if removal.start < position or removal.end - removal.start != len(removal.text):
            return False
        position = removal.end
    return True


def _removals(path: Path) -> dict[str, list[Removal]]:
    """A part's removals by row, each row's in order of position. ValueError if one lacks its position or text."""
    found: dict[str, list[Removal]] = defaultdict(list)
    for row in _rows(path, ["id", "start", "end", "text"]):
        if None in row.values():
            raise ValueError(f"a removal of {row['id']} lacks its position or text")
        found[row["id"]].append(Removal(row["start"], row["end"], row["text"], (), ""))
    for removals in found.values():
        removals.sort(key=lambda removal: removal.start)
    return found


def _rows(path: Path, columns: list[str]) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns):
            yield from batch.to_pylist()
