"""A flipped bit or a truncation, in whatever file of an output, is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from copydesk.index.segment import MAGIC
from copydesk.schema import DATASETS
from copydesk.store.layout import STATE
from copydesk.upkeep.verify import verify
from tests.copydesk.damage import cuts, files, flips, make_output


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_output(tmp_path_factory.mktemp("sweep"))
    assert verify(root, read_data=True) == []
    kinds = {p.relative_to(root).parts[0] for p in files(root)}
    assert kinds == {*DATASETS, STATE}
    assert {p.parent.name for p in files(root) if STATE in p.parts} >= {"commits", "ledger", "index"}
    return root


@pytest.fixture
def root(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "out"))


def noticed(root: Path, path: Path, read_data: bool) -> bool:
    name = path.relative_to(root).as_posix()
    return any(name in f.where or path.name in f.where for f in verify(root, read_data=read_data))


def _is_manifest(path: Path) -> bool:
    return path.parent.name == "commits"


def test_damage_to_every_data_file_at_once_is_noticed_in_each(root: Path) -> None:
    whole = {p: p.read_bytes() for p in files(root) if not _is_manifest(p)}
    for seed in range(4):
        for path, content in whole.items():
            path.write_bytes(list(flips(content, 2 + seed, seed))[-1])
        where = {f.where for f in verify(root, read_data=True)}
        assert not [p for p in whole if p.relative_to(root).as_posix() not in where]
    for seed in range(3):
        for path, content in whole.items():
            path.write_bytes(list(cuts(content, 1 + seed, seed))[-1])
        where = {f.where for f in verify(root)}  # the quick level
        assert not [p for p in whole if p.relative_to(root).as_posix() not in where]


def test_damage_to_a_manifest_is_noticed_by_the_quick_level(root: Path) -> None:
    for path in filter(_is_manifest, files(root)):
        content = path.read_bytes()
        for damaged in [*flips(content, 4, 1), *cuts(content, 3, 1)]:
            path.write_bytes(damaged)
            assert noticed(root, path, read_data=False)
        path.write_bytes(content)


def test_a_flip_in_the_header_of_an_index_segment_is_noticed_by_the_quick_level(root: Path) -> None:
    for path in (p for p in files(root) if p.parent.name == "index"):
        content = path.read_bytes()
        end = len(MAGIC) + 8 + int.from_bytes(content[len(MAGIC) : len(MAGIC) + 4], "little")
        for damaged in flips(content[: end - 1], 6, 2):
            path.write_bytes(damaged + content[end - 1 :])
            assert noticed(root, path, read_data=False)
        path.write_bytes(content)


def test_an_index_that_lacks_rows_is_noticed(root: Path) -> None:
    first, second = (p for p in files(root) if p.parent.name == "index")
    shutil.copy(first, second)
    assert [f.check for f in verify(root)] == ["index"]


def test_what_lies_about_below_the_state_folder_is_noticed(root: Path) -> None:
    (root / STATE / "ledger" / "deeper").mkdir()
    for name in ("ledger/deeper/x", "index/20200101-000000-000000", "other/y"):
        (root / STATE / name).parent.mkdir(exist_ok=True)
        (root / STATE / name).touch()
    assert [f.check for f in verify(root)] == ["stray"] * 3


@pytest.mark.long
@pytest.mark.parametrize("number", range(24))
def test_every_file_damaged_alone(root: Path, number: int) -> None:
    for path in files(root)[number::24]:
        content = path.read_bytes()
        for damaged in [*flips(content, 48, number), *cuts(content, 16, number)]:
            path.write_bytes(damaged)
            assert noticed(root, path, read_data=True)
            if len(damaged) < len(content):
                assert noticed(root, path, read_data=False)
        path.write_bytes(content)
    assert verify(root, read_data=True) == []
