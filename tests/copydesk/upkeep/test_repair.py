"""repair: what can be built anew is, what cannot is said, and what is left is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

import cleaners
from copydesk.errors import StoreError
from copydesk.schema import DATASETS
from copydesk.store import manifest, volume
from copydesk.store.dataset import TEXTS
from copydesk.store.layout import STATE, Layout
from copydesk.store.store import Store
from copydesk.upkeep.forget import forget
from copydesk.upkeep.maintain import maintain
from copydesk.upkeep.reclean import reclean
from copydesk.upkeep.repair import Repaired, repair
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, rows
from tests.copydesk.damage import cuts, files, flips, make_output
from tests.copydesk.upkeep.test_reclean import no_rules


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_output(tmp_path_factory.mktemp("repair"))


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out"))


def repaired(root: Path) -> Repaired:
    """Repair what is broken; what comes of it is what verify says, and doing it twice changes nothing."""
    assert verify(root, read_data=True)
    done = repair(root)
    assert done.faults == verify(root, read_data=True)
    if not done.faults:
        assert not repair(root).mended
    return done


def again(root: Path, made: Path) -> dict[str, int]:
    """The inputs ingested again: what it adds."""
    books = ingest(root, made.parent / "a.jsonl", made.parent / "b.jsonl")
    assert verify(root, read_data=True) == []
    return {"articles": books.articles, "seen": books.seen}


def test_nothing_is_done_to_a_whole_output(root: Path) -> None:
    before = {p: p.read_bytes() for p in files(root)}
    assert repair(root) == Repaired()
    assert {p: p.read_bytes() for p in files(root)} == before


def test_index_segments_are_built_anew(root: Path, made: Path) -> None:
    whole = everything(root)
    segments = sorted((root / STATE / "index").iterdir())
    bytes_before = [p.read_bytes() for p in segments]
    segments[0].unlink()
    segments[1].write_bytes(list(flips(bytes_before[1], 2, 0))[1])  # the last byte: its header is whole
    done = repaired(root)
    assert done.faults == []
    assert "2 segments" in " ".join(done.mended)
    assert [p.read_bytes() for p in segments] == bytes_before
    assert everything(root) == whole


def test_an_index_that_lacks_rows_is_built_anew(root: Path) -> None:
    first, second = sorted((root / STATE / "index").iterdir())
    shutil.copy(first, second)
    assert repaired(root).faults == []


def test_a_broken_ledger_is_dropped_and_the_files_are_read_again(root: Path, made: Path) -> None:
    ledger = sorted((root / STATE / "ledger").iterdir())
    ledger[0].unlink()
    ledger[1].write_bytes(ledger[1].read_bytes()[:-9])
    assert repaired(root).faults == []
    assert again(root, made)["articles"] == 0
    assert (Layout(root).quarantine / STATE / "ledger" / ledger[1].name).exists()


def test_strays_are_moved_out_of_the_way(root: Path) -> None:
    article = Store(root).files("articles")[0]
    shutil.copy(article, article.with_name("copy.parquet"))
    assert repaired(root).faults == []
    assert (Layout(root).quarantine / article.relative_to(root)).with_name("copy.parquet").exists()


def test_a_flipped_bit_in_a_manifest_is_set_right(root: Path) -> None:
    for path in manifest.committed(Layout(root)):
        content = path.read_bytes()
        damaged = list(flips(content, 4, 7))[3]
        path.write_bytes(damaged)
        done = repaired(root)
        assert (done.faults, done.cannot) == ([], [])
        assert path.read_bytes() == content


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_truncated_manifest_is_written_anew_from_the_files(root: Path, made: Path, cut: int) -> None:
    whole = everything(root)
    for path in manifest.committed(Layout(root)):
        content = path.read_bytes()
        path.write_bytes(list(cuts(content, 3, 5))[cut])
        done = repaired(root)
        assert (done.faults, done.cannot) == ([], [])
        assert set(manifest.read(path).files) == set(manifest.decode(content).files)
    assert everything(root) == whole
    assert again(root, made) == {"articles": 0, "seen": 9}


def test_a_manifest_that_is_gone_is_written_anew_from_the_files(root: Path, made: Path) -> None:
    whole = everything(root)
    for path in manifest.committed(Layout(root)):
        path.unlink()
        done = repaired(root)
        assert (done.faults, done.cannot) == ([], [])
    assert everything(root) == whole
    assert again(root, made)["articles"] == 0


def test_a_manifest_whose_files_are_not_all_there_is_not_written_anew(root: Path) -> None:
    path = manifest.committed(Layout(root))[0]
    (Store(root).files("duplicates")[0]).unlink()
    path.write_bytes(b"")
    done = repaired(root)
    assert "runs/ says 1 duplicates" in done.cannot[0]
    assert {f.check for f in done.faults} >= {"manifest"}
    assert path.read_bytes() == b""


@pytest.mark.parametrize("change", ["maintain", "forget", "reclean", "repair"])
def test_a_truncated_manifest_of_a_rewriting_commit(root: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if change == "maintain":
        maintain(root, grace_hours=0)
    elif change == "forget":
        forget(root, [rows(root, "articles")[0]["id"]])
    elif change == "reclean":
        monkeypatch.setattr(cleaners.Cleaner, "clean_many", no_rules)
        assert reclean(root).run_id
    else:
        Store(root).files("articles")[1].unlink()
        repair(root)
    whole = everything(root)
    before = Store(root).commits()[-1]
    if change == "maintain":  # which has bound its own manifest as well, the last one
        path, *_ = volume.paths(Layout(root))
        content = path.read_bytes()
        end = (content.rindex(b"\n", 0, -1) + len(content)) // 2
    else:
        path = Layout(root).committed(before.run_id)
        content = path.read_bytes()
        end = len(content) // 3
    path.write_bytes(content[:end])
    done = repaired(root)
    assert (done.cannot, done.faults) == ([], [])
    assert everything(root) == whole
    now = Store(root).commits()[-1]
    assert (set(now.files), set(now.removes), now.changes) == (set(before.files), set(before.removes), before.changes)
    assert ("counted as gone" in " ".join(done.mended)) == bool(now.changes)


def test_a_manifest_of_a_later_version_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = manifest.committed(Layout(root))[0]
    commit = manifest.read(path)
    monkeypatch.setattr(manifest, "FORMAT", 99)
    path.write_bytes(manifest.encode(commit))
    monkeypatch.undo()
    with pytest.raises(StoreError, match="later version"):
        repair(root)


@pytest.fixture
def interrupted(root: Path) -> Path:
    """The manifest of the last run, as if it had been stopped inside its commit."""
    last = Store(root).commits()[-1].run_id
    Layout(root).committed(last).rename(Layout(root).prepared(last))
    return Layout(root).prepared(last)


def test_a_commit_under_way_is_completed(root: Path, interrupted: Path) -> None:
    whole = everything(root)
    done = repaired(root)
    assert "completed" in done.mended[0]
    assert done.faults == []
    assert len(everything(root)["articles"]) > len(whole["articles"])


@pytest.mark.parametrize("damage", ["gone", "broken", "its manifest too"])
def test_a_commit_under_way_whose_files_are_gone_is_given_up(
    root: Path, made: Path, interrupted: Path, damage: str
) -> None:
    before = everything(root)  # open_dataset shows committed runs only
    lost = next((root / "articles").rglob(f"{manifest.run_id(interrupted)}*"))
    if damage == "gone":
        lost.unlink()
    elif damage == "broken":
        lost.write_bytes(list(flips(lost.read_bytes(), 3, 3))[2])
    else:
        interrupted.write_bytes(b"{")
    done = repaired(root)
    assert "given up" in done.mended[0]
    assert done.faults == []
    assert everything(root) == before
    assert again(root, made)["articles"] > 0
    assert everything(root) == everything(made)


def test_a_broken_manifest_that_is_mended_is_kept(root: Path) -> None:
    path = manifest.committed(Layout(root))[0]
    path.write_bytes(b"[]")
    repaired(root)
    assert (Layout(root).quarantine / "commits" / path.name).read_bytes() == b"[]"


# Data files that are gone or broken.


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage", [pytest.param("gone", marks=pytest.mark.long), "flipped", pytest.param("cut", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("name", ["articles", "duplicates", "revisions", "overlaps", "rejects", "removals", "runs"])
def test_a_broken_data_file_is_taken_out_and_what_was_lost_comes_again(
    root: Path, made: Path, name: str, damage: str
) -> None:
    path = Store(root).files(name)[0]
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(list((flips if damage == "flipped" else cuts)(content, 3, 1))[2])
        content = path.read_bytes()
    done = repaired(root)
    assert (done.cannot, done.faults) == ([], [])
    kept = Layout(root).quarantine / path.relative_to(root)
    assert not kept.exists() if damage == "gone" else kept.read_bytes() == content
    again(root, made)
    whole, now = everything(made), everything(root)
    ids = {r["id"] for n in TEXTS for r in whole[n]}
    assert {r["id"] for n in TEXTS for r in now[n]} == ids  # nothing is lost
    assert {r["id"] for r in now["rejects"]} == {r["id"] for r in whole["rejects"]}
    assert {r["id"]: r["text"] for n in TEXTS for r in now[n]} == {r["id"]: r["text"] for n in TEXTS for r in whole[n]}
    assert sorted(map(repr, now["removals"])) == sorted(map(repr, whole["removals"]))


def test_lost_rows_are_named_and_their_copies_relinked(root: Path) -> None:
    copies = Store(root).dataset("duplicates").to_table()
    path = Store(root).files("articles")[0]
    lost = Store(root).dataset("articles").to_table().slice(0, 1)
    path.unlink()
    done = repaired(root)
    assert any(str(lost["id"][0]) in line and str(lost["title"][0]) in line for line in done.mended)
    assert any("relinked" in line for line in done.mended)
    assert copies["id"][0].as_py() in {r["id"] for r in rows(root, "articles")}  # it takes the place of the original


def test_removals_are_not_given_up_for_rows_whose_sources_are_gone(tmp_path: Path) -> None:
    root = make_output(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").unlink()
    before = everything(root)
    Store(root).files("removals")[0].unlink()
    done = repair(root)
    assert "restore the file from a backup" in done.cannot[0]
    assert {f.check for f in done.faults} == {"missing", "counts", "restore"}
    assert rows(root, "articles") == before["articles"]


def test_the_row_of_a_run_is_written_anew(root: Path) -> None:
    before = {r["run_id"]: r for r in Store(root).dataset("runs").to_table().to_pylist()}
    path = Store(root).files("runs")[0]
    path.write_bytes(b"")
    assert repaired(root).faults == []
    for row in Store(root).dataset("runs").to_table().to_pylist():
        old = before[row["run_id"]]
        assert (row["articles"], row["rejects"]) == (old["articles"], old["rejects"])
        assert (row["status"], row["items"]) in [("rebuilt", None), ("done", old["items"])]


def test_forgetting_empties_the_quarantine(root: Path) -> None:
    path = Store(root).files("articles")[0]
    path.write_bytes(path.read_bytes() + b"x")
    repair(root)
    assert list(Layout(root).quarantine.rglob("*.parquet"))
    left = rows(root, "articles")[0]["id"]
    forget(root, [left])
    assert not list(Layout(root).quarantine.rglob("*.parquet"))


def test_a_file_of_a_later_version_is_not_taken_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = DATASETS["rejects"]
    monkeypatch.setitem(DATASETS, "rejects", pa.schema([f for f in known if f.name != "message"]))
    before = {p: p.read_bytes() for p in files(root)}
    done = repair(root)
    assert "later version" in done.cannot[0]
    assert {p: p.read_bytes() for p in files(root)} == before
