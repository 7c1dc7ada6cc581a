"""What a user has said of lines: pinned ones are templates wherever they stand, forbidden ones never are.

`_state/rulings/<run_id>.parquet`, one file; each change writes it anew. Lines are known by the 12 hex digits that the
rules of removals name (`template:...`), which is all that is kept of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from cleaners import templates
from copydesk.errors import StoreError, UsageError
from copydesk.store import layout, parquet
from copydesk.store.parquet import BROKEN
from copydesk.store.store import Store

FOLDER = "rulings"
"""Below `_state/`."""

SCHEMA = pa.schema([("line", pa.string()), ("ruling", pa.string())])

Ruling = Literal["pin", "forbid", "drop"]

_NAME = re.compile(r"(?:template:)?([0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class Rulings:
    """12 hex digits of lines."""

    pinned: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()


def load(store: Store) -> Rulings:
    """What was said. Raises StoreError if the file is broken."""
    told: dict[str, str] = {}
    for path in store.files(f"{layout.STATE}/{FOLDER}"):
        try:
            rows = parquet.read(path, SCHEMA).to_pylist()
        except BROKEN as error:
            raise StoreError(f"{path}: the rulings cannot be read: {error}") from error
        told.update((row["line"], row["ruling"]) for row in rows)
    said = {name: frozenset(line for line, ruling in told.items() if ruling == name) for name in ("pin", "forbid")}
    return Rulings(said["pin"], said["forbid"])


def rule(root: Path, lines: Collection[str], ruling: Ruling) -> Rulings:
    """Pin or forbid lines, or drop what was said of them; in one commit. lines: see `named`.

    Returns all rulings as they are now; no row changes before the next run or `reclean`. Raises UsageError,
    LockedError, StoreError.
    """
    names = frozenset(map(named, lines))
    store = Store(root)
    with store.lock(f"rules {ruling}"):
        store.recover()
        old = load(store)
        new = Rulings(
            old.pinned | names if ruling == "pin" else old.pinned - names,
            old.forbidden | names if ruling == "forbid" else old.forbidden - names,
        )
        if new != old:
            run_id = store.new_run_id(dt.datetime.now(dt.UTC))
            before = [p.relative_to(root).as_posix() for p in store.files(f"{layout.STATE}/{FOLDER}")]
            with store.staging(run_id) as staging:
                _write(new, staging / "final" / layout.STATE / FOLDER / f"{run_id}.parquet")
                store.commit(run_id, before, keep=True)
        return new


def named(line: str) -> str:
    """The 12 hex digits of a line that is named by them, by its rule, or by its own text. Raises UsageError."""
    if not line.strip():
        raise UsageError("a blank line is no template")
    found = _NAME.fullmatch(line)
    if not found and line.startswith(templates.RULE):
        raise UsageError(f"{line}: a template is named by 12 hex digits; `copydesk rules learned` has them")
    return found[1] if found else templates.rule_id(templates.line_hash(line)).removeprefix(templates.RULE)


def _write(rulings: Rulings, path: Path) -> None:
    rows = [(line, "pin") for line in rulings.pinned] + [(line, "forbid") for line in rulings.forbidden]
    columns = [[row[i] for row in rows] for i in range(2)]
    parquet.write_sorted(pa.table([pa.array(c, pa.string()) for c in columns], schema=SCHEMA), path, ("line",))
