"""Every format: what an item is, how it is named, and that bad input is told and passed over."""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import io
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import brotli
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from copydesk import sources
from copydesk.model import Compression, Format, Item, Reject, Shard, SourceFile
from copydesk.run import discover
from copydesk.settings import Settings
from copydesk.sources import lines as lines_module
from copydesk.sources import stream, warc
from copydesk.sources.base import canonical_json, mapped, name_id, record_id
from copydesk.sources.lines import lines, values
from copydesk.sources.sniff import format_of

VERSIONS = count()
FORMATS: tuple[Format, ...] = ("text", "html", "jsonl", "csv", "parquet", "warc")


def source(path: Path, data: bytes, format: Format, compression: Compression | None = None) -> SourceFile:
    path.write_bytes(data)
    return SourceFile(path.as_uri(), str(path), len(data), next(VERSIONS), format, compression)


def read(
    path: Path, data: bytes, format: Format, compression: Compression | None = None, parts: int = 1, **settings: Any
) -> list[Item | Reject]:
    file = source(path, data, format, compression)
    options = Settings(**settings)
    return [found for part in range(parts) for found in sources.read(Shard(part, (file,), part, parts), options)]


def items(found: Iterable[Item | Reject]) -> list[Item]:
    assert all(isinstance(one, Item) for one in found), found
    return [one for one in found if isinstance(one, Item)]


def errors(found: Iterable[Item | Reject]) -> list[str]:
    return [one.error for one in found if isinstance(one, Reject)]


def jsonl(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def warc_record(
    number: int,
    body: bytes = b"<html><p>The ferry is late.</p></html>",
    http: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n",
    kind: bytes = b"response",
    content_type: bytes = b"application/http; msgtype=response",
    length: int | None = None,
) -> bytes:
    block = http + b"\r\n" + body if http else body
    return (
        b"WARC/1.0\r\nWARC-Type: %b\r\nWARC-Record-ID: <urn:test:%d>\r\nWARC-Date: 2024-05-06T07:08:09Z\r\n"
        b"WARC-Target-URI: https://news.example/%d\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
    ) % (kind, number, number, content_type, len(block) if length is None else length, block)


# Files of one article


def test_text_file_is_one_item_named_by_its_file(tmp_path: Path) -> None:
    (found,) = items(read(tmp_path / "harbour.2024.txt.gz", gzip.compress(b"Boats left.\n"), "text", "gzip"))
    assert (found.source_id, found.own_id) == ("harbour.2024", False)
    assert (found.content, found.offset, found.length) == (b"Boats left.\n", 0, 12)
    assert found.record is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html.gz", "a"),
        ("a.txt", "a"),
        ("a.b.txt", "a.b"),
        ("a.txt.txt", "a.txt"),
        ("2024.09.14", "2024.09.14"),
        ("a.ZST", "a"),
        ("README", "README"),
        ("gz", "gz"),
        (".txt", ".txt"),
    ],
)
def test_name_less_one_compression_and_one_format_ending(name: str, expected: str) -> None:
    assert name_id(f"/somewhere/{name}") == expected


def test_name_that_is_not_unicode_still_gives_an_id() -> None:
    assert name_id(os.fsdecode(b"/x/\xff.txt")) == "\ufffd"


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n"])
@pytest.mark.parametrize("format", ["text", "html", "jsonl", "csv"])
def test_file_without_content_is_one_reject(tmp_path: Path, data: bytes, format: Format) -> None:
    assert errors(read(tmp_path / "f", data, format)) == ["empty"]


def test_binary_file_is_rejected_with_its_first_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 64
    (found,) = read(tmp_path / "f", data, "text", reject_bytes=100)
    assert isinstance(found, Reject)
    assert (found.error, found.content, found.source_id) == ("binary", data[:100], None)


def test_file_above_the_limit_is_rejected(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "f", b"x" * 5000, "text", max_item_bytes=4096, reject_bytes=10)
    assert isinstance(found, Reject)
    assert (found.error, found.content) == ("too-large", b"x" * 10)


def test_bomb_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    (found,) = read(tmp_path / "f", bomb, "jsonl", "gzip", max_item_bytes=4096)
    assert errors([found]) == ["too-large"]


