"""What speaks for and against a block's being of the story: whole numbers, a row a block.

Nothing here knows a site or a language: it is the shape of a text, the words of classes and ids around it, how much
prose and how many links there are beside it, and whether the page's own JSON-LD holds it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from cleaners.arrays import I64
from cleaners.reader import is_compiled
from copydesk.pages import blocks as b
from copydesk.pages import loops, shapes, text_loops

Rows = npt.NDArray[np.int32]

MOST_LABELS = 20_000
"""Classes and ids whose weights are kept."""

_TAGS = (
    "p", "blockquote", "pre", "li", "td", "dd", "dt", "th", "div", "section", "article", "main", "center", "h2", "h3",
    "h4", "h5", "h6", "h1", "caption", "address", "header", "footer", "aside",
)  # fmt: skip
_TAG = {tag: place for place, tag in enumerate(_TAGS)}
_HEADINGS = (_TAG["h2"], _TAG["h1"])  # first and last of them in the order above
_NO_LETTER = re.compile(r"[\W_]+")
_NO_LETTER_OF_LINE = re.compile(r"[^\w\n]+")
_WORD = re.compile(f"[a-z]{{1,{2 * text_loops.LETTERS}}}")
_BLANKS = bytes(code if chr(code) in "\nabcdefghijklmnopqrstuvwxyz" else 32 for code in range(256))
_WITHIN = (
    b.NAV, b.ASIDE, b.FOOTER, b.HEADER, b.FORM, b.TABLE, b.LIST, b.FIGURE, b.QUOTE, b.ARTICLE, b.MAIN, b.HIDDEN,
    b.BODY,
)  # fmt: skip


class Labels:
    """Weights of the words that stand in classes and ids, learned by bench/train_pages.py."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._weights, self._words = weights, frozenset(weights)
        self._scores = {"": 0}
        self._table: tuple[I64, ...] = ()

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
        if is_compiled():
            self._table = self._table or _table(self._weights)
            met, found = np.full(len(self._table[0]), -1, np.int64), np.empty(len(labels), np.int64)
            data = "\n".join([*(label.replace("\n", " ") for label in labels), ""]).encode("ascii", "replace")
            text_loops.compiled("weigh")(np.frombuffer(data, np.uint8), *self._table, met, found)
            weighed: list[int] = found.tolist()
            return weighed
        lines = _parted([label.replace("\n", " ") for label in labels])
        held, weight = self._words.intersection, self._weights.__getitem__
        return [sum(map(weight, held(line.split()))) for line in lines]


def _table(weights: Mapping[str, int]) -> tuple[I64, ...]:
    """The words of labels, as text_loops.weigh looks them up."""
    firsts, seconds, weighs = np.zeros((3, 4 << len(weights).bit_length()), np.int64)
    slot_of = text_loops.compiled("slot_of")
    for word, weight in weights.items():
        if not _WORD.fullmatch(word):  # no label has it
            continue
        first, second = (_number(part) for part in (word[: text_loops.LETTERS], word[text_loops.LETTERS :]))
        slot = slot_of(first, second, firsts, seconds)
        firsts[slot], seconds[slot], weighs[slot] = first, second, weight
    return firsts, seconds, weighs


def _number(letters: str) -> int:
    """Small letters as one number, five bits each."""
    number = 0
    for letter in letters:
        number = number * 32 + ord(letter) - 96
    return number


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
    elements, told = page.elements, loops.table(loops.BLOCK_ROWS, len(page.blocks))
    texts = [block.text for block in page.blocks]
    homes = [block.home for block in page.blocks]
    tags = [_TAG.get(elements.tags[home], len(_TAGS)) for home in homes]
    told[loops.HOME], told[loops.TAG] = homes, tags
    told[loops.FIRST] = [block.first for block in page.blocks]
    told[loops.LINKED] = [block.linked for block in page.blocks]
    told[loops.HEAVY] = [block.heavy for block in page.blocks]
    seen = Counter(texts)
    told[loops.SEEN] = [seen[text] for text in texts]
    told[loops.LOOK] = _looks(elements, homes)
    told[loops.TOLD] = _told(texts, body)
    shapes.fill(texts, told)
    known = loops.table(loops.ELEMENT_ROWS, len(elements))
    known[loops.PARENT], known[loops.SCORE] = elements.parents, labels.scores(elements.labels)
    known[loops.DEPTH], known[loops.WITHIN] = elements.depths, elements.within
    return loops.columns(known, told, _HEADINGS, _headline(texts, tags, title), _WITHIN).T


def _looks(elements: b.Elements, homes: Sequence[int]) -> list[int]:
    """A number for each block: the same for those with one tag, class and parent's class."""
    keys: dict[tuple[str, str, str], int] = {}
    tags, labels, parents = elements.tags, elements.labels, elements.parents
    return [keys.setdefault((tags[h], labels[h], labels[max(0, parents[h])]), len(keys)) for h in homes]


def _headline(texts: Sequence[str], tags: Sequence[int], title: str | None) -> int:
    """Place of the block that is the headline, or -1."""
    heads = [place for place, tag in enumerate(tags) if tag == _HEADINGS[1]]
    if title:
        for place in chain(heads, range(len(texts))):
            if _is_title(texts[place], title):
                return place
    return heads[0] if heads else -1


def _is_title(text: str, title: str) -> bool:
    return 10 < len(text) < 300 and (text in title or (title in text and len(text) < 1.5 * len(title)))


def _told(texts: Sequence[str], body: str | None) -> list[int]:
    """0: there is no articleBody; 1: it does not hold the text; 2: it does."""
    if not body:
        return [0] * len(texts)
    held = _NO_LETTER.sub("", body)
    heads = _NO_LETTER_OF_LINE.sub("", "\n".join([text[:60] for text in texts]).replace("_", ""))
    return [1 + (head in held) for head in heads.split("\n")]
