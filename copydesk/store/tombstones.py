"""What was forgotten, so that it is not ingested again: hashes only, `_state/tombstones/<run_id>.parquet`.

A hash cannot be read back, but who has a URL in hand can find out that it was forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import StoreError
from copydesk.store import parquet
from copydesk.store.parquet import BROKEN
from copydesk.urls import registrable_domain

FOLDER = "tombstones"
"""Below `_state/`."""

ID, ITEM, URL, PUBLISHER, REJECT = "id", "item", "url", "publisher", "reject"
"""What a hash is of: an id; an item_key; a canonical URL; a publisher (see `names_of`); the id of a reject."""

SCHEMA = pa.schema([("kind", pa.string()), ("sha256", pa.binary(32))])

COLUMNS = ("id", "item_key", "canonical_url", "publisher")
"""Of a record, what `Tombstones.cover` looks at."""

Hashes = Mapping[str, Collection[bytes]]
"""Kind -> hashes."""


class Tombstones:
    """All tombstones of an output; `load` makes one."""

    def __init__(self, table: pa.Table) -> None:
        self._known: dict[str, frozenset[bytes]] = {
            kind: frozenset(table.filter(pc.equal(table["kind"], kind))["sha256"].to_pylist())
            for kind in (ID, ITEM, URL, PUBLISHER, REJECT)
        }

    def __len__(self) -> int:
        return sum(map(len, self._known.values()))

    def cover(self, records: pa.Table) -> npt.NDArray[np.bool_]:
        """Which records were forgotten. records: COLUMNS."""
        if not len(self):
            return np.zeros(len(records), np.bool_)
        columns = [records[name].to_pylist() for name in COLUMNS]
        return np.array([self._covers(*row) for row in zip(*columns, strict=True)], np.bool_)

    def rejects(self, ids: Iterable[str]) -> frozenset[str]:
        """Those ids of rejects that were forgotten."""
        known = self._known[REJECT]
        return frozenset(id_ for id_ in ids if digest(id_) in known) if known else frozenset()

    def news(self, hashes: Hashes) -> dict[str, list[bytes]]:
        """Those that are not known yet, sorted."""
        new = {kind: sorted(set(values) - self._known[kind]) for kind, values in hashes.items()}
        return {kind: values for kind, values in new.items() if values}

    def _covers(self, id_: str, item_key: str, url: str | None, publisher: str | None) -> bool:
        return (
            digest(item_key) in self._known[ITEM]
            or digest(id_) in self._known[ID]
            or (url is not None and digest(url) in self._known[URL])
            or (
                bool(self._known[PUBLISHER])
                and any(digest(n) in self._known[PUBLISHER] for n in names_of(publisher, url))
            )
        )


def names_of(publisher: str | None, canonical_url: str | None) -> set[str]:
    """What a publisher answers to: its name, in one spelling, and the registrable domain of the URL."""
    domain = registrable_domain(canonical_url)
    return {name for name in (spelling(publisher or ""), domain) if name}


def spelling(publisher: str) -> str:
    """One spelling of a publisher's name; of a host name, its registrable domain."""
    return registrable_domain(publisher) or " ".join(publisher.split()).casefold()


def digest(text: str) -> bytes:
    """SHA-256 of the UTF-8 text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def load(paths: Sequence[Path]) -> Tombstones:
    """The tombstones in the files at `paths`. Raises StoreError if one is broken."""
    return Tombstones(read(paths))


def read(paths: Sequence[Path]) -> pa.Table:
    """SCHEMA, the rows of all files. Raises StoreError if one is broken."""
    tables = [SCHEMA.empty_table()]
    for path in paths:
        try:
            tables.append(parquet.read(path, SCHEMA))
        except BROKEN as error:
            raise StoreError(f"{path}: the tombstones cannot be read: {error}") from error
    return pa.concat_tables(tables)


def table(hashes: Hashes) -> pa.Table:
    """SCHEMA, a row a hash."""
    rows = [(kind, value) for kind, values in hashes.items() for value in values]
    kinds, values = [r[0] for r in rows], [r[1] for r in rows]
    return pa.table([pa.array(kinds, pa.string()), pa.array(values, pa.binary(32))], schema=SCHEMA)


def write(rows: pa.Table, path: Path) -> None:
    """Write rows of SCHEMA as one file."""
    parquet.write_sorted(rows, path, ("kind", "sha256"))
