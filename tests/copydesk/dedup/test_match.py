from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from copydesk.dedup import weighing
from copydesk.dedup.match import LINKS, ROWS, relation
from copydesk.index.index import Index
from tests.copydesk.news import Library, News, cut, decide, edited, story, table
from tests.copydesk.segments import segment_from_decisions


class Runs:
    """Runs one after the other, each against all before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = Library()
        self.paths: list[Path] = []

    def add(self, *records: News) -> list[dict[str, object]]:
        decisions = self.library.match(records, Index.open(self.paths))
        path = self.folder / f"segment{len(self.paths)}"
        segment_from_decisions(path, table(records), decisions)
        self.paths.append(path)
        self.overlaps = decisions.overlaps.to_pylist()
        return decisions.rows.to_pylist()


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def kinds(rows: list[dict[str, object]]) -> list[object]:
    return [row["kind"] for row in rows]


# ---- identity


def test_nothing_at_all() -> None:
    decisions = Library().match([])
    assert decisions.rows.schema == ROWS
    assert decisions.overlaps.schema == LINKS
    assert len(decisions.rows) == len(decisions.overlaps) == 0


def test_strangers_are_articles() -> None:
    rows = decide([News("a", story(1)), News("b", story(2))])
    assert kinds(rows) == ["article", "article"]
    assert [row["story_id"] for row in rows] == [row["id"] for row in rows]
    assert all(row[name] is None for row in rows for name in ROWS.names[3:])


def test_the_same_record_twice_is_seen(runs: Runs) -> None:
    a, b = News("a", story(1)), News("b", story(2))
    assert sorted(kinds(runs.add(a, b, a))) == ["article", "article", "seen"]
    rows = runs.add(a, b, News("c", story(3)))
    assert kinds(rows) == ["seen", "seen", "article"]
    assert rows[0]["story_id"] is None


def test_duplicates_and_revisions_are_seen_again(runs: Runs) -> None:
    records = [News("a", story(1)), News("b", edited(story(1), 1)), News("a", story(1) + " late addition")]
    assert sorted(kinds(runs.add(*records))) == ["article", "duplicate", "revision"]
    assert kinds(runs.add(*records)) == ["seen"] * 3


def test_revisions_are_numbered_by_the_time_of_change(runs: Runs) -> None:
    versions = [News("a", story(1) + f" update {i}", day=1, modified=20 - i) for i in range(4)]
    rows = runs.add(*versions)
    assert kinds(rows) == ["revision", "revision", "revision", "article"]
    assert [row["version"] for row in rows] == [4, 3, 2, None]
    assert [row["revises"] for row in rows] == [versions[1].id, versions[2].id, versions[3].id, None]
    assert {row["story_id"] for row in rows} == {versions[3].id}
    assert 0.9 < rows[0]["jaccard"] < 1  # type: ignore[operator]
    assert rows[0]["duplicate_of"] is None
    later = runs.add(News("a", story(1) + " and the last word", modified=30))
    assert later[0]["version"] == 5
    assert later[0]["revises"] == versions[0].id


def test_a_version_without_a_date_comes_last() -> None:
    dated, undated = News("a", story(1), day=9), News("a", story(1) + " more")
    assert kinds(decide([undated, dated])) == ["revision", "article"]


def test_a_revision_with_an_altogether_other_text() -> None:
    rows = decide([News("a", story(1), day=1), News("a", story(2), day=2)])
    assert kinds(rows) == ["article", "revision"]
    assert rows[1]["jaccard"] == 0


def test_a_revision_of_a_duplicate_stays_in_its_story(runs: Runs) -> None:
    original, copy = News("a", story(1), day=1), News("b", edited(story(1), 1), day=2)
    runs.add(original, copy)
    (row,) = runs.add(News("b", edited(story(1), 2), day=3))
    assert row["kind"] == "revision"
    assert row["story_id"] == original.id
    assert row["revises"] == copy.id


@pytest.mark.parametrize("apart", [False, True])
def test_a_copy_of_a_revised_text_belongs_to_that_story(runs: Runs, apart: bool) -> None:
    first, revised = News("a", story(1), day=1), News("a", story(2), day=2)
    copies = [News("b", edited(story(2), 3), "p", day=3), News("c", story(2), "q", day=4)]
    rows = [*runs.add(first, revised), *runs.add(*copies)] if apart else runs.add(first, revised, *copies)
    assert kinds(rows) == ["article", "revision", "duplicate", "duplicate"]
    assert {row["story_id"] for row in rows} == {first.id}
    assert rows[2]["jaccard"] == 0  # with the article itself: what is stored is true


def test_revisions_never_join_two_stories() -> None:
    gone = "This page is no longer available, please try again or look elsewhere on our site."
    rows = decide(
        [
            News("a", story(1), day=1),
            News("b", story(2), day=1),
            News("a", gone, day=2),
            News("b", gone, day=2),
        ]
    )
    assert kinds(rows) == ["article", "article", "revision", "revision"]
    assert rows[2]["story_id"] == rows[0]["id"]
    assert rows[3]["story_id"] == rows[1]["id"]


# ---- copies


def test_exact_copies_whatever_their_typography() -> None:
    text = 'He said "no" - it\'s over. ' + story(1)
    rows = decide([News("a", text, day=1), News("b", text.replace('"', "”").replace("'", "’"), day=2)])
    assert rows[1]["relation"] == "exact"
    assert rows[1]["jaccard"] == rows[1]["containment_in_original"] == rows[1]["containment_of_original"] == 1


def test_short_texts_match_exactly_only() -> None:
    rows = decide([News("a", "Storm hits coast"), News("b", "Storm hits coast!"), News("c", "Storm hits coast again")])
    assert sorted(kinds(rows)) == ["article", "article", "duplicate"]
    assert rows[2]["kind"] == "article"


def test_texts_without_a_word_are_not_copies_of_each_other() -> None:
    assert kinds(decide([News("a", ""), News("b", ""), News("c", " \n")])) == ["article"] * 3


def test_relations() -> None:
    whole = story(1, 400)
    records = [
        News("a", cut(whole, 0.7), "one", day=1),
        News("b", whole, "two", day=2),
        News("c", cut(whole, 0.4), "three", day=3),
        News("d", edited(cut(whole, 0.7), 2), "four", day=4),
    ]
    rows = decide(records)
    assert [row["relation"] for row in rows] == [None, "extended", "truncated", "copy"]
    assert {row["duplicate_of"] for row in rows[1:]} == {records[0].id}
    assert rows[1]["containment_of_original"] == 1
    assert rows[2]["containment_in_original"] == 1
    assert 0.5 < rows[2]["containment_of_original"] < 0.65  # type: ignore[operator]


def test_relation_thresholds() -> None:
    assert relation(1, 0.79, False) == "truncated"
    assert relation(0.79, 1, False) == "extended"
    assert relation(0.8, 0.8, False) == "copy"
    assert relation(0.5, 0.5, False) == "copy"
    assert relation(1, 1, True) == "exact"


def test_a_cut_far_shorter_than_the_whole() -> None:
    """Found by its lead: the whole texts share a tenth."""
    whole = story(1, 1500)
    rows = decide([News("a", whole, "one", day=1), News("b", cut(whole, 0.1), "two", day=2)])
    assert kinds(rows) == ["article", "duplicate"]
    assert rows[1]["jaccard"] < 0.15  # type: ignore[operator]


def test_the_canonical_article() -> None:
    text = story(1)
    late, early, undated = (
        News("a", text, "p", day=5),
        News("b", edited(text, 1), "q", day=2),
        News("c", text + " x", "r"),
    )
    assert {row["story_id"] for row in decide([late, early, undated])} == {early.id}
    longest = News("d", text + " with a longer tail", "s")
    assert {row["story_id"] for row in decide([undated, longest])} == {longest.id}
    one, two = News("e", text, "p"), News("f", text, "q")
    assert {row["story_id"] for row in decide([one, two])} == {min(one.id, two.id)}


def test_one_publisher_repeats_its_furniture() -> None:
    """Half of the text is the same under leads of their own: a copy between publishers, a template within one."""
    rest = story(9, 150)
    a, b = story(1, 70) + " " + rest, story(2, 70) + " " + rest
    assert kinds(decide([News("a", a, "Daily"), News("b", b, "daily")])) == ["article", "article"]
    assert sorted(kinds(decide([News("a", a, "Daily"), News("b", b, "Weekly")]))) == ["article", "duplicate"]
    assert sorted(kinds(decide([News("a", a, None), News("b", b, None)]))) == ["article", "duplicate"]


def test_a_shared_quote_makes_no_copy() -> None:
    quote = story(50, 40)
    a, b = story(1, 150) + " " + quote, story(2, 150) + " " + quote
    assert kinds(decide([News("a", a, "one"), News("b", b, "two")])) == ["article", "article"]


# ---- stories


def test_a_digest_is_linked_and_not_merged() -> None:
    one, two = News("a", story(1, 150), "one", day=2), News("b", story(2, 150), "two", day=2)
    digest = News("c", "\n\n".join([story(5, 70), one.text, two.text]), "three", day=1)
    library = Library()
    decisions = library.match([one, two, digest])
    assert kinds(decisions.rows.to_pylist()) == ["article"] * 3
    links = decisions.overlaps.to_pylist()
    assert {(row["a"], row["b"]) for row in links} == {tuple(sorted((digest.id, other.id))) for other in (one, two)}
    for row in links:
        forth, back = row["containment_ab"], row["containment_ba"]
        assert max(forth, back) == 1
        assert (forth if row["a"] != digest.id else back) == 1
        assert 0.3 < row["jaccard"] < 0.5


def test_what_embeds_a_story_is_not_its_canonical_article() -> None:
    original = News("a", story(1, 150), "one", day=5)
    longer = News("b", story(2, 90) + "\n\n" + original.text, "two", day=1)
    rows = decide([original, longer])
    assert kinds(rows) == ["article", "duplicate"]
    assert rows[1]["relation"] == "extended"


def test_where_no_date_decides_a_digest_is_not_the_article() -> None:
    """What else it holds is nowhere else: that it is no longer version is told by its headline, or its beginning."""
    text, rest = story(1, 150), story(2, 90)
    alone, digest = News("a", text, "one", "Ferry strike ends"), News("b", text + rest, "two", "Museum roof stolen")
    assert kinds(decide([alone, digest])) == ["article", "duplicate"]
    longer = News("b", text + rest, "two", "Ferry crews strike no more")
    assert kinds(decide([alone, longer])) == ["duplicate", "article"]
    opened = News("b", cut(text, 0.15) + " " + rest + " " + text, "two", longer.title)
    assert kinds(decide([alone, opened])) == ["article", "duplicate"]
    dated = News("b", digest.text, "two", digest.title, day=1)
    assert kinds(decide([alone, dated])) == ["duplicate", "article"]


def test_a_passage_under_another_headline_makes_no_story() -> None:
    passage = story(1, 90)
    one, other = News("a", passage, "one", "Ferry strike ends"), News("b", passage + story(2, 250), "two", "A storm")
    assert sorted(kinds(decide([one, other]))) == ["article", "duplicate"]  # of one telling word
    other = News("b", other.text, "two", "Museum roof stolen")
    assert kinds(decide([one, other])) == ["article", "article"]
    assert kinds(decide([one, other, News("c", passage, "three", "Stolen roof found")])).count("article") == 1


def test_cuts_of_a_story_are_not_its_article() -> None:
    """Two cuts come along together, though they are the earliest: what else there is may share little with them."""
    whole = story(1, 900)
    wholes = [News(str(i), edited(whole, i, 0.01), f"p{i}", day=5) for i in range(3)]
    cuts = [News(str(i), edited(cut(whole, 0.15), i, 0.01), f"p{i}", day=1) for i in (4, 5)]
    rows = decide([*wholes, *cuts])
    assert sorted(kinds(rows)) == ["article", *["duplicate"] * 4]
    assert kinds(rows)[3:] == ["duplicate"] * 2


def test_an_item_that_embeds_its_own_revision_is_an_article() -> None:
    kept = story(1, 300)
    rows = decide([News("a", story(2, 90) + "\n\n" + kept, day=1), News("a", kept, day=2)])
    assert kinds(rows) == ["article", "revision"]


def test_a_digest_of_two_stories_close_to_one_of_them() -> None:
    one, two = story(1, 300), story(2, 240)
    records = [News("a", one, "one", day=2), News("b", two, "two", day=2), News("c", one + " " + two, "three", day=1)]
    assert kinds(decide(records)) == ["article"] * 3
    assert sorted(kinds(decide([records[0], records[2]]))) == [
        "article",
        "duplicate",
    ]  # a longer version, for all one knows


def test_a_weaker_match_does_not_join_two_stories() -> None:
    """The middle one shares a third with each of two strangers."""
    a, b = story(1, 160), story(2, 160)
    middle = cut(a, 0.5) + " " + b
    rows = decide([News("a", a, "one", day=1), News("b", b, "two", day=1), News("m", middle, "three", day=2)])
    assert kinds(rows)[:2] == ["article", "article"]


def test_an_article_stays_canonical(runs: Runs) -> None:
    (first,) = runs.add(News("a", cut(story(1), 0.8), "one", day=9))
    rows = runs.add(News("b", story(1), "two", day=1), News("c", edited(story(1), 3), "three"))
    assert kinds(rows) == ["duplicate", "duplicate"]
    assert {row["story_id"] for row in rows} == {first["id"]}
    (third,) = runs.add(News("d", edited(story(1), 4), "four", day=2))
    assert third["story_id"] == first["id"]


def test_a_newcomer_between_two_stories_joins_the_earlier(runs: Runs) -> None:
    a, b = story(1, 200), story(2, 200)
    first, second = News("a", a, "one", day=9), News("b", b, "two", day=1)
    runs.add(first)
    runs.add(second)
    both = a + " " + b
    (row,) = runs.add(News("m", both, "three", day=2))
    assert row["story_id"] in (first.id, row["id"])
    assert {frozenset((o["a"], o["b"])) for o in runs.overlaps} >= {frozenset((str(row["story_id"]), second.id))}


def test_exact_text_of_a_published_duplicate_or_revision(runs: Runs) -> None:
    original = News("a", story(1), "one", day=1)
    copy, revised = News("b", edited(story(1), 1), "two", day=2), News("a", story(7), "one", day=3)
    runs.add(original, copy, revised)
    rows = runs.add(News("c", copy.text, "three"), News("d", revised.text, "four"))
    assert kinds(rows) == ["duplicate", "duplicate"]
    assert {row["duplicate_of"] for row in rows} == {original.id}


def test_a_text_that_history_has_stays_where_it_is(runs: Runs) -> None:
    """The later story's text is not compared with the earlier one again."""
    first, second = News("a", story(1), "Daily", day=1), News("b", edited(story(1), 1, 0.2), "Daily", day=2)
    one, two = runs.add(first, second)
    assert (one["kind"], two["kind"]) == ("article", "article")  # within one publisher
    (row,) = runs.add(News("c", second.text, "Weekly", day=3))
    assert row["duplicate_of"] == second.id
    assert runs.overlaps == []


