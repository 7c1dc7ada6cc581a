"""Who wrote a page, as markup and bylines of many kinds say it: invented pages."""

from __future__ import annotations

import pytest

from copydesk.pages import byline, names
from copydesk.pages.page import read
from tests.copydesk.made_pages import ARTICLE, URL, from_page, html, ld, meta, moment

TITLE = "Old bridge closed until spring"
PROSE = "<p>" + "The council met on Tuesday and agreed that the bridge should be closed. " * 4 + "</p>"


def authors(body: str, *head: str, url: str = URL) -> tuple[str, ...]:
    """Of a page with the headline, `body` below it and a paragraph."""
    return from_page(html(f"<title>{TITLE}</title>", *head, body=f"<h1>{TITLE}</h1>{body}{PROSE}"), url).authors


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("<p>By Ada Lind March 3, 2026</p>", ("Ada Lind",)),
        ("<p>By Ada Lind and Bo Ek on 3 March 2026</p>", ("Ada Lind", "Bo Ek")),
        ("<p>Posted by: <a href='/x'>Ada Lind</a> on 03-mar-2026 5:11:10</p>", ("Ada Lind",)),
        ("<div>By<a href='/7'>Ada Lind</a></div>", ("Ada Lind",)),
        ("<div>by BridgeFan, <small>Mar 3rd 2026</small></div>", ("BridgeFan",)),
        ("<div>By BridgeFan in Workshop</div>", ("BridgeFan",)),
        ("<div>By Monday 12:00</div>", ()),
        ("<div>By Agencies</div>", ()),
        ("<ul><li><strong>Autorin/Autor</strong><br>Ada Lind</li></ul>", ("Ada Lind",)),
        ("<p>Ada Lind as told to Bo Ek</p>", ()),
        ("<p>By Ada Lind as told to Bo Ek</p>", ("Ada Lind", "Bo Ek")),
        ("<p>Hero image by Ada Lind</p>", ()),
        ("<p>Rivers and Roads by Ada Lind, a book of drawings</p>", ()),
        ("<p>March 3, 2026 by Ada Lind</p>", ("Ada Lind",)),
        ("<p>3 min read | by Ada Lind</p>", ("Ada Lind",)),
        ("<p>Reviewed by Ada Lind, chartered engineer</p>", ()),
    ],
)
def test_bylines_in_words(line: str, people: tuple[str, ...]) -> None:
    assert authors(line) == people


def test_teasers_above_the_headline_are_other_stories() -> None:
    teaser = "<a href='/ferry'>Ferry returns <small>By Bo Ek March 1, 2026</small></a>"
    page = html(f"<title>{TITLE}</title>", body=f"<div>{teaser}</div><h1>{TITLE}</h1><p>By Ada Lind</p>{PROSE}")
    told = read(page, URL).metadata
    assert (told.authors, told.published) == (("Ada Lind",), None)


def test_a_byline_in_the_box_above_the_headline() -> None:
    box = f"<div><div class='author-card'>Ada Lind</div><h1>{TITLE}</h1></div>"
    other = "<section><div><span class='author'>Bo Ek</span></div></section>"
    page = html(f"<title>{TITLE}</title>", body=f"<main>{other}<section>{box}</section>{PROSE}</main>")
    assert from_page(page, URL).authors == ("Ada Lind",)


def test_links_in_a_byline_are_the_names_and_not_the_paper_beside_them() -> None:
    line = "<div class='byline'><a href='/staff/7'>Ada Lind</a> <span>Elm Valley Gazette</span></div>"
    assert authors(line) == ("Ada Lind",)
    assert authors("<div class='byline'><a href='/staff/7'>View all posts by Ada Lind</a></div>") == ("Ada Lind",)


def test_who_put_the_story_into_the_system_gives_way_to_the_byline() -> None:
    uploader = {**ARTICLE, "author": {"@type": "Person", "name": "Cy Holm"}}
    assert authors("<p>By: Ada Lind</p>", ld(uploader)) == ("Ada Lind",)
    assert authors("<p>By: Ada Lind</p><p>Cy Holm put it online.</p>", ld(uploader)) == ("Cy Holm",)
    assert authors("<p>By: Ada Lind</p><span class='author'>Cy Holm</span>", ld(uploader)) == ("Cy Holm",)
    assert authors("<p>By: Cy A. Holm</p>", ld(uploader)) == ("Cy Holm",)


def test_an_agency_that_is_named_as_the_author_gives_way_to_words_but_not_to_looks() -> None:
    agency = {**ARTICLE, "author": {"@type": "Organization", "name": "Northern Wire"}}
    assert authors("<div class='card-author'>Bo Ek</div>", ld(agency)) == ("Northern Wire",)
    assert authors("<p>By Ada Lind</p>", ld(agency)) == ("Ada Lind",)
    assert authors("<span class='author'>Bo Ek</span>", meta("author", "the-example, Elmville")) == ("Bo Ek",)


