"""The learn stage: which lines of a run are templates of their sites (the apply stage takes them out: applying.py).

What is known of a line is what the run's own parts and the index hold of it (index/lines.py). Nothing else is kept: the
next run judges anew, with more to go by. The result depends on the set of texts, not on their order or their parts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleaners import Cleaned, templates
from cleaners.arrays import I64, U64, Bools
from copydesk import points
from copydesk.articles.parts import Part
from copydesk.index import lines
from copydesk.index.entries import first_of, id_array, texts_of
from copydesk.index.history import open_index
from copydesk.index.index import Index
from copydesk.index.lines import Lines, Texts
from copydesk.store import tombstones
from copydesk.store.store import Store
from copydesk.templates.rulings import Rulings
from copydesk.templates.rulings import load as load_rulings

LINES_AT_ONCE = 1 << 20
"""So many lines of a run are judged together; at some hundred bytes each that bounds the memory."""

TEMPLATES = pa.schema([("row", pa.int32()), ("line", pa.uint64())])
"""In a part: the rows and lines to take out."""


def learn(parts: Sequence[Part], store: Store, run_turns: RunTurns, scratch: Path) -> list[Part]:
    """Write `templates` to each part that holds a line that is one. Returns those parts.

    run_turns: maps a function of a share of the lines over all of them. scratch: a folder for what it needs.
    """
    known, rulings = open_index(store), load_rulings(store)
    run = Counted.of(parts, known, tombstones.load(store.files(f"_state/{tombstones.FOLDER}")))
    found = run.templates(known, partial(_elsewhere, run_turns, known, scratch))
    points.checkpoint("learn: judged")
    told = []
    for place, part in enumerate(parts):
        held = part.read("lines")
        line, row = held["line"].to_numpy(), held["row"].to_numpy()
        out = run.is_new[place][row] & is_out(line, run.sites[place][row], found, rulings)
        if out.any():
            part.write("templates", held.select(TEMPLATES.names).filter(pa.array(out)))
            told.append(part)
    points.checkpoint("learn: written")
    return told


@dataclass(frozen=True, slots=True)
class Turn:
    """A share of all lines: those whose hashes leave `number` when divided by `count`."""

    number: int
    count: int


RunTurns = Callable[[Callable[[Turn], U64], Sequence[Turn]], Iterable[U64]]
"""Maps a function over turns, in any order."""


def judged(held: Lines, texts: Texts, known: Index, sizes: lines.Sizes) -> U64:
    """The keys of those lines that are templates, by what `held` and the index know of them. texts: of `held`."""
    keys, counts = np.unique(held.key, return_counts=True)
    if not len(known):
        keys = keys[counts >= templates.STORIES]  # the others need not be looked for
        held = held.take(np.isin(held.key, keys))
    found = weighed(keys, held, texts, known, sizes)
    return found.keys[templates.judge(found.evidence)]


@dataclass(frozen=True, slots=True)
class Weighed:
    """Lines that might be templates, with the evidence. texts: how many hold each."""

    keys: U64
    texts: I64
    evidence: templates.Evidence


def weighed(keys: U64, held: Lines, texts: Texts, known: Index, sizes: lines.Sizes) -> Weighed:
    """What `held` and the index know of those `keys` (sorted, distinct) that enough texts hold. texts: of `held`."""
    group = np.searchsorted(keys, held.key)
    before, places, entries, marks = known.find_lines(keys)
    total = before + np.bincount(group, minlength=len(keys))
    able = total >= templates.STORIES
    mine, theirs = np.flatnonzero(able[group]), np.flatnonzero(able[places])
    both = lines.joined(texts.take(held.text[mine].astype(np.int64)), known.texts(entries[theirs]))
    groups = (np.cumsum(able) - 1)[np.concatenate([group[mine], places[theirs]])]
    all_marks = np.concatenate([held.marks[mine], marks[theirs]])
    sample = lines.sample(groups, both.id)
    spread = total[able] / sizes.of(keys[able])
    evidence = lines.weigh(groups[sample], spread, both.take(sample), all_marks[sample])
    return Weighed(keys[able], total[able], evidence)


@dataclass(frozen=True, slots=True)
class Counted:
    """Parts whose lines are counted, their records numbered through.

    sites: of each record, see lines.site_keys; is_new: whether it is new to the output, and the first of its id; both
    part by part.
    """

    parts: Sequence[Part]
    texts: Texts
    sites: list[U64]
    is_new: list[Bools]

    @classmethod
    def of(cls, parts: Sequence[Part], known: Index, forgotten: tombstones.Tombstones) -> Counted:
        """Reads the parts, one after the other. known: the output's index. forgotten: its texts count for nothing."""
        names = [*dict.fromkeys((*tombstones.COLUMNS, "minhash", "item"))]
        found, sites, is_new, ids = [lines.NO_TEXTS], [], [], []
        for part in parts:
            table = part.read("records").select(names)  # by parts: what was read of a file counts while it is open
            ids.append(id_array(table["id"]))
            is_new.append(~(known.find_ids(ids[-1]) >= 0) & ~forgotten.cover(table))
            sites.append(lines.site_keys(table["publisher"]))
            found.append(texts_of(table))
        met = ~first_of(pa.chunked_array([pa.array([], pa.binary(16)), *ids]))
        for new, part in zip(is_new, parts, strict=True):
            new &= ~met[: part.records]
            met = met[part.records :]
        return cls(parts, lines.joined(*found), sites, is_new)

    @classmethod
    def load(cls, parts: Sequence[Part], folder: Path) -> Counted:
        """As it was saved. parts: the same. The arrays are mapped, not read."""
        cuts = np.cumsum([part.records for part in parts])[:-1]
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _SAVED}
        sites, is_new = (np.split(arrays.pop(name), cuts) for name in ("sites", "is_new"))
        return cls(parts, Texts(**arrays), sites, is_new)

    def save(self, folder: Path) -> None:
        """For load(), in another process too: a file of numpy an array, in a folder that is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        columns = {name: getattr(self.texts, name) for name in ("id", "item", "minhash")}
        columns |= {name: np.concatenate(getattr(self, name)) for name in ("sites", "is_new")}
        for name, column in columns.items():
            np.save(folder / f"{name}.npy", column)

    def templates(self, known: Index, in_turns: InTurns | None = None) -> U64:
        """The keys of the lines that are templates, sorted. known: the index of all other texts. in_turns: judges more
        than one turn; default: here, one after the other."""
        new_sites = [site[new] for site, new in zip(self.sites, self.is_new, strict=True)]
        sizes = lines.Sizes.count(np.concatenate([known.sites(), *new_sites]))
        count = 1 + sum(len(part.read("lines")) for part in self.parts) // LINES_AT_ONCE
        turns = [Turn(number, count) for number in range(count)]
        if in_turns is None or count == 1:
            found = [judged(self.held(turn), self.texts, known, sizes) for turn in turns]
        else:
            found = list(in_turns(self, sizes, turns))
        return np.unique(np.concatenate(found))

    def held(self, turn: Turn) -> Lines:
        """The lines of new records of known sites of a turn."""
        found = [lines.NONE]
        start = 0
        for part, sites, is_new in zip(self.parts, self.sites, self.is_new, strict=True):
            table = part.read("lines")
            line, row = table["line"].to_numpy(), table["row"].to_numpy()
            kept = is_new[row] & (sites[row] != 0)
            kept &= (line >> np.uint64(lines.SITE_BITS)) % np.uint64(turn.count) == np.uint64(turn.number)
            line, row = line[kept], row[kept]
            number = (row + start).astype(np.uint32)
            found.append(Lines(lines.keys(line, sites[row]), number, table["marks"].to_numpy()[kept]))
            start += part.records
        return lines.join(found)


InTurns = Callable[[Counted, lines.Sizes, Sequence[Turn]], Iterable[U64]]
_SAVED = ("id", "item", "minhash", "sites", "is_new")


def _elsewhere(
    run_turns: RunTurns, known: Index, scratch: Path, run: Counted, sizes: lines.Sizes, turns: Sequence[Turn]
) -> Iterable[U64]:
    """The templates of each turn, as tasks."""
    run.save(scratch)
    segments = tuple(segment.path for segment in known.segments)
    return run_turns(partial(_judge, parts=tuple(run.parts), folder=scratch, segments=segments, sizes=sizes), turns)


def _judge(turn: Turn, parts: Sequence[Part], folder: Path, segments: Sequence[Path], sizes: lines.Sizes) -> U64:
    run = Counted.load(parts, folder)
    return judged(run.held(turn), run.texts, Index.open(segments), sizes)


def is_out(line: U64, sites: U64, found: U64, rulings: Rulings) -> Bools:
    """Which lines are to be taken out, as they were judged (`found`: keys) and as users have ruled."""
    out = np.isin(lines.keys(line, sites), found) & (sites != 0)
    if rulings.pinned or rulings.forbidden:
        names = line >> np.uint64(lines.SITE_BITS)
        pinned, forbidden = (
            np.array([int(name, 16) for name in said], np.uint64) for said in (rulings.pinned, rulings.forbidden)
        )
        out = (out | np.isin(names, pinned)) & ~np.isin(names, forbidden)
    return np.asarray(out, np.bool_)


def taken_out(
    source: str,
    cleaned: Cleaned,
    out: Collection[int],
    language: str | None,
    without: Collection[str],
    keeps: Callable[[str, str | None], bool],
) -> Cleaned:
    """A cleaned text less the lines whose hashes are in `out`, but for those that must stay.

    source: the text before cleaning. without: ids of templates that are to be left alone. keeps: whether a line of a
    language must stay (Cleaner.keeps).
    """
    out = {line for line in out if templates.rule_id(line) not in without}
    return templates.take_out(source, cleaned, out, lambda line: keeps(line, language))
