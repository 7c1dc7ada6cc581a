"""`copydesk explain`: an article before cleaning, what is cut out of it and why, what became of it, and its copies.

From a file or a stream everything is worked out as a run would, and nothing is written. Of a row of an output the
removals are those that were made when it was ingested; what the vetoes save is told by the rules in force now.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from cleaners import Cleaned, Explained, Removal, Source, Vetoed, explain, templates
from copydesk.articles import cleaning, records
from copydesk.errors import ItemError, StoreError, UsageError
from copydesk.inspect import reading, relatives
from copydesk.inspect.relatives import Relative
from copydesk.model import Document, Metadata, Reject
from copydesk.settings import Settings
from copydesk.upkeep import again

STDIN = "-"

FROM_TEXT = ("title", "authors", "tags", "section", "credit", "attribution", "bio")
"""Columns that both a record and the text may give."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """where: source and id, or dataset and id. text: before cleaning. removals, vetoed: over it, in order, disjoint.

    record: the columns of articles/ but `text` (see schema); None if it would be rejected. found: those of them that
    came out of the text. relatives: its copies, versions and overlaps, if it is of an output. notes: what else to know.
    """

    where: str
    text: str
    removals: tuple[Removal, ...]
    vetoed: tuple[Vetoed, ...]
    record: dict[str, Any] | None
    found: tuple[str, ...] = ()
    relatives: tuple[Relative, ...] = ()
    notes: tuple[str, ...] = ()


def of_input(named: str, settings: Settings, item: int | None, limit: int) -> Iterator[Explanation | Reject]:
    """The articles of a file, folder or glob, or of standard input (any format). Raises UsageError.

    item: which one alone, from 1. limit: how many at the most.
    """
    if named != STDIN:
        yield from _chosen(_of_files((named,), settings), item, limit)
        return
    with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
        spool = Path(folder) / "stdin"
        with spool.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        for found in _chosen(_of_files((str(spool),), settings), item, limit):
            yield replace(found, source_uri=STDIN) if isinstance(found, Reject) else _renamed(found, spool)


def of_output(named: str, root: Path, settings: Settings, item: int | None, limit: int) -> Iterator[Explanation]:
    """The rows of an output with this id, URL or item_key: of each item the latest version, or the one of that id.

    Raises UsageError if there is none; StoreError if the text before cleaning cannot be had.
    """
    rows = relatives.find(root, relatives.named(root, named))
    if not rows:
        raise UsageError(f"{root} has no article {named}, and there is no file of that name")
    cleaner = cleaning.cleaner(settings)
    for name, row, removals in _chosen(rows, item, limit):
        before = again.before(row, removals)
        if before is None:
            raise StoreError(
                f"{name}/{row['id']}: the text before cleaning cannot be had: `copydesk verify` tells more"
            )
        yield _of_row(name, before, explain(before.source(), cleaner), root)


def _chosen(found: Iterable[Any], item: int | None, limit: int) -> Iterator[Any]:
    if item is None:
        return islice(iter(found), limit)
    chosen = list(islice(iter(found), item - 1, item))
    if not chosen:
        raise UsageError(f"there is no item {item}")
    return iter(chosen)


def _of_files(inputs: tuple[str, ...], settings: Settings) -> Iterator[Explanation | Reject]:
    cleaner = cleaning.cleaner(settings)
    for document in reading.read(settings.model_copy(update={"inputs": inputs})):
        if isinstance(document, Reject):
            yield document
            continue
        told = document.metadata
        explained = explain(Source(document.text, told.title, told.language), cleaner)
        yield _of_document(document, explained)


def _of_document(document: Document, explained: Explained) -> Explanation:
    told: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    try:
        told = _record(document, explained.cleaned)
    except ItemError as error:
        notes = (f"it would be rejected ({error.stage}, {error.error}): {error}",)
    return Explanation(
        f"{document.item.source_uri} {document.item.source_id}",
        document.text,
        explained.cleaned.removals,
        explained.vetoed,
        told,
        _found(told, document.metadata) if told else (),
        notes=notes,
    )


def _record(document: Document, cleaned: Cleaned) -> dict[str, Any]:
    removed = sum(removal.end - removal.start for removal in cleaned.removals)
    counts = [len(cleaned.text.split())], [len(cleaned.text)], [removed]
    (row,) = records.described([document], *counts, {0: cleaned.fields}).to_pylist()
    return dict(row)


def _of_row(name: str, before: again.Before, today: Explained, root: Path) -> Explanation:
    notes: tuple[str, ...] = ()
    # What was learned of its site comes of the whole output, not of one article.
    by_rules = tuple(removal for removal in before.removals if removal.category != templates.CATEGORY)
    if today.cleaned.removals != by_rules:
        notes = ("the rules in force now would cut otherwise: `copydesk reclean --dry-run` shows what would change",)
    gone = [(removal.start, removal.end) for removal in before.removals]
    saved = [v for v in today.vetoed if not any(start < v.end and v.start < end for start, end in gone)]
    told = {column: value for column, value in before.row.items() if column != "text"}
    return Explanation(
        f"{name}/{before.row['id']}",
        before.text,
        before.removals,
        tuple(saved),
        told,
        _found(told, again.known(before)),
        relatives.of(root, before.row),
        notes,
    )


def _found(record: dict[str, Any], known: Metadata) -> tuple[str, ...]:
    """Columns that the source does not give, so that they came out of the text. known: what the source says."""
    found = [name for name in FROM_TEXT if (record[name] or None) and not getattr(known, name)]
    if record["published_from"] == "text":
        found.append("published_at")
    if record["modified_at"] and not known.modified:
        found.append("modified_at")
    return tuple(found)


def _renamed(found: Explanation, spool: Path) -> Explanation:
    """With the name of standard input instead of the file's that it was kept in."""
    uri = spool.absolute().as_uri()
    record = found.record
    if record:
        record = record | {"source_uri": STDIN, "item_key": record["item_key"].replace(uri, STDIN)}
    return replace(found, where=found.where.replace(uri, STDIN), record=record)
