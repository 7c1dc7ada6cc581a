"""verify: a sound output has no faults, and each way of spoiling one is found and named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.errors import UsageError
from copydesk.store.layout import Layout
from copydesk.store.store import Store
from copydesk.upkeep import fault, relations
from copydesk.upkeep.fault import Fault
from copydesk.upkeep.verify import verify
from tests.copydesk.outputs import DAY, Row, first_part, identity, publish, second_part, story, tree

Part = dict[str, list[Row]]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("verify") / "output"
    publish(root, first_part(), second_part(), seen=4)
    publish(root, {"articles": [story("later.example/1", "Later.")[0]]}, {}, seen=9)
    return root


def checks(faults: list[Fault]) -> set[str]:
    return {f.check for f in faults}


def test_a_sound_output_has_no_faults_and_is_left_as_it_is(sound: Path) -> None:
    before = tree(sound)
    assert verify(sound) == verify(sound, read_data=True) == []
    assert tree(sound) == before


def test_an_output_of_nothing_has_no_faults(tmp_path: Path) -> None:
    assert verify(tmp_path) == []
    with pytest.raises(UsageError, match="no such folder"):
        verify(tmp_path / "output")


# What is wrong with the files.


def _article(root: Path) -> Path:
    return Store(root).files("articles")[0]


def _remove(root: Path) -> None:
    _article(root).unlink()


def _truncate(root: Path) -> None:
    _article(root).write_bytes(_article(root).read_bytes()[:-1])


def _spoil_footer(root: Path) -> None:
    content = bytearray(_article(root).read_bytes())
    content[-40:-10] = b"x" * 30
    _article(root).write_bytes(content)


def _other_rows(root: Path) -> None:
    first, second = Store(root).files("articles")[:2]
    second.write_bytes(first.read_bytes())


def _stray(root: Path) -> None:
    shutil.copy(_article(root), root / "articles" / DAY / "copy.parquet")


def _marker(root: Path) -> None:
    (root / "runs" / DAY / "_SUCCESS").touch()


def _stray_ledger(root: Path) -> None:
    (root / "_state" / "ledger" / "old.parquet").touch()


def _spoil_manifest(root: Path) -> None:
    path = Layout(root).committed(Store(root).commits()[0].run_id)
    path.write_bytes(path.read_bytes().replace(b'"size": ', b'"size": 1', 1))


def _remove_manifest(root: Path) -> None:
    Layout(root).committed(Store(root).commits()[0].run_id).unlink()


def _unfinished(root: Path) -> None:
    last = Store(root).commits()[-1].run_id
    Layout(root).committed(last).rename(Layout(root).prepared(last))


def _remove_removals(root: Path) -> None:
    Store(root).files("removals")[0].unlink()


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_remove, {"missing", "books", "duplicate_of", "story", "revises", "removals"}),
        (_truncate, {"size", "books", "duplicate_of", "story", "revises", "removals"}),
        (_spoil_footer, {"parquet", "books", "duplicate_of", "story", "revises", "removals"}),
        (_stray, {"stray"}),
        (_marker, {"stray"}),
        (_stray_ledger, {"stray"}),
        (_spoil_manifest, {"manifest", "stray"}),
        (_remove_manifest, {"stray"}),
        (_unfinished, {"unfinished"}),
        (_remove_removals, {"missing", "counts", "restore"}),
    ],
)
def test_faults_of_files(sound: Path, tmp_path: Path, spoil: Callable[[Path], None], expected: set[str]) -> None:
    root = tmp_path / "output"
    shutil.copytree(sound, root)
    spoil(root)
    assert checks(verify(root)) == expected


def test_a_file_in_anothers_place_is_found(sound: Path, tmp_path: Path) -> None:
    root = tmp_path / "output"
    shutil.copytree(sound, root)
    _other_rows(root)
    assert {"size", "books"} <= checks(verify(root))


@pytest.mark.parametrize("where", ["articles", "runs", "_state/ledger"])
def test_a_flipped_bit_is_found_by_reading_the_data(sound: Path, tmp_path: Path, where: str) -> None:
    root = tmp_path / "output"
    shutil.copytree(sound, root)
    path = Store(root).files(where)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    found = verify(root, read_data=True)
    assert ("sha256", path.relative_to(root).as_posix()) in {(f.check, f.where) for f in found}
    verify(root)  # may or may not see it, and says so in faults, not in an exception


def test_wherever_a_file_is_broken_the_answer_is_a_fault_and_no_exception(sound: Path, tmp_path: Path) -> None:
    root = tmp_path / "output"
    shutil.copytree(sound, root)
    path = _article(root)
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for place in [*range(footer, len(content), (len(content) - footer) // 20), *range(4, footer, footer // 8)]:
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        verify(root)  # it need not see all of them
    assert "sha256" in checks(verify(root, read_data=True))


def test_a_footer_that_only_duckdb_cannot_read(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "output"
    shutil.copytree(sound, root)
    _spoil_footer(root)
    monkeypatch.setattr("copydesk.upkeep.intact.fault", lambda *_, **__: None)
    monkeypatch.setattr("copydesk.upkeep.restored.check", lambda *_: None)
    assert ("unreadable", "articles/") in {(f.check, f.where) for f in verify(root)}


def test_a_run_that_is_being_committed_is_no_fault(sound: Path, tmp_path: Path) -> None:
    root = tmp_path / "output"
    shutil.copytree(sound, root)
    _unfinished(root)
    with Store(root).lock("the run"):
        assert verify(root) == []


# What is wrong with the rows.


def _counted(part: Part) -> None:
    part["articles"][0]["char_count"] += 1


def _removed(part: Part) -> None:
    part["articles"][0]["removed_chars"] += 1


def _null(part: Part) -> None:
    part["duplicates"][0]["source_text_sha256"] = None


def _text(part: Part) -> None:
    part["revisions"][0]["text"] = part["revisions"][0]["text"].replace("ferry", "fairy")


def _removal(part: Part) -> None:
    part["removals"][0]["text"] = part["removals"][0]["text"].replace("A", "a")


def _position(part: Part) -> None:
    part["removals"][1]["start"] -= 1
    part["removals"][1]["end"] -= 1


def _overlapping(part: Part) -> None:
    part["removals"][1] |= {"start": 3, "end": 14}


def _long(part: Part) -> None:
    part["removals"][0]["end"] += 1


def _no_position(part: Part) -> None:
    part["removals"][0]["start"] = None


def _no_removal(part: Part) -> None:
    part["removals"].pop()


def _other_removal(part: Part) -> None:
    part["removals"].append(part["removals"][0] | {"id": "0" * 32})


def _identity(part: Part) -> None:
    part["duplicates"][0]["item_key"] = "b.example/2"


def _own_story(part: Part) -> None:
    part["articles"][0]["story_id"] = "0" * 32


def _story(part: Part) -> None:
    part["duplicates"][0]["story_id"] = "0" * 32


def _original(part: Part) -> None:
    part["duplicates"][0]["duplicate_of"] = part["duplicates"][0]["id"]


def _no_original(part: Part) -> None:
    part["duplicates"][0]["duplicate_of"] = None


def _revises(part: Part) -> None:
    part["revisions"][0]["revises"] = identity("a.example/1", "never seen")


def _overlap(part: Part) -> None:
    part["overlaps"] = [{"a": part["articles"][0]["id"], "b": part["duplicates"][0]["id"]}]


def _twice(part: Part) -> None:
    part["duplicates"].append(part["duplicates"][0])


def _in_both(part: Part) -> None:
    original = part["articles"][0]
    part["revisions"].append(original | {"revises": original["id"], "version": 2})


def _reject_twice(part: Part) -> None:
    part["rejects"] *= 2


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_counted, {"counts"}),
        (_removed, {"counts"}),
        (_null, {"counts"}),
        (_text, {"restore"}),
        (_removal, {"restore"}),
        (_position, {"restore"}),
        (_overlapping, {"restore"}),
        (_long, {"restore"}),
        (_no_position, {"unreadable"}),
        (_no_removal, {"counts", "restore"}),
        (_other_removal, {"removals"}),
        (_identity, {"id"}),
        (_own_story, {"story"}),
        (_story, {"story"}),
        (_original, {"duplicate_of"}),
        (_no_original, {"duplicate_of"}),
        (_revises, {"revises"}),
        (_overlap, {"overlaps"}),
        (_twice, {"ids"}),
        (_in_both, {"ids"}),
        (_reject_twice, {"ids"}),
    ],
)
def test_faults_of_rows(tmp_path: Path, spoil: Callable[[Part], None], expected: set[str]) -> None:
    part = first_part()
    spoil(part)
    publish(tmp_path, part)
    assert checks(verify(tmp_path)) == expected


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("items", "items are not"),
        ("seen", "items are not"),
        ("articles", "runs/ says 2 articles, articles/ has 1"),
        ("rejects", "runs/ says 2 rejects, rejects/ has 1"),
    ],
)
def test_books_that_do_not_balance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str, message: str) -> None:
    from tests.copydesk import outputs

    table = outputs.table

    def falsify(name: str, rows: list[Row]) -> object:
        return table(name, [row | {column: row[column] + 1} for row in rows] if name == "runs" else rows)

    monkeypatch.setattr(outputs, "table", falsify)
    publish(tmp_path, first_part())
    found = verify(tmp_path)
    assert checks(found) == {"books"}
    assert message in " ".join(f.message for f in found)


def test_rows_of_a_run_without_a_row_in_runs(tmp_path: Path) -> None:
    part = first_part()
    run_id = publish(tmp_path, part)
    Store(tmp_path).files("runs")[0].unlink()
    found = [f for f in verify(tmp_path) if f.check == "books"]
    assert {f.where for f in found} == {run_id}
    assert "articles/ has 1 rows of it, and runs/ does not know it" in {f.message for f in found}


def test_only_so_many_faults_of_a_check_are_listed(tmp_path: Path) -> None:
    rows = [story(f"k{n}", f"Story {n}.")[0] | {"char_count": 0} for n in range(fault.MOST + 5)]
    publish(tmp_path, {"articles": rows})
    found = verify(tmp_path)
    assert len(found) == fault.MOST + 1
    assert found[-1].message == f"there are more than {fault.MOST} of these; the rest is not listed"
    assert str(found[-1]).startswith(f"{found[-1].check}: there are more")


def test_every_check_of_relations_is_sql_that_runs(tmp_path: Path) -> None:
    faults = fault.Faults()
    relations.check(tmp_path, dict.fromkeys((*first_part(), "overlaps", "runs"), ()), faults)
    assert faults.all() == []
