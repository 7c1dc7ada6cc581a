"""Bylines and dates in words, the title that a page agrees on with itself, and whose own site it is."""

from __future__ import annotations

import pytest

from tests.copydesk.made_pages import ARTICLE, URL, from_page, html, ld, meta, moment

TITLE = "Old bridge closed until spring"
PROSE = "<p>" + "The council met on Tuesday and agreed that the bridge should be closed. " * 4 + "</p>"


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("<p>By <a href='/people/7'>Ada Lind</a></p>", ("Ada Lind",)),
        ("<p>Written by</p><p>Ada Lind</p>", ("Ada Lind",)),
        ("<div>03/04/2026 by Ada Lind, Bridge Correspondent</div>", ("Ada Lind",)),
        ("<div>Por Ada Lind y Bo Ek</div>", ("Ada Lind", "Bo Ek")),
        ("<p>This post was written by Ada Lind, Head of Bridges</p>", ("Ada Lind",)),
        ("<p>By the river a new path was laid.</p>", ()),
        ("<nav><p>By Ada Lind</p></nav>", ()),
    ],
)
def test_bylines_in_words(line: str, people: tuple[str, ...]) -> None:
    told = from_page(html(f"<title>{TITLE}</title>", body=f"<h1>{TITLE}</h1>{line}{PROSE}"), URL)
    assert told.authors == people


def test_a_byline_far_below_the_headline_is_another_storys() -> None:
    body = f"<h1>{TITLE}</h1>{PROSE * 20}<p>By Ada Lind</p>"
    assert from_page(html(f"<title>{TITLE}</title>", body=body), URL).authors == ()


def test_a_page_published_anew_has_the_date_that_it_shows() -> None:
    changed = {**ARTICLE, "dateModified": "2025-03-03T08:00:00Z"}
    shown = html(ld(changed), body=f"<h1>{TITLE}</h1><p>March 3, 2025</p>{PROSE}")
    assert moment(from_page(shown, URL).published) == ("2025-03-03T08:00", "second", "text")
    for line in ("Updated March 3, 2025", "March 9, 2025"):
        other = html(ld(changed), body=f"<h1>{TITLE}</h1><p>{line}</p>{PROSE}")
        assert moment(from_page(other, URL).published) == ("2023-09-09T14:15", "second", "json-ld")


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("March 3, 2025", "2025-03-03"),  # later than the markup's and before the last change: published anew
        ("March 3, 2021", "2021-03-03"),  # earlier: the markup's is that of a move
        ("June 3, 2025", "2023-09-09"),  # after the last change: some other day
        ("Updated March 3, 2025", "2023-09-09"),
        ("September 10, 2023", "2023-09-09"),
        ("March 3, 2025</p><p>September 9, 2023", "2023-09-09"),  # one of them is the markup's
        ("March 3, 2025</p><time datetime='2023-09-09'>today</time><p>", "2023-09-09"),  # an element says so
    ],
)
def test_a_date_beside_the_headline_against_that_of_the_markup(line: str, published: str) -> None:
    changed = {**ARTICLE, "dateModified": "2025-04-01T08:00:00Z"}
    told = from_page(html(ld(changed), body=f"<h1>{TITLE}</h1><p>{line}</p>{PROSE}"), URL).published
    assert told is not None
    assert told.value.date().isoformat() == published


def test_a_live_page_keeps_the_date_that_it_began_on() -> None:
    live = {**ARTICLE, "@type": "LiveBlogPosting", "dateModified": "2025-03-03T08:00:00Z"}
    told = from_page(html(ld(live), body=f"<h1>{TITLE}</h1><p>March 3, 2025</p>{PROSE}"), URL)
    assert moment(told.published) == ("2023-09-09T14:15", "second", "json-ld")


@pytest.mark.parametrize(
    "told",
    [
        "<abbr class='published' title='2025-03-03T08:00:00Z'>last week</abbr>",
        "<span class='post-date' data-timestamp='1740988800'>3 d</span>",
    ],
)
def test_dates_in_attributes(told: str) -> None:
    found = from_page(html(f"<title>{TITLE}</title>", body=f"<h1>{TITLE}</h1>{told}{PROSE}"), URL)
    assert moment(found.published) == ("2025-03-03T08:00", "second", "text")


def test_the_country_of_a_page_tells_the_order_of_day_and_month() -> None:
    line = f"<h1>{TITLE}</h1><p>03/04/2025</p>{PROSE}"
    assert from_page(html(f"<title>{TITLE}</title>", body=line), URL).published is None
    for place, day in (("en_GB", "2025-04-03"), ("en_US", "2025-03-04"), ("fr_FR", None)):
        found = from_page(html(f"<title>{TITLE}</title>", meta("og:locale", place), body=line), URL).published
        assert (found.value.date().isoformat() if found else None) == day


def test_a_date_in_a_line_is_a_guess_if_it_is_all_there_is() -> None:
    told = from_page(html(body=f"{PROSE}<p>Copyright March 3, 2021</p><p>Posted on the wall, March 3, 2025</p>"))
    assert moment(told.published) == ("2025-03-03T00:00", "day", "guess")


def test_the_title_that_head_and_shares_agree_on_unless_the_page_is_an_article() -> None:
    head = f"<title>{TITLE} | The Example</title>" + meta("og:title", TITLE) + meta("og:site_name", "The Example")
    body = "<h1>Bridges of our town</h1>" + PROSE
    assert from_page(html(head, body=body), URL).title == TITLE
    told = {**ARTICLE, "headline": "Bridges of our town"}
    assert from_page(html(head + ld(told), body=body), URL).title == "Bridges of our town"


def test_a_persons_own_site_is_no_publisher_of_somebody_else() -> None:
    site = meta("og:site_name", "Ada Lind") + meta("author", "Ada Lind")
    assert from_page(html(site, body=f"<h1>{TITLE}</h1>{PROSE}"), "https://adalind.example/x").authors == ("Ada Lind",)
    firm = site.replace("Ada Lind", "Elm Media")
    assert from_page(html(firm, body=f"<h1>{TITLE}</h1>{PROSE}"), "https://elm.example/x").authors == ()
