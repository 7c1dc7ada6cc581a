"""Ids of runs sort as the moments do."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from copydesk.store import run_ids

MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.timezones())


def test_an_id_is_the_moment_in_utc() -> None:
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    assert run_ids.of(dt.datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=zone)) == "20261122-193203-000004"


def test_one_of_an_early_year_is_as_long_as_others_and_before_them() -> None:
    early = run_ids.of(dt.datetime(300, 1, 1, tzinfo=dt.UTC))
    assert early == "03000101-000000-000000"
    assert run_ids.PATTERN.fullmatch(early)


@given(MOMENTS, MOMENTS)
def test_they_sort_as_the_moments(one: dt.datetime, two: dt.datetime) -> None:
    assert (run_ids.of(one) < run_ids.of(two)) == (one.astimezone(dt.UTC) < two.astimezone(dt.UTC))


def test_after_an_id_comes_the_next_microsecond() -> None:
    assert run_ids.after("20261231-235959-999999") == "20270101-000000-000000"
