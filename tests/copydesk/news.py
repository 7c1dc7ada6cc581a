"""Invented records for the tests of matching: texts of random words, and the table that match() takes."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk import schema
from copydesk.dedup.apart import Apart, here
from copydesk.dedup.match import Decisions, match
from copydesk.index.index import Index
from copydesk.sketches.shingling import Shingles, shingle
from copydesk.sketches.similarity import Counts, Stretch, in_threads
from copydesk.sketches.sketch import sketch

WORDS = [
    f"{a}{b}{c}" for a in ("ba", "co", "di", "fe", "gu") for b in "lmnprst" for c in ("", "an", "el", "ory", "ing")
]


def story(seed: int, words: int = 200) -> str:
    """A text of random words in paragraphs; the same for the same seed."""
    chosen = random.Random(seed).choices(WORDS, k=words)
    return "\n\n".join(" ".join(chosen[i : i + 40]) for i in range(0, words, 40))


def edited(text: str, seed: int, share: float = 0.02) -> str:
    """The text with a share of its words replaced."""
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) if rng.random() < share else word for word in text.split())


def cut(text: str, share: float) -> str:
    """The beginning of the text."""
    words = text.split()
    return " ".join(words[: int(len(words) * share)])


@dataclass(frozen=True, slots=True)
class News:
    """A record; `key` is its item_key, and with `text` makes its id."""

    key: str
    text: str
    publisher: str | None = None
    title: str | None = None
    day: int | None = None  # of publication, in a January
    modified: int | None = None

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.key}\0{self.text}".encode()).hexdigest()[:32]


def table(records: Sequence[News]) -> pa.Table:
    """What match() takes."""
    columns = {
        "id": pa.array([r.id for r in records], pa.string()),
        "item_key": pa.array([r.key for r in records], pa.string()),
        "publisher": pa.array([r.publisher for r in records], pa.string()),
        "title": pa.array([r.title for r in records], pa.string()),
        "published_at": pa.array([_date(r.day) for r in records], schema.UTC),
        "modified_at": pa.array([_date(r.modified) for r in records], schema.UTC),
        "fetched_at": pa.array([None] * len(records), schema.UTC),
        "char_count": pa.array([len(r.text) for r in records], pa.int32()),
    }
    return pa.table({**columns, **sketch([r.text for r in records]).columns()})


class Library:
    """The texts of all records that were handed in, as the pipeline would find them."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def __call__(self, ids: Sequence[str]) -> Mapping[str, str]:
        return {i: self.texts[i] for i in ids}

    def of_run(self, rows: NDArray[np.int64]) -> Shingles:
        return shingle([self.run[row].text for row in rows.tolist()])

    def count(self, one: NDArray[np.int64], two: NDArray[np.int64], stretches: Sequence[Stretch]) -> Counts:
        return in_threads(self.of_run)(one, two, stretches)

    def expect(self, ids: Sequence[str]) -> None:
        assert len(set(ids)) == len(ids)
        self.expected = set(ids)

    def of_history(self, ids: Sequence[str]) -> Shingles:
        return shingle([self.texts[i] for i in ids])

    def match(self, records: Sequence[News], index: Index | None = None, apart: Apart = here) -> Decisions:
        self.run = records
        self.texts.update((r.id, r.text) for r in records)
        return match(table(records), index or Index(), self, apart=apart)


def decide(records: Sequence[News], index: Index | None = None) -> list[dict[str, object]]:
    """The decisions on records that nothing came before, one a record."""
    return Library().match(records, index).rows.to_pylist()


def _date(day: int | None) -> dt.datetime | None:
    return None if day is None else dt.datetime(2024, 1, day, tzinfo=dt.UTC)
