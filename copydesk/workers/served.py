"""Imported by the process that workers are forked from, and by no other: it ends at once. Its workers do so anyway."""

from __future__ import annotations

from copydesk.workers.leaving import Leaving

LEAVING = Leaving(0)
