"""What a worker leaves for the next stage: a folder of Arrow files, so that stages pass paths and not articles.

records.arrow    RECORD and the sketch's columns, a row a record; `minhash` is of the text before templates, `item`
                 a hash of item_key
shingles.arrow   shingling.COLUMNS: what the records are compared by
removals.arrow   REMOVALS, with `row` (the record's row in records.arrow) in place of `id`
rejects.arrow    REJECTS without `run_id`
lines.arrow      lines.LINES: the lines of the records that no rule touches
places.arrow     cleaned.PLACES: where these stand
files.arrow      a row a source file: what the ledger will say of it
templates.arrow  written by the learn stage, if any: rows and lines that the apply stage is to take out; it writes
                 records.applied.arrow, shingles.applied.arrow and removals.applied.arrow, after which what
                 these replace, and what it read, is removed
decisions.arrow  written by the match stage: a row a record, in the order of records.arrow
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from copydesk import points, schema
from copydesk.articles.cleaned import PLACES, REMOVALS, CleanedTexts, moved
from copydesk.articles.records import reject_id
from copydesk.index import lines
from copydesk.index.entries import item_array
from copydesk.model import Reject, SourceFile
from copydesk.sketches import shingling, sketch

RECORDS = pa.schema(
    [
        *schema.RECORD,
        *sketch.SKETCH,
        pa.field("minhash", pa.list_(pa.uint16(), lines.MINHASHES)),
        pa.field("item", pa.binary(16)),  # entries.item_array
    ]
)
REJECTS = pa.schema([f for f in schema.REJECTS if f.name != "run_id"])
FILES = pa.schema(
    [
        ("uri", pa.string()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("items", pa.int64()),
        ("stable", pa.bool_()),  # false: it changed while it was read, so the ledger must not know it
    ]
)

_FILES = {
    "records": RECORDS,
    "shingles": shingling.COLUMNS,
    "removals": REMOVALS,
    "lines": lines.LINES,
    "places": PLACES,
    "rejects": REJECTS,
    "files": FILES,
}
_APPLIED = ("records", "shingles", "removals")


FULL = 32 * 1024 * 1024
"""Bytes of text and of rejects in a part, after which the shard goes on in another one: later stages hold a part in
memory, several times over, and what a shard unpacks to may be of any size."""


@dataclass(frozen=True, slots=True)
class Part:
    """A processed shard, or a piece of a large one. number: its shard's, from 0. folder: where its files lie.

    applied: whether the apply stage has changed its records, their shingles and removals.
    """

    number: int
    folder: str
    records: int
    rejects: int
    applied: bool = False

    def read(self, name: str) -> pa.Table:
        """One of the part's files, memory-mapped: only what is touched is read."""
        return pa.ipc.open_file(pa.memory_map(str(self.path(name)))).read_all()

    def columns(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Some columns of one of the part's files, as a copy: of a mapped file what lies around what is read counts as
        this process's memory as well, several times as much."""
        chosen = self.read(name).select(columns)

        def write(sink: pa.NativeFile) -> None:
            with pa.ipc.new_stream(sink, chosen.schema) as out:
                out.write_table(chosen)

        counted = pa.MockOutputStream()
        write(counted)
        copy = pa.allocate_buffer(counted.size())  # a stream that grows takes up to twice as much
        write(pa.FixedSizeBufferWriter(copy))
        return pa.ipc.open_stream(copy).read_all()

    def path(self, name: str) -> Path:
        """Where one of the part's files lies."""
        return Path(self.folder) / (f"{name}.applied.arrow" if self.applied and name in _APPLIED else f"{name}.arrow")

    def drop_replaced(self) -> None:
        """Remove what the apply stage has replaced, and what it read: a third of what a run leaves for its stages, of
        which much is not on the disk yet and need not get there. What cannot be removed now goes with the rest."""
        for name in (*_APPLIED, "places", "templates") if self.applied else ():
            with suppress(OSError):
                (Path(self.folder) / f"{name}.arrow").unlink()

    def write(self, name: str, table: pa.Table) -> None:
        """Add a file to the part."""
        with self.writing(name, table.schema) as out:
            out.write_table(table)

    @contextmanager
    def writing(self, name: str, columns: pa.Schema) -> Iterator[pa.RecordBatchWriter]:
        """What adds a file to the part, table by table."""
        with (
            pa.OSFile(str(Path(self.folder) / f"{name}.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, columns) as out,
        ):
            yield out
        points.checkpoint(f"part: {name} written")


class PartWriter:
    """Writes a shard's parts, batch by batch, to folders of their own below `parts`; only the current batch is in
    memory."""

    def __init__(self, number: int, parts: Path, name: str | None = None) -> None:
        """name: of the first folder, unique among all parts and all tries; default: from the number."""
        self._number, self._parts, self._name = number, parts, name or f"{number:05d}"
        self._done: list[Part] = []
        self._open(self._name)

    def _open(self, name: str) -> None:
        self._folder = self._parts / name
        self._folder.mkdir(parents=True, exist_ok=True)
        points.checkpoint("part: folder made")
        self._records = self._rejects = self._size = 0
        self._sinks = [pa.OSFile(str(self._folder / f"{name}.arrow"), "wb") for name in _FILES]
        self._out = {
            name: pa.ipc.new_file(sink, columns)
            for (name, columns), sink in zip(_FILES.items(), self._sinks, strict=True)
        }

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        points.checkpoint("part: before close")
        for out in self._out.values():
            out.close()
        for sink in self._sinks:
            sink.close()
        self._done.append(Part(self._number, str(self._folder), self._records, self._rejects))
        points.checkpoint("part: closed")

    def next_if_full(self) -> None:
        """Go on in another part if this one has enough."""
        if self._size >= FULL:
            self._close()
            self._open(f"{self._name}.{len(self._done):04d}")

    def add(self, records: pa.Table, cleaned: CleanedTexts) -> None:
        """Records (records.TOLD) and what cleaning made of their texts, in the same order. Sketches them."""
        made = sketch.sketch(cleaned.text)
        columns = dict(zip(records.column_names, records.columns, strict=True))
        columns |= {"text": cleaned.text, **made.columns(), "minhash": lines.as_lists(made.signature)}
        columns["item"] = item_array(records["item_key"])
        self._out["records"].write_table(pa.table([columns[name] for name in RECORDS.names], schema=RECORDS))
        self._out["shingles"].write_table(made.shingles.table())
        for name in ("lines", "places", "removals"):
            self._out[name].write_table(moved(getattr(cleaned, name), self._records))
        self._records += len(records)
        self._size += cleaned.text.nbytes
        points.checkpoint("part: batch added")

    def reject(self, rejects: Sequence[Reject], limit: int) -> None:
        """What could not be ingested; `limit`: how many bytes of each are kept."""
        rows: list[dict[str, Any]] = []
        for r in rejects:
            content = r.content[:limit] if r.content is not None else None
            self._size += len(content or b"")
            rows.append(
                {
                    "id": reject_id(r.source_uri, r.source_id, r.stage, r.error, r.content),
                    "source_uri": r.source_uri,
                    "source_id": r.source_id,
                    "stage": r.stage,
                    "error": r.error,
                    "message": r.message,
                    "bytes": content,
                }
            )
        self._out["rejects"].write_table(pa.Table.from_pylist(rows, schema=REJECTS))
        self._rejects += len(rejects)

    def files(self, read: Iterable[tuple[SourceFile, int, bool]]) -> None:
        """What was read of each source file: the file, how many items, and whether reading it again gives the same."""
        rows = [
            {"uri": f.uri, "size": f.size, "mtime_ns": f.mtime_ns, "items": items, "stable": stable}
            for f, items, stable in read
        ]
        self._out["files"].write_table(pa.Table.from_pylist(rows, schema=FILES))

    def parts(self) -> list[Part]:
        """The parts as written; call it after closing."""
        return self._done
