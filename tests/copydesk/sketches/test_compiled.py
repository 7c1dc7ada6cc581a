"""Loops that one thread loads while another begins."""

from __future__ import annotations

import functools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from copydesk.sketches import compiled


def test_two_threads_load_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    @functools.cache
    def slowly() -> None:
        loaded.append("once")
        time.sleep(0.05)

    monkeypatch.setattr(compiled, "_compiled", slowly)
    monkeypatch.setattr(compiled, "_met", compiled.COMPILE_BYTES)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(compiled.rehearse), pool.submit(compiled.loops_for, 1)
        assert (first.result(), second.result()) == (None, None)
    assert loaded == ["once"]
