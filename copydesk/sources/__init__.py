"""Bytes in, Items out: one reader a format, found by content."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from copydesk.errors import ItemError
from copydesk.model import Format, Item, Reject, Shard, SourceFile
from copydesk.settings import Settings
from copydesk.sources import csv, html, jsonl, parquet, text, warc
from copydesk.sources.base import BLOCK_ITEMS, TRANSIENT, Reading

__all__ = ["BLOCK_ITEMS", "READERS", "TRANSIENT", "read"]

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
    for file in shard.files:
        yield from _read_file(file, shard.part, shard.parts, settings)


def _read_file(file: SourceFile, part: int, parts: int, settings: Settings) -> Iterator[Item | Reject]:
    reading = Reading(file, settings, part, parts)
    try:
        yield from READERS[file.format](reading)
    except ItemError as error:
        # Counted as an item, so that of all parts, which all meet it, one reports it.
        if reading.claim():
            yield reading.reject(error)
        return
    if not reading.number and reading.claim():
        yield reading.reject(ItemError("read", "empty", _NOTHING.get(file.format, "the file is empty")))


_NOTHING = {
    "jsonl": "not one line that is not blank",
    "csv": "no row below the header",
    "parquet": "no rows",
    "warc": "no response with status 200 and no conversion record",
}
