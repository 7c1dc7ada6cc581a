"""maintain: fewer files, the same rows, and readers that opened the dataset before read on."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from copydesk.errors import StoreError, UsageError
from copydesk.index.history import open_index, reindex, segments
from copydesk.schema import DATASETS
from copydesk.store.dataset import open_dataset
from copydesk.store.store import Store
from copydesk.upkeep.forget import forget
from copydesk.upkeep.maintain import Limits, maintain
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, rows, write_jsonl
from tests.copydesk.outputs import data_files, first_part, publish, second_part, tree, view
from tests.copydesk.traces import traces
from tests.copydesk.upkeep.test_forget import corpus, near, record


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("maintain") / "in"
    more = [record(20 + n, f"site{n}", n, day=n + 1) for n in range(3)]
    return [*corpus(folder), *(write_jsonl(folder / f"{n}.jsonl", [r]) for n, r in enumerate(more))]


@pytest.fixture
def output(tmp_path: Path, inputs: list[Path]) -> Path:
    """An output of five runs."""
    out = tmp_path / "out"
    for path in (inputs[:2], *([p] for p in inputs[2:])):
        ingest(out, *path)
    return out


def test_no_row_changes_and_twice_is_once(output: Path, inputs: list[Path]) -> None:
    before, runs = everything(output), view(output)["runs"]
    done = maintain(output)
    assert (everything(output), view(output)["runs"]) == (before, runs)
    assert verify(output, read_data=True) == []
    assert done.into < done.files
    assert len(data_files(output)) == len([n for n in DATASETS if rows(output, n)])
    for folder in ("ledger", "index"):
        assert len(Store(output).files(f"_state/{folder}")) == 1
    after = tree(output)
    assert maintain(output).run_id is None
    assert tree(output) == after
    assert ingest(output, *inputs).bytes_read == 0


def test_later_runs_decide_as_they_would_have(output: Path, inputs: list[Path], tmp_path: Path) -> None:
    more = write_jsonl(
        tmp_path / "more.jsonl", [record(1, "zeta", 1, text=near(1, 6)), record(2, "alpha", 2, text=near(2, 4))]
    )
    other = tmp_path / "other"
    for path in (inputs[:2], *([p] for p in inputs[2:]), [more]):
        ingest(other, *path)
    maintain(output)
    ingest(output, more)
    assert everything(output) == everything(other)
    maintain(output)
    assert everything(output) == everything(other)
    assert verify(output, read_data=True) == []


def test_the_order_of_stories_is_that_of_their_runs(output: Path) -> None:
    ids = open_index(Store(output)).entries
    count = len(open_index(Store(output)))
    import numpy as np

    before = ids(np.arange(count))
    maintain(output, limits=Limits(entries=8))
    assert 1 < len(segments(Store(output))) < 5
    assert open_index(Store(output)).entries(np.arange(count)).equals(before)
    stored = tree(output)
    reindex(output)
    assert tree(output) == stored


def test_a_dataset_opened_before_can_be_read_after(output: Path) -> None:
    opened = {name: open_dataset(output, name) for name in DATASETS}
    before = {name: d.to_table() for name, d in opened.items()}
    scan = opened["articles"].to_batches(batch_size=1)
    next(scan)
    maintain(output)
    assert {name: d.to_table() for name, d in opened.items()} == before
    assert sum(map(len, scan)) == len(before["articles"]) - 1
    plain = pq.read_table(output / "articles", partitioning=None)
    assert len(plain) == len(before["articles"])
    maintain(output, grace_hours=0)
    with pytest.raises(StoreError, match="open it again"):
        opened["articles"].to_table()


def test_what_was_replaced_stays_for_its_grace(output: Path) -> None:
    maintain(output)
    assert maintain(output).pruned == 0
    assert maintain(output, grace_hours=0, dry_run=True).pruned == 1
    assert maintain(output, grace_hours=0).pruned == 1
    assert list(Store(output).layout.all_retired.iterdir()) == []
    assert verify(output, read_data=True) == []


@pytest.mark.parametrize("hours", [-1, 1e12, float("nan")])
def test_a_grace_that_is_no_time_is_refused(output: Path, hours: float) -> None:
    with pytest.raises(UsageError, match="grace_hours: must be from 0 to 1,000,000, not"):
        maintain(output, grace_hours=hours, dry_run=True)


def test_what_is_forgotten_goes_from_what_was_kept_aside_too(output: Path) -> None:
    maintain(output)
    forget(output, ["https://alpha.example/news/2"])
    assert traces(output, ["alpha.example/news/2", "Headline2 of alpha"]) == set()
    assert verify(output, read_data=True) == []
    before = everything(output)
    maintain(output)
    assert everything(output) == before
    assert verify(output, read_data=True) == []
    assert reindex(output) == 1


def test_a_dry_run_writes_nothing(output: Path) -> None:
    before = tree(output)
    told = maintain(output, dry_run=True)
    assert tree(output) == before
    done = maintain(output)
    assert (told.files, told.into, told.segments, told.state) == (done.files, done.into, done.segments, done.state)


def test_groups_stay_within_their_limits(tmp_path: Path) -> None:
    for n in range(6):
        publish(tmp_path, first_part() if n == 0 else {}, *([second_part()] if n == 1 else []))
    done = maintain(tmp_path, limits=Limits(rows=4))
    assert done.files > done.into
    assert verify(tmp_path) == []
