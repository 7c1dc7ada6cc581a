"""Runs, recoveries and maintenance that are killed anywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from copydesk.store import lease, place
from copydesk.upkeep.verify import verify
from tests.copydesk.outputs import publish, second_part
from tests.copydesk.s3 import S3
from tests.copydesk.store.in_bucket.made import BRIEF, keys, killed, mend, out, shown, start_anew


@pytest.mark.parametrize("step", [pytest.param(4, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)])
def test_killed_at_every_point(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Readers see the output as before or as after; the next run, here or on another machine, mends it, and nothing of
    a run that is not published is left in the bucket."""
    monkeypatch.setattr(lease, "LEASE_SECONDS", BRIEF)
    start_anew(s3)
    before, keys_before = shown(out(s3)), len(keys(s3))
    publish(place.local(out(s3)), second_part())
    after, keys_after = shown(out(s3)), len(keys(s3))
    names: list[str] = []
    for point in range(1, 200, step):
        elsewhere()
        start_anew(s3)
        name = killed("publish", s3, point, BRIEF)
        if not name:
            break
        names.append(name)
        found = shown(out(s3))
        assert found in (before, after), name
        if len(names) % 2:
            elsewhere()  # another machine mends it
        mend(s3)
        assert shown(out(s3)) == found, name
        assert verify(out(s3), read_data=True) == [], name
        assert len(keys(s3)) == (keys_after if found == after else keys_before), name
        if found == before:
            publish(place.local(out(s3)), second_part())
            assert shown(out(s3)) == after, name
    assert point > 12


@pytest.mark.parametrize("step", [pytest.param(3, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)])
def test_a_recovery_killed_at_every_point(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", BRIEF)
    start_anew(s3)
    before, keys_before = shown(out(s3)), len(keys(s3))
    for point in range(1, 200, step):
        elsewhere()
        start_anew(s3)
        assert killed("publish", s3, "origin: before manifest", BRIEF)
        elsewhere()
        name = killed("recover", s3, point, BRIEF)
        assert shown(out(s3)) == before, name
        mend(s3)
        assert shown(out(s3)) == before, name
        assert verify(out(s3), read_data=True) == [], name
        assert len(keys(s3)) == keys_before, name
        if not name:
            break
    assert point > 5


@pytest.mark.slow
def test_maintenance_killed_at_every_point(
    s3: S3, elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", BRIEF)
    for point in range(1, 200, 5):
        elsewhere()
        start_anew(s3)
        publish(place.local(out(s3)), second_part())
        before = shown(out(s3))
        name = killed("maintain", s3, point, BRIEF)
        assert shown(out(s3)) == before, name
        elsewhere()
        mend(s3)
        assert shown(out(s3)) == before, name
        assert verify(out(s3), read_data=True) == [], name
        if not name:
            break
    assert point > 20
