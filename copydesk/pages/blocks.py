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

_SPAN, _LINK, _HEAVY, _PLAIN, _BREAK, _OF_BLOCKS, _SKIPPED_KIND = range(7)
_KINDS = dict.fromkeys(_INLINE, _PLAIN) | dict.fromkeys(_SKIPPED, _SKIPPED_KIND)
_KINDS |= {"span": _SPAN, "a": _LINK, "b": _HEAVY, "strong": _HEAVY, "br": _BREAK, "hr": _BREAK}
"""Of elements; those that are not named hold blocks."""

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
    # One loop, and none of it in methods: their calls would take a quarter of its time.
    found = Blocks()
    elements, parents = found.elements, found.elements.parents
    words: list[str] = []
    linked = heavy = in_link = in_heavy = 0
    home = filled = -1
    opened: list[int] = []
    node: LexborNode | None = root
    while node is not None:
        tag = node.tag or ""
        child = None
        if tag == "-text":
            text = node.text_content or ""
            if words or not text.isspace():
                words.append(text)
                if in_link:
                    linked += len(text.strip())
                if in_heavy:
                    heavy += len(text.strip())
        elif (kind := _KINDS.get(tag, _OF_BLOCKS)) < _BREAK:
            if kind != _SPAN or not _is_hidden(node.attributes):
                child = node.first_child
        elif kind != _SKIPPED_KIND:
            if words:
                filled = _put(found, words, linked, heavy, home, filled)
                words, linked, heavy = [], 0, 0
            if kind == _OF_BLOCKS:
                within, label = _told(node.attributes)
                home = elements.add(home, tag, label, _WITHIN.get(tag, 0) | within)
                child = node.first_child
                if child is None:
                    home = parents[home]
        if child is not None:
            in_link += kind == _LINK
            in_heavy += kind == _HEAVY
            opened.append(kind)
            node = child
            continue
        while opened and (after := node.next) is None:
            kind = opened.pop()
            if kind == _OF_BLOCKS:
                if words:
                    filled = _put(found, words, linked, heavy, home, filled)
                    words, linked, heavy = [], 0, 0
                home = parents[home]
            else:
                in_link -= kind == _LINK
                in_heavy -= kind == _HEAVY
            node = node.parent
            if node is None:
                return found
        if not opened:
            break
        node = after
    _put(found, words, linked, heavy, home, filled)
    return found


def _put(found: Blocks, words: list[str], linked: int, heavy: int, home: int, filled: int) -> int:
    """A block of what was read, if that is more than blanks. filled: the last element that was given a text; returns
    which it is now."""
    text = " ".join("".join(words).replace("\u00ad", "").split())
    if not text or home < 0:
        return filled
    found.blocks.append(Block(text, linked, heavy, home, filled != home))
    return home


def _told(attributes: dict[str, str | None]) -> tuple[int, str]:
    """What an element is by its attributes, and its label."""
    if not attributes:
        return 0, ""
    name, own = attributes.get("class"), attributes.get("id")
    label = f"{name or ''} {own or ''}"[:MOST_LABEL] if name or own else ""
    if len(attributes) == (name is not None) + (own is not None):
        return 0, label
    within = HIDDEN if _is_hidden(attributes) else 0
    if "articleBody" in (attributes.get("itemprop") or ""):
        within |= BODY
    return within, label


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    if not attributes:
        return False
    style = attributes.get("style")
    shown = style is None or _NOT_SHOWN.search(style) is None
    return not shown or "hidden" in attributes or attributes.get("aria-hidden") == "true"
