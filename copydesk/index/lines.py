"""Which text holds which line of which site, and where in it it stands: what templates are judged by.

A run's lines are counted in its parts; those of all earlier runs are kept in the index, beside the entries of their
texts (index.py). No line is kept, only a hash; a text that is forgotten takes its entry and lines along. Templates are
never stored either: whether a line is one follows from what the index and the run hold of it.

The key of a line of a site: the upper 48 bits are those of the line's hash (what `template:...` names), the lower 16
those of the site's. Two sites that share those are taken for one only in what lines they share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaners import Removal, templates
from cleaners.arrays import F64, I64, U16, U32, U64, Bools
from cleaners.templates import Evidence
from copydesk.sketches import sketch

SITE_BITS = 16
SITE = np.uint64((1 << SITE_BITS) - 1)

_PIECES = 16
_PIECE = np.uint64(60)  # the bits below those that tell the pieces of all keys apart

SAMPLE = 64
"""Of a line of a site, so many texts are looked at: those with the smallest ids, which are as good as drawn by lot."""

MINHASHES = 16
"""Values of a text's signature, 16 bits of each, that tell whether two texts are of one story."""

ALIKE = 4
"""So many of the values two texts of one story have in common. Copies with a similarity of 1/3 do in 83 cases of 100,
of 1/2 in 99. Two stories do that share a third of what they and their page say together, so short ones in long pages
may pass for one: a template is missed then, and nothing of a story lost."""

MOST_STORIES = 16
"""Distinct stories of a line are counted up to here."""

LINES = pa.schema([("row", pa.int32()), ("line", pa.uint64()), ("marks", pa.uint16())])
"""In a part: the lines of its records, marks as in cleaners.templates."""


@dataclass(frozen=True, slots=True)
class Lines:
    """n lines of texts. key: see above. text: the number of an entry or row. marks: of cleaners.templates."""

    key: U64
    text: U32
    marks: U16

    def __len__(self) -> int:
        return len(self.key)

    def take(self, rows: I64 | U32 | Bools) -> Lines:
        return Lines(self.key[rows], self.text[rows], self.marks[rows])

    def renumbered(self, order: I64) -> Lines:
        """The same, once the texts are put in this order: their old numbers, by the new ones."""
        number = np.empty(len(order), np.uint32)
        number[order] = np.arange(len(order), dtype=np.uint32)
        return Lines(self.key, number[self.text], self.marks)

    def ordered(self, ids: U64) -> Lines:
        """By key, those of one key by the ids of their texts. ids: of all texts, in the order of their numbers."""
        piece = (self.key >> _PIECE).astype(np.uint8)
        found = Lines(*(np.empty_like(getattr(self, name)) for name in ("key", "text", "marks")))
        start = 0
        for number in range(_PIECES):  # sorting takes thrice the memory of what is sorted
            rows = np.flatnonzero(piece == number)
            rows = rows[np.lexsort((ids[self.text[rows]], self.key[rows]))]
            here = slice(start, start + len(rows))
            found.key[here], found.text[here], found.marks[here] = self.key[rows], self.text[rows], self.marks[rows]
            start += len(rows)
        return found


NONE = Lines(np.empty(0, np.uint64), np.empty(0, np.uint32), np.empty(0, np.uint16))


def join(parts: list[Lines]) -> Lines:
    return Lines(*(np.concatenate([getattr(p, n) for p in parts]) for n in ("key", "text", "marks"))) if parts else NONE


def counted(found: templates.Occurrences) -> pa.Table:
    """LINES of the lines of texts, whose rows are the texts' numbers."""
    row, line, marks = found.distinct()
    return pa.table([row.astype(np.int32), line, marks.astype(np.uint16)], schema=LINES)


def recount(rows: pa.Table, removals: pa.Table) -> tuple[pa.Table, dict[int, str]]:
    """LINES of published rows, and row -> text before templates of those that are not that text. removals: theirs."""
    cut: dict[str, list[Removal]] = {}
    for row in removals.sort_by([("id", "ascending"), ("start", "ascending")]).to_pylist():
        cut.setdefault(row["id"], []).append(Removal(row["start"], row["end"], row["text"], (), row["category"] or ""))
    sources, by_rules, texts = [], [], {}
    for place, (id_, text) in enumerate(zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True)):
        source, cleaned = templates.before(text, cut.get(id_, ()))
        sources.append(source)
        by_rules.append(cleaned.removals)
        if cleaned.text != text:
            texts[place] = cleaned.text
    return counted(templates.occurrences(sources, by_rules)), texts


def with_minhash(entries: pa.Table, texts: Mapping[int, str]) -> pa.Table:
    """Entries whose `minhash` is, in these rows, that of these texts."""
    if not texts:
        return entries
    minima = sketch.matrix(entries["minhash"], MINHASHES).copy()
    minima[list(texts)] = sketch.sketch(list(texts.values())).signature[:, :MINHASHES] & np.uint32(0xFFFF)
    return entries.set_column(entries.schema.get_field_index("minhash"), "minhash", as_lists(minima))


