"""An output as DuckDB sees it: SQL over the views of dataset.duckdb_views()."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.errors import StoreError
from copydesk.store.dataset import duckdb_views

if TYPE_CHECKING:
    import duckdb


class Views:
    """The views of an output, as it is when this is made; times are UTC, and nothing is fetched from a network."""

    def __init__(self, root: Path) -> None:
        """Raises StoreError for an output that cannot be read."""
        import duckdb

        self._failed = duckdb.Error
        self._db: duckdb.DuckDBPyConnection = duckdb.connect(
            config={"autoinstall_known_extensions": "false", "TimeZone": "UTC"}
        )
        self._root = root
        self._run(duckdb_views(root))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, by column. Raises StoreError."""
        answer = self._run(sql)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._db.execute(sql)
        except self._failed as error:
            raise StoreError(f"{self._root}: cannot be read: {error}; `copydesk verify` tells more") from error


def literal(value: object) -> str:
    """SQL for a value: text, a date, or nothing."""
    if value is None:
        return "NULL"
    quoted = "'" + str(value).replace("'", "''") + "'"
    return f"DATE {quoted}" if isinstance(value, dt.date) else quoted
