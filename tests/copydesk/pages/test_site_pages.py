"""Blocks that the pages of a site repeat: what the reader takes for the story, and templates take out again."""

from __future__ import annotations

import json
from pathlib import Path

from tests.copydesk.corpus import ingest, rows, story

PLUG = "The Harbour Herald is printed on Fridays and read all week."
INSERT = "Our kitchen tables are for the readers who like to sit and talk over what they have read."
SHARED = "The ferry has not sailed on a Sunday since the harbour council closed the northern pier."
MENU = "<ul>" + "".join(f"<li><a href=/{name}>{name}</a></li>" for name in ("News", "Sport", "Weather")) + "</ul>"


def page(seed: int) -> str:
    """A page whose template puts two blocks into the story, in elements like its own."""
    paragraphs = [f"<p>{part}</p>" for part in story(seed).split("\n\n")]
    paragraphs.insert(2 + seed % 2, f"<div><p>{INSERT}</p></div>")
    if seed % 4 == 0:
        paragraphs.insert(1, f"<p>{SHARED}</p>")
    return (
        f"<html lang=en><head><title>Number {seed} of the harbour</title></head><body>{MENU}"
        f"<div class=c1><h1>Number {seed} of the harbour</h1>{''.join(paragraphs)}<p>{PLUG}</p></div></body></html>"
    )


def pages(path: Path) -> Path:
    records = [{"id": str(n), "url": f"https://herald.example/{n}", "html": page(n)} for n in range(16)]
    path.write_text("\n".join(map(json.dumps, records)))
    return path


def test_blocks_that_a_site_repeats_are_learned_from_its_pages(tmp_path: Path) -> None:
    books = ingest(tmp_path / "out", pages(tmp_path / "pages.jsonl"))
    assert (books.articles, books.rejects) == (16, 0)
    articles = rows(tmp_path / "out", "articles")
    assert {row["extracted_by"] for row in articles} == {"copydesk"}
    assert not any(PLUG in row["text"] or INSERT in row["text"] for row in articles)
    assert sum(SHARED in row["text"] for row in articles) == 4
    removed = rows(tmp_path / "out", "removals")
    taken = [row for row in removed if row["text"].strip() in (PLUG, INSERT)]
    assert len(taken) == 32
    assert all(any(rule.startswith("template:") for rule in row["rules"]) for row in taken)


def test_without_learning_they_stay(tmp_path: Path) -> None:
    ingest(tmp_path / "out", pages(tmp_path / "pages.jsonl"), learn=False)
    assert all(INSERT in row["text"] for row in rows(tmp_path / "out", "articles"))
