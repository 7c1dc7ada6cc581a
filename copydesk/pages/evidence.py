"""What speaks for and against a block's being of the story: whole numbers, a row a block.

Nothing here knows a site or a language: it is the shape of a text, the words of classes and ids around it, how much
prose and how many links there are beside it, and whether the page's own JSON-LD holds it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from copydesk.pages import blocks as b
from copydesk.pages import shapes

Rows = npt.NDArray[np.int32]
Column = npt.NDArray[np.int64]

LONG = 80
"""Characters from which on a block that is no link and no heading counts as a paragraph of prose."""

LONGEST = 2000
"""A paragraph counts for no more characters than this, or one block of rubbish would outweigh the story."""

MOST_LABELS = 20_000
"""Classes and ids whose weights are kept."""

_TAGS = (
    "p", "blockquote", "pre", "li", "td", "dd", "dt", "th", "div", "section", "article", "main", "center", "h2", "h3",
    "h4", "h5", "h6", "h1", "caption", "address", "header", "footer", "aside",
)  # fmt: skip
_TAG = {tag: place for place, tag in enumerate(_TAGS)}
_HEADINGS = (_TAG["h2"], _TAG["h1"])  # first and last of them in the order above
_NO_LETTER = re.compile(r"[\W_]+")
_BLANKS = bytes(code if chr(code) in "\nabcdefghijklmnopqrstuvwxyz" else 32 for code in range(256))
_FAR = 99
_CORE = 0.75
_WITHIN = (
    b.NAV, b.ASIDE, b.FOOTER, b.HEADER, b.FORM, b.TABLE, b.LIST, b.FIGURE, b.QUOTE, b.ARTICLE, b.MAIN, b.HIDDEN,
    b.BODY,
)  # fmt: skip


class Labels:
    """Weights of the words that stand in classes and ids, learned by bench/train_pages.py."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._weights, self._words = weights, frozenset(weights)
        self._scores = {"": 0}

    def scores(self, labels: Sequence[str]) -> list[int]:
        """Of each label: the weights of its words together, each counted once."""
        if new := [label for label in set(labels) if label not in self._scores]:
            if len(self._scores) > MOST_LABELS:
                self._scores = {"": 0}
                return self.scores(labels)
            self._scores.update(zip(new, self._weighed(new), strict=True))
        return [self._scores[label] for label in labels]

    def _weighed(self, labels: Sequence[str]) -> list[int]:
        """All as one text: a page has a hundred of its own, and looking at each by itself takes longer."""
        lines = _parted([label.replace("\n", " ") for label in labels])
        held, weight = self._words.intersection, self._weights.__getitem__
        return [sum(map(weight, held(line.split()))) for line in lines]


def words(label: str) -> set[str]:
    """The words of a class and an id: `post-Body_text` -> post, body, text."""
    return {word for line in _parted([label]) for word in line.split() if 3 <= len(word) <= 19}


def _parted(labels: Sequence[str]) -> list[str]:
    """Of each label, or line of one: its words in small letters with blanks between."""
    text = np.frombuffer("\n".join(labels).encode("ascii", "replace"), np.uint8)
    small, capital = (text >= ord("a")) & (text <= ord("z")), (text >= ord("A")) & (text <= ord("Z"))
    parted = np.insert(text, np.flatnonzero(small[:-1] & capital[1:]) + 1, ord("-"))
    return parted.tobytes().lower().translate(_BLANKS).decode().split("\n")


def rows(page: b.Blocks, labels: Labels, title: str | None, body: str | None) -> Rows:
    """int32[blocks, features], for a page with blocks. title: the page's. body: the `articleBody` of its JSON-LD."""
    told = _Page(page, labels)
    columns = [*told.shapes(), *told.labels(), *told.looks(), *told.shares(), *told.places(title)]
    columns += [_told(told.texts, body), *told.within(), *told.neighbours()]
    return np.concatenate(columns).astype(np.int32).reshape(len(columns), -1).T


