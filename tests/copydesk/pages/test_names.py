"""Names in bylines."""

from __future__ import annotations

import pytest

from copydesk.pages import names


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("BY ADA LIND AND BO EK", ("ADA LIND", "BO EK")),
        ("Von Ada Lind", ("Ada Lind",)),
        ("Por Ana Ruiz y José Gil", ("Ana Ruiz", "José Gil")),
        ("Di Maio", ("Di Maio",)),
        ("Dan Ek, Dan Roe", ("Dan Ek", "Dan Roe")),
        ("Lind, Ada; Ek, Bo", ("Lind, Ada", "Ek, Bo")),
        ("Ada Lind, Political Correspondent", ("Ada Lind",)),
        ("Ada Lind, Senior Editor at The Planet, and Bo Ek", ("Ada Lind", "Bo Ek")),
        ("Ada Lind (Northern Wire)", ("Ada Lind",)),
        ("Ada Lind Updated: Jan 5, 2020 10:15", ("Ada Lind",)),
        ("Ada Lind, Jr.", ("Ada Lind",)),
        ("ada@example.com", ()),
        ("https://example.com/ada", ()),
        ("example.com", ()),
        ("Staff", ()),
        ("6 min read", ()),
        ("By", ()),
        ("田中太郎", ("田中太郎",)),
        ("Ada Lind, ada lind", ("Ada Lind",)),
    ],
)
def test_names(byline: str, expected: tuple[str, ...]) -> None:
    assert names.authors(byline) == expected


def test_houses_are_no_authors() -> None:
    assert names.authors(["The Example", "Ada Lind", "example"], houses=["Example"]) == ("Ada Lind",)


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("By Ada Lind | Elm News", ("Ada Lind",)),
        ("Ada Lind • The Elm Times | Bo Ek", ("Ada Lind", "Bo Ek")),
        ("Ada Lind | Emily Post", ("Ada Lind", "Emily Post")),
        ("Elm News", ("Elm News",)),  # nobody else is named
    ],
)
def test_where_somebody_works_is_no_author(byline: str, expected: tuple[str, ...]) -> None:
    assert names.authors(byline) == expected
