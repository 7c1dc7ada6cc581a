"""Which files are read, and how they are cut into shards."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from copydesk import sources
from copydesk.errors import UsageError
from copydesk.model import Item, SourceFile
from copydesk.run.discover import Discovery, discover, file_uri, shards
from copydesk.settings import Settings
from copydesk.sources import stream


def unknown(file: SourceFile) -> int | None:
    return None


def find(tmp_path: Path, *inputs: Any, output: Path | None = None, **settings: Any) -> Discovery:
    options = Settings(inputs=tuple(map(str, inputs)), output=output or tmp_path / "no-output", **settings)
    return discover(options, unknown, tmp_path / "spool")


def names(found: Discovery) -> list[str]:
    return [file.uri.rpartition("/")[2] for shard in found.shards for file in shard.files]


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"The story of {path}.\n")


def test_folders_are_walked_in_order_and_hidden_files_left(tmp_path: Path) -> None:
    write(tmp_path / "in", "b.txt", "a.txt", "c/z.txt", "c/d/y.txt", ".hidden.txt", ".git/config", "a/x.txt")
    assert names(find(tmp_path, tmp_path / "in")) == ["a.txt", "b.txt", "x.txt", "z.txt", "y.txt"]


def test_empty_folder_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert find(tmp_path, tmp_path / "in") == Discovery(shards=())


def test_globs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in", "a.txt", "b.md", "c/d.txt", "c/e/f.txt", "odd[1].txt")
    monkeypatch.chdir(tmp_path)
    assert names(find(tmp_path, "in/*.txt")) == ["a.txt", "odd%5B1%5D.txt"]
    assert names(find(tmp_path, "in/**/*.txt")) == ["a.txt", "d.txt", "f.txt", "odd%5B1%5D.txt"]
    assert names(find(tmp_path, "in/odd[1].txt")) == ["odd%5B1%5D.txt"]


def test_the_same_file_named_twice_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in", "a.txt", "b.txt")
    (tmp_path / "in" / "c.txt").symlink_to(tmp_path / "in" / "a.txt")
    monkeypatch.chdir(tmp_path)
    found = find(tmp_path, "in/b.txt", "in", tmp_path / "in", "in/*.txt", "in/../in/a.txt")
    assert names(found) == ["b.txt", "a.txt"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path / "in", "a/b.txt")
    (tmp_path / "in" / "a" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "gone").symlink_to(tmp_path / "nowhere")
    found = find(tmp_path, tmp_path / "in")
    assert names(found) == ["b.txt"]
    assert [(one.error, one.source_uri.rpartition("/")[2]) for one in found.rejects] == [("unreadable", "gone")]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("nowhere.txt", "no such file"),
        ("none/*.txt", "nothing matches"),
        ("https://news.example/a", "not fetched"),
        ("ftp://bucket/a", "not fetched"),
        ("", "not a path"),
        ("a\0b", "not a path"),
        ("/dev/null", "not a regular file"),
    ],
)
def test_input_that_is_not_there_is_refused_before_anything_is_read(tmp_path: Path, name: str, word: str) -> None:
    write(tmp_path / "in", "a.txt")
    with pytest.raises(UsageError, match=word):
        discover(Settings(inputs=(str(tmp_path / "in"), name)), lambda file: pytest.fail("was read"), tmp_path)


def test_pipes_are_refused_when_named_and_rejected_when_met(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt")
    os.mkfifo(tmp_path / "in" / "pipe")
    with pytest.raises(UsageError, match="with -"):
        find(tmp_path, tmp_path / "in" / "pipe")
    found = find(tmp_path, tmp_path / "in")
    assert [one.error for one in found.rejects] == ["not-a-file"]
    assert names(found) == ["a.txt"]


def test_what_we_wrote_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "in/a.txt", "in/output/README.md", "in/output/articles/x.txt", "in/sub/b.txt", "in/articles/c.txt")
    assert names(find(tmp_path, tmp_path / "in", output=tmp_path / "in/output")) == ["a.txt", "c.txt", "b.txt"]
    write(tmp_path, "in/_state/ledger.txt")
    # Here the output holds the inputs: what is not ours of it is read.
    assert names(find(tmp_path, tmp_path / "in", output=tmp_path / "in")) == ["a.txt", "README.md", "x.txt", "b.txt"]


def test_standard_input_is_spooled_jsonl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'{"id": 1, "text": "One."}\n{"id": 2, "text": "Two."}\n'
    for given, compression in ((data, None), (gzip.compress(data), "gzip")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        found = find(tmp_path, "-")
        (file,) = found.shards[0].files
        assert (file.uri, file.format, file.compression, file.size) == ("-", "jsonl", compression, len(given))
        items = list(sources.read(found.shards[0], Settings()))
        assert [one.source_uri for one in items if isinstance(one, Item)] == ["-", "-"]


def test_bad_files_are_rejected_with_their_first_bytes(tmp_path: Path) -> None:
    bad = {
        "a-empty.txt": (b"", "empty"),
        "b-picture.html": (b"\x89PNG\r\n\x1a\n" + bytes(50), "binary"),
        "c-paper.txt": (b"%PDF-1.7 ...", "binary"),
        "d-cut.gz": (gzip.compress(b"x" * 100)[:11], "truncated"),
        "e-nothing.gz": (gzip.compress(b""), "empty"),
        "f-not.parquet": (bytes(range(1, 32)) * 4, "parquet"),
        "g-feed.xml": (b"<?xml version='1.0'?><rss><channel></channel></rss>", "xml"),
        "h-tar.txt": (b"a" * 257 + b"ustar\x0000", "binary"),
        "i-damaged.zst": (b"\x28\xb5\x2f\xfd" + b"\xff" * 40, "corrupt"),
    }
    (tmp_path / "in").mkdir()
    for name, (content, _) in bad.items():
        (tmp_path / "in" / name).write_bytes(content)
    found = find(tmp_path, tmp_path / "in", reject_bytes=8)
    assert [one.error for one in found.rejects] == [error for _, error in bad.values()]
    assert [one.content for one in found.rejects] == [content[:8] for content, _ in bad.values()]
    assert [Path(one.path).name for one in found.refused] == list(bad)
    assert found.shards == ()


def test_unreadable_file_is_rejected_and_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in", "a.txt")

    def refuse(*_: Any) -> int:  # as chmod would, but for root as well
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(stream.os, "open", refuse)
    found = find(tmp_path, tmp_path / "in")
    assert [one.error for one in found.rejects] == ["unreadable"]
    assert found.refused == ()


def test_first_block_of_zstd_may_be_large(tmp_path: Path) -> None:
    noise = b"".join(hashlib.sha256(str(n).encode()).hexdigest().encode() for n in range(6000))
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard.compress(b'{"text": "' + noise + b'"}\n'))
    assert path.stat().st_size > 150_000
    (shard,) = find(tmp_path, path).shards
    assert (shard.files[0].format, shard.files[0].compression) == ("jsonl", "zstd")


def test_known_files_are_not_opened(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "b.txt")
    (tmp_path / "in" / "a.txt").write_bytes(bytes(100))  # would be rejected

    def known(file: SourceFile) -> int | None:
        return 3 if file.path.endswith("a.txt") and file.size == 100 else None

    found = discover(Settings(inputs=(str(tmp_path / "in"),), output=tmp_path / "out"), known, tmp_path)
    assert [(Path(file.path).name, count) for file, count in found.unchanged] == [("a.txt", 3)]
    assert names(found) == ["b.txt"]
    assert found.rejects == ()


@pytest.mark.parametrize("name", ["a b.txt", "ü.txt", "100%.txt", "a#b?c.txt", "quote'.txt", os.fsdecode(b"\xff.txt")])
def test_uri_is_that_of_pathlib(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert file_uri(str(path)) == path.as_uri()
    path.write_text("A story.")
    found = find(tmp_path, path)
    assert [file.uri for file in found.shards[0].files] == [path.as_uri()]
    (item,) = sources.read(found.shards[0], Settings())
    assert item.source_uri == path.as_uri()


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in", "a.txt")
    monkeypatch.chdir(tmp_path / "in")
    assert find(tmp_path, ".").shards == find(tmp_path, tmp_path / "in").shards


def file(name: str, size: int, format: Any = "text", compression: Any = None) -> SourceFile:
    return SourceFile(f"file:///{name}", f"/{name}", size, 0, format, compression)


def cut(files: Iterable[SourceFile]) -> list[tuple[str, int, int]]:
    return [
        ("+".join(file.path[1:] for file in shard.files), shard.part, shard.parts)
        for shard in shards(list(files), 1_000_000)
    ]


def test_small_files_share_a_shard_and_large_ones_are_split() -> None:
    files = [
        file("a", 400_000),
        file("b", 500_000),
        file("c", 400_000),
        file("d", 2_500_000, "jsonl"),
        file("e", 400_000, "jsonl", "gzip"),
        file("f", 5_000_000, "html"),
        file("g", 10, "csv"),
    ]
    assert cut(files) == [
        ("a+b", 0, 1),
        ("c", 0, 1),
        *(("d", part, 4) for part in range(4)),
        ("e", 0, 2),
        ("e", 1, 2),
        ("f", 0, 1),
        ("g", 0, 1),
    ]
    assert [shard.number for shard in shards(files, 1_000_000)] == list(range(10))
    assert len(cut([file("h", 10**9, "warc", "gzip")])) == 8


def test_what_is_discovered_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    records = [{"id": n, "text": "A story. " * 200} for n in range(600)]
    content = b"".join(json.dumps(one).encode() + b"\n" for one in records)
    (tmp_path / "in" / "many.jsonl.gz").write_bytes(gzip.compress(content, 1))
    (tmp_path / "in" / "plain").write_bytes(content)
    found = find(tmp_path, tmp_path / "in", shard_bytes=64 * 1024)
    assert len(found.shards) > 10
    items = [one for shard in found.shards for one in sources.read(shard, Settings())]
    assert sorted(one.source_id or "" for one in items) == sorted([str(n) for n in range(600)] * 2)


def test_a_file_has_one_name_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "far/real/b.txt", "here/a.txt", "one.txt")
    (tmp_path / "here" / "link").symlink_to(tmp_path / "far" / "real")
    monkeypatch.chdir(tmp_path / "here")

    def uri(path: str) -> str:
        (shard,) = find(tmp_path, path).shards
        return shard.files[0].uri

    assert uri("../one.txt") == uri("../here/../one.txt") == uri("../one.txt") == (tmp_path / "one.txt").as_uri()
    assert uri("link/../real/b.txt") == (tmp_path / "far" / "real" / "b.txt").as_uri()
    assert uri("../here/link/b.txt") == (tmp_path / "here" / "link" / "b.txt").as_uri()
