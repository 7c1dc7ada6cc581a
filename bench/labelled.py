"""Labelled articles beside the gold: the labels are ours and lie in bench/labels; the texts stay where they were.

    .venv/bin/python -m bench.labelled ../shared --out FOLDER

writes FOLDER/news.jsonl (articles of corpora/news.jsonl.gz) and texts of the pages under gold/html, taken as scrapers
take them: FOLDER/pages.jsonl (by rough means), FOLDER/dumps.jsonl (by resiliparse, as the dumps of the gold are) and
FOLDER/articles.jsonl (by newspaper4k, whose texts are like those of the gold), all as `bench.train` reads them, and
FOLDER/unread-dumps.jsonl and FOLDER/unread-articles.jsonl, of pages that nobody read. A label names its line by a hash.
An article of which a labelled line is not found (another version of an extractor) is left out, and counted. Needs what
`pip install -e '.[train]'` brings.

The labels of news and pages were given by reading, article by article, in November 2026, by the guide that the gold was
labelled by. Those of dumps and articles follow from them, or from the gold's where that has the dump of the page: a
line has the label that it has there; of the others those that stand in the text which the gold gives for the page are
the story, and the rest is not. What a model that had not seen the publisher was sure to be the story, and short lines
found in the text, are not scored. Of unread pages only the latter is known: there what stands between lines of the
story, and where such a model says the opposite of what the text does, is not scored either.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABELS = Path(__file__).parent / "labels"
SETS = ("np4k", "fundus_pages", "wcxb_dev")
BLOCKS = "p,h1,h2,h3,h4,figcaption,li,blockquote"
# By cross-validation; what is not in the table weighs 1.
WEIGHTS = {"dumps": 0.5, "unread-dumps": 0.5, "unread-articles": 0.5}
NOT_TEXT = "script,style,noscript,nav,template,svg,form,select,button"


@dataclass(frozen=True, slots=True)
class Labels:
    """Of an article. way: how its lines are had. marks: hash of a line -> label and kind; all others are to keep."""

    id: str
    publisher: str
    way: str
    marks: dict[str, list[str]]


def line_hash(line: str) -> str:
    """The first 12 hex digits of a line's sha256."""
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def labels(name: str) -> dict[str, Labels]:
    """The labels of a file of bench/labels, by article."""
    rows = map(json.loads, (LABELS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return {row["id"]: Labels(**row) for row in rows}


def news(shared: Path) -> Iterator[tuple[Labels, list[str]]]:
    """The labelled articles of the corpus, with their lines."""
    known = labels("news")
    with gzip.open(shared / "corpora/news.jsonl.gz", "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            if row["id"] in known:
                yield known[row["id"]], _lines(row["text"])


def pages(shared: Path, name: str) -> Iterator[tuple[Labels, list[str]]]:
    """The pages that the labels `name` are of, with the lines that the way they name takes from them."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    known = labels(name)
    for pages_of in SETS:
        with (shared / f"gold/html/{pages_of}.warc.gz").open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response):
                own = record.headers["WARC-Record-ID"].strip("<>").rpartition(":")[2]
                if (found := known.get(f"{pages_of}/{own}")) is not None:
                    yield found, WAYS[found.way](record.reader.read())


def recalled(page: bytes) -> list[str]:
    """What trafilatura takes when it is asked for much."""
    import trafilatura

    return _lines(trafilatura.extract(page, favor_recall=True, include_comments=False) or "")


def dumped(page: bytes) -> list[str]:
    """What resiliparse takes for the content of a page."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import detect_encoding
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(page.decode(detect_encoding(page), "replace"))
    return _plain(extract_plain_text(tree, main_content=True, alt_texts=False))


def article(page: bytes) -> list[str]:
    """What newspaper4k takes for the text of an article."""
    import newspaper
    from resiliparse.parse.encoding import detect_encoding

    taken = newspaper.Article("https://news.example/", fetch_images=False)
    taken.download(input_html=page.decode(detect_encoding(page), "replace"))
    taken.parse()
    return _plain(taken.text)


def blocks(page: bytes) -> list[str]:
    """The text of a page's paragraphs, headings, captions, items and quotes: of its article, if it marks one."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(page.decode("utf-8", "replace"))
    for node in tree.css(NOT_TEXT):
        node.decompose()
    found: Any = tree.body
    for selector in ("article", "main", "[itemprop=articleBody]"):
        largest = max(tree.css(selector), key=lambda node: len(node.text()), default=None)
        if largest is not None and len(largest.text()) > 800:
            found = largest
            break
    kept = [
        node
        for node in (found.css(BLOCKS) if found is not None else ())
        if node.tag not in ("blockquote", "li") or node.css_first("p") is None
    ]
    return [text for text in (" ".join(node.text(separator=" ").split()) for node in kept) if text]


WAYS: dict[str, Callable[[bytes], list[str]]] = {
    "text": recalled,
    "blocks": blocks,
    "resiliparse": dumped,
    "newspaper": article,
}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _plain(text: str) -> list[str]:
    """Lines with one space between two words."""
    return [line for line in (" ".join(line.split()) for line in text.split("\n")) if line]


def write(articles: Iterator[tuple[Labels, list[str]]], form: str, path: Path, weight: float = 1) -> tuple[int, int]:
    """Write articles as JSONL; returns how many, and how many were left out as a labelled line was not found.

    weight: how much trees learn from each, as against an article of the gold.
    """
    written = left = 0
    with path.open("w", encoding="utf-8") as out:
        for known, lines in articles:
            hashes = [line_hash(line) for line in lines]
            if not known.marks.keys() <= set(hashes):
                left += 1
                continue
            marks = [known.marks.get(hashed, ["keep", ""]) for hashed in hashes]
            row = {
                "id": known.id,
                "publisher_key": known.publisher,
                "form": form,
                "weight": weight,
                "lines": [
                    {"text": line, "label": label, "cat": kind}
                    for line, (label, kind) in zip(lines, marks, strict=True)
                ],
            }
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            written += 1
    return written, left


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    forms = {
        "pages": "extracted",
        "dumps": "page dump",
        "articles": "text",
        "unread-dumps": "page dump",
        "unread-articles": "text",
    }
    of_pages = ((name, pages(given.shared, name), form) for name, form in forms.items())
    for name, articles, form in (("news", news(given.shared), "text"), *of_pages):
        written, left = write(articles, form, given.out / f"{name}.jsonl", WEIGHTS.get(name, 1))
        print(f"{name}: {written} articles, {left} left out")


if __name__ == "__main__":
    main()
