"""Compressed files: of many members, and cut off or damaged."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from copydesk.model import Compression, Format
from tests.copydesk.sources.files import errors, items, jsonl, pack, read, warc_record


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


@pytest.mark.parametrize("zeros", [1, 100_000, 300_000])
def test_zeros_behind_a_member_are_no_damage(tmp_path: Path, zeros: int) -> None:
    found = read(tmp_path / "f", pack([b"One. "], "gzip") + bytes(zeros) + pack([b"Two."], "gzip"), "text", "gzip")
    assert [one.content for one in items(found)] == [b"One. Two."]
