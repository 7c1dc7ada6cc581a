"""Manifests in volumes: fewer files, the same commits, for readers too that read while it happens."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk import points
from copydesk.errors import LockedError, StoreError
from copydesk.store import bind, manifest, volume
from copydesk.store.layout import Layout
from copydesk.store.manifest import Commit
from copydesk.store.store import Store
from copydesk.upkeep.repair import repair
from copydesk.upkeep.verify import verify
from tests.copydesk.damage import cuts, flips
from tests.copydesk.outputs import NOW, Row, first_part, second_part, stage, story, tree, view
from tests.copydesk.segments import stage_segment

MOST = 100


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output of eight runs."""
    root = tmp_path_factory.mktemp("runs") / "out"
    for part in (first_part(), second_part(), *({"articles": [one(n)]} for n in range(6))):
        _publish(root, part)
    return root


def _publish(root: Path, part: dict[str, list[Row]]) -> None:
    store = Store(root)
    with store.lock("test"):
        run_id = store.new_run_id(NOW)
        with store.staging(run_id) as staging:
            stage(staging / "final", run_id, [part])
            stage_segment(store, run_id, part)
            store.commit(run_id)


def one(number: int) -> Row:
    return story(f"d.example/{number}", f"Of mill {number}.\n")[0]


@pytest.fixture
def root(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "out"))


def bound(root: Path, most: int = MOST) -> int:
    store = Store(root)
    with store.lock("test"):
        store.recover()
        return bind.bind(store, most)


def files(root: Path) -> list[str]:
    return sorted(path.name for path in Layout(root).commits.iterdir())


def test_commits_stay_as_they_are(root: Path) -> None:
    before, shown, singles = Store(root).commits(), view(root), {p.name: p.read_bytes() for p in each(root)}
    assert bind.count(Layout(root), MOST) == bound(root) == 8
    assert files(root) == [f"{before[0].run_id}.{before[-1].run_id}.jsonl"]
    assert (Store(root).commits(), view(root)) == (before, shown)
    whole = tree(root)
    assert bound(root) == bind.count(Layout(root), MOST) == 0
    assert tree(root) == whole
    lines = volume.paths(Layout(root))[0].read_bytes().splitlines()[1:]
    assert [manifest.decode(line) for line in lines] == [manifest.decode(singles[name]) for name in sorted(singles)]
    assert verify(root) == []


def each(root: Path) -> list[Path]:
    return manifest.committed(Layout(root))


def test_later_runs_come_after(root: Path) -> None:
    bound(root)
    last = Store(root).commits()[-1].run_id
    assert Store(root).new_run_id(NOW) > last
    assert volume.is_committed(Layout(root), last)
    assert not volume.is_committed(Layout(root), last[:-1] + "x")
    _publish(root, {"articles": [one(9)]})
    assert len(Store(root).commits()) == 9
    assert bound(root) == 2
    assert len(files(root)) == 1
    assert len(Store(root).commits()) == 9


def test_volumes_stay_within_their_size(root: Path) -> None:
    before = Store(root).commits()
    assert bound(root, 6) == 8
    assert [len(volume.read(path)) for path in volume.paths(Layout(root))] == [3, 3, 2]
    _publish(root, {"articles": [one(9)]})
    assert bound(root, 6) == 2  # the small one and the new; the others are large enough
    assert Store(root).commits()[:-1] == before


def test_what_a_killed_one_left_over_is_removed(root: Path) -> None:
    singles = {path: path.read_bytes() for path in each(root)}
    bound(root, 6)
    small = {path: path.read_bytes() for path in volume.paths(Layout(root))}
    before = Store(root).commits()
    bound(root)
    for path, content in [*singles.items(), *list(small.items())[1:]]:
        path.write_bytes(content)
    assert Store(root).commits() == before
    assert verify(root) == []
    assert bind.count(Layout(root), MOST) == 10
    assert bound(root) == 10
    assert len(files(root)) == 1
    assert Store(root).commits() == before