@pytest.mark.parametrize(
    ("body", "head", "who"),
    [
        ("", meta("author", "Staff Clinician"), ("Staff Clinician",)),
        ("<p>By: <a href='/blog/author/elm-team'>Elm Team</a> on 4 March 2026</p>", "", ("Elm Team",)),
        ("<p><a href='/blog/author/elm-team'>Elm Team</a> <a href='/author/ada'>Ada Lind</a></p>", "", ("Ada Lind",)),
        ("<p>By Ada Lind</p>", meta("author", "Staff Clinician"), ("Ada Lind",)),
        ("<p><a href='/courses/elm-team' class='author-box'>Elm Team</a></p>", "", ()),
        ("", meta("author", "Staff Reports"), ()),
        ("", meta("author", "staff"), ()),
        ("", meta("og:site_name", "Elm Team") + meta("author", "Elm Team"), ()),
    ],
)
def test_a_team_signs_where_no_person_does(body: str, head: str, who: tuple[str, ...]) -> None:
    assert authors(body, head) == who


def test_the_name_inside_a_microdata_author() -> None:
    item = "<div itemprop='author' itemscope><img alt=''><b itemprop='name'>Ada Lind</b> <i>Bridge Reporter</i></div>"
    assert authors(item) == ("Ada Lind",)
    hidden = "<div itemprop='author' itemscope><meta itemprop='name' content='Ada Lind'></div>"
    assert authors(hidden) == ("Ada Lind",)


def test_microdata_of_teasers_is_not_the_pages() -> None:
    item = "<article itemscope><span itemprop='author'>{}</span><h3>{}</h3></article>"
    assert authors(item.format("Ada Lind", "") + item.format("Bo Ek", "Ferry returns")) == ("Ada Lind",)


@pytest.mark.parametrize(
    "head",
    [
        meta("http://ogp.me/ns/article#author", "Ada Lind"),
        meta("DC:Creator", "Ada Lind"),
        '<meta name="articleAuthor" content="Ada Lind">',
        '<meta name="author" content="undefined"><meta name="dc.creator" content="Ada Lind">',
        '<meta name="parsely-author" content="ada-lind"><meta name="author" content="Ada Lind">',
        ld({**ARTICLE, "author": None, "contributor": {"@type": "Person", "name": "Ada Lind"}}),
        ld([{**ARTICLE, "author": None, "url": URL}, {"@type": "WebPage", "url": URL, "author": {"name": "Ada Lind"}}]),
    ],
)
def test_authors_in_markup_of_many_kinds(head: str) -> None:
    assert authors("", head) == ("Ada Lind",)


def test_a_date_in_another_node_of_the_same_page_and_none_of_another_page() -> None:
    article = {"@type": "Article", "headline": TITLE, "mainEntityOfPage": {"@id": URL}}
    told = {"@type": "WebPage", "@id": URL, "datePublished": "2025-03-03T08:00:00Z"}
    found = read(html(ld({"@graph": [article, told]}), body=PROSE), URL).metadata.published
    assert moment(found) == ("2025-03-03T08:00", "second", "json-ld")
    other = {**told, "@id": "https://www.example.com/news/ferry"}
    assert read(html(ld({"@graph": [article, other]}), body=PROSE), URL).metadata.published is None


def test_rdfa_properties_of_any_element() -> None:
    told = "<span property='dc:date dc:created' content='2025-03-03T08:00:00Z'>03/03/2025</span>"
    found = from_page(html(body=f"<h1>{TITLE}</h1>{told}{PROSE}"), URL).published
    assert moment(found) == ("2025-03-03T08:00", "second", "meta")


@pytest.mark.parametrize(
    ("told", "people"),
    [
        ("Ada Lind March 3, 2026", ("Ada Lind",)),
        ("Ada Lind 3. März 2026", ("Ada Lind",)),
        ("April May", ("April May",)),
        ("Ada LindSenior Writer", ("Ada Lind",)),
        ("Ada Lind Editor", ("Ada Lind",)),
        ("Ada Lind, Chief Technology Officer", ("Ada Lind",)),
        ("Ada Lind ⋅ Founder", ("Ada Lind",)),
        ("Ada Lind, RD", ("Ada Lind",)),
        ("More stories by Ada Lind", ("Ada Lind",)),
        ("ByAda Lind", ("Ada Lind",)),
        ("Byron Lind", ("Byron Lind",)),
        ("von ELM", ("ELM",)),
        ("von Lind", ("von Lind",)),
        ("Web Admin", ()),
    ],
)
def test_what_stands_around_a_name(told: str, people: tuple[str, ...]) -> None:
    assert names.authors(told) == people


@pytest.mark.parametrize("house", ["Elm Post & Courier", ", The Elm Post & Courier", "Elm Post & Courier, Inc."])
def test_a_house_is_known_whole_and_with_its_legal_form(house: str) -> None:
    assert names.authors([house, "Ada Lind"], houses=["Elm Post & Courier"]) == ("Ada Lind",)


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Ada Lind", True),
        ("Ada MacLean", True),
        ("松岡大地", True),
        ("この記事の筆者 松岡大地 フォロー すべて見る", False),
        ("Home PageAll Stories", False),
        ("Fact Checked", False),
    ],
)
def test_what_looks_like_a_name(name: str, person: bool) -> None:
    assert byline.is_name(name) is person


def test_a_newspapers_name_is_no_persons() -> None:
    site = meta("og:site_name", "Elmer Zeitung") + meta("author", "Elmer Zeitung")
    assert authors("", site, url="https://elmerzeitung.example/x") == ()
