"""`copydesk duplicates`: the texts of a story and how alike they are; two articles of an output against each other."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from copydesk.errors import UsageError
from copydesk.inspect import relatives
from copydesk.inspect.relatives import Relative, Row
from copydesk.run.discover import absolute, file_uri
from copydesk.sketches.similarity import measure
from copydesk.text import worddiff
from copydesk.text.worddiff import Diff
from copydesk.upkeep import asked
from copydesk.upkeep.asked import Asked


@dataclass(frozen=True, slots=True)
class Story:
    """id: of its canonical article. asked: ids of those of its texts that were asked for. members: relatives.story()
    less the overlaps. overlaps: stories that share text with it."""

    id: str
    asked: tuple[str, ...]
    members: tuple[Relative, ...]
    overlaps: tuple[Relative, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two articles: their rows, without the texts; what similarity.measure() says of them; the words of both."""

    first: Row
    second: Row
    jaccard: float
    first_in_second: float
    second_in_first: float
    diff: Diff


def stories(root: Path, named: str, limit: int) -> list[Story]:
    """The stories of the article with this id, URL or item_key, or of those that a file gave; at the most `limit`.

    Raises UsageError if there is none, StoreError for a file that cannot be read.
    """
    asked_for: dict[str, list[str]] = {}
    for row in relatives.matching(root, _parse(root, named)):
        asked_for.setdefault(row["story_id"], []).append(row["id"])
    if not asked_for:
        raise UsageError(f"{root} has no article {named}")
    found = []
    for story, ids in islice(asked_for.items(), limit):
        texts = relatives.story(root, story)
        members = tuple(one for one in texts if one.kind != "overlap")
        found.append(Story(story, tuple(ids), members, tuple(one for one in texts if one.kind == "overlap")))
    return found


def pair(root: Path, first: str, second: str) -> Pair:
    """Two articles of an output, each by id, URL, item_key or file, against each other. Raises as stories()."""
    (a, text_a), (b, text_b) = _only(root, first), _only(root, second)
    figures = measure(["a"], ["b"], lambda ids: {"a": text_a, "b": text_b})
    diff = worddiff.compare(text_a, text_b)
    return Pair(a, b, float(figures.jaccard[0]), float(figures.a_in_b[0]), float(figures.b_in_a[0]), diff)


def _only(root: Path, named: str) -> tuple[Row, str]:
    rows = relatives.matching(root, _parse(root, named))
    if len(rows) != 1:
        many = f"{len(rows):,} articles of {root} are meant by {named}; give an id" if rows else None
        raise UsageError(many or f"{root} has no article {named}")
    _, row, _ = relatives.whole(root, rows[0])
    return {name: value for name, value in row.items() if name != "text"}, row["text"]


def _parse(root: Path, named: str) -> Asked:
    path = os.path.expanduser(named)
    if os.path.lexists(path):
        wanted = asked.parse([named])
        return replace(wanted, urls=wanted.urls | {file_uri(absolute(path))}, publishers=frozenset())
    return relatives.named(root, named)
