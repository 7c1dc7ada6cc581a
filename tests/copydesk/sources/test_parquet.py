"""Parquet: what a row is, and that what is damaged costs its row group alone."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import subprocess
import sys
import uuid
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from copydesk.model import Compression, Item, Reject
from tests.copydesk.sources.files import errors, items, parquet, read


def test_parquet_rows_become_items(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([7, None], pa.int64()),
            "headline": ["A", None],
            "html": pa.array([b"<p>caf\xe9</p>", b""], pa.binary()),
            "date": pa.array([dt.datetime(2024, 5, 6), None], pa.timestamp("us", tz="UTC")),
            "tags": [["x", "y"], []],
        }
    )
    found = items(read(tmp_path / "f", parquet(table), "parquet", map={"title": "headline"}))
    assert [(one.source_id, one.own_id) for one in found] == [("7", True), ("2", False)]
    record = found[0].record or {}
    assert (record["title"], record["html"], record["tags"]) == ("A", "<p>café</p>", ["x", "y"])
    assert record["date"] == dt.datetime(2024, 5, 6, tzinfo=dt.UTC)
    assert json.loads(found[0].content)["headline"] == "A"
    assert list(json.loads(found[0].content)) == sorted(json.loads(found[0].content))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_parquet_compressed_as_a_whole(tmp_path: Path, compression: Compression) -> None:
    data = parquet(pa.table({"text": ["a", "b"]}))
    packed = gzip.compress(data, mtime=0) if compression == "gzip" else zstandard.compress(data)
    assert len(items(read(tmp_path / "f", packed, "parquet", compression))) == 2


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1", b"not one at all"])
def test_parquet_that_is_not_one(tmp_path: Path, data: bytes) -> None:
    assert errors(read(tmp_path / "f", data, "parquet")) == ["parquet"]


def test_parquet_with_a_damaged_row_group(tmp_path: Path) -> None:
    table = pa.table({"text": [f"story {n} " + "x" * 50 for n in range(1200)]})
    data = bytearray(parquet(table, row_group_size=400, compression="zstd", use_dictionary=False))
    metadata = pq.ParquetFile(io.BytesIO(bytes(data))).metadata
    column = metadata.row_group(1).column(0)
    middle = column.data_page_offset + 4
    data[middle : middle + column.total_compressed_size - 8] = b"\xff" * (column.total_compressed_size - 8)
    for parts in (1, 3):
        found = read(tmp_path / "f", bytes(data), "parquet", parts=parts)
        assert errors(found) == ["parquet"]
        assert len(found) == 801


def test_a_value_that_python_cannot_hold_is_named(tmp_path: Path) -> None:
    late = pa.array([10**15, 0], pa.timestamp("ms"))
    found = read(tmp_path / "f", parquet(pa.table({"text": ["a", "b"], "seen": late})), "parquet")
    (reject,) = (one for one in found if isinstance(one, Reject))
    assert (reject.source_id, reject.error) == ("1", "parquet")
    assert reject.message.startswith("its `seen` cannot be read (")
    assert [one.source_id for one in found if isinstance(one, Item)] == ["2"]


def test_of_columns_of_one_name_the_first_counts(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["the story"]), pa.array(["another"])], names=["text", "text"])
    (found,) = items(read(tmp_path / "f", parquet(table), "parquet"))
    assert (found.record, found.content) == ({"text": "the story"}, b'{"text":"the story"}')


def test_a_table_without_columns(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "f", parquet(pa.table({})), "parquet")
    assert isinstance(found, Reject)
    assert "among none at all" in found.message


def test_large_cell_is_one_reject(tmp_path: Path) -> None:
    data = parquet(pa.table({"text": ["a", "b" * 5000, "c"]}))
    found = read(tmp_path / "f", data, "parquet", max_item_bytes=2048)
    assert errors(found) == ["too-large"]
    assert [one.source_id for one in found if isinstance(one, Item)] == ["1", "3"]


@pytest.mark.parametrize("with_pandas", [True, False])
def test_nanoseconds_are_cut_with_or_without_pandas(tmp_path: Path, with_pandas: bool) -> None:
    """As pyarrow finds it once a process: pandas, or not."""
    late = 1_703_980_800_123_456_789
    moment, span = pa.timestamp("ns", tz="UTC"), pa.duration("ns")
    table = pa.table(
        {
            "text": ["A"],
            "date": pa.array([late], moment),
            "took": pa.array([late], span),
            "at": pa.array([1789], pa.time64("ns")),
            "seen": pa.array([[late]], pa.list_(moment)),
            "named": pa.array([late], moment).dictionary_encode(),
            "by": pa.array([{"on": late, "n": 1}], pa.struct([("on", moment), ("n", pa.int64())])),
            "of": pa.array([[("a", late)]], pa.map_(pa.string(), moment)),
        }
    )
    path = tmp_path / "f.parquet"
    path.write_bytes(parquet(table))
    script = (
        "import sys; from pathlib import Path; from tests.copydesk.sources.files import read\n"
        f"{'import pandas' if with_pandas else 'from copydesk.workers.spare import spare_pandas; spare_pandas()'}\n"
        "path = Path(sys.argv[1]); (one,) = read(path, path.read_bytes(), 'parquet')\n"
        "sys.stdout.buffer.write(one.content)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, check=True, text=True)
    when = "2023-12-31T00:00:00.123456+00:00"
    assert json.loads(done.stdout) == {
        "text": "A",
        "date": when,
        "took": "19722 days, 0:00:00.123456",
        "at": "00:00:00.000001",
        "seen": [when],
        "named": when,
        "by": {"on": when, "n": 1},
        "of": [["a", when]],
    }


def test_ids_that_are_no_strings(tmp_path: Path) -> None:
    uuids = [uuid.UUID(int=n * 0x1234567_89ABCDEF_01020304) for n in range(1, 40)]
    for ids, expected in (
        (pa.array([one.bytes for one in uuids], pa.binary(16)), [one.hex for one in uuids]),
        (pa.array([b"a-1", "ä".encode(), "ä".encode("latin-1")]), ["a-1", "ä", "e4"]),
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([uuids[0].bytes], pa.binary(16))), [str(uuids[0])]),
        (pa.array([Decimal(f"1{'0' * 29}1"), Decimal(7)], pa.decimal128(38, 0)), [f"1{'0' * 29}1", "7"]),
    ):
        found = items(read(tmp_path / "f", parquet(pa.table({"id": ids, "text": ["A"] * len(ids)})), "parquet"))
        assert [(one.source_id, one.own_id) for one in found] == [(one, True) for one in expected]


def test_bytes_that_are_no_text_are_no_title(tmp_path: Path) -> None:
    noise = bytes(range(64))
    table = pa.table({"text": [b"A", noise], "title": [noise, b"B"], "language": [noise, None]})
    found = read(tmp_path / "f", parquet(table), "parquet")
    assert errors(found) == ["binary"]
    (one,) = items([each for each in found if isinstance(each, Item)])
    assert one.record == {"text": "A", "title": None, "language": None}
