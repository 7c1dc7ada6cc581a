"""Bytes in, Items out: one reader a format, found by content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from copydesk.errors import ItemError, unexpected
from copydesk.model import Format, Item, Reject, Shard, SourceFile
from copydesk.ranges import read_ahead
from copydesk.settings import Settings
from copydesk.sources import csv, html, jsonl, met, parquet, text, warc
from copydesk.sources.base import BLOCK_ITEMS, TRANSIENT, Reading

__all__ = ["BLOCK_ITEMS", "READERS", "RECORDS", "TRANSIENT", "numbered", "read"]

RECORDS: frozenset[Format] = frozenset({"jsonl", "csv", "parquet"})
"""Formats whose items are records: they have fields, which the setting `map` may name."""

READERS: dict[Format, Callable[[Reading], Iterator[Item | Reject]]] = {
    "text": text.read,
    "html": html.read,
    "jsonl": jsonl.read,
    "csv": csv.read,
    "parquet": parquet.read,
    "warc": warc.read,
}


def read(shard: Shard, settings: Settings) -> Iterator[Item | Reject]:
    """The items of a shard in the order of their sources, in bounded memory.

    Of a file in parts, the blocks of BLOCK_ITEMS items that are this part's; all parts together give each item
    once, numbered as one part would. A file gives at least one Item or Reject (over all its parts).
    Never raises for what a file holds.
    """
    for _, _, found in numbered(shard, settings):
        yield found


def numbered(shard: Shard, settings: Settings, notes: Path | None = None) -> Iterator[tuple[int, int, Item | Reject]]:
    """What read() gives, each with the place of its file in the shard and its own place in the file, from 0.

    notes: a folder that all who read parts of a run's files have in common: what one of them has found out spares the
    others to unpack what is not theirs, and which names of `settings.map` were met is left there (see met).
    """
    for place, file in enumerate(read_ahead(shard.files)):
        reading = _reading(file, shard, settings, notes)
        for found in _read_file(reading):
            yield place, reading.number - 1, found
        if notes is not None:
            met.note(notes, reading.met)


def _reading(file: SourceFile, shard: Shard, settings: Settings, notes: Path | None) -> Reading:
    if (span := shard.span) is not None:
        return Reading(file, settings, number=span.before, first=shard.first, last=shard.last, span=span)
    return Reading(file, settings, shard.part, shard.parts, first=shard.first, last=shard.last, notes=notes)


def _read_file(reading: Reading) -> Iterator[Item | Reject]:
    try:
        yield from READERS[reading.file.format](reading)
    except Exception as caught:
        error = caught if isinstance(caught, ItemError) else unexpected("read", caught)
        # Counted as an item, so that of all parts, which all meet it, one reports it.
        if reading.claim():
            # Parts that are read each by itself may each meet one.
            yield reading.reject(error, source_id=str(reading.number) if reading.span and reading.span.start else None)
        return
    if reading.span is None and not reading.number and reading.claim():
        yield reading.reject(ItemError("read", "empty", _NOTHING.get(reading.file.format, "the file is empty")))


_NOTHING = {
    "jsonl": "not one line that is not blank",
    "csv": "no row below the header",
    "parquet": "no rows",
    "warc": "no response with status 200 and no conversion record",
}
