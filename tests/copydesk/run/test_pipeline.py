"""Whole runs: books balance, twice is once, order and workers do not matter, a kill between stages leaves nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.articles import parts
from copydesk.errors import LockedError, UsageError
from copydesk.index.history import reindex
from copydesk.model import Shard, SourceFile
from copydesk.run import compared, pipeline, process
from copydesk.run.pipeline import Summary
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, rows, story, write_jsonl

ADDED = ("articles", "duplicates", "revisions", "rejects")


def record(seed: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(seed),
        "publisher": f"Outlet {seed % 5}",
        "date": f"2026-03-{seed % 27 + 1:02d}",
        "text": story(seed),
        **more,
    }


def added(summary: Summary) -> int:
    return sum(getattr(summary, name) for name in ADDED)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Twelve stories, a copy of one, a revision, a broken line."""
    records = [record(i) for i in range(12)]
    records.append(record(3, id="copy", publisher="Elsewhere"))
    records.append(record(5, text=story(5) + "\n\nThe ferry will sail again on Monday, the harbour office said."))
    path = write_jsonl(tmp_path / "in.jsonl", records)
    path.write_bytes(path.read_bytes() + b'{"broken": \n')
    return path


def test_books_and_rows(corpus: Path, tmp_path: Path) -> None:
    summary = ingest(tmp_path / "out", corpus)
    assert (summary.items, summary.articles, summary.duplicates) == (15, 12, 1)
    assert (summary.revisions, summary.rejects, summary.seen) == (1, 1, 0)
    (copy,) = rows(tmp_path / "out", "duplicates")
    (original,) = (r for r in rows(tmp_path / "out", "articles") if r["id"] == copy["duplicate_of"])
    assert (original["source_id"], copy["source_id"], copy["relation"], copy["jaccard"]) == ("3", "copy", "exact", 1.0)
    (revision,) = rows(tmp_path / "out", "revisions")
    assert (revision["item_key"], revision["version"]) == ("Outlet 0/5", 2)
    assert verify(tmp_path / "out", read_data=True) == []


def test_again_adds_nothing(corpus: Path, tmp_path: Path) -> None:
    first = ingest(tmp_path / "out", corpus)
    before = everything(tmp_path / "out")
    second = ingest(tmp_path / "out", corpus)
    assert (added(second), second.seen, second.bytes_read) == (0, first.items, 0)
    os.utime(corpus, (1, 1))  # touched: read again, and still nothing new
    third = ingest(tmp_path / "out", corpus)
    assert (added(third), third.seen) == (0, first.items)
    assert third.bytes_read == corpus.stat().st_size
    assert everything(tmp_path / "out") == before
    assert verify(tmp_path / "out") == []


def test_what_is_appended_is_added(corpus: Path, tmp_path: Path) -> None:
    ingest(tmp_path / "out", corpus)
    write_jsonl(tmp_path / "more.jsonl", [record(40), record(3, id="late", publisher="Third")])
    corpus.write_bytes(corpus.read_bytes() + (tmp_path / "more.jsonl").read_bytes())
    summary = ingest(tmp_path / "out", corpus)
    assert (summary.articles, summary.duplicates, summary.seen) == (1, 1, 15)
    late = next(r for r in rows(tmp_path / "out", "duplicates") if r["source_id"] == "late")
    assert late["duplicate_of"] in {r["id"] for r in rows(tmp_path / "out", "articles")}


