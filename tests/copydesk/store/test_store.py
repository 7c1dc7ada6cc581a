"""The store: a run is published whole or refused whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk import points
from copydesk.errors import StoreError
from copydesk.store import manifest
from copydesk.store.layout import Layout
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.outputs import (
    DAY,
    NOW,
    data_files,
    first_part,
    publish,
    second_part,
    stage,
    story,
    table,
    tree,
    view,
)


def test_a_run_is_published_and_leaves_nothing_else(tmp_path: Path) -> None:
    run_id = publish(tmp_path, first_part(), second_part())
    assert verify(tmp_path, read_data=True) == []
    datasets = ("articles", "duplicates", "rejects", "removals", "revisions")
    first = [f"{name}/{DAY}/{run_id}-00000.parquet" for name in datasets]
    assert data_files(tmp_path) == sorted(
        [*first, f"articles/{DAY}/{run_id}-00001.parquet", f"runs/{DAY}/{run_id}.parquet"]
    )
    assert list(Layout(tmp_path).all_staging.iterdir()) == []
    assert [c.run_id for c in Store(tmp_path).commits()] == [run_id]


def test_files_come_in_the_order_of_their_runs(tmp_path: Path) -> None:
    runs = [publish(tmp_path, first_part()), publish(tmp_path, second_part())]
    assert runs == sorted(runs)
    assert [p.name for p in Store(tmp_path).files("articles")] == [f"{r}-00000.parquet" for r in runs]
    assert [p.stem for p in Store(tmp_path).files("_state/ledger")] == runs
    assert Store(tmp_path).files("_state/index") == []


def test_a_prepared_commit_is_not_seen_until_it_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Exception):
        pass

    def stop(name: str) -> None:
        if name == "commit: placed":
            raise Stop

    publish(tmp_path, first_part())
    before = view(tmp_path)
    monkeypatch.setattr(points, "checkpoint", stop)
    with pytest.raises(Stop):
        publish(tmp_path, second_part())
    monkeypatch.undo()
    assert view(tmp_path) == before
    assert [f.check for f in verify(tmp_path)] == ["unfinished"]
    with Store(tmp_path).lock("test"):
        assert [words.split(": ")[1] for words in Store(tmp_path).recover()] == ["completed"]
    assert len(view(tmp_path)["articles"]) == 3
    assert verify(tmp_path) == []


Spoil = Callable[[Path, str], None]


def attempt(store: Store, spoil: Spoil) -> None:
    """A run that `spoil` meddles with before its commit."""
    run_id = store.new_run_id(NOW)
    with store.lock("test"), store.staging(run_id) as staging:
        stage(staging / "final", run_id, [second_part()])
        spoil(staging / "final", run_id)
        store.commit(run_id)


def _fail(final: Path, run_id: str) -> None:
    raise ZeroDivisionError


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    publish(tmp_path, first_part())
    before = tree(tmp_path)
    with pytest.raises(ZeroDivisionError):
        attempt(Store(tmp_path), _fail)
    assert tree(tmp_path) == before
    assert list(Layout(tmp_path).all_staging.iterdir()) == []


def _unnamed(final: Path, run_id: str) -> None:
    (final / "articles" / DAY / f"{run_id}-00000.parquet").rename(final / "articles" / DAY / "part.parquet")


def _marker(final: Path, run_id: str) -> None:
    (final / "articles" / DAY / "_SUCCESS").touch()


def _no_partition(final: Path, run_id: str) -> None:
    (final / "articles" / DAY / f"{run_id}-00000.parquet").rename(final / "articles" / f"{run_id}.parquet")


def _no_dataset(final: Path, run_id: str) -> None:
    (final / "articles").rename(final / "stories")


def _own_state(final: Path, run_id: str) -> None:
    (final / "_state" / "commits").mkdir(parents=True)
    (final / "_state" / "commits" / f"{run_id}.json").touch()


def _truncated(final: Path, run_id: str) -> None:
    path = final / "articles" / DAY / f"{run_id}-00000.parquet"
    path.write_bytes(path.read_bytes()[:-10])


def _other_schema(final: Path, run_id: str) -> None:
    pq.write_table(table("runs", []), final / "articles" / DAY / f"{run_id}-00009.parquet")


@pytest.mark.parametrize(
    "spoil", [_unnamed, _marker, _no_partition, _no_dataset, _own_state, _truncated, _other_schema]
)
def test_what_cannot_be_published_is_refused_whole(tmp_path: Path, spoil: Spoil) -> None:
    publish(tmp_path, first_part())
    before = tree(tmp_path)
    with pytest.raises(StoreError):
        attempt(Store(tmp_path), spoil)
    assert tree(tmp_path) == before


def test_no_file_takes_the_place_of_another(tmp_path: Path) -> None:
    def meddle(final: Path, run_id: str) -> None:
        stray = tmp_path / "articles" / DAY / f"{run_id}-00000.parquet"
        stray.parent.mkdir(parents=True)
        stray.write_text("somebody's own")

    with pytest.raises(StoreError, match="there is a file of that name"):
        attempt(Store(tmp_path), meddle)
    assert [(tmp_path / path).read_text() for path in data_files(tmp_path)] == ["somebody's own"]


def test_a_run_is_committed_once(tmp_path: Path) -> None:
    run_id = publish(tmp_path, first_part())
    with Store(tmp_path).lock("test"), pytest.raises(StoreError, match="committed already"):
        Store(tmp_path).commit(run_id)


def test_a_commit_can_take_files_of_earlier_runs_back(tmp_path: Path) -> None:
    first = publish(tmp_path, first_part(), second_part())
    store, old = Store(tmp_path), f"articles/{DAY}/{first}-00001.parquet"
    with store.lock("test"):
        run_id = store.new_run_id(NOW)
        with store.staging(run_id) as staging:
            rows = [row | {"run_id": first} for row in second_part()["articles"]]
            merged = staging / "final" / "articles" / DAY / f"{run_id}-00000.parquet"
            merged.parent.mkdir(parents=True)
            pq.write_table(table("articles", rows), merged)
            store.commit(run_id, removes=[old])
        with pytest.raises(StoreError, match="no commit published it"), store.staging("20990101-000000-000000"):
            store.commit("20990101-000000-000000", removes=[old])
    assert not (tmp_path / old).exists()
    assert len(view(tmp_path)["articles"]) == 3
    assert verify(tmp_path, read_data=True) == []


def test_writing_needs_the_lock(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="needs the lock"):
        store.recover()
    with pytest.raises(StoreError, match="needs the lock"):
        store.commit("20261122-000000-000000")
    with pytest.raises(StoreError, match="needs the lock"), store.staging("20261122-000000-000000"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written to"), Store(tmp_path / "output").lock("test"):
        pass


@given(st.lists(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)), max_size=8))
def test_run_ids_grow_even_if_the_clock_goes_back(times: list[dt.datetime]) -> None:
    store = Store(Path("/nonexistent"))
    ids = [store.new_run_id(now) for now in times]
    assert ids == sorted(set(ids))


def test_run_ids_are_greater_than_those_of_every_run_there_is(tmp_path: Path) -> None:
    committed = publish(tmp_path, first_part())
    assert Store(tmp_path).new_run_id(NOW - dt.timedelta(days=400)) > committed
    Layout(tmp_path).staging("20990101-000000-999999").mkdir()
    assert Store(tmp_path).new_run_id(NOW) == "20990101-000001-000000"


def test_a_run_id_says_when(tmp_path: Path) -> None:
    now = dt.datetime(2026, 11, 22, 1, 8, 7, 123456, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert Store(tmp_path).new_run_id(now) == "20261122-000807-123456"


@given(st.data())
def test_a_flipped_bit_in_a_manifest_is_noticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    root = tmp_path_factory.getbasetemp() / "flipped"
    if not root.exists():
        publish(root, {"articles": [story("a", "One.")[0]]})
    path = manifest.committed(Layout(root))[0]
    before, content = manifest.read(path), bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    spoilt = root / path.name
    spoilt.write_bytes(content)
    try:
        read = manifest.read(spoilt)
    except StoreError:
        return
    assert read == before  # white space outside the values


def test_a_manifest_of_a_later_format_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "FORMAT", 2)
    publish(tmp_path, first_part())
    monkeypatch.undo()
    with pytest.raises(StoreError, match="later version"):
        Store(tmp_path).commits()
    assert "manifest" in {f.check for f in verify(tmp_path)}
