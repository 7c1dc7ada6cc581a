"""Metadata: what records, pages and texts say, and who is believed."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners import Fields
from copydesk.articles.metadata import from_record, from_records, merge, publisher, with_fields
from copydesk.model import Date, Metadata
from copydesk.pages import names, page
from tests.copydesk.made_pages import from_page

URL = "https://www.example.com/news/bridge-closed"
ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Old bridge closed",
    "author": [{"@type": "Person", "name": "Ada Lind"}, {"@type": "Person", "name": "Bo Ek"}],
    "datePublished": "2023-09-09T10:15:00-04:00",
    "dateModified": "2023-09-10T08:00:00Z",
    "publisher": {"@type": "Organization", "name": "The Example"},
    "articleSection": "Local",
    "keywords": ["bridge", "river"],
    "isAccessibleForFree": "False",
    "license": "https://creativecommons.org/licenses/by/4.0/",
}


def html(*head: str, body: str = "<h1>Old bridge closed until spring</h1>", lang: str = "en") -> str:
    return f'<!doctype html><html lang="{lang}"><head>{"".join(head)}</head><body>{body}</body></html>'


def ld(value: Any) -> str:
    return f'<script type="application/ld+json">{value if isinstance(value, str) else json.dumps(value)}</script>'


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


def moment(found: Date | None) -> tuple[str, str, str] | None:
    return (found.value.strftime("%Y-%m-%dT%H:%M"), found.precision, found.origin) if found else None


# pages


def test_json_ld_says_it_all() -> None:
    found = page.read(html(ld(ARTICLE)), URL)
    told = found.metadata
    assert told.title == "Old bridge closed until spring"  # as shown, not as cut for search engines
    assert told.authors == ("Ada Lind", "Bo Ek")
    assert moment(told.published) == ("2023-09-09T14:15", "second", "json-ld")
    assert moment(told.modified) == ("2023-09-10T08:00", "second", "json-ld")
    assert (told.section, told.tags, told.language) == ("Local", ("bridge", "river"), "en")
    assert (told.license, told.accessible_for_free) == ("https://creativecommons.org/licenses/by/4.0/", False)
    assert (told.publisher, told.url, told.canonical_url) == ("example.com", URL, URL)
    assert found.flags == ("paywalled",)


@pytest.mark.parametrize(
    "broken",
    [
        json.dumps(ARTICLE).replace('"Local",', '"Local",,'),
        json.dumps(ARTICLE)[:-1] + ",}",
        "<!-- " + json.dumps(ARTICLE) + " -->",
        "//<![CDATA[\n" + json.dumps(ARTICLE) + "\n//]]>",
        json.dumps(ARTICLE) + ";",
        json.dumps(ARTICLE).replace("Old bridge", "Old\nbridge"),
        json.dumps(ARTICLE)[:-1],
        json.dumps({"@graph": [{"@type": "WebSite", "name": "The Example"}, ARTICLE]}),
        json.dumps([ARTICLE]),
    ],
)
def test_broken_json_ld_is_read_as_far_as_it_goes(broken: str) -> None:
    told = from_page(html(ld(broken)), URL)
    assert moment(told.published) == ("2023-09-09T14:15", "second", "json-ld")
    assert "Ada Lind" in told.authors


def test_references_between_nodes_are_followed() -> None:
    article = {**ARTICLE, "author": {"@id": "#ada"}}
    told = from_page(html(ld({"@graph": [article, {"@type": "Person", "@id": "#ada", "name": "Ada Lind"}]})), URL)
    assert told.authors == ("Ada Lind",)


def test_the_article_of_this_page_and_not_one_that_it_links_to() -> None:
    other = {**ARTICLE, "headline": "Ferry returns", "url": "https://www.example.com/news/ferry"}
    own = {**ARTICLE, "datePublished": "2023-01-05T10:00:00Z", "mainEntityOfPage": {"@id": URL}}
    assert moment(from_page(html(ld(other), ld(own)), URL).published) == ("2023-01-05T10:00", "second", "json-ld")
    listed = {"@type": "ItemList", "itemListElement": [other]}
    assert from_page(html(ld(listed), meta("article:published_time", "2023-01-05")), URL).published == Date(
        dt.datetime(2023, 1, 5, tzinfo=dt.UTC), "day", "meta"
    )


def test_meta_tags_where_there_is_no_json_ld() -> None:
    told = from_page(
        html(
            "<title>Old bridge closed | The Example</title>",
            meta("og:site_name", "The Example"),
            meta("article:published_time", "2023-09-09T10:15:00-04:00"),
            meta("article:author", "https://www.example.com/people/ada"),
            '<meta name="author" content="By Ada Lind">',
            '<meta name="keywords" content="bridge, river">',
            '<meta name="robots" content="noarchive">',
            '<meta name="tdm-reservation" content="1">',
            '<link rel="license" href="https://example.com/terms">',
            body="<p>no headline</p>",
        ),
        URL,
        {"X-Robots-Tag": "noindex"},
    )
    assert told.title == "Old bridge closed"
    assert told.authors == ("Ada Lind",)
    assert moment(told.published) == ("2023-09-09T14:15", "second", "meta")
    assert told.tags == ("bridge", "river")
    assert (told.robots, told.tdm_reservation, told.license) == ("noarchive; noindex", "1", "https://example.com/terms")
    assert told.accessible_for_free is None


@pytest.mark.parametrize(
    "title",
    [
        "Old bridge closed | The Example",
        "Old bridge closed - example.com",
        "The Example: Old bridge closed",
        "Old bridge closed — Example",
        "Old bridge closed | Local | The Example",
    ],
)
def test_site_names_leave_titles(title: str) -> None:
    head = (f"<title>{title}</title>", meta("og:site_name", "The Example"))
    heading = "<h1>Old bridge closed</h1>" if title.count("|") == 2 or ":" in title else ""
    assert from_page(html(*head, body=heading), URL).title == "Old bridge closed"


def test_dashes_within_a_headline_stay() -> None:
    head = "<title>Old bridge closed - for good | The Example</title>" + meta("og:site_name", "The Example")
    assert from_page(html(head, body=""), URL).title == "Old bridge closed - for good"


def test_a_logo_is_no_headline() -> None:
    body = "<h1>The Example</h1><h1>Old bridge closed until the spring</h1><h1>Ferry returns</h1>"
    head = meta("og:title", "Old bridge closed until spring") + meta("og:site_name", "The Example")
    assert from_page(html(head, body=body), URL).title == "Old bridge closed until the spring"


def test_byline_and_date_as_shown() -> None:
    body = (
        "<a href='/author/cy'>Cy Fox</a><time datetime='2024-02-02'>other story</time>"
        "<h1>Old bridge closed</h1><p class='byline'>By <a href='/author/ada'>Ada Lind</a> and Bo Ek</p>"
        "<span class='date'>Sept. 9, 2023, 10:15 a.m. ET</span><p>The council met.</p>"
        "<a href='/author/di'>Di Roe</a>"
    )
    told = from_page(html("<title>Old bridge closed</title>", body=body), URL)
    assert told.authors in (("Ada Lind", "Bo Ek"), ("Ada Lind",))
    assert moment(told.published) == ("2023-09-09T14:15", "minute", "text")


def test_a_date_in_the_url_overrules_a_distant_one_on_the_page() -> None:
    body = "<h1>Old bridge closed</h1><time datetime='2024-02-02'>2 February</time>"
    told = from_page(html("<title>Old bridge closed</title>", body=body), "https://www.example.com/2023/09/09/bridge")
    assert moment(told.published) == ("2023-09-09T00:00", "day", "url")


def test_a_time_refines_a_day() -> None:
    head = ld({**ARTICLE, "datePublished": "2023-09-09"}) + meta("article:published_time", "2023-09-09T10:15:00-04:00")
    assert moment(from_page(html(head), URL).published) == ("2023-09-09T14:15", "second", "meta")


def test_organizations_give_way_to_bylines_and_site_names_are_nobody() -> None:
    wire = {**ARTICLE, "author": {"@type": "Organization", "name": "Northern Wire"}}
    assert from_page(html(ld(wire)), URL).authors == ("Northern Wire",)
    body = "<h1>Old bridge closed until spring</h1><p class='byline'>By Ada Lind</p>"
    assert from_page(html(ld(wire), body=body), URL).authors == ("Ada Lind",)
    own = {**ARTICLE, "author": {"@type": "Organization", "name": "The Example"}}
    assert from_page(html(ld(own)), URL).authors == ()


def test_canonical_links() -> None:
    def canonical_of(href: str, url: str | None = URL) -> str | None:
        return from_page(html(f'<link rel="canonical" href="{href}">'), url).canonical_url

    assert canonical_of("https://www.example.com/news/bridge?utm_source=x") == "https://www.example.com/news/bridge"
    assert canonical_of("/news/bridge") == "https://www.example.com/news/bridge"
    assert canonical_of("https://other.example.org/bridge") == URL  # a syndicated copy is not its original
    assert canonical_of("https://www.example.com/") == URL  # a template's mistake
    assert canonical_of("https://www.example.com/news/bridge", None) == "https://www.example.com/news/bridge"


def test_publisher_of_a_page() -> None:
    head = meta("og:site_name", "The Example")
    assert from_page(html(head), "https://politics.blogs.example.com/a").publisher == "example.com"
    assert from_page(html(head), None).publisher == "The Example"


def test_flags() -> None:
    live = {**ARTICLE, "@type": ["NewsArticle", "LiveBlogPosting"], "isAccessibleForFree": True}
    assert page.read(html(ld(live)), URL).flags == ("live",)
    assert page.read(html(), "https://www.example.com/").flags == ("index-page",)
    part = {**ARTICLE, "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": False}}
    del part["isAccessibleForFree"]
    assert page.read(html(ld(part)), URL).flags == ("paywalled",)


PIECES = [
    "<div>",
    "</div>",
    "<h1>",
    "<time datetime='",
    "'>",
    "<script type='application/ld+json'>",
    "</script>",
    "<meta name=author content='",
    '{"@type":"NewsArticle","author":',
    "[",
    "]",
    "}",
    "2023-01-01",
    "By Ada Lind",
    "<link rel=canonical href='",
    "\0",
    "\ud800",
    "&#x110000;",
]


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=25),
    url=st.one_of(st.none(), st.text(max_size=20)),
)
def test_from_page_never_raises(parts: list[str], url: str | None) -> None:
    assert isinstance(from_page("".join(parts), url), Metadata)


@pytest.mark.parametrize(
    "piece", ["<div>" * 20_000, "<div " + " ".join(f"a{i}=1" for i in range(20_000)) + ">", "[" * 50_000]
)
def test_hostile_markup_is_passed_over(piece: str) -> None:
    script = ld(piece) if piece.startswith("[") else piece
    assert from_page(html(meta("og:title", "Old bridge closed")) + script, URL).url == URL


def test_deep_json_is_passed_over() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    fields = ("author", "headline", "license", "keywords", "datePublished", "publisher", "inLanguage")
    assert from_page(html(ld({**ARTICLE, **dict.fromkeys(fields, deep)})), URL).section == "Local"
    assert from_record(dict.fromkeys(("authors", "tags", "title", "date", "url"), deep)) == Metadata()


# records


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
        ("Ada Lind; Bo Ek", ("Ada Lind", "Bo Ek")),
        ("Lind, Ada", ("Lind, Ada",)),
        (7, ()),
    ],
)
def test_authors_of_a_record(value: Any, expected: tuple[str, ...]) -> None:
    assert from_record({"authors": value}).authors == expected


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


# names


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


def test_a_copyright_year_is_no_date() -> None:
    page = "<html><body><p>The lock was mended in the night.</p>{}<footer>© 2024 Elm Post</footer></body></html>"
    assert from_page(page.format("")).published is None
    assert moment(from_page(page.format("<p>Posted on May 6, 2024</p>")).published) == (
        "2024-05-06T00:00",
        "day",
        "guess",
    )


def test_a_guess_gives_way_to_the_text() -> None:
    guess = Metadata(published=Date(dt.datetime(2024, 2, 2, tzinfo=dt.UTC), "day", "guess"))
    assert moment(with_fields(guess, Fields(published="2023-09-09")).published) == ("2023-09-09T00:00", "day", "text")
    assert with_fields(guess, Fields(published="no date")).published == guess.published