def as_lists(signatures: U32) -> pa.Array:
    """A column of what Texts keeps of signatures: uint32[n, MINHASHES or more]."""
    kept = np.ascontiguousarray(signatures[:, :MINHASHES]).astype(np.uint16)  # the lower bits: minima are small
    return pa.FixedSizeListArray.from_arrays(pa.array(kept.reshape(-1)), MINHASHES)


def minhash(column: pa.ChunkedArray) -> U16:
    """The column as uint16[n, MINHASHES]."""
    return sketch.matrix(column, MINHASHES).astype(np.uint16)


def keyed(found: pa.Table, publishers: pa.ChunkedArray, numbers: npt.NDArray[Any]) -> Lines:
    """LINES with keys. publishers, numbers: of each row; a number below 0 leaves the row out."""
    rows = found["row"].to_numpy()
    text = np.asarray(numbers, np.int64)[rows]
    kept = text >= 0
    key = keys(found["line"].to_numpy(), site_keys(publishers)[rows])
    return Lines(key[kept], text[kept].astype(np.uint32), found["marks"].to_numpy()[kept])


def keys(lines: U64, sites: U64) -> U64:
    return (lines & ~SITE) | sites


def site_keys(publishers: pa.ChunkedArray) -> U64:
    """The lower bits of keys for texts of these publishers; 0 for none."""
    coded = publishers.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    hashes = np.array([site_key(name) for name in (*coded.dictionary.to_pylist(), None)], np.uint64)
    places = pc.fill_null(coded.indices, len(hashes) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(hashes[places], np.uint64)


def site_key(publisher: str | None) -> int:
    """The lower bits of the keys of a publisher's lines; 0 if it is not known, else never."""
    if publisher is None:
        return 0
    digest = hashlib.blake2b(publisher.casefold().encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest) & int(SITE)) or 1


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many texts there are of each site. site: sorted, as in keys."""

    site: U64
    texts: I64

    @classmethod
    def count(cls, sites: U64) -> Sizes:
        """sites: of all texts."""
        return cls(*np.unique(sites, return_counts=True))

    def of(self, keys: U64) -> I64:
        """Of the site of each key of a line, which must be among them."""
        return self.texts[np.searchsorted(self.site, keys & SITE)]


@dataclass(frozen=True, slots=True)
class Texts:
    """What is known of texts that hold lines. id: the first 64 bits of it. item: of the hash of its item_key.
    minhash: uint16[n, MINHASHES]."""

    id: U64
    item: U64
    minhash: U16

    def take(self, rows: I64) -> Texts:
        return Texts(self.id[rows], self.item[rows], self.minhash[rows])


def joined(*parts: Texts) -> Texts:
    """One after the other."""
    columns = ([getattr(p, n) for p in parts] for n in ("id", "item", "minhash"))
    return Texts(*map(np.concatenate, columns)) if parts else NO_TEXTS


NO_TEXTS = Texts(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty((0, MINHASHES), np.uint16))


def sample(groups: I64, ids: U64) -> I64:
    """Of each group the SAMPLE places with the smallest ids."""
    order = np.lexsort((ids, groups))
    of_order = groups[order]
    rank = np.arange(len(order)) - np.searchsorted(of_order, of_order, "left")
    return order[rank < SAMPLE]


def weigh(groups: I64, spread: F64, texts: Texts, marks: U16) -> Evidence:
    """The evidence on lines. groups: int64[m], of each occurrence the number of its line; spread: of each line, see
    Evidence; texts, marks: of the occurrences."""
    count = len(spread)
    total = np.maximum(1, np.bincount(groups, minlength=count))
    share = {m: np.bincount(groups, weights=(marks & m) > 0, minlength=count) / total for m in templates.MARKS}
    return Evidence(stories(groups, count, texts), spread, share)


def stories(groups: I64, count: int, texts: Texts) -> I64:
    """How many distinct stories hold each line, up to MOST_STORIES.

    The text with the smallest id stands for all that are alike or versions of its item; then the next that is left.
    """
    order = np.lexsort((texts.id, groups))
    groups, texts = groups[order], texts.take(order)
    found = np.zeros(count, np.int64)
    for _ in range(MOST_STORIES):
        if not len(groups):
            break
        first = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
        found[groups[first]] += 1
        of = np.repeat(first, np.diff(np.append(first, len(groups))))
        alike = (texts.minhash == texts.minhash[of]).sum(axis=1) >= ALIKE
        left = np.flatnonzero(~alike & (texts.item != texts.item[of]))
        groups, texts = groups[left], texts.take(left)
    return found
