"""Extraction: the story of a page in reading order, and hostile pages that end in a reject."""

from __future__ import annotations

import pytest

from copydesk.errors import ItemError
from copydesk.pages import markup
from copydesk.pages.extract import extract

SENTENCES = [
    "The council met on Tuesday evening and agreed that the old bridge should be closed until the spring.",
    "Engineers had found cracks in two of its four piers after the high water of the last weeks.",
    "Shopkeepers on the far bank fear for their trade, for the detour takes the better part of an hour.",
    "A ferry that had been laid up for eleven years will carry passengers from Monday, the mayor said.",
]
PAGE = f"""<!doctype html><html lang="en"><head><title>Old bridge closed</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/local">Local</a></li></ul></nav>
<article><h1>Old bridge closed until spring</h1>
<p>{SENTENCES[0]}</p><p>{SENTENCES[1]}</p>
<h2>What it means for trade</h2>
<p>{SENTENCES[2]}</p>
<ul><li>The market moves to the school yard for the whole of the winter.</li>
<li>Buses turn round at the mill and go back the way they came.</li></ul>
<table><tr><td>Piers examined so far</td><td>four</td></tr><tr><td>Piers with cracks</td><td>two</td></tr></table>
<blockquote><p>{SENTENCES[3]}</p></blockquote>
</article>
<div class="comments"><h3>Comments</h3>
<p>I have always said that this bridge would not last, and nobody listened to me.</p></div>
<footer><p>Copyright of nobody at all</p></footer></body></html>"""


def test_story_in_reading_order_line_by_line() -> None:
    done = extract(PAGE, "https://www.example.com/bridge")
    lines = done.text.split("\n")
    places = [
        next(i for i, line in enumerate(lines) if wanted in line)
        for wanted in (
            SENTENCES[0],
            SENTENCES[1],
            "What it means for trade",
            SENTENCES[2],
            "school yard",
            "Buses turn",
            "Piers with cracks",
            SENTENCES[3],
        )
    ]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
    assert done.extracted_by == "copydesk"


def test_comments_and_menus_are_left_out() -> None:
    text = extract(PAGE).text
    assert "nobody listened" not in text
    assert "Home" not in text


def test_same_page_same_text() -> None:
    assert extract(PAGE) == extract(PAGE)


@pytest.mark.parametrize(
    "html", ["", "   ", "<html><head><title>x</title></head><body></body></html>", "<script>var a = 1;</script>"]
)
def test_no_content(html: str) -> None:
    with pytest.raises(ItemError) as caught:
        extract(html)
    assert (caught.value.stage, caught.value.error) == ("extract", "no-content")


@pytest.mark.parametrize(
    ("html", "error"),
    [
        ("<div>" * (markup.MAX_DEPTH + 1) + PAGE, "too-deep"),
        ("<div " + " ".join(f"a{i}=1" for i in range(markup.MAX_ATTRIBUTES + 1)) + ">" + PAGE, "too-many-attributes"),
        (PAGE + "x" * 30_000 + "<p>" + "<div " + "a=1 " * (markup.MAX_ATTRIBUTES + 1), "too-many-attributes"),
        ("<p>" + "a" * markup.MAX_HTML, "too-large"),
    ],
)
def test_pages_that_no_parser_should_be_given(html: str, error: str) -> None:
    with pytest.raises(ItemError) as caught:
        extract(html)
    assert (caught.value.stage, caught.value.error) == ("extract", error)


def test_the_guard_leaves_ordinary_extremes_alone() -> None:
    assert markup.fault("<p>a<br>b<img src=x>" * 20_000) is None
    assert markup.fault("<div><span>a</span></div>" * 20_000) is None
    assert markup.fault("<ul>" + "<li>a" * 30_000) is None
    assert markup.fault(f"<div data-json='{'x=1 ' * 10_000}'>a</div>") is None


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td>" * 300 + PAGE,
        "<b><i>" * 1000 + PAGE,
        "<<<>>><p <p <a href='\">" * 500 + PAGE,
        PAGE.replace("bridge", "br\0idge"),
        PAGE.replace("bridge", "br\ud800idge"),
        "<!--" * 5000 + PAGE,
        "&#x110000;&#0;" * 5000 + PAGE,
    ],
)
def test_hostile_markup_ends_in_a_text_or_a_reject(html: str) -> None:
    assert stage_or_text(html).strip()


def stage_or_text(html: str) -> str:
    """Anything but an ItemError fails the test that calls this."""
    try:
        return extract(html).text
    except ItemError as error:
        return error.stage
