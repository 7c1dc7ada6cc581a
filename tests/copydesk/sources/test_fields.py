"""What a record calls its fields, and its own id."""

from __future__ import annotations

from typing import Any

import pytest

from copydesk.errors import ItemError
from copydesk.sources.base import check_columns, mapped, record_id


def test_map_names_our_fields_in_their_words() -> None:
    record = {"headline": "H", "title": "not the headline", "body": "B", "extra": 1}
    assert mapped(record, {"title": "headline", "text": "body"}) == {"title": "H", "text": "B", "extra": 1}
    assert mapped({"a": 1, "b": 2}, {"title": "a", "url": "b"}) == {"title": 1, "url": 2}
    swapped = {"title": "t", "text": "x"}
    assert mapped(swapped, {"title": "text", "text": "title"}) == {"title": "x", "text": "t"}
    assert mapped({"title": "kept", "headline": None}, {"title": "headline"}) == {"title": "kept"}


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ({}, "`text` or `html`"),
        ({"text": "bodi"}, "`bodi` or `text` or `html`"),
        ({"text": "bodi", "title": "text"}, "`bodi` or `html`"),
        ({"title": "html", "url": "text"}, "`text` or `html`"),
    ],
)
def test_a_table_without_text_is_told_what_was_looked_for(names: dict[str, str], wanted: str) -> None:
    with pytest.raises(ItemError, match=f"^no column {wanted} among headline, body: name it with --map text=COLUMN$"):
        check_columns(["headline", "body"], names)
    check_columns(["headline", "body"], {**names, "text": "body"})


def test_a_table_may_have_a_field_under_our_name_where_the_map_has_another() -> None:
    check_columns(["title", "text"], {"text": "body"})
    with pytest.raises(ItemError):
        check_columns(["title", "text"], {"text": "body", "title": "text"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        (" a ", "a"),
        ("", None),
        (0, "0"),
        (12, "12"),
        (12.0, "12"),
        (1.5, "1.5"),
        (True, None),
        (None, None),
        (float("nan"), None),
        (10**400, None),
        ("x" * 2000, None),
        (["a"], None),
        ("\ud800", "?"),
    ],
)
def test_own_ids_are_strings_and_numbers(value: Any, expected: str | None) -> None:
    assert record_id({"id": value}) == expected
