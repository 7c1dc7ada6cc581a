"""`copydesk report`: one HTML page of what an output holds and how its runs went.

figures.py asks DuckDB (queries/*.sql), sections.py makes rows of the answers, each with examples and the query that
lists what it counts, charts.py draws (Vega-Lite, as SVG), page.py puts the page together. The page has no script and
loads nothing; its texts are those of strangers, and are escaped.
"""

from __future__ import annotations

from pathlib import Path


def write(root: Path, to: Path) -> Path:
    """Write the report on the output `root` to the file `to`, whole or not at all, or into a pipe. Returns `to`.

    Raises UsageError if the charting library is not installed or the file cannot be written, StoreError for an output
    that cannot be read.
    """
    from copydesk.errors import UsageError
    from copydesk.inspect.report import page

    html = page.of(root)
    try:
        _write(html, to)
    except OSError as error:
        raise UsageError(f"{to}: cannot be written: {error.strerror}") from None
    return to


def _write(html: str, to: Path) -> None:
    if to.exists() and not to.is_file():  # a pipe or a device, not to be replaced by a file
        to.write_text(html, encoding="utf-8")
        return
    to = to.resolve()  # a link stays one
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(to.name + ".part")
    try:
        part.write_text(html, encoding="utf-8")
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
