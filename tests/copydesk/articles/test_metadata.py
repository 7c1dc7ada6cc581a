"""Metadata: what records and texts say, and who is believed."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners import Fields
from copydesk.articles.metadata import from_record, from_records, merge, publisher, with_fields
from copydesk.model import Date, Metadata
from copydesk.sources.base import mapped
from tests.copydesk.made_pages import moment


def test_a_record_in_many_types() -> None:
    told = from_record(
        {
            "url": "http://www.example.com/a/?utm_source=x",
            "publisher": "www.example.com",
            "title": "  Old bridge   closed ",
            "authors": "By Ada Lind, Bo Ek and Cy Fox",
            "date": dt.datetime(2023, 9, 9, 10, 15),
            "language": "en_us",
            "tags": "bridge, river",
            "section": "",
            "modified_at": "2023-09-10",
        }
    )
    assert told == Metadata(
        url="http://www.example.com/a/?utm_source=x",
        canonical_url="https://www.example.com/a",
        publisher="example.com",
        title="Old bridge closed",
        authors=("Ada Lind", "Bo Ek", "Cy Fox"),
        tags=("bridge", "river"),
        published=Date(dt.datetime(2023, 9, 9, 10, 15, tzinfo=dt.UTC), "second", "record"),
        modified=Date(dt.datetime(2023, 9, 10, tzinfo=dt.UTC), "day", "record"),
        language="en-US",
    )


def test_records_read_together_are_as_each_alone() -> None:
    records: list[dict[str, Any]] = [
        {"headline": "Ferry late", "title": " ", "URL": "https://a.example/1", "robots": "nan", "lang": "de"},
        {"source": "Post", "publisher": "nan", "date": "01/02/2023", "language": "en-US", "Title": 7},
        {},
        {"title": "A", "TITLE": "B", "byline": "Ada Lind", "keywords": ["x y"], "accessible_for_free": "False"},
        {f"column {n}": n for n in range(100)} | {"headline": "Of many"},
    ]
    urls = ["https://b.example/2", None, "https://c.example/3", None, None]
    together = from_records(records, urls)
    assert together == [from_record(*both) for both in zip(records, urls, strict=True)]
    assert [told.title for told in together] == ["Ferry late", "7", None, "B", "Of many"]
    assert [told.publisher for told in together] == ["a.example", "Post", "c.example", None, None]


@pytest.mark.parametrize("absent", [None, "", "  ", math.nan, [], {}, "NaN", "null"])
def test_blank_and_nan_are_absent(absent: Any) -> None:
    fields = ("url", "title", "authors", "date", "publisher", "language", "tags", "section", "license")
    assert from_record(dict.fromkeys(fields, absent)) == Metadata()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["Ada Lind", "Bo Ek"], ("Ada Lind", "Bo Ek")),
        ([{"name": "Ada Lind"}, {"name": "Bo Ek"}], ("Ada Lind", "Bo Ek")),
        ({"name": "Ada Lind"}, ("Ada Lind",)),
        ('["Ada Lind", "Bo Ek"]', ("Ada Lind", "Bo Ek")),
        ("['Ada Lind', 'Bo Ek']", ("Ada Lind", "Bo Ek")),
        ("['Ada Lind', None]", ("Ada Lind",)),
        ('[{"name": "Ada Lind", "url": null, "staff": true}, {"name": "Bo Ek"}]', ("Ada Lind", "Bo Ek")),
        ("[Ada Lind, Bo Ek]", ("Ada Lind", "Bo Ek")),
        ("Ada Lind; Bo Ek", ("Ada Lind", "Bo Ek")),
        ("Lind, Ada", ("Lind, Ada",)),
        (7, ()),
    ],
)
def test_authors_of_a_record(value: Any, expected: tuple[str, ...]) -> None:
    assert from_record({"authors": value}).authors == expected


def test_a_list_in_a_cell_is_read_as_json() -> None:
    assert from_record({"tags": r'["Rock\/Pop", "caf\u00e9", null]'}).tags == ("Rock/Pop", "café")


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("example.com", None, "example.com"),
        ("www.example.com", "https://other.example.org/a", "example.com"),
        ("politics.blogs.example.com", None, "example.com"),
        ("The Example", "https://www.example.com/a", "The Example"),
        (None, "https://news.example.co.uk/a", "example.co.uk"),
        (None, None, None),
    ],
)
def test_publisher(name: str | None, url: str | None, expected: str | None) -> None:
    assert publisher(name, url) == expected


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.dates(),
        st.datetimes(),
        st.binary(max_size=5),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [
        "url",
        "title",
        "authors",
        "author",
        "date",
        "publisher",
        "language",
        "tags",
        "license",
        "robots",
        "accessible_for_free",
    ]
)


@settings(max_examples=150, deadline=None)
@given(record=st.dictionaries(KEYS, JSON, max_size=5))
def test_from_record_never_raises(record: dict[str, Any]) -> None:
    assert isinstance(from_record(record), Metadata)


def test_deep_values_are_passed_over() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    assert from_record(dict.fromkeys(("authors", "tags", "title", "date", "url"), deep)) == Metadata()


# merging


def test_the_first_that_says_it_wins() -> None:
    first = Metadata(title="A", published=Date(dt.datetime(2023, 1, 1, tzinfo=dt.UTC), "day", "record"))
    second = Metadata(
        title="B", section="Local", published=Date(dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "second", "meta")
    )
    merged = merge(first, second)
    assert (merged.title, merged.section, merged.published) == ("A", "Local", first.published)
    assert merge() == Metadata()
    assert merge(Metadata(accessible_for_free=False), Metadata(accessible_for_free=True)).accessible_for_free is False


def test_what_the_text_says_fills_gaps() -> None:
    found = Fields(
        title="Old bridge closed",
        authors=("By Ada Lind",),
        published="September 9, 2023 at 10:15 AM EDT",
        section="Local",
        tags=("bridge",),
        credit="Bo Ek",
        source="Northern Wire",
        bio="Ada Lind covers bridges.\nShe lives by one.",
    )
    told = with_fields(Metadata(), found)
    assert (told.title, told.authors, told.section, told.tags) == (
        "Old bridge closed",
        ("Ada Lind",),
        "Local",
        ("bridge",),
    )
    assert (told.credit, told.attribution) == ("Bo Ek", "Northern Wire")
    assert told.bio == "Ada Lind covers bridges. She lives by one."
    assert with_fields(from_record({"author_bio": "A poet."}), found).bio == "A poet."
    assert moment(told.published) == ("2023-09-09T14:15", "minute", "text")
    known = Metadata(
        title="A", authors=("Cy Fox",), published=Date(dt.datetime(2023, 9, 9, tzinfo=dt.UTC), "day", "record")
    )
    assert with_fields(known, found).title == "A"
    assert moment(with_fields(known, found).published) == ("2023-09-09T00:00", "day", "record")


def test_a_guess_gives_way_to_the_text() -> None:
    guess = Metadata(published=Date(dt.datetime(2024, 2, 2, tzinfo=dt.UTC), "day", "guess"))
    assert moment(with_fields(guess, Fields(published="2023-09-09")).published) == ("2023-09-09T00:00", "day", "text")
    assert with_fields(guess, Fields(published="no date")).published == guess.published


def test_what_is_mapped_wins_over_other_names() -> None:
    record = {
        "geaendert": "2023-09-10",
        "category": "x",
        "Ressort": "Kultur",
        "keywords": "y",
        "Themen": ["Oper", "Bau"],
    }
    found = from_record(mapped(record, {"modified": "geaendert", "section": "Ressort", "tags": "Themen"}))
    assert found.modified is not None
    assert (found.modified.value.date().isoformat(), found.section, found.tags) == (
        "2023-09-10",
        "Kultur",
        ("Oper", "Bau"),
    )