def test_of_records_with_one_id_the_same_is_kept_in_any_order() -> None:
    one, other = News("a", story(1), "one", "First"), News("a", story(1), "two", "Second")
    third = News("b", edited(story(1), 1, 0.2), "two", "Third")
    outcomes = [decide(records) for records in ([one, other, third], [other, one, third])]
    assert [row["kind"] for row in outcomes[0]][:2] == [row["kind"] for row in outcomes[1]][1::-1]
    assert outcomes[0][2] == outcomes[1][2]


def test_an_excerpt_from_the_middle_is_linked() -> None:
    whole = story(1, 600)
    middle = " ".join(whole.split()[300:465])
    library = Library()
    decisions = library.match([News("a", whole, "one"), News("b", middle, "two")])
    assert kinds(decisions.rows.to_pylist()) == ["article", "article"]
    assert len(decisions.overlaps) == 1


def overlaps(records: list[News]) -> int:
    return len(Library().match(records).overlaps)


def test_what_a_publisher_repeats_in_many_stories_is_no_overlap() -> None:
    gallery = story(9, 150)
    records = [News(str(i), story(20 + i, 90) + " " + gallery, "Daily", day=1) for i in range(4)]
    assert overlaps(records[:2]) == 1
    assert overlaps(records[:3]) == 3
    assert overlaps(records) == 0


