"""The ledger: the last word on every input file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import StoreError
from copydesk.model import SourceFile
from copydesk.store import ledger
from copydesk.store.ledger import LedgerEntry
from copydesk.store.store import Store
from tests.copydesk.outputs import NOW, stage

names = st.sampled_from(["file:///a", "file:///b", "file:///né\nw", "file:///" + "x" * 300])
numbers = st.integers(0, 3) | st.integers(0, 2**63 - 1)
entries = st.builds(LedgerEntry, names, numbers, numbers, numbers, st.sampled_from(["", "map=[]", "map=[('a', 'b')]"]))


def source(entry: LedgerEntry) -> SourceFile:
    return SourceFile(entry.uri, "/p", entry.size, entry.mtime_ns, "jsonl")


def one_each(run: list[LedgerEntry]) -> list[LedgerEntry]:
    return list({entry.uri: entry for entry in run}.values())


@settings(max_examples=40, deadline=None)
@given(runs=st.lists(st.lists(entries, max_size=4).map(one_each), max_size=4))
def test_the_last_word_counts(tmp_path_factory: pytest.TempPathFactory, runs: list[list[LedgerEntry]]) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    paths = [folder / f"{n}.parquet" for n in range(len(runs))]
    expected: dict[str, LedgerEntry] = {}
    for run, path in zip(runs, paths, strict=True):
        ledger.write(run, path)
        expected |= {entry.uri: entry for entry in run}
    book = ledger.load(paths)
    assert len(book) == len(expected)
    for entry in (entry for run in runs for entry in run):
        last = expected[entry.uri]
        same = (entry.size, entry.mtime_ns, entry.reading) == (last.size, last.mtime_ns, last.reading)
        assert book.get(entry.uri) == last
        assert book.known(source(entry), entry.reading) == (last.items if same else None)
    assert book.news(expected.values()) == []


def test_what_makes_a_file_new() -> None:
    book = ledger.Ledger(ledger.SCHEMA.empty_table())
    assert book.known(SourceFile("file:///a", "/a", 1, 2, "text"), "r") is None
    assert book.news([LedgerEntry("file:///a", 1, 2, 3, "r")]) == [LedgerEntry("file:///a", 1, 2, 3, "r")]


@pytest.mark.parametrize(
    "other", [("file:///b", 1, 2, "r"), ("file:///a", 9, 2, "r"), ("file:///a", 1, 9, "r"), ("file:///a", 1, 2, "s")]
)
def test_a_file_is_known_by_name_size_time_and_settings(tmp_path: Path, other: tuple[str, int, int, str]) -> None:
    ledger.write([LedgerEntry("file:///a", 1, 2, 3, "r")], tmp_path / "1.parquet")
    book = ledger.load([tmp_path / "1.parquet"])
    assert book.known(SourceFile("file:///a", "/elsewhere", 1, 2, "csv"), "r") == 3
    uri, size, mtime_ns, reading = other
    assert book.known(SourceFile(uri, "/a", size, mtime_ns, "csv"), reading) is None


def test_standard_input_is_never_known(tmp_path: Path) -> None:
    entry = LedgerEntry("-", 1, 2, 3, "r")
    ledger.write([entry], tmp_path / "1.parquet")
    book = ledger.load([tmp_path / "1.parquet"])
    assert book.known(source(entry), "r") is None
    assert book.news([LedgerEntry("-", 9, 9, 9, "r")]) == []


def test_the_store_writes_what_is_news_and_no_more(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def run(*entries: LedgerEntry) -> int:
        with store.lock("test"):
            run_id = store.new_run_id(NOW)
            with store.staging(run_id) as staging:
                stage(staging / "final", run_id, [])
                written = store.write_ledger(run_id, staging / "final", entries)
                store.commit(run_id)
        return written

    a, b = LedgerEntry("file:///a", 1, 2, 3, "r"), LedgerEntry("file:///b", 1, 2, 3, "r")
    changed = LedgerEntry("file:///a", 1, 5, 4, "r")
    assert [run(a, b), run(a, b), run(changed, b), run(changed), run(a)] == [2, 0, 1, 0, 1]
    assert len(store.files("_state/ledger")) == 3
    assert store.ledger().get("file:///a") == a


def test_a_broken_ledger_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "1.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(StoreError, match=r"1\.parquet: the ledger cannot be read"):
        ledger.load([tmp_path / "1.parquet"])
