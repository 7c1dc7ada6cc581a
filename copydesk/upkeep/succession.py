"""Who takes the place of what was forgotten: the next version of an item, the next article of a story.

A story that loses its canonical article goes to its next member: earliest publication, then longest, then smallest id.
The others are measured against it. One that shows no likeness to it was held by the one that went, and is a story of
its own from then on. An item that loses its first version is represented by the earliest that is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from copydesk.dedup.match import relation
from copydesk.dedup.titles import other_year, title_containment
from copydesk.sketches.similarity import NONE, Texts, judge, measure
from copydesk.sketches.tokens import tokens

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class New:
    """What a row becomes. columns: those that change."""

    dataset: str
    columns: Row


@dataclass(frozen=True, slots=True)
class Succession:
    """rows: by id, those that change. stories: what became of each story whose article went; None: nothing is left."""

    rows: dict[str, New] = field(default_factory=dict)
    stories: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that look for a story: the first of `rows` takes it if `head` is None."""

    head: Row | None
    rows: list[Row]


def settle(gone: Iterable[Row], kept: Sequence[Row], texts: Texts) -> Succession:
    """What the rows that stay become. gone, kept: rows of asked.Family. texts: of those kept."""
    items: set[str] = set()
    dead: dict[str, str | None] = {}
    for row in gone:
        items.add(row["item_key"])
        if row["dataset"] == "articles":
            dead[row["id"]] = None
    result = Succession({}, dict(dead))
    groups, chains = [], []
    for story, members in _by("story_id", kept).items():
        bases = []
        for item, versions in _by("item_key", members).items():
            versions.sort(key=lambda r: (r["version"] or 1, r["id"]))
            bases += [r for i, r in enumerate(versions) if i == 0 or r["dataset"] != "revisions"]
            chains.append((versions, item in items))
        head = None if story in dead else next((r for r in bases if r["id"] == story), None)
        looking = [r for r in bases if r is not head and (head is None or r["dataset"] == "revisions")]
        groups += [_Group(head, looking)] if looking else []
    _place(groups, result, texts)
    _relink(chains, result, texts)
    return result


def _place(groups: list[_Group], result: Succession, texts: Texts) -> None:
    """Give every row that looks for a story one."""
    while groups:
        pairs: list[tuple[Row, Row]] = []
        for group in groups:
            rows = sorted(group.rows, key=_precedence)
            head = group.head or rows.pop(0)
            if group.head is None:
                result.rows[head["id"]] = New("articles", {"story_id": head["id"]})
                if result.stories.get(head["story_id"], "") is None:
                    result.stories[head["story_id"]] = head["id"]
            pairs += [(row, head) for row in rows]
        left: dict[str, list[Row]] = defaultdict(list)
        for (row, head), copy in zip(pairs, _copies(pairs, texts), strict=True):
            if copy is None:
                left[head["id"]].append(row)
            else:
                columns = {"story_id": head["id"], "duplicate_of": head["id"], **copy}
                result.rows[row["id"]] = New("duplicates", columns)
        groups = [_Group(None, rows) for rows in left.values()]


def _copies(pairs: Sequence[tuple[Row, Row]], texts: Texts) -> list[Row | None]:
    """The figures of (text, original), or None where they show no copy."""
    a, b = [p[0]["id"] for p in pairs], [p[1]["id"] for p in pairs]
    figures = measure(a, b, texts)
    same = np.array([_same_publisher(x["publisher"], y["publisher"]) for x, y in pairs], np.bool_)
    titles = np.array([title_containment(x["title"], y["title"]) for x, y in pairs], np.float64)
    years = np.array([other_year(x["title"], y["title"]) for x, y in pairs], np.bool_)
    verdicts = judge(figures, same, titles, years)
    found: list[Row | None] = []
    for k, (mine, other) in enumerate(zip(a, b, strict=True)):
        in_original, of_original = float(figures.a_in_b[k]), float(figures.b_in_a[k])
        exact = figures.jaccard[k] in (0.0, 1.0) and _same_text(mine, other, texts)
        if exact:
            alike = (1.0, 1.0, 1.0)
        elif verdicts[k] == NONE:
            found.append(None)
            continue
        else:
            alike = (float(figures.jaccard[k]), in_original, of_original)
        found.append(
            {
                "relation": relation(alike[1], alike[2], exact),
                "jaccard": alike[0],
                "containment_in_original": alike[1],
                "containment_of_original": alike[2],
            }
        )
    return found


def _relink(chains: Sequence[tuple[list[Row], bool]], result: Succession, texts: Texts) -> None:
    """Revisions follow their item's story; where a version went, they follow the one before it."""
    measured: list[tuple[str, str]] = []
    for versions, broken in chains:
        first = versions[0]
        new = result.rows.get(first["id"])
        story = new.columns["story_id"] if new else first["story_id"]
        before, number = first["id"], 1
        for row in versions[1:]:
            if row["dataset"] != "revisions":
                continue
            columns: Row = {} if story == row["story_id"] else {"story_id": story}
            number += 1
            if broken and (row["revises"], row["version"]) != (before, number):
                columns |= {"revises": before, "version": number}
                if row["revises"] != before:
                    measured.append((row["id"], before))
            if columns:
                result.rows[row["id"]] = New("revisions", columns)
            before = row["id"]
    figures = measure([p[0] for p in measured], [p[1] for p in measured], texts)
    for k, (mine, other) in enumerate(measured):
        exact = figures.jaccard[k] in (0.0, 1.0) and _same_text(mine, other, texts)
        result.rows[mine].columns["jaccard"] = 1.0 if exact else float(figures.jaccard[k])


def _by(name: str, rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found


def _precedence(row: Row) -> tuple[bool, Any, int, str]:
    """Earliest publication (unknown last), longest, smallest id."""
    unknown = row["published_at"] is None
    return unknown, 0 if unknown else row["published_at"], -(row["char_count"] or 0), row["id"]


def _same_publisher(a: str | None, b: str | None) -> bool:
    return bool(a and b) and (a or "").casefold() == (b or "").casefold()


def _same_text(a: str, b: str, texts: Texts) -> bool:
    """Whether two texts have the same tokens; of those that have none (emoji), whether they are the same."""
    found = texts([a, b])
    first, second = tokens(found[a]), tokens(found[b])
    return first == second if first or second else found[a].strip() == found[b].strip()
