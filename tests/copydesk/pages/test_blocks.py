"""Blocks: every text of a page once, in reading order, whatever the shape of its tree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from copydesk.pages import blocks
from copydesk.pages.blocks import Blocks


def read(html: str) -> Blocks:
    root = LexborHTMLParser(html).root
    assert root is not None
    return blocks.read(root)


def texts(html: str) -> list[str]:
    return [block.text for block in read(html).blocks]


def test_paragraphs_headings_items_cells_and_quotes_are_blocks_of_their_own() -> None:
    html = """<h1>One</h1><p>Two <b>and</b> <a href=x>three</a>.</p><ul><li>Four<li>Five</ul>
    <table><tr><td>Six<td>Seven</table><blockquote>Eight</blockquote>Nine<div>Ten</div>"""
    assert texts(html) == ["One", "Two and three.", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"]


def test_inline_markup_and_blanks_make_no_blocks() -> None:
    assert texts("<p>  An<i> old \n</i>bri<span>dge</span>\u00ad <!-- no --> stands </p>  ") == ["An old bridge stands"]


def test_a_line_break_ends_a_line() -> None:
    assert texts("<p>One<br>Two<br/><br>Three</p>") == ["One", "Two", "Three"]


def test_what_is_no_text_is_left_out() -> None:
    html = "<style>a</style><script>b</script><p>Word<svg><text>c</text></svg></p><button>d</button><figcaption>e"
    assert texts(f"<title>t</title>{html}") == ["Word"]


def test_links_bold_and_places_are_told() -> None:
    page = read("<article><ul><li><a href=x>Linked</a> <strong>bold</strong></ul></article><nav>N</nav>")
    item, nav = page.blocks
    assert (item.linked, item.heavy, item.first) == (6, 4, True)
    within = page.elements[item.home].within
    assert within & blocks.LIST
    assert within & blocks.ARTICLE
    assert page.elements[nav.home].within == blocks.NAV


@pytest.mark.parametrize("mark", ["hidden", "style='display: none'", "aria-hidden=true"])
def test_what_is_not_shown_is_marked_and_in_a_span_left_out(mark: str) -> None:
    page = read(f"<div {mark}>Out of sight</div><p>In <span {mark}>not</span>sight</p>")
    assert page.elements[page.blocks[0].home].within & blocks.HIDDEN
    assert page.blocks[1].text == "In sight"


class _Counted:
    """Stands before the tree's nodes and counts which are looked at."""

    seen = 0

    def __init__(self, node: Any) -> None:
        self._node = node

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._node, name)
        if name == "tag":
            _Counted.seen += 1
        return _Counted(found) if name in ("first_child", "next", "parent") and found is not None else found


@pytest.mark.parametrize("unit", ["<div>a", "<span>a ", "<table><tr><td>a", "<p>a</p>", "<a href=x>a</a>"])
def test_every_node_is_looked_at_once(unit: str) -> None:
    root = LexborHTMLParser(unit * 3000).root
    assert root is not None
    nodes = sum(1 for _ in root.traverse(include_text=True))
    _Counted.seen = 0
    found = blocks.read(_Counted(root))  # type: ignore[arg-type]
    assert _Counted.seen <= nodes
    assert sum(block.text.count("a") for block in found.blocks) == 3000


PIECES = [
    "<p>",
    "</p>",
    "<div class=x>",
    "</div>",
    "<td>",
    "<li>",
    "<a href=y>",
    "</a>",
    "<b>",
    "<br>",
    "w ",
    "&amp;",
    "<",
]


@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_no_text_is_lost_or_told_twice(pieces: list[str]) -> None:
    html = "<body>" + "".join(pieces)
    page = read(html)
    whole = LexborHTMLParser(html).body
    assert whole is not None
    assert "".join("".join(t.split()) for t in texts(html)) == "".join(whole.text(deep=True).split())
    assert all(0 <= block.home < len(page.elements) for block in page.blocks)
    assert all(element.parent < place for place, element in enumerate(page.elements))


def test_blocks_of_one_element_know_which_is_first() -> None:
    page = read("<div>one<br>two</div>")
    assert [block.first for block in page.blocks] == [True, False]
