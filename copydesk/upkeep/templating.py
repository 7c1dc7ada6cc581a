"""Templates of a whole output, for `reclean`: judged as if all its texts had come in one run under today's rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleaners import Cleaned, Cleaner, templates
from cleaners.arrays import U64
from copydesk.articles import cleaning
from copydesk.articles.parts import RECORDS, Part
from copydesk.index import lines
from copydesk.index.entries import item_array
from copydesk.index.index import Index
from copydesk.settings import Settings
from copydesk.sketches import sketch
from copydesk.store import tombstones
from copydesk.store.store import Store
from copydesk.templates.learn import Counted, is_out, taken_out
from copydesk.templates.rulings import Rulings
from copydesk.templates.rulings import load as load_rulings
from copydesk.upkeep import again
from copydesk.upkeep.again import Before
from copydesk.upkeep.rewrite import parts

_RECORDS = pa.schema(
    [*((name, pa.string()) for name in tombstones.COLUMNS), RECORDS.field("minhash"), RECORDS.field("item")]
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What texts are cleaned with, templates among it. found: keys of templates."""

    cleaner: Cleaner
    found: U64
    rulings: Rulings

    @classmethod
    def of(cls, store: Store, settings: Settings, scratch: Path) -> Desk:
        """For the texts of an output; no templates if `settings.learn` is off.

        scratch: a folder for what is counted; the memory is that of a part, and some tens of bytes for each text.
        """
        cleaner = cleaning.cleaner(settings)
        if not settings.learn:
            return cls(cleaner, np.empty(0, np.uint64), Rulings())
        counted = [_counted(number, texts, cleaner, scratch) for number, texts in enumerate(_texts(store))]
        run = Counted.of(counted, Index(), tombstones.Tombstones(tombstones.read(())))
        return cls(cleaner, run.templates(Index()), load_rulings(store))

    def clean(self, texts: Sequence[Before]) -> Iterator[Cleaned]:
        """The texts before cleaning, cleaned, in order."""
        done = self.cleaner.clean_many([old.source() for old in texts])
        found = templates.occurrences([old.text for old in texts], [cleaned.removals for cleaned in done])
        ends = np.searchsorted(found.text, np.arange(1, len(texts)))
        for old, cleaned, held in zip(texts, done, np.split(found.line, ends), strict=True):
            sites = np.full(len(held), lines.site_key(old.row["publisher"]), np.uint64)
            out = held[is_out(held, sites, self.found, self.rulings)].tolist()
            yield taken_out(old.text, cleaned, out, old.row["language"], self.cleaner.without, self.cleaner.keeps)


def _texts(store: Store) -> Iterator[list[Before]]:
    """The rows that can be restored, block by block."""
    for part in parts(store).values():
        for _, rows, removals in again.blocks(store.root, part):
            known = (again.before(row, again.removals_of(row, removals)) for row in rows)
            yield [old for old in known if old is not None]


def _counted(number: int, texts: list[Before], cleaner: Cleaner, scratch: Path) -> Part:
    """A part that holds no more than what templates are judged by."""
    cleaned = cleaner.clean_many([old.source() for old in texts])
    made = sketch.sketch([done.text for done in cleaned])
    columns = [pa.array([old.row[name] for old in texts], pa.string()) for name in tombstones.COLUMNS]
    minhash, items = lines.as_lists(made.signature), item_array(old.row["item_key"] for old in texts)
    held = templates.occurrences([old.text for old in texts], [done.removals for done in cleaned])
    part = Part(number, str(scratch / f"{number:06d}"), len(texts), 0)
    Path(part.folder).mkdir(parents=True)
    part.write("records", pa.table([*columns, minhash, items], schema=_RECORDS))
    part.write("lines", lines.counted(held))
    return part
