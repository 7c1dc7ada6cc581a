"""The documentation is held to the code: its Python runs, its commands are understood, its settings exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from copydesk import settings
from copydesk.pipeline import run
from flows.cli import app
from tests.copydesk.corpus import story, write_jsonl

ROOT = Path(__file__).parent.parent
PAGE_NAMES = ("cleaning", "ingesting", "pages", "report", "schedules", "seeds", "templates")
PAGES = [ROOT / "README.md", *(ROOT / f"docs/{n}.md" for n in PAGE_NAMES)]
COMMAND = re.compile(r"^(?: {4})?(?:.*\| )?(copydesk [a-z].*)$", re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    shown = "\n".join([*blocks(page, ""), *re.findall(r"^ {4}copydesk.*$", page.read_text("utf-8"), re.MULTILINE)])
    return [re.split(r"\s+[#>|]", line)[0] for line in COMMAND.findall(shown)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_python_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_jsonl(tmp_path / "in.jsonl", [{"text": story(n)} for n in range(2)])  # no duplicates, no rejects
    run(settings.load({"inputs": [str(file)], "workers": 1}))
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), {})
        assert capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_commands_are_understood(page: Path) -> None:
    found = commands(page)
    assert found
    for line in found:
        app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_settings_exist(page: Path) -> None:
    for block in blocks(page, "toml"):
        settings.load(tomllib.loads(block))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), link
