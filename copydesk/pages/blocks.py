"""A page as a flat list of blocks: paragraphs, headings, list items, quotes, table rows, in reading order.

One pass over the tree, without recursion: time and memory grow with the number of nodes and no faster, however deep
they are nested.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_SKIPPED_WORDS = """
    script style noscript template svg math iframe object embed audio video canvas button select option textarea
    input datalist dialog menu map head figcaption applet progress meter optgroup rp rt frameset noframes
    -comment !doctype -doctype
"""
_SKIPPED = frozenset(_SKIPPED_WORDS.split())
"""Elements of which nothing is read: what they hold is not text, or is not the story's."""

_INLINE_WORDS = """
    a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby rb s samp small span strike
    strong sub sup time tt u var wbr nobr img picture source
"""
_INLINE = frozenset(_INLINE_WORDS.split())
"""Elements that do not end a paragraph."""

_HEAVY = frozenset({"b", "strong"})

HIDDEN, NAV, ASIDE, FOOTER, HEADER, FORM, TABLE, LIST, FIGURE, QUOTE, ARTICLE, MAIN, BODY, PRE = (
    1 << bit for bit in range(14)
)
"""What a block lies within. BODY: an element that says it is the `articleBody`. HIDDEN: one that is not shown."""

_WITHIN = {
    "nav": NAV, "aside": ASIDE, "footer": FOOTER, "header": HEADER, "form": FORM, "table": TABLE, "ul": LIST,
    "ol": LIST, "dl": LIST, "figure": FIGURE, "blockquote": QUOTE, "article": ARTICLE, "main": MAIN, "pre": PRE,
}  # fmt: skip

MOST_LABEL = 300
"""Characters of a class and id that are read."""

_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


@dataclass(slots=True)
class Element:
    """An element that holds blocks. parent: its place among the elements, -1 for the root. label: its class and id.

    within: the bits above, its own and those of all around it.
    """

    parent: int
    tag: str
    label: str
    depth: int
    within: int


@dataclass(slots=True)
class Block:
    """A stretch of text that nothing but inline markup interrupts. text: one line, runs of blanks as one.

    linked, heavy: characters of it within links, and in bold. home: place of its element. first: whether it is the
    first text of that element.
    """

    text: str
    linked: int
    heavy: int
    home: int
    first: bool


class Elements(Sequence[Element]):
    """Outer before inner, in document order; kept as columns, for a page has hundreds."""

    __slots__ = ("depths", "labels", "parents", "tags", "within")

    def __init__(self) -> None:
        self.parents: list[int] = []
        self.tags: list[str] = []
        self.labels: list[str] = []
        self.depths: list[int] = []
        self.within: list[int] = []

    def __len__(self) -> int:
        return len(self.parents)

    @overload
    def __getitem__(self, place: int) -> Element: ...
    @overload
    def __getitem__(self, place: slice) -> list[Element]: ...
    def __getitem__(self, place: int | slice) -> Element | list[Element]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        parent, tag, label = self.parents[place], self.tags[place], self.labels[place]
        return Element(parent, tag, label, self.depths[place], self.within[place])

    def add(self, parent: int, tag: str, label: str, within: int) -> int:
        """One more, within `parent` (-1: none) and, besides what that is within, in `within`. Returns its place."""
        inner = parent >= 0
        self.parents.append(parent)
        self.tags.append(tag)
        self.labels.append(label)
        self.depths.append(self.depths[parent] + 1 if inner else 0)
        self.within.append(within | self.within[parent] if inner else within)
        return len(self.parents) - 1


@dataclass(slots=True)
class Blocks:
    """What `read` makes of a page. blocks: in reading order."""

    elements: Elements = field(default_factory=Elements)
    blocks: list[Block] = field(default_factory=list)


def read(root: LexborNode) -> Blocks:
    """The blocks below a node."""
    reader = _Reader()
    node: LexborNode | None = root
    opened: list[str] = []
    while node is not None:
        tag = node.tag or ""
        child = None
        if tag == "-text":
            reader.text(node.text_content or "")
        elif tag not in _SKIPPED and reader.open(node, tag):
            child = node.first_child
            if child is None:
                reader.close(tag)
        if child is not None:
            opened.append(tag)
            node = child
            continue
        while opened and (after := node.next) is None:
            reader.close(opened.pop())
            node = node.parent
            if node is None:
                return reader.done()
        if not opened:
            break
        node = after
    return reader.done()


class _Reader:
    """Takes a tree's texts, openings and closings in order, and makes blocks of them."""

    def __init__(self) -> None:
        self._found = Blocks()
        self._words: list[str] = []
        self._linked = self._heavy = 0
        self._in_link = self._in_heavy = 0
        self._home = -1
        self._filled = -1

    def done(self) -> Blocks:
        self._flush()
        return self._found

    def text(self, text: str) -> None:
        if not self._words and text.isspace():
            return
        self._words.append(text)
        if self._in_link:
            self._linked += len(text.strip())
        if self._in_heavy:
            self._heavy += len(text.strip())

    def open(self, node: LexborNode, tag: str) -> bool:
        """Whether to go into the element."""
        if tag in _INLINE:
            if tag == "a":
                self._in_link += 1
            elif tag in _HEAVY:
                self._in_heavy += 1
            elif tag == "span" and _is_hidden(node.attributes):
                return False
            return True
        self._flush()
        if tag in ("br", "hr"):
            return False
        self._enter(node.attributes, tag)
        return True

    def close(self, tag: str) -> None:
        if tag == "a":
            self._in_link -= 1
        elif tag in _HEAVY:
            self._in_heavy -= 1
        elif tag not in _INLINE:
            self._flush()
            self._home = self._found.elements.parents[self._home]

    def _enter(self, attributes: dict[str, str | None], tag: str) -> None:
        within, label = _WITHIN.get(tag, 0), ""
        if attributes:
            name, own = attributes.get("class"), attributes.get("id")
            if name or own:
                label = f"{name or ''} {own or ''}"[:MOST_LABEL]
            if _is_hidden(attributes):
                within |= HIDDEN
            if "articleBody" in (attributes.get("itemprop") or ""):
                within |= BODY
        self._home = self._found.elements.add(self._home, tag, label, within)

    def _flush(self) -> None:
        if self._words:
            text = " ".join("".join(self._words).replace("\u00ad", "").split())
            if text and self._home >= 0:
                block = Block(text, self._linked, self._heavy, self._home, self._filled != self._home)
                self._found.blocks.append(block)
                self._filled = self._home
            self._words = []
            self._linked = self._heavy = 0


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    if not attributes:
        return False
    style = attributes.get("style")
    shown = style is None or _NOT_SHOWN.search(style) is None
    return not shown or "hidden" in attributes or attributes.get("aria-hidden") == "true"
