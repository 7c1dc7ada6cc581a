"""Each line of docs/guarantees.md that promises something names tests, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
PROMISES = [line for line in PAGE.splitlines() if line.startswith("| ") and "promise | proven by" not in line]


def test_every_promise_names_a_test() -> None:
    assert PROMISES
    for line in PROMISES:
        assert re.search(r"`tests/\S+\.py::test_\w+`", line.split(" | ")[1]), line


def test_the_tests_named_exist() -> None:
    for file, name in re.findall(r"`(tests/\S+\.py)::(\w+)`", PAGE):
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), f"{file}::{name}"
