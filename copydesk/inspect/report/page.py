"""The report's page: HTML without a script, which loads nothing and lets nothing be loaded (its policy says so)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from copydesk.errors import StoreError
from copydesk.inspect import web
from copydesk.inspect.report import charts, sections
from copydesk.inspect.report.figures import Figures


def of(root: Path) -> str:
    """The page on an output. Raises as report.write()."""
    try:
        told = sections.every(Figures(root))
    except StoreError:  # files that maintenance has replaced meanwhile; what is broken is so the second time, too
        told = sections.every(Figures(root))
    drawn = {section.key: [charts.svg(spec) for spec in section.charts] for section in told}
    return web.render(
        "report.html.jinja", sections=told, drawn=drawn, name=root.absolute().name, made=dt.datetime.now(dt.UTC)
    )
