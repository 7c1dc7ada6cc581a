"""Reading what is published: by the manifests, so that only whole runs are seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk import objects
from copydesk.errors import StoreError, UsageError
from copydesk.schema import ADDED, DATASETS
from copydesk.store import layout, manifest, place, plain_pages, volume
from copydesk.store.parquet import BROKEN

if TYPE_CHECKING:
    import pyarrow.dataset as ds

TEXTS = ("articles", "duplicates", "revisions")
"""The datasets whose rows are articles: they have all columns of articles/."""

_READERS = 4
"""Files whose texts are read at a time: decompression is most of it, and lets other threads run."""

_SINGLE = 12
"""So many texts of a row group are read page by page: of more, most pages are needed."""

VIEWS = ("latest_text", "stories")
"""The views of sql/, over those of the datasets."""

PARTITION = pa.field("ingest_date", pa.date32(), metadata={"comment": "the day the run started, UTC"})


def open_dataset(root: str | Path, name: str) -> ds.Dataset:
    """A dataset of an output as it is now: what committed runs published, and nothing of a run under way.

    root: the output folder, or its URL (s3://bucket/prefix). name: one of schema.DATASETS. Returns a pyarrow Dataset
    with the columns of the schema and `ingest_date` (date32); it stays as it was when opened. Raises UsageError for a
    folder or a name that is not there, StoreError for a damaged manifest.
    """
    if name not in DATASETS:
        raise UsageError(f"no dataset {name!r}; there are {', '.join(DATASETS)}")
    root = place.opened(root)
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder")
    return of_files(root, name, published(root, name))


def published(root: Path, name: str) -> list[str]:
    """Relative paths of the files in force under `name` (a dataset, or a folder as `_state/index`), by run."""
    commits = volume.commits(layout.Layout(root))
    return [f.path for f in manifest.published(commits) if f.path.startswith(name + "/")]


def of_files(root: Path, name: str, paths: Sequence[str]) -> ds.Dataset:
    """The dataset of the given files (relative paths); it can be read even when maintenance has replaced them since."""
    import pyarrow.dataset as ds  # it brings pandas along, a third of a second, where pandas is installed

    from copydesk.store.retired import files

    return ds.FileSystemDataset.from_paths(
        [str((root / path).absolute()) for path in paths],
        schema=DATASETS[name].append(PARTITION),
        format=ds.ParquetFileFormat(),
        filesystem=files(root.absolute()),
        partitions=[ds.field(PARTITION.name) == pa.scalar(layout.ingest_date(path)) for path in paths],
    )


def texts(root: Path, paths: Iterable[str], ids: Collection[str]) -> dict[str, str]:
    """The `text` of each id that is found in the files, id -> text; see texts_by_file."""
    found: dict[str, str] = {}
    for texts_of_file in texts_by_file(root, paths, ids):
        found.update(texts_of_file)
    return found


def texts_by_file(root: Path, paths: Iterable[str], ids: Collection[str]) -> Iterator[dict[str, str]]:
    """The `text` of each id that is found in the files (of TEXTS), id -> text, file by file, until all are found.

    Reads the id column of each row group, and its texts only if it has one that is asked for; the memory is that
    of a row group a thread and of the texts of some files. Raises StoreError if a file is missing or broken.
    """
    wanted = pa.array(sorted(set(ids)), pa.string())

    def read(path: str) -> dict[str, str]:
        try:
            return _texts_of(root / path, wanted)
        except BROKEN as error:
            raise StoreError(f"{root / path}: cannot be read: {error}") from error

    left = set(wanted.to_pylist())
    rest = iter(paths)
    with ThreadPoolExecutor(_READERS) as pool:
        ahead = deque(pool.submit(read, path) for path in islice(rest, 2 * _READERS))
        while ahead:
            found = ahead.popleft().result()
            left.difference_update(found)
            if left:
                ahead.extend(pool.submit(read, path) for path in islice(rest, 1))
            if found:
                yield found


def _texts_of(path: Path, wanted: pa.StringArray) -> dict[str, str]:
    found: dict[str, str] = {}
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            ids = file.read_row_group(group, columns=["id"])["id"]
            rows = pc.indices_nonzero(pc.is_in(ids, value_set=wanted))
            if len(rows):
                found.update(zip(_strings(ids.take(rows)), _texts_in(path, file, group, rows), strict=True))
    return found


def _texts_in(path: Path, file: pq.ParquetFile, group: int, rows: pa.Array) -> list[str]:
    """The texts of some rows of a row group, which ascend."""
    if len(rows) <= _SINGLE:
        about = file.metadata.row_group(group)
        place = file.metadata.schema.names.index("text")
        found = plain_pages.strings(path, about.column(place), rows.to_pylist())
        if found is not None:
            return found
    return _strings(file.read_row_group(group, columns=["text"])["text"].take(rows))


def _strings(column: pa.ChunkedArray[Any]) -> list[str]:
    return [str(value) for value in column.to_pylist()]


def duckdb_views(root: str | Path) -> str:
    """SQL that makes a DuckDB view of each dataset, and those of sql/: `latest_text`, `stories`.

    The views name the files that are in force now; make them anew to see later runs.
    """
    folder = place.opened(root)
    base = str(root) if objects.is_url(str(root)) else folder
    views = [
        f"CREATE OR REPLACE VIEW {_quoted(name)} AS {select(base, name, published(folder, name))};" for name in DATASETS
    ]
    shipped = [
        (resources.files("copydesk.store") / "sql" / f"{name}.sql").read_text(encoding="utf-8") for name in VIEWS
    ]
    return "\n".join([*views, *shipped])


def select(root: Path | str, name: str, paths: Sequence[str]) -> str:
    """SQL for DuckDB: the rows of the given files of a dataset. root: the output's folder or URL."""
    base = root.absolute() if isinstance(root, Path) else root.rstrip("/")
    if not paths:
        columns = ", ".join(f"NULL::{_duckdb_type(f.type)} AS {_quoted(f.name)}" for f in [*DATASETS[name], PARTITION])
        return f"SELECT {columns} WHERE false"
    files = ", ".join(_literal(_escaped(f"{base}/{path}")) for path in paths)
    added = bool(ADDED.get(name))
    if "=" in str(base):  # a folder `language=de` above the output is no column of it
        columns = f"* EXCLUDE (filename), {_DAY_IN_NAME} AS {_quoted(PARTITION.name)}"
        how = "hive_partitioning = false, filename = true"
    else:
        columns, how = "*", "hive_partitioning = true, hive_types = {'ingest_date': DATE}"
    rows = f"SELECT {columns} FROM read_parquet([{files}], {how}{', union_by_name = true' if added else ''})"
    if not added:
        return rows
    return f"{select(root, name, ())} UNION ALL BY NAME {rows}"  # files of earlier versions lack columns, or all do


_DAY_IN_NAME = r"regexp_extract(filename, '/ingest_date=([0-9-]+)/[^/]+$', 1)::DATE"


_DUCKDB_TYPES = {
    pa.string(): "VARCHAR",
    pa.large_string(): "VARCHAR",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}


def _duckdb_type(kind: pa.DataType) -> str:
    if isinstance(kind, pa.ListType):
        return _duckdb_type(kind.value_type) + "[]"
    return _DUCKDB_TYPES[kind]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _escaped(path: str) -> str:
    """A path in which DuckDB finds no pattern: each of its pattern characters in a class of its own."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)
