"""WARC: which records are items, what breaks, and how parts of an archive are read."""

from __future__ import annotations

import datetime as dt
import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from copydesk import sources
from copydesk.model import Item, Reject, Shard, SourceFile
from copydesk.settings import Settings
from copydesk.sources import stream, warc
from tests.copydesk.sources.files import errors, items, read, source, warc_record


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
