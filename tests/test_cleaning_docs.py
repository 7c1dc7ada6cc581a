"""What docs/cleaning.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cleaners.rules import FIELD_NAMES, Scope
from copydesk.articles import cleaning
from tests.flows.test_cli import command

PAGE = (Path(__file__).parent.parent / "docs" / "cleaning.md").read_text(encoding="utf-8")


def block(label: str) -> str:
    (found,) = re.findall(rf"^```{re.escape(label)}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ferry.txt").write_text(block("text ferry.txt"), encoding="utf-8")
    Path("my-rules.toml").write_text(block("toml rule my-rules.toml"), encoding="utf-8")


def test_explain_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("explain", "ferry.txt") == 0
    printed = capsys.readouterr().out
    for part in block("text explain ferry.txt").split("...\n"):
        assert part in printed
    assert "Tell us in the comments below what you will take along!-]" in printed


def test_the_rule_that_is_shown_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("rules", "check", "my-rules.toml") == 0
    assert capsys.readouterr().out == "1 rule, all examples hold\n"
    (rule,) = cleaning.own_rules([Path("my-rules.toml")])
    assert (rule.id, rule.category) == ("tide-table", "my-rules")
    assert command("rules", "test", "my-rules.toml", "ferry.txt") == 0
    assert "touches   0 articles" in capsys.readouterr().out


def test_scopes_and_fields_are_all_named() -> None:
    assert all(f"`{scope}`" in PAGE for scope in Scope.__args__)  # type: ignore[attr-defined]
    assert {"title", "bio"} <= set(FIELD_NAMES)
