"""Documents: every kind of item becomes text with metadata, or an ItemError that says why not."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest

from cleaners import reader
from copydesk.articles.documents import is_text, read, read_texts
from copydesk.errors import ItemError
from copydesk.model import Document, Format, Item
from copydesk.settings import Settings
from tests.copydesk.pages.test_extract import PAGE, SENTENCES

SETTINGS = Settings()
URL = "https://www.example.com/2023/09/09/bridge"
STORY = "\n".join(SENTENCES)


def item(content: bytes | str, source_format: Format = "text", **more: Any) -> Item:
    raw = content.encode() if isinstance(content, str) else content
    return Item("file:///a", source_format, "a", raw, **more)


def record(**fields: Any) -> Document:
    return read(item(json.dumps(fields), "jsonl", record=fields), SETTINGS)


def error_of(broken: Item) -> tuple[str, str]:
    with pytest.raises(ItemError) as caught:
        read(broken, SETTINGS)
    return caught.value.stage, caught.value.error


@pytest.mark.parametrize("size", [0, reader.COMPILE_BYTES])
def test_texts_are_read_together_as_each_is(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_read", size)
    monkeypatch.setattr(reader, "_is_filled", lambda: False)
    told = {"url": URL, "date": "2024-03-01", "authors": ["Ada Lind"], "language": "en", "html": " "}
    texts = [
        {"text": STORY, "title": "cafÃ©", **told}, {"text": STORY.replace("\n", "\r\n"), "title": "A ford"},
        {"text": "“cafÃ©”"}, {"text": "\u200b \u00ad"}, {"text": "O\ud83d", "title": "\x00"}, {"text": STORY},
    ]  # fmt: skip
    items = [item(json.dumps(fields), "jsonl", record=fields) for fields in texts]
    assert all(map(is_text, items))
    *some, blank, broken, last = read_texts(items)
    assert blank is None
    assert error_of(items.pop(3)) == ("decode", "empty")
    alone = [read(one, SETTINGS) for one in items]
    assert [*some, broken, last] == [one._replace(utf8=one.text.encode()) for one in alone]


@pytest.mark.parametrize("fields", [{}, {"text": " \n"}, {"text": STORY, "html": PAGE}, {"html": PAGE}, {"text": 5}])
def test_what_is_no_text_alone(fields: dict[str, Any]) -> None:
    assert not is_text(item(json.dumps(fields), "jsonl", record=fields))
    assert not is_text(item("", "jsonl"))


def test_plain_text() -> None:
    done = read(item(STORY.replace("\n", "\r\n")), SETTINGS)
    assert done.text == STORY
    assert (done.extracted_by, done.flags, done.metadata.language) == ("plain", (), "en")


def test_text_in_another_charset_is_decoded() -> None:
    done = read(item("Der Fluss trat über die Ufer, die Brücke hält. ".encode("cp1252") * 5), SETTINGS)
    assert "über die Ufer" in done.text
    assert done.repaired
    assert done.metadata.language == "de"


def test_html_page() -> None:
    done = read(item(PAGE, "html"), SETTINGS)
    assert SENTENCES[3] in done.text
    assert done.metadata.title == "Old bridge closed until spring"
    assert (done.extracted_by, done.metadata.language) == ("copydesk", "en")


def test_charset_of_the_page_counts() -> None:
    page = PAGE.replace("<head>", '<head><meta charset="iso-8859-2">').replace("mayor", "mayor Łukasz Źródło")
    assert "mayor Łukasz Źródło" in read(item(page.encode("iso-8859-2"), "html"), SETTINGS).text


def test_record_with_text() -> None:
    done = record(
        text=STORY, title="Old bridge closed", url=URL, date="2023-09-09", language="en-GB", publisher="The Example"
    )
    told = done.metadata
    assert done.text == STORY
    assert (told.title, told.publisher, told.language) == ("Old bridge closed", "The Example", "en-GB")
    assert told.published is not None
    assert (told.published.origin, told.published.precision) == ("record", "day")


def test_mojibake_of_a_record_is_mended_and_told() -> None:
    done = record(text="The cafÃ© by the river stayed open, the ownerâ€™s son said.", title="CafÃ© stays open")
    assert done.text.startswith("The café by the river")
    assert done.metadata.title == "Café stays open"
    assert done.repaired


def test_html_wins_over_text_and_the_record_over_the_page() -> None:
    done = record(html=PAGE, text="short text", title="A title of the record", url=URL, authors=["Ada Lind"])
    assert SENTENCES[0] in done.text
    assert (done.metadata.title, done.metadata.authors) == ("A title of the record", ("Ada Lind",))
    assert done.metadata.publisher == "example.com"
    assert done.metadata.published is not None
    assert done.metadata.published.origin == "url"
    assert record(html="  ", text=STORY).text == STORY


def test_warc_response() -> None:
    headers = {"Content-Type": "text/html; charset=utf-8", "X-Robots-Tag": "noindex", "TDM-Reservation": "1"}
    fetched = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    done = read(item(PAGE, "warc", url=URL, http_status=200, http_headers=headers, fetched_at=fetched), SETTINGS)
    assert SENTENCES[0] in done.text
    assert (done.metadata.url, done.metadata.canonical_url, done.metadata.publisher) == (URL, URL, "example.com")
    assert (done.metadata.robots, done.metadata.tdm_reservation) == ("noindex", "1")


def test_warc_response_without_a_type_is_looked_at() -> None:
    assert read(item(PAGE, "warc", url=URL, http_status=200), SETTINGS).extracted_by == "copydesk"
    plain = item(STORY, "warc", url=URL, http_status=200, http_headers={"content-type": "text/plain"})
    assert read(plain, SETTINGS).extracted_by == "plain"


def test_warc_conversion_is_text() -> None:
    for headers in ({}, {"content-type": "text/plain"}):
        for text in (STORY, f"A page begins with <html>, and its <title> is in the <head>.\n{STORY}"):
            done = read(item(text, "warc", url=URL, http_headers=headers), SETTINGS)
            assert (done.text, done.extracted_by, done.metadata.canonical_url) == (text, "plain", URL)
    page = item(PAGE, "warc", url=URL, http_headers={"content-type": "text/html"})
    assert read(page, SETTINGS).extracted_by == "copydesk"


def test_the_canonical_link_of_a_page_is_its_identity() -> None:
    page = PAGE.replace("<head>", '<head><link rel="canonical" href="https://www.example.com/bridge">')
    done = record(html=page, url=URL)
    assert (done.metadata.url, done.metadata.canonical_url) == (URL, "https://www.example.com/bridge")


@pytest.mark.parametrize(
    "fields", [{}, {"title": "x"}, {"text": None}, {"text": "  "}, {"text": 7}, {"html": ""}, {"text": float("nan")}]
)
def test_record_without_text(fields: dict[str, Any]) -> None:
    assert error_of(item(b"{}", "jsonl", record=fields)) == ("read", "no-text")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "it has neither `text` nor `html`"),
        ({"text": None, "html": None}, "it has neither `text` nor `html`"),
        ({"text": "  ", "html": []}, "`text` is blank"),
        ({"text": ["A paragraph.", "Another."]}, "`text` is a list, not a text"),
        ({"text": {"body": "A paragraph."}}, "`text` is an object, not a text"),
        ({"text": 7.5}, "`text` is a number, not a text"),
        ({"text": True}, "`text` is true or false, not a text"),
        ({"html": b"<p>A paragraph.</p>"}, "`html` is bytes, not a text"),
        ({"html": " "}, "`html` is blank"),
    ],
)
def test_what_a_record_has_for_a_text_is_told(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ItemError, match="^the record holds no article: " + re.escape(said)):
        read(item(b"{}", "jsonl", record=fields), SETTINGS)


def test_rejects_say_why() -> None:
    assert error_of(item(b"")) == ("decode", "empty")
    assert error_of(item(b" \n\t\n")) == ("decode", "empty")
    assert error_of(item(bytes(range(256)) * 20)) == ("decode", "binary")
    assert error_of(item("<html><body></body></html>", "html")) == ("extract", "no-content")
    assert error_of(item("<html><body><h1>Old bridge closed</h1></body></html>", "html")) == ("extract", "no-content")
    picture = item("GIF89a text", "warc", url=URL, http_status=200, http_headers={"Content-Type": "image/gif"})
    assert error_of(picture) == ("extract", "not-text")
