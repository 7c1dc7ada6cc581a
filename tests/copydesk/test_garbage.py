"""Garbage is collected as before once a stage is done, however it ends."""

from __future__ import annotations

import gc

import pytest

from copydesk.garbage import THRESHOLD, seldom_collected


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
