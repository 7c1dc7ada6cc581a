"""A look at a run's figures before its commit: what is out of all proportion is more likely a fault than the news.

A rule that swallows a site's articles, or a template taken for the text, shows in three figures: how much of a
publisher's text was removed, how many of its texts were told to be copies of each other, how many texts one story
took. Each has a limit that ordinary input stays far from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.articles.parts import Part
from copydesk.errors import GuardError
from copydesk.garbage import give_back
from copydesk.index.entries import id_array
from copydesk.settings import Settings
from copydesk.store.store import Store
from copydesk.terminal import printable

REMOVED_ITEMS = 50
"""Items a publisher must have in the run before its removed share is looked at."""

DUPLICATE_ITEMS = 200
"""The same for its duplicate share."""

KNOWN = 0.75
"""Of a publisher with a history, so much of a limit is enough, counted from its history up: less of a jump is one."""

EXAMPLES = 3
MOST_TOLD = 8

_RECORD = ["id", "publisher", "char_count", "removed_chars", "text_hash"]
_DECISION = ["kind", "story_id", "duplicate_of", "relation"]
_SHARE = ("char_count", "removed_chars")
_NO_ID = "0" * 32


def check(parts: Sequence[Part], store: Store, settings: Settings) -> None:
    """Look at the figures of matched parts. Raises GuardError, which says what to look at."""
    if not parts:
        return
    rows = _rows(parts)
    told: list[str] = []
    for look in (
        _removed(parts, rows, store, settings.guard_removed_share),
        _copies(parts, rows, store, settings.guard_duplicate_share),
        _swallowed(parts, rows, settings.guard_story_share, settings.guard_story_texts),
        _nothing_left(parts, rows, settings.guard_removed_share),
    ):
        told += look
        give_back()  # what it worked with
    if told:
        more = [f"and {len(told) - MOST_TOLD} more"] if len(told) > MOST_TOLD else []
        raise GuardError(
            "\n".join(
                [
                    "the run was stopped before its commit, for its figures are out of all proportion:",
                    *(f"- {line}" for line in [*told[:MOST_TOLD], *more]),
                    "nothing of it was kept. If this is right, run it again with --no-guard, or with a higher limit.",
                ]
            )
        )


def _rows(parts: Sequence[Part]) -> pa.Table:
    """What is new in the run: a row a record, of it what is counted, for all are in memory at once.

    place: its number among the records of all parts. id, story, original, text: 16 bytes each. first: whether it is a
    first version, copy: and one of another, exact: word for word.
    """
    tables = []
    start = 0
    for part in parts:
        records, decisions = part.columns("records", _RECORD), part.columns("decisions", _DECISION)
        kind, ids = decisions["kind"], id_array(records["id"])
        copy = pc.equal(kind, "duplicate")
        rows = pa.table(
            {
                "place": pa.array(np.arange(start, start + part.records)),
                "id": ids,
                "story": _known_ids(decisions["story_id"]),
                "original": _known_ids(decisions["duplicate_of"]),
                "text": pc.coalesce(records["text_hash"], ids),
                "first": pc.or_(copy, pc.equal(kind, "article")),
                "copy": copy,
                "exact": pc.equal(pc.fill_null(decisions["relation"], ""), "exact"),
                **{name: records[name] for name in ("publisher", *_SHARE)},
            }
        )
        tables.append(rows.filter(pc.not_equal(kind, "seen")))
        start += part.records
    return pa.concat_tables(tables)


def _known_ids(column: pa.ChunkedArray) -> pa.Array:
    """Ids as 16 bytes each, zeros where there is none."""
    return id_array(pc.fill_null(column, _NO_ID))


def _limit(limit: float, before: float | None) -> float:
    return limit if before is None else before + (1 - before) * limit * KNOWN


# ---------------------------------------------------------------------------------------------------------------------
# Removed


def _removed(parts: Sequence[Part], rows: pa.Table, store: Store, limit: float) -> Iterator[str]:
    shares = _removed_shares(rows, REMOVED_ITEMS)
    suspects = {name: share for name, share in shares.items() if share > limit * KNOWN}
    if not suspects:
        return
    history = pa.concat_tables(
        [
            store.dataset(name).to_table(columns=["publisher", *_SHARE], filter=_of(suspects))
            for name in ("articles", "duplicates")
        ]
    )
    before = _removed_shares(history, REMOVED_ITEMS)
    for name, share in suspects.items():
        most = _limit(limit, before.get(name))
        if share > most:
            own = rows.filter(_same(rows["publisher"], name))
            worst = own.sort_by([("removed_chars", "descending"), ("id", "ascending")])
            yield (
                f"{_named(name)}: {share:.0%} of the characters of its {len(own):,} items were removed as not the "
                f"story{_was(before.get(name))}; the limit is {most:.0%} (guard_removed_share). "
                f"See removals of {_shown(parts, worst)}"
            )


def _removed_shares(rows: pa.Table, least: int) -> dict[str | None, float]:
    sums = rows.group_by("publisher").aggregate([("char_count", "sum"), ("removed_chars", "sum"), ([], "count_all")])
    return {
        row["publisher"]: row["removed_chars_sum"] / max(1, row["char_count_sum"] + row["removed_chars_sum"])
        for row in sums.to_pylist()
        if row["count_all"] >= least
    }


def _nothing_left(parts: Sequence[Part], rows: pa.Table, limit: float) -> Iterator[str]:
    """Texts of which cleaning left nothing are rejects, and so in none of the other figures."""
    empty: list[str] = []
    for part in parts:
        rejects = part.read("rejects").select(["source_uri", "source_id", "error"])
        gone = rejects.filter(pc.equal(rejects["error"], "nothing-left"))
        empty += [f"{row['source_uri']}#{row['source_id']}" for row in gone.to_pylist()]
    share = len(empty) / max(1, len(empty) + len(rows))
    if len(empty) >= REMOVED_ITEMS and share > limit:
        yield (
            f"of {share:.0%} of the texts cleaning left nothing; the limit is {limit:.0%} (guard_removed_share). "
            f"See {', '.join(map(printable, sorted(empty)[:EXAMPLES]))}"
        )


# ---------------------------------------------------------------------------------------------------------------------
# Copies


def _copies(parts: Sequence[Part], rows: pa.Table, store: Store, limit: float) -> Iterator[str]:
    """Word-for-word copies do not count: the same page under two addresses is common, and no mistake of ours."""
    if not len(rows):
        return
    rows = rows.filter(pc.invert(rows["exact"]))
    counts = rows.group_by("publisher").aggregate([([], "count_all"), ("copy", "sum")]).to_pylist()
    large = {
        r["publisher"]: r["count_all"]
        for r in counts
        if r["publisher"] and r["count_all"] >= DUPLICATE_ITEMS and r["copy_sum"] > limit * KNOWN * r["count_all"]
    }
    own = _own_copies(rows, store, large)
    suspects = {name: own.get(name, 0) / count for name, count in large.items()}
    suspects = {name: share for name, share in suspects.items() if share > limit * KNOWN}
    for name, share in suspects.items():
        before = _history_of_copies(store, name)
        most = _limit(limit, before)
        if share > most:
            copies = rows.filter(pc.and_(_same(rows["publisher"], name), rows["copy"])).sort_by("id")
            originals = ", ".join(sorted({known.hex() for known in copies["original"].slice(0, EXAMPLES).to_pylist()}))
            yield (
                f"{_named(name)}: {share:.0%} of its {large[name]:,} texts were taken for copies of others of its own"
                f"{_was(before)}; the limit is {most:.0%} (guard_duplicate_share). "
                f"Compare {_shown(parts, copies)} with {originals}"
            )


def _own_copies(rows: pa.Table, store: Store, publishers: Iterable[str]) -> dict[str, int]:
    """How many of each publisher's rows are copies of an article of the same publisher."""
    wanted = pa.array(list(publishers), pa.string())
    copies = rows.filter(pc.and_(rows["copy"], pc.is_in(rows["publisher"], wanted))).select(["publisher", "original"])
    if not len(copies):
        return {}
    here = pc.index_in(copies["original"], value_set=rows["id"].combine_chunks())
    publisher = rows["publisher"].take(here)
    missing = copies["original"].filter(pc.is_null(here)).unique()
    if len(missing):
        names = pa.array([known.hex() for known in missing.to_pylist()])
        told = store.dataset("articles").to_table(columns=["id", "publisher"], filter=pc.field("id").isin(names))
        there = pc.index_in(copies["original"], value_set=id_array(told["id"]))
        publisher = pc.coalesce(publisher, told["publisher"].take(there))
    own = copies.filter(pc.fill_null(pc.equal(copies["publisher"], publisher), False))
    counts = own.group_by("publisher").aggregate([([], "count_all")]).to_pylist()
    return {row["publisher"]: row["count_all"] for row in counts}