def test_readers_see_all_at_every_point(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits, seen = Store(root).commits(), []

    def look(name: str) -> None:
        seen.append(name)
        assert Store(root).commits() == commits

    monkeypatch.setattr(points, "checkpoint", look)
    bound(root, 6)
    bound(root)
    assert {"bind: before rename", "bind: bound", "after remove"} <= set(seen)


def _after(function: Callable[..., Any], then: Callable[[], Any]) -> Callable[..., Any]:
    """`function`, after which `then` is done once."""
    left = [then]

    def called(*arguments: Any) -> Any:
        result = function(*arguments)
        while left:
            left.pop()()
        return result

    return called


@pytest.mark.parametrize("first", [0, 6])
@pytest.mark.parametrize("when", ["volumes listed", "manifests listed", "one read", "manifests read"])
def test_bound_while_a_reader_reads(root: Path, monkeypatch: pytest.MonkeyPatch, when: str, first: int) -> None:
    if first:
        bound(root, first)
        _publish(root, {"articles": [one(9)]})
    commits = Store(root).commits()
    module, name = {
        "volumes listed": (volume, "paths"),
        "manifests listed": (manifest, "committed"),
        "one read": (manifest, "read"),
        "manifests read": (volume, "_singles"),
    }[when]
    with monkeypatch.context() as patch:
        patch.setattr(module, name, _after(getattr(module, name), lambda: bound(root)))
        assert Store(root).commits() == commits
    assert len(files(root)) == 1


def test_a_manifest_that_goes_for_good_is_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "committed", _after(manifest.committed, each(root)[3].unlink))
    with pytest.raises(StoreError, match="removed while"):
        Store(root).commits()


def test_who_was_taken_for_dead_binds_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.copydesk.store.test_lease import let_run_out, on_another_machine

    def take_over(name: str) -> None:
        if name == "bind: before rename":
            monkeypatch.setattr(points, "checkpoint", lambda name: None)
            let_run_out(root)
            with monkeypatch.context() as patch:
                on_another_machine(patch)
                with Store(root).lock("the taker"):
                    Store(root).recover()

    before = files(root)
    monkeypatch.setattr(points, "checkpoint", take_over)
    with pytest.raises(LockedError, match="another run took the output over"):
        bound(root)
    assert files(root) == before


# Damage.


@pytest.mark.slow
def test_damage_to_a_volume_is_noticed_and_mended(root: Path) -> None:
    commits = Store(root).commits()
    bound(root)
    path = volume.paths(Layout(root))[0]
    content = path.read_bytes()
    head = content.index(b"\n")
    joined = content[:head] + content[head:].replace(b"}\n{", b"} {", 1)
    for damaged in [*flips(content, 12, 3), *list(cuts(content, 6, 4))[1:], b"x" + content[1:], joined]:
        other = Path(shutil.copytree(root, root.with_name("damaged")))
        there = volume.paths(Layout(other))[0]
        there.write_bytes(damaged)
        assert "manifest" in {fault.check for fault in verify(other)}
        with pytest.raises(StoreError, match="try `copydesk verify --repair`"):
            Store(other).commits()
        done = repair(other)
        assert (done.cannot, done.faults) == ([], [])
        assert "taken apart" in done.mended[0]
        assert [_said(c) for c in Store(other).commits()] == [_said(c) for c in commits]
        assert (Layout(other).quarantine / "commits" / there.name).read_bytes() == damaged
        assert bound(other) == 8
        shutil.rmtree(other)


def _said(commit: Commit) -> tuple[Any, ...]:
    return commit.run_id, set(commit.files), commit.removes


def test_a_volume_of_nothing_is_written_anew_from_the_files(root: Path) -> None:
    commits = Store(root).commits()
    bound(root)
    volume.paths(Layout(root))[0].write_bytes(b"")
    done = repair(root)
    assert (done.cannot, done.faults) == ([], [])
    assert [_said(c) for c in Store(root).commits()] == [_said(c) for c in commits]


def test_a_volume_of_a_later_version_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "FORMAT", 99)
    bound(root)
    monkeypatch.undo()
    before = tree(root)
    for read in (lambda: Store(root).commits(), lambda: repair(root), lambda: bound(root)):
        os.utime(volume.paths(Layout(root))[0])  # not what was read before
        with pytest.raises(StoreError, match="later version"):
            read()
    assert tree(root) == before
