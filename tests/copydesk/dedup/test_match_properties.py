"""Of any records: order, one process or many, weighed or settled at once, the decisions are the same."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.dedup import grouping, pairs, weighing
from copydesk.index.index import Index
from tests.copydesk.news import Library, News, cut, edited, story, table
from tests.copydesk.segments import segment_from_decisions


def record_of(draw: st.DrawFn) -> News:
    base = draw(st.integers(0, 2))
    text = story(base, 120)
    shape = draw(st.integers(0, 4))
    if shape == 1:
        text = cut(text, draw(st.sampled_from([0.3, 0.6, 0.9])))
    elif shape == 2:
        text = edited(text, draw(st.integers(0, 5)), draw(st.sampled_from([0.02, 0.1, 0.2])))
    elif shape == 3:
        text = text + " " + story(draw(st.integers(0, 2)), 120)
    elif shape == 4:
        text = draw(st.sampled_from(["", "a stub", "another stub"]))
    return News(
        key=draw(st.sampled_from("abcdefgh")),
        text=text,
        publisher=draw(st.sampled_from([None, "one", "two"])),
        title=draw(
            st.sampled_from([None, "Storm hits", "Storm hits again", "Ferry strike ends", "Museum roof stolen"])
        ),
        day=draw(st.one_of(st.none(), st.integers(1, 3))),
        modified=draw(st.one_of(st.none(), st.integers(1, 3))),
    )


news = st.composite(record_of)


@settings(max_examples=60, deadline=None)
@given(st.lists(news(), max_size=12), st.randoms(use_true_random=False), st.integers(0, 12))
def test_the_order_of_records_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, records: list[News], rng: object, known: int
) -> None:
    def outcome(order: list[News], index: Index) -> tuple[list[str], list[dict[str, object]]]:
        decisions = library.match(order, index)
        rows = decisions.rows.to_pylist()
        assert [row["id"] for row in rows] == [r.id for r in order]
        return sorted(map(repr, rows)), decisions.overlaps.to_pylist()

    library = Library()
    path = tmp_path_factory.mktemp("index") / "s"
    before, records = records[:known], records[known:]
    segment_from_decisions(path, table(before), library.match(before))
    index = Index.open([path])
    shuffled = list(records)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome(records, index) == outcome(shuffled, index)

    rows = library.match(records, index).rows.to_pylist()
    published = {row["id"] for row in library.match(before).rows.to_pylist() if row["kind"] == "article"}
    articles = published | {row["id"] for row in rows if row["kind"] == "article"}
    for row in rows:
        if row["kind"] == "seen":
            assert row["story_id"] is None
            continue
        assert row["story_id"] in articles
        assert (row["kind"] == "article") == (row["story_id"] == row["id"])
        assert (row["kind"] == "duplicate") == (row["duplicate_of"] is not None) == (row["relation"] is not None)
        assert (row["kind"] == "revision") == (row["revises"] is not None) == (row["version"] is not None)
    for link in outcome(records, index)[1]:
        assert link["a"] < link["b"]  # type: ignore[operator]
        assert {link["a"], link["b"]} <= articles


def _weigh_all(self: Any, joins: Any) -> Any:
    return np.zeros(len(joins.wide), np.bool_), np.full(len(self.nodes), weighing.NOTHING)


def by_others(name: str, function: Any, over: Any) -> Any:
    """As tasks of another process do it, which come in any order and are named by their numbers."""
    assert [one.number for one in over] == list(range(len(over))), name
    assert name != "weigh" or len(over) <= grouping._PIECES_HELD
    return [pickle.loads(pickle.dumps(function(pickle.loads(pickle.dumps(one))))) for one in reversed(over)]


@settings(max_examples=60, deadline=None)
@given(st.lists(news(), min_size=4, max_size=12), st.integers(1, 8))
def test_what_is_settled_at_once_is_what_weighing_gives(
    tmp_path_factory: pytest.TempPathFactory, records: list[News], known: int
) -> None:
    library = Library()
    path = tmp_path_factory.mktemp("index") / "s"
    before, records = records[:known], records[known:]
    segment_from_decisions(path, table(before), library.match(before))
    index = Index.open([path])
    at_once = library.match(records, index)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.Grouping, "_of_published", _weigh_all)
        weighed = library.match(records, index)
        patch.setattr(weighing, "_NODES_AT_ONCE", 1)
        patch.setattr(grouping, "_PIECES_HELD", 2)
        patch.setattr(pairs, "_TITLES_AT_ONCE", 1)
        in_pieces = library.match(records, index, by_others)
    assert in_pieces.rows.equals(weighed.rows)
    assert in_pieces.overlaps.equals(weighed.overlaps)
    assert at_once.rows.equals(weighed.rows)
    assert at_once.overlaps.equals(weighed.overlaps)
