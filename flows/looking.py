"""Commands that look at an output and change nothing of it: report, views."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from copydesk.terminal import printable
from flows.options import Config, Output, existing, read_settings

REPORT_EXAMPLES = """
Examples:
  copydesk report -o output
  copydesk report -o output --to news.html
"""

VIEWS_EXAMPLES = """
Examples:
  copydesk views -o output > views.sql
  duckdb -init views.sql -c 'SELECT title, copies FROM stories ORDER BY copies DESC LIMIT 10'
"""


def add_to(app: App) -> None:
    """Make these commands of the application."""
    app.command(report, help_epilogue=REPORT_EXAMPLES)
    app.command(views, help_epilogue=VIEWS_EXAMPLES)


def report(
    *,
    output: Output = None,
    to: Annotated[Path | None, Parameter(help="The page. Default: report.html in this folder.")] = None,
    config: Config = None,
) -> int:
    """Write an HTML page of what the output holds and how its runs went; it needs no network (docs/report.md)."""
    from copydesk.report import write

    page = write(existing(read_settings(config, output=output).output), to or Path("report.html"))
    print(f"{printable(str(page))}: {page.stat().st_size / 1e6:.1f} MB")
    return 0


def views(*, output: Output = None, config: Config = None) -> int:
    """Print SQL for DuckDB: views of the datasets, of the latest text of each item, of stories with copies."""
    from copydesk.dataset import duckdb_views

    sys.stdout.write(duckdb_views(existing(read_settings(config, output=output).output)))
    return 0
