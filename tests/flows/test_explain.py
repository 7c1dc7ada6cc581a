"""copydesk explain: files, streams, ids and URLs; colours on a terminal, plain text in a pipe, everything as JSON."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from cleaners import Removal, templates
from copydesk.inspect import relatives
from copydesk.inspect.explain import Explanation, of_input
from copydesk.model import Reject
from copydesk.settings import Settings
from copydesk.store.dataset import open_dataset
from flows import explained
from tests.copydesk.corpus import ingest, story, write_jsonl
from tests.flows.test_cli import command

QUOTED = "“Sign up for our newsletter,” said the sign on the door."
BODY = f"{story(1)}\n\nAdvertisement\n\n{QUOTED}\n\n{story(2)}"
ARTICLE = f"By Ida Brandt\n\n{BODY}"
URL = "https://a.example/1"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert command("explain", *arguments, "--json") == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["articles"]
    return found


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert command("explain", *arguments) == 0
    return capsys.readouterr().out


def test_a_file_without_any_output(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    Path("a.txt").write_text(ARTICLE)
    plain = shown(capsys, "a.txt")
    assert "[-By Ida Brandt-] {byline: authors}" in plain
    assert "[-Advertisement-] {ad-word}" in plain
    assert f"[={QUOTED}=] {{keep-quote over newsletter-suffix}}" in plain
    assert re.search(r"^authors\* +Ida Brandt$", plain, re.MULTILINE)
    assert "saved by a veto: 1" in plain
    assert [p.name for p in here.iterdir()] == ["a.txt"]


def test_json_has_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(Path("in.jsonl"), [{"id": "x", "url": URL, "title": "Rain", "section": "News", "text": ARTICLE}])
    (one,) = told(capsys, "in.jsonl")
    assert one["text"] == ARTICLE
    assert one["cleaned"] == BODY.replace("Advertisement\n\n", "")
    assert [(r["rules"], r["category"], r["field"]) for r in one["removals"]] == [
        (["byline"], "header", "authors"),
        (["ad-word"], "ad_marker", None),
    ]
    (saved,) = one["vetoed"]
    assert (saved["vetoes"], saved["rules"]) == (["keep-quote"], ["newsletter-suffix"])
    assert (one["record"]["title"], one["record"]["authors"]) == ("Rain", ["Ida Brandt"])
    assert one["found_in_text"] == ["authors"]
    assert one["relatives"] == one["notes"] == []
    assert "text" not in one["record"]


@pytest.mark.parametrize("rules", [(), ("--without", "ad_marker")])
def test_what_it_says_is_what_a_run_does(
    rules: tuple[str, ...], capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    file = write_jsonl(Path("in.jsonl"), [{"url": URL, "text": ARTICLE}])
    ingest(here / "out", file, without=rules[1:])
    (before,) = told(capsys, "in.jsonl", *rules)
    (after,) = told(capsys, URL, "-o", "out", *rules)
    for name in ("text", "cleaned", "removals", "vetoed", "found_in_text"):
        assert before[name] == after[name]
    assert before["record"]["id"] == after["record"]["id"]
    assert after["notes"] == []


def test_what_is_cut_alike_in_one_line_is_told_once() -> None:
    first, second, third = (
        Removal(start, start + 5, "x" * 5, (rule,), "caption")
        for start, rule in ((0, "caption-toggle"), (9, "photo-line"), (20, "caption-toggle"))
    )
    line = explained.Line((), (first, second, third))
    assert explained.labels(line) == [("caption-toggle (2 times)", first), ("photo-line", second)]


def test_several_articles_the_first_or_the_one(capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(Path("in.jsonl"), [{"id": n, "text": story(n)} for n in range(8)])
    assert [one["record"]["source_id"] for one in told(capsys, "in.jsonl")] == list("01234")
    assert [one["record"]["source_id"] for one in told(capsys, "in.jsonl", "--limit", "2")] == ["0", "1"]
    assert [one["record"]["source_id"] for one in told(capsys, "in.jsonl", "--item", "7")] == ["6"]
    assert command("explain", "in.jsonl", "--item", "9") == 2
    assert "no item 9" in capsys.readouterr().err


def test_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    paragraphs = "".join(f"<p>{part}</p>" for part in ARTICLE.split("\n\n"))
    Path("page.html").write_text(f"<html><title>Rain</title><body><article>{paragraphs}</article></body></html>")
    (one,) = told(capsys, "page.html")
    assert one["record"]["extracted_by"] == "copydesk"
    assert ["ad-word"] in [removal["rules"] for removal in one["removals"]]


@pytest.mark.parametrize("given", [ARTICLE, json.dumps({"text": ARTICLE})])
def test_standard_input_of_any_format(given: str) -> None:
    code = "from flows.cli import main; main(['explain', '-', '--json'])"
    done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, text=True, check=True)
    (one,) = json.loads(done.stdout)["articles"]
    assert one["text"] == ARTICLE
    assert one["record"]["source_uri"] == "-"
    assert "copydesk-" not in done.stdout


def test_what_cannot_be_read_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(Path("in.jsonl"), [{"id": "x\x1b[2J"}, {"text": "Advertisement"}, {"text": ARTICLE}])
    out = shown(capsys, "in.jsonl")
    assert "no article (read, no-text)" in out
    assert "it would be rejected (clean, nothing-left)" in out
    assert "\x1b" not in out
    assert command("explain", "in.jsonl", "--item", "1") == 1
    capsys.readouterr()
    assert command("explain", "in.jsonl", "--item", "1", "--json") == 1
    assert json.loads(capsys.readouterr().out)["articles"][0]["reject"]["error"] == "no-text"


# Of an output.


@pytest.fixture
def output(here: Path) -> Path:
    extra = story(9, 14)
    records = [
        {"url": URL, "publisher": "Harbor Post", "title": "Rain", "date": "2024-05-01", "text": ARTICLE},
        {"url": "https://b.example/1", "date": "2024-05-02", "text": f"{ARTICLE}\n\n{extra}"},
        {"url": "https://c.example/1", "date": "2024-05-03", "text": BODY},
        {"url": "https://d.example/1", "date": "2024-05-03", "text": story(5)},
    ]
    ingest(here / "out", write_jsonl(here / "one.jsonl", records))
    ingest(here / "out", write_jsonl(here / "two.jsonl", [{**records[0], "text": f"{BODY}\n\nIt rained again."}]))
    return here / "out"


def test_an_article_with_its_copies_and_versions(capsys: pytest.CaptureFixture[str], output: Path) -> None:
    (first,) = open_dataset(output, "articles").to_table(columns=["id", "url"]).filter(_url(URL)).to_pylist()
    (one,) = told(capsys, first["id"], "-o", "out")
    assert one["text"] == ARTICLE
    assert one["where"] == f"articles/{first['id']}"
    assert [(r["kind"], r["relation"], r["url"]) for r in one["relatives"]] == [
        ("later version", None, URL),
        ("copy", "extended", "https://b.example/1"),
        ("copy", "exact", "https://c.example/1"),
    ]
    assert 0 < one["relatives"][1]["jaccard"] < one["relatives"][2]["jaccard"] == 1
    plain = shown(capsys, first["id"], "-o", "out")
    assert re.search(r"^copy: duplicates/\w{32}  extended  jaccard 0\.\d\d  .*https://b.example/1$", plain, re.M)


def test_a_copy_tells_of_what(capsys: pytest.CaptureFixture[str], output: Path) -> None:
    (one,) = told(capsys, "https://b.example/1", "-o", "out")
    assert one["where"].startswith("duplicates/")
    assert [(r["kind"], r["relation"]) for r in one["relatives"]][:1] == [("copy of", "extended")]
    assert one["relatives"][0]["publisher"] == "Harbor Post"
    assert {r["kind"] for r in one["relatives"][1:]} == {"same story"}


def test_a_url_means_the_latest_version(capsys: pytest.CaptureFixture[str], output: Path) -> None:
    (one,) = told(capsys, URL, "-o", "out")
    assert one["where"].startswith("revisions/")
    assert one["text"].endswith("It rained again.")
    assert ("earlier version", 1) in [(r["kind"], r["version"]) for r in one["relatives"]]


def test_todays_rules_may_cut_otherwise(capsys: pytest.CaptureFixture[str], output: Path) -> None:
    (one,) = told(capsys, "https://c.example/1", "-o", "out", "--without", "ad_marker")
    assert [removal["rules"] for removal in one["removals"]] == [["ad-word"]]  # as it was ingested
    assert "reclean --dry-run" in one["notes"][0]


def test_what_was_learned_of_a_site_is_no_change_of_rules(
    capsys: pytest.CaptureFixture[str], output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = relatives.find

    def find(*arguments: Any) -> list[Any]:
        ((name, row, removals),) = real(*arguments)
        line = row["text"].partition("\n")[0] + "\n\n"
        learned = Removal(0, len(line), line, ("template:x",), templates.CATEGORY)
        row["text"] = row["text"].removeprefix(line)
        return [(name, row, [learned, *removals])]

    monkeypatch.setattr(relatives, "find", find)
    (one,) = told(capsys, "https://c.example/1", "-o", "out")
    assert [r["category"] for r in one["removals"]] == [templates.CATEGORY, "ad_marker"]
    assert one["notes"] == []


def test_stories_that_overlap(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    shared, own, other = story(1, 4), story(2, 18), story(3, 18)
    records = [{"url": f"https://{n}.example/1", "text": f"{shared}\n\n{t}"} for n, t in (("a", own), ("b", other))]
    ingest(here / "out", write_jsonl(here / "in.jsonl", records))
    links = open_dataset(here / "out", "overlaps").to_table().to_pylist()
    (one,) = told(capsys, URL, "-o", "out")
    assert [(r["kind"], r["jaccard"]) for r in one["relatives"]] == [("overlap", link["jaccard"]) for link in links]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere.txt",), "no such file"),
        (("nowhere.txt", "-o", "out"), "neither an id"),
        (("https://nowhere.example/1", "-o", "out"), "no article https://nowhere.example/1"),
        (("0" * 32, "-o", "out"), "no article 000"),
        (("one.jsonl", "--item", "0"), "--item. Must be >= 1"),
        (("one.jsonl", "--limit", "0"), "--limit. Must be >= 1"),
        (("one.jsonl", "--limit", "9" * 30), "--limit. Must be <= 1000000000"),
        (("--no-such",), "no-such"),
        ((), "ARTICLE"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], says: str, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("explain", *arguments) == 2
    captured = capsys.readouterr()
    assert says in captured.out + captured.err


def test_a_row_that_cannot_be_restored_is_said(capsys: pytest.CaptureFixture[str], output: Path) -> None:
    path = sorted((output / "removals").rglob("*.parquet"))[0]
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    assert command("explain", "https://b.example/1", "-o", "out") == 1
    assert "cannot be had" in capsys.readouterr().err


# On a terminal.


def on_terminal(found: Explanation | Reject, width: int) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", width=width, highlight=False, markup=False
    )
    explained.show(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _explained(text: str) -> Explanation:
    Path("a.txt").write_text(text)
    (found,) = of_input("a.txt", Settings(), None, 1)
    assert isinstance(found, Explanation)
    return found


@pytest.mark.parametrize("width", [60, 140])
def test_on_a_terminal_what_is_cut_is_struck_through(width: int) -> None:
    out = on_terminal(_explained(ARTICLE), width)
    struck = "".join(re.findall(r"\x1b\[(?:\d+;)*9(?:;\d+)*m([^\x1b]*)", out))
    assert "Advertisement" in struck
    assert "By Ida Brandt" in struck
    assert "Mill Lane" not in struck
    assert "keep-quote" in out
    bare = re.sub(r"\x1b\[[\d;]*m", "", out)
    assert max(map(len, bare.splitlines())) <= width
    beside = [line for line in bare.splitlines() if "Ida Brandt" in line and "authors*" in line]
    assert bool(beside) == (width == 140 or "authors*" in bare)


def test_nothing_of_an_article_runs_in_the_terminal() -> None:
    evil = "\x1b]0;gone\x07\x1b[2J\u202e"
    text = f"{evil}[red]not markup[/red]\nPhoto{evil}"
    found = _explained(story(1))
    assert found.record is not None
    found = replace(
        found,
        where=f"a{evil}",
        text=text,
        removals=(Removal(len(text) - 5, len(text), "", (f"r{evil}",), f"c{evil}", "field", f"f{evil}"),),
        record=found.record | {"title": f"t{evil}", "tags": [evil]},
        notes=(evil,),
    )
    reject = Reject(f"a{evil}", evil, "read", "bad", evil)
    for out in (on_terminal(found, 100), explained.plain(found), on_terminal(reject, 100), explained.plain(reject)):
        bare = re.sub(r"\x1b\[(?:\d+(?:;\d+)*)?m", "", out)
        assert not set(bare) & set("\x1b\x07\u202e")
        assert "[red]not markup[/red]" in bare or "no article" in bare
    assert "\\u001b]0;gone" in explained.as_json([found])


def test_the_lines_are_those_of_the_text() -> None:
    found = _explained(ARTICLE)
    assert "\n".join("".join(part for part, _ in line.parts) for line in explained.lines(found)) == ARTICLE
    assert sum(len(line.begin) for line in explained.lines(found)) == len(found.removals) + len(found.vetoed) == 3


def test_every_category_has_its_colour() -> None:
    assert explained.colour("ad_marker") == explained.colour("ad_marker") != explained.colour("caption")
    assert explained.colour("bells") in {"red", "green", "yellow", "blue", "magenta", "cyan"}


def test_prefect_is_not_imported() -> None:
    Path("a.txt").write_text(ARTICLE)
    code = "import sys; from flows.cli import app; app(['explain', 'a.txt'], result_action='return_value'); "
    code += "assert not {'prefect', 'datasketch', 'duckdb', 'pandas', 'trafilatura'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def _url(url: str) -> Any:
    import pyarrow.compute as pc

    return pc.field("url") == url
