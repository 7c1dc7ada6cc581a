"""What one process keeps for the next: the same arrays, built once; and nothing that is spoilt is believed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from cleaners import kept


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return tmp_path


class _Builder:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> kept.Arrays:
        self.calls += 1
        large = np.arange(kept._SMALL, dtype=np.uint32)
        return {"numbers": large, "words": np.array(["a", "bc"]), "none": np.empty((0, 3), np.int64)}


def test_it_is_built_once(folder: Path) -> None:
    build = _Builder()
    first, second = (kept.kept("thing", ["one"], build) for _ in range(2))
    assert build.calls == 1
    for name, array in first.items():
        assert second[name].tolist() == array.tolist()
        assert (second[name].dtype, second[name].shape) == (array.dtype, array.shape)
        assert type(second[name]) is np.ndarray


def test_what_depends_on_something_else_is_built_anew(folder: Path) -> None:
    build = _Builder()
    for of in (["one"], ["two"], ["o", "ne"]):
        kept.kept("thing", of, build)
    assert build.calls == 3


def test_changes_stay_in_the_process(folder: Path) -> None:
    build = _Builder()
    kept.kept("thing", ["one"], build)
    kept.kept("thing", ["one"], build)["numbers"][0] = 9
    assert kept.kept("thing", ["one"], build)["numbers"][0] == 0


def test_a_spoilt_file_is_not_believed(folder: Path) -> None:
    build = _Builder()
    kept.kept("thing", ["one"], build)
    (path,) = folder.glob("*/numbers.npy")
    path.write_bytes(path.read_bytes()[:-9])
    for _ in range(2):
        assert kept.kept("thing", ["one"], build)["numbers"][:3].tolist() == [0, 1, 2]
    assert build.calls == 2


@pytest.mark.parametrize("file", ["names", "numbers.npy", "words.npy", "none.npy"])
def test_a_part_is_not_believed(folder: Path, file: str) -> None:
    """As where another process is removing it, or was killed while it did."""
    build = _Builder()
    kept.kept("thing", ["one"], build)
    (path,) = folder.glob(f"*/{file}")
    path.unlink()
    assert kept.is_kept("thing", ["one"]) is (file != "names")
    for _ in range(2):
        assert kept.kept("thing", ["one"], build).keys() == {"numbers", "words", "none"}
    assert build.calls == 2


@pytest.mark.parametrize("file", ["names", "numbers.npy", "words.npy"])
def test_an_empty_file_is_not_believed(folder: Path, file: str) -> None:
    """As a machine leaves it whose power failed before it was on the disk."""
    build = _Builder()
    kept.kept("thing", ["one"], build)
    (path,) = folder.glob(f"*/{file}")
    path.write_bytes(b"")
    for _ in range(2):
        assert kept.kept("thing", ["one"], build).keys() == {"numbers", "words", "none"}
    assert build.calls == 2


def test_where_nothing_can_be_written_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(file))  # no folder
    build = _Builder()
    assert kept.kept("thing", ["one"], build)["numbers"][:3].tolist() == [0, 1, 2]
    assert file.is_file()


def test_few_stay(folder: Path) -> None:
    build = _Builder()
    for number in range(kept.MOST + 3):
        kept.kept("thing", [str(number)], build)
        newest = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    assert len(list(folder.iterdir())) == kept.MOST
    before = build.calls
    kept.kept("thing", [str(kept.MOST + 2)], build)
    assert build.calls == before
