"""`copydesk settings`, and what is said of settings that are wrong."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from copydesk.settings import Settings, load
from flows.options import read_settings
from tests.flows.test_cli import command

FILE = """
workers = 3
output = "a \\"b\\" \\\\ c"
rules = ["one.toml", "two"]
learn = false
item_seconds = 1.5

[map]
title = "head\\u007fline"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_printed_is_a_settings_file_that_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    Path("copydesk.toml").write_text(FILE, encoding="utf-8")
    assert command("settings") == 0
    printed = capsys.readouterr().out
    assert load(tomllib.loads(printed)) == read_settings()
    assert "workers = 3  # copydesk.toml\n" in printed
    assert "max_item_bytes = 33554432  # default\n" in printed


def test_every_setting_is_there_with_what_it_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("settings", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == set(Settings.model_fields)
    assert {one["from"] for one in told.values()} == {"default"}
    assert command("settings") == 0
    printed = capsys.readouterr().out
    assert all(f"# {field.description}\n" in printed for field in Settings.model_fields.values())


def test_another_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("nightly.toml").write_text("workers = 5\n", encoding="utf-8")
    assert command("settings", "--config", "nightly.toml", "--json") == 0
    assert json.loads(capsys.readouterr().out)["workers"] == {"value": 5, "from": "nightly.toml"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("worker = 3", "worker: there is no such setting; did you mean workers?"),
        ("max-item-bytes = 3", "max-item-bytes: there is no such setting; did you mean max_item_bytes?"),
        ("zebra = 3", "zebra: there is no such setting (`copydesk settings` lists all)"),
        ("workers = 0", "workers: must be at least 1, not 0"),
        ('output = ["a"]', "settings: output: must be a path or a URL ("),
        ("output = 3", "settings: output: must be a path or a URL ("),
        ('output = " "', "settings: output: must be a path or a URL, not blank; this folder is . ("),
        ('[map]\ntitle = ""', "settings: map: no name is given for title ("),
    ],
)
def test_what_is_wrong_is_said(line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("copydesk.toml").write_text(line, encoding="utf-8")
    assert command("settings") == 2
    assert says in capsys.readouterr().err


def test_an_output_that_is_blank_is_not_this_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.txt").write_text("The council met on Tuesday to vote on the bridge.", encoding="utf-8")
    assert command("ingest", "a.txt", "-o", "", "-w", "1") == 2
    assert "output: must be a path or a URL, not blank" in capsys.readouterr().err
    assert [entry.name for entry in Path().iterdir()] == ["a.txt"]


def test_a_mark_of_the_encoding_is_no_part_of_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("copydesk.toml").write_text("\ufeffworkers = 5\n", encoding="utf-8")
    assert command("settings", "--json") == 0
    assert json.loads(capsys.readouterr().out)["workers"]["value"] == 5


def test_names_that_are_not_utf_8(capsys: pytest.CaptureFixture[str]) -> None:
    odd = os.fsdecode(b"n\xff")
    Path(f"{odd}.txt").write_text("The council met on Tuesday to vote on the bridge.", encoding="utf-8")
    assert command("ingest", f"{odd}.txt", "-o", "out", "-w", "1", "--json") == 0
    assert json.loads(json.loads(capsys.readouterr().out)["settings"])["inputs"] == ["n\ufffd.txt"]
    assert command("ingest", f"{odd}.txt", "-o", odd, "-w", "1") == 2
    assert "output: must be UTF-8, not 'n\\udcff'" in capsys.readouterr().err
    assert command("ingest", f"{odd}.txt", "-o", "out", "--map", f"title={odd}") == 2
    assert "map: must be UTF-8, not 'n\\udcff'" in capsys.readouterr().err
    assert command("ingest", f"{odd}.txt", "-o", "out", "--map", f"{odd}=title") == 2
    assert "map: unknown field n\ufffd" in capsys.readouterr().err
    assert command("ingest", f"{odd}.none", "-o", "out", "-w", "1", "--log-format", "json") == 2
    assert json.loads(capsys.readouterr().err)["message"] == "n\ufffd.none: no such file or folder"
