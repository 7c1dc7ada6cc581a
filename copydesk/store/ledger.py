"""The ledger: which input files were read, as they were then, so that an unchanged file is not read again.

A run writes only what is new to it, as `_state/ledger/<run_id>.parquet`; the ledger is all of those together, read
in the order of the runs, the last word on a file counting. A file all of whose items were forgotten is known by a hash
of its URI from then on: the name of a file can tell what stood in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import pyarrow as pa

from copydesk.errors import StoreError
from copydesk.model import SourceFile
from copydesk.store import parquet
from copydesk.store.parquet import BROKEN, write_sorted

_COLUMNS: dict[str, pa.DataType] = {
    "uri": pa.string(),
    "size": pa.int64(),
    "mtime_ns": pa.int64(),
    "items": pa.int64(),
    "reading": pa.string(),
}
SCHEMA = pa.schema(_COLUMNS)

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What a run found in a file.

    size: bytes on disk. items: found in it, rejects among them. reading: Settings.reading, what they depend on.
    """

    uri: str
    size: int
    mtime_ns: int
    items: int
    reading: str


class Ledger:
    """What is known of input files; `load` makes one."""

    def __init__(self, table: pa.Table) -> None:
        self._row = {uri: row for row, uri in enumerate(table["uri"].to_pylist())}  # the last one stays
        self._size = table["size"].to_pylist()
        self._mtime_ns = table["mtime_ns"].to_pylist()
        self._items = table["items"].to_pylist()
        reading = table["reading"].combine_chunks().dictionary_encode()
        if isinstance(reading, pa.ChunkedArray):
            reading = reading.combine_chunks()
        self._reading = reading.indices.to_pylist()
        self._readings = [str(value) for value in reading.dictionary.to_pylist()]

    def __len__(self) -> int:
        return len(self._row)

    def get(self, uri: str) -> LedgerEntry | None:
        """The last word on a file."""
        row = self._row_of(uri)
        if row is None:
            return None
        reading = self._readings[self._reading[row]]
        return LedgerEntry(uri, self._size[row], self._mtime_ns[row], self._items[row], reading)

    def _row_of(self, uri: str) -> int | None:
        row = self._row.get(uri)
        return self._row.get(hashed(uri)) if row is None else row

    def __iter__(self) -> Iterator[str]:
        """The URIs of the files."""
        return iter(self._row)

    def known(self, file: SourceFile, reading: str) -> int | None:
        """How many items an unchanged file has; None if it is new, changed, or was read under other settings."""
        if file.uri == STANDARD_INPUT:
            return None
        row = self._row_of(file.uri)
        if row is None or (self._size[row], self._mtime_ns[row]) != (file.size, file.mtime_ns):
            return None
        return self._items[row] if self._readings[self._reading[row]] == reading else None

    def news(self, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
        """Those that say something the ledger does not say already."""
        new = []
        for entry in entries:
            known = self.get(entry.uri)
            if entry.uri != STANDARD_INPUT and (known is None or replace(known, uri=entry.uri) != entry):
                new.append(replace(entry, uri=hashed(entry.uri)) if hashed(entry.uri) in self._row else entry)
        return new

    def without_names(self, uris: Collection[str]) -> list[LedgerEntry]:
        """All entries; those of `uris` under hashes of them."""
        entries = [replace(entry, uri=uri) for uri in self._row if (entry := self.get(uri)) is not None]
        return [replace(e, uri=hashed(e.uri)) if e.uri in uris else e for e in entries]


def hashed(uri: str) -> str:
    """What stands in place of a URI that is to be forgotten."""
    return f"sha256:{hashlib.sha256(uri.encode('utf-8', 'surrogatepass')).hexdigest()}"


def load(paths: Sequence[Path]) -> Ledger:
    """The ledger of the files at `paths`, which are in the order of their runs. Raises StoreError if one is broken."""
    tables = []
    for path in paths:
        try:
            tables.append(parquet.read(path, SCHEMA))
        except BROKEN as error:
            raise StoreError(f"{path}: the ledger cannot be read: {error}") from error
    return Ledger(pa.concat_tables(tables) if tables else SCHEMA.empty_table())


def write(entries: Sequence[LedgerEntry], path: Path) -> None:
    """Write entries as one delta."""
    columns = zip(*(astuple(e) for e in entries), strict=True) if entries else [()] * len(SCHEMA)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)]
    write_sorted(pa.table(arrays, schema=SCHEMA), path, ("uri",))
