"""The format of a file is found by what it holds."""

from __future__ import annotations

import pytest

from copydesk.model import Format
from copydesk.sources.sniff import format_of


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