def test_a_published_text_that_comes_again_can_be_overlapped_with(runs: Runs) -> None:
    shared = story(9, 150)
    first = News("a", story(21, 90) + " " + shared, "Daily", day=1)
    runs.add(first)
    rows = runs.add(first, News("b", story(22, 90) + " " + shared, "Daily", day=2))
    assert kinds(rows) == ["seen", "article"]
    assert [row["jaccard"] > 0.4 for row in runs.overlaps] == [True]


def test_every_story_has_one_article(runs: Runs) -> None:
    records = [News(f"{i}-{j}", edited(story(i), j, 0.3 * (j % 3)), f"p{j}") for i in range(8) for j in range(6)]
    rows = [*runs.add(*records[::2]), *runs.add(*records[1::2])]
    articles = [row["id"] for row in rows if row["kind"] == "article"]
    assert len(set(articles)) == len(articles) >= 8
    assert {row["story_id"] for row in rows} == set(articles)


def test_the_settling_is_tried(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.add(*(News(f"old{n}", story(n)) for n in range(3)))
    weighed: list[int] = []
    real = weighing.assign

    def counted(nodes: Any, edges: Any, joined: Any) -> Any:
        weighed.append(len(nodes))
        return real(nodes, edges, joined)

    monkeypatch.setattr(weighing, "assign", counted)
    rows = runs.add(*(News(f"new{n}", edited(story(n % 3), n)) for n in range(6)))
    assert kinds(rows) == ["duplicate"] * 6
    assert weighed == []
