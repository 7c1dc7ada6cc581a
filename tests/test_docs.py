"""The documentation is held to the code: it is followed step by step, page by page (tests/shown.py says how)."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import copydesk
from copydesk import settings
from flows.cli import app, main
from tests.copydesk.corpus import ingest
from tests.shown import PAGES, ROOT, Step, elsewhere, lay, steps

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="session")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The desk, with an output of what lies on it."""
    folder = tmp_path_factory.mktemp("desk")
    lay(folder)
    ingest(folder / "output", folder / "news.jsonl", folder / "page.html", folder / "seeds" / "records")
    return folder


@pytest.fixture
def desk(laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(laid, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)  # one worker: no processes to start
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_it_can_be_followed(page: Path, desk: Path, laid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = ""
    for step in steps(page):
        if page.parent.name == "reference":  # no steps one after the other, but a list
            shutil.rmtree(desk / "output")
            shutil.copytree(laid / "output", desk / "output")
        with _told(step):
            printed = follow(step, capsys, printed)


def test_what_the_readme_shows_first(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    before, after = (re.findall(rf"^```text {name}\n(.*?)^```", readme, re.M | re.S)[0] for name in ("before", "after"))
    (tmp_path / "ferry.txt").write_text(before, encoding="utf-8")
    ingest(tmp_path / "out", tmp_path / "ferry.txt")
    (row,) = copydesk.open_dataset(tmp_path / "out", "articles").to_table().to_pylist()
    about = {
        "title": row["title"],
        "section": row["section"],
        "authors": ", ".join(row["authors"]),
        "published": f"{row['published_at']:%Y-%m-%d %H:%M} UTC ({row['published_precision']}, from the "
        f"{row['published_from']})",
        "credit": row["credit"],
    }
    shown = "\n".join(f"{name:<11}{value}" for name, value in about.items())
    assert f"{shown}\n\n{row['text'].strip()}\n" == after


def follow(step: Step, capsys: pytest.CaptureFixture[str], before: str) -> str:
    """Do as the step says. before: what the step before it printed. Returns what this one printed."""
    if step.kind == "prints":
        for line in step.text.splitlines():
            assert line in before, line
    elif step.kind == "file":
        Path(step.name).parent.mkdir(parents=True, exist_ok=True)
        Path(step.name).write_text(step.text, encoding="utf-8")
    elif step.kind == "settings":
        settings.load(tomllib.loads(step.text))
    elif step.kind == "python":
        if step.needs and importlib.util.find_spec(step.needs) is None:
            return ""
        exec(compile(step.text, "shown", "exec"), {"__name__": "shown"})
        printed = capsys.readouterr().out
        assert printed
        return printed
    elif step.kind == "sql":
        import duckdb

        db = duckdb.connect()
        db.execute(copydesk.duckdb_views("output"))
        assert db.sql(step.text).fetchall()
    elif elsewhere(step.text) is None:
        return run(step.text, capsys)
    elif step.text.startswith("copydesk"):
        app.parse_args(shlex.split(step.text.rstrip("& "))[1:], exit_on_error=False, print_error=False)
    return before if step.kind == "prints" else ""


def run(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """As a shell would; in this process if it is copydesk alone. Returns what it prints."""
    alone, _, to = command.partition(" > ")
    if command.startswith("copydesk ") and "|" not in command:
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(alone)[1:])  # globs of the documentation are quoted: copydesk takes them itself
        told = capsys.readouterr()
        assert not ended.value.code, told.err
        if to:
            Path(to).write_text(told.out, encoding="utf-8")
        return told.out
    done = subprocess.run(
        ["bash", "-c", command], env=os.environ | {"PATH": PATH}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class _told:
    """Says which step of a page failed."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            error.add_note(f"in the step: {self._step.kind} {self._step.name or self._step.text}")


def test_every_command_is_run_or_tried_elsewhere() -> None:
    """A new kind of command in the documentation must be one that is run here, or say where it is tried."""
    for page in PAGES:
        for step in steps(page):
            if step.kind != "command":
                continue
            where = elsewhere(step.text)
            runs = re.match(r"(copydesk|python|zcat [\w.]+ \||cat [\w./*]+ \|) ?", step.text)
            assert where or runs, f"{name(page)}: {step.text}"
            assert not where or (ROOT / where).exists()
            if step.text.startswith("make "):
                assert f"\n{step.text.split()[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_command_of_the_program_is_shown() -> None:
    shown = {" ".join(words) for page in PAGES for words in _words(page)}
    for command in _commands():
        assert any(line.startswith(command) for line in shown), f"no page shows {command}"


def _words(page: Path) -> Iterator[list[str]]:
    for step in steps(page):
        if step.kind == "command" and "copydesk " in step.text:
            yield shlex.split(step.text[step.text.index("copydesk ") :])


def _commands() -> Iterator[str]:
    for told in app.generate_docs().splitlines():
        if (found := re.match(r"#+ (copydesk [\w -]+)$", told)) and found[1] != "copydesk rules":
            yield found[1]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_its_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), link
