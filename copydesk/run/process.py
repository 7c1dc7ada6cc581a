"""The process stage: one shard in, staged parts out. Runs in worker processes, with bounded memory."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleaners import Source
from copydesk import sources
from copydesk.articles import cleaned, cleaning, documents, records
from copydesk.articles.cleaned import CleanedTexts
from copydesk.articles.parts import Part, PartWriter
from copydesk.errors import ItemError, unexpected
from copydesk.garbage import seldom_collected
from copydesk.model import Document, Item, Reject, Shard, SourceFile
from copydesk.settings import Settings
from copydesk.sources import TRANSIENT
from copydesk.workers.clock import Limit, TimeUp
from copydesk.workers.marks import Marker

BATCH_ITEMS = 1024
BATCH_BYTES = 32 * 1024 * 1024
"""A batch ends at whichever comes first: large enough to run rules over many texts at once, small enough for memory."""

READ_AT_ONCE = 64
"""So many items are looked for with one mark. Which of them ended the worker, the next one finds: it marks each."""

Place = tuple[int, int]
"""Of an item: its file's place in the shard, its own in the file."""


@seldom_collected
def process(shard: Shard, settings: Settings, parts: Path) -> list[Part]:
    """Read, decode, extract, clean, describe and sketch the items of a shard; write them as a part below `parts`, or as
    several if they are many.

    Before each step it leaves a mark beside the parts (see marks). An item that takes longer than
    `settings.item_seconds` is a reject.
    """
    counts: Counter[str] = Counter()
    passing: set[str] = set()
    cleaning.cleaner(settings).expect(_size(shard))
    with PartWriter(shard.number, parts, shard.name) as out, Marker(parts, shard.name) as mark:
        for places, batch in _unread(shard) if _cannot_be_read(shard) else _batches(shard, settings, parts, mark):
            counts.update(i.source_uri for i in batch)
            ready = _Batch(places, settings, mark)
            ready.ingest(batch)
            rejects = ready.rejects
            passing.update(r.source_uri for r in rejects if r.error in TRANSIENT)
            mark("write", places[0], places[-1])
            out.next_if_full()
            out.add(ready.records, ready.cleaned)
            out.reject(rejects, settings.reject_bytes)
        out.files([(f, counts[f.uri], f.uri not in passing and _unchanged(f)) for f in shard.files])
    return out.parts()


PAGE_BYTES = 16
"""Bytes of a page, or of an archive of pages once it is unpacked four times as large, to a byte of its text, about."""


def _size(shard: Shard) -> int:
    """Bytes of text in its files, about: a process that reads a part of one will read others of it."""
    size = sum(file.size for file in shard.files)
    return (
        size // PAGE_BYTES
        if shard.files[0].format == "html"
        else size // 4
        if shard.files[0].format == "warc"
        else size
    )


