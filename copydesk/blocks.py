"""A page as a flat list of blocks: paragraphs, headings, list items, quotes, table rows, in reading order.

One pass over the tree, without recursion: time and memory grow with the number of nodes and no faster, however deep
they are nested.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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


@dataclass(slots=True)
class Blocks:
    """elements: outer before inner, in document order."""

    elements: list[Element] = field(default_factory=list)
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
            self._home = self._found.elements[self._home].parent

    def _enter(self, attributes: dict[str, str | None], tag: str) -> None:
        elements = self._found.elements
        above = elements[self._home] if self._home >= 0 else None
        within = (above.within if above else 0) | _WITHIN.get(tag, 0)
        label = ""
        if attributes:
            label = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
            if _is_hidden(attributes):
                within |= HIDDEN
            if "articleBody" in (attributes.get("itemprop") or ""):
                within |= BODY
        elements.append(Element(self._home, tag, label, above.depth + 1 if above else 0, within))
        self._home = len(elements) - 1

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
    return bool(attributes) and (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(_NOT_SHOWN.search(attributes.get("style") or ""))
    )