def _history_of_copies(store: Store, publisher: str) -> float | None:
    mine = pc.field("publisher") == publisher
    articles = store.dataset("articles").to_table(columns=["id"], filter=mine)["id"]
    copies = store.dataset("duplicates").to_table(
        columns=["duplicate_of"], filter=mine & (pc.field("relation") != "exact")
    )["duplicate_of"]
    total = len(articles) + len(copies)
    if total < DUPLICATE_ITEMS:
        return None
    return float(pc.sum(pc.is_in(copies, value_set=articles.combine_chunks())).as_py() or 0) / total


# ---------------------------------------------------------------------------------------------------------------------
# Stories


def _swallowed(parts: Sequence[Part], rows: pa.Table, share: float, least: int) -> Iterator[str]:
    if not len(rows):
        return
    first = rows.filter(rows["first"]).select(["place", "id", "story", "text"])
    sizes = first.group_by("story").aggregate([([], "count_all")])
    if not (large := sizes.filter(pc.greater(sizes["count_all"], least))["story"].combine_chunks()):
        return
    texts = first.group_by(["story", "text"]).aggregate([]).select(["story"])
    stories = texts.filter(pc.is_in(texts["story"], large)).group_by("story").aggregate([([], "count_all")])
    most = max(least, share * len(texts))
    for row in stories.filter(pc.greater(stories["count_all"], most)).sort_by("story").to_pylist():
        members = first.filter(pc.equal(first["story"], row["story"])).sort_by("id")
        yield (
            f"one story, {row['story'].hex()}, took {row['count_all']:,} of the run's {len(texts):,} different "
            f"texts; the limit is {most:,.0f} (guard_story_share, guard_story_texts). Compare {_shown(parts, members)}"
        )


