"""Checks over whole datasets: the books, unique ids, links that lead somewhere. In SQL, so that size is no matter."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.store.dataset import TEXTS, select
from copydesk.store.manifest import Change
from copydesk.upkeep.fault import MOST, Faults

if TYPE_CHECKING:
    import duckdb

MEMORY = "512MB"
"""That DuckDB may use before it spills to disk."""

_BOOKED = (*TEXTS, "rejects")

_RECORDS = " UNION ALL ".join(f"SELECT id, '{name}/' AS place FROM {name}" for name in TEXTS)


def _rows_as_booked(name: str) -> str:
    return f"""
        SELECT coalesce(booked.run_id, held.run_id, 'no run_id'), CASE
            WHEN booked.run_id IS NULL THEN format('{name}/ has {{}} rows of it, and runs/ does not know it', n)
            ELSE format('runs/ says {{}} {name}, {name}/ has {{}}', booked.{name}, coalesce(n, 0)) END
        FROM (SELECT run_id, {name} + coalesce(change, 0)::BIGINT AS {name} FROM runs
              LEFT JOIN (SELECT run_id, sum("rows") AS change FROM changes WHERE dataset = '{name}' GROUP BY run_id)
              USING (run_id)) AS booked
        FULL JOIN (SELECT run_id, count(*) AS n FROM {name} GROUP BY run_id) AS held ON booked.run_id = held.run_id
        WHERE booked.run_id IS NULL OR booked.{name} IS DISTINCT FROM coalesce(n, 0)"""


def _leads_nowhere(name: str, column: str, to: str, what: str, where: str = "id") -> str:
    return f"""
        SELECT '{name}/ ' || coalesce(place, 'null'), '{column} ' || coalesce({column}, 'null') || ' is not {what}'
        FROM (SELECT {where} AS place, * FROM "{name}") AS link ANTI JOIN {to} ON link.{column} = {to}.id"""


CHECKS: tuple[tuple[str, str], ...] = (
    (
        "books",
        """
        SELECT run_id, format('{} items are not {} articles + {} duplicates + {} revisions + {} seen + {} rejects',
                              items, articles, duplicates, revisions, seen, rejects)
        FROM runs
        WHERE items IS DISTINCT FROM articles + duplicates + revisions + seen + rejects
           OR least(items, articles, duplicates, revisions, seen, rejects) < 0""",
    ),
    ("books", "SELECT run_id, format('{} rows in runs/', count(*)) FROM runs GROUP BY run_id HAVING count(*) > 1"),
    *(("books", _rows_as_booked(name)) for name in _BOOKED),
    (
        "ids",
        """
        SELECT coalesce(id, 'null'), count(*) || ' rows have this id, in ' || string_agg(DISTINCT place, ' ')
        FROM records GROUP BY id HAVING count(*) > 1 OR id IS NULL""",
    ),
    ("ids", "SELECT id, 'rejects/ has it ' || count(*) || ' times' FROM rejects GROUP BY id HAVING count(*) > 1"),
    ("story", "SELECT id, 'its story_id is not its own id' FROM articles WHERE story_id IS DISTINCT FROM id"),
    ("story", _leads_nowhere("duplicates", "story_id", "articles", "in articles/")),
    ("story", _leads_nowhere("revisions", "story_id", "articles", "in articles/")),
    ("duplicate_of", _leads_nowhere("duplicates", "duplicate_of", "articles", "in articles/")),
    ("revises", _leads_nowhere("revisions", "revises", "records", "the id of any row")),
    ("overlaps", _leads_nowhere("overlaps", "a", "articles", "in articles/", "a || ' ' || b")),
    ("overlaps", _leads_nowhere("overlaps", "b", "articles", "in articles/", "a || ' ' || b")),
    ("removals", _leads_nowhere("removals", "id", "records", "the id of any row")),
)
"""(check, SQL): each answers with rows of (where, message); none is what one hopes for."""


def check(root: Path, paths: Mapping[str, Sequence[str]], faults: Faults, changes: Sequence[Change] = ()) -> None:
    """Run all CHECKS over the given files of each dataset (relative paths), which must be whole.

    changes: what later commits did to rows of the runs, which runs/ does not tell.
    """
    import duckdb  # here: only `verify` needs it

    with tempfile.TemporaryDirectory(prefix="copydesk-") as spill:
        config: dict[str, Any] = {
            "memory_limit": MEMORY,
            "temp_directory": spill,
            "autoinstall_known_extensions": "false",
        }
        with duckdb.connect(":memory:", config=config) as connection:
            for name, files in paths.items():
                _make_view(connection, name, select(root, name, files), select(root, name, ()), faults)
            connection.execute(f"CREATE VIEW records AS {_RECORDS}")
            connection.execute('CREATE TABLE changes (run_id VARCHAR, dataset VARCHAR, "rows" BIGINT)')
            if changes:
                told = [[c.run_id, c.dataset, c.rows] for c in changes]
                connection.executemany("INSERT INTO changes VALUES (?, ?, ?)", told)
            for name, sql in CHECKS:
                _run(connection, name, sql, faults)


def _make_view(connection: duckdb.DuckDBPyConnection, name: str, rows: str, no_rows: str, faults: Faults) -> None:
    """A view of `rows`; of none, with a fault, if DuckDB will not have one of the files."""
    import duckdb

    try:
        connection.execute(f'CREATE VIEW "{name}" AS {rows}')
    except duckdb.Error as error:
        faults.add("unreadable", f"{name}/", str(error).splitlines()[0])
        connection.execute(f'CREATE VIEW "{name}" AS {no_rows}')


def _run(connection: duckdb.DuckDBPyConnection, name: str, sql: str, faults: Faults) -> None:
    import duckdb

    try:
        found = connection.execute(f"{sql} LIMIT {MOST + 1}").fetchall()
    except duckdb.Error as error:
        faults.add("unreadable", name, f"this cannot be checked: {str(error).splitlines()[0]}")
        return
    for where, message in found:
        faults.add(name, where, message)
