from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk import thrift


def page() -> tuple[bytes, int]:
    """A Parquet file of one page, and where its header begins."""
    file = io.BytesIO()
    table = pa.table({"text": ["one", "two", "three"]})
    pq.write_table(table, file, use_dictionary=False, compression="none")
    return file.getvalue(), pq.read_metadata(file).row_group(0).column(0).data_page_offset


def test_the_header_of_a_page() -> None:
    data, start = page()
    fields, end = thrift.struct(data, start)
    assert (fields[1], fields[2]) == (0, fields[3])  # a data page, packed as it is
    assert fields[5][1] == 3  # values
    assert data[end : end + fields[3]].endswith(b"\x05\x00\x00\x00three")


def test_what_ends_before_the_struct_does() -> None:
    data, start = page()
    end = thrift.struct(data, start)[1]
    for short in range(start, end):
        with pytest.raises(thrift.Short):
            thrift.struct(data[:short], start)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"\x00", {}),
        (b"\x11\x12\x00", {1: True, 2: False}),
        (b"\x13\x07\x15\x03\x00", {1: 7, 2: -2}),
        (b"\x05\x28\x03\x00", {20: -2}),  # a number of its own
        (b"\x18\x02ab\x19\x23\x05\x06\x00", {1: b"ab", 2: [5, 6]}),
        (b"\x19\x21\x01\x02\x1c\x15\x02\x00\x00", {1: [1, 2], 2: {1: 1}}),
    ],
)
def test_values(data: bytes, fields: dict[int, object]) -> None:
    assert thrift.struct(data + b"more") == (fields, len(data))


@pytest.mark.parametrize("wrong", [b"\x1c" * 40, b"\x19\x1c" + b"\x1c" * 40, b"\x1b\x00", b"\x15" + b"\xff" * 12])
def test_what_is_no_header(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="Thrift"):
        thrift.struct(wrong)
