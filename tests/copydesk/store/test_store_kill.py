"""Killed at every named point of a commit and of a recovery, the output is as before the run or as after it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.errors import StoreError
from copydesk.store.layout import Layout
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.outputs import NOW, first_part, publish, stage, story, tree, view
from tests.copydesk.segments import stage_segment


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An output with one run committed and another staged, that takes a file of the first one back."""
    root = tmp_path_factory.mktemp("staged") / "output"
    store = Store(root)
    with store.lock("test"):
        run_id = store.new_run_id(NOW)
        with store.staging(run_id) as staging:
            stage(staging / "final", run_id, [first_part()])
            stage_segment(store, run_id, first_part())
            store.commit(run_id)
        run_id = store.new_run_id(NOW)
        part = {"articles": [story("d.example/1", "A second run.\n")[0]]}
        stage(store.layout.final(run_id), run_id, [part])
        stage_segment(store, run_id, part)
        (store.layout.staging(run_id) / "parts").mkdir()
        (store.layout.staging(run_id) / "parts" / "scratch").write_text("scratch")
    return root, run_id


def kill_at_every_point(what: str, base: Path, into: Path, run_id: str) -> list[tuple[str, Path]]:
    """(name of the point, the output as a process killed there left it)"""
    into.mkdir()
    command = [sys.executable, "-m", "tests.copydesk.kill", what, str(base), str(into), run_id]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == 0, done.stderr
    names = done.stdout.splitlines()
    roots = sorted(into.iterdir())
    assert len(roots) == len(names) + 1  # the last one came to its end
    return list(zip([*names, "end"], roots, strict=True))


def recovered(root: Path) -> list[str]:
    with Store(root).lock("test"):
        return Store(root).recover()


def undisturbed(root: Path, run_id: str, into: Path) -> tuple[Path, Path]:
    """The output as it was before the run and as it is after it, if nobody disturbs it."""
    before, after = into / "before", into / "after"
    shutil.copytree(root, before)
    recovered(before)
    shutil.copytree(root, after)
    with Store(after).lock("test"):
        Store(after).commit(run_id)
    assert verify(before, read_data=True) == verify(after, read_data=True) == []
    assert view(before) != view(after)
    return before, after


@pytest.mark.slow
def test_killed_at_every_point_of_a_commit(staged: tuple[Path, str], tmp_path: Path) -> None:
    before, after = undisturbed(*staged, tmp_path)
    killed = kill_at_every_point("commit", staged[0], tmp_path / "killed", staged[1])
    names = [name for name, _ in killed]
    decided = names.index("commit: prepared") - 3  # "after rename" of the manifest, then its folder is synced
    visible = names.index("commit: placed") + 2  # "before rename" of the manifest, "after rename"
    assert names[decided] == names[visible] == "after rename"
    for n, (name, root) in enumerate(killed):
        assert view(root) == view(after if n >= visible else before), name
        recovered(root)
        assert tree(root) == tree(after if n >= decided else before), name
        assert recovered(root) == [], name
        assert list(Layout(root).all_staging.iterdir()) == [], name


@pytest.mark.slow
def test_killed_at_every_point_of_a_recovery(staged: tuple[Path, str], tmp_path: Path) -> None:
    before, after = (tree(root) for root in undisturbed(*staged, tmp_path))
    views = [view(tmp_path / "before"), view(tmp_path / "after")]
    commits = kill_at_every_point("commit", staged[0], tmp_path / "killed", staged[1])
    first = dict(reversed(commits))  # where it was killed at its first point of each name
    for what, expected in (
        ("commit: before prepare", before),
        ("commit: prepared", after),
        ("commit: placed", after),
        ("inside remove-tree", after),
    ):
        for name, root in kill_at_every_point("recover", first[what], tmp_path / what, staged[1]):
            assert view(root) in views, (what, name)
            recovered(root)
            assert tree(root) == expected, (what, name)


def test_a_run_killed_before_its_commit_can_be_run_again(staged: tuple[Path, str], tmp_path: Path) -> None:
    base, run_id = staged
    _, after = undisturbed(base, run_id, tmp_path)
    root = tmp_path / "again"
    shutil.copytree(base, root)
    assert recovered(root) == [f"run {run_id} was stopped before its commit: what it had staged is deleted"]
    publish(root, {"articles": [story("d.example/1", "A second run.\n")[0]]})
    assert view(root) == view(after)


def test_a_prepared_commit_whose_file_is_gone_is_an_error(staged: tuple[Path, str], tmp_path: Path) -> None:
    base, run_id = staged
    killed = dict(kill_at_every_point("commit", base, tmp_path / "killed", run_id))
    root = killed["commit: prepared"]
    next(Layout(root).final(run_id).rglob("articles/*/*.parquet")).unlink()
    with pytest.raises(StoreError, match="neither staged nor in place"):
        recovered(root)
    assert "unfinished" in {f.check for f in verify(root)}
