"""Which of a page's titles is its headline: invented pages."""

from __future__ import annotations

import pytest

from tests.copydesk.made_pages import URL, from_page, html, ld, meta

PROSE = "<p>" + "The council met on Tuesday and agreed that the bridge should be closed. " * 4 + "</p>"
DATED = meta("article:published_time", "2025-03-03T08:00:00Z")


def title(body: str, *head: str) -> str | None:
    return from_page(html(*head, body=body + PROSE), URL).title


def shared(told: str) -> str:
    """A head that gives the title of the page twice."""
    return f"<title>{told} | The Example</title>" + meta("og:title", told) + meta("og:site_name", "The Example")


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("The ultimate guide to crossing the old bridge", "The ultimate guide to crossing the old bridge"),
        ("Old bridges", "Old bridge crossing guide: all you need"),  # what it is about
        ("River news: Old bridge crossing guide: all you need", "Old bridge crossing guide: all you need"),
        ("A walk through town", "Old bridge crossing guide: all you need"),  # about something else
    ],
)
def test_the_only_heading_of_an_article_is_its_headline_if_it_says_the_same(heading: str, told: str) -> None:
    head = shared("Old bridge crossing guide: all you need")
    assert title(f"<h1>{heading}</h1>", head, DATED) == told
    assert title(f"<h1>{heading}</h1>", head) == "Old bridge crossing guide: all you need"


def test_an_article_shared_under_another_title_than_it_bears() -> None:
    head = ld(
        {"@type": "NewsArticle", "headline": "How a town lost its way over the river", "datePublished": "2025-03-03"}
    )
    assert title("<h1>Mind the wide gap</h1>", head) == "Mind the wide gap"
    assert title("<h1>The Example Logo</h1>", head, meta("og:site_name", "The Example")) == (
        "How a town lost its way over the river"
    )
    assert title("<h1>Opinion</h1>", head) == "How a town lost its way over the river"
    assert title("<h1>Mind the wide gap</h1><h1>Most read</h1>", head) == "How a town lost its way over the river"


def test_headings_that_lead_to_other_pages_are_teasers() -> None:
    head = "<title>Where to cross the river in town</title>"
    own = "<h1>The best places to cross the river</h1>"
    teaser = "<h1><a href='/news/swim'>Where to swim in the river in town</a></h1>"
    assert title(own + teaser, head) == "The best places to cross the river"
    linked = own.replace("The best", f"<a href='{URL}'>The best").replace("</h1>", "</a></h1>")
    assert title(linked + teaser, head) == "The best places to cross the river"


def test_of_headings_that_agree_a_little_the_first_is_meant() -> None:
    head = "<title>Where to cross the river in town</title>"
    heads = "<h1>The Example</h1><h1>The best bridges across the river</h1><h1>Where to swim in the river now</h1>"
    assert title(heads, head, meta("og:site_name", "The Example")) == "The best bridges across the river"
    exact = heads + "<h1>Where to cross the river in town</h1>"
    assert title(exact, head, meta("og:site_name", "The Example")) == "Where to cross the river in town"


def test_the_line_above_the_heading_belongs_to_it_if_the_head_has_it_twice() -> None:
    told = "River crossings: Old bridge closed until spring"
    head = ld({"@type": "NewsArticle", "headline": told}) + meta("og:title", told)
    assert title("<h1>Old bridge closed until spring</h1>", head) == told
    once = meta("og:title", told)
    assert title("<h1>Old bridge closed until spring</h1>", once) == "Old bridge closed until spring"


def test_entities_that_were_escaped_twice() -> None:
    assert title("<h1>Bridges &amp;amp; ferries of AT&amp;T town</h1>") == "Bridges & ferries of AT&T town"
