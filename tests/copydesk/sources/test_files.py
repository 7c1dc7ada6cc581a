"""What holds for a file of any format: how it is named, and that one which cannot be read is one reject."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from copydesk import sources
from copydesk.model import Format, Reject, Shard, SourceFile
from copydesk.settings import Settings
from copydesk.sources import stream
from copydesk.sources.base import name_id
from tests.copydesk.sources.files import FORMATS, errors, items, read, source


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


@pytest.mark.parametrize("format", FORMATS)
def test_of_all_parts_one_tells_of_a_file_that_fails(tmp_path: Path, format: Format) -> None:
    assert len(errors(read(tmp_path / "f", b"", format, parts=4))) == 1