def test_file_that_vanished_or_cannot_be_read(tmp_path: Path) -> None:
    gone = SourceFile("file:///gone", str(tmp_path / "gone"), 1, 0, "jsonl")
    os.mkfifo(tmp_path / "pipe")
    pipe = SourceFile("file:///pipe", str(tmp_path / "pipe"), 1, 0, "jsonl")
    folder = SourceFile("file:///folder", str(tmp_path), 1, 0, "text")
    found = list(sources.read(Shard(0, (gone, pipe, folder)), Settings()))
    assert errors(found) == ["vanished", "not-a-file", "not-a-file"]


@pytest.mark.parametrize("format", FORMATS)
def test_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: Format) -> None:
    file = source(tmp_path / "f", b"text", format)

    def refuse(*_: Any) -> int:  # as chmod would, but for root as well
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(stream.os, "open", refuse)
    assert errors(sources.read(Shard(0, (file,)), Settings())) == ["unreadable"]


# JSON


def test_lines_become_items(tmp_path: Path) -> None:
    data = b'{"id": "a", "text": "One."}\r\n\n{"text": "Two."}\n  \n{"id": 7, "text": "Three."}'
    found = items(read(tmp_path / "f", data, "jsonl"))
    assert [(one.source_id, one.own_id) for one in found] == [("a", True), ("2", False), ("7", True)]
    assert [one.content for one in found] == [line.strip() for line in data.split(b"\n") if line.strip()]
    assert all(data[one.offset :][: one.length] == one.content for one in found)
    assert found[2].record == {"id": 7, "text": "Three."}


def test_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (found,) = items(read(tmp_path / "f", b'\xef\xbb\xbf{"text": "One."}\n', "jsonl"))
    assert (found.content, found.offset) == (b'{"text": "One."}', 3)


def test_utf16_lines(tmp_path: Path) -> None:
    data = '{"text": "Ümläut"}\n{"text": "Zwei"}\n'.encode("utf-16")
    found = items(read(tmp_path / "f", data, "jsonl"))
    assert [one.record and one.record["text"] for one in found] == ["Ümläut", "Zwei"]
    assert found[0].offset is None


def test_bad_lines_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    good = b'{"text": "Good."}'
    bad = {
        "json": b'{"text": "cut off',
        "not-an-object": b'["a list"]',
        "utf-8": b'{"text": "caf\xe9"}',
        "too-large": b'{"text": "' + b"x" * 3000 + b'"}',
    }
    data = b"\n".join([good, *bad.values(), b"[" * 2000, good])
    found = read(tmp_path / "f", data, "jsonl", max_item_bytes=2048, reject_bytes=16)
    assert errors(found) == [*bad, "json"]
    rejects = [one for one in found if isinstance(one, Reject)]
    assert [one.source_id for one in rejects] == ["2", "3", "4", "5", "6"]
    assert [one.content for one in rejects[:4]] == [line[:16] for line in bad.values()]
    last = found[-1]
    assert isinstance(last, Item)
    assert (last.source_id, last.content, last.offset) == ("7", good, len(data) - len(good))


def test_what_python_writes_and_json_forbids_is_read(tmp_path: Path) -> None:
    data = b'{"text": "half \\ud83d", "score": NaN}\n{"text": "a\ttab"}\n'
    found = items(read(tmp_path / "f", data, "jsonl"))
    assert [one.record and one.record["text"] for one in found] == ["half \ud83d", "a\ttab"]


@pytest.mark.parametrize(
    "data",
    [
        b'[{"id": 1, "text": "A, \\"b\\" ]}"}, {"id": 2, "text": "c\\\\"}]',
        b'[\n  {"id": 1, "text": "A, \\"b\\" ]}"},\n  {"id": 2,\n   "text": "c\\\\"}\n]\n',
        b'{\n  "id": 1, "text": "A, \\"b\\" ]}"\n}\n{\n  "id": 2, "text": "c\\\\"\n}\n',
    ],
)
def test_json_that_is_not_one_value_a_line(tmp_path: Path, data: bytes) -> None:
    found = items(read(tmp_path / "f", data, "jsonl"))
    assert [one.record and one.record["text"] for one in found] == ['A, "b" ]}', "c\\"]
    assert [one.source_id for one in found] == ["1", "2"]
    assert all(data[one.offset :][: one.length] == one.content for one in found)


