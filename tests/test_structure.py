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


BELOW = {  # the packages of the engine and what each is built upon; its own modules (model, errors, ...) are below all
    "text": set(),
    "sources": {"text"},
    "pages": {"text"},
    "sketches": set(),
    "store": set(),
    "index": {"sketches", "store"},
    "dedup": {"index", "sketches"},
    "articles": {"index", "pages", "sketches", "text"},
    "templates": {"articles", "index", "sketches", "store"},
    "workers": {"articles", "sketches", "text"},
    "run": {"articles", "dedup", "index", "sketches", "sources", "store", "templates", "workers"},
    "upkeep": {"articles", "dedup", "index", "sketches", "store", "templates"},
    "inspect": {"articles", "run", "sketches", "sources", "store", "text", "upkeep"},
}
"""In an order in which each comes after those that it imports."""


def parts_imported(path: Path) -> set[str]:
    """The X of all its imports from copydesk.X."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("copydesk.")}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        wrong = (imported(path) & set(MAY_IMPORT)) - MAY_IMPORT[package]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_the_engine_is_built_in_layers() -> None:
    below: set[str] = set()
    for package, allowed in BELOW.items():
        assert allowed <= below, f"{package} comes before what it imports"
        below.add(package)
        for path in sorted((ROOT / "copydesk" / package).rglob("*.py")):
            wrong = parts_imported(path) & set(BELOW) - allowed - {package}
            assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"
    assert below == {p.parent.name for p in (ROOT / "copydesk").glob("*/__init__.py")}
    for path in (ROOT / "copydesk").glob("*.py"):
        assert path.name == "__init__.py" or not parts_imported(path) & set(BELOW), path


def test_cleaners_know_no_files_formats_or_orchestrators() -> None:
    for path in (ROOT / "cleaners").rglob("*.py"):
        assert not imported(path) & {"prefect", "pyarrow", "socket", "urllib", "requests", "httpx", "duckdb"}, path


def test_nothing_slow_is_imported_before_it_is_needed() -> None:
    code = "import sys, copydesk, flows.cli, copydesk.run.pipeline; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"prefect", "trafilatura", "datasketch", "scipy", "duckdb", "pandas", "numba"} & set(loaded)


def test_what_compiles_loops_imports_nothing_that_loops_do_not_use() -> None:
    code = (
        "import sys; from cleaners import compiler\n"
        "compiler.numba().njit(lambda n: n + 1)(1)  # what it puts off until then\n"
        "print(' '.join(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numba" in loaded
    assert not {"scipy", "cffi", "pycparser", "yaml", "colorama"} & set(loaded)


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
