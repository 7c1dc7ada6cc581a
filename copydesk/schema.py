"""The Arrow schemas of the datasets, with a comment on every column.

docs/schema.md is generated from this module (`copydesk schema`); a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

UTC = pa.timestamp("us", tz="UTC")
STRINGS = pa.list_(pa.string())


def _schema(*columns: tuple[str, pa.DataType, str]) -> pa.Schema:
    return pa.schema([pa.field(name, kind, metadata={"comment": comment}) for name, kind, comment in columns])


def _join(*schemas: pa.Schema) -> pa.Schema:
    return pa.schema([field for schema in schemas for field in schema])


RECORD = _schema(
    (
        "id",
        pa.string(),
        "first 32 hex digits of sha256(item_key, NUL, content_sha256): the same version of the same item "
        "has the same id in every run",
    ),
    (
        "item_key",
        pa.string(),
        "canonical_url if there is a URL; else publisher/source_id if the record carries an id; "
        "else source_uri#source_id; of a record with neither, source_uri#sha256: and its content's hash",
    ),
    (
        "source_id",
        pa.string(),
        "the record's own id; for a file of one article its name less one compression and one format ending; "
        "else the record's number in its source, from 1",
    ),
    ("source_uri", pa.string(), "where it was read from"),
    ("source_offset", pa.int64(), "first byte in the (decompressed) source, where the source has offsets"),
    ("source_length", pa.int64(), "bytes in the (decompressed) source, where the source has lengths"),
    ("source_format", pa.string(), "text, html, jsonl, csv, parquet, warc"),
    (
        "content_sha256",
        pa.string(),
        "of the item's bytes as found: file, line, WARC payload after content decoding, canonical JSON of a row",
    ),
    ("url", pa.string(), "as found"),
    ("canonical_url", pa.string(), "normalized"),
    (
        "publisher",
        pa.string(),
        "the record's own name for it, or if that is a host name or missing, the registrable domain",
    ),
    ("title", pa.string(), "the headline"),
    ("authors", STRINGS, "one entry a person"),
    ("tags", STRINGS, "keywords given by the publisher"),
    ("section", pa.string(), "the part of the publication"),
    ("credit", pa.string(), "of a picture"),
    ("attribution", pa.string(), "whose work the text says it is: an agency, a partner, a first publisher"),
    ("bio", pa.string(), "what the article says of its authors, at its end"),
    ("published_at", UTC, "when it was published; a time that names no zone is taken for UTC"),
    ("modified_at", UTC, "when it was last changed"),
    ("fetched_at", UTC, "when it was scraped"),
    ("published_precision", pa.string(), "second, minute, day"),
    ("published_from", pa.string(), "record, json-ld, meta, text, url, guess"),
    ("language", pa.string(), "BCP 47"),
    (
        "text",
        pa.large_string(),
        "the story: the text before cleaning less its removals, and nothing else changed; "
        "a headline line becomes `title`",
    ),
    ("source_text_sha256", pa.string(), "of the UTF-8 text before cleaning"),
    ("word_count", pa.int32(), "words of `text`"),
    ("char_count", pa.int32(), "code points of `text`"),
    ("removed_chars", pa.int32(), "code points taken out"),
    (
        "extracted_by",
        pa.string(),
        "how a page was read: `copydesk`, `trafilatura`, `copydesk-unsure` (docs/pages.md); `plain` for text",
    ),
    ("repaired", STRINGS, "what decoding mended"),
    ("flags", STRINGS, "paywalled, live, index-page, mostly-removed ..."),
    ("license", pa.string(), "as found, not judged"),
    ("robots", pa.string(), "robots directives as found"),
    ("tdm_reservation", pa.string(), "text-and-data-mining reservation as found"),
    ("accessible_for_free", pa.bool_(), "isAccessibleForFree as found"),
    ("http_status", pa.int16(), "of the response"),
)

_RUN = _schema(
    ("ingested_at", UTC, "when the run that brought it started"),
    ("run_id", pa.string(), "the run that brought it"),
)

ARTICLES = _join(
    pa.schema([RECORD.field("id"), RECORD.field("item_key")]),
    _schema(("story_id", pa.string(), "id of the canonical article of its story; its own id in articles/")),
    pa.schema([RECORD.field(i) for i in range(2, len(RECORD))]),
    _RUN,
)

DUPLICATES = _join(
    ARTICLES,
    _schema(
        ("duplicate_of", pa.string(), "id in articles/ of what it is a copy of"),
        ("relation", pa.string(), "exact, copy, truncated, extended"),
        ("jaccard", pa.float64(), "of the two texts' shingles, exact"),
        ("containment_in_original", pa.float64(), "share of this text's shingles found in the original"),
        ("containment_of_original", pa.float64(), "share of the original's shingles found in this text"),
    ),
)

REVISIONS = _join(
    ARTICLES,
    _schema(
        ("revises", pa.string(), "id of the version before this one"),
        ("version", pa.int32(), "from 2; the first version is in articles/ or duplicates/"),
        ("jaccard", pa.float64(), "of this text's shingles and those of the version before it, exact"),
    ),
)

OVERLAPS = _schema(
    ("a", pa.string(), "story_id, the smaller of the two"),
    ("b", pa.string(), "story_id"),
    ("jaccard", pa.float64(), "of the two texts' shingles, exact"),
    ("containment_ab", pa.float64(), "share of a's shingles found in b"),
    ("containment_ba", pa.float64(), "share of b's shingles found in a"),
    ("run_id", pa.string(), "the run that found it"),
)

REMOVALS = _schema(
    ("id", pa.string(), "of the row in articles/, duplicates/ or revisions/"),
    ("start", pa.int32(), "first code point in the text before cleaning"),
    ("end", pa.int32(), "code point after the last"),
    ("text", pa.string(), "what was taken out"),
    ("rules", STRINGS, "every rule that agreed"),
    ("category", pa.string(), "kind of boilerplate"),
    ("action", pa.string(), "drop, or field: it became a column"),
    ("field", pa.string(), "which column, if action is field"),
)

REJECTS = _schema(
    (
        "id",
        pa.string(),
        "first 32 hex digits of sha256(source_uri, source_id, stage, error, bytes): told again, known again",
    ),
    ("source_uri", pa.string(), "where it was found"),
    ("source_id", pa.string(), "which item of it; null if the file as a whole"),
    ("stage", pa.string(), "read, decode, extract, clean, describe"),
    ("error", pa.string(), "a short, stable name of the reason"),
    ("message", pa.string(), "what was wrong, and what to do"),
    ("bytes", pa.binary(), "its first bytes, up to the setting reject_bytes"),
    ("run_id", pa.string(), "the run that rejected it"),
)

RUNS = _schema(
    ("run_id", pa.string(), "sorts by time"),
    ("started_at", UTC, ""),
    ("finished_at", UTC, ""),
    ("status", pa.string(), "done"),
    ("items", pa.int64(), "found: the sum of the next five"),
    ("articles", pa.int64(), "rows added to articles/"),
    ("duplicates", pa.int64(), "rows added to duplicates/"),
    ("revisions", pa.int64(), "rows added to revisions/"),
    ("seen", pa.int64(), "known from before, unchanged; items of unchanged files, rejects among them, too"),
    ("rejects", pa.int64(), "rows added to rejects/"),
    ("bytes_read", pa.int64(), "of input files, as they lie on disk"),
    ("settings", pa.string(), "JSON"),
    ("versions", pa.string(), "JSON: of copydesk and what its results depend on"),
    (
        "peak_memory",
        pa.int64(),
        "bytes of resident memory at the most: the sum of the peaks of the process of the run (since it started) and "
        "of the worker processes that were there together, up to the commit. More than all held at once: peaks come at "
        "different times, and pages that processes share, files mapped into memory among them, count in each. What a "
        "worker that was killed took last is missing; null in runs of earlier versions",
    ),
    (
        "cpu_seconds",
        pa.float64(),
        "processor time, user and system, of the process of the run and of its workers' tasks, all threads, up to the "
        "commit; without the starting of processes. Null in runs of earlier versions",
    ),
    ("warnings", pa.list_(pa.string()), "what looks like a slip in the settings; null in runs of earlier versions"),
)

DATASETS: dict[str, pa.Schema] = {
    "articles": ARTICLES,
    "duplicates": DUPLICATES,
    "revisions": REVISIONS,
    "overlaps": OVERLAPS,
    "removals": REMOVALS,
    "rejects": REJECTS,
    "runs": RUNS,
}

DATASET_OF = {"article": "articles", "duplicate": "duplicates", "revision": "revisions"}
"""The dataset that a decision's kind puts a record into; `seen` puts it nowhere."""