def test_large_or_broken_value_in_an_array_does_not_hide_the_next(tmp_path: Path) -> None:
    data = b'[{"text": "' + b"x" * 5000 + b'"},\n{"text": nothing},\n7, "a, b", {"text": "Good."}, {"text": "cut'
    found = read(tmp_path / "f", data, "jsonl", max_item_bytes=2048)
    assert errors(found) == ["too-large", "json", "not-an-object", "not-an-object", "json"]
    assert [one.source_id for one in found if isinstance(one, Item)] == ["5"]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=8), st.data())
def test_values_are_found_wherever_chunks_end(records: list[dict[str, str]], data: st.DataObject) -> None:
    text = json.dumps(records, indent=data.draw(st.sampled_from([None, 1])), ensure_ascii=data.draw(st.booleans()))
    content = text.encode("utf-8", "replace")
    size = data.draw(st.integers(1, 9))
    chunks = (content[at : at + size] for at in range(0, len(content), size))
    found = list(values(chunks, 10_000, 10))
    assert [json.loads(one.data) for one in found] == json.loads(content)
    assert all(content[one.offset :][: one.size] == one.data for one in found)


@given(st.binary(max_size=60), st.integers(1, 7), st.integers(0, 12))
def test_lines_are_found_wherever_chunks_end(content: bytes, size: int, limit: int) -> None:
    chunks = (content[at : at + size] for at in range(0, len(content), size))
    found = list(lines(chunks, limit, 3))
    expected = content.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert len(found) == len(expected)
    for piece, line in zip(found, expected, strict=True):
        assert piece.whole == (len(line) <= limit)
        kept = line.removesuffix(b"\r") if piece.whole else line[:3]
        assert piece.data == kept
        assert content[piece.offset :].startswith(kept)


# Names of fields


def test_map_names_our_fields_in_their_words() -> None:
    record = {"headline": "H", "title": "not the headline", "body": "B", "extra": 1}
    assert mapped(record, {"title": "headline", "text": "body"}) == {"title": "H", "text": "B", "extra": 1}
    assert mapped({"a": 1, "b": 2}, {"title": "a", "url": "b"}) == {"title": 1, "url": 2}
    swapped = {"title": "t", "text": "x"}
    assert mapped(swapped, {"title": "text", "text": "title"}) == {"title": "x", "text": "t"}
    assert mapped({"title": "kept", "headline": None}, {"title": "headline"}) == {"title": "kept"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        (" a ", "a"),
        ("", None),
        (0, "0"),
        (12, "12"),
        (12.0, "12"),
        (1.5, "1.5"),
        (True, None),
        (None, None),
        (float("nan"), None),
        (10**400, None),
        ("x" * 2000, None),
        (["a"], None),
        ("\ud800", "?"),
    ],
)
def test_own_ids_are_strings_and_numbers(value: Any, expected: str | None) -> None:
    assert record_id({"id": value}) == expected


# CSV


def test_rows_become_items(tmp_path: Path) -> None:
    data = b'id,title,text\r\na,"One, two","He said ""go""\nand went"\r\n\r\n,Three,Plain\r\n'
    found = items(read(tmp_path / "f", data, "csv"))
    assert [(one.source_id, one.own_id) for one in found] == [("a", True), ("2", False)]
    assert found[0].record == {"id": "a", "title": "One, two", "text": 'He said "go"\nand went'}
    assert found[0].content == canonical_json(found[0].record or {})
    assert (found[0].offset, found[0].length) == (None, None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "title", "text"], ["1", "Boats, nets; and | ropes", "A, b; c"], ["2", "T", "x, y; z"]]
    lines = [delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows]
    found = items(read(tmp_path / "f", "\n".join(lines).encode(), "csv"))
    assert [list((one.record or {}).values()) for one in found] == rows[1:]


def test_single_column_and_inch_marks(tmp_path: Path) -> None:
    found = items(read(tmp_path / "f", b'text\nA 6" pipe burst\nNext row\n', "csv"))
    assert [(one.record or {})["text"] for one in found] == ['A 6" pipe burst', "Next row"]


def test_rows_that_do_not_fit(tmp_path: Path) -> None:
    data = b"id,text\n1,good,extra\n2\n3,good,,\n" + b'4,"' + b"y" * 3000 + b'"\n5,good\n'
    found = read(tmp_path / "f", data, "csv", max_item_bytes=2048)
    assert errors(found) == ["csv", "csv", "too-large"]
    assert [one.source_id for one in found if isinstance(one, Item)] == ["3", "5"]


