"""What a site repeats is learned, from the run and from what the output has; what its stories share is not."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from copydesk import points
from copydesk.errors import UsageError
from copydesk.index.history import reindex
from copydesk.index.lines import MOST_STORIES
from copydesk.run import process
from copydesk.settings import Settings
from copydesk.templates import learn as learn_module
from copydesk.templates.learned import learned
from copydesk.templates.rulings import rule
from copydesk.upkeep.forget import forget
from copydesk.upkeep.maintain import maintain
from copydesk.upkeep.reclean import preview, reclean
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, rows, story, write_jsonl
from tests.copydesk.outputs import tree
from tests.copydesk.traces import traces

PLUG = "The Harbour Herald is printed on Fridays and read all week."
BIO = "Ada Brook has kept the lamp at Gull Rock since the autumn of 2009."
QUOTE = "“No ferry will sail on a Sunday while I am harbour master, and that is the end of it,” Mr Finch said."
BACKGROUND = "The ferry has not sailed on a Sunday since the harbour council closed the northern pier."
HELPLINE = "If you are in distress, call the Samaritans on 116 123, day or night."
SUBHEAD = "Why it matters"


def record(seed: int, *lines: str, site: str = "Harbour Herald", **columns: Any) -> dict[str, Any]:
    """An article whose last lines are `lines`."""
    text = "\n\n".join((story(seed), *lines))
    told = {
        "id": f"{site}-{seed}",
        "publisher": site,
        "title": f"No. {seed}",
        "url": f"https://h.example/{site}/{seed}",
    }
    return told | {"text": text, "date": f"2026-03-{1 + seed % 28:02d}T08:00:00Z"} | columns


def site(count: int = 30) -> list[dict[str, Any]]:
    """Articles of one site: a plug on each, a columnist's bio, a quote and background that several stories share."""
    made = []
    for seed in range(count):
        paragraphs = story(seed).split("\n\n")
        if seed % 5 == 0:
            paragraphs[2:2] = [SUBHEAD, QUOTE, BACKGROUND]
        ends = [BIO] * (seed % 6 == 0) + [HELPLINE] * (seed % 7 == 0) + [PLUG]
        made.append(record(seed, text="\n\n".join([*paragraphs, *ends])))
    return made


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_jsonl(tmp_path_factory.mktemp("in") / "site.jsonl", site())


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, inputs: Path) -> Path:
    out = tmp_path_factory.mktemp("out")
    ingest(out, inputs)
    return out


@pytest.fixture
def own(output: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(output, tmp_path / "own"))


def texts(output: Path) -> str:
    return "\n".join(row["text"] for name in ("articles", "duplicates", "revisions") for row in rows(output, name))


def taken(output: Path) -> list[str]:
    """The lines that were taken out as templates."""
    return sorted(row["text"].strip() for row in rows(output, "removals") if row["category"] == "template")


# ---- what goes and what stays


def test_plugs_and_bios_go_and_the_story_stays(output: Path) -> None:
    assert set(taken(output)) == {PLUG, BIO}
    assert PLUG not in texts(output)
    assert BIO not in texts(output)
    for line in (QUOTE, BACKGROUND, SUBHEAD):
        assert texts(output).count(line) == 6
    assert texts(output).count(HELPLINE) == 5
    assert verify(output, read_data=True) == []


def test_a_row_is_as_if_its_text_had_come_without(output: Path, tmp_path: Path) -> None:
    ingest(tmp_path / "clean", write_jsonl(tmp_path / "a.jsonl", [record(1)]))
    [alone] = rows(tmp_path / "clean", "articles")
    row = next(r for r in rows(output, "articles") if r["source_id"] == "Harbour Herald-1")
    assert (row["text"].rstrip(), row["word_count"]) == (alone["text"], alone["word_count"])
    assert row["char_count"] == len(row["text"])
    assert row["removed_chars"] == len(PLUG)


@pytest.mark.parametrize("batch", [1, 7])
def test_how_a_part_is_divided_does_not_matter(
    batch: int, output: Path, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "BATCH_ITEMS", batch)
    ingest(tmp_path / "divided", inputs)
    assert everything(tmp_path / "divided") == everything(output)
    assert taken(tmp_path / "divided") == taken(output)


