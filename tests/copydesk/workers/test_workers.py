"""Workers that die: the run ends well, and what killed them is a reject. What shards are cut into, then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk import sources
from copydesk.errors import TaskError
from copydesk.model import Fault, Item, Shard, SourceFile
from copydesk.settings import Settings
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from copydesk.workers import local as workers
from copydesk.workers import retry
from copydesk.workers.local import Workers
from copydesk.workers.marks import Mark
from tests.copydesk.corpus import ingest, rows, story, write_jsonl

DEADLY = Path(__file__).parents[1] / "deadly"
ROOT = Path(__file__).parents[3]


def run(tmp_path: Path, *inputs: Path, **settings: Any) -> dict[str, Any]:
    """A run whose workers die of certain words (see deadly/); returns its books."""
    path = os.pathsep.join([str(DEADLY), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "DEADLY_ONCE": str(tmp_path / "killed-once")}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    command = [sys.executable, "-m", "flows.cli", "ingest", *map(str, inputs), "-o", str(tmp_path / "out"), "--json"]
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    books: dict[str, Any] = json.loads(done.stdout)
    return books


def record(number: int, words: str = "") -> dict[str, Any]:
    return {"id": str(number), "text": f"{words}\n\n{story(number)}" if words else story(number)}


def rejects(tmp_path: Path) -> dict[str | None, tuple[str, str]]:
    return {r["source_id"]: (r["stage"], r["error"]) for r in rows(tmp_path / "out", "rejects")}


@pytest.mark.slow
def test_what_kills_a_worker_is_a_reject_and_nothing_else_is(tmp_path: Path) -> None:
    words = {17: "KILL THE EXTRACTOR", 41: "KILL ONCE", 60: "EATS MEMORY", 70: "BREAKS"}
    deadly = write_jsonl(tmp_path / "a.jsonl", [record(n, words.get(n, "")) for n in range(100)])
    other = write_jsonl(tmp_path / "b.jsonl", [record(n) for n in range(100, 140)])
    books = run(tmp_path, deadly, other, workers=2, shard_bytes=64 * 1024)
    assert (books["items"], books["articles"], books["rejects"]) == (140, 137, 3)
    assert rejects(tmp_path) == {
        "17": ("extract", "killed-worker"),
        "60": ("extract", "out-of-memory"),
        "70": ("extract", "internal"),
    }
    (row,) = (r for r in rows(tmp_path / "out", "rejects") if r["source_id"] == "17")
    assert b"KILL THE EXTRACTOR" in row["bytes"]
    assert "memory" in row["message"]
    assert verify(tmp_path / "out", read_data=True) == []
    # Without what killed, the run is like one in which nobody died.
    clean = write_jsonl(tmp_path / "c.jsonl", [record(n) for n in range(140) if n not in words])
    ingest(tmp_path / "clean", clean)
    ids = {r["text"] for r in rows(tmp_path / "clean", "articles")}
    assert ids <= {r["text"] for r in rows(tmp_path / "out", "articles")}
    # The file is not taken for done: killers are tried again, all else is known.
    again = run(tmp_path, deadly, other, workers=2)
    assert (again["articles"], again["rejects"], again["seen"]) == (0, 0, 140)
    assert not list(Store(tmp_path / "out").layout.all_staging.iterdir())


@pytest.mark.slow
def test_what_kills_in_reading_costs_the_rest_of_its_file_only(tmp_path: Path) -> None:
    deadly = write_jsonl(tmp_path / "a.jsonl", [record(n, "KILL THE READER" * (n == 7)) for n in range(20)])
    pages = [tmp_path / f"{n}.txt" for n in range(20, 26)]
    for n, page in enumerate(pages, 20):
        page.write_text(("KILL THE EXTRACTOR\n\n" if n == 23 else "") + story(n))
    books = run(tmp_path, pages[0], deadly, *pages[1:], workers=2)
    assert (books["items"], books["articles"], books["rejects"]) == (14, 12, 2)
    assert rejects(tmp_path) == {None: ("read", "killed-worker"), "23": ("extract", "killed-worker")}
    (row,) = (r for r in rows(tmp_path / "out", "rejects") if r["source_id"] is None)
    assert row["message"].startswith("from item 8 on: ")
    assert verify(tmp_path / "out") == []


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_an_item_that_does_not_end_is_a_reject(count: int, tmp_path: Path) -> None:
    words = {3: "NEVER ENDS"} | ({11: "SLEEPS"} if count > 1 else {})
    endless = write_jsonl(tmp_path / "a.jsonl", [record(n, words.get(n, "")) for n in range(20)])
    books = run(tmp_path, endless, workers=count, item_seconds=2)  # the first one in a process loads what it needs
    assert (books["items"], books["articles"]) == (20, 20 - len(words))
    assert rejects(tmp_path) == {str(n): ("extract", "timeout") for n in words}
    assert verify(tmp_path / "out") == []


@pytest.mark.slow
def test_workers_that_keep_dying_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_DEATHS", 0)
    with Workers(1, tmp_path, 60) as some, pytest.raises(TaskError, match=r"1 workers have died.*--workers"):
        list(some("publish", os._exit, [1]))


def _pid(_: int) -> int:
    return os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize("much", [True, False])
def test_workers_that_have_cleaned_much_make_room_for_others(tmp_path: Path, much: bool) -> None:
    with Workers(1, tmp_path / "parts", 60, workers.MUCH if much else workers.MUCH - 1) as of_run:
        stages = ("process", "apply", "bands", "publish")
        process, apply, bands, publish = ([*of_run(stage, _pid, [0, 1])] for stage in stages)
    assert {*process, *apply} == {process[0]}
    assert {*bands, *publish} == {bands[0]}
    assert (process != bands) is much


@pytest.mark.slow
def test_a_worker_that_dies_idle_is_replaced(tmp_path: Path) -> None:
    with Workers(1, tmp_path, 60) as some:
        (pid,) = some("publish", _pid, [0])
        os.kill(pid, signal.SIGKILL)
        while not some._lanes[0].pool._broken:  # type: ignore[attr-defined]
            time.sleep(0.01)
        (other,) = some("publish", _pid, [0])
    assert other != pid


def test_what_is_no_shard_is_tried_twice(tmp_path: Path) -> None:
    with Workers(1, tmp_path, 60) as some:
        assert sorted(some("publish", abs, [-1, -2, -3])) == [1, 2, 3]
        with pytest.raises(TaskError, match="two workers died of the same part"):
            list(some("publish", os._exit, [1]))


INTERRUPTED = """
import os, signal, sys
from copydesk.workers import local
from flows.cli import main

