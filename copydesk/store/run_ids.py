"""Ids of runs: the moment at which one began, in UTC and to the microsecond, so that they sort as the runs do."""

from __future__ import annotations

import datetime as dt
import re

PATTERN = re.compile(r"\d{8}-\d{6}-\d{6}")

_FORMAT = "%Y%m%d-%H%M%S-%f"


def of(moment: dt.datetime) -> str:
    """The id of a run that began then. moment: timezone-aware."""
    utc = moment.astimezone(dt.UTC)
    return f"{utc.year:04}{utc:%m%d-%H%M%S-%f}"  # %Y has no zeros before a year of three digits


def after(run_id: str) -> str:
    """The least id that is greater."""
    return of(dt.datetime.strptime(run_id, _FORMAT).replace(tzinfo=dt.UTC) + dt.timedelta(microseconds=1))
