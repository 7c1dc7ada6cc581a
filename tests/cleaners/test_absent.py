"""Packages that are not there for who imports with no use for them."""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from cleaners.absent import absent

NAME = "wave"  # of the standard library, which nothing here imports


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, NAME, raising=False)


@pytest.mark.usefixtures("unknown")
def test_it_is_absent_within_and_there_after_it() -> None:
    with absent("another"), absent(NAME):
        with pytest.raises(ModuleNotFoundError), absent("a third"):
            importlib.import_module(NAME)
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(NAME)
    assert importlib.import_module(NAME)


@pytest.mark.usefixtures("unknown")
def test_another_thread_has_it_meanwhile() -> None:
    with absent(NAME), ThreadPoolExecutor(1) as other:
        assert other.submit(importlib.import_module, NAME).result()