def then_interrupt(function):
    def called(*arguments):
        function(*arguments)
        os.killpg(0, signal.SIGINT)  # as a terminal does
    return called

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with it ignored
    if sys.argv[1] == "server":
        local.forkserver.ensure_running = then_interrupt(local.forkserver.ensure_running)
    else:
        local._Lane.__init__ = then_interrupt(local._Lane.__init__)
    main(["ingest", sys.argv[2], "-o", sys.argv[3], "-w", "2", "--json"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["server", "worker"])
def test_ctrl_c_while_workers_start_is_one_line(tmp_path: Path, when: str) -> None:
    corpus = write_jsonl(tmp_path / "a.jsonl", [record(n) for n in range(5)])
    (tmp_path / "interrupted.py").write_text(INTERRUPTED)
    command = [sys.executable, str(tmp_path / "interrupted.py"), when, str(corpus), str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, start_new_session=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("copydesk: interrupted; the output is as it was, or as after the run")
    assert done.stderr.count("\n") == 1
    if when == "server":  # which is started before the output is opened
        assert not (tmp_path / "out").exists()
    else:
        assert verify(tmp_path / "out") == []


# ---------------------------------------------------------------------------------------------------------------------
# Cutting

JSONL = SourceFile("file:///many.jsonl", "/many.jsonl", 1, 1, "jsonl")
TEXT = SourceFile("file:///one.txt", "/one.txt", 1, 1, "text")


def places(shard: Shard, counts: dict[str, int]) -> list[tuple[int, int]]:
    """(file's number, item) that a shard would take; counts: items by file."""
    found = []
    for file in shard.files:
        number = int(file.uri)
        last = counts[file.uri] if shard.last is None else min(shard.last, counts[file.uri])
        found += [
            (number, item)
            for item in range(shard.first, last)
            if item // sources.BLOCK_ITEMS % shard.parts == shard.part
        ]
    return found


@given(st.data())
def test_pieces_hold_what_the_shard_held_and_come_to_an_end(data: st.DataObject) -> None:
    """A worker that dies of chosen items, or stands still at them, in steps that take several at once, is left with
    rejects of just those."""
    count = data.draw(st.integers(1, 4))
    counts = {str(n): data.draw(st.integers(1, 90)) for n in range(count)}
    files = tuple(SourceFile(uri, uri, 1, 1, "jsonl") for uri in counts)
    parts = data.draw(st.integers(1, 3)) if count == 1 else 1
    whole = Shard(0, files, data.draw(st.integers(0, parts - 1)), parts)
    all_items = places(whole, counts)
    if not all_items:
        return
    deadly = set(data.draw(st.lists(st.sampled_from(all_items), max_size=3, unique=True)))
    step = data.draw(st.sampled_from(["extract", "clean", "write"]))
    error = data.draw(st.sampled_from([retry.KILLED, retry.TIMEOUT]))
    waiting, done, refused, names = [whole], [], [], {whole.name}
    for _ in range(500):
        if not waiting:
            break
        shard = waiting.pop()
        items = places(shard, counts)
        own = {int(f.uri): place for place, f in enumerate(shard.files)}
        if shard.fault:
            refused += items
            continue
        killed = None
        for batch in (items[i : i + 40] for i in range(0, len(items), 40)):
            hit = [i for i in batch if i in deadly]
            if hit:
                first, last = (hit[0], hit[0]) if step == "extract" else (batch[0], batch[-1])
                killed = Mark(step, own[first[0]], first[1], own[last[0]], last[1])
                break
        if killed is None:
            done += items
            continue
        more = retry.pieces(shard, killed, error, "it was killed")
        assert sorted(i for piece in more for i in places(piece, counts)) == items
        assert names.isdisjoint(piece.name for piece in more)
        names |= {piece.name for piece in more}
        waiting += more
    assert not waiting
    assert sorted(done + refused) == all_items
    assert set(refused) == deadly


def test_a_file_that_cannot_be_opened_alive_is_given_up() -> None:
    first = retry.pieces(Shard(4, (TEXT, JSONL)), None, retry.KILLED, "why")
    assert [(p.files, p.fault) for p in first] == [((TEXT,), None), ((JSONL,), None)]
    (second,) = retry.pieces(first[0], None, retry.KILLED, "why")
    assert second.fault == Fault("read", "killed-worker", "why")
    with pytest.raises(TaskError, match="why"):
        retry.pieces(second, None, retry.KILLED, "why")


def test_a_reject_that_kills_in_reading_is_given_up_unread() -> None:
    lone = Shard(0, (JSONL,), first=5, last=6, piece="-1")
    (refused,) = retry.pieces(lone, Mark("extract", 0, 5, 0, 5), retry.KILLED, "why")
    assert refused.fault == Fault("extract", "killed-worker", "why")
    (unread,) = retry.pieces(refused, Mark("read", 0, 5, 0, 5), retry.KILLED, "why")
    assert unread.fault == Fault("read", "killed-worker", "why")
    assert (unread.first, unread.last) == (5, 6)


def test_what_stood_still_alone_is_not_tried_again() -> None:
    cut = retry.pieces(Shard(0, (JSONL,)), Mark("extract", 0, 5, 0, 5), retry.TIMEOUT, "why")
    assert [(p.first, p.last, p.fault and p.fault.error) for p in cut] == [
        (0, 5, None),
        (5, 6, "timeout"),
        (6, None, None),
    ]


def test_what_stands_beside_it_is_tried_again() -> None:
    """An item before or behind it, or one that was in hand with it, did not take the time."""
    three = Shard(0, (JSONL,), first=4, last=7, piece="-1")
    alone = retry.pieces(three, Mark("extract", 0, 5, 0, 5), retry.TIMEOUT, "why")
    assert [(p.first, p.last, p.fault is not None) for p in alone] == [(4, 5, False), (5, 6, True), (6, 7, False)]
    together = retry.pieces(three, Mark("clean", 0, 5, 0, 6), retry.TIMEOUT, "why")
    assert [(p.first, p.last, p.fault is not None) for p in together] == [(4, 5, False), (5, 6, False), (6, 7, False)]


@given(st.integers(1, 3), st.integers(0, 80), st.integers(0, 80))
def test_a_range_of_items_is_what_the_whole_gives_there(parts: int, one: int, other: int) -> None:
    path = Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp") / f"range-{os.getpid()}.jsonl"
    write_jsonl(path, [{"id": str(n), "text": "x"} for n in range(70)])
    shard = Shard(0, (SourceFile("file:///x", str(path), 1, 1, "jsonl"),), 0, parts)
    first, last = sorted((one, other))
    try:
        whole = list(sources.numbered(shard, Settings()))
        assert all(isinstance(i, Item) and i.source_id == str(n) for _, n, i in whole)
        some = list(sources.numbered(replace(shard, first=first, last=last), Settings()))
    finally:
        path.unlink()
    assert some == [found for found in whole if first <= found[1] < last]
