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
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk import candidates, sketch
from copydesk.entries import REVISION, entries_of, id_array, precedence
from copydesk.identity import Identity, identify
from copydesk.index import Index
from copydesk.shingling import Shingles
from copydesk.similarity import (
    EMBEDS,
    NONE,
    OVERLAP,
    STRONG,
    WEAK,
    Figures,
    compare,
    connected,
    judge,
    title_containment,
)
from copydesk.stories import Edge, Node, Tie, assign

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

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

VERDICTS: dict[int, Tie] = {OVERLAP: "overlap", EMBEDS: "embeds", WEAK: "weak", STRONG: "strong"}

KINDS = ("article", "duplicate", "revision", "seen")
RELATIONS = ("exact", "truncated", "extended", "copy")

SURE = (1.0, 1.0)
NEAR = 8
"""Texts that share so many band keys are most likely copies: they are compared together. Nothing else depends on it."""

MOSTLY = 0.8
"""Share of a text that must be found in another to call it a cut of it."""


class Compared(Protocol):
    """The shingles of the cleaned texts that are compared."""

    def of_run(self, rows: I64) -> Shingles:
        """Those of rows of `new`, in ascending order."""

    def of_history(self, ids: Sequence[str]) -> Shingles:
        """Those of published ids, in the order asked for. Raises KeyError for an id that is not published."""


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


