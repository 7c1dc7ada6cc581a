"""Commands that look at an output and change nothing of it: report, sample, views."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
from cyclopts import App, Parameter

from copydesk.terminal import counted, printable
from flows.options import AsJson, Config, Output, existing, numbered, read_settings

if TYPE_CHECKING:
    from copydesk.inspect.sample import Drawn

REPORT_EXAMPLES = """
Examples:
  copydesk report -o output
  copydesk report -o output --to news.html
"""

SAMPLE_EXAMPLES = """
Examples:
  copydesk sample --rule newsletter-line -o output
  copydesk sample --rule newsletter-line -n 100 --seed 7 --json
"""

VIEWS_EXAMPLES = """
Examples:
  copydesk views -o output > views.sql
  duckdb -init views.sql -c 'SELECT title, copies FROM stories ORDER BY copies DESC LIMIT 10'
"""


def add_to(app: App) -> None:
    """Make these commands of the application."""
    app.command(report, help_epilogue=REPORT_EXAMPLES)
    app.command(sample, help_epilogue=SAMPLE_EXAMPLES)
    app.command(views, help_epilogue=VIEWS_EXAMPLES)


def report(
    *,
    output: Output = None,
    to: Annotated[Path | None, Parameter(help="The page. Default: report.html in this folder.")] = None,
    config: Config = None,
) -> int:
    """Write an HTML page of what the output holds and how its runs went; it needs no network (docs/report.md)."""
    from copydesk.inspect.report import write

    page = write(existing(read_settings(config, output=output).output, whole=True), to or Path("report.html"))
    print(f"{printable(str(page))}: {page.stat().st_size / 1e6:.1f} MB")
    return 0


def sample(
    *,
    rule: Annotated[str, Parameter(help="Whose removals: a rule's id, as in `copydesk rules list`; model; template.")],
    number: Annotated[int, numbered("How many.", name=("--number", "-n"))] = 20,
    seed: Annotated[int, Parameter(help="Another number draws others.")] = 0,
    output: Output = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Show what a rule took out: removals drawn at random, with what stood around them, to judge it by."""
    from copydesk.inspect.sample import draw

    total, drawn = draw(existing(read_settings(config, output=output).output, whole=True), rule, number, seed)
    if json:
        told = {"rule": rule, "seed": seed, "removals": total, "drawn": [asdict(one) for one in drawn]}
        print(orjson.dumps(told).decode())
        return 0
    print(f"{printable(rule)}: {len(drawn):,} of {counted(total, 'removal')}, seed {seed}")
    for one in drawn:
        print("\n".join(["", *_lines(one)]))
    return 0


def _lines(one: Drawn) -> Iterator[str]:
    about = (f"{one.dataset}/{one.id}", ", ".join(one.rules), one.publisher, one.title, one.url)
    yield printable("  ".join(part for part in about if part))
    bare = one.text.rstrip()
    shown = f"{one.before}[-{bare}-]{one.text[len(bare) :]}{one.after}"
    yield from (f"  | {printable(line)}" for line in shown.split("\n") if line.strip())


def views(*, output: Output = None, config: Config = None) -> int:
    """Print SQL for DuckDB: views of the datasets, of the latest text of each item, of stories with copies."""
    from copydesk.store.dataset import duckdb_views

    sys.stdout.write("SET TimeZone = 'UTC';  -- days are days of UTC, as in the report\n")
    place = read_settings(config, output=output).output
    existing(place)
    sys.stdout.write(duckdb_views(place))  # by its URL, if it has one: a working copy lacks files
    return 0
