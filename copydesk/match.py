"""Decides what each record of a run is: an article, a duplicate, a revision, or seen before.

    identity (seen, revisions) -> one node a distinct text -> candidates by band keys -> verified pairs -> stories

Identical texts are collapsed before anything is compared, and of a crowded band only the first texts stand for the
rest, so a run of copies of one text costs little more than one. The result depends on the set of rows, not on their
order: rows are first put in order of precedence (earliest publication, unknown last; longest; smallest id).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk import sketch
from copydesk.edges import edges_of
from copydesk.entries import REVISION, entries_of, id_array, microseconds, precedence
from copydesk.index import Index, closest
from copydesk.segment import PER_KEY
from copydesk.similarity import NONE, OVERLAP, Figures, Texts, judge, measure, other_year, title_containment
from copydesk.stories import Edge, Node, Place, assign

I64 = npt.NDArray[np.int64]

NEW = ("id", "item_key", "publisher", "title", "published_at", "modified_at", "fetched_at", "char_count")
"""Columns that match() needs beside those of sketch.SKETCH."""

ROWS = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.string()),  # article, duplicate, revision, seen
        ("story_id", pa.string()),  # null if seen
        ("duplicate_of", pa.string()),
        ("relation", pa.string()),
        ("jaccard", pa.float64()),  # with the original; of a revision, with the version before it
        ("containment_in_original", pa.float64()),
        ("containment_of_original", pa.float64()),
        ("revises", pa.string()),
        ("version", pa.int32()),
    ]
)
LINKS = pa.schema(
    [
        ("a", pa.string()),
        ("b", pa.string()),
        ("jaccard", pa.float64()),
        ("containment_ab", pa.float64()),
        ("containment_ba", pa.float64()),
    ]
)

FURNITURE = 3
"""A story that overlaps with as many others of its publisher shares furniture with them (galleries, background)."""

MOSTLY = 0.8
"""Share of a text that must be found in another to call it a cut of it."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """rows: ROWS, as long as the records and in their order. overlaps: LINKS between stories, a < b, distinct."""

    rows: pa.Table
    overlaps: pa.Table

    def entries(self, new: pa.Table) -> tuple[pa.Table, sketch.U64]:
        """What segment.write_segment() takes: the entries of all rows of `new` but those seen, and their band keys."""
        kept = pc.not_equal(self.rows["kind"], "seen")
        rows = new.filter(kept)
        for name in ("story_id", "kind", "version", "jaccard"):
            if name in rows.column_names:
                rows = rows.drop_columns([name])
            rows = rows.append_column(name, self.rows[name].filter(kept))
        return entries_of(rows), sketch.keys_of(rows)


def match(new: pa.Table, index: Index, texts: Texts) -> Decisions:
    """Decide on the records of a run.

    new: a row a record, columns NEW and sketch.SKETCH. texts: the cleaned texts of new or historic ids; asked only for
    those that are compared, in batches. Raises ValueError if an id is not 32 hex digits, KeyError if `texts` has none.
    """
    order = _canonical_order(new)
    run = _Run(new.take(pa.array(order)), index, texts)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    rows = run.decide()
    return Decisions(rows.take(pa.array(back)), run.overlaps())


def _canonical_order(new: pa.Table) -> I64:
    """Precedence; rows of one id by whatever else they say, so that the first of them is always the same one."""
    order = precedence(new)
    ids = new["id"].take(pa.array(order)).to_pylist()
    if len(set(ids)) == len(ids):
        return order
    known = ("published_at", "modified_at", "fetched_at", "publisher", "title", "source_uri", "source_offset")
    says = new.select([name for name in known if name in new.column_names]).take(pa.array(order)).to_pylist()
    lengths = new["char_count"].take(pa.array(order)).to_pylist()
    first = {name: i for i, name in reversed(list(enumerate(ids)))}
    rank = sorted(range(len(ids)), key=lambda i: (first[ids[i]], -lengths[i], repr(tuple(says[i].values()))))
    return order[rank]


class _Run:
    """The work of one match(): rows in order of precedence, nodes for the distinct texts among them."""

    def __init__(self, new: pa.Table, index: Index, texts: Texts) -> None:
        self.index = index
        self.texts = texts
        self.ids: list[str] = new["id"].to_pylist()
        self.items: list[str] = new["item_key"].to_pylist()
        self.hashes: list[bytes | None] = new["text_hash"].to_pylist()
        self.sizes: list[int] = new["shingle_count"].to_pylist()
        self.publishers: list[str | None] = new["publisher"].to_pylist()
        self.titles: list[str | None] = new["title"].to_pylist()
        self.times = _version_times(new)
        self.new = new
        self.kind = ["article"] * len(new)
        self.story: list[str | None] = [None] * len(new)
        self.revises: list[str | None] = [None] * len(new)
        self.version: list[int | None] = [None] * len(new)
        self.first_row: list[int | None] = [None] * len(new)  # of a revision, the row of this run it revises in the end
        self.links: set[tuple[str, str]] = set()

    # ---- identity

    def _identify(self) -> None:
        known = self.index.known(self.ids)
        met: set[str] = set()
        versions: dict[str, list[int]] = {}
        for row, name in enumerate(self.ids):
            if known[row] or name in met:
                self.kind[row] = "seen"
            else:
                met.add(name)
                versions.setdefault(self.items[row], []).append(row)
        keys = list(versions)
        latest = self.index.latest(keys)
        history = _Entries(self.index, latest.entry)
        for i, key in enumerate(keys):
            rows = sorted(versions[key], key=lambda row: (self.times[row], self.ids[row]))
            before = history.at(int(latest.entry[i]))
            if before is None:
                self._number(rows, None, None, 1)
            else:
                self._number(rows, before.id, before.story, int(latest.version[i]) + 1)

    def _number(self, rows: list[int], before: str | None, story: str | None, version: int) -> None:
        """Versions of one item: all but a new item's first are revisions of the one before."""
        first = rows[0] if before is None else None
        for row in rows:
            if before is not None:
                self.kind[row] = "revision"
                self.revises[row], self.version[row], self.story[row] = before, version, story
                self.first_row[row] = first
            before, version = self.ids[row], version + 1

    # ---- nodes: distinct texts

    def _collapse(self) -> None:
        """One node for each distinct text of first versions, and one for each of revisions."""
        self.node_rows: list[int] = []
        self.node_of: list[int] = [-1] * len(self.ids)
        nodes: dict[tuple[bool, bytes], int] = {}
        for row, text_hash in enumerate(self.hashes):
            if self.kind[row] == "seen":
                continue
            key = None if text_hash is None else (self.kind[row] == "article", text_hash)
            node = len(self.node_rows) if key is None else nodes.setdefault(key, len(self.node_rows))
            if node == len(self.node_rows):
                self.node_rows.append(row)
            self.node_of[row] = node
        self.twins = [
            (node, nodes[False, text_hash])
            for (base, text_hash), node in nodes.items()
            if base and (False, text_hash) in nodes
        ]

    def _pairs(self) -> tuple[I64, I64, _Entries]:
        """Candidate pairs of nodes; those from `count` on are historic entries."""
        rows = np.array(self.node_rows, np.int64)
        count = len(rows)
        comparable = np.flatnonzero(np.array([self.sizes[row] for row in rows], np.int64) >= sketch.MIN_SHINGLES)
        keys = sketch.keys_of(self.new.select(sketch.SKETCH.names).take(pa.array(rows[comparable])))
        a, b = _within(keys)
        c, entry = self.index.candidates(keys)
        hashes = pa.array([self.hashes[row] for row in rows], pa.binary(16))
        self.exact = self.index.exact(hashes)
        numbers = np.unique(np.concatenate([entry, self.exact[self.exact >= 0]]))
        history = _Entries(self.index, numbers)
        # A text that history has already was compared when it first came; it belongs where that one is.
        fresh = self.exact[comparable[c]] < 0
        c, entry = c[fresh], entry[fresh]
        d = np.searchsorted(numbers, entry) + count
        return np.concatenate([comparable[a], comparable[c]]), np.concatenate([comparable[b], d]), history

    def _verify(self, a: I64, b: I64, history: _Entries) -> tuple[Figures, npt.NDArray[np.int8]]:
        rows = self.node_rows
        ids = [self.ids[row] for row in rows] + history.ids
        publishers = [self.publishers[row] for row in rows] + history.publishers
        titles = [self.titles[row] for row in rows] + history.titles
        figures = measure([ids[i] for i in a], [ids[i] for i in b], self.texts)
        same = np.zeros(len(a), np.bool_)
        title = np.zeros(len(a))
        years = np.zeros(len(a), np.bool_)
        for k, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
            if figures.jaccard[k] > 0 and _same_publisher(publishers[i], publishers[j]):
                same[k] = True
                title[k] = title_containment(titles[i], titles[j])
                years[k] = other_year(titles[i], titles[j])
        self.same_publisher = same
        return figures, judge(figures, same, title, years)

    # ---- stories

    def decide(self) -> pa.Table:
        self._identify()
        self._collapse()
        a, b, history = self._pairs()
        figures, verdicts = self._verify(a, b, history)
        number_of_story = self._story_numbers(history)
        nodes = self._nodes(history, number_of_story)
        edges = edges_of(a, b, figures, verdicts)
        edges += [Edge(node, twin, "strong", (1.0, 1.0)) for node, twin in self.twins]
        self._name_stories(assign(nodes, edges), {number: story for story, number in number_of_story.items()})
        self._find_links(a, b, verdicts, history)
        return self._rows()

    def _story_numbers(self, history: _Entries) -> dict[str, int]:
        """Precedence of the historic stories that matter here: entry numbers of their articles."""
        stories = sorted(set(history.stories) | {s for s in self.story if s is not None})
        return dict(zip(stories, self.index.find_ids(id_array(stories)).tolist(), strict=True))

    def _nodes(self, history: _Entries, number_of_story: dict[str, int]) -> list[Node]:
        nodes = []
        for node, row in enumerate(self.node_rows):
            base, first, story = self.kind[row] == "article", self.first_row[row], self.story[row]
            exact = history.at(int(self.exact[node])) if base else None
            nodes.append(
                Node(
                    self.ids[row],
                    self.sizes[row],
                    base,
                    item=None if first is None else self.node_of[first],
                    story=None if story is None else number_of_story[story],
                    fixed=None if exact is None else number_of_story[exact.story],
                )
            )
        for entry in history.entries:
            nodes.append(
                Node(entry.id, entry.size, entry.kind != REVISION, story=number_of_story[entry.story], core=entry.core)
            )
        return nodes

    def _name_stories(self, places: list[Place], names: dict[int, str]) -> None:
        canonical: dict[int, str] = {}
        for row, name in enumerate(self.ids):  # in order of precedence
            place = places[self.node_of[row]] if self.kind[row] == "article" else None
            if place is not None and not place.embeds:
                canonical.setdefault(place.group, name)
        for row, name in enumerate(self.ids):
            if self.kind[row] == "article":
                place = places[self.node_of[row]]
                story = canonical[place.group] if place.story is None else names[place.story]
                self.story[row] = story
                if story != name:
                    self.kind[row] = "duplicate"
        for row, first in enumerate(self.first_row):
            if first is not None:
                self.story[row] = self.story[first]

    def _find_links(self, a: I64, b: I64, verdicts: npt.NDArray[np.int8], history: _Entries) -> None:
        stories = [self.story[row] for row in self.node_rows] + list(history.stories)
        within: set[tuple[str, str]] = set()
        for k in np.flatnonzero(verdicts > NONE):
            first, second = stories[a[k]], stories[b[k]]
            assert first is not None
            assert second is not None
            if first != second:
                links = within if verdicts[k] == OVERLAP and self.same_publisher[k] else self.links
                links.add((min(first, second), max(first, second)))
        others = Counter(chain.from_iterable(within))
        self.links |= {pair for pair in within if max(others[story] for story in pair) < FURNITURE}

    # ---- what is handed back

    def _rows(self) -> pa.Table:
        wanted: dict[tuple[str, str], None] = {}
        compared: list[tuple[str, str] | None] = []
        for row, kind in enumerate(self.kind):
            other = self.story[row] if kind == "duplicate" else self.revises[row]
            if kind in ("article", "seen") or other is None:
                compared.append(None)
                continue
            mine = self.ids[self.node_rows[self.node_of[row]]]  # the same tokens, so the same shingles
            compared.append((mine, other))
            wanted.setdefault((mine, other))
        pairs = list(wanted)
        figures = measure([p[0] for p in pairs], [p[1] for p in pairs], self.texts)
        place = {pair: i for i, pair in enumerate(pairs)}
        same_text = self._same_text(pairs)
        columns: dict[str, list[object]] = {name: [] for name in ROWS.names}
        for row, kind in enumerate(self.kind):
            pair = compared[row]
            values: dict[str, object] = {
                "id": self.ids[row],
                "kind": kind,
                "story_id": self.story[row],
                "revises": self.revises[row],
                "version": self.version[row],
            }
            if pair is not None:
                i = place[pair]
                alike = (1.0, 1.0, 1.0) if same_text[i] else (figures.jaccard[i], figures.a_in_b[i], figures.b_in_a[i])
                values["jaccard"] = alike[0]
                if kind == "duplicate":
                    values["duplicate_of"] = self.story[row]
                    values["relation"] = relation(alike[1], alike[2], same_text[i])
                    values["containment_in_original"], values["containment_of_original"] = alike[1], alike[2]
            for name, column in columns.items():
                column.append(values.get(name))
        return pa.table(columns, schema=ROWS)

    def _same_text(self, pairs: list[tuple[str, str]]) -> list[bool]:
        """Whether the tokens of two texts are the same: by text hash, which short texts have too."""
        of_run = {name: row for row, name in reversed(list(enumerate(self.ids)))}
        missing = sorted({b for _, b in pairs if b not in of_run})
        entries = _Entries(self.index, np.unique(self.index.find_ids(id_array(missing))))
        historic = {entry.id: entry.text_hash for entry in entries.entries}
        result = []
        for a, b in pairs:
            mine = self.hashes[of_run[a]]
            other = self.hashes[of_run[b]] if b in of_run else historic.get(b)
            result.append(mine is not None and mine == other)
        return result

    def overlaps(self) -> pa.Table:
        pairs = sorted(self.links)
        a, b = [p[0] for p in pairs], [p[1] for p in pairs]
        f = measure(a, b, self.texts)
        return pa.table([a, b, f.jaccard, f.a_in_b, f.b_in_a], schema=LINKS)


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    story: str
    kind: int
    core: bool
    size: int
    text_hash: bytes | None


