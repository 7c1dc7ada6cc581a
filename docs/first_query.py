"""A first look at what a run wrote: `python docs/first_query.py output`. Plain DuckDB over plain Parquet."""

import sys
from pathlib import Path

import duckdb

COLUMNS = {
    "articles": "story_id VARCHAR, title VARCHAR, publisher VARCHAR, published_at TIMESTAMPTZ, text VARCHAR",
    "duplicates": "story_id VARCHAR, relation VARCHAR",
    "removals": "category VARCHAR, text VARCHAR",
    "rejects": "error VARCHAR, source_uri VARCHAR, message VARCHAR",
}
"""What the queries below read of each dataset."""

QUERIES = {
    "Stories, those with the most copies first": """
        SELECT count(d.story_id) AS copies,
               string_agg(d.relation, ', ' ORDER BY d.relation) AS relations,
               strftime(a.published_at AT TIME ZONE 'UTC', '%Y-%m-%d') AS published,
               a.publisher,
               left(coalesce(a.title, a.text), 60) AS story
        FROM articles a LEFT JOIN duplicates d USING (story_id)
        GROUP BY a.story_id, a.published_at, a.publisher, a.title, a.text
        ORDER BY copies DESC, published, story
        LIMIT 30
    """,
    "What was removed": """
        SELECT category, count(*) AS removals, sum(length(text)) AS characters,
               left(trim(min(text), E' \\n'), 60) AS for_example
        FROM removals GROUP BY category ORDER BY removals DESC, category
    """,
    "What was rejected": """
        SELECT error, count(*) AS items, parse_filename(min(source_uri)) AS for_example,
               left(min(message), 75) AS message
        FROM rejects GROUP BY error ORDER BY items DESC, error
    """,
}


def connect(output: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a view of each dataset; one of which there is no file yet has no rows."""
    db = duckdb.connect()
    for name, columns in COLUMNS.items():
        if any(output.glob(f"{name}/**/*.parquet")):
            db.read_parquet(f"{output}/{name}/**/*.parquet", hive_partitioning=True).create_view(name)
        else:
            db.sql(f"CREATE TABLE {name} ({columns})")
    return db


def main(output: str = "output") -> None:
    db = connect(Path(output))
    for heading, query in QUERIES.items():
        print(f"\n{heading}")
        db.sql(query).show(max_width=160, max_col_width=80, max_rows=60)


if __name__ == "__main__":
    main(*sys.argv[1:])
