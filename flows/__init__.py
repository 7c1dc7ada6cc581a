"""How a run is started: the command line and the Prefect flows."""

import os

# Before anything imports Prefect, which reads them once: its telemetry is off unless the user turns it on.
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
