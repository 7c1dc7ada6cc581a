"""Pages with a gold text: SET.warc.gz with SET.gold.jsonl beside it, WARC-Record-ID <urn:gold:ID>."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copydesk import sources
from copydesk.articles.documents import decoded
from copydesk.model import Item
from copydesk.run.discover import discover
from copydesk.settings import Settings
from copydesk.urls import registrable_domain

_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class GoldPage:
    """name: of its set. half: 0 or 1, the same for all pages of a site."""

    name: str
    item: Item
    html: str
    gold: dict[str, Any]
    site: str
    half: int


def read(folder: Path) -> Iterator[GoldPage]:
    """The pages of all sets in a folder."""
    for told in sorted(folder.glob("*.gold.jsonl")):
        name = told.name.removesuffix(".gold.jsonl")
        gold = {row["id"]: row for row in map(json.loads, told.read_text(encoding="utf-8").strip().split("\n"))}
        settings = Settings(inputs=(str(folder / f"{name}.warc.gz"),), shard_bytes=1 << 60)
        with tempfile.TemporaryDirectory() as spool:
            found = discover(settings.model_copy(update={"output": Path(spool) / "none"}), lambda _: None, Path(spool))
            for item in (item for shard in found.shards for item in sources.read(shard, settings)):
                if not isinstance(item, Item):
                    raise ValueError(f"{name}: {item}")
                row = gold[item.source_id.removeprefix("urn:gold:")]
                site = registrable_domain(item.url or row.get("url")) or item.source_id
                half = hashlib.sha256(f"x{site}".encode()).digest()[0] & 1
                yield GoldPage(name, item, decoded(item).text, row, site, half)


def tokens(text: str) -> list[str]:
    """Words, as the metric counts them."""
    return _TOKEN.findall(text)


def grams(text: str | None, n: int = 4) -> Counter[tuple[str, ...]]:
    """Word n-grams, of a shorter text the whole: the unit of the scrapinghub article-extraction-benchmark."""
    found = tokens(text or "")
    return Counter(tuple(found[i : i + n]) for i in range(max(1, len(found) - n + 1)) if found)


def scores(gold: str | None, text: str | None) -> tuple[float | None, float | None]:
    """Precision and recall over word 4-grams; None where there is nothing to divide by."""
    wanted, found = grams(gold), grams(text)
    common = sum((wanted & found).values())
    precision = common / sum(found.values()) if found else (None if wanted else 1.0)
    return precision, (common / sum(wanted.values()) if wanted else None)


def f1(precision: float | None, recall: float | None) -> float:
    """Their harmonic mean; None counts as 0."""
    precision, recall = precision or 0.0, recall or 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
