"""CSV: what a row is, in which charset and with which delimiter, and that bad rows cost themselves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.model import Item, Reject
from copydesk.sources.base import canonical_json
from tests.copydesk.sources.files import errors, items, read


def test_rows_become_items(tmp_path: Path) -> None:
    data = b'id,title,text\r\na,"One, two","He said ""go""\nand went"\r\n\r\n,Three,Plain\r\n'
    found = items(read(tmp_path / "f", data, "csv"))
    assert [(one.source_id, one.own_id) for one in found] == [("a", True), ("2", False)]
    assert found[0].record == {"id": "a", "title": "One, two", "text": 'He said "go"\nand went'}
    assert found[0].content == canonical_json(found[0].record or {})
    assert (found[0].offset, found[0].length) == (None, None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "title", "text"], ["1", "Boats, nets; and | ropes", "A, b; c"], ["2", "T", "x, y; z"]]
    lines = [delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows]
    found = items(read(tmp_path / "f", "\n".join(lines).encode(), "csv"))
    assert [list((one.record or {}).values()) for one in found] == rows[1:]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_row_that_is_none_costs_itself_and_not_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "text"], ["1", "A boat"], ["2", "A net\rand more"], ["3", "A rope"]]
    found = read(tmp_path / "f", "\n".join(map(delimiter.join, rows)).encode(), "csv")
    assert [one.source_id for one in found if isinstance(one, Item)] == ["1", "3"]
    assert errors(found) == ["csv"]


def test_single_column_and_inch_marks(tmp_path: Path) -> None:
    found = items(read(tmp_path / "f", b'text\nA 6" pipe burst\nNext row\n', "csv"))
    assert [(one.record or {})["text"] for one in found] == ['A 6" pipe burst', "Next row"]


def test_rows_that_do_not_fit(tmp_path: Path) -> None:
    data = b"id,text\n1,good,extra\n2\n3,good,,\n" + b'4,"' + b"y" * 3000 + b'"\n5,good\n'
    found = read(tmp_path / "f", data, "csv", max_item_bytes=2048)
    assert errors(found) == ["csv", "csv", "too-large"]
    assert [one.source_id for one in found if isinstance(one, Item)] == ["3", "5"]


def test_quote_never_closed_costs_the_limit_and_not_the_file(tmp_path: Path) -> None:
    data = b'id,text\n1,"open\n' + b"2,row\n" * 1000
    found = read(tmp_path / "f", data, "csv", max_item_bytes=1024)
    assert errors(found) == ["too-large"]
    assert len(found) > 800


def test_csv_in_other_charsets(tmp_path: Path) -> None:
    text = "id;text\n1;Café “au lait”\n"
    for data in (text.encode("cp1252"), text.encode("utf-16"), text.encode("utf-8-sig")):
        (found,) = items(read(tmp_path / "f", data, "csv"))
        assert found.record == {"id": "1", "text": "Café “au lait”"}


def test_table_without_a_text_column_is_one_reject(tmp_path: Path) -> None:
    data = b"id,body\n1,a\n2,b\n"
    assert errors(read(tmp_path / "f", data, "csv")) == ["no-text"]
    assert len(items(read(tmp_path / "f", data, "csv", map={"text": "body"}))) == 2


def test_header_alone_is_empty(tmp_path: Path) -> None:
    assert errors(read(tmp_path / "f", b"id,text\n", "csv")) == ["empty"]


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        ('1,"one\n2,"two"\n3,three\n', ["two", "three"]),  # the next quote opens a field
        ('1,"one\n2,"two\n3,"three"\n', ["three"]),
        ('1,"one\n2,two\n3,three\n', ["two", "three"]),  # none follows
        ('1,one\n2,"two\nand more, and\nmore', ["one"]),  # the file breaks off
        ('1,"one\n\n""Yes,"" she said"\n2,two\n', ['one\n\n"Yes," she said', "two"]),
        ('1,"He\nsaid "hello" to me"\n2,two\n', ['He\nsaid hello" to me"', "two"]),  # not doubled, as some write
    ],
)
def test_a_quote_that_is_never_closed_costs_its_row(tmp_path: Path, rows: str, texts: list[str]) -> None:
    found = read(tmp_path / "f", f"id,text\n{rows}".encode(), "csv")
    assert [one.record["text"] for one in found if isinstance(one, Item) and one.record] == texts
    assert set(errors(found)) <= {"csv"}
    assert all("never closed" in one.message for one in found if isinstance(one, Reject))
