"""copydesk duplicates: a story's texts and their likeness; two of them word by word."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from copydesk.store.dataset import open_dataset
from tests.copydesk.corpus import ingest, story, write_jsonl
from tests.flows.test_cli import command

BODY = story(1, 30)
FIRST = "https://a.example/1"
SECOND = "https://b.example/1"


@pytest.fixture(autouse=True)
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An article with a later version, a longer copy and an exact one; a stranger that quotes all of it; another."""
    monkeypatch.chdir(tmp_path)
    records: list[dict[str, Any]] = [
        {"url": FIRST, "publisher": "Harbor Post", "title": "Rain", "date": "2024-05-01", "text": BODY},
        {"url": SECOND, "date": "2024-05-03", "text": f"{BODY}\n\n{story(9, 12)}"},
        {"url": "https://c.example/1", "date": "2024-05-02", "text": BODY},
        {"url": "https://d.example/1", "date": "2024-05-03", "text": story(5)},
        {"url": "https://a.example/2", "publisher": "Harbor Post", "text": f"{story(6, 90)}\n\n{BODY}"},
    ]
    ingest(tmp_path / "out", write_jsonl(tmp_path / "one.jsonl", records))
    later = {**records[0], "text": f"{BODY}\n\nIt rained again \x1b[2J."}
    (tmp_path / "alone.txt").write_text(story(7))
    ingest(tmp_path / "out", write_jsonl(tmp_path / "two.jsonl", [later]), tmp_path / "alone.txt")
    return tmp_path / "out"


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert command("duplicates", *arguments, "-o", "out", "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert command("duplicates", *arguments, "-o", "out") == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert command("duplicates", *arguments, "-o", "out") == 2
    return capsys.readouterr().err


def id_of(output: Path, name: str, url: str) -> str:
    rows = open_dataset(output, name).to_table(columns=["id", "url"]).to_pylist()
    (found,) = (row["id"] for row in rows if row["url"] == url)
    return str(found)


@pytest.mark.parametrize("by", ["url", "id", "item_key"])
def test_a_story_from_any_of_its_texts(by: str, capsys: pytest.CaptureFixture[str], output: Path) -> None:
    article = id_of(output, "articles", FIRST)
    named = {"url": SECOND, "item_key": SECOND, "id": id_of(output, "duplicates", SECOND)}[by]
    (one,) = told(capsys, named)["stories"]
    assert one["id"] == article
    assert one["asked"] == [id_of(output, "duplicates", SECOND)]
    assert [(m["kind"], m["relation"], m["url"], m["version"]) for m in one["members"]] == [
        ("article", None, FIRST, 1),
        ("later version", None, FIRST, 2),
        ("copy", "exact", "https://c.example/1", 1),
        ("copy", "extended", SECOND, 1),
    ]
    later, exact, extended = one["members"][1:]
    assert later["revises"] == article
    assert 0.9 < later["jaccard"] < exact["jaccard"] == 1
    assert extended["containment_of_original"] == 1 > extended["containment_in_original"]
    (overlap,) = one["overlaps"]
    assert (overlap["url"], overlap["containment_in_original"]) == ("https://a.example/2", 1)


def test_it_is_shown_in_lines(capsys: pytest.CaptureFixture[str], output: Path) -> None:
    lines = shown(capsys, SECOND).splitlines()
    assert lines[0] == f"story {id_of(output, 'articles', FIRST)}: 4 texts, 3 publishers"
    assert [line.split()[0] for line in lines[1:]] == ["article", "version", "exact", "*", "overlap", "in:"]
    assert re.search(r"^  article  +\w{32} +2024-05-01  Harbor Post  Rain  https://a.example/1$", lines[1])
    assert re.search(r"^\* extended  +\w{32}  jaccard 0\.\d\d  in 0\.\d\d  of 1\.00 +2024-05-03 ", lines[4])


def test_by_the_id_that_a_record_came_with(capsys: pytest.CaptureFixture[str], output: Path) -> None:
    own = {"id": "wire-77", "publisher": "Elm", "text": story(8)}
    ingest(output, write_jsonl(output.parent / "own.jsonl", [own]))
    (one,) = told(capsys, "wire-77")["stories"]
    assert [member["publisher"] for member in one["members"]] == ["Elm"]
    assert command("explain", "wire-77", "-o", "out") == 0
    assert "no such file" in refused(capsys, "wire-78")


def test_by_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert [len(one["members"]) for one in told(capsys, "alone.txt")["stories"]] == [1]
    assert len(told(capsys, "./one.jsonl")["stories"]) == 3
    assert len(told(capsys, f"../{Path.cwd().name}/one.jsonl")["stories"]) == 3
    assert len(told(capsys, "one.jsonl", "--limit", "1")["stories"]) == 1
    assert "5 articles of out are meant by one.jsonl" in refused(capsys, "one.jsonl", FIRST)


def test_two_texts_word_by_word(capsys: pytest.CaptureFixture[str], output: Path) -> None:
    pair = told(capsys, SECOND, FIRST)
    assert (pair["first"]["url"], pair["second"]["url"]) == (SECOND, FIRST)
    assert "text" not in pair["first"]
    assert (
        0 < pair["jaccard"] < pair["second_in_first"] < 1
    )  # the latest version of the second has a sentence of its own
    assert [piece["where"] for piece in pair["diff"]["pieces"]] == ["both", "first", "second"]
    assert pair["diff"]["pieces"][2]["text"].startswith("It rained again")
    plain = shown(capsys, SECOND, FIRST)
    assert re.search(r"^jaccard 0\.\d\d  first in second 0\.\d\d  second in first 0\.\d\d$", plain, re.MULTILINE)
    assert re.search(r" \.\.\. \d+ words in both \.\.\. ", plain)
    assert "{+It rained again" in plain
    assert "\x1b" not in plain
    same = told(capsys, id_of(output, "articles", FIRST), "https://c.example/1")
    assert [piece["where"] for piece in same["diff"]["pieces"]] == ["both"]
    assert same["jaccard"] == 1


def test_colours_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    pid, terminal = pty.fork()
    if pid == 0:
        code = f"from flows.cli import main; main(['duplicates', {SECOND!r}, {FIRST!r}, '-o', 'out'])"
        os.execv(sys.executable, [sys.executable, "-c", code])
    printed = b""
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        printed += read
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"\x1b[" in printed
    assert b"{+" not in printed
    assert b"\x1b[2J" not in printed


def test_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "has no article https://x.example/" in refused(capsys, "https://x.example/")
    assert "has no article https://x.example/" in refused(capsys, FIRST, "https://x.example/")
    assert "neither an id of out nor a URL" in refused(capsys, "Harbor Post")
    assert "Must be >= 1" in refused(capsys, FIRST, "--limit", "0")
