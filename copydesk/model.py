"""The words that everything else uses: what an article is on its way from a file to a row.

    SourceFile -> Shard -> Item -> Document -> (articles.cleaned.CleanedTexts) -> a row (schema.RECORD)

All are frozen: a stage makes a new one, none is changed. Those of which each article has one are named tuples: a frozen
dataclass is made field by field, in three times the time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Format = Literal["text", "html", "jsonl", "csv", "parquet", "warc"]
Compression = Literal["gzip", "zstd"]
Precision = Literal["second", "minute", "day"]
DateOrigin = Literal["record", "json-ld", "meta", "text", "url", "guess"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read.

    uri: what rows call it (`file:///...`, `s3://...`; `-` for standard input). path: where it lies; of an object its
    URL. size: bytes on disk. mtime_ns: as `os.stat` gives it, of an object listing.version_ns; with `size` it tells an
    unchanged file. etag: of an object the version that is read, else None.
    """

    uri: str
    path: str
    size: int
    mtime_ns: int
    format: Format
    compression: Compression | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why items are rejected without being tried. stage, error, message: as in a Reject."""

    stage: str
    error: str
    message: str


@dataclass(frozen=True, slots=True)
class LineSpan:
    """Whole lines of a file. start, stop: bytes. before: items (lines that are not blank) above them."""

    start: int
    stop: int
    before: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A unit of work for one worker: several small files, or one part of a large one.

    number: from 0, its place in the order of the run. Of a file split into `parts`, this shard takes the
    blocks of items whose number modulo `parts` is `part` (see sources.BLOCK_ITEMS), so that compressed files
    split as well as plain ones. Of one file it takes the items from `first` up to, not including, `last` (places in
    the file, from 0; None: to its end).

    span: of a file of lines in parts, the bytes from and to that are this part's, and how many items lie before them;
    such a part is read without the others.

    piece: which piece of the shard of this number, where a worker died of it (see retry). fault: reject its items; of
    a fault in reading, without reading any.
    """

    number: int
    files: tuple[SourceFile, ...]
    part: int = 0
    parts: int = 1
    first: int = 0
    last: int | None = None
    span: LineSpan | None = None
    piece: str = ""
    fault: Fault | None = None

    @property
    def name(self) -> str:
        """Unique within a run, and in the order of the run."""
        return f"{self.number:05d}{self.piece}"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What every row of a run says of it. started_at: UTC."""

    run_id: str
    started_at: dt.datetime

    def path(self, dataset: str, part: int = 0) -> str:
        """Where the run's part of a dataset lies, relative to the output. Parts of one number belong together."""
        return f"{dataset}/ingest_date={self.started_at:%Y-%m-%d}/{self.run_id}-{part:05d}.parquet"


class Item(NamedTuple):
    """One article as found, undecoded.

    content: its bytes as found (a file, a line, a WARC payload after content decoding, the canonical JSON of a
    CSV or Parquet row). record: the parsed record of JSONL, CSV and Parquet with the user's `map` applied, else
    None. own_id: whether `source_id` is the record's own. url, http_*: of a WARC response.
    """

    source_uri: str
    source_format: Format
    source_id: str
    content: bytes
    own_id: bool = False
    offset: int | None = None
    length: int | None = None
    record: Mapping[str, Any] | None = None
    url: str | None = None
    fetched_at: dt.datetime | None = None
    http_status: int | None = None
    http_headers: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reject:
    """What could not be ingested, and why: a row of rejects/. content: its bytes, up to the limit."""

    source_uri: str
    source_id: str | None
    stage: str
    error: str
    message: str
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Date:
    """A point in time as well as it is known. value: timezone-aware, in UTC."""

    value: dt.datetime
    precision: Precision
    origin: DateOrigin


class Metadata(NamedTuple):
    """What a source says of an article. None and empty mean: it does not say."""

    url: str | None = None
    canonical_url: str | None = None
    publisher: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    section: str | None = None
    credit: str | None = None
    attribution: str | None = None
    bio: str | None = None
    published: Date | None = None
    modified: Date | None = None
    language: str | None = None
    license: str | None = None
    robots: str | None = None
    tdm_reservation: str | None = None
    accessible_for_free: bool | None = None


class Document(NamedTuple):
    """An item decoded and, if it is a page, extracted.

    text: the text before cleaning: line breaks are LF, the encoding is mended, nothing is restyled.
    extracted_by: `plain` for text, else the extractor's path. repaired: what decoding mended. utf8: the text in it, if
    it is at hand.
    """

    item: Item
    text: str
    metadata: Metadata
    extracted_by: str = "plain"
    repaired: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    utf8: bytes | None = None