def match(new: pa.Table, index: Index, compared: Compared, threads: int = 1) -> Decisions:
    """Decide on the records of a run.

    new: a row a record, columns NEW and sketch.SKETCH. compared: asked only for those that are compared, in batches.
    threads: that compare at once, 0 for one a core. Raises ValueError if an id is not 32 hex digits.
    """
    order = _canonical_order(new)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    run = _Run(new, order, index, compared, threads)
    rows = run.decide()
    return Decisions(rows.take(pa.array(back)), run.overlaps())


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
    """The work of one match(): rows in order of precedence, nodes for the distinct texts among them.

    Nodes are numbered by their first rows; behind them come the published texts (entries) that are compared.
    """

    def __init__(self, new: pa.Table, order: I64, index: Index, compared: Compared, threads: int) -> None:
        self.order, self.index, self.compared, self.threads = order, index, compared, threads
        self.rows = new.select([*NEW, "text_hash", "shingle_count"]).take(pa.array(order))
        self.signed = new.select(["signature", "lead_signature"])
        self.sizes = np.asarray(self.rows["shingle_count"], np.int64)

    def decide(self) -> pa.Table:
        self.identity: Identity = identify(self.rows, self.index)
        self._collapse()
        a, b, history = self._pairs()
        self.history = history
        figures = self._compare(a, b)
        verdicts = judge(figures, *self._publishers_and_titles(a, b, figures))
        self._assign(a, b, figures, verdicts)
        self._name_stories()
        self._find_links(a, b, verdicts)
        return self._decisions(a, b, figures)

    # ---- nodes: distinct texts

    def _collapse(self) -> None:
        """One node for each distinct text of first versions, and one for each of revisions."""
        base = self.identity.first_versions
        rows = np.flatnonzero(~self.identity.seen)
        hashes = self.rows["text_hash"].take(pa.array(rows)).combine_chunks()
        coded = hashes.dictionary_encode()
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        codes = np.asarray(pc.fill_null(coded.indices, -1), np.int64)
        keys = np.where(codes < 0, -1 - np.arange(len(rows)), codes * 2 + base[rows])  # a text of nothing stays alone
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        by_row = np.argsort(first)
        number = np.empty(len(first), np.int64)
        number[by_row] = np.arange(len(first))
        self.node_rows: I64 = rows[first[by_row]]
        self.node_of = np.full(len(self.rows), -1, np.int64)
        self.node_of[rows] = number[inverse]
        self.base: Bools = base[self.node_rows]
        self.hashes = self.rows["text_hash"].take(pa.array(self.node_rows)).combine_chunks()
        self.twins = self._twins(keys[first[by_row]])

    def _twins(self, keys: I64) -> list[tuple[int, int]]:
        """Pairs of nodes, of a first version and of revisions, that have the same text."""
        if self.base.all():
            return []
        place = {key: node for node, key in enumerate(keys.tolist())}
        revised = np.flatnonzero(~self.base & (keys >= 0)).tolist()
        return [(place[keys[node] + 1], node) for node in revised if keys[node] + 1 in place]

    def _pairs(self) -> tuple[I64, I64, _History]:
        """Candidate pairs of nodes; those with published texts come last."""
        count = len(self.node_rows)
        comparable = np.flatnonzero(self.sizes[self.node_rows] >= sketch.MIN_SHINGLES)
        keys = sketch.keys_of(self.signed.take(pa.array(self.order[self.node_rows[comparable]])))
        a, b, shared = candidates.within(keys, threads=self.threads)
        self.exact = self.index.exact(self.hashes)
        # A text that history has already was compared when it first came; it belongs where that one is.
        fresh = np.flatnonzero(self.exact[comparable] < 0) if len(self.index) else np.empty(0, np.int64)
        c, entry = self.index.candidates(keys[fresh])
        numbers = np.unique(np.concatenate([entry, self.exact[self.exact >= 0]]))
        self.near = shared >= NEAR
        old = np.searchsorted(numbers, entry) + count
        a, b = np.concatenate([comparable[a], comparable[fresh[c]]]), np.concatenate([comparable[b], old])
        return a, b, _History(self.index, numbers)

    # ---- verified pairs

    def _compare(self, a: I64, b: I64) -> Figures:
        count, within = len(self.node_rows), len(self.near)
        sizes = np.concatenate([self.sizes[self.node_rows], self.history.sizes])
        here = compare(a[:within], b[:within], sizes[:count], self._shingles, near=self.near, threads=self.threads)
        before = compare(a[within:], b[within:], sizes, self._shingles, by_second=True)
        return Figures.joined(here, before)

    def _shingles(self, nodes: I64, old: _History | None = None) -> Shingles:
        """Those of nodes, which ascend. old: the published ones behind them, if not `history`."""
        here = nodes[nodes < len(self.node_rows)]
        rows = self.order[self.node_rows[here]]
        by_row = np.argsort(rows)
        found = self.compared.of_run(rows[by_row])
        back = np.argsort(by_row)
        found = Shingles(found.values, found.starts[back], found.lead_ends[back], found.ends[back])
        behind = [(old or self.history).ids[i] for i in (nodes[len(here) :] - len(self.node_rows)).tolist()]
        return Shingles.joined(found, self.compared.of_history(behind)) if behind else found

    def _publishers_and_titles(self, a: I64, b: I64, figures: Figures) -> tuple[Bools, npt.NDArray[np.float64]]:
        """Whether the two of a pair are of one publisher; if so, how much of the shorter title is in the other."""
        publishers = self._of_nodes("publisher").dictionary_encode()
        folded = [(name or "").casefold() for name in publishers.dictionary.to_pylist()]
        number = {"": -1} | {name: i for i, name in enumerate(folded) if name}
        of_code = np.array([*(number[name] for name in folded), -1], np.int64)
        codes = of_code[np.asarray(pc.fill_null(publishers.indices, len(folded)), np.int64)]
        same = (codes[a] == codes[b]) & (codes[a] >= 0) & (figures.jaccard > 0)
        alike = np.flatnonzero(same)
        titles = self._of_nodes("title")
        first, second = (titles.take(pa.array(side[alike])).to_pylist() for side in (a, b))
        title = np.zeros(len(a))
        title[alike] = [title_containment(one, two) for one, two in zip(first, second, strict=True)]
        return same, title

    def _of_nodes(self, name: str) -> pa.Array:
        """A column of all nodes and of the published texts behind them."""
        here = self.rows[name].take(pa.array(self.node_rows))
        return pa.chunked_array([*here.chunks, *self.history.table[name].chunks], here.type).combine_chunks()

    # ---- stories

    def _assign(self, a: I64, b: I64, figures: Figures, verdicts: npt.NDArray[np.int8]) -> None:
        """Where the nodes end: `group`, which those of one new story share; `published`, the number of a published
        story, -1 for none; `embeds`: see stories.Place.

        Where strong pairs alone join all that are in pairs with each other, there is nothing to weigh.
        """
        count = len(self.node_rows)
        total = count + len(self.history)
        base = np.concatenate([self.base, np.zeros(len(self.history), np.bool_)])
        told = np.flatnonzero(verdicts != NONE)
        strong = told[(verdicts[told] == STRONG) & base[a[told]] & base[b[told]]]
        roots = connected(a[strong], b[strong], total)
        ties = np.array([*self.twins, *self._versions()], np.int64).reshape(-1, 2)
        wide = connected(np.concatenate([a[told], ties[:, 0]]), np.concatenate([b[told], ties[:, 1]]), total)
        unsettled = (roots != wide) | ~base
        unsettled[:count] |= self.exact >= 0
        of_root = np.bincount(wide, weights=unsettled, minlength=total) > 0
        self.group, self.published = np.where(self.base, roots[:count], -1), np.full(count, -1, np.int64)
        self.embeds = np.zeros(count, np.bool_)
        longer = np.where(figures.a_size >= figures.b_size, a, b)
        embedding = np.zeros(total, np.bool_)
        embedding[longer[told[verdicts[told] == EMBEDS]]] = True
        one_group = base[a[told]] & base[b[told]] & (roots[a[told]] == roots[b[told]])
        weighed = told[of_root[wide[a[told]]] & (~one_group | embedding[longer[told]])]
        nodes = np.flatnonzero(of_root[wide])
        place = np.searchsorted(nodes, np.arange(total))
        edges = [
            Edge(one, other, VERDICTS[verdict], (jaccard, share), more)
            for one, other, verdict, jaccard, share, more in zip(
                place[a[weighed]].tolist(),
                place[b[weighed]].tolist(),
                verdicts[weighed].tolist(),
                figures.jaccard[weighed].tolist(),
                np.maximum(figures.a_in_b, figures.b_in_a)[weighed].tolist(),
                place[longer[weighed]].tolist(),
                strict=True,
            )
        ]
        joined = nodes[roots[nodes] != nodes]
        sure = [*zip(roots[joined].tolist(), joined.tolist(), strict=True), *self.twins]
        edges += [Edge(int(place[one]), int(place[other]), "strong", SURE) for one, other in sure]
        self._weigh(nodes, edges)

    def _versions(self) -> list[tuple[int, int]]:
        """Pairs of nodes: of a revision, and of the first version in this run of its item."""
        pairs = ((row, r.first) for row, r in self.identity.revisions.items() if r.first is not None)
        return [(int(self.node_of[row]), int(self.node_of[first])) for row, first in pairs]

    def _weigh(self, nodes: I64, edges: Sequence[Edge]) -> None:
        """The places of these nodes, by stories.assign. edges: between them, by their places in `nodes`."""
        numbers = self._story_numbers()
        self.story_of_number = {number: story for story, number in numbers.items()}
        for node, found in zip(nodes.tolist(), assign(self._nodes(nodes, numbers), edges), strict=True):
            if node < len(self.node_rows) and self.base[node]:
                self.group[node] = nodes[found.group]
                self.published[node] = -1 if found.story is None else found.story
                self.embeds[node] = found.embeds

    def _story_numbers(self) -> dict[str, int]:
        """Precedence of the published stories that matter here: entry numbers of their articles."""
        revised = {r.story for r in self.identity.revisions.values() if r.story is not None}
        stories = sorted(set(self.history.stories) | revised)
        return dict(zip(stories, self.index.find_ids(id_array(stories)).tolist(), strict=True))

    def _nodes(self, nodes: I64, numbers: dict[str, int]) -> list[Node]:
        count = len(self.node_rows)
        place = {node: i for i, node in enumerate(nodes.tolist())}
        here = self.node_rows[nodes[nodes < count]]
        names, made = self.rows["id"].take(pa.array(here)).to_pylist(), []
        for node, row, name in zip(nodes.tolist(), here.tolist(), names, strict=False):
            revision = self.identity.revisions.get(row)
            exact = self.history.place.get(int(self.exact[node])) if revision is None else None
            item = None if revision is None or revision.first is None else place[int(self.node_of[revision.first])]
            story = None if revision is None or revision.story is None else numbers[revision.story]
            fixed = None if exact is None else numbers[self.history.stories[exact]]
            made.append(Node(name, int(self.sizes[row]), revision is None, item=item, story=story, fixed=fixed))
        for i in (nodes[nodes >= count] - count).tolist():
            h = self.history
            made.append(
                Node(h.ids[i], int(h.sizes[i]), h.kinds[i] != REVISION, story=numbers[h.stories[i]], core=h.core[i])
            )
        return made

    def _name_stories(self) -> None:
        """`story`: of each row the story it is of: the row of its article; below -1, -2 less the place of a published
        one in `names`; -1 for what was seen."""
        self.names = list(self.story_of_number.values())
        code = {number: -2 - i for i, number in enumerate(self.story_of_number)}
        code_of_name = {name: -2 - i for i, name in enumerate(self.names)}
        canonical = np.full(len(self.node_rows), -1, np.int64)
        fit = np.flatnonzero(self.base & ~self.embeds & (self.published < 0))[::-1]
        canonical[self.group[fit]] = self.node_rows[fit]  # the last to be written is the first in precedence
        of_node = canonical[np.maximum(self.group, 0)]
        for node in np.flatnonzero(self.published >= 0).tolist():
            of_node[node] = code[int(self.published[node])]
        first = self.identity.first_versions
        self.story = np.full(len(self.rows), -1, np.int64)
        self.story[first] = of_node[self.node_of[first]]
        for row, revision in self.identity.revisions.items():
            known = revision.first if revision.first is not None else None
            self.story[row] = code_of_name[revision.story or ""] if known is None else self.story[known]

    def _ids(self, codes: I64) -> pa.Array:
        """The ids that such codes stand for; null for -1."""
        known = pa.chunked_array([*self.rows["id"].chunks, pa.array(self.names, pa.string())])
        places = np.where(codes >= 0, codes, len(self.rows) - 2 - codes)
        return known.take(pa.array(places, mask=codes == -1)).combine_chunks()

    def _find_links(self, a: I64, b: I64, verdicts: npt.NDArray[np.int8]) -> None:
        """Pairs of stories that are not one, of which texts are alike; by id."""
        code_of_name = {name: -2 - i for i, name in enumerate(self.names)}
        old = np.array([code_of_name[story] for story in self.history.stories], np.int64)
        stories = np.concatenate([self.story[self.node_rows], old])
        told = np.flatnonzero(verdicts != NONE)
        first, second = stories[a[told]], stories[b[told]]
        apart = first != second
        one, two = (self._ids(side[apart]).to_pylist() for side in (first, second))
        self.links = sorted({(min(pair), max(pair)) for pair in zip(one, two, strict=True)})

    # ---- what is handed back

    def _decisions(self, a: I64, b: I64, figures: Figures) -> pa.Table:
        count = len(self.rows)
        first = self.identity.first_versions
        copy = first & (self.story != np.arange(count))
        kinds = np.select([copy, first, self.identity.seen], [1, 0, 3], 2)
        compared = self._compared(np.flatnonzero(copy), a, b, figures)
        places, none = np.zeros(count, np.int64), np.ones(count, np.bool_)
        rows = np.concatenate([np.flatnonzero(copy), np.array(sorted(self.identity.revisions), np.int64)])
        places[rows], none[rows] = np.arange(len(rows)), False
        columns = {
            "id": self.rows["id"],
            "kind": pa.array(KINDS).take(pa.array(kinds)),
            "story_id": self._ids(self.story),
        }
        columns |= {name: compared[name].take(pa.array(places, mask=none)) for name in compared.column_names}
        return pa.table(columns).select(ROWS.names).cast(ROWS)

    def _compared(self, copies: I64, a: I64, b: I64, figures: Figures) -> pa.Table:
        """The columns of ROWS from `duplicate_of` on, of copies with their original and then of revisions, by row, with
        the version before. a, b, figures: the pairs that were verified."""
        revisions = [revision for _, revision in sorted(self.identity.revisions.items())]
        revised = np.array(sorted(self.identity.revisions), np.int64)
        originals = [code if code >= 0 else self.names[-2 - code] for code in self.story[copies].tolist()]
        originals += [r.revises if r.before is None else r.before for r in revisions]
        nodes = self.node_of[np.concatenate([copies, revised])]
        jaccard, in_other, of_other, same = self._with_others(nodes, originals, a, b, figures)
        cut = (in_other >= MOSTLY) & (of_other < MOSTLY)
        grown = (of_other >= MOSTLY) & (in_other < MOSTLY)
        relations = np.select([same, cut, grown], [0, 1, 2], 3)
        is_copy = np.arange(len(nodes)) < len(copies)
        nothing = [None] * len(copies)
        return pa.table(
            {
                "duplicate_of": pa.concat_arrays([self._ids(self.story[copies]), pa.nulls(len(revised), pa.string())]),
                "relation": pa.array(RELATIONS).take(pa.array(relations, mask=~is_copy)),
                "jaccard": pa.array(jaccard),
                "containment_in_original": pa.array(in_other, mask=~is_copy),
                "containment_of_original": pa.array(of_other, mask=~is_copy),
                "revises": pa.array([*nothing, *(r.revises for r in revisions)], pa.string()),
                "version": pa.array([*nothing, *(r.version for r in revisions)], pa.int32()),
            }
        )

    def _with_others(
        self, nodes: I64, others: list[int | str], a: I64, b: I64, figures: Figures
    ) -> tuple[Floats, Floats, Floats, Bools]:
        """Jaccard, containment in the other and of the other, and whether the tokens are the same, of nodes and others:
        rows of this run, or published ids. Verified pairs are not measured again."""
        count = len(self.node_rows)
        old = self.history.with_ids(self.index, {other for other in others if isinstance(other, str)})
        place = {id_: count + i for i, id_ in enumerate(old.ids)}
        number = (place[o] if isinstance(o, str) else int(self.node_of[o]) for o in others)
        other = np.fromiter(number, np.int64, len(others))
        total = count + len(old)
        least, most = np.minimum(nodes, other), np.maximum(nodes, other)
        codes, which = np.unique(least * total + most, return_inverse=True)
        known = a * total + b
        order = np.argsort(known)
        at = np.searchsorted(known[order], codes)
        found = np.flatnonzero(at < len(known))
        found = found[known[order[at[found]]] == codes[found]]
        of_code = np.zeros((3, len(codes)))
        verified = order[at[found]]
        of_code[:, found] = figures.jaccard[verified], figures.a_in_b[verified], figures.b_in_a[verified]
        missing = np.setdiff1d(np.arange(len(codes)), found)
        sizes = np.concatenate([self.sizes[self.node_rows], old.sizes])
        one, two = np.divmod(codes[missing], total)
        more = compare(one, two, sizes, partial(self._shingles, old=old), threads=self.threads)
        of_code[:, missing] = more.jaccard, more.a_in_b, more.b_in_a
        jaccard, in_most, in_least = of_code[:, which]
        hashes = np.asarray(pa.chunked_array([self.hashes, *old.table["text_hash"].chunks]).to_numpy(), object)
        same = (hashes[nodes] == hashes[other]) & (hashes[nodes] != np.array(None))
        turned = nodes > other
        in_other, of_other = np.where(turned, in_least, in_most), np.where(turned, in_most, in_least)
        return (*(np.where(same, 1.0, values) for values in (jaccard, in_other, of_other)), same)

    def overlaps(self) -> pa.Table:
        ids = sorted({id_ for pair in self.links for id_ in pair})
        here = self.rows["id"].take(pa.array(self.node_rows)).combine_chunks()
        nodes = pc.index_in(pa.array(ids, pa.string()), value_set=here).to_pylist()
        number = {id_: node for id_, node in zip(ids, nodes, strict=True) if node is not None}
        old = self.history.with_ids(self.index, set(ids).difference(number))
        number |= {id_: len(self.node_rows) + i for i, id_ in enumerate(old.ids)}
        a, b = (np.array([number[pair[i]] for pair in self.links], np.int64) for i in (0, 1))
        sizes = np.concatenate([self.sizes[self.node_rows], old.sizes])
        f = compare(a, b, sizes, partial(self._shingles, old=old), threads=self.threads)
        names = [[pair[i] for pair in self.links] for i in (0, 1)]
        return pa.table([*names, f.jaccard, f.a_in_b, f.b_in_a], schema=LINKS)


