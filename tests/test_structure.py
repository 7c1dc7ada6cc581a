"""The house rules that a machine can hold: which way imports run, what start-up may import, generated pages."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from copydesk.settings import Settings
from flows.cli import ingest
from tests.tools.make_reference import pages

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "cleaners": {"cleaners"},
    "copydesk": {"cleaners", "copydesk"},
    "flows": {"cleaners", "copydesk", "flows"},
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        wrong = (imported(path) & set(MAY_IMPORT)) - MAY_IMPORT[package]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_cleaners_know_no_files_formats_or_orchestrators() -> None:
    for path in (ROOT / "cleaners").rglob("*.py"):
        assert not imported(path) & {"prefect", "pyarrow", "socket", "urllib", "requests", "httpx", "duckdb"}, path


def test_nothing_slow_is_imported_before_it_is_needed() -> None:
    code = "import sys, copydesk, flows.cli, copydesk.pipeline; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"prefect", "trafilatura", "datasketch", "scipy", "duckdb", "pandas", "numba"} & set(loaded)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_reference_is_what_the_code_says(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == pages()[page], "run: make reference"


def test_every_setting_is_an_option_of_ingest() -> None:
    options = set(ingest.__annotations__)
    assert set(Settings.model_fields) - {"inputs"} <= options


def test_every_command_ends_its_help_with_examples() -> None:
    told = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for part in re.split(r"^##+ copydesk ", told, flags=re.MULTILINE)[1:]:
        assert "**Examples**:" in part or part.startswith("rules\n"), part.splitlines()[0]


def test_every_package_is_installed() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {p.parent.relative_to(ROOT) for top in MAY_IMPORT for p in (ROOT / top).rglob("__init__.py")}
    assert {".".join(folder.parts) for folder in folders} == set(named)


def test_lock_file_names_no_host() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
