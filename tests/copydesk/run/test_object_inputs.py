"""Inputs in object storage, against a real S3 API on loopback, with requests made to fail."""

from __future__ import annotations

import glob
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

pytest.importorskip("obstore")
pytest.importorskip("moto.server")

from copydesk import objects, ranges
from copydesk.errors import UsageError
from copydesk.run import listing
from copydesk.run.listing import fixed, pattern
from copydesk.run.pipeline import Summary, run
from copydesk.settings import Settings
from copydesk.store.dataset import open_dataset
from copydesk.upkeep.verify import verify
from tests.copydesk import news
from tests.copydesk.s3 import S3, Asked, serving_here

SEEDS = Path(__file__).parents[3] / "seeds"


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with serving_here() as s3:
        yield s3


@pytest.fixture
def s3(server: S3) -> S3:
    server.reset()
    objects.known.cache_clear()
    return server


def ingest(output: Path, *inputs: str, **settings: Any) -> Summary:
    return run(Settings(inputs=inputs, output=output, workers=1, learn=False, guard=False, **settings))


def rows(output: Path, name: str, *columns: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = open_dataset(output, name).to_table(columns=list(columns)).to_pylist()
    return sorted(found, key=str)


def many(count: int) -> list[bytes]:
    """Lines of stories that are not alike."""
    return [line(news.story(number, 60).replace("\n", " "), str(number)) for number in range(count)]


def line(text: str, id_: str = "1") -> bytes:
    return f'{{"id": "{id_}", "text": "{text}"}}\n'.encode()


STORY = "The council of the harbour town agreed on Tuesday to mend the old pier before the winter storms."
OTHER = "A heron nested on the roof of the library, and readers were asked to use the garden door for now."


@pytest.mark.slow
def test_objects_are_ingested_as_files_are(s3: S3, tmp_path: Path) -> None:
    """All formats: text, pages, JSON lines, CSV, Parquet, WARC, compressed ones, and what is none of ours."""
    s3.upload(SEEDS, "seeds")
    ingest(tmp_path / "files", str(SEEDS))
    ingest(tmp_path / "objects", f"{s3.url}/seeds/")
    same = ("source_id", "source_format", "content_sha256", "text", "title", "source_offset", "source_length")
    for name in ("articles", "duplicates", "revisions"):
        assert rows(tmp_path / "objects", name, *same) == rows(tmp_path / "files", name, *same)
    told = ("source_id", "stage", "error", "message", "bytes")
    assert rows(tmp_path / "objects", "rejects", *told) == rows(tmp_path / "files", "rejects", *told)
    uris = open_dataset(tmp_path / "objects", "articles").to_table(columns=["source_uri"])["source_uri"]
    assert pc.all(pc.starts_with(uris, f"{s3.url}/seeds/")).as_py()
    assert verify(tmp_path / "objects", read_data=True) == []


def test_unchanged_objects_are_not_read_again(s3: S3, tmp_path: Path) -> None:
    for number, one in enumerate(many(5)):
        s3.put(f"in/{number}.jsonl", one)
    assert ingest(tmp_path, f"{s3.url}/in").articles == 5
    s3.asked.clear()
    again = ingest(tmp_path, f"{s3.url}/in")
    assert (again.items, again.seen, again.bytes_read) == (5, 5, 0)
    assert [a for a in s3.asked if a.method != "HEAD" and not a.is_list] == []


def test_an_object_that_changed_within_a_second_and_kept_its_size(s3: S3, tmp_path: Path) -> None:
    s3.put("in/a.jsonl", line("One story of the old pier in winter."))
    assert ingest(tmp_path, f"{s3.url}/in").articles == 1
    s3.put("in/a.jsonl", line("Two story of the old pier in winter."))
    assert ingest(tmp_path, f"{s3.url}/in").revisions == 1


def test_names_of_all_kinds(s3: S3, tmp_path: Path) -> None:
    from urllib.parse import quote

    keys = ["in/a b.jsonl", "in/ä.jsonl", "in/100%.jsonl", "in/[1].jsonl", "in/.hidden", "in/.d/x.jsonl", "in/q?.jsonl"]
    for key, one in zip(keys, many(len(keys)), strict=True):
        s3.put(quote(key), one)
    s3.put("in/folder/", b"")
    s3.put("in/folder/z.jsonl", line(OTHER))
    found = [file.uri.removeprefix(f"{s3.url}/") for file in listing.find(f"{s3.url}/in/")]
    assert sorted(found) == sorted(k for k in [*keys, "in/folder/z.jsonl"] if "/." not in k)
    assert ingest(tmp_path, f"{s3.url}/in/").articles == 6
    assert len(listing.find(f"{s3.url}/in/[1].jsonl")) == 1


def test_patterns(s3: S3) -> None:
    for key in ("a.txt", "b.md", "c/d.txt", "c/e/f.txt", "x/c/g.txt"):
        s3.put(f"in/{key}", b"text")

    def found(url: str) -> list[str]:
        return [file.uri.removeprefix(f"{s3.url}/in/") for file in listing.find(f"{s3.url}/{url}")]

    assert found("in/*.txt") == ["a.txt"]
    assert found("in/**/*.txt") == ["a.txt", "c/d.txt", "c/e/f.txt", "x/c/g.txt"]
    assert found("in/c/?.txt") == ["c/d.txt"]
    assert found("in/[!b]*") == ["a.txt"]
    assert found("in/**") == ["a.txt", "b.md", "c/d.txt", "c/e/f.txt", "x/c/g.txt"]
    assert found("in/c") == ["c/d.txt", "c/e/f.txt"]
    assert found("in/c/d.txt") == ["c/d.txt"]
    with pytest.raises(UsageError, match="nothing matches"):
        found("in/*.pdf")
    assert fixed("in/2026-*/x.txt") == "in"
    assert pattern("a^[]b]*").fullmatch("a^b.txt")


@pytest.mark.parametrize(
    "text", ["a[!b]c", "*[!a]*", "[!]*", "[z-a]*", "a[!]", "[]a]*", "[!]a]?", "**/[!c]*", "[a-[b]*"]
)
def test_a_pattern_means_what_it_does_in_a_folder(tmp_path: Path, text: str) -> None:
    for name in ("a/c", "abc", "axc", "[!]x", "a[!]", "]", "d/e", "c/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    meant = {path for path in glob.glob(text, root_dir=tmp_path, recursive=True) if (tmp_path / path).is_file()}
    assert {name for name in found if pattern(text).fullmatch(name)} == meant


def test_a_listing_of_many_pages(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "PAGE", 3)
    for number in range(9):
        s3.put(f"in/{number}.txt", b"text")
    assert len(listing.find(f"{s3.url}/in")) == 9
    assert sum(asked.is_list for asked in s3.asked) >= 4


def test_what_is_not_there_or_not_ours_is_one_line(s3: S3, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^s3://desk/nothing: no such object or prefix$"):
        ingest(tmp_path, f"{s3.url}/nothing")
    with pytest.raises(UsageError, match=r"^s3://nobody-has-this/in: there is no such bucket$"):
        ingest(tmp_path, "s3://nobody-has-this/in")
    s3.put("in/a.jsonl", line(STORY))
    s3.spoil(lambda asked: "403" if asked.is_list else None)
    with pytest.raises(UsageError, match=r"^s3://desk/in: the server says 403 Forbidden$"):
        ingest(tmp_path, f"{s3.url}/in")


def test_an_object_that_may_not_be_read_is_a_reject_and_tried_again(s3: S3, tmp_path: Path) -> None:
    s3.put("in/a.jsonl", line(STORY))
    s3.put("in/b.jsonl", line(OTHER))
    s3.spoil(lambda asked: "403" if asked.key == "in/b.jsonl" else None)
    summary = ingest(tmp_path, f"{s3.url}/in")
    assert (summary.articles, summary.rejects) == (1, 1)
    (reject,) = rows(tmp_path, "rejects", "source_uri", "error", "message")
    assert reject["source_uri"] == f"{s3.url}/in/b.jsonl"
    assert reject["error"] == "unreadable"
    assert "403 Forbidden" in reject["message"]
    s3.spoil(None)
    assert ingest(tmp_path, f"{s3.url}/in").articles == 1


@pytest.mark.parametrize("what", ["503", "drop", "lose", "cut"])
def test_a_request_that_fails_is_made_again(s3: S3, tmp_path: Path, what: str) -> None:
    stories = many(120)
    for place, name in enumerate("abc"):
        s3.put(f"in/{name}.jsonl", b"".join(stories[place::3]))
    s3.spoil(lambda asked: what if asked.number < 2 else None)
    summary = ingest(tmp_path, f"{s3.url}/in")
    assert (summary.articles, summary.rejects) == (120, 0)


def test_a_server_that_stays_away_is_a_reject(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "ATTEMPTS", 2)
    objects.known.cache_clear()
    s3.put("in/a.jsonl", line(STORY))
    s3.put("in/b.jsonl", line(OTHER))
    s3.spoil(lambda asked: "503" if asked.key == "in/b.jsonl" else None)
    summary = ingest(tmp_path, f"{s3.url}/in")
    objects.known.cache_clear()
    assert (summary.articles, summary.rejects) == (1, 1)
    assert rows(tmp_path, "rejects", "error") == [{"error": "unreadable"}]
    s3.spoil(None)
    assert ingest(tmp_path, f"{s3.url}/in").articles == 1


@pytest.mark.parametrize("change", ["gone", "replaced"])
def test_an_object_that_changes_during_the_run_is_read_by_the_next(s3: S3, tmp_path: Path, change: str) -> None:
    s3.put("in/a.jsonl", line(STORY))
    s3.put("in/b.jsonl", line(OTHER))
    done = []

    def spoiler(asked: Asked) -> None:
        if asked.key == "in/b.jsonl" and asked.method == "GET" and asked.number == 1 and not done:
            done.append(True)  # its beginning was looked at; now it is to be read
            if change == "gone":
                s3.delete("in/b.jsonl")
            else:
                s3.put("in/b.jsonl", line(OTHER + " It has two chicks."))

    s3.spoil(spoiler)
    summary = ingest(tmp_path, f"{s3.url}/in")
    assert done
    assert (summary.articles, summary.rejects) == (1, 1)
    assert rows(tmp_path, "rejects", "error") == [{"error": "vanished"}]
    s3.put("in/b.jsonl", line(OTHER + " It has two chicks."))
    assert ingest(tmp_path, f"{s3.url}/in").articles == 1
    assert verify(tmp_path, read_data=True) == []


def test_a_large_object_is_read_in_pieces_by_several_shards(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "BLOCK", 16 * 1024)
    lines = many(600)
    s3.put("in/a.jsonl", b"".join(lines))
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines))
    by_object = ingest(tmp_path / "objects", f"{s3.url}/in", shard_bytes=64 * 1024)
    by_file = ingest(tmp_path / "files", str(tmp_path / "a.jsonl"), shard_bytes=64 * 1024)
    assert by_object.items == by_file.items == 600
    for name in ("articles", "duplicates"):
        assert rows(tmp_path / "objects", name, "source_id", "text") == rows(
            tmp_path / "files", name, "source_id", "text"
        )


def test_small_objects_are_asked_for_before_it_is_their_turn(s3: S3, tmp_path: Path) -> None:
    for number, one in enumerate(many(40)):
        s3.put(f"in/{number:02}.jsonl", one)
    together = threading.Barrier(4)

    def spoiler(asked: Asked) -> None:
        if asked.key.startswith("in/") and asked.method == "GET" and asked.number == 1:
            together.wait(30)  # would break if they were asked for one after the other

    s3.spoil(spoiler)
    assert ingest(tmp_path, f"{s3.url}/in").articles == 40
    assert ranges._coming == {}


def test_what_we_wrote_ourselves_is_not_read(s3: S3) -> None:
    for key in ("out/articles/x.txt", "out/_state/y.txt", "out/notes.txt", "in.txt"):
        s3.put(key, b"text")

    def found(url: str, output: str) -> list[str]:
        return [file.uri.removeprefix(f"{s3.url}/") for file in listing.find(url, output)]

    assert found(s3.url, f"{s3.url}/out") == ["in.txt"]
    assert found(f"{s3.url}/out", f"{s3.url}/out") == ["out/notes.txt"]
    assert found(s3.url, s3.url) == ["in.txt", "out/_state/y.txt", "out/articles/x.txt", "out/notes.txt"]


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(UsageError, match=r"pip install 'copydesk\[cloud\]'"):
        objects.Bucket("s3://desk")
