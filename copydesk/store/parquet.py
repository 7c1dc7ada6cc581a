"""How the datasets' Parquet files are written: one way for all, so that every reader finds the same helps in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaners.arrays import Bools
from copydesk import points
from copydesk.errors import StoreError
from copydesk.schema import DATASETS, written_later

ROW_GROUP_BYTES = 16 * 1024 * 1024
"""Of Arrow memory. Small, for Parquet: reading a few texts of history reads whole row groups."""

ROW_GROUP_ROWS = 122_880
"""The most rows of a group: DuckDB's own (duckdb.org/docs/stable/guides/performance/file_formats)."""

PAGE_BYTES = 512 * 1024
"""Of a page before compression: what is unpacked for one text of history (plain_pages.py)."""

_ROWS_AT_ONCE = 256
"""Rows after which the writer looks how large a page is."""

BLOOM_FALSE_POSITIVES = 0.01
"""Share of the ids which a row group does not hold that its Bloom filter cannot rule out."""

BROKEN = (pa.ArrowException, OSError, ValueError)
"""What reading a damaged file raises; ValueError: names in its footer that are not UTF-8."""

SORTED_BY: dict[str, tuple[str, ...]] = {
    "articles": ("published_at", "id"),
    "duplicates": ("published_at", "id"),
    "revisions": ("published_at", "id"),
    "overlaps": ("a", "b"),
    "removals": ("id", "start"),
    "rejects": ("id",),
    "runs": ("run_id",),
}
"""Ascending, nulls last."""


def read(path: Path, schema: pa.Schema) -> pa.Table:
    """The columns of `schema`; those that a file written earlier does not have are null.

    Not pq.read_table: that imports pyarrow.dataset, and with it pandas where it is installed. Raises one of BROKEN;
    StoreError for a file of a later version, whose further columns would be lost if its rows were written again.
    """
    with pq.ParquetFile(path) as file:
        if unknown := [n for n in file.schema_arrow.names if n not in schema.names]:
            raise StoreError(f"{path}: {written_later(unknown)}")
        table = file.read(columns=[n for n in schema.names if n in file.schema_arrow.names])
    return complete(table, schema)


def columns(path: Path, schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Some columns of a file with `schema`; null where the file has none of that name. Raises one of BROKEN."""
    with pq.ParquetFile(path) as file:
        table = file.read(columns=[n for n in names if n in file.schema_arrow.names])
    return complete(table, pa.schema([schema.field(n) for n in names]))


def complete(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of `schema`, null where the table has none."""
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


def write(table: pa.Table, path: Path, dataset: str, chosen: Bools | None = None) -> None:
    """Write rows of a dataset, sorted as the dataset is, with exactly its schema; the folder is made.

    chosen: which rows; default: all. Raises StoreError if the table's columns are not those of the schema, in name,
    order or type.
    """
    write_sorted(conform(table, DATASETS[dataset], dataset), path, SORTED_BY[dataset], chosen)


def conform(table: pa.Table, schema: pa.Schema, what: str) -> pa.Table:
    """The table with the schema's field metadata. Raises StoreError if names, order or types differ."""
    if not table.schema.equals(schema):
        raise StoreError(f"{what}: rows do not have the schema of the dataset: {_difference(table.schema, schema)}")
    return pa.table(table.columns, schema=schema)


def write_sorted(table: pa.Table, path: Path, keys: tuple[str, ...], chosen: Bools | None = None) -> None:
    """Sort by `keys` (ascending, nulls last) and write: zstd, page index, a Bloom filter on `id`.

    chosen: which rows; default: all.
    """
    order = pc.sort_indices(table.select(list(keys)), sort_keys=[(key, "ascending") for key in keys])
    table = table.take(order if chosen is None else order.filter(pa.array(chosen).take(order)))
    rows = rows_per_group(table)
    options: dict[str, Any] = {  # newer than the type stubs
        "compression": "zstd",
        "use_dictionary": _but_texts(table.schema),
        "write_statistics": _but_texts(table.schema),
        "write_page_index": True,
        "data_page_size": PAGE_BYTES,
        "write_batch_size": _ROWS_AT_ONCE,
        "row_group_size": rows,
        "sorting_columns": pq.SortingColumn.from_ordering(table.schema, [(key, "ascending") for key in keys]),
    }
    if "id" in table.column_names:
        distinct = max(1, min(rows, table.num_rows))
        options["bloom_filter_options"] = {"id": {"ndv": distinct, "fpp": BLOOM_FALSE_POSITIVES}}
    path.parent.mkdir(parents=True, exist_ok=True)
    points.checkpoint(f"before {path.parent.parent.name} is staged")
    pq.write_table(table, path, **options)
    points.checkpoint(f"after {path.parent.parent.name} is staged")


def _but_texts(schema: pa.Schema) -> list[str]:
    """The columns, as Parquet names them, that are written with a dictionary, and with their least and greatest value:
    all but texts. Those hardly repeat; and what is written without can be read page by page (plain_pages.py)."""
    lists = (pa.types.is_list(field.type) for field in schema)
    return [
        f"{field.name}.list.element" if is_list else field.name
        for field, is_list in zip(schema, lists, strict=True)
        if not pa.types.is_large_string(field.type)
    ]


def rows_per_group(table: pa.Table) -> int:
    """How many rows come to ROW_GROUP_BYTES, at least one and at most ROW_GROUP_ROWS."""
    if not table.num_rows:
        return ROW_GROUP_ROWS
    return int(max(1, min(ROW_GROUP_ROWS, ROW_GROUP_BYTES * table.num_rows // max(1, table.nbytes))))


def _difference(got: pa.Schema, want: pa.Schema) -> str:
    pairs = list(zip(got, want, strict=False))
    wrong = [f"{g.name} {g.type} instead of {w.name} {w.type}" for g, w in pairs if not g.equals(w)]
    return "; ".join(wrong[:5]) or f"{len(got)} columns instead of {len(want)}"
