"""The process stage: one shard in, one staged part out. Runs in worker processes, with bounded memory."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import cleaners
from copydesk import documents, records, sources
from copydesk.errors import ItemError
from copydesk.model import Document, Item, Record, Reject, Shard, SourceFile
from copydesk.parts import Part, PartWriter
from copydesk.settings import Settings
from copydesk.sources import TRANSIENT

BATCH_ITEMS = 512
BATCH_BYTES = 8 * 1024 * 1024
"""A batch ends at whichever comes first: large enough to run rules over many texts at once, small enough for memory."""


def process(shard: Shard, settings: Settings, parts: Path) -> Part:
    """Read, decode, extract, clean, describe and sketch the items of a shard; write them as a part below `parts`."""
    counts: Counter[str] = Counter()
    passing: set[str] = set()
    with PartWriter(shard.number, parts) as out:
        for batch in _batches(sources.read(shard, settings)):
            counts.update(i.source_uri for i in batch)
            done, removals, rejects = _ingest(batch, settings)
            passing.update(r.source_uri for r in rejects if r.error in TRANSIENT)
            out.add(done, removals)
            out.reject(rejects, settings.reject_bytes)
        out.files([(f, counts[f.uri], f.uri not in passing and _unchanged(f)) for f in shard.files])
    return out.part()


def _ingest(
    batch: list[Item | Reject], settings: Settings
) -> tuple[list[Record], list[tuple[cleaners.Removal, ...]], list[Reject]]:
    rejects = [i for i in batch if isinstance(i, Reject)]
    docs: list[Document] = []
    for item in batch:
        if isinstance(item, Item):
            try:
                docs.append(documents.read(item, settings))
            except ItemError as error:
                rejects.append(_reject(item, error))
    cleaned = cleaners.clean_many([cleaners.Source(d.text, d.metadata.title, d.metadata.language) for d in docs])
    done, removals = [], []
    for document, result in zip(docs, cleaned, strict=True):
        try:
            done.append(records.describe(document, result))
            removals.append(result.removals)
        except ItemError as error:
            rejects.append(_reject(document.item, error))
    return done, removals, rejects


def _reject(item: Item, error: ItemError) -> Reject:
    return Reject(item.source_uri, item.source_id, error.stage, error.error, str(error), item.content)


def _batches(items: Iterable[Item | Reject]) -> Iterator[list[Item | Reject]]:
    batch: list[Item | Reject] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.content or b"")
        if len(batch) >= BATCH_ITEMS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _unchanged(file: SourceFile) -> bool:
    try:
        now = os.stat(file.path)
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (file.size, file.mtime_ns)