class _History:
    """Published texts, by entry number, read at once. table: ENTRY. place: of an entry number."""

    def __init__(self, index: Index, numbers: I64) -> None:
        self.numbers = numbers
        self.table = index.entries(numbers)
        self.ids = [value.hex() for value in self.table["id"].to_pylist()]
        self.stories = [value.hex() for value in self.table["story"].to_pylist()]
        self.kinds: list[int] = self.table["kind"].to_pylist()
        self.core: list[bool] = self.table["core"].to_pylist()
        self.sizes = np.asarray(self.table["shingle_count"], np.int64)
        self.place = {number: i for i, number in enumerate(numbers.tolist())}

    def __len__(self) -> int:
        return len(self.ids)

    def with_ids(self, index: Index, ids: set[str]) -> _History:
        """These, and behind them the published texts of `ids` that are not among them."""
        missing = sorted(ids.difference(self.ids))
        if not missing:
            return self
        return _History(index, np.concatenate([self.numbers, index.find_ids(id_array(missing))]))


def relation(in_original: float, of_original: float, same_text: bool) -> str:
    """exact: the same tokens; truncated: mostly in the original, which has more; extended: the reverse; else copy."""
    if same_text:
        return "exact"
    if in_original >= MOSTLY > of_original:
        return "truncated"
    if of_original >= MOSTLY > in_original:
        return "extended"
    return "copy"
