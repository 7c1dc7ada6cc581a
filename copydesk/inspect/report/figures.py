"""What the report asks of an output, in DuckDB, and the rows that it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from copydesk.inspect.views import Views

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """One of what a number counts. text: a title, or what was removed. about: where and when. url: as found."""

    text: str
    about: str = ""
    id: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A number and what is behind it. share: of the largest of its kind, from 0 to 1. listing: SQL for what it counts;
    `value` is the number of its rows, unless `note` says what else it is."""

    label: str
    value: str
    note: str = ""
    share: float = 0.0
    examples: Sequence[Example] = ()
    listing: str = ""
    children: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. charts: Vega-Lite specifications. queries: the SQL that its numbers come from.
    empty: said where there are no rows. shown: of the rows, before one asks for more."""

    key: str
    title: str
    about: str
    charts: Sequence[Record]
    rows: Sequence[Row]
    queries: Sequence[str]
    empty: str = "Nothing yet."
    shown: int = 10


class Figures(Views):
    """The answers of an output to queries/*.sql."""

    def ask(self, name: str) -> list[Record]:
        """The rows of a query of that name. Raises StoreError."""
        return self.rows(query(name))


def query(name: str) -> str:
    """The SQL of this name, as it is shown."""
    return (files("copydesk.inspect.report") / "queries" / f"{name}.sql").read_text(encoding="utf-8").strip()


def article(told: Mapping[str, Any]) -> Example:
    """An example that is an article."""
    when = told.get("published_at")
    about = [told.get("publisher"), when and f"{when:%Y-%m-%d %H:%M}"]
    url = told.get("url") or ""
    return Example(told.get("title") or "(no title)", ", ".join(str(a) for a in about if a), told.get("id") or "", url)


def removal(told: Mapping[str, Any]) -> Example:
    """An example that is a removal."""
    return Example(told["text"], ", ".join(told.get("rules") or [told.get("category") or ""]), told["id"])
