"""Text and metadata of pages with a gold text, beside trafilatura's own of the same pages in the same process.

    .venv/bin/python -m bench.pages FOLDER [--half 0|1] [--model copydesk/pages/pages.npz] [--worst 10]

FOLDER: as bench/pagegold.py says. Prints for each set F1 over word 4-grams, before and after cleaning, and how often
title, author and date are right; then the share of pages by path, the ratio of processor time for text and metadata and
where ours goes, and the worst pages. --half: only pages of one half of the sites, as for a model that learned from the
other (bench.train_pages --half). Trafilatura runs with its defaults, without comments.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import pagegold
from bench.pagegold import GoldPage
from cleaners import Source
from copydesk.articles import cleaning, metadata
from copydesk.errors import ItemError
from copydesk.model import Metadata
from copydesk.pages import page, story, trees
from copydesk.pages.extract import OWN, second
from copydesk.settings import Settings
from copydesk.text.language import detect
from copydesk.text.mend import mend

_NAME = re.compile(r"[;,]| and ")


@dataclass(slots=True)
class Answer:
    """What one reader says of a page."""

    text: str = ""
    title: str | None = None
    authors: Sequence[str] = ()
    day: dt.date | None = None


@dataclass(slots=True)
class Own:
    """Our reading before cleaning. path: `extracted_by`."""

    text: str
    metadata: Metadata
    path: str


@dataclass(slots=True)
class Row:
    """A page with both answers. raw: ours before cleaning. path: `-` where there is no result."""

    gold: GoldPage
    ours: Answer
    raw: Answer
    theirs: Answer
    path: str


@dataclass(slots=True)
class Clock:
    """Processor seconds by what they were spent on."""

    spent: Counter[str] = field(default_factory=Counter)

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """What the function gives."""
        start = time.process_time()
        try:
            return function()
        finally:
            self.spent[name] += time.process_time() - start


def measure(pages: Sequence[GoldPage], clock: Clock) -> list[Row]:
    """Both readers over all pages, page by page in turn; the first two pages are read twice, to warm up."""
    for gold in pages[:2]:
        _theirs(gold, Clock())
        _ours(gold, Clock())
    page.guessed(Metadata(), "<html><body><p>Some words</p></body></html>", None)
    read = [(gold, _theirs(gold, clock), _ours(gold, clock)) for gold in pages]
    sources = [_source(own) for _, _, own in read if own]
    cleaned = iter(cleaning.cleaner(Settings()).clean_many(sources))
    rows = []
    for gold, theirs, own in read:
        if own is None:
            rows.append(Row(gold, Answer(), Answer(), theirs, "-"))
            continue
        result = next(cleaned)
        known = metadata.with_fields(own.metadata, result.fields)
        day = known.published.value.date() if known.published else None
        ours = Answer(result.text, known.title, known.authors, day)
        rows.append(Row(gold, ours, Answer(own.text), theirs, own.path))
    return rows


def _source(own: Own) -> Source:
    known = own.metadata
    return Source(own.text, known.title, detect(own.text, known.language), known.publisher)


def _theirs(gold: GoldPage, clock: Clock) -> Answer:
    import trafilatura

    found = clock.run(
        "trafilatura",
        lambda: trafilatura.bare_extraction(gold.html, url=gold.item.url, include_comments=False, with_metadata=True),
    )
    if found is None:
        return Answer()
    day = dt.date.fromisoformat(found.date) if found.date else None
    return Answer(found.text or "", found.title, (found.author or "").split("; "), day)


def _ours(gold: GoldPage, clock: Clock) -> Own | None:
    url, html = gold.item.url, gold.html
    told = clock.run("metadata and blocks", lambda: page.read(html, url, gold.item.http_headers))
    known = clock.run("guessing a date", lambda: page.guessed(told.metadata, html, url, told.blocks))
    own = clock.run("choosing blocks", lambda: story.read(told.blocks, told.metadata.title, told.body))
    if own.sure:
        return Own(mend(own.text)[0], known, OWN)
    try:
        found = clock.run("falling back", lambda: second(html, url, own))
    except ItemError:
        return None
    return Own(mend(found.text)[0], known, found.extracted_by)


def table(rows: Sequence[Row]) -> list[str]:
    """A line a set and reader."""
    lines = []
    for name in sorted({row.gold.name for row in rows}):
        own = [row for row in rows if row.gold.name == name]
        lines.append(_line(f"{name}, trafilatura", [(row.gold.gold, row.theirs) for row in own]))
        lines.append(_line(f"{name}, ours before cleaning", [(row.gold.gold, row.raw) for row in own], False))
        lines.append(_line(f"{name}, ours", [(row.gold.gold, row.ours) for row in own]))
    return lines


def _line(name: str, told: Sequence[tuple[dict[str, Any], Answer]], whole: bool = True) -> str:
    scores = [pagegold.scores(gold["text"], answer.text) for gold, answer in told]
    precision = statistics.mean(p for p, _ in scores if p is not None)
    recall = statistics.mean(r for _, r in scores if r is not None)
    line = f"{name:36} P {precision:.3f} R {recall:.3f} F1 {pagegold.f1(precision, recall):.4f} "
    line += f"without {sum(not answer.text for _, answer in told)}"
    if whole:
        for field_, right in (("title", _title), ("author", _author), ("date", _date)):
            found = [value for gold, answer in told if (value := right(gold, answer)) is not None]
            line += f"  {field_} {sum(found)}/{len(found)}"
    return line


def _words(value: str | None) -> str:
    return " ".join(pagegold.tokens((value or "").lower()))


def _title(gold: dict[str, Any], answer: Answer) -> bool | None:
    if not gold.get("title"):
        return None
    wanted, found = _words(gold["title"]), _words(answer.title)
    short, long = sorted((len(wanted), len(found)))
    return bool(found) and (wanted in found or found in wanted) and short >= 0.5 * long


def _author(gold: dict[str, Any], answer: Answer) -> bool | None:
    told = gold.get("author") or []
    parts = [part for name in (told if isinstance(told, list) else [told]) for part in _NAME.split(name)]
    wanted = [set(_words(part).split()) for part in parts if _words(part)]
    found = [set(_words(name).split()) for name in answer.authors if _words(name)]
    return any(a <= b or b <= a for a in wanted for b in found) if wanted else None


def _date(gold: dict[str, Any], answer: Answer) -> bool | None:
    try:
        wanted = dt.date.fromisoformat(str(gold.get("date"))[:10])
    except ValueError:
        return None
    return answer.day is not None and abs((answer.day - wanted).days) <= 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--worst", type=int, default=10)
    given = parser.parse_args()
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    if given.model:
        model = trees.Model.read(given.model.read_bytes())
        trees.default = lambda: model  # type: ignore[assignment]
    clock = Clock()
    rows = measure([gold for gold in pagegold.read(given.folder) if given.half in (None, gold.half)], clock)
    print("\n".join(table(rows)))
    paths = Counter(row.path for row in rows)
    print("paths:", ", ".join(f"{path} {count / len(rows):.1%}" for path, count in paths.most_common()))
    lost = [row.gold.gold["id"] for row in rows if not row.ours.text and row.theirs.text]
    print(f"without result where trafilatura has one: {len(lost)} {lost or ''}")
    theirs = clock.spent.pop("trafilatura")
    print(
        f"processor time: {sum(clock.spent.values()) / theirs:.3f} of trafilatura's {theirs / len(rows) * 1e3:.1f} ms"
    )
    print("  " + ", ".join(f"{name} {spent / theirs:.3f}" for name, spent in clock.spent.most_common()))
    scored = [(pagegold.f1(*pagegold.scores(row.gold.gold["text"], row.ours.text)), row) for row in rows]
    for score, row in sorted(scored, key=lambda pair: pair[0])[: given.worst]:
        other = pagegold.f1(*pagegold.scores(row.gold.gold["text"], row.theirs.text))
        name, number = row.gold.name, row.gold.gold["id"]
        print(f"{score:.2f} (trafilatura {other:.2f})  {name}  {number}  {row.path}  {row.gold.site}")


if __name__ == "__main__":
    main()