@pytest.mark.parametrize("workers", [1, 2])
def test_no_file_stays_that_another_has_replaced(
    workers: int, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying: dict[str, list[str]] = {}

    def look(name: str) -> None:
        lying[name] = [path.name for path in tmp_path.glob("out/_state/staging/*/parts/*/*")]

    monkeypatch.setattr(points, "checkpoint", look)
    ingest(tmp_path / "out", inputs, workers=workers)
    names = lying["run: templates applied"]
    assert "records.applied.arrow" in names
    assert not {"records.arrow", "shingles.arrow", "removals.arrow", "places.arrow", "templates.arrow"} & set(names)


def test_a_quote_that_ends_three_stories_stays(tmp_path: Path) -> None:
    for name, line in (("quote", QUOTE), ("plug", PLUG)):
        ingest(tmp_path / name, write_jsonl(tmp_path / f"{name}.jsonl", [record(n, line) for n in range(3)]))
    assert taken(tmp_path / "quote") == []
    assert taken(tmp_path / "plug") == [PLUG] * 3


def test_copies_and_versions_of_a_story_do_not_count(tmp_path: Path) -> None:
    changed = story(1).replace("Mill Lane", "Mill Street", 3)
    copies = [
        record(1, PLUG),
        record(2, PLUG, text=f"{changed}\n\n{PLUG}"),
        record(3, PLUG, text=f"{story(1)}\n\n{PLUG}"),
    ]
    versions = [record(4, PLUG), record(5, PLUG, url=record(4)["url"], text=f"{story(50)}\n\n{PLUG}")]
    ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", [*copies, *versions]))
    assert taken(tmp_path / "out") == []
    ingest(tmp_path / "out", write_jsonl(tmp_path / "more.jsonl", [record(6, PLUG)]))
    assert taken(tmp_path / "out") == [PLUG]  # the third story


def test_another_site_is_no_evidence(tmp_path: Path) -> None:
    records = [record(n, PLUG, site=f"Paper {n}") for n in range(4)] + [record(9, PLUG, publisher=None, url=None)] * 1
    ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", records))
    assert taken(tmp_path / "out") == []


def test_without_learning_nothing_goes(inputs: Path, tmp_path: Path) -> None:
    ingest(tmp_path / "out", inputs, learn=False)
    assert taken(tmp_path / "out") == []
    ingest(tmp_path / "out", write_jsonl(tmp_path / "b.jsonl", [record(77, PLUG)]))  # but all is counted
    assert taken(tmp_path / "out") == [PLUG]


def test_a_text_of_nothing_else_stays(tmp_path: Path) -> None:
    records = [*(record(n, PLUG) for n in range(4)), record(5, text=PLUG)]
    ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", records))
    assert texts(tmp_path / "out").count(PLUG) == 1
    assert verify(tmp_path / "out") == []


# ---- from run to run


def test_a_later_run_knows_what_earlier_ones_had(own: Path, tmp_path: Path) -> None:
    before = rows(own, "removals")
    later = write_jsonl(tmp_path / "later.jsonl", [record(90, BIO, PLUG)])
    ingest(own, later)
    assert len(taken(own)) == len([r for r in before if r["category"] == "template"]) + 2
    assert verify(own, read_data=True) == []


def test_running_again_adds_nothing(own: Path, inputs: Path, tmp_path: Path) -> None:
    before = everything(own)
    copied = write_jsonl(tmp_path / "again.jsonl", site())
    assert ingest(own, inputs).seen == ingest(own, copied).seen == 30
    assert everything(own) == before
    held = {one.id: one.texts for one in learned(own)}
    assert set(held.values()) == {30, 5}


@pytest.mark.parametrize("how", ["backwards", "small shards", "bounded memory", "two files"])
def test_order_shards_and_memory_do_not_matter(
    how: str, output: Path, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = site()
    files, settings = [inputs], {}
    if how == "backwards":
        files = [write_jsonl(tmp_path / "site.jsonl", records[::-1])]
    elif how == "two files":
        files = [write_jsonl(tmp_path / "a.jsonl", records[::2]), write_jsonl(tmp_path / "b.jsonl", records[1::2])]
    elif how == "small shards":
        settings = {"shard_bytes": 64 * 1024}
        files = [write_jsonl(tmp_path / f"{n}.jsonl", records[n::7]) for n in range(7)]
    else:
        monkeypatch.setattr(learn_module, "LINES_AT_ONCE", 16)
    ingest(tmp_path / "out", *files, **settings)
    place = ("source_uri", "source_offset", "source_length")
    found, expected = (
        {
            n: sorted(({k: v for k, v in r.items() if k not in place} for r in told), key=repr)
            for n, told in all_.items()
        }
        for all_ in (everything(tmp_path / "out"), everything(output))
    )
    assert found == expected


@pytest.mark.slow
def test_workers_do_not_matter(output: Path, inputs: Path, tmp_path: Path) -> None:
    ingest(tmp_path / "out", inputs, workers=2)
    assert everything(tmp_path / "out") == everything(output)


def test_a_rebuilt_index_holds_the_same_lines(own: Path, tmp_path: Path) -> None:
    ingest(own, write_jsonl(tmp_path / "b.jsonl", [record(60, PLUG), record(61, BIO, PLUG)]))
    folder = own / "_state" / "index"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    reindex(own)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_merged_segments_hold_the_same_lines(own: Path, tmp_path: Path) -> None:
    ingest(own, write_jsonl(tmp_path / "b.jsonl", [record(60, PLUG), record(61, BIO, PLUG)]))
    before = learned(own)
    maintain(own)
    [merged] = (own / "_state" / "index").iterdir()
    assert learned(own) == before
    content = merged.read_bytes()
    reindex(own)
    assert merged.read_bytes() == content


# ---- seen and overruled


def test_what_was_learned_is_listed_with_its_evidence(output: Path) -> None:
    before = tree(output)
    plug, *others = learned(output)
    [bio] = [one for one in others if one.text == BIO]
    assert [one.text for one in others if one != bio] == [None]  # the helpline: judged one, and saved by its veto
    assert (plug.text, plug.site, plug.texts, plug.spread) == (PLUG, "Harbour Herald", 30, 1.0)
    assert plug.stories == MOST_STORIES
    assert (plug.places["tail"], plug.places["last"], plug.ruling) == (1.0, 1.0, None)
    assert (bio.text, bio.texts) == (BIO, 5)
    assert learned(output, "harbour herald") == [plug, *others]
    assert learned(output, "Elsewhere") == []
    assert tree(output) == before


def test_a_forbidden_line_stays_and_a_pinned_one_goes(own: Path, tmp_path: Path) -> None:
    [plug] = [one.id for one in learned(own) if one.text == PLUG]
    rule(own, [plug], "forbid")
    rule(own, [SUBHEAD], "pin")
    assert {one.ruling for one in learned(own)} == {"forbid", "pin", None}
    ingest(own, write_jsonl(tmp_path / "b.jsonl", [record(60, SUBHEAD, PLUG, site="Another")]))
    assert "Another" in {row["publisher"] for row in rows(own, "articles")}
    assert SUBHEAD in taken(own)
    reclean(own)
    assert set(taken(own)) == {SUBHEAD, BIO}
    rule(own, [SUBHEAD, plug.removeprefix("template:")], "drop")
    reclean(own)
    assert set(taken(own)) == {PLUG, BIO}
    assert verify(own, read_data=True) == []


def test_the_same_ruling_twice_commits_once(own: Path) -> None:
    rule(own, [PLUG], "pin")
    before = tree(own)
    assert rule(own, [PLUG], "pin") == rule(own, [PLUG, PLUG], "pin")
    assert tree(own) == before
    with pytest.raises(UsageError, match="blank"):
        rule(own, [" "], "pin")


# ---- cleaned again, forgotten


def test_reclean_takes_out_what_was_learned_later(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for n in range(4):
        ingest(out, write_jsonl(tmp_path / f"{n}.jsonl", [record(n, PLUG)]))
    assert taken(out) == [PLUG] * 2  # of the third and fourth
    assert preview(out).changed == 2
    assert reclean(out).changed == 2
    assert taken(out) == [PLUG] * 4
    assert verify(out, read_data=True) == []
    assert reclean(out).run_id is None
    assert reclean(out, Settings(learn=False)).changed == 4
    assert taken(out) == []
    assert verify(out, read_data=True) == []


def test_what_was_forgotten_is_no_evidence_and_leaves_no_trace(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ingest(out, write_jsonl(tmp_path / "a.jsonl", [record(n, PLUG) for n in range(3)]))
    rule(out, [PLUG], "pin")
    rule(out, [PLUG], "drop")
    forget(out, [record(0)["url"]])
    assert verify(out, read_data=True) == []
    assert learned(out) == []
    ingest(out, write_jsonl(tmp_path / "b.jsonl", [record(0, PLUG), record(1, PLUG)]))
    assert len(taken(out)) == 2
    forget(out, [record(1)["url"], record(2)["url"]])
    assert traces(out, words([PLUG, story(0), story(1), "Harbour Herald"])) == set()


def words(told: Iterable[str]) -> list[str]:
    """What would give the texts away."""
    return [part for text in told for part in text.split("\n\n")]


# ---- lines that differ in a name
