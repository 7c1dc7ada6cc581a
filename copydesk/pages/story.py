"""The story among the blocks of a page, and how sure it is that it is the story."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from copydesk.pages import evidence, trees
from copydesk.pages.blocks import ASIDE, FOOTER, HIDDEN, LIST, NAV, TABLE, Block, Blocks

BAR = -700
"""Log-odds (in parts of trees.SCALE) from which on a block is taken. Below an even chance, as a paragraph lost is worse
than a line too many, and cleaning comes after."""

INSIDE_TABLE = -2500
INSIDE = -1500
INSIDE_ALIKE = -2000
"""The same for cells; for list items and headings; for blocks that look as the story's do, if they stand between blocks
that are taken and are no links."""

ALIKE = 0.6
"""Share that is taken of the text of blocks with one tag, class and parent's class: they look as the story's do."""

BESIDE = HIDDEN | NAV | ASIDE | FOOTER

SURE = 850
"""Expected F1 in parts of 1,000 from which on a reading is accepted (docs/decisions/0009)."""

SHORT = 300
"""Characters of a story below which no reading is sure."""

MOST_BLOCKS = 50_000
"""A page of more blocks is read as far as this."""

HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
MOST_LINKED = 0.4
"""Share of a text within links from which on it is one of links."""

_MOST_CHARS = 1200
"""A block counts for no more than so many characters, so that a page's longest paragraph does not decide alone."""

_CHANCES = np.array([round(1000 / (1 + math.exp(-tenth / 10))) for tenth in range(-60, 61)], np.int64)
_LONGEST_CELL = 200


@dataclass(frozen=True, slots=True)
class Story:
    """text: a line a block, in reading order. sureness: the F1, in parts of 1,000, that it is expected to have."""

    text: str
    sureness: int

    @property
    def sure(self) -> bool:
        """Whether it can stand without a second reading."""
        return self.sureness >= SURE


def read(page: Blocks, title: str | None = None, body: str | None = None, model: trees.Model | None = None) -> Story:
    """The story of a page. title: the page's; body: its `articleBody` by JSON-LD, evidence and no more."""
    if len(page.blocks) > MOST_BLOCKS:
        page = Blocks(page.elements, page.blocks[:MOST_BLOCKS])
    if not page.blocks:
        return Story("", 0)
    model = model or trees.default()
    scores = model.scores(evidence.rows(page, model.labels, title, body))
    taken = _taken(page, scores)
    chosen = [block for block, take in zip(page.blocks, taken.tolist(), strict=True) if take]
    return Story("\n".join(_lines(page, chosen)), _sureness(page.blocks, scores, taken))


def rehearse() -> None:
    """Run what is compiled once, so that this process has it."""
    page = Blocks()
    page.blocks.append(Block("Warm.", 0, 0, page.elements.add(-1, "p", "warm", 0), True))
    read(page)


def _taken(page: Blocks, scores: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    taken = scores >= BAR
    places = np.flatnonzero(taken)
    if not len(places):
        return taken
    first, last = int(places[0]), int(places[-1])
    doubtful = np.flatnonzero(~taken[first:last] & (scores[first:last] >= min(INSIDE, INSIDE_ALIKE, INSIDE_TABLE)))
    if not len(doubtful):
        return taken
    shares = _shares(page, taken)
    for place in (doubtful + first).tolist():
        block = page.blocks[place]
        within = page.elements.within[block.home]
        if within & TABLE:
            bar = INSIDE_TABLE
        elif shares[place] >= ALIKE and not within & BESIDE:
            bar = INSIDE_ALIKE
        elif within & LIST or page.elements.tags[block.home] in HEADINGS:
            bar = INSIDE
        else:
            continue
        if scores[place] >= bar and block.linked < MOST_LINKED * len(block.text):
            taken[place] = True
    return taken


def _shares(page: Blocks, taken: npt.NDArray[np.bool_]) -> list[float]:
    """For each block, the share of the text that is taken of all blocks that look like it."""
    known = page.elements
    tags, labels, within, parents = known.tags, known.labels, known.within, known.parents
    looks: dict[tuple[str, str, str, int], list[int]] = {}
    found = []
    for block, take in zip(page.blocks, taken.tolist(), strict=True):
        home = block.home
        sums = looks.setdefault((tags[home], labels[home], labels[max(0, parents[home])], within[home]), [0, 0])
        sums[0] += len(block.text) * take
        sums[1] += len(block.text)
        found.append(sums)
    return [sums[0] / sums[1] for sums in found]


def _sureness(blocks: Sequence[Block], scores: npt.NDArray[np.int64], taken: npt.NDArray[np.bool_]) -> int:
    """Expected F1: what is taken and is of the story, against what is taken and is not, and what is left and is."""
    chars = np.minimum(_MOST_CHARS, np.array([len(block.text) for block in blocks], np.int64))
    chance = _CHANCES[np.clip(scores * 10 // trees.SCALE, -60, 60) + 60]
    right = int((chars * chance)[taken].sum())
    wrong = int((chars * (1000 - chance))[taken].sum())
    missed = int((chars * chance)[~taken].sum())
    if int(chars[taken].sum()) < SHORT:
        return 0
    return 2000 * right // (2 * right + wrong + missed)


def _lines(page: Blocks, chosen: Sequence[Block]) -> list[str]:
    """List items begin with a dash; the cells of a table's row stand in one line, if they are short."""
    lines: list[str] = []
    for row, group in groupby(chosen, key=lambda block: _row(page, block)):
        cells = list(group)
        if row is None or not _is_row(cells):
            lines += [_marked(page, block) for block in cells]
        else:
            lines.append(" | ".join(block.text for block in cells))
    return lines


def _row(page: Blocks, block: Block) -> int | None:
    """The innermost table row that a block stands in."""
    place = block.home
    while place >= 0 and page.elements[place].within & TABLE:
        if page.elements[place].tag == "tr":
            return place
        place = page.elements[place].parent
    return None


def _is_row(cells: Sequence[Block]) -> bool:
    """Whether they are cells of data: short, one text each. Tables are also used to lay out pages."""
    homes = {block.home for block in cells}
    return len(homes) == len(cells) and all(len(block.text) <= _LONGEST_CELL for block in cells)


def _marked(page: Blocks, block: Block) -> str:
    element = page.elements[block.home]
    if not element.within & LIST:
        return block.text
    above = page.elements[element.parent].tag if element.parent >= 0 else ""
    in_item = element.tag == "li" or (above == "li" and element.tag in ("p", "div"))
    return f"- {block.text}" if in_item and block.first else block.text