class _Entries:
    """Historic entries by number, read at once. numbers: sorted or not; negative ones are passed over."""

    def __init__(self, index: Index, numbers: I64) -> None:
        numbers = numbers[numbers >= 0]
        table = index.entries(numbers)
        columns = [table[name].to_pylist() for name in ("id", "story", "kind", "core", "shingle_count", "text_hash")]
        self.entries = [_Entry(i.hex(), s.hex(), *rest) for i, s, *rest in zip(*columns, strict=True)]
        self.ids = [entry.id for entry in self.entries]
        self.stories = [entry.story for entry in self.entries]
        self.publishers: list[str | None] = table["publisher"].to_pylist()
        self.titles: list[str | None] = table["title"].to_pylist()
        self._place = {number: i for i, number in enumerate(numbers.tolist())}

    def at(self, number: int) -> _Entry | None:
        place = self._place.get(number)
        return None if place is None else self.entries[place]


def relation(in_original: float, of_original: float, same_text: bool) -> str:
    """exact: the same tokens; truncated: mostly in the original, which has more; extended: the reverse; else copy."""
    if same_text:
        return "exact"
    if in_original >= MOSTLY > of_original:
        return "truncated"
    if of_original >= MOSTLY > in_original:
        return "extended"
    return "copy"


def _version_times(new: pa.Table) -> list[float]:
    """When a row was last changed, as well as it is known; unknown last."""
    times = pc.coalesce(*(microseconds(new[name]) for name in ("modified_at", "published_at", "fetched_at")))
    return [float("inf") if time is None else time for time in times.to_pylist()]


def _same_publisher(a: str | None, b: str | None) -> bool:
    return bool(a and b) and a.casefold() == b.casefold()  # type: ignore[union-attr]


def _within(keys: sketch.U64, per_key: int = PER_KEY) -> tuple[I64, I64]:
    """Pairs (earlier, later) of rows that share a band key; in a crowded one the first `per_key` rows with all others.

    Of each row, the closest earlier ones. keys: uint64[n, KEYS], rows in order of precedence. Distinct, sorted.
    """
    count = len(keys)
    flat = keys.reshape(-1)
    rows = np.repeat(np.arange(count, dtype=np.int64), keys.shape[1])
    order = np.argsort(flat, kind="stable")
    flat, rows = flat[order], rows[order]
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1]))) if len(flat) else np.empty(0, np.int64)
    start = np.repeat(starts, np.diff(np.append(starts, len(flat))))
    within = np.arange(len(flat)) - start
    earlier, later = [], []
    for k in range(per_key):
        others = within > k
        earlier.append(rows[start[others] + k])
        later.append(rows[others])
    b, a = closest(np.concatenate(later), np.concatenate(earlier), count)
    return a, b
