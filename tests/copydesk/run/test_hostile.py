"""Input made to do harm: every file ends as rejects or as harmless records, in bounded memory."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk.terminal import printable, printable_lines
from copydesk.upkeep.verify import verify
from flows import console
from tests.copydesk.corpus import ingest, rows, story, write_jsonl
from tests.flows.test_cli import command

MIB = 1 << 20
ELEMENTS = "too-many-elements"
BOUND = 256 * MIB + 32 * 32 * MIB
"""What docs/hostile-input.md says of a worker's memory, with max_item_bytes at its default."""

RUN = """
import json, resource, sys
from pathlib import Path
from copydesk.run.pipeline import run
from copydesk.settings import Settings
books = run(Settings(inputs=(sys.argv[1],), output=Path(sys.argv[2]), workers=1))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
status = Path("/proc/self/status")  # what getrusage tells begins with the most that the parent had
if status.exists():
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
print(json.dumps([books.items, books.articles, books.rejects, peak]))
"""


def run_alone(path: Path, output: Path) -> tuple[int, int, int, int]:
    """Items, articles, rejects, and the most memory the process had, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path), str(output)], capture_output=True, text=True, timeout=1200, check=True
    )
    items, articles, rejects, peak = json.loads(done.stdout)
    return items, articles, rejects, peak


def errors(output: Path) -> list[str]:
    return sorted(row["error"] for row in rows(output, "rejects"))


def bomb(head: bytes, unit: bytes = b"a" * MIB, times: int = 200) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with gzip.open(path, "wb") as out:
            out.write(head)
            for _ in range(times):
                out.write(unit)

    return write


def packed_page(path: Path) -> None:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join([pack.compress(b"<html>"), *(pack.compress(b"a" * MIB) for _ in range(400)), pack.flush()])
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n" + body
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://outlet.example/\r\nContent-Length: "
    path.write_bytes(head + b"%d\r\n\r\n" % len(block) + block + b"\r\n\r\n")


def brotli_page(path: Path) -> None:
    """In gzip in brotli: 400 MB."""
    packed = brotli.compress(gzip.compress(b"<html>") + gzip.compress(b"a" * (400 * MIB)))
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip, br\r\n\r\n" + packed
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://outlet.example/\r\nContent-Length: "
    path.write_bytes(head + b"%d\r\n\r\n" % len(block) + block + b"\r\n\r\n")


def packed_rows(path: Path) -> None:
    """A row group with a page of 900 MB, one with pages that are as they should be."""
    schema = pa.schema([("text", pa.large_string())])
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False, write_statistics=False) as out:
        out.write_table(pa.table({"text": ["a" * (30 * MIB)] * 30}, schema=schema))
        out.write_table(pa.table({"text": [story(n) for n in range(3)]}, schema=schema))


def deep_json(path: Path) -> None:
    nested = [b"[" * 10**6 + b"]" * 10**6, b'{"a":' * 10**5 + b"1" + b"}" * 10**5]
    path.write_bytes(b"".join(b'{"text":"a b c","x":' + value + b"}\n" for value in nested))


def wide_csv(path: Path) -> None:
    path.write_bytes(b"text" + b",c" * 10**6 + b"\n" + b"words" + b",1" * 10**6 + b"\n")


def wide_parquet(path: Path) -> None:
    pq.write_table(pa.table({"text": ["words"]} | {f"c{n}": [n] for n in range(10_001)}), path)


def long_rows(path: Path) -> None:
    """A dictionary of one value of 40 MB that stands for 2 GB."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 50, pa.int32()), pa.array(["a" * (40 * MIB)]))
    pq.write_table(pa.table({"text": text}), path, compression="zstd")


def long_field(path: Path) -> None:
    path.write_bytes(b'id,text\n1,"' + b"word " * 20_000_000 + b'"\n2,' + story(1).replace("\n", " ").encode() + b"\n")


