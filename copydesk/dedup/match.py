"""Decides what each record of a run is: an article, a duplicate, a revision, or seen before.

    identity (seen, revisions) -> one node a distinct text -> candidates by band keys -> verified pairs -> stories

Identical texts are collapsed before anything is compared, and of a crowded band only the first texts stand for the
rest, so a run of copies of one text costs little more than one. The result depends on the set of rows, not on their
order: rows are first put in order of precedence (earliest publication, unknown last; longest; smallest id).

Columns and pairs are arrays throughout; there are Python objects only for what is rare: later versions, and texts whose
story is not plain from strong pairs alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaners.arrays import F64, I64, Bools
from copydesk.dedup.apart import Apart, here
from copydesk.dedup.grouping import Grouping, PublishedStories
from copydesk.dedup.identity import Ordered, identify
from copydesk.dedup.nodes import Compared, History, Nodes
from copydesk.dedup.pairs import OfTable, Signed, verified
from copydesk.garbage import give_back, seldom_collected
from copydesk.index.entries import halves, id_array, one, precedence
from copydesk.index.index import Index
from copydesk.sketches.similarity import MOSTLY, OVERLAP, Figures, compare, in_threads

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

KINDS = ("article", "duplicate", "revision", "seen")
RELATIONS = ("exact", "truncated", "extended", "copy")

FURNITURE = 3
"""A story that overlaps with as many others of its publisher shares furniture with them (galleries, background)."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """rows: ROWS, as long as the records and in their order. overlaps: LINKS between stories, a < b, distinct."""

    rows: pa.Table
    overlaps: pa.Table


@seldom_collected
def match(
    new: pa.Table,
    index: Index,
    compared: Compared,
    threads: int = 1,
    signed: Signed | None = None,
    apart: Apart = here,
) -> Decisions:
    """Decide on the records of a run.

    new: a row a record, columns NEW and sketch.SKETCH. compared: asked only for those that are compared, in batches.
    threads: that compare at once, 0 for one a core. signed: knows the rows' signatures, default: those of `new`, which
    needs none otherwise. apart: does what can be done in pieces. Raises ValueError if an id is not 32 hex digits.
    """
    order = _canonical_order(new)
    run = _Run(new, order, index, compared, threads, signed or OfTable(new, threads), apart)
    decided = run.decide()
    give_back()
    return Decisions(decided, run.overlaps())


def _canonical_order(new: pa.Table) -> I64:
    """Precedence; rows of one id by whatever else they say, so that the first of them is always the same one."""
    order = precedence(new)
    beginnings, _ = halves(id_array(new["id"]))
    if len(np.unique(beginnings)) == len(order):
        return order
    names = new["id"].take(pa.array(order)).to_pylist()
    known = ("published_at", "modified_at", "fetched_at", "publisher", "title", "source_uri", "source_offset")
    says = new.select([name for name in known if name in new.column_names]).take(pa.array(order)).to_pylist()
    lengths = new["char_count"].take(pa.array(order)).to_pylist()
    first = {name: i for i, name in reversed(list(enumerate(names)))}
    rank = sorted(range(len(names)), key=lambda i: (first[names[i]], -lengths[i], repr(tuple(says[i].values()))))
    return order[rank]


class _Run:
    """The work of one match(): rows in order of precedence, nodes for the distinct texts among them."""

    def __init__(
        self,
        new: pa.Table,
        order: I64,
        index: Index,
        compared: Compared,
        threads: int,
        signed: Signed,
        apart: Apart,
    ) -> None:
        self.index, self.threads, self.apart = index, threads, apart
        self.rows = Ordered(new, order)
        self.identity = identify(self.rows, index)
        self.nodes = Nodes(self.rows, self.identity, compared)
        self.exact = index.exact(self.nodes.hashes)
        give_back()
        self.pairs = verified(self.nodes, signed, index, self.exact, threads, apart)
        self.history = self.pairs.history

    def decide(self) -> pa.Table:
        for step in (self._group, self._name_stories, self._find_links):
            give_back()  # what the one before worked with
            step()
        give_back()
        return self._decisions()

    # ---- stories

    def _group(self) -> None:
        """`published`: the published stories that matter here; `groups`: where the nodes end."""
        self.published = PublishedStories.of(self.identity, self.history, self.index)
        ids = one(self.rows.at("id", self.nodes.rows))
        grouping = Grouping(self.nodes, ids, self.identity, self.pairs, self.exact, self.published)
        self.groups = grouping.groups(self.apart)

    def _name_stories(self) -> None:
        """`story`: of each row the story it is of: the row of its article; below -1, -2 less the place of a published
        one in `published.names`; -1 for what was seen."""
        groups, numbers = self.groups, self.published.numbers
        of_node = np.full(len(self.nodes), -1, np.int64)
        new = self.nodes.base & (groups.published < 0)
        fit = new & ~groups.embeds & ~groups.attached

        def prefer(fit: Bools) -> None:
            nodes = np.flatnonzero(fit)[::-1]
            of_node[groups.group[nodes]] = nodes  # the last to be written is the first in precedence

        for better in (new, new & ~groups.embeds, fit):
            prefer(better)
        # Where no date decides, length does not either for a text that holds something else as well.
        undated = ~np.asarray(pc.is_valid(self.nodes.column("published_at")), np.bool_)
        fit &= ~groups.more & (groups.more & undated)[of_node[groups.group]]
        prefer(fit)
        prefer(fit & groups.core)
        of_node = np.where(of_node < 0, -1, self.nodes.rows[of_node])[np.maximum(groups.group, 0)]
        old = np.flatnonzero(groups.published >= 0)
        by_number = np.argsort(numbers)
        of_node[old] = -2 - by_number[np.searchsorted(numbers, groups.published[old], sorter=by_number)]
        first = self.identity.first_versions
        self.story = np.full(len(self.rows), -1, np.int64)
        self.story[first] = of_node[self.nodes.of_row[first]]
        for row, revision in self.identity.revisions.items():
            if revision.first is None:
                self.story[row] = -2 - self.published.place[revision.story or ""]
            else:
                self.story[row] = self.story[revision.first]

    def _ids(self, codes: I64) -> pa.Array:
        """The ids that such codes stand for; null for -1."""
        known = pa.chunked_array([*self.rows.table["id"].chunks, pa.array(self.published.names, pa.string())])
        places = np.where(codes >= 0, self.rows.order[np.maximum(codes, 0)], len(self.rows) - 2 - codes)
        return one(known.take(pa.array(places, mask=codes == -1)))

    def _find_links(self) -> None:
        """`links`: pairs of stories (see _ids) that are not one, of which texts are alike; by id. Less those that share
        what many stories of their publisher share."""
        stories = np.concatenate([self.story[self.nodes.rows], -2 - self.history.story])
        a, b, told = self.pairs.a, self.pairs.b, self.pairs.told()
        told = told[stories[a[told]] != stories[b[told]]]
        within = (self.pairs.verdicts[told] == OVERLAP) & self.pairs.same_publisher[told]
        linked, places = np.unique(stories[np.concatenate([a[told], b[told]])], return_inverse=True)
        by_id = np.asarray(pc.sort_indices(self._ids(linked)), np.int64)
        rank, count = np.argsort(by_id)[places].reshape(2, -1), max(1, len(linked))
        pairs = rank.min(0) * count + rank.max(0)
        of_one = np.unique(pairs[within])
        ends = np.stack(np.divmod(of_one, count))
        others = np.bincount(ends.reshape(-1), minlength=count)
        few = of_one[(others[ends] < FURNITURE).all(0)]
        pairs = np.union1d(pairs[~within], few)
        self.links = linked[by_id[np.stack(np.divmod(pairs, count))]]

    # ---- what is handed back

    def _decisions(self) -> pa.Table:
        """ROWS, as the rows were handed in."""
        count = len(self.rows)
        back = np.empty(count, np.int64)
        back[self.rows.order] = np.arange(count)
        first = self.identity.first_versions
        copy = first & (self.story != np.arange(count))
        kinds = np.select([copy, first, self.identity.seen], [1, 0, 3], 2)
        compared = self._compared(np.flatnonzero(copy))
        places, none = np.zeros(count, np.int64), np.ones(count, np.bool_)
        rows = np.concatenate([np.flatnonzero(copy), np.array(sorted(self.identity.revisions), np.int64)])
        places[rows], none[rows] = np.arange(len(rows)), False
        columns = {
            "id": self.rows.table["id"],
            "kind": pa.array(KINDS).take(pa.array(kinds[back])),
            "story_id": self._ids(self.story[back]),
        }
        found = pa.array(places[back], mask=none[back])
        columns |= {name: compared[name].take(found) for name in compared.column_names}
        return pa.table(columns).select(ROWS.names).cast(ROWS)

    def _compared(self, copies: I64) -> pa.Table:
        """The columns of ROWS from `duplicate_of` on, of copies with their original and then of revisions, by row, with
        the version before."""
        revisions = [revision for _, revision in sorted(self.identity.revisions.items())]
        revised = np.array(sorted(self.identity.revisions), np.int64)
        others, history = self._nodes_of(self.story[copies])
        published = [r.revises for r in revisions if r.before is None]
        history = history.with_ids(published)
        behind, of_row = iter(self._behind(published, history)), self.nodes.of_row
        before = [next(behind) if r.before is None else int(of_row[r.before]) for r in revisions]
        nodes = of_row[np.concatenate([copies, revised])]
        figures, same = self._figures(nodes, np.concatenate([others, np.array(before, np.int64)]), history)
        jaccard, in_other, of_other = figures
        relations = _relations(in_other, of_other, same)
        no_copy = np.arange(len(nodes)) >= len(copies)
        nothing = [None] * len(copies)
        return pa.table(
            {
                "duplicate_of": pa.concat_arrays([self._ids(self.story[copies]), pa.nulls(len(revised), pa.string())]),
                "relation": pa.array(RELATIONS).take(pa.array(relations, mask=no_copy)),
                "jaccard": pa.array(jaccard),
                "containment_in_original": pa.array(in_other, mask=no_copy),
                "containment_of_original": pa.array(of_other, mask=no_copy),
                "revises": pa.array([*nothing, *(r.revises for r in revisions)], pa.string()),
                "version": pa.array([*nothing, *(r.version for r in revisions)], pa.int32()),
            }
        )

    def _figures(self, nodes: I64, others: I64, history: History) -> tuple[F64, Bools]:
        """Of pairs of nodes: float64[3, n], Jaccard, containment in the other and of the other; and whether the tokens
        are the same. What was verified is not measured again. history: the published texts behind the nodes."""
        total = len(self.nodes) + len(history)
        codes, which = np.unique(np.maximum(nodes, others) * total + np.minimum(nodes, others), return_inverse=True)
        known = self.pairs.b * total + self.pairs.a
        order = np.argsort(known) if (known[1:] < known[:-1]).any() else None  # of one run alone they are in order
        at = np.searchsorted(known, codes, sorter=order)
        found = np.flatnonzero(at < len(known))
        rows = at[found] if order is None else order[at[found]]
        is_it = known[rows] == codes[found]
        found, rows, told = found[is_it], rows[is_it], self.pairs.figures
        of_code = np.zeros((3, len(codes)))
        of_code[:, found] = told.jaccard[rows], told.a_in_b[rows], told.b_in_a[rows]
        missing = np.setdiff1d(np.arange(len(codes)), found)
        two, one = np.divmod(codes[missing], total)
        more = self._measured(one, two, history)
        of_code[:, missing] = more.jaccard, more.a_in_b, more.b_in_a
        jaccard, a_in_b, b_in_a = of_code[:, which]
        turned = nodes > others
        hashes = self.nodes.column("text_hash", history)
        same = pc.equal(*(hashes.take(pa.array(side)) for side in (nodes, others)))
        same = np.asarray(pc.fill_null(same, False), np.bool_)
        alike = np.stack([jaccard, np.where(turned, b_in_a, a_in_b), np.where(turned, a_in_b, b_in_a)])
        return np.where(same, 1.0, alike), same

    def _measured(self, a: I64, b: I64, history: History) -> Figures:
        sizes = np.concatenate([self.nodes.sizes, history.sizes])
        if max(a.max(initial=0), b.max(initial=0)) < len(self.nodes):
            return compare(a, b, sizes, self.nodes.count)
        return compare(a, b, sizes, in_threads(partial(self.nodes.shingles, history=history)))

    def overlaps(self) -> pa.Table:
        nodes, history = self._nodes_of(self.links.reshape(-1))
        one, two = nodes.reshape(2, -1)
        figures, _ = self._figures(one, two, history)
        return pa.table([*map(self._ids, self.links), *figures], schema=LINKS)

    def _nodes_of(self, stories: I64) -> tuple[I64, History]:
        """The nodes of the articles of stories (see _ids), and the published texts behind the nodes of this run."""
        published = stories < 0
        names = [self.published.names[-2 - code] for code in stories[published].tolist()]
        history = self.history.with_ids(names)
        nodes = self.nodes.of_row[np.maximum(stories, 0)]
        nodes[published] = self._behind(names, history)
        return nodes, history

    def _behind(self, ids: Sequence[str], history: History) -> list[int]:
        """The nodes of published texts."""
        place = {id_: i for i, id_ in enumerate(history.ids, len(self.nodes))} if ids else {}
        return [place[id_] for id_ in ids]


def relation(in_original: float, of_original: float, same_text: bool) -> str:
    """exact: the same tokens; truncated: mostly in the original, which has more; extended: the reverse; else copy."""
    return RELATIONS[int(_relations(np.array(in_original), np.array(of_original), np.array(same_text)))]


def _relations(in_original: F64, of_original: F64, same_text: Bools) -> I64:
    """`relation` of many, as places in RELATIONS."""
    cut = (in_original >= MOSTLY) & (of_original < MOSTLY)
    grown = (of_original >= MOSTLY) & (in_original < MOSTLY)
    return np.select([same_text, cut, grown], [0, 1, 2], 3)
