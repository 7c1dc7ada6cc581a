"""When the power goes, what was not synced is lost, in part and in any order: the output is as before or as after."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from copydesk.store.bind import bind
from copydesk.store.layout import Layout
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest
from tests.copydesk.kill_run import prepare
from tests.copydesk.outputs import DAY, NOW, first_part, publish, second_part, stage, tree, view
from tests.copydesk.power import Power, losses, watched
from tests.copydesk.segments import stage_segment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it finds what is synced in /proc")


def first_run(root: Path) -> str:
    return _run(root, 0, ())


def second_run(root: Path, *removes: str) -> str:
    return _run(root, 1, removes)


def _run(root: Path, number: int, removes: tuple[str, ...]) -> str:
    part = (first_part, second_part)[number]()
    store = Store(root)
    with store.lock("test"):
        store.recover()
        run_id = store.new_run_id(NOW)
        with store.staging(run_id) as staging:
            stage(staging / "final", run_id, [part])
            stage_segment(store, run_id, part)
            store.commit(run_id, removes)
    return run_id


def recovered(root: Path) -> None:
    store = Store(root)
    with store.lock("test"):
        store.recover()
    assert list(Layout(root).all_staging.iterdir()) == []


class Losing:
    """Loses power at every point, in every way of `losses`, while `watched` goes on."""

    def __init__(self, into: Path, seeds: int, every: int = 1) -> None:
        self.into, self.seeds, self.every = into, seeds, every
        self.points: list[str] = []
        self.lost: list[tuple[str, Path, bool]] = []
        self.decided = False
        into.mkdir()

    def __call__(self, name: str, power: Power) -> None:
        self.decided = self.decided or name == "commit: prepared"
        self.points.append(name)
        if len(self.points) % self.every:
            return
        number = len(self.points)
        for way, pick, keep in losses(range(number, number + self.seeds)):
            into = self.into / f"{number:04d} {way}"
            power.fail(into, pick, keep)
            self.lost.append((f"{number} {name}: {way}", into / "output", self.decided))


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("every", [pytest.param(7, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)])
def test_power_lost_at_every_point_of_the_first_run_ever(disk: Path, tmp_path: Path, every: int) -> None:
    losing = Losing(tmp_path / "lost", 1, every)
    with watched(disk, losing):
        first_run(disk / "output")
    whole = tree(disk / "output")
    assert losing.decided
    for where, root, decided in losing.lost:
        recovered(root)
        assert tree(root) in ([whole] if decided else [whole, {}]), where
    assert verify(root, read_data=True) == []


@pytest.mark.parametrize("every", [pytest.param(7, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)])
def test_power_lost_at_every_point_of_a_run_that_takes_files_back(disk: Path, tmp_path: Path, every: int) -> None:
    run_id = first_run(disk / "output")
    before, shown_before = tree(disk / "output"), view(disk / "output")
    losing = Losing(tmp_path / "lost", 1, every)
    with watched(disk, losing):
        second_run(disk / "output", f"rejects/{DAY}/{run_id}-00000.parquet")
    after, shown_after = tree(disk / "output"), view(disk / "output")
    for where, root, decided in losing.lost:
        assert view(root) in (shown_before, shown_after), where
        recovered(root)
        assert tree(root) in ([after] if decided else [before, after]), where


@pytest.mark.long
def test_power_lost_while_a_recovery_mends_a_loss(disk: Path, tmp_path: Path) -> None:
    run_id = first_run(disk / "output")
    before = tree(disk / "output")
    losing = Losing(tmp_path / "lost", 0, every=9)
    with watched(disk, losing):
        second_run(disk / "output", f"rejects/{DAY}/{run_id}-00000.parquet")
    after = tree(disk / "output")
    tried = 0
    for number, (where, root, decided) in enumerate(losing.lost):
        again = Losing(tmp_path / f"again {number}", 1, every=3)
        with watched(root.parent, again):
            recovered(root)
        for how, twice, _ in again.lost:
            tried += 1
            recovered(twice)
            assert tree(twice) in ([after] if decided else [before, after]), (where, how)
        shutil.rmtree(again.into)
    assert tried > 200


@pytest.mark.parametrize("every", [pytest.param(97, marks=pytest.mark.slow), pytest.param(7, marks=pytest.mark.long)])
def test_power_lost_during_an_ingest(disk: Path, tmp_path: Path, every: int) -> None:
    prepare(tmp_path)
    shutil.copytree(tmp_path / "base", disk / "output")
    before = everything(disk / "output")
    losing = Losing(tmp_path / "lost", 1, every)
    with watched(disk, losing):
        ingest(disk / "output", tmp_path / "inputs", shard_bytes=64 * 1024)
    after = everything(disk / "output")
    assert len(losing.points) > 200
    for where, root, decided in losing.lost:
        assert everything(root) in (before, after), where
        recovered(root)
        shown = everything(root)
        assert shown in ([after] if decided else [before, after]), where
        if shown == before:
            ingest(root, tmp_path / "inputs", shard_bytes=64 * 1024)
        assert everything(root) == after, where
        assert verify(root, read_data=True) == [], where


@pytest.mark.parametrize("every", [pytest.param(7, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)])
def test_power_lost_while_manifests_are_bound(disk: Path, tmp_path: Path, every: int) -> None:
    """Into a volume that takes the place of one that is there."""
    root = disk / "output"
    for run in (first_run, second_run):
        run(root)
    bound(root)
    publish(root, {})
    commits = Store(root).commits()
    losing = Losing(tmp_path / "lost", 1, every)
    with watched(disk, losing):
        bound(root)
    assert len(losing.points) > 10
    for where, lost, _ in losing.lost:
        assert Store(lost).commits() == commits, where
        bound(lost)
        assert Store(lost).commits() == commits, where
        assert len(list(Layout(lost).commits.iterdir())) == 1, where
        assert list(Layout(lost).all_staging.iterdir()) == [], where


def bound(root: Path) -> None:
    store = Store(root)
    with store.lock("test"):
        store.recover()
        bind(store, 100)


def test_folders_that_a_killed_run_made_and_did_not_sync(disk: Path, tmp_path: Path) -> None:
    with watched(disk, lambda name, power: None) as power:
        root = disk / "output"
        for name in ("_state/commits", f"articles/{DAY}"):
            (root / name).mkdir(parents=True)
        power.look()
        first_run(root)
        power.fail(tmp_path / "lost", None, 0.0)
    assert tree(tmp_path / "lost" / "output") == tree(root)
    assert verify(tmp_path / "lost" / "output", read_data=True) == []


def test_the_disk_that_forgets_forgets(disk: Path, tmp_path: Path) -> None:
    (disk / "kept").write_text("old")
    with watched(disk, lambda name, power: None) as power:
        (disk / "kept").write_text("new, not synced")
        (disk / "lost").write_text("its name is not synced")
        power.look()
        for way, keep in (("none", 0.0), ("all", 1.0)):
            power.fail(tmp_path / way, None, keep)
        power.synced(disk)
        power.fail(tmp_path / "synced", None, 0.0)
        (disk / "lost").rename(disk / "kept")
        power.look()
        power.fail(tmp_path / "before rename", None, 0.0)
        power.fail(tmp_path / "after rename", None, 1.0)
    assert tree(tmp_path / "none") == {"kept": b"old"}
    assert tree(tmp_path / "all") == tree(tmp_path / "synced") == {"kept": b"old", "lost": b""}
    assert tree(tmp_path / "before rename") == {"kept": b"old", "lost": b""}
    assert tree(tmp_path / "after rename") == {"kept": b""}


def test_a_folder_that_is_removed_while_it_is_looked_at(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (disk / "scratch" / "part").mkdir(parents=True)
    power = Power(disk)
    scandir = os.scandir

    def removed_before(path: Path | int) -> Any:  # rmtree asks with descriptors
        if isinstance(path, Path) and path.name == "part":
            shutil.rmtree(path.parent)
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", removed_before)
        power.look()
    power.look()
    power.fail(disk.parent / "none", None, 0.0)
    power.fail(disk.parent / "all", None, 1.0)
    assert (disk.parent / "none" / "scratch" / "part").is_dir()  # its removal was not synced
    assert list((disk.parent / "all").iterdir()) == []
