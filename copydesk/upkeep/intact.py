"""Is a published file as its manifest says? For `verify`, which tells, and for `repair`, which mends."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow.parquet as pq

from copydesk import schema
from copydesk.errors import IndexDamaged, IndexOutdated
from copydesk.index.segment import Segment
from copydesk.schema import DATASETS
from copydesk.store.layout import STATE
from copydesk.store.manifest import PublishedFile
from copydesk.store.parquet import BROKEN
from copydesk.upkeep.fault import Fault

INDEX = f"{STATE}/index/"


def fault(root: Path, file: PublishedFile, *, read_data: bool) -> Fault | None:
    """What is wrong with a published file; None: it can be read. read_data: compare every byte with the manifest."""
    path = root / file.path
    try:
        size = path.stat().st_size
        if size != file.size:
            return Fault("size", file.path, f"{size} bytes; the manifest says {file.size}")
        if read_data and sha256(path) != file.sha256:
            return Fault("sha256", file.path, "its bytes are not those that were published")
        return None if file.rows is None else _parquet_fault(path, file)
    except FileNotFoundError:
        return Fault("missing", file.path, "the manifest names it, and it is not there")
    except OSError as error:
        return Fault("unreadable", file.path, str(error))


def segment_fault(root: Path, path: str, *, read_data: bool) -> Fault | None:
    """What is wrong with an index segment (relative path).

    It is a cache, and may have been built anew since its manifest was written: it is held against its own checksum.
    read_data: against that of its data, too, not only that of its header.
    """
    try:
        segment = Segment(root / path)
        if read_data:
            segment.check()
    except IndexOutdated:
        return None  # written by an earlier version: the next run builds it anew
    except IndexDamaged as error:
        return Fault("index", path, f"{error}; the next run, `reindex` or --repair builds it anew")
    return None


def sha256(path: Path) -> str:
    """Of a file's bytes, as manifests have it."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _parquet_fault(path: Path, file: PublishedFile) -> Fault | None:
    try:
        metadata = pq.read_metadata(path)
        columns = metadata.schema.to_arrow_schema()
    except BROKEN as error:
        return Fault("parquet", file.path, str(error))
    if metadata.num_rows != file.rows:
        return Fault("rows", file.path, f"{metadata.num_rows} rows; the manifest says {file.rows}")
    name = file.path.split("/")[0]
    wrong = schema.difference(name, columns) if name in DATASETS else None
    return Fault("schema", file.path, wrong) if wrong else None