def test_quote_never_closed_costs_the_limit_and_not_the_file(tmp_path: Path) -> None:
    data = b'id,text\n1,"open\n' + b"2,row\n" * 1000
    found = read(tmp_path / "f", data, "csv", max_item_bytes=1024)
    assert errors(found) == ["too-large"]
    assert len(found) > 800


def test_csv_in_other_charsets(tmp_path: Path) -> None:
    text = "id;text\n1;Café “au lait”\n"
    for data in (text.encode("cp1252"), text.encode("utf-16"), text.encode("utf-8-sig")):
        (found,) = items(read(tmp_path / "f", data, "csv"))
        assert found.record == {"id": "1", "text": "Café “au lait”"}


def test_table_without_a_text_column_is_one_reject(tmp_path: Path) -> None:
    data = b"id,body\n1,a\n2,b\n"
    assert errors(read(tmp_path / "f", data, "csv")) == ["no-text"]
    assert len(items(read(tmp_path / "f", data, "csv", map={"text": "body"}))) == 2


def test_header_alone_is_empty(tmp_path: Path) -> None:
    assert errors(read(tmp_path / "f", b"id,text\n", "csv")) == ["empty"]


# Parquet


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        ('1,"one\n2,"two"\n3,three\n', ["two", "three"]),  # the next quote opens a field
        ('1,"one\n2,"two\n3,"three"\n', ["three"]),
        ('1,"one\n2,two\n3,three\n', ["two", "three"]),  # none follows
        ('1,one\n2,"two\nand more, and\nmore', ["one"]),  # the file breaks off
        ('1,"one\n\n""Yes,"" she said"\n2,two\n', ['one\n\n"Yes," she said', "two"]),
        ('1,"He\nsaid "hello" to me"\n2,two\n', ['He\nsaid hello" to me"', "two"]),  # not doubled, as some write
    ],
)
def test_a_quote_that_is_never_closed_costs_its_row(tmp_path: Path, rows: str, texts: list[str]) -> None:
    found = read(tmp_path / "f", f"id,text\n{rows}".encode(), "csv")
    assert [one.record["text"] for one in found if isinstance(one, Item) and one.record] == texts
    assert set(errors(found)) <= {"csv"}
    assert all("never closed" in one.message for one in found if isinstance(one, Reject))


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


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


def test_large_cell_is_one_reject(tmp_path: Path) -> None:
    data = parquet(pa.table({"text": ["a", "b" * 5000, "c"]}))
    found = read(tmp_path / "f", data, "parquet", max_item_bytes=2048)
    assert errors(found) == ["too-large"]
    assert [one.source_id for one in found if isinstance(one, Item)] == ["1", "3"]


# WARC


def test_responses_and_conversions_are_items(tmp_path: Path) -> None:
    data = b"".join(
        [
            warc_record(1, b"software: test", b"", b"warcinfo", b"application/warc-fields"),
            warc_record(2, b"", b"GET / HTTP/1.1\r\n", b"request", b"application/http; msgtype=request"),
            warc_record(3),
            warc_record(4, http=b"HTTP/1.1 404 Not Found\r\n"),
            warc_record(5, b"lookup", b"", b"response", b"text/dns"),
            warc_record(10, b"", b"HTTP/1.1 200 OK\r\n", b"revisit", b"application/http; msgtype=response"),
            warc_record(11, b"", b"HTTP/1.1 304 Not Modified\r\n"),
            warc_record(12, b"gone", b"HTTP/1.1 301 Moved\r\nLocation: /x\r\n"),
            warc_record(6, b"Plain words.", b"", b"conversion", b"text/plain"),
        ]
    )
    page, text = items(read(tmp_path / "f", data, "warc"))
    assert (page.source_id, page.own_id, page.url) == ("urn:test:3", False, "https://news.example/3")
    assert page.content == b"<html><p>The ferry is late.</p></html>"
    assert page.fetched_at == dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    assert (page.http_status, dict(page.http_headers)) == (200, {"content-type": "text/html; charset=utf-8"})
    assert data[page.offset :][: page.length] == warc_record(3).removesuffix(b"\r\n\r\n")
    assert (text.content, text.http_status) == (b"Plain words.", None)
    assert text.http_headers["content-type"] == "text/plain"


