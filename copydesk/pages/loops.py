"""Loops over the elements and blocks of a page that make its evidence: plain ones over whole numbers, compiled by numba
where those of cleaning are (cleaners.reader.is_compiled). Both give the same numbers.

Elements and blocks are rows of numbers, one for each of the names below.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaners import compiler
from cleaners.arrays import I64
from cleaners.reader import is_compiled

LONG = 80
"""Characters from which on a block that is no link and no heading counts as a paragraph of prose."""

LONGEST = 2000
"""A paragraph counts for no more characters than this, or one block of rubbish would outweigh the story."""

FAR = 99
"""Blocks, or levels of the tree: what is further away is as far."""

PARENT, SCORE, DEPTH, WITHIN = range(4)
"""Of an element, see blocks.Element. score: the weight of the words of its label."""
ELEMENT_ROWS = 4

HOME, TAG, FIRST, LINKED, HEAVY, SEEN, LOOK, TOLD, CHARS, ENDING, SENTENCES, COMMAS, WORDS, CAPITALS, DIGITS = range(15)
"""Of a block: its element, that one's tag as a number, whether it is its first text; characters of it in links and in
bold, which become parts of 1,000; how many blocks have its text; a number for its looks; what articleBody tells of it;
its shape (shapes.py)."""
SIZE, PROSE, LINKS, ONE = 15, 16, 17, 18
"""Of a block: its characters; filled in here: those that count as prose, those in links, 1."""
BLOCK_ROWS = 19

COLUMNS = 76

_ENDS, _TOTAL, _LOW, _HIGH, _WEIGHT, _CHARS, _LINKS, _HELD, _SUMS, _LARGEST, _LOOK_LINKS, _LOOK_PROSE = range(12)
_ROOM = 12  # rows of numbers to work in

_FUNCTIONS = (
    "nest", "sum_up", "core_of", "put_shapes", "put_labels", "put_looks", "put_shares", "put_places", "put_within",
    "put_neighbours", "fill", "score",
)  # fmt: skip


def table(rows: int, count: int) -> I64:
    """Rows of so many numbers, to be filled."""
    return np.empty((rows, count), np.int64)


def columns(
    elements: I64, blocks: I64, headings: tuple[int, int], headline: int, bits: tuple[int, ...]
) -> npt.NDArray[np.int32]:
    """int32[COLUMNS, blocks]: what `fill` fills. elements: int64[ELEMENT_ROWS, :]. blocks: int64[BLOCK_ROWS, :]."""
    count = blocks.shape[1]
    size = max(elements.shape[1], count) + 1
    out: Any = np.empty(COLUMNS * count, np.int32)
    if is_compiled():
        compiled("fill")(elements, blocks, *headings, headline, bits, np.empty((_ROOM, size), np.int64), out)
    else:
        filled, room = [0] * len(out), [[0] * size for _ in range(_ROOM)]
        fill(elements.tolist(), blocks.tolist(), *headings, headline, bits, room, filled)
        out[:] = filled
    found: npt.NDArray[np.int32] = out.reshape(COLUMNS, count)
    return found


def compiled(name: str) -> Any:
    """One of the functions, compiled."""
    return _compiled()[name]


@functools.cache
def _compiled() -> dict[str, Any]:
    return compiler.compiled(globals(), _FUNCTIONS)


def fill(elements: Any, blocks: Any, first: Any, last: Any, headline: Any, bits: Any, room: Any, out: Any) -> None:
    """Fill `out` with COLUMNS numbers for each block, column by column.

    first, last: tags of headings, from h2 to h1. headline: the block that is it, or -1. bits: of what an element can be
    within, those that are told.
    """
    tags, chars, linked, heavy = blocks[TAG], blocks[CHARS], blocks[LINKED], blocks[HEAVY]
    prose, links, ones = blocks[PROSE], blocks[LINKS], blocks[ONE]
    for i in range(len(tags)):
        linked[i] = linked[i] * 1000 // blocks[SIZE][i]
        heavy[i] = heavy[i] * 1000 // blocks[SIZE][i]
        plain = tags[i] < first or tags[i] > last
        prose[i] = min(chars[i], LONGEST) if chars[i] >= LONG and linked[i] < 400 and plain else 0
        links[i] = chars[i] * linked[i] // 1000
        ones[i] = 1
    nest(elements, room)
    homes, count = blocks[HOME], len(elements[PARENT])
    sum_up(homes, prose, room, room[_WEIGHT], count)
    sum_up(homes, chars, room, room[_CHARS], count)
    sum_up(homes, links, room, room[_LINKS], count)
    sum_up(homes, ones, room, room[_HELD], count)
    core = core_of(elements[PARENT], room[_WEIGHT], room[_LARGEST])
    put_shapes(blocks, out)
    put_labels(elements, blocks, room, out)
    put_looks(blocks, room, out)
    put_shares(elements, blocks, room, core, out)
    put_places(elements, blocks, room, core, headline, out)
    put_within(elements, blocks, bits, out)
    put_neighbours(elements, blocks, room, out)


def nest(elements: Any, room: Any) -> None:
    """Of each element, where those within it end; the sum, the least and the greatest score from the root to it."""
    parents, scores = elements[PARENT], elements[SCORE]
    ends, total, low, high = room[_ENDS], room[_TOTAL], room[_LOW], room[_HIGH]
    for place in range(len(parents)):
        above, score = parents[place], scores[place]
        ends[place] = place + 1
        total[place], low[place], high[place] = score, score, score
        if above >= 0:
            total[place] += total[above]
            low[place] = min(score, low[above])
            high[place] = max(score, high[above])
    for place in range(len(parents) - 1, 0, -1):
        above = parents[place]
        if above >= 0:
            ends[above] = max(ends[above], ends[place])


def sum_up(homes: Any, values: Any, room: Any, found: Any, count: Any) -> None:
    """Of each of `count` elements the sum of the values of the blocks that stand within it."""
    ends, sums = room[_ENDS], room[_SUMS]
    for place in range(count + 1):
        sums[place] = 0
    for i in range(len(homes)):
        sums[homes[i] + 1] += values[i]
    for place in range(count):
        sums[place + 1] += sums[place]
    for place in range(count):
        found[place] = sums[ends[place]] - sums[place]


def core_of(parents: Any, weight: Any, largest: Any) -> Any:
    """The end of a chain from the root in which each element holds three quarters of what the last one does."""
    for place in range(len(parents)):
        largest[place] = 0
    for place in range(1, len(parents)):
        above = parents[place]
        if above >= 0 and (largest[above] == 0 or weight[place] > weight[largest[above]]):
            largest[above] = place
    current = 0
    while largest[current] and 4 * weight[largest[current]] > 3 * weight[current]:
        current = largest[current]
    return current


def put_shapes(blocks: Any, out: Any) -> None:
    """Columns 0 to 10: of a block by itself; 44: what articleBody tells."""
    count = len(blocks[HOME])
    for i in range(count):
        out[i] = min(blocks[CHARS][i], LONGEST)
        out[count + i] = blocks[LINKED][i]
        out[2 * count + i] = blocks[HEAVY][i]
        out[3 * count + i] = blocks[TAG][i]
        out[4 * count + i] = blocks[FIRST][i]
        out[5 * count + i] = blocks[ENDING][i]
        out[6 * count + i] = blocks[SENTENCES][i]
        out[7 * count + i] = blocks[COMMAS][i]
        out[8 * count + i] = blocks[WORDS][i]
        out[9 * count + i] = blocks[CAPITALS][i]
        out[10 * count + i] = blocks[DIGITS][i]
        out[44 * count + i] = blocks[TOLD][i]


def put_labels(elements: Any, blocks: Any, room: Any, out: Any) -> None:
    """Columns 11 to 16: the words in the class and id of its element, and in those of the elements around it."""
    parents, scores, depths = elements[PARENT], elements[SCORE], elements[DEPTH]
    total, low, high = room[_TOTAL], room[_LOW], room[_HIGH]
    homes = blocks[HOME]
    count = len(homes)
    for i in range(count):
        home = homes[i]
        out[11 * count + i] = scores[home]
        out[12 * count + i] = scores[max(parents[home], 0)]
        out[13 * count + i] = total[home]
        out[14 * count + i] = low[home]
        out[15 * count + i] = high[home]
        out[16 * count + i] = min(depths[home], FAR)


def put_looks(blocks: Any, room: Any, out: Any) -> None:
    """Columns 17 to 21: how often its text stands here; what all blocks of its looks have in common."""
    looks, seen = blocks[LOOK], blocks[SEEN]
    count = len(looks)
    held, chars, links, prose = room[_SUMS], room[_LARGEST], room[_LOOK_LINKS], room[_LOOK_PROSE]
    for i in range(count):
        held[i], chars[i], links[i], prose[i] = 0, 0, 0, 0
    for i in range(count):
        look = looks[i]
        held[look] += 1
        chars[look] += blocks[CHARS][i]
        links[look] += blocks[LINKS][i]
        prose[look] += blocks[PROSE][i]
    whole = max(1, room[_WEIGHT][0])
    for i in range(count):
        look = looks[i]
        out[17 * count + i] = min(seen[i], 9)
        out[18 * count + i] = min(held[look], 200)
        out[19 * count + i] = min(chars[look] // held[look], 1000)
        out[20 * count + i] = links[look] * 1000 // max(1, chars[look])
        out[21 * count + i] = prose[look] * 1000 // whole


def put_shares(elements: Any, blocks: Any, room: Any, core: Any, out: Any) -> None:
    """Columns 22 to 35: how much of the page's prose the elements around it hold, and how much of their text is
    links."""
    parents, homes = elements[PARENT], blocks[HOME]
    weight, chars, links, held = room[_WEIGHT], room[_CHARS], room[_LINKS], room[_HELD]
    count = len(homes)
    whole = max(1, weight[0])
    for i in range(count):
        home = homes[i]
        up1 = max(parents[home], 0)
        up2 = max(parents[up1], 0)
        up4 = max(parents[max(parents[up2], 0)], 0)
        out[22 * count + i] = min(whole, 30_000)
        out[23 * count + i] = weight[home] * 1000 // whole
        out[24 * count + i] = weight[up1] * 1000 // whole
        out[25 * count + i] = weight[up2] * 1000 // whole
        out[26 * count + i] = weight[up4] * 1000 // whole
        out[27 * count + i] = links[up1] * 1000 // max(1, chars[up1])
        out[28 * count + i] = links[up2] * 1000 // max(1, chars[up2])
        out[29 * count + i] = links[up4] * 1000 // max(1, chars[up4])
        out[30 * count + i] = min(chars[up1] // max(1, held[up1]), 2000)
        out[31 * count + i] = min(chars[up2] // max(1, held[up2]), 2000)
        out[32 * count + i] = min(held[up1], 200)
        out[33 * count + i] = min(held[up2], 200)
        out[34 * count + i] = weight[core] * 1000 // whole
        out[35 * count + i] = links[core] * 1000 // max(1, chars[core])


def put_places(elements: Any, blocks: Any, room: Any, core: Any, headline: Any, out: Any) -> None:
    """Columns 36 to 43: where it stands: to the headline, to the paragraphs, to the element with most of the prose."""
    homes, prose, depths = blocks[HOME], blocks[PROSE], elements[DEPTH]
    count = len(homes)
    end, depth = room[_ENDS][core], min(depths[core], FAR)
    whole = max(1, room[_WEIGHT][0])
    total = 0
    for i in range(count):
        total += prose[i]
    before, last = 0, -FAR  # prose before it; where the last paragraph was
    for i in range(count):
        home = homes[i]
        within = core <= home < end
        out[36 * count + i] = 2 if within else 1 if home < core else 0
        out[37 * count + i] = min(depths[home], FAR) - depth
        out[38 * count + i] = before * 1000 // whole
        before += prose[i]
        out[39 * count + i] = (total - before) * 1000 // whole
        out[40 * count + i] = min(max(i - headline, -FAR), 500) if headline >= 0 else -FAR - 1
        out[41 * count + i] = i * 1000 // count
        out[42 * count + i] = min(i - last, FAR)
        if prose[i]:
            last = i
    last = count + FAR
    for i in range(count - 1, -1, -1):
        out[43 * count + i] = min(last - i, FAR)
        if prose[i]:
            last = i


def put_within(elements: Any, blocks: Any, bits: Any, out: Any) -> None:
    """Columns 45 to 57: the elements around it whose name says what they hold."""
    homes, within = blocks[HOME], elements[WITHIN]
    count = len(homes)
    for n in range(len(bits)):
        for i in range(count):
            out[(45 + n) * count + i] = 1 if within[homes[i]] & bits[n] else 0


def put_neighbours(elements: Any, blocks: Any, room: Any, out: Any) -> None:
    """Columns 58 to 75: the blocks beside it, and how much prose there is near by."""
    parents, scores, total = elements[PARENT], elements[SCORE], room[_TOTAL]
    homes, prose, running = blocks[HOME], blocks[PROSE], room[_SUMS]
    count = len(homes)
    running[0] = 0
    for i in range(count):
        running[i + 1] = running[i] + prose[i]
    for i in range(count):
        above = max(parents[homes[i]], 0)
        for n in range(4):  # two before it, one before, one behind, two behind
            other = i + (n - 2 if n < 2 else n - 1)
            out[(58 + n) * count + i] = total[homes[other]] if 0 <= other < count else -1
        for n in range(2):
            other = i + 2 * n - 1
            there = 0 <= other < count
            out[(62 + n) * count + i] = blocks[CHARS][other] if there else -1
            out[(64 + n) * count + i] = blocks[LINKED][other] if there else -1
            out[(66 + n) * count + i] = blocks[TAG][other] if there else -1
            out[(68 + n) * count + i] = scores[homes[other]] if there else -1
            out[(70 + n) * count + i] = 1 if there and max(parents[homes[other]], 0) == above else 0
            reach = 4 + 8 * n
            out[(72 + 2 * n) * count + i] = min(3000, running[i] - running[max(0, i - reach)])
            out[(73 + 2 * n) * count + i] = min(3000, running[min(count, i + reach + 1)] - running[i + 1])


def score(columns: Any, splits: Any, borders: Any, leaves: Any, leaf: Any, found: Any) -> None:
    """Add to `found` what the trees give each block; see trees.Model. columns: by feature. leaf: room, one a block."""
    count = len(found)
    for tree in range(len(splits)):
        for i in range(count):
            leaf[i] = 0
        for bit in range(len(splits[tree]) - 1, -1, -1):
            column, border = columns[splits[tree][bit]], borders[tree][bit]
            for i in range(count):
                leaf[i] = leaf[i] * 2 + (column[i] >= border)
        for i in range(count):
            found[i] += leaves[tree][leaf[i]]
