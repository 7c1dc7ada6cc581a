"""The house rules that a machine can hold: which way imports run, what start-up may import, generated pages."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from copydesk.schema import markdown
from copydesk.settings import Settings
from flows.cli import ingest

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


def test_the_schema_page_is_what_the_schema_says() -> None:
    page = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: copydesk schema > docs/schema.md"


def test_every_setting_is_an_option_of_ingest() -> None:
    options = set(ingest.__annotations__)
    assert set(Settings.model_fields) - {"inputs"} <= options


def test_every_package_is_installed() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {p.parent.relative_to(ROOT) for top in MAY_IMPORT for p in (ROOT / top).rglob("__init__.py")}
    assert {".".join(folder.parts) for folder in folders} == set(named)


def test_lock_file_names_no_host() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
