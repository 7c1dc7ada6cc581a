"""The elements in which a page speaks of itself, out of its tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_ELEMENTS = 5000
"""Meta tags, links, times ... that are looked at; a page with more of them is hostile or a directory."""

MAX_SHOWN = 1000
"""Characters of an element's text that are read."""

MAX_CONTENT = 5000
"""Characters of a meta tag that are read."""

_WANTED = (
    "html, title:not(svg title), meta, link[rel], script[type*='json'], h1, time, a[rel~='author'], a[rel~='license'], "
    "[itemprop='author'], [itemprop='datePublished'], [itemprop='dateModified'], [itemprop='headline'], "
    "[property][content]:not(meta)"
)


_OPEN_GRAPH = "http://ogp.me/ns"


@dataclass(slots=True)
class Found:
    """The elements of a page that speak of it, in document order.

    linked: where headings that are links lead. props: microdata of the first item that has the property, for the
    others are teasers'; links with rel=author as `rel-author`. scopes: which item that is.
    """

    language: str | None = None
    titles: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    linked: dict[str, str] = field(default_factory=dict)
    meta: dict[str, list[str]] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    times: list[tuple[str, str]] = field(default_factory=list)
    props: dict[str, list[str]] = field(default_factory=dict)
    scopes: dict[str, int] = field(default_factory=dict)
    parser: LexborHTMLParser | None = None

    def all(self, *keys: str) -> Iterator[str]:
        return (value for key in keys for value in self.meta.get(key, ()))

    def first(self, *keys: str) -> str | None:
        return next(self.all(*keys), None)


def read(html: str | bytes) -> Found:
    """The elements of a page, with its tree; none where no tree can be made of it. Bytes: UTF-8."""
    from selectolax.lexbor import SelectolaxError

    found = Found()
    try:
        found.parser = _parsed(html)
        nodes = found.parser.css(_WANTED)
    except (SelectolaxError, ValueError, RuntimeError, MemoryError):
        return found
    for node in nodes[:MAX_ELEMENTS]:
        _take(found, node)
    return found


def _parsed(html: str | bytes) -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser

    # Halves of UTF-16 pairs no parser takes.
    return LexborHTMLParser(html.encode("utf-8", "replace") if isinstance(html, str) else html)


def _take(found: Found, node: LexborNode) -> None:
    tag = node.tag or ""
    attributes = node.attributes
    if tag == "meta" or attributes.get("property"):
        content = (attributes.get("content") or "")[:MAX_CONTENT].strip()
        if content:
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                if told := attributes.get(attribute):
                    for name in _names(told, attribute):
                        found.meta.setdefault(name, []).append(content)
    elif tag == "link":
        found.links.append(((attributes.get("rel") or "").casefold(), (attributes.get("href") or "").strip()))
    elif tag == "html":
        found.language = found.language or attributes.get("lang") or attributes.get("xml:lang")
    elif tag == "script":
        if "ld+json" in (attributes.get("type") or "").casefold():
            found.scripts.append(node.text(deep=True))
    elif tag == "title":
        found.titles.append(_text(node))
    elif tag == "h1":
        found.headings.append(_text(node))
        if (link := node.css_first("a[href]")) is not None and _text(link) == found.headings[-1]:
            found.linked[found.headings[-1]] = link.attributes.get("href") or ""
    elif tag == "a" and attributes.get("rel"):
        rel = (attributes.get("rel") or "").casefold()
        if "license" in rel:
            found.links.append((rel, (attributes.get("href") or "").strip()))
        if "author" in rel:
            found.props.setdefault("rel-author", []).append(_text(node))
    if tag == "time":
        found.times.append((attributes.get("datetime") or _text(node), (attributes.get("class") or "").casefold()))
    if tag != "meta" and (prop := attributes.get("itemprop")):
        value = attributes.get("datetime") or attributes.get("content") or _named(node) or _text(node)
        prop = prop.strip().casefold()
        if found.scopes.setdefault(prop, _scope(node)) == _scope(node):
            found.props.setdefault(prop, []).append(value)


def _scope(node: LexborNode) -> int:
    """The microdata item that an element's property belongs to; 0 if to none."""
    parent = node.parent
    while parent is not None:
        if "itemscope" in parent.attributes:
            return parent.mem_id
        parent = parent.parent
    return 0


def _names(told: str, attribute: str) -> list[str]:
    """A meta tag's name in the one spelling that is looked up. RDFa gives several, parted by blanks."""
    told = told.strip().casefold()
    if attribute != "property":
        return [_plain(told)] if told else []
    return [_plain(name) for name in told.split()]


def _plain(name: str) -> str:
    """`DC:Date` and `dc.date`, `http://ogp.me/ns/article#author` and `article:author` are one."""
    if name.startswith(_OPEN_GRAPH):
        name = name.removeprefix(_OPEN_GRAPH).strip("/#").replace("#", ":")
        return name if ":" in name else f"og:{name}"
    if name.startswith(("dc:", "dcterms:")):
        return name.replace(":", ".")
    return name.removeprefix("schema:")


def _named(node: LexborNode) -> str:
    """The `name` inside a microdata item, which may hold a picture, a role and a biography besides."""
    inner = node.css_first("[itemprop='name']")
    return ((inner.attributes.get("content") or _text(inner)) if inner is not None else "").strip()


def _text(node: LexborNode) -> str:
    return " ".join(node.text(deep=True, separator=" ").replace("\u00ad", "").split())[:MAX_SHOWN]
