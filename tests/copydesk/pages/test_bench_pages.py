"""bench.pages and what bench.train_pages learns from, on invented pages."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from bench import pagegold, pages, train_pages
from tests.copydesk.pages.test_extract import SENTENCES
from tests.copydesk.pages.test_story import body, made

STORY = "\n".join(f"{sentence} {SENTENCES[0]}" for sentence in SENTENCES)


def record(name: str, html: str) -> bytes:
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\n"
        f"WARC-Record-ID: <urn:gold:{name}>\r\nWARC-Target-URI: https://{name}.example/bridge\r\n"
        f"Content-Length: {len(http)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + http + b"\r\n\r\n", mtime=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stamp = (
        '<meta property="article:published_time" content="2026-03-03T10:00:00Z"><meta name=author content="Ada Lind">'
    )
    names = [f"elm{number}" for number in range(6)]
    (tmp_path / "elms.warc.gz").write_bytes(b"".join(record(name, made(body(), head=stamp)) for name in names))
    gold = {"title": "Old bridge closed until spring", "author": "Ada Lind", "date": "2026-03-02", "text": STORY}
    rows = [json.dumps(gold | {"id": name, "text": STORY if name != "elm5" else "Nothing of it."}) for name in names]
    (tmp_path / "elms.gold.jsonl").write_text("\n".join(rows))
    return tmp_path


def test_it_measures_both_readers(folder: Path) -> None:
    gold = list(pagegold.read(folder))
    assert {one.half for one in gold} == {0, 1}
    clock = pages.Clock()
    rows = pages.measure(gold, clock)
    assert {row.path for row in rows} == {"copydesk"}
    assert {"trafilatura", "choosing blocks"} <= set(clock.spent)
    scores = [pagegold.f1(*pagegold.scores(row.gold.gold["text"], row.ours.text)) for row in rows]
    assert scores == [1.0] * 5 + [0.0]
    theirs, raw, ours = pages.table(rows)
    assert "title 6/6  author 6/6  date 6/6" in ours
    assert "title" not in raw
    assert "trafilatura" in theirs


def test_scores_of_texts() -> None:
    assert pagegold.scores("one two three four five", "one two three four") == (1.0, 0.5)
    assert pagegold.scores("", "") == (1.0, None)
    assert pagegold.scores("one", "") == (None, 0.0)


def test_what_is_learned_from(folder: Path) -> None:
    one, *_, last = map(train_pages.labelled, pagegold.read(folder))
    of_story = {block.text for block, label in zip(one.blocks.blocks, one.of_story, strict=True) if label == 1}
    assert of_story == set(STORY.split("\n"))
    assert 1 not in last.of_story
    assert train_pages.word_weights([one]) == {}  # one site's own words are none
