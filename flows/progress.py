"""What is told of a run while it goes on, on standard error: a bar on a terminal, lines of text or JSON if asked for.

In a pipe or a log nothing is told unless it is asked for.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

import orjson

from copydesk.errors import CopydeskError
from copydesk.run.pipeline import Progress, Summary
from copydesk.terminal import counted, printable_lines

LINE_SECONDS = 5.0
"""A line at the most this often, but for the ends of stages."""

WEIGHTS = {"process": 91, "learn": 2, "apply": 2, "match": 2, "publish": 3}
"""The stages in their order, with the share of a run's time that each takes (12,457 articles of news, two workers)."""


@dataclass(frozen=True, slots=True)
class State:
    """How far a run is. done, total: steps of the stage (shards, or 1). share: of the whole run, from 0 to 1.

    articles, rejects: read so far. per_second: of these, while reading. stage_left, left: seconds, of the stage and of
    the run; None if that cannot be told yet.
    """

    stage: str
    done: int
    total: int
    share: float
    articles: int
    rejects: int
    per_second: float | None
    stage_left: float | None
    left: float | None


class Clock:
    """Makes a State of each word of a run's progress. now: seconds, of a clock that does not go back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began = now()
        self._stage, self._stage_began = "", self._began
        self._articles = self._rejects = 0
        self._rate: float | None = None
        self._part = 0.0

    def told(self, stage: str, done: int, total: int, records: int, rejects: int) -> State:
        """The state of the run; all but the clock's time is what a pipeline.Progress is told."""
        now = self._now()
        if stage != self._stage:
            self._stage, self._stage_began = stage, now
        took = now - self._stage_began
        if records or rejects:
            self._articles, self._rejects = records, rejects
            self._rate = (records + rejects) / took if took > 0 else None
        if stage in WEIGHTS:
            self._part = self._share(stage, done / total if total else 1.0)
        share = self._part
        return State(
            stage=stage,
            done=done,
            total=total,
            share=share,
            articles=self._articles,
            rejects=self._rejects,
            per_second=self._rate,
            stage_left=took / done * (total - done) if done else None,
            left=(now - self._began) / share * (1 - share) if share > 0 else None,
        )

    @staticmethod
    def _share(stage: str, part: float) -> float:
        stages = list(WEIGHTS)
        before = sum(WEIGHTS[name] for name in stages[: stages.index(stage)])
        return (before + WEIGHTS[stage] * min(1.0, part)) / sum(WEIGHTS.values())


class Log:
    """Where it is told. `progress` is what the pipeline calls."""

    def __init__(self, tell: Callable[[State], None] | None) -> None:
        self._clock = Clock()
        self._tell = tell
        self.progress: Progress | None = self._told if tell else None

    def _told(self, stage: str, done: int, total: int, records: int, rejects: int, /) -> None:
        if self._tell:
            self._tell(self._clock.told(stage, done, total, records, rejects))

    def done(self, books: Summary) -> None:
        """The run has ended, with these books."""

    def failed(self, error: CopydeskError) -> None:
        """The run has failed; what is said of it is left to the caller, unless this raises SystemExit."""


@contextmanager
def told(log_format: Literal["text", "json"] | None, quiet: bool = False) -> Iterator[Log]:
    """The log of a run. quiet: nothing, unless a format is asked for."""
    if log_format == "json":
        log: Log = _Json()
    elif log_format == "text":
        log = Log(_seldom(lambda state: print(line(state), file=sys.stderr, flush=True)))
    elif quiet or not sys.stderr.isatty():
        log = Log(None)
    else:
        with _bars() as tell:
            yield Log(tell)
        return
    try:
        yield log
    except CopydeskError as error:
        log.failed(error)
        raise


def line(state: State) -> str:
    """A state in words."""
    told = [f"{state.share:4.0%}  {state.stage}"]
    if state.total > 1:
        told.append(f"{state.done:,} of {counted(state.total, 'shard')}")
    told.append(counts(state))
    if state.left is not None and state.share < 1:
        told.append(f"{span(state.left)} left")
    return ", ".join(part for part in told if part)


def counts(state: State) -> str:
    """What was read so far, and how fast."""
    if not (state.articles or state.rejects):
        return ""
    rate = f", {state.per_second:,.0f} a second" if state.per_second and state.stage == "process" else ""
    return f"{counted(state.articles, 'article')}, {counted(state.rejects, 'reject')}{rate}"


def span(seconds: float) -> str:
    """A time that is left, roughly."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _seldom(tell: Callable[[State], None]) -> Callable[[State], None]:
    last = time.monotonic() - LINE_SECONDS

    def told(state: State) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_SECONDS or state.done == state.total:
            last = now
            tell(state)

    return told


class _Json(Log):
    """An object a line: `event` is progress, done or failed."""

    def __init__(self) -> None:
        super().__init__(_seldom(lambda state: self._write("progress", _rounded(asdict(state)))))

    def done(self, books: Summary) -> None:
        self._write("done", asdict(books))

    def failed(self, error: CopydeskError) -> None:
        self._write("failed", {"exit_code": error.exit_code, "message": printable_lines(str(error))})
        raise SystemExit(error.exit_code) from error

    @staticmethod
    def _write(event: str, told: dict[str, Any]) -> None:
        row = {"time": dt.datetime.now(dt.UTC), "event": event, **told}
        print(orjson.dumps(row).decode(), file=sys.stderr, flush=True)


def _rounded(told: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in told.items()}


@contextmanager
def _bars() -> Iterator[Callable[[State], None]]:
    """A bar for the run, and one for each stage that has begun."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description:>8}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        whole = bars.add_task("run", total=1.0, note="")
        tasks: dict[str, Any] = {}

        def tell(state: State) -> None:
            if state.stage not in tasks:
                tasks[state.stage] = bars.add_task(state.stage, total=max(1, state.total), note="")
            left = f"{span(state.left)} left" if state.left is not None and state.share < 1 else ""
            bars.update(whole, completed=state.share, note=left)
            notes = [f"{state.done:,} of {counted(state.total, 'shard')}" if state.total > 1 else ""]
            if state.stage == "process":
                notes.append(counts(state))
            if state.stage_left:
                notes.append(f"{span(state.stage_left)} left")
            note = "  ".join(filter(None, notes))
            bars.update(tasks[state.stage], completed=state.done, total=max(1, state.total), note=note)

        yield tell