HOSTILE: dict[str, tuple[str, Callable[[Path], None], int, list[str]]] = {
    # file name, how it is made, articles, rejects
    "zeros": ("a.txt.gz", bomb(b"", b"\0" * MIB), 0, ["binary"]),
    "text bomb": ("a.txt.gz", bomb(b"hello "), 0, ["too-large"]),
    "page bomb": ("a.html.gz", bomb(b"<html>"), 0, ["too-large"]),
    "line bomb": ("a.jsonl.gz", bomb(b'{"text": "'), 0, ["too-large"]),
    "array bomb": ("a.json.gz", bomb(b'[\n{"text": "'), 0, ["too-large"]),
    "row bomb": ("a.csv.gz", bomb(b'id,text\n1,"'), 0, ["too-large"]),
    "blank lines": ("a.jsonl.gz", bomb(b'{"text": 1}\n', b"\n" * MIB, 40), 0, ["no-text"]),
    "packed page": ("a.warc", packed_page, 0, ["too-large"]),
    "brotli page": ("a.warc", brotli_page, 0, ["too-large"]),
    "packed rows": ("a.parquet", packed_rows, 3, ["too-large"]),
    "many elements": ("a.html", lambda path: path.write_bytes(b"<html>" + b"<p>word" * 10**6) and None, 0, [ELEMENTS]),
    "deep json": ("a.jsonl", deep_json, 0, ["json", "json"]),
    "deep page": ("a.html", lambda path: path.write_bytes(b"<html>" + b"<div>" * 10**6) and None, 0, ["too-deep"]),
    "wide csv": ("a.csv", wide_csv, 0, ["too-many-columns"]),
    "wide parquet": ("a.parquet", wide_parquet, 0, ["too-many-columns"]),
    "long rows": ("a.parquet", long_rows, 0, ["too-large"] * 50),
    "long field": ("a.csv", long_field, 1, ["too-large"]),
}
QUICK = ("line bomb", "packed page", "brotli page", "deep json")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in QUICK else pytest.mark.long) for name in HOSTILE]
)
def test_a_hostile_file_is_a_reject_in_bounded_memory(name: str, tmp_path: Path) -> None:
    file, make, articles, rejected = HOSTILE[name]
    make(tmp_path / file)
    items, found, rejects, peak = run_alone(tmp_path / file, tmp_path / "out")
    assert (found, rejects, items) == (articles, len(rejected), articles + len(rejected))
    assert errors(tmp_path / "out") == rejected
    assert peak < BOUND / 2  # far below what an honest article of 32 MB takes


@pytest.mark.long
@pytest.mark.parametrize("kind", ["txt", "jsonl", "keys"])
def test_the_largest_articles_stay_within_the_bound(kind: str, tmp_path: Path) -> None:
    words = b"The word of it. " * 2_000_000
    path = tmp_path / f"a.{kind.replace('keys', 'jsonl')}"
    if kind == "keys":
        path.write_bytes(b'{"text":"a b c",' + b",".join(b'"k%d":%d' % (n, n) for n in range(1_800_000)) + b"}\n")
    else:
        path.write_bytes(words if kind == "txt" else b'{"text":"' + words + b'"}\n')
    assert path.stat().st_size > 30_000_000
    items, articles, _, peak = run_alone(path, tmp_path / "out")
    assert (items, articles) == (1, 1)
    assert peak < BOUND


@pytest.mark.long
def test_the_largest_pages_of_parquet_stay_within_the_bound(tmp_path: Path) -> None:
    schema = pa.schema([("text", pa.large_string())])
    path = tmp_path / "a.parquet"
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False, write_statistics=False) as out:
        out.write_table(pa.table({"text": ["The word of it. " * 1_800_000] * 17}, schema=schema))
    items, articles, rejects, peak = run_alone(path, tmp_path / "out")
    assert (items, articles, rejects) == (17, 1, 0)
    assert peak < BOUND + 8 * 32 * MIB


def test_what_is_no_file_is_a_reject_or_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    (folder / "a.txt").write_text(story(1))
    (folder / "below" / "loop").symlink_to(folder)
    (folder / "self").symlink_to("self")
    (folder / "null").symlink_to("/dev/null")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "gone").symlink_to("nowhere")
    os.mkfifo(folder / "fifo")
    here = os.getcwd()
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(folder)  # a socket's path may not be long
        try:
            bound.bind("socket")
        finally:
            os.chdir(here)
        summary = ingest(tmp_path / "out", folder)
    assert (summary.articles, summary.rejects) == (1, 6)
    assert errors(tmp_path / "out") == ["not-a-file"] * 4 + ["unreadable"] * 2
    assert verify(tmp_path / "out") == []


def test_a_page_above_a_limit_is_read_once_that_is_raised(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        f"<html><body><article>{''.join(f'<p>{story(n)}</p>' for n in range(1100))}</article></body></html>"
    )
    refused = ingest(tmp_path / "out", path, page_elements=1000)
    assert (refused.articles, refused.rejects) == (0, 1)
    (told,) = rows(tmp_path / "out", "rejects")
    assert (told["error"], told["message"]) == (
        ELEMENTS,
        "the page has more than 1,000 elements: raise page_elements if it is an article",
    )
    assert ingest(tmp_path / "out", path, page_elements=1000).seen == 1
    assert ingest(tmp_path / "out", path).articles == 1
    assert ingest(tmp_path / "out", path).seen == 1


