"""What is packed is not unpacked beyond a limit: content codings, and pages of Parquet files by their headers."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path
from typing import Any

import brotli
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk import sources
from copydesk.model import Item, Reject, Shard, SourceFile
from copydesk.settings import Settings
from copydesk.sources import warc
from copydesk.sources.coding import is_harmless, unpacks_beyond
from copydesk.sources.pages import Unpacked, unpacked

TEXT = b"The ferry came late. " * 500
PACKED = {
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "BR ": brotli.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "gzip, br": brotli.compress(gzip.compress(TEXT)),
    "br,zstd , gzip": gzip.compress(zstandard.compress(brotli.compress(TEXT))),
    "identity": TEXT,
}


@pytest.mark.parametrize("codings", PACKED)
def test_what_a_page_unpacks_to(codings: str) -> None:
    assert unpacks_beyond(PACKED[codings], codings, len(TEXT) - 1)
    assert not unpacks_beyond(PACKED[codings], codings, len(TEXT))
    assert not unpacks_beyond(PACKED[codings][: len(PACKED[codings]) // 2], codings, len(TEXT))


@pytest.mark.parametrize("codings", ["gzip", "zstd"])
def test_what_follows_the_first_member_counts(codings: str) -> None:
    assert unpacks_beyond(2 * PACKED[codings], codings, 2 * len(TEXT) - 1)
    assert not unpacks_beyond(2 * PACKED[codings], codings, 2 * len(TEXT))


@pytest.mark.parametrize("codings", ["gzip", "deflate", "br", "zstd", "rot13", "", "gzip, rot13"])
@pytest.mark.parametrize("packed", [b"", b"<html>no such thing</html>" * 20])
def test_what_nobody_can_unpack_is_no_bomb(codings: str, packed: bytes) -> None:
    assert not unpacks_beyond(packed, codings, 100)


def test_a_glance_at_what_is_short() -> None:
    assert is_harmless(b"x" * 10, "gzip", 10_320)
    assert not is_harmless(b"x" * 10, "gzip", 10_319)
    assert not is_harmless(b"", "br", 10_000)
    assert not is_harmless(b"", "gzip, gzip", 10_000)


# ---------------------------------------------------------------------------------------------------------------------


def rows(count: int = 3000) -> pa.Table:
    pick = random.Random(5)
    words = [" ".join(pick.choice(["ferry", "mill", "harbour", str(n)]) for _ in range(40)) for n in range(count)]
    return pa.table({"id": [str(n) for n in range(count)], "text": words, "tags": [["a", "b"]] * count})


def of_file(path: Path) -> list[Unpacked]:
    metadata = pq.ParquetFile(path).metadata
    with open(path, "rb", buffering=0) as raw:
        return [unpacked(raw, metadata.row_group(n)) for n in range(metadata.num_row_groups)]


def columns(path: Path) -> int:
    group = pq.ParquetFile(path).metadata.row_group(0)
    return sum(group.column(n).total_uncompressed_size for n in range(group.num_columns))


WRITERS: dict[str, dict[str, Any]] = {
    "plain": {"compression": "none", "use_dictionary": False},
    "zstd": {"compression": "zstd"},
    "second version": {"compression": "gzip", "data_page_version": "2.0"},
    "checksums and an index": {"write_page_checksum": True, "write_page_index": True},
    "long statistics": {"compression": "snappy", "write_statistics": ["text"], "use_dictionary": False},
}


@pytest.mark.parametrize("name", WRITERS)
def test_pages_of_pyarrow(name: str, tmp_path: Path) -> None:
    """A page a column: all of it, less the headers of pages."""
    path = tmp_path / "a.parquet"
    pq.write_table(rows(), path, data_page_size=1 << 30, dictionary_pagesize_limit=1 << 30, **WRITERS[name])
    (found,) = of_file(path)
    assert columns(path) * 0.98 - 600 < found.at_once < columns(path)
    assert bool(found.dictionary) == WRITERS[name].get("use_dictionary", True)
    pq.write_table(rows(), path, data_page_size=8192, write_batch_size=16, row_group_size=1000, **WRITERS[name])
    groups = of_file(path)
    assert len(groups) == 3
    assert all(group.at_once < found.at_once / 2 for group in groups)


def test_pages_of_other_writers(tmp_path: Path) -> None:
    written = rows()
    pl.DataFrame(written).write_parquet(tmp_path / "polars.parquet")
    duckdb.from_arrow(written).write_parquet(str(tmp_path / "duckdb.parquet"))
    for name in ("polars", "duckdb"):
        path = tmp_path / f"{name}.parquet"
        assert 10_000 < sum(group.at_once for group in of_file(path)) <= columns(path)


def test_headers_that_are_none_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(rows(), path, compression="none", use_dictionary=False)
    metadata = pq.ParquetFile(path).metadata
    pick = random.Random(6)
    whole = path.read_bytes()
    for length in (0, 1, 5, 40, 4000):
        damaged = bytearray(whole)
        start = metadata.row_group(0).column(0).data_page_offset
        damaged[start : start + length] = pick.randbytes(length)
        path.write_bytes(damaged)
        with open(path, "rb", buffering=0) as raw:
            assert unpacked(raw, metadata.row_group(0)).at_once >= 0
    (tmp_path / "empty").touch()
    with open(tmp_path / "empty", "rb", buffering=0) as raw:
        assert unpacked(raw, metadata.row_group(0)) == Unpacked(0, 0)


def test_a_row_group_of_large_pages_is_one_reject(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    schema = pa.schema([("text", pa.string())])
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as out:
        for length in (10, 40_000, 20):
            out.write_table(pa.table({"text": ["a" * length] * 40}, schema=schema))
    settings = Settings(max_item_bytes=50_000)
    file = SourceFile("file:///a.parquet", str(path), path.stat().st_size, 0, "parquet")
    found = list(sources.read(Shard(0, (file,)), settings))
    assert [one.error for one in found if isinstance(one, Reject)] == ["too-large"]
    (reject,) = (one for one in found if isinstance(one, Reject))
    assert "rows 41 to 80 have pages that unpack to 1,600,1" in reject.message
    read = [int(one.source_id) for one in found if isinstance(one, Item)]
    assert read == [*range(1, 41), *range(81, 121)]
    halves = [list(sources.read(Shard(0, (file,), part, 2), settings)) for part in range(2)]
    assert sorted(map(repr, [*halves[0], *halves[1]])) == sorted(map(repr, found))


HEADERS = st.sampled_from([
    b"Content-Type: text/html", b"Content-Length: 3", b"Content-Length: 999", b"x-robots-tag: a\r\n b", b"Link : <a>",
    b"no header", b"Date:", b"Server: \xff", b"A: b\n", b"", b": x", b"Last-Modified: x\r", b"TDM-Policy: \tq ",
    b"Content-Encoding: gzip",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    headers=st.lists(HEADERS, max_size=6),
    payload=st.sampled_from([b"", b"a", b"<p>x</p>\r\n\r\ny", b"\r\n\r\nz", b"\n", b"x" * 2000]),
    end=st.sampled_from([b"\r\n", b"\n"]),
    blank=st.sampled_from([b"\r\n", b"\n", b""]),
)
def test_a_response_is_the_same_if_only_its_headers_are_parsed(
    headers: list[bytes], payload: bytes, end: bytes, blank: bytes
) -> None:
    block = end.join([b"HTTP/1.1 200 OK", *headers, b""]) + blank + payload
    if (found := warc._unpacked(block)) is None:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warc, "_unpacked", lambda block: None)
        assert warc._http(warc._Record(0, len(block), b"", block, True), 1 << 20) == found