ADDED: dict[str, frozenset[str]] = {
    **dict.fromkeys(("articles", "duplicates", "revisions"), frozenset({"bio"})),
    "runs": frozenset({"peak_memory", "cpu_seconds", "warnings"}),
}
"""Columns that a dataset has gained since 0.1: files written earlier lack them, and readers see null there.

Schemas grow by adding only: no column of a released version changes its name or type (a test holds it).
"""


def difference(name: str, found: pa.Schema) -> str | None:
    """Why a file with the columns `found` is not of the dataset; None if this version or an earlier one wrote it."""
    wanted = DATASETS[name]
    if unknown := [n for n in found.names if n not in wanted.names]:
        return written_later(unknown)
    if missing := [n for n in wanted.names if n not in found.names and n not in ADDED.get(name, ())]:
        return f"it lacks the columns {', '.join(missing)}"
    wrong = [f for f in found if found.names.count(f.name) > 1 or not f.type.equals(wanted.field(f.name).type)]
    if wrong:
        return "its columns are not those of the dataset: " + ", ".join(f"{f.name} {f.type}" for f in wrong)
    return None


def written_later(unknown: Iterable[str]) -> str:
    """What to say of columns that this version does not know."""
    return f"written by a later version of copydesk, which has the columns {', '.join(unknown)}; use that one"


ABOUT = {
    "articles": "One row a story.",
    "duplicates": "The copies of stories.",
    "revisions": "Later versions of an item.",
    "overlaps": "Links between stories that share text without being copies.",
    "removals": "What was cut out of each text.",
    "rejects": "What could not be ingested, and why.",
    "runs": "One row a run: its books.",
}


def markdown() -> str:
    """docs/schema.md."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterable[str]:
    yield "# Schema"
    yield ""
    yield "Generated from `copydesk/schema.py` by `copydesk schema > docs/schema.md`."
    yield "Every dataset is Hive-partitioned by `ingest_date` (date, UTC)."
    for name, schema in DATASETS.items():
        yield ""
        yield f"## {name}/"
        yield ""
        yield ABOUT[name]
        yield ""
        yield "| column | type | meaning |"
        yield "|---|---|---|"
        for field in schema:
            comment = (field.metadata or {}).get(b"comment", b"").decode()
            yield f"| {field.name} | {field.type} | {comment} |"
