"""A real headless browser for tests of pages: the Chromium that is installed; without one they are skipped.

`apt-get install chromium-headless-shell`, or a Chromium of any other origin, brings it. What needs no browser is told
by tests/markup.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE = (375, 812)
DESK = (1300, 900)


@dataclass
class Opened:
    """A page in the browser; said: what it wrote to the console. asked: addresses of all that it loaded."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def style(self, selector: str, name: str) -> str:
        script = "([s, n]) => getComputedStyle(document.querySelector(s)).getPropertyValue(n)"
        return str(self.page.evaluate(script, [selector, name]))


@contextmanager
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser: Browser, file: Path, size: tuple[int, int] = DESK, scheme: Any = "light") -> Opened:
    """The page of a file, from file://."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    found = Opened(context.new_page())
    found.page.on("console", lambda message: found.said.append(message.text))
    found.page.on("pageerror", lambda error: found.said.append(str(error)))
    found.page.on("dialog", lambda dialog: found.said.append(f"dialog {dialog.message}"))
    found.page.on("request", lambda request: found.asked.append(request.url))
    found.page.goto(file.absolute().as_uri())
    return found