class _Page:
    """The columns that the features are made of."""

    def __init__(self, page: b.Blocks, labels: Labels) -> None:
        self.elements, self.blocks = page.elements, page.blocks
        self.texts = [block.text for block in page.blocks]
        self.count = len(self.texts)
        self.score = labels.scores(self.elements.labels)
        self.parents = self.elements.parents
        self.up1 = np.maximum(np.array(self.parents, np.int64), 0)
        homes = [block.home for block in page.blocks]
        self.homes = np.array(homes, np.int64)
        self.shape = shapes.of(self.texts)
        self.chars = self.shape.chars
        self.linked = np.array([block.linked for block in page.blocks], np.int64) * 1000 // self.shape.sizes
        self.heavy = np.array([block.heavy for block in page.blocks], np.int64) * 1000 // self.shape.sizes
        tags = self.elements.tags
        self.tags = np.array([_TAG.get(tags[home], len(_TAGS)) for home in homes], np.int64)
        plain = (self.tags < _HEADINGS[0]) | (self.tags > _HEADINGS[1])
        self.prose = np.where((self.chars >= LONG) & (self.linked < 400) & plain, np.minimum(self.chars, LONGEST), 0)
        self.links = self.chars * self.linked // 1000
        self.ends = self._ends()
        self.weight = self._summed(self.prose)
        self.whole = max(1, int(self.weight[0]))
        self.depth = np.minimum(np.array(self.elements.depths, np.int64), _FAR)
        self.core = self._core()

    def shapes(self) -> list[Column]:
        """Of a block by itself."""
        first, own = np.array([block.first for block in self.blocks], np.int64), self.shape
        found = [np.minimum(self.chars, LONGEST), self.linked, self.heavy, self.tags, first]
        return [*found, own.ends, own.sentences, own.commas, own.words, own.capitals, own.digits]

    def labels(self) -> list[Column]:
        """The words in its element's class and id, and in those of the elements around it."""
        total, low, high = list(self.score), list(self.score), list(self.score)
        for place, above in enumerate(self.parents):
            if above >= 0:
                total[place] += total[above]
                if low[above] < low[place]:
                    low[place] = low[above]
                if high[above] > high[place]:
                    high[place] = high[above]
        own = np.array(self.score, np.int64)
        self.total = np.array(total, np.int64)[self.homes]
        self.own = own[self.homes]
        lowest, highest = (np.array(values, np.int64)[self.homes] for values in (low, high))
        return [self.own, own[self.up1[self.homes]], self.total, lowest, highest, self.depth[self.homes]]

    def looks(self) -> list[Column]:
        """What all blocks with its tag, class and parent's class have in common, and how often its text stands here."""
        keys: dict[tuple[str, str, str], int] = {}
        tags, labels, parents = self.elements.tags, self.elements.labels, self.parents
        homes = self.homes.tolist()
        known = [keys.setdefault((tags[h], labels[h], labels[max(0, parents[h])]), len(keys)) for h in homes]
        look = np.array(known, np.int64)
        count = np.bincount(look, minlength=len(keys))
        chars, links, prose = (_binned(look, v, len(keys)) for v in (self.chars, self.links, self.prose))
        seen = Counter(self.texts)
        return [
            np.minimum(9, np.array([seen[text] for text in self.texts], np.int64)),
            np.minimum(count[look], 200),
            np.minimum(chars[look] // count[look], 1000),
            links[look] * 1000 // np.maximum(1, chars[look]),
            prose[look] * 1000 // self.whole,
        ]

    def shares(self) -> list[Column]:
        """How much of the page's prose the elements around it hold, and how much of their text is links."""
        chars, links, held = (self._summed(v) for v in (self.chars, self.links, np.ones(self.count, np.int64)))
        up1 = self.up1[self.homes]
        up2 = self.up1[up1]
        up4 = self.up1[self.up1[up2]]
        found = [self._all(min(self.whole, 30_000))]
        found += [self.weight[place] * 1000 // self.whole for place in (self.homes, up1, up2, up4)]
        found += [links[place] * 1000 // np.maximum(1, chars[place]) for place in (up1, up2, up4)]
        found += [np.minimum(2000, chars[place] // np.maximum(1, held[place])) for place in (up1, up2)]
        found += [np.minimum(200, held[place]) for place in (up1, up2)]
        found += [self._all(int(self.weight[self.core]) * 1000 // self.whole)]
        found += [self._all(int(links[self.core]) * 1000 // max(1, int(chars[self.core])))]
        return found

    def places(self, title: str | None) -> list[Column]:
        """Where it stands: to the headline, to the paragraphs, to the element with most of the prose."""
        position = np.arange(self.count)
        running = np.cumsum(self.prose)
        inside = (self.homes >= self.core) & (self.homes < self.ends[self.core])
        headline = self._headline(title)
        after = np.clip(position - headline, -_FAR, 500) if headline >= 0 else self._all(-_FAR - 1)
        return [
            inside * 2 + (self.homes < self.core),
            self.depth[self.homes] - self.depth[self.core],
            (running - self.prose) * 1000 // self.whole,
            (running[-1] - running) * 1000 // self.whole,
            after,
            position * 1000 // self.count,
            *self._gaps(),
        ]

    def within(self) -> list[Column]:
        """The elements around it whose name says what they hold."""
        bits = np.array(self.elements.within, np.int64)[self.homes]
        return [(bits & bit > 0).astype(np.int64) for bit in _WITHIN]

    def neighbours(self) -> list[Column]:
        """The blocks beside it, and how much prose there is near by."""
        found = [_shifted(self.total, step) for step in (-2, -1, 1, 2)]
        for values in (self.chars, self.linked, self.tags, self.own):
            found += [_shifted(values, step) for step in (-1, 1)]
        above = self.up1[self.homes]
        found += [(_shifted(above, step) == above).astype(np.int64) for step in (-1, 1)]
        for reach in (4, 12):
            sums = np.cumsum(np.pad(self.prose, (reach + 1, reach)))
            found.append(np.minimum(3000, sums[reach : reach + self.count] - sums[: self.count]))
            later = sums[2 * reach + 1 :] - sums[reach + 1 : reach + 1 + self.count]
            found.append(np.minimum(3000, later))
        return found

    def _all(self, value: int) -> Column:
        return np.full(self.count, value, np.int64)

    def _ends(self) -> Column:
        """Of each element, the first one after all that stand within it."""
        ends = list(range(1, len(self.parents) + 1))
        for place in range(len(ends) - 1, 0, -1):
            above = self.parents[place]
            if ends[above] < ends[place]:
                ends[above] = ends[place]
        return np.array(ends, np.int64)

    def _summed(self, values: Column) -> Column:
        """Sums of the blocks' values over each element and all that stand within it."""
        sums = np.cumsum(np.append(0, _binned(self.homes, values, len(self.elements))))
        return np.asarray(sums[self.ends] - sums[:-1])

    def _core(self) -> int:
        """The end of a chain from the root in which each element holds three quarters of what the last one does."""
        values = self.weight.tolist()
        largest = [0] * len(values)
        for place in range(1, len(values)):
            above = self.parents[place]
            if not largest[above] or values[place] > values[largest[above]]:
                largest[above] = place
        current = 0
        while (inner := largest[current]) and values[inner] > _CORE * values[current]:
            current = inner
        return current

    def _headline(self, title: str | None) -> int:
        """Place of the block that is the headline, or -1."""
        heads = np.flatnonzero(self.tags == _HEADINGS[1]).tolist()
        if title:
            for place in (*heads, *range(self.count)):
                if _is_title(self.texts[place], title):
                    return int(place)
        return int(heads[0]) if heads else -1

    def _gaps(self) -> tuple[Column, Column]:
        """How many blocks away the nearest other paragraphs of prose are, above and below."""
        position = np.arange(self.count)
        at = np.concatenate([[-_FAR], np.flatnonzero(self.prose), [self.count + _FAR]])
        above = at[np.searchsorted(at, position, side="left") - 1]
        below = at[np.searchsorted(at, position, side="right")]
        return np.minimum(position - above, _FAR), np.minimum(below - position, _FAR)


def _is_title(text: str, title: str) -> bool:
    return 10 < len(text) < 300 and (text in title or (title in text and len(text) < 1.5 * len(title)))


def _binned(places: Column, values: Column, count: int) -> Column:
    return np.bincount(places, weights=values, minlength=count).astype(np.int64)


def _shifted(values: Column, step: int) -> Column:
    moved = np.full(len(values), -1, np.int64)
    if step < 0:
        moved[-step:] = values[:step]
    else:
        moved[:-step] = values[step:]
    return moved


def _told(texts: Sequence[str], body: str | None) -> Column:
    """0: there is no articleBody; 1: it does not hold the text; 2: it does."""
    if not body:
        return np.zeros(len(texts), np.int64)
    held = _NO_LETTER.sub("", body)
    return np.array([1 + (_NO_LETTER.sub("", text[:60]) in held) for text in texts], np.int64)