class _Batch:
    """Some items on their way to records."""

    def __init__(self, places: list[Place], settings: Settings, mark: Marker) -> None:
        self._places, self._settings, self._mark = places, settings, mark
        self._limit = Limit(settings.item_seconds)
        self._cleaner = cleaning.cleaner(settings)
        self.records = records.TOLD.empty_table()
        self.cleaned = cleaned.joined(())
        self.rejects: list[Reject] = []

    def ingest(self, batch: list[Item | Reject]) -> None:
        """Records with what cleaning made of their texts, and rejects."""
        found = self._documents(batch)
        self._mark("clean", self._places[0], self._places[-1])
        found, made = self._clean(found)
        self.records, self.cleaned = self._describe(found, made)

    def _documents(self, batch: list[Item | Reject]) -> list[Document]:
        """Of texts all at once; pages one by one, and so what fails or takes too long, to find which it is."""
        texts = {n: item for n, item in enumerate(batch) if isinstance(item, Item) and documents.is_text(item)}
        known: dict[int, Document | None] = {}
        if texts:
            self._mark("extract", self._places[min(texts)], self._places[max(texts)])
            with suppress(TimeUp, Exception), self._limit:
                known = dict(zip(texts, documents.read_texts(list(texts.values())), strict=True))
        found = [known.get(n) or self._document(self._places[n], item) for n, item in enumerate(batch)]
        return [document for document in found if document is not None]

    def _document(self, place: Place, item: Item | Reject) -> Document | None:
        if isinstance(item, Reject):
            self.rejects.append(item)
            return None
        self._mark("extract", place)
        document = None
        try:
            with self._limit:
                document = documents.read(item, self._settings)
        except TimeUp:
            self._too_long(item, "extract")
            return None
        except Exception as error:
            self._failed(item, "extract", error)
        return document

    def _clean(self, found: list[Document]) -> tuple[list[Document], CleanedTexts]:
        """All at once, those of a language one behind the other; if that fails or takes too long, one by one, to find
        which it is."""
        try:
            with self._limit:
                order, made = cleaned.clean(self._cleaner, [_source(d) for d in found])
                return [found[number] for number in order], made
        except (TimeUp, Exception):
            alone = [(document, self._clean_alone(document)) for document in found]
            done = [(document, made) for document, made in alone if made is not None]
            return [document for document, _ in done], cleaned.joined([made for _, made in done])

    def _clean_alone(self, document: Document) -> CleanedTexts | None:
        made = None
        try:
            with self._limit:
                _, made = cleaned.clean(self._cleaner, [_source(document)])
        except TimeUp:
            self._too_long(document.item, "clean")
        except Exception as error:
            self._failed(document.item, "clean", error)
        return made

    def _describe(self, found: list[Document], made: CleanedTexts) -> tuple[pa.Table, CleanedTexts]:
        """What something is left of at once; if that fails or takes too long, one by one, to find which it is."""
        left = np.flatnonzero(made.words)
        if len(left) < len(found):
            for number in np.flatnonzero(made.words == 0).tolist():
                self._failed(found[number].item, "describe", records.nothing_left())
            found, made = [found[number] for number in left.tolist()], made.only(left)
        try:
            with self._limit:
                return _records(found, made), made
        except (TimeUp, Exception):
            alone = [self._describe_alone(document, made.only([n])) for n, document in enumerate(found)]
            kept = [n for n, record in enumerate(alone) if record is not None]
            tables = [record for record in alone if record is not None]
            return pa.concat_tables([records.TOLD.empty_table(), *tables]), made.only(kept)

    def _describe_alone(self, document: Document, made: CleanedTexts) -> pa.Table | None:
        record = None
        try:
            with self._limit:
                record = _records([document], made)
        except TimeUp:
            self._too_long(document.item, "describe")
        except Exception as error:
            self._failed(document.item, "describe", error)
        return record

    def _too_long(self, item: Item, stage: str) -> None:
        message = f"it took longer than {self._settings.item_seconds:g} seconds: raise item_seconds if it is an article"
        self.rejects.append(_reject(item, ItemError(stage, "timeout", message)))

    def _failed(self, item: Item, stage: str, error: Exception) -> None:
        known = error if isinstance(error, ItemError) else unexpected(stage, error)
        self.rejects.append(_reject(item, known))


def _records(found: Sequence[Document], made: CleanedTexts) -> pa.Table:
    return records.described(found, made.words, made.chars, made.removed, made.fields)


def _source(document: Document) -> Source:
    known = document.metadata
    return Source(document.text, known.title, known.language, known.publisher, document.utf8)


def _reject(item: Item, error: ItemError) -> Reject:
    return Reject(item.source_uri, item.source_id, error.stage, error.error, str(error), item.content)


def _batches(
    shard: Shard, settings: Settings, parts: Path, mark: Marker
) -> Iterator[tuple[list[Place], list[Item | Reject]]]:
    """The shard's items; `mark` is told of every step of reading."""
    places: list[Place] = []
    batch: list[Item | Reject] = []
    size = 0
    mark("read", (0, shard.first))
    for place, number, item in sources.numbered(shard, settings, parts):
        if shard.fault and isinstance(item, Item):
            item = _reject(item, ItemError(shard.fault.stage, shard.fault.error, shard.fault.message))
        places.append((place, number))
        batch.append(item)
        size += len(item.content or b"")
        if len(batch) >= BATCH_ITEMS or size >= BATCH_BYTES:
            yield places, batch
            places, batch, size = [], [], 0
        if shard.piece or not batch or number % READ_AT_ONCE == 0:
            mark("read", (place, number + 1))
    if batch:
        yield places, batch


def _cannot_be_read(shard: Shard) -> bool:
    return shard.fault is not None and shard.fault.stage == "read"


def _unread(shard: Shard) -> Iterator[tuple[list[Place], list[Item | Reject]]]:
    """One reject for what nobody has lived to read."""
    assert shard.fault
    rest = f"from item {shard.first + 1} on: " if shard.first else ""
    for place, file in enumerate(shard.files):
        yield (
            [(place, shard.first)],
            [Reject(file.uri, None, shard.fault.stage, shard.fault.error, rest + shard.fault.message)],
        )


def _unchanged(file: SourceFile) -> bool:
    if file.etag is not None:  # of an object the version that was listed is read, or none
        return True
    try:
        now = os.stat(file.path)
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (file.size, file.mtime_ns)