NAMES = [
    b"two\nlines.txt",
    b"not-\xff-utf8.txt",
    "gnp.\u202etxt".encode(),
    b"esc\x1b]0;x\x07.txt",
    b"=cmd.txt",
    b" .txt",
]


def test_names_of_any_bytes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in\nput\x1b[2J"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(story(number))
    assert command("ingest", str(folder), "-o", str(tmp_path / "o\x1b[2Jut"), "-w", "1") == 0
    out = tmp_path / "o\x1b[2Jut"
    found = rows(out, "articles")
    assert len(found) == len(NAMES)
    assert all(row["source_uri"].isascii() and row["source_uri"].isprintable() for row in found)
    assert command("verify", "-o", str(out)) == 0
    assert command("ingest", str(folder / "no\x1b[2Jwhere"), "-o", str(tmp_path / "other")) == 2
    told = capfd.readouterr()
    assert "\x1b" not in told.out + told.err


def test_what_is_named_by_bytes_that_are_no_utf8(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    odd = os.fsdecode(b"caf\xe9")
    path = write_jsonl(tmp_path / odd, [{"body": story(1)}])
    given = "ingest", str(path), "--map", "text=body", "-w", "1"
    assert command(*given, "-o", str(tmp_path / "out")) == 0
    (run,) = rows(tmp_path / "out", "runs")
    assert json.loads(run["settings"])["inputs"] == [str(tmp_path / "caf\ufffd")]
    assert command("duplicates", str(path), "-o", str(tmp_path / "out")) == 0
    assert command("forget", rows(tmp_path / "out", "articles")[0]["id"], "-o", str(tmp_path / "out")) == 0
    (run,) = rows(tmp_path / "out", "runs")
    assert "caf" not in json.loads(run["settings"])["inputs"][0]
    assert command("verify", "-o", str(tmp_path / "out")) == 0
    for name in (odd, f"a/{odd}"):
        assert command("forget", name, "-o", str(tmp_path / "out")) == 0
        assert command("duplicates", name, "-o", str(tmp_path / "out")) == 2
    capfd.readouterr()
    assert command(*given, "-o", str(tmp_path / odd / "out")) == 2
    assert "output: must be UTF-8" in capfd.readouterr().err


HOSTILE_TEXTS = [
    "\x1b]0;owned\x07\x1b[2Jcleared",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "a\x00b",
    "half \ud83d of a pair",
    "\u202egnp.exe",
    "\u2066hidden\u2069",
    "\x9b31mred",
    "\r\rover",
]


def hostile_records() -> Iterator[dict[str, Any]]:
    for number, text in enumerate(HOSTILE_TEXTS):
        yield {
            "id": text,
            "title": text,
            "authors": [text],
            "publisher": text,
            "section": text,
            "tags": [text, {"name": text}],
            "url": f"https://outlet.example/{text}",
            "date": text,
            "language": text,
            "text": f"{text}\n\n{story(number)}",
        }


def test_hostile_words_in_every_field(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in hostile_records()))
    summary = ingest(tmp_path / "out", path)
    assert (summary.articles, summary.rejects) == (len(HOSTILE_TEXTS), 0)
    assert verify(tmp_path / "out", read_data=True) == []
    for row in rows(tmp_path / "out", "articles"):
        for text in (row["title"], row["text"], row["canonical_url"]):
            assert not {"\x1b", "\x9b", "\x00", "\r", "\u202e"} & set(text or "")
    # A formula is text like any other: what opens the Parquet must not take it for more.
    assert "=cmd|' /C calc'!A0" in {row["title"] for row in rows(tmp_path / "out", "articles")}


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_nothing_of_an_article_reaches_a_terminal_as_more_than_text(text: str) -> None:
    shown = printable(text)
    assert shown.encode().decode().isprintable()
    assert printable_lines(f"{text}\nb").count("\n") == text.count("\n") + 1
    console.as_json({"title": shown})


def test_a_rejected_item_is_told_without_its_words(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    corpus = write_jsonl(tmp_path / "in.jsonl", [{"id": "\x1b[2J", "text": "\x1b[2J"}, {"\x1b[2J": 1}])
    assert command("ingest", str(corpus), "-o", str(tmp_path / "out"), "-w", "1") == 0
    told = capfd.readouterr()
    assert "\x1b" not in told.out + told.err
    assert errors(tmp_path / "out") == ["empty", "no-text"]
