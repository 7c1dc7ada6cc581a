"""The commands that look at an output, and the pages that explain makes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from justhtml import JustHTML

from copydesk.store.dataset import open_dataset
from tests import markup
from tests.browser import PHONE, browser, opened
from tests.copydesk.corpus import ingest, story, write_jsonl
from tests.copydesk.inspect.test_report import HOSTILE, SCRIPT
from tests.flows.test_cli import command

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ASKS = [f"Sign up for our newsletter number {n}." for n in range(30)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("looking")
    records = [
        {
            "url": f"https://a.example/{n}",
            "publisher": f"Paper {n}",
            "text": f"{story(n)}\n\n{ask}\n\n{story(n + 100, 2)}",
        }
        for n, ask in enumerate(ASKS)
    ]
    records.append({"url": "https://b.example/0", "publisher": "Other", "text": f"{story(0)}\n\n{story(300, 4)}"})
    records.append({"url": SCRIPT, "title": HOSTILE, "publisher": HOSTILE, "text": f"{HOSTILE}\n\n{story(50)}"})
    ingest(folder / "out", write_jsonl(folder / "in.jsonl", records), learn=False, without=("model",))
    return folder


@pytest.fixture(autouse=True)
def here(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)


def drawn(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert command("sample", "--rule", "newsletter-line", "-o", "out", "--json", *arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["removals"] == len(ASKS)
    for one in told["drawn"]:
        assert one["before"].endswith(".\n\n")
        assert one["after"]
        assert "newsletter-line" in one["rules"]
    return [one["text"].strip() for one in told["drawn"]]


def test_a_sample_is_drawn_by_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    every = drawn(capsys, "-n", "100")
    assert sorted(every) == sorted(ASKS)
    assert drawn(capsys, "-n", "5") == every[:5]
    assert drawn(capsys, "-n", "5", "--seed", "1") != every[:5]


def test_a_sample_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("sample", "--rule", "newsletter-line", "-n", "2", "-o", "out") == 0
    out = capsys.readouterr().out
    assert out.startswith("newsletter-line: 2 of 30 removals, seed 0\n")
    assert len(re.findall(r"^  \| \[-Sign up for our newsletter number \d+\.-\]$", out, re.M)) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sample", "--rule", "no-such", "-o", "out"), "no removal by a rule no-such"),
        (("sample", "--rule", "bio", "-n", "0", "-o", "out"), 'Invalid value "0" for -n'),
        (("sample", "--rule", "bio", "-n", "9" * 30, "-o", "out"), "Must be <= 1000000000"),
        (("report", "-o", "nowhere"), "nowhere is no output"),
        (("report", "-o", "out", "--to", "in.jsonl/page.html"), "cannot be written"),
        (("explain", "in.jsonl", "--html", "x.html", "--json"), "--html and --json exclude each other"),
        (("explain", "in.jsonl", "--html", "no/such/x.html"), "cannot be written"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*arguments) == 2
    assert says in capsys.readouterr().err


def test_report_writes_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("report", "-o", "out", "--to", "r.html") == 0
    assert capsys.readouterr().out.startswith("r.html: 0.")
    assert Path("r.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not list(Path().glob("*.part"))


def test_report_replaces_no_pipe_and_no_link(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe")
    reader = subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE)
    try:
        assert command("report", "-o", "out", "--to", "pipe") == 0
        assert Path("pipe").is_fifo()
        assert reader.communicate(timeout=60)[0].startswith(b"<!doctype html>")
    finally:
        reader.kill()
    Path("link.html").symlink_to("target.html")
    assert command("report", "-o", "out", "--to", "link.html") == 0
    assert Path("link.html").is_symlink()
    assert Path("target.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert command("report", "-o", "out", "--to", ".") == 2
    assert ".: cannot be written: Is a directory" in capsys.readouterr().err


def test_the_views_that_are_printed_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("views", "-o", "out") == 0
    db = duckdb.connect()
    db.execute("SET TimeZone = 'Pacific/Auckland'")
    db.execute(capsys.readouterr().out)
    assert db.sql("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    told = db.sql("SELECT copies, other_publishers, copied_by[1].relation FROM stories WHERE copies > 0").fetchall()
    assert told == [(1, 1, "truncated")]  # neither has a date, so the longer one is the article
    assert db.sql("SELECT count(*) FROM latest_text").fetchall() == [(len(ASKS) + 2,)]


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert command("explain", *arguments, "--html", "page.html") == 0
    assert capsys.readouterr().out == "page.html: 1 article\n"
    return Path("page.html").read_text(encoding="utf-8")


def test_explain_as_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    page = explained(capsys, "in.jsonl", "--item", "1")
    assert "<small>newsletter-line" in page
    assert f"<del>{ASKS[0]}</del>" in page
    assert "Its story" not in page


def test_the_page_tells_the_story_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    (copy,) = open_dataset("out", "duplicates").to_table(columns=["id", "duplicate_of", "jaccard"]).to_pylist()
    page = explained(capsys, copy["id"], "-o", "out")
    assert f"It is a copy of the article {copy['duplicate_of']}" in page
    assert f"(jaccard {copy['jaccard']:.2f})" in page
    assert "The article against this copy" in page
    page = explained(capsys, copy["duplicate_of"], "-o", "out")
    assert "It is the article of its story" in page
    assert copy["id"] in page
    other = explained(capsys, "https://a.example/9", "-o", "out")
    assert "It is a story of its own" in other


def test_a_reject_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(Path("bad.jsonl"), [{"id": HOSTILE}])
    assert command("explain", "bad.jsonl", "--html", "page.html") == 1
    assert "No article (read, no-text)" in Path("page.html").read_text(encoding="utf-8")


def test_a_hostile_article_is_only_text(capsys: pytest.CaptureFixture[str]) -> None:
    page = explained(capsys, "in.jsonl", "--item", "32")
    assert (markup.faults(page), markup.runs(page), markup.loads(page)) == ([], [], [])
    assert markup.policy(page)["default-src"] == "'none'"
    assert "<script>alert(1)</script>" in JustHTML(page, sanitize=False).to_text(separator="", strip=False)
    assert "\u202e" not in page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def test_a_hostile_article_is_text_in_a_browser(chromium: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    page = explained(capsys, "in.jsonl", "--item", "32")
    assert "\u202e" not in page
    shown = opened(chromium, Path("page.html"), PHONE, "dark")
    assert shown.said == []
    assert len([url for url in shown.asked if not url.startswith("data:")]) == 1
    assert shown.width() <= PHONE[0]
    assert "<script>alert(1)</script>" in shown.page.inner_text("body")
    assert not shown.page.query_selector_all("script, img")
