"""Where everything lies under an output folder.

<dataset>/ingest_date=2026-11-22/<run_id>-00003.parquet     what users read
_state/lock, _state/leases/                                 who is writing
_state/commits/<run_id>.json                                which files belong to a run: the truth
_state/commits/<first>.<last>.jsonl                         the same of many runs in one file
_state/commits/<run_id>.prepared.json                       a commit under way
_state/staging/<run_id>/manifest.json                       a commit about to be decided
_state/staging/<run_id>/final/                              what the run will publish, at its later place
_state/ledger/<run_id>.parquet, _state/index/<run_id>...    kept from run to run
_state/rulings/<run_id>.parquet                             what users have said of lines that sites repeat
_state/retired/<run_id>/...                                 files that the commit of that name replaced, for a while
_state/quarantine/...                                       broken files that `verify --repair` took out of the way
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

STATE = "_state"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one output."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / STATE

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def commits(self) -> Path:
        return self.state / "commits"

    @property
    def all_staging(self) -> Path:
        return self.state / "staging"

    @property
    def all_retired(self) -> Path:
        return self.state / "retired"

    def retired(self, run_id: str) -> Path:
        return self.all_retired / run_id

    @property
    def quarantine(self) -> Path:
        return self.state / "quarantine"

    def staging(self, run_id: str) -> Path:
        return self.all_staging / run_id

    def final(self, run_id: str) -> Path:
        return self.staging(run_id) / "final"

    def draft(self, run_id: str) -> Path:
        return self.staging(run_id) / "manifest.json"

    def prepared(self, run_id: str) -> Path:
        return self.commits / f"{run_id}.prepared.json"

    def committed(self, run_id: str) -> Path:
        return self.commits / f"{run_id}.json"


def ingest_date(path: str) -> dt.date:
    """The partition of a dataset's file, from its relative path."""
    return dt.date.fromisoformat(path.split("/")[1].removeprefix("ingest_date="))
