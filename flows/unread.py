"""Log lines that nobody reads: a flow's process writes them to a pipe of its worker, which may die before it."""

from __future__ import annotations

from rich.console import Console


def go_on_unread() -> None:
    """Have this process go on where its log lines have no reader any more. What Prefect's server is told goes another
    way.

    Prefect writes them with rich, which then raises SystemExit from the log line: a run of hours would end, or stand
    for ever (see tasks).
    """
    Console.on_broken_pipe = _be_quiet  # type: ignore[method-assign, assignment]


def _be_quiet(console: Console) -> None:
    console.quiet = True
