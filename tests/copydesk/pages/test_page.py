"""What a page says of itself in its head, its markup and its looks."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model import Date, Metadata
from copydesk.pages import page
from tests.copydesk.made_pages import ARTICLE, URL, from_page, html, ld, meta, moment


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
        json.dumps({"@type": "WebSite", "name": "The Example"}) + "\n" + json.dumps(ARTICLE),
        json.dumps({"@type": "WebSite", "name": "The Example"}) + ",\n" + json.dumps(ARTICLE) + ",",
    ],
)
def test_broken_json_ld_is_read_as_far_as_it_goes(broken: str) -> None:
    told = from_page(html(ld(broken)), URL)
    assert moment(told.published) == ("2023-09-09T14:15", "second", "json-ld")
    assert "Ada Lind" in told.authors


def test_what_is_read_out_of_broken_json_ld_has_no_escapes() -> None:
    own = {**ARTICLE, "headline": 'Café "Elm" opens', "author": {"@type": "Person", "name": "Zoë Lind"}}
    told = from_page(html(ld(json.dumps(own)[:-1] + ', "description": "a "broken" one"}'), body="<p>x</p>"), URL)
    assert (told.title, told.authors) == ('Café "Elm" opens', ("Zoë Lind",))


def test_dates_of_json_ld_may_be_numbers() -> None:
    own = {**ARTICLE, "datePublished": 1694268900, "dateModified": 1694268960000}
    told = from_page(html(ld(own)), URL)
    assert moment(told.published) == ("2023-09-09T14:15", "second", "json-ld")
    assert moment(told.modified) == ("2023-09-09T14:16", "second", "json-ld")


def test_the_title_of_a_picture_is_not_the_page_s() -> None:
    icon = "<svg><g><title>Close the menu</title></g></svg>"
    assert (
        from_page(html(body=f"{icon}<h1>Old bridge closed until spring</h1>")).title == "Old bridge closed until spring"
    )
    assert from_page(html(body=f"{icon}<title>Old bridge closed</title>")).title == "Old bridge closed"


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


def test_a_copyright_year_is_no_date() -> None:
    told = "<html><body><p>The lock was mended in the night.</p>{}<footer>© 2024 Elm Post</footer></body></html>"
    assert from_page(told.format("")).published is None
    assert moment(from_page(told.format("<p>Posted on May 6, 2024</p>")).published) == (
        "2024-05-06T00:00",
        "day",
        "guess",
    )
