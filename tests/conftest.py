"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# Before anything imports Prefect.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")
