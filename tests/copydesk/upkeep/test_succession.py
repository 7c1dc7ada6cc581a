"""Who takes the place of what was forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from copydesk.upkeep.forget import forget
from copydesk.upkeep.succession import settle
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import ingest, rows, story, write_jsonl
from tests.copydesk.news import edited
from tests.copydesk.upkeep.test_forget import near, record

Row = dict[str, Any]


def row(
    name: str, dataset: str = "duplicates", *, version: int | None = None, item: str | None = None, **more: Any
) -> Row:
    known = {"published_at": None, "char_count": 100, "publisher": name, "title": None, "revises": None}
    return {
        "id": name,
        "item_key": item or name,
        "story_id": "a",
        "dataset": dataset,
        "version": version,
        **known,
        **more,
    }


def settled(gone: Sequence[Row], kept: Sequence[Row], texts: dict[str, str]) -> dict[str, tuple[str, Row]]:
    found = settle(gone, kept, lambda ids: {i: texts[i] for i in ids})
    return {name: (new.dataset, new.columns) for name, new in found.rows.items()}


def test_the_earliest_then_the_longest_then_the_smallest_id_is_next() -> None:
    texts = dict.fromkeys("bcde", story(1))
    members = [row("e", published_at=2), row("d", published_at=1), row("c", published_at=1, char_count=200), row("b")]
    found = settled([row("a", "articles")], members, texts)
    assert found.pop("c") == ("articles", {"story_id": "c"})
    exact = {"relation": "exact", "jaccard": 1.0, "containment_in_original": 1.0, "containment_of_original": 1.0}
    assert found == {name: ("duplicates", {"story_id": "c", "duplicate_of": "c", **exact}) for name in "bde"}


def test_what_shows_no_likeness_is_a_story_of_its_own() -> None:
    texts = {"b": story(1), "c": story(2), "d": edited(story(2), 3), "e": edited(story(1), 4)}
    found = settled([row("a", "articles")], [row(n) for n in "bcde"], texts)
    assert {name: (kind, columns["story_id"]) for name, (kind, columns) in found.items()} == {
        "b": ("articles", "b"),
        "c": ("articles", "c"),
        "d": ("duplicates", "c"),
        "e": ("duplicates", "b"),
    }


def test_short_texts_without_words_are_compared_as_they_are() -> None:
    found = settled([row("a", "articles")], [row("b"), row("c"), row("d")], {"b": "🚢🚢", "c": "🚢🚢", "d": "🌊"})
    assert {name: kind for name, (kind, _) in found.items()} == {"b": "articles", "c": "duplicates", "d": "articles"}


def test_the_earliest_version_left_stands_for_its_item_and_the_rest_follow_it() -> None:
    base = row("b1", "duplicates", item="b")
    gone = [base, row("b3", "revisions", item="b", version=3, revises="b2")]
    kept = [
        row("a", "articles"),
        row("b4", "revisions", item="b", version=4, revises="b3"),
        row("b2", "revisions", item="b", version=2, revises="b1"),
    ]
    found = settled(gone, kept, {"a": story(1), "b2": edited(story(1), 2), "b4": edited(story(1), 3)})
    assert set(found) == {"b2", "b4"}
    assert (found["b2"][0], found["b2"][1]["duplicate_of"]) == ("duplicates", "a")
    kind, columns = found["b4"]
    assert (kind, columns["revises"], columns["version"]) == ("revisions", "b2", 2)
    assert 0.5 < columns["jaccard"] < 1


def test_what_nothing_went_of_is_left_alone() -> None:
    kept = [
        row("a", "articles"),
        row("b"),
        row("c2", "revisions", item="c", version=5, revises="c1"),
        row("c", item="c"),
    ]
    assert settled([row("x")], kept, {}) == {}


def test_overlaps_lead_to_the_story_s_new_article_or_go(tmp_path: Path) -> None:
    digest = "\n\n".join((story(0), story(1), story(10)))
    records = [
        record(0, "alpha", 0),
        record(0, "beta", 0, day=2, text=near(0)),
        record(1, "alpha", 1),
        record(5, "digest", 5, day=9, text=digest),
    ]
    out = tmp_path / "out"
    ingest(out, write_jsonl(tmp_path / "in.jsonl", records))
    ids = {r["item_key"].removeprefix("https://"): r["id"] for n in ("articles", "duplicates") for r in rows(out, n)}
    digest_id = ids["digest.example/news/5"]
    assert len(rows(out, "overlaps")) == 2
    forget(out, [ids["alpha.example/news/0"], ids["alpha.example/news/1"]])
    assert verify(out, read_data=True) == []
    [link] = rows(out, "overlaps")
    assert sorted((link["a"], link["b"])) == sorted((ids["beta.example/news/0"], digest_id))
    assert link["a"] < link["b"]
    inside = link["containment_ab" if link["b"] == digest_id else "containment_ba"]
    assert 0.4 < inside < 1
