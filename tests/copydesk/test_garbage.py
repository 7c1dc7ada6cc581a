"""Garbage is collected as before once a stage is done, however it ends; what is free goes back to the system."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

from copydesk.garbage import THRESHOLD, give_back, seldom_collected, uncollected


def test_only_within() -> None:
    before = gc.get_threshold()
    assert seldom_collected(gc.get_threshold)() == THRESHOLD
    assert gc.get_threshold() == before

    @seldom_collected
    def failing() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        failing()
    assert gc.get_threshold() == before


def test_nothing_is_collected_while_modules_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(gc.isenabled()))

    @uncollected()
    def failing() -> None:
        raise ImportError(str(gc.isenabled()))

    with pytest.raises(ImportError, match="False"):
        failing()
    assert gc.isenabled()
    assert frozen == [False]


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])  # pages


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim is of the GNU C library")
def test_what_was_freed_between_what_stays_goes_back() -> None:
    large = [bytes(60_000) for _ in range(2000)]  # below what is mapped each by itself
    stays = large[::20]
    del large
    before = _resident()
    give_back()
    assert _resident() < before - 10_000
    assert len(stays) == 100
