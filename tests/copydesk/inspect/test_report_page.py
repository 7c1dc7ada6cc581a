"""The report in a real browser: no errors, no network, readable on a phone and in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench import report as bench
from copydesk.inspect.report import write
from tests.browser import DESK, PHONE, browser, opened
from tests.copydesk.corpus import ingest, story, write_jsonl
from tests.copydesk.inspect.test_report import HOSTILE, SCRIPT

if TYPE_CHECKING:
    from playwright.sync_api import Browser


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    bench.build(folder / "out", 3000)
    record = {"title": HOSTILE, "publisher": HOSTILE, "url": SCRIPT, "text": story(1), "date": "2026-03-29"}
    ingest(folder / "out", write_jsonl(folder / "in.jsonl", [record]), guard=False)
    return write(folder / "out", folder / "page.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_it_says_nothing_loads_nothing_and_fits(
    chromium: Browser, page: Path, size: tuple[int, int], scheme: str
) -> None:
    shown = opened(chromium, page, size, scheme)
    for summary in shown.page.query_selector_all("section > .row > summary"):
        summary.click()
    assert shown.said == []
    assert [url for url in shown.asked if not url.startswith("data:")] == [page.as_uri()]
    assert shown.width() <= size[0]


def test_dark_is_dark(chromium: Browser, page: Path) -> None:
    def lightness(scheme: str, selector: str, name: str) -> int:
        colour = opened(chromium, page, scheme=scheme).style(selector, name)
        return sum(int(part) for part in colour.strip("rgb()").split(","))

    assert lightness("dark", "body", "background-color") < 150 < 600 < lightness("light", "body", "background-color")
    assert lightness("light", "svg text", "fill") < 200 < 500 < lightness("dark", "svg text", "fill")


def test_a_number_opens_its_examples_and_its_query(chromium: Browser, page: Path) -> None:
    shown = opened(chromium, page).page
    row = shown.query_selector("#publishers > .row")
    assert row
    example, query = row.query_selector("li"), row.query_selector("pre")
    assert example
    assert query
    assert not example.is_visible()
    summary = row.query_selector("summary")
    assert summary
    summary.click()
    assert example.is_visible()
    assert query.is_visible()
    assert "publisher IS NOT DISTINCT FROM 'The Invented Herald" in query.inner_text()


def test_charts_are_drawn(chromium: Browser, page: Path) -> None:
    shown = opened(chromium, page, PHONE).page
    drawn = [box for svg in shown.query_selector_all("figure svg") if (box := svg.bounding_box())]
    assert len(drawn) >= 8
    assert all(200 < box["width"] <= PHONE[0] and box["height"] > 40 for box in drawn)
    sizes = "[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height)"
    assert min(height for height in shown.evaluate(sizes) if height) > 8