def test_same_item_twice_in_a_run_is_seen_once(tmp_path: Path) -> None:
    same = record(1, url="https://outlet.example/a")
    write_jsonl(tmp_path / "a.jsonl", [same])
    write_jsonl(tmp_path / "b.jsonl", [same])
    summary = ingest(tmp_path / "out", tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert (summary.articles, summary.seen, summary.items) == (1, 1, 2)
    assert verify(tmp_path / "out") == []


def test_the_same_reject_in_several_parts_is_seen_once(tmp_path: Path) -> None:
    bad = [{"id": "bad", "text": " "}] * 2000
    path = write_jsonl(tmp_path / "in.jsonl", [*bad, record(1), *bad, {"id": "worse", "text": 7}, *bad])
    summary = ingest(tmp_path / "out", path, shard_bytes=64 * 1024)
    assert (summary.items, summary.articles, summary.rejects, summary.seen) == (6002, 1, 2, 5999)
    assert sorted(row["source_id"] for row in rows(tmp_path / "out", "rejects")) == ["bad", "worse"]
    assert verify(tmp_path / "out") == []
    os.utime(path, (1, 1))
    assert ingest(tmp_path / "out", path, shard_bytes=64 * 1024).seen == 6002


@pytest.mark.slow
def test_a_large_shard_becomes_several_parts(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ingest(tmp_path / "whole", corpus)
    monkeypatch.setattr(process, "BATCH_ITEMS", 4)
    monkeypatch.setattr(parts, "FULL", 4000)
    pieces = ingest(tmp_path / "pieces", corpus)
    files = sorted((tmp_path / "pieces" / "articles").rglob("*.parquet"))
    assert 2 < len(files) < 5
    assert everything(tmp_path / "pieces") == everything(tmp_path / "whole")
    assert (pieces.items, pieces.rejects) == (whole.items, whole.rejects)
    assert verify(tmp_path / "pieces", read_data=True) == []
    assert added(ingest(tmp_path / "pieces", corpus)) == 0


def test_workers_and_shards_do_not_matter(tmp_path: Path) -> None:
    records = [record(i % 90, id=str(i), publisher=f"P{i % 7}") for i in range(120)]
    corpus = write_jsonl(tmp_path / "in.jsonl", records)
    one = ingest(tmp_path / "one", corpus)
    two = ingest(tmp_path / "two", corpus, workers=2, shard_bytes=64 * 1024)
    assert one.duplicates == 30
    assert [getattr(one, n) for n in ADDED] == [getattr(two, n) for n in ADDED]
    assert everything(tmp_path / "one") == everything(tmp_path / "two")
    assert verify(tmp_path / "two") == []


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seeds=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_order_does_not_matter_and_books_balance(
    seeds: list[tuple[int, int, int]], order: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """seeds: (story, publisher, how much is cut off its end)."""
    folder = tmp_path_factory.mktemp("any")
    records = [
        record(s, id=f"{s}-{p}", publisher=f"P{p}", text="\n\n".join(story(s).split("\n\n")[: 7 - cut]))
        for s, p, cut in seeds
    ]
    shuffled = list(records)
    order.shuffle(shuffled)
    first = ingest(folder / "a", write_jsonl(folder / "in.jsonl", records))
    write_jsonl(folder / "in.jsonl", shuffled)
    second = ingest(folder / "b", folder / "in.jsonl")
    assert first.items == len(records) == added(first) + first.seen
    assert [getattr(first, n) for n in ADDED] == [getattr(second, n) for n in ADDED]
    assert stories(folder / "a") == stories(folder / "b")
    assert added(ingest(folder / "a", folder / "in.jsonl")) == 0
    assert verify(folder / "a") == []


def stories(output: Path) -> dict[str, Any]:
    """id -> story, relation and figures; where it was read from depends on the order of lines, so it is left out."""
    return {
        r["id"]: (name, r["story_id"], r.get("relation"), r.get("jaccard"), r.get("version"))
        for name in ("articles", "duplicates", "revisions")
        for r in rows(output, name)
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "stage", ["discover", "process", "matching.decide", "publish", "_ledger_entries", "_summary", "Store.commit"]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_between_stages_a_rerun_mends_it(stage: str, when: str, corpus: Path, tmp_path: Path) -> None:
    out, expected = tmp_path / "out", tmp_path / "expected"
    first = write_jsonl(tmp_path / "first.jsonl", [record(3)])
    for output in (out, expected):
        ingest(output, first)
    before = everything(out)
    ingest(expected, corpus)
    died = subprocess.run([sys.executable, "-c", KILL, stage, when, str(corpus), str(out)], check=False)
    assert died.returncode == -signal.SIGKILL
    committed = (stage, when) == ("Store.commit", "after")
    assert everything(out) == (everything(expected) if committed else before)
    ingest(out, corpus)
    assert everything(out) == everything(expected)
    assert verify(out, read_data=True) == []
    assert not list((out / "_state" / "staging").iterdir())


KILL = """
import os, signal, sys
from pathlib import Path
from copydesk.run import matching, pipeline
from copydesk.settings import Settings
stage, when, corpus, out = sys.argv[1:]
owner, _, name = stage.rpartition(".")
owner = getattr(pipeline, owner) if owner else pipeline
real = getattr(owner, name)

def deadly(*args, **kwargs):
    if when == "after":
        real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, name, deadly)
pipeline.run(Settings(inputs=(corpus,), output=Path(out), workers=1))
"""


def test_an_index_lost_or_damaged_is_rebuilt_from_the_parquet(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ingest(out, corpus)
    copies = write_jsonl(tmp_path / "copies.jsonl", [record(i, id=f"c{i}", publisher="Copy") for i in range(12)])
    segments = list((out / "_state" / "index").iterdir())
    assert segments
    for segment in segments:
        segment.write_bytes(segment.read_bytes()[:-100])
    assert ingest(out, copies).duplicates == 12
    for segment in (out / "_state" / "index").iterdir():
        segment.unlink()
    assert reindex(out) == 2
    again = write_jsonl(tmp_path / "again.jsonl", [record(i, id=f"d{i}", publisher="Copy") for i in range(12)])
    assert ingest(out, again).duplicates == 12
    assert verify(out) == []


def test_a_line_put_in_at_the_top_is_a_new_story_and_its_neighbours_are_seen(tmp_path: Path) -> None:
    nameless = [{"text": story(n)} for n in range(3)]
    corpus = write_jsonl(tmp_path / "in.jsonl", nameless)
    ingest(tmp_path / "out", corpus)
    write_jsonl(corpus, [{"text": story(9)}, *nameless])
    summary = ingest(tmp_path / "out", corpus)
    assert (summary.articles, summary.seen, added(summary)) == (1, 3, 1)


def test_a_link_between_stories_is_told_once(tmp_path: Path) -> None:
    digest = record(1, id="digest", publisher="Digest", text="\n\n".join((story(70), story(71), story(72))))
    parts = [record(n, id=str(n), publisher="Wire", text=story(n)) for n in (70, 71)]
    first = write_jsonl(tmp_path / "a.jsonl", [digest, *parts])
    ingest(tmp_path / "out", first)
    links = rows(tmp_path / "out", "overlaps")
    assert len(links) == 2
    again = write_jsonl(
        tmp_path / "b.jsonl", [record(n, id=f"c{n}", publisher="Copy", text=story(n)) for n in (70, 71)]
    )
    assert ingest(tmp_path / "out", again).duplicates == 2
    assert rows(tmp_path / "out", "overlaps") == links


def test_copies_of_history_are_found_whether_its_texts_were_expected_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_jsonl(tmp_path / "old.jsonl", [record(i) for i in range(8)])
    copies = [record(i, id=f"copy{i}", publisher="Elsewhere", text=story(i)[: -80 * (i % 2) or None]) for i in range(6)]
    new = write_jsonl(tmp_path / "new.jsonl", [*copies, record(20)])
    told = []
    for name in ("expected", "not"):
        if name == "not":
            monkeypatch.setattr(compared.ComparedTexts, "expect", lambda self, ids: None)
        ingest(tmp_path / name, old)
        assert ingest(tmp_path / name, new).duplicates == 6
        told.append(
            [(r["id"], r["duplicate_of"], r["relation"], r["jaccard"]) for r in rows(tmp_path / name, "duplicates")]
        )
    assert sorted(told[0]) == sorted(told[1])
    assert {relation for _, _, relation, _ in told[0]} >= {"exact"}
    assert any(jaccard < 1 for _, _, _, jaccard in told[0])


def test_an_output_is_locked_while_a_run_writes(corpus: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "out").lock("somebody else"), pytest.raises(LockedError, match="somebody else"):
        ingest(tmp_path / "out", corpus)


def test_a_missing_path_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.jsonl"):
        ingest(tmp_path / "out", tmp_path / "nowhere.jsonl")
    assert not (tmp_path / "out" / "runs").exists()


def test_a_run_that_fails_leaves_nothing(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr(pipeline, "_summary", fail)
    with pytest.raises(RuntimeError):
        ingest(tmp_path / "out", corpus)
    monkeypatch.undo()
    assert not list((tmp_path / "out" / "_state" / "staging").iterdir())
    assert ingest(tmp_path / "out", corpus).articles == 12


def test_what_others_keep_is_not_taken_for_an_output(corpus: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "site" / "articles" / "mine.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("My own notes.")
    with pytest.raises(UsageError, match="articles/"):
        ingest(tmp_path / "site", corpus)
    assert [p.name for p in (tmp_path / "site").rglob("*")] == ["articles", "mine.txt"]
    with pytest.raises(UsageError, match="not a folder"):
        ingest(theirs, corpus)


def test_the_first_parts_of_all_files_are_dealt_out_first() -> None:
    cut = {"a": 3, "b": 1, "c": 2}
    files = {name: SourceFile(name, name, 1, 1, "warc") for name in cut}
    parts = [(name, part) for name, count in cut.items() for part in range(count)]
    shards = [Shard(number, (files[name],), part, cut[name]) for number, (name, part) in enumerate(parts)]
    assert [(shard.files[0].uri, shard.part) for shard in pipeline._dealt(shards)] == [
        ("a", 0), ("b", 0), ("c", 0), ("a", 1), ("c", 1), ("a", 2),
    ]  # fmt: skip