# ---------------------------------------------------------------------------------------------------------------------
# Words


def _of(publishers: Iterable[str | None]) -> pc.Expression:
    names = list(publishers)
    some = pc.field("publisher").isin(pa.array([n for n in names if n is not None], pa.string()))
    return some | pc.field("publisher").is_null() if None in names else some


def _same(column: pa.ChunkedArray, name: str | None) -> pa.ChunkedArray:
    return pc.is_null(column) if name is None else pc.fill_null(pc.equal(column, name), False)


def _named(publisher: str | None) -> str:
    return "items without a publisher" if publisher is None else f"publisher {printable(publisher[:200])}"


def _was(before: float | None) -> str:
    return "" if before is None else f" (before: {before:.0%})"


def _shown(parts: Sequence[Part], rows: pa.Table) -> str:
    """Some rows, by id and where they came from."""
    starts = np.cumsum([0, *(part.records for part in parts)])
    told = []
    for place in rows["place"].slice(0, EXAMPLES).to_pylist():
        number = int(np.searchsorted(starts, place, "right")) - 1
        records = parts[number].read("records").select(["id", "canonical_url", "source_uri"])
        (row,) = records.slice(place - int(starts[number]), 1).to_pylist()
        told.append(f"{row['id']} ({printable((row['canonical_url'] or row['source_uri'])[:300])})")
    return ", ".join(told)
