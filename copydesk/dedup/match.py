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

from cleaners.arrays import F64, I8, I64, Bools
from copydesk.dedup.apart import Apart, here, if_several
from copydesk.dedup.digests import part_of_digest
from copydesk.dedup.edges import about_something_else, embedding, holding_more
from copydesk.dedup.identity import Ordered, identify
from copydesk.dedup.nodes import Compared, History, Nodes
from copydesk.dedup.pairs import OfTable, Signed, verified
from copydesk.dedup.weighing import NOTHING, Piece, Ties, in_pieces, weigh
from copydesk.garbage import give_back, seldom_collected
from copydesk.index.entries import REVISION, id_array, one, precedence
from copydesk.index.index import Index
from copydesk.sketches.similarity import EMBEDS, MOSTLY, NONE, OVERLAP, STRONG, Figures, compare, connected, in_threads

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
    needs none otherwise. apart: does what
    can be done in pieces. Raises ValueError if an id is not 32 hex digits.
    """
    order = _canonical_order(new)
    run = _Run(new, order, index, compared, threads, signed or OfTable(new, threads), apart)
    decided = run.decide()
    give_back()
    return Decisions(decided, run.overlaps())


def _canonical_order(new: pa.Table) -> I64:
    """Precedence; rows of one id by whatever else they say, so that the first of them is always the same one."""
    order = precedence(new)
    ids = new["id"].take(pa.array(order))
    if pc.count_distinct(ids).as_py() == len(ids):
        return order
    names = ids.to_pylist()
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
        for step in (self._assign, self._name_stories, self._find_links):
            give_back()  # what the one before worked with
            step()
        give_back()
        return self._decisions()

    # ---- stories

    def _assign(self) -> None:
        """Where the nodes end: `group`, which those of one new story share; `published`, the number of a published
        story, -1 for none; `embeds`, `more`: see edges.py; `attached`: see stories.Place; `core`: strongly alike
        another.

        Where strong pairs alone join all that are in pairs with each other, there is nothing to weigh.
        """
        a, b, figures, verdicts = self.pairs.a, self.pairs.b, self.pairs.figures, self.pairs.verdicts
        count = len(self.nodes)
        total = count + len(self.history)
        base = np.concatenate([self.nodes.base, np.zeros(len(self.history), np.bool_)])
        ties = np.array([*self.nodes.twins, *self._versions()], np.int64).reshape(-1, 2)
        apart = part_of_digest(a, b, figures, verdicts, total, np.concatenate([ties, self._published_ties()]))
        verdicts = np.where(apart, np.int8(NONE), verdicts)
        elsewhere = about_something_else(a, b, figures, verdicts, self.pairs.odds, base)
        verdicts = np.where(elsewhere, np.int8(OVERLAP), verdicts)
        told = np.flatnonzero(verdicts != NONE)
        strong = told[(verdicts[told] == STRONG) & base[a[told]] & base[b[told]]]
        roots = connected(a[strong], b[strong], total)
        longer = np.where(figures.a_size >= figures.b_size, a, b)
        holding = np.zeros(total, np.bool_)
        holding[longer[told[verdicts[told] == EMBEDS]]] = True
        told = told[(verdicts[told] != OVERLAP) | holding[longer[told]]]  # others join nothing
        wide = connected(np.concatenate([a[told], ties[:, 0]]), np.concatenate([b[told], ties[:, 1]]), total)
        unsettled = roots != wide
        unsettled[a[told]] |= ~base[a[told]]
        unsettled[b[told]] |= ~base[b[told]]
        unsettled[:count] |= ~self.nodes.base | (self.exact >= 0)
        of_root = np.bincount(wide, weights=unsettled, minlength=total) > 0
        self._number_stories()
        self.group, self.published = np.where(self.nodes.base, roots[:count], -1), np.full(count, -1, np.int64)
        self.attached = np.zeros(count, np.bool_)
        of_root &= ~self._join_published(told, verdicts, ties, roots, wide)
        one_group = base[a[told]] & base[b[told]] & (roots[a[told]] == roots[b[told]])
        weighed = told[of_root[wide[a[told]]] & (~one_group | holding[longer[told]])]
        known = np.zeros(total, np.bool_)
        known[:count] = known[a[told]] = known[b[told]] = True
        pieces = in_pieces(np.flatnonzero(of_root[wide] & known), weighed, a, wide)
        self._weigh([self._piece(number, *some, verdicts, roots) for number, some in enumerate(pieces)])
        self.core = np.bincount(roots[:count], minlength=total)[roots[:count]] > 1
        alike = base[a] & base[b]
        alike[alike] = self.group[a[alike]] == self.group[b[alike]]
        self.embeds = embedding(a, b, figures, verdicts, alike, count)
        self.more = holding_more(a, b, figures, verdicts, self.pairs.odds, alike, count)

    def _join_published(self, told: I64, verdicts: I8, ties: I64, roots: I64, wide: I64) -> Bools:
        """Have groups join the earliest of the published stories that they are strongly alike, where nothing else is
        told of any text that is connected. Returns of each root in `wide` whether that is so."""
        a, b, count = self.pairs.a, self.pairs.b, len(self.nodes)
        sound = np.concatenate([self.nodes.base, self.history.kinds != REVISION])
        doubtful = ~sound
        doubtful[:count] |= self.exact >= 0
        weaker = told[(verdicts[told] != STRONG) | ~sound[a[told]] | ~sound[b[told]]]
        for nodes in (a[weaker], b[weaker], ties.reshape(-1)):
            doubtful[nodes] = True
        plain = np.bincount(wide, weights=doubtful, minlength=len(wide)) == 0
        claims = told[(b[told] >= count) & plain[wide[a[told]]]]
        numbers = self.history.articles
        earliest = np.full(len(wide), np.iinfo(np.int64).max)
        np.minimum.at(earliest, roots[a[claims]], numbers[self.history.story[b[claims] - count]])
        found = earliest[roots[:count]]
        self.published = np.where(found < np.iinfo(np.int64).max, found, -1)
        return np.asarray(plain, np.bool_)

    def _versions(self) -> list[tuple[int, int]]:
        """Pairs of nodes: of a revision, and of the first version in this run of its item."""
        of_row = self.nodes.of_row
        pairs = ((row, r.first) for row, r in self.identity.revisions.items() if r.first is not None)
        return [(int(of_row[row]), int(of_row[first])) for row, first in pairs]

    def _published_ties(self) -> I64:
        """Pairs of nodes: of texts of a published story, and revisions of those, with the first of them."""
        count, story = len(self.nodes), self.history.story
        first = np.unique(story, return_index=True)[1] + count
        revised = [
            (int(self.nodes.of_row[row]), r.story)
            for row, r in self.identity.revisions.items()
            if r.first is None and r.story
        ]
        place = dict(zip(self.history.stories, first.tolist(), strict=True)) if revised else {}
        more = np.array([(place.setdefault(name, node), node) for node, name in revised], np.int64)
        return np.concatenate([np.stack([first[story], np.arange(len(story)) + count], 1), more.reshape(-1, 2)])

    def _piece(self, number: int, nodes: I64, pairs: I64, verdicts: I8, roots: I64) -> Piece:
        """These nodes, those of the run before published ones, and the pairs between them. roots: what strong pairs
        have joined."""
        place = np.full(len(roots), -1, np.int64)
        place[nodes] = np.arange(len(nodes))
        a, b = place[self.pairs.a[pairs]], place[self.pairs.b[pairs]]
        twins = place[np.array(self.nodes.twins, np.int64).reshape(-1, 2)]
        ties = Ties.of(a, b, self.pairs.figures.at(pairs), verdicts[pairs])
        count, history, numbers = len(self.nodes), self.history, self.numbers
        here, behind = nodes[nodes < count], nodes[nodes >= count] - count
        item, story, fixed = (np.full(len(nodes), NOTHING) for _ in range(3))
        story[len(here) :] = numbers[history.story[behind]]
        rows, base = self.nodes.rows[here], self.nodes.base[here]
        for node in np.flatnonzero(~base).tolist():
            revision = self.identity.revisions[int(rows[node])]
            if revision.first is not None:
                item[node] = place[self.nodes.of_row[revision.first]]
            if revision.story is not None:
                story[node] = numbers[self.place[revision.story]]
        same = np.flatnonzero(base & (self.exact[here] >= 0))
        fixed[same] = numbers[history.story[np.searchsorted(history.numbers, self.exact[here[same]])]]
        return Piece(
            number,
            nodes,
            pa.concat_arrays(
                [one(self.rows.at("id", rows)), pa.array(history.ids, pa.string()).take(pa.array(behind))]
            ),
            np.concatenate([self.nodes.sizes[here], history.sizes[behind]]),
            np.concatenate([base, history.kinds[behind] != REVISION]),
            item,
            story,
            fixed,
            np.concatenate([np.ones(len(here), np.bool_), history.core[behind]]),
            place[roots[nodes]],
            ties.joined(Ties.sure(twins[twins[:, 0] >= 0])),
        )

    def _weigh(self, pieces: Sequence[Piece]) -> None:
        """Write down where the nodes of these pieces end."""
        for placed in if_several(self.apart, "weigh", weigh, pieces):
            self.group[placed.nodes], self.published[placed.nodes] = placed.group, placed.story
            self.attached[placed.nodes] = placed.attached

    def _number_stories(self) -> None:
        """`names`: the ids of the published stories that matter here, those of `history` first; `numbers`: of each the
        entry of its article, which says what comes first; `place`: of a name in them."""
        revised = {r.story for r in self.identity.revisions.values() if r.story is not None}
        others = sorted(revised.difference(self.history.stories))
        self.names = [*self.history.stories, *others]
        self.numbers = np.concatenate([self.history.articles, self.index.find_ids(id_array(others))])
        self.place = {name: i for i, name in enumerate(self.names)} if revised else {}

    def _name_stories(self) -> None:
        """`story`: of each row the story it is of: the row of its article; below -1, -2 less the place of a published
        one in `names`; -1 for what was seen."""
        of_node = np.full(len(self.nodes), -1, np.int64)
        new = self.nodes.base & (self.published < 0)
        fit = new & ~self.embeds & ~self.attached

        def prefer(fit: Bools) -> None:
            nodes = np.flatnonzero(fit)[::-1]
            of_node[self.group[nodes]] = nodes  # the last to be written is the first in precedence

        for better in (new, new & ~self.embeds, fit):
            prefer(better)
        # Where no date decides, length does not either for a text that holds something else as well.
        undated = ~np.asarray(pc.is_valid(self.nodes.column("published_at")), np.bool_)
        fit &= ~self.more & (self.more & undated)[of_node[self.group]]
        prefer(fit)
        prefer(fit & self.core)
        of_node = np.where(of_node < 0, -1, self.nodes.rows[of_node])[np.maximum(self.group, 0)]
        old = np.flatnonzero(self.published >= 0)
        by_number = np.argsort(self.numbers)
        of_node[old] = -2 - by_number[np.searchsorted(self.numbers, self.published[old], sorter=by_number)]
        first = self.identity.first_versions
        self.story = np.full(len(self.rows), -1, np.int64)
        self.story[first] = of_node[self.nodes.of_row[first]]
        for row, revision in self.identity.revisions.items():
            if revision.first is None:
                self.story[row] = -2 - self.place[revision.story or ""]
            else:
                self.story[row] = self.story[revision.first]

    def _ids(self, codes: I64) -> pa.Array:
        """The ids that such codes stand for; null for -1."""
        known = pa.chunked_array([*self.rows.table["id"].chunks, pa.array(self.names, pa.string())])
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
        names = [self.names[-2 - code] for code in stories[published].tolist()]
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