PAGE = b"<html><p>" + b"The ferry is late. " * 50 + b"</p></html>"
RAW_DEFLATE = zlib.compress(PAGE)[2:-4]


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"Transfer-Encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(PAGE), PAGE)),
        (b"Content-Encoding: gzip", gzip.compress(PAGE, mtime=0)),
        (b"Content-Encoding: br", brotli.compress(PAGE)),
        (b"Content-Encoding: deflate", zlib.compress(PAGE)),
        (b"Content-Encoding: deflate", RAW_DEFLATE),
        (b"Content-Encoding: zstd", zstandard.compress(PAGE)),
        (b"Transfer-Encoding: chunked", PAGE),
        (b"Content-Encoding: gzip", PAGE),
        (b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked", PAGE),
        (b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked", gzip.compress(PAGE, mtime=0)),
    ],
)
def test_payload_is_decoded_whether_or_not_its_headers_are_true(tmp_path: Path, header: bytes, body: bytes) -> None:
    data = warc_record(1, body, b"HTTP/1.1 200 OK\r\n" + header + b"\r\n") + warc_record(2)
    found = items(read(tmp_path / "f", data, "warc"))
    assert [one.content for one in found] == [PAGE, b"<html><p>The ferry is late.</p></html>"]


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (b"stray bytes\r\n\r\n", "warc"),
        (b"stray bytes without an end\n", "warc"),
        (warc_record(1, length=20), "warc"),
        (warc_record(1, length=200), "warc"),
        (warc_record(1, length=9999), "warc"),
        (warc_record(1, length=99_999), "truncated"),
        (warc_record(1).replace(b"Content-Length", b"X-Length"), "warc"),
        (warc_record(1).replace(b"Content-Length: ", b"Content-Length: -"), "warc"),
        (warc_record(1, b"no status line", b""), "warc"),
        (warc_record(1, b"\x1f\x8b\x08broken" + bytes(200), b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"), "warc"),
        (warc_record(1, b""), "empty"),
        (warc_record(1, b"x" * 50_000), "too-large"),
        (warc_record(1, gzip.compress(b"x" * 50_000), b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"), "too-large"),
    ],
)
def test_broken_record_is_one_reject_and_the_next_is_read(tmp_path: Path, bad: bytes, error: str) -> None:
    data = warc_record(7) + bad + warc_record(8) + warc_record(9)
    found = read(tmp_path / "f", data, "warc", max_item_bytes=20_000)
    assert errors(found) == [error]
    ids = [one.source_id for one in found if isinstance(one, Item)]
    # A length beyond the limit that is wrong takes with it what it covers: it cannot be looked through.
    assert ids == (["urn:test:7"] if b"99999" in bad else ["urn:test:7", "urn:test:8", "urn:test:9"])


def test_last_record_cut_off(tmp_path: Path) -> None:
    found = read(tmp_path / "f", (warc_record(1) + warc_record(2))[:-20], "warc")
    assert [type(one) for one in found] == [Item, Reject]
    assert errors(found) == ["truncated"]


def test_warc_without_pages_is_one_reject(tmp_path: Path) -> None:
    data = warc_record(1, b"software: test", b"", b"warcinfo", b"application/warc-fields")
    assert errors(read(tmp_path / "f", data, "warc")) == ["empty"]


# Compression


def pack(pieces: list[bytes], compression: Compression) -> bytes:
    """Every piece a member or frame of its own."""
    return b"".join(gzip.compress(one, mtime=0) if compression == "gzip" else zstandard.compress(one) for one in pieces)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
@pytest.mark.parametrize("format", ["text", "html", "jsonl", "csv", "warc"])
def test_many_members(tmp_path: Path, format: Format, compression: Compression) -> None:
    pieces = {
        "text": [b"One. ", b"Two."],
        "html": [b"<html><p>One. ", b"Two.</p></html>"],
        "jsonl": [b'{"text": "One."}\n{"te', b'xt": "Two."}\n'],
        "csv": [b"id,text\n1,One.\n", b"2,Two.\n"],
        "warc": [warc_record(1), warc_record(2)],
    }[format]
    plain = read(tmp_path / "f", b"".join(pieces), format)
    assert read(tmp_path / "f", pack(pieces, compression), format, compression) == items(plain)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
@pytest.mark.parametrize("format", ["text", "jsonl", "csv", "warc"])
def test_items_before_a_break_come(tmp_path: Path, format: Format, compression: Compression) -> None:
    data = {
        "text": b"One. " * 100,
        "jsonl": jsonl({"text": "One."}, {"text": "Two."}),
        "csv": b"id,text\n1,One.\n2,Two.\n",
        "warc": warc_record(1) + warc_record(2),
    }[format]
    random = b"".join(zlib.crc32(bytes([n % 256, n // 256])).to_bytes(4, "big") for n in range(3000)).hex().encode()
    packed = pack([data, random], compression)
    for parts in (1, 3):
        found = read(tmp_path / "f", packed[:-2000], format, compression, parts)
        assert errors(found)[-1:] == ["truncated"]
        assert errors(found).count("truncated") == 1
        assert len(found) >= (1 if format == "text" else 3)
        damaged = packed[:-4000] + b"\0" * 64 + packed[-3936:]
        assert read(tmp_path / "f", damaged, format, compression, parts)


# Parts


def numbered(format: Format, count: int) -> bytes:
    texts = [f"Story {n}." for n in range(count)]
    if format == "jsonl":
        return b"".join(jsonl({"text": text}) if n % 7 else b"{broken\n\n" for n, text in enumerate(texts))
    if format == "csv":
        return b"text\n" + b"".join(b'"%b\n."\n\n' % text.encode() for text in texts)
    if format == "parquet":
        return parquet(pa.table({"text": texts}), row_group_size=700)
    return b"".join(warc_record(n, text.encode()) if n % 7 else b"stray\r\n\r\n" for n, text in enumerate(texts))


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "warc"])
def test_all_parts_together_are_the_whole(tmp_path: Path, format: Format) -> None:
    block = sources.BLOCK_ITEMS
    data = numbered(format, 30 * block + 5)
    whole = read(tmp_path / "f", data, format)
    assert len(whole) == 30 * block + 5
    for parts in (2, 3, 7):
        found = read(tmp_path / "f", data, format, parts=parts)
        assert sorted(map(repr, found)) == sorted(map(repr, whole))
    file = source(tmp_path / "f", data, format)
    first = list(sources.read(Shard(0, (file,), 1, 2), Settings()))
    assert first == [item for n, item in enumerate(whole) if n // block % 2 == 1]


BLOCK = sources.BLOCK_ITEMS


def members(many: int) -> list[bytes]:
    """Gzip members of a record each; a request before every third response, and one broken record."""
    asked = warc_record(0, b"", b"GET / HTTP/1.1\r\n", b"request", b"application/http; msgtype=request")
    records = [b"stray\r\n\r\n" if n == BLOCK + 8 else warc_record(n, b"<p>%d" % n) for n in range(many)]
    return [gzip.compress(one) for n, record in enumerate(records) for one in [asked, record][n % 3 > 0 :]]


def unpacked_by_parts(
    monkeypatch: pytest.MonkeyPatch, file: SourceFile, notes: Path
) -> tuple[list[Item | Reject], list[int]]:
    """The items of five parts of a file, read one after the other, and the bytes that each unpacked.

    notes: the folder that the parts of a run have in common, as processes of their own would have it."""
    sizes: list[int] = []

    def counted(*asked: Any) -> Iterator[bytes]:
        for chunk in stream.chunks(*asked):
            sizes[-1] += len(chunk)
            yield chunk

    monkeypatch.setattr(warc, "chunks", counted)
    found: list[Item | Reject] = []
    for part in range(5):
        sizes.append(0)
        found += [item for _, _, item in sources.numbered(Shard(part, (file,), part, 5), Settings(), notes)]
    return found, sizes


def test_parts_that_are_read_later_unpack_their_own_blocks_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_GZIP_PIECE", 200)
    monkeypatch.setattr(warc, "_LONGEST_HEADER", 1000)
    file = source(tmp_path / "f", b"".join(members(11 * BLOCK + 5)), "warc", "gzip")
    whole = list(sources.read(Shard(0, (file,)), Settings()))
    found, sizes = unpacked_by_parts(monkeypatch, file, tmp_path)
    assert len(found) == 11 * BLOCK + 5
    assert sorted(map(repr, found)) == sorted(map(repr, whole))
    assert sum(sizes[1:]) < 1.1 * sizes[0]


def test_what_parts_have_noted_of_a_file_is_not_taken_for_what_it_is_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for many in (7 * BLOCK, 6 * BLOCK):
        file = source(tmp_path / "f", b"".join(members(many)), "warc", "gzip")
        found, _ = unpacked_by_parts(monkeypatch, file, tmp_path)
        assert len(found) == many


def test_notes_that_cannot_be_read_or_written_cost_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = source(tmp_path / "f", b"".join(members(6 * BLOCK)), "warc", "gzip")
    unpacked_by_parts(monkeypatch, file, tmp_path)
    (note,) = tmp_path.glob("*.starts")
    note.write_bytes(b"[[0,")
    for notes in (tmp_path, tmp_path / "none"):
        found, _ = unpacked_by_parts(monkeypatch, file, notes)
        assert len(found) == 6 * BLOCK


def cut(archive: list[bytes]) -> bytes:
    return b"".join(archive)[:-20]


def in_two(archive: list[bytes]) -> bytes:
    """All but the first records in one member."""
    return b"".join(archive[:9]) + gzip.compress(gzip.decompress(b"".join(archive[9:])))


@pytest.mark.parametrize(("joined", "all_of_it"), [(cut, False), (in_two, True)])
def test_parts_of_an_archive_that_breaks_off_or_has_no_member_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joined: Callable[[list[bytes]], bytes], all_of_it: bool
) -> None:
    file = source(tmp_path / "f", joined(members(11 * BLOCK + 5)), "warc", "gzip")
    whole = list(sources.read(Shard(0, (file,)), Settings()))
    found, sizes = unpacked_by_parts(monkeypatch, file, tmp_path)
    assert sorted(map(repr, found)) == sorted(map(repr, whole))
    assert (len(set(sizes)) == 1) == all_of_it


@pytest.mark.parametrize("format", FORMATS)
def test_of_all_parts_one_tells_of_a_file_that_fails(tmp_path: Path, format: Format) -> None:
    assert len(errors(read(tmp_path / "f", b"", format, parts=4))) == 1


# Anything at all


TOKENS = st.sampled_from(
    [
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"\n",
        b"\r\n",
        b"\\",
        b"id,text\n",
        b'{"text": "a"}',
        b"WARC/1.0\r\n",
        b"PAR1",
        *[
            b"\x00",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"Content-Length: 5\r\n\r\n",
            warc_record(1),
            b"HTTP/1.1 200 OK\r\n\r\n",
        ],
        *[gzip.compress(b'{"text": "a"}\n'), zstandard.compress(b"text\na\n"), b"\x1f\x8b", b"\x28\xb5\x2f\xfd"],
    ]
)
ANYTHING = st.one_of(
    st.binary(max_size=200), st.lists(st.one_of(TOKENS, st.binary(max_size=8)), max_size=20).map(b"".join)
)


@pytest.mark.parametrize("format", FORMATS)
@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=ANYTHING, compression=st.sampled_from([None, "gzip", "zstd"]), wrap=st.booleans())
def test_nothing_that_a_file_holds_raises(
    tmp_path: Path, format: Format, data: bytes, compression: Compression | None, wrap: bool
) -> None:
    if compression and wrap:
        data = pack([data], compression)
    whole = read(tmp_path / "f", data, format, compression, max_item_bytes=1024)
    assert whole
    assert all(one.error and one.message for one in whole if isinstance(one, Reject))
    assert read(tmp_path / "f", data, format, compression, parts=2, max_item_bytes=1024) == whole


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"Plain words, and more, of them.\n", "a", "text"),
        (b"<!doctype html><html>", "a.txt", "html"),
        (b"\n<!-- c --><HTML lang=en>", "a", "html"),
        (b"<p>One</p><p>Two</p>", "a", "html"),
        (b"<3 is how it begins", "a.txt", "text"),
        (b"plain words", "a.html", "html"),
        (b'{"id": 1, "text": "a"}\n', "a.txt", "jsonl"),
        (b'[{"text": "a"}]', "a", "jsonl"),
        (b"[Updated] The ferry is late.\n", "a", "text"),
        (b"{{Template}} text", "a", "text"),
        (b"broken line\n{}", "a.jsonl", "jsonl"),
        (b"id,title,text\n1,a,b\n", "a", "csv"),
        (b"id\ttitle\ttext\n1\ta\tb\n", "a", "csv"),
        (b"id,title,text\n1,a,b\n", "a.txt", "csv"),
        (b"Wind, rain, sun\nall came, on one, day\n", "a", "text"),
        (b"Wind, rain, text\nall came on one day\n", "a.txt", "text"),
        (b"whatever", "a.csv", "csv"),
        (b"WARC/1.0\r\nWARC-Type: warcinfo\r\n", "a.txt", "warc"),
        (b"PAR1\x15", "a.txt", "parquet"),
        (b'{"id": 1, "text": "a"}\n', "a.parquet", "jsonl"),
        (b"<!doctype html><html>", "a.warc", "html"),
        (b"a broken record\r\n\r\nWARC/1.0\r\n", "a.warc", "warc"),
        (bytes(range(1, 32)) * 4, "a.warc", "warc"),
        ("<html>é".encode("utf-16"), "a", "html"),
        ("<html><p>The ferry.</p>".encode("utf-16-le"), "a", "html"),
        ("<html>".encode("utf-32"), "a", "html"),
    ],
)
def test_format_is_found_by_content_and_name_breaks_ties(head: bytes, name: str, expected: Format) -> None:
    assert format_of(head, name) == expected


_LINES = st.lists(st.sampled_from([b"", b" ", b"\r", b"\t \r", b"{}", b'{"text": "Oars"}', b"not json"]), max_size=30)


@rules(max_examples=200, deadline=None)
@given(_LINES, st.integers(1, 6), st.sampled_from([1, 3, 7, 1000]))
def test_spans_of_lines_hold_each_line_once_and_count_those_before(rows: list[bytes], count: int, at_once: int) -> None:
    data = b"\n".join(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_AT_ONCE", at_once)
        spans = lines_module.spans(io.BytesIO(data), len(data), count)
    found = [data[span.start : span.stop] for span in spans]
    assert b"".join(found) == data
    assert all(part.endswith(b"\n") for part in found[:-1])
    assert [span.before for span in spans] == [
        sum(bool(line.strip()) for part in found[:number] for line in part.split(b"\n")) for number in range(len(found))
    ]


def test_parts_of_plain_json_lines_read_no_more_than_their_own_lines(tmp_path: Path) -> None:
    text = "The ferry left without its lamp. " * 8
    rows = [{"text": f"{text}{n}"} | ({"id": f"a{n}"} if n % 3 else {}) for n in range(400)]
    data = b"\n" + jsonl(*rows).replace(b"\n", b"\n\n", 5)
    file = source(tmp_path / "f", data, "jsonl")
    cut = list(discover.shards([file], len(data) // 7))
    assert len(cut) == 7 or len(cut) == 8
    assert sum(shard.span.stop - shard.span.start for shard in cut if shard.span) == len(data)
    whole = list(sources.read(Shard(0, (file,)), Settings()))
    assert [found for shard in cut for found in sources.read(shard, Settings())] == whole
    chosen = [found for shard in cut for found in sources.read(replace(shard, first=100, last=130), Settings())]
    assert chosen == whole[100:130]


@pytest.mark.parametrize("head", [b"\xef\xbb\xbf", b"[\n"])
def test_files_whose_lines_cannot_be_read_alone_are_read_whole(tmp_path: Path, head: bytes) -> None:
    file = source(tmp_path / "f", head + jsonl(*({"text": f"Oars {n} " * 9} for n in range(90))), "jsonl")
    assert all(shard.span is None for shard in discover.shards([file], 1000))


def test_a_file_that_is_gone_is_told_by_each_part_that_misses_it(tmp_path: Path) -> None:
    file = source(tmp_path / "f", jsonl(*({"text": f"Oars {n} " * 9} for n in range(90))), "jsonl")
    cut = list(discover.shards([file], 2000))
    (tmp_path / "f").unlink()
    found = [one for shard in cut for one in sources.read(shard, Settings())]
    assert errors(found) == ["vanished"] * len(cut)
    assert len({one.source_id for one in found}) == len(cut)
