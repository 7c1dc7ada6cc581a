"""The byline that readers see: who wrote it and when, in the elements that follow the headline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from copydesk.model import Date
from copydesk.pages import dates, names

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_TEXT = 160
"""Characters of an element that may be a byline; longer ones are paragraphs."""

MAX_AFTER = 60
"""Elements after the headline that are looked at: what comes later belongs to other articles."""

MAX_BEFORE = 8
"""Elements before the headline that are looked at."""

BOX = 3
"""Elements around a headline that are its box; further out is the page."""

_LINKS = ("author", "authors", "autor", "autoren", "auteur", "auteurs", "autore", "contributor", "contributors",
          "writer", "writers", "journalist", "journalists", "bios", "reporter", "reporters", "staff")  # fmt: skip
_SELECTOR = ", ".join(
    [
        "h1, time, [rel~='author'], [data-testid*='byline' i], [id*='date' i]",
        *(f"[class*='{part}' i]" for part in ("byline", "author", "writer", "credit-name")),
        *(f"[class*='{part}' i]" for part in ("date", "publish", "posted", "timestamp")),
        *(f"a[href*='/{word}/']" for word in _LINKS),
    ]
)
_AUTHORS_PAGE = re.compile(rf"/(?:{'|'.join(_LINKS)})/")
_STATED = ("datetime", "content", "title", "data-datetime", "data-date", "data-timestamp", "data-time")
"""Attributes that give a date in full, where its text is short or made by a script; `title` of an <abbr> (hAtom)."""

_WHO = re.compile(r"byline|author|writer|credit-name", re.I)
_WHEN = re.compile(r"date|publish|posted|timestamp|time", re.I)
_CHANGED = re.compile(r"updat|modif|edited|aktualis|mise à jour|actualiz|aggiorn", re.I)
_BY = re.compile(r"(?:\bby|\bvon|\bpar|\bpor|\bdi|\bdoor|\baf|\bav|autor(?:in)?|author|auteur)\b[\s:/]*$", re.I)
_NOT_NAMES_WORDS = """
    about agencies agency all article articles author blog by comments contact editorial email facebook fact follow
    full get guest home latest link manga min minutes more nachrichten news newsletter opinion our photo photos politics
    posts press
    print privacy profile read redaktion related reviews search see share sign sports staff subscribe team tweet
    twitter updated view video videos world your
"""
_NOT_NAMES = frozenset(_NOT_NAMES_WORDS.split())
_UNSPACED = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3々・]{2,8}(?:\s[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3々・]{1,6})?"
)
"""A name in Chinese, Japanese or Korean letters: one word or two."""

_GLUED = re.compile(r"[a-z]{3}[A-Z]")
"""Two words without their blank, as of two elements side by side; `MacLean`, `DeVries` are names."""

_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday".split())
_FIRM_WORDS = """
    academy agency and app association bank blog books box capital care center centre church city club co college
    community company consulting council daily design digital education energy europe express financial first food
    for foundation free gazette global group guide hall health herald home hospital house in inc institute insurance
    international journal kitchen lab labs law learning life limited llc local london ltd magazine market marketing
    media money music national native network of office on online open partners photography plus post press pro
    project property radio research school science security service services shop society software solar solutions
    station store studio studios system systems tech technology the times today top town travel tribune university
    us web wild world york
    allgemeine anzeiger blatt bote deutsche der die das kurier nachrichten presse redaktion rundschau tageblatt verlag
    welle zeitung correo diario mundo nacion nación noticias país periódico prensa courrier journal nouvelles presse
    corriere gazzetta giornale notizie stampa dagblad krant nieuws avis avisen tidning tidningen chronicle courier daily
    herald news observer reporter review star sun telegraph weekly
"""
_FIRM = frozenset(_FIRM_WORDS.split())
"""Words that names of firms and sites have, and names of persons do not."""


@dataclass(frozen=True, slots=True)
class Byline:
    authors: tuple[str, ...] = ()
    published: Date | None = None


def read(parser: LexborHTMLParser, title: str | None, sites: tuple[str, ...], language: str | None) -> Byline:
    """The byline after the headline `title`, or just above; from the top of the page if no h1 bears it."""
    marked: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    published: Date | None = None
    for node in _beside(parser, title):
        text = names.shown(node.text(deep=True, separator=" "))
        if not 2 < len(text) <= MAX_TEXT:
            continue
        attributes = node.attributes
        label = " ".join(attributes.get(name) or "" for name in ("class", "id", "data-testid", "rel"))
        if published is None and (node.tag == "time" or _WHEN.search(label)):
            published = _date(node, text, label, language)
        if marked or not (node.tag == "a" or _WHO.search(label)):
            continue
        people = _people(node, text, sites)
        if people and (_WHO.search(label) or _after_by(node)):
            marked = people
        linked = linked or people
        if node.tag == "a" and not signed and _AUTHORS_PAGE.search(attributes.get("href") or ""):
            signed = names.authors(text, houses=sites, teams=True)
    return Byline(marked or linked or signed, published)


def _people(node: LexborNode, text: str, sites: tuple[str, ...]) -> tuple[str, ...]:
    """The persons of an element: those that it links to, if it links to any, for beside them stand roles and papers."""
    told = [link.text(deep=True, separator=" ") for link in node.css("a")] if node.tag != "a" else []
    for value in (told, text):
        people = tuple(name for name in names.authors(value, houses=sites) if is_name(name))
        if people:
            return people
    return ()


def is_name(name: str) -> bool:
    """Whether words look like a person's name: two to five, capitalized but for particles, no digits, no menu."""
    words = name.split()
    if _UNSPACED.search(name):
        return _UNSPACED.fullmatch(name) is not None
    if not 2 <= len(words) <= 5 or any(c.isdigit() for c in name) or _GLUED.search(name):
        return False
    folded = [word.casefold().strip(".,") for word in words]
    if any(word in _NOT_NAMES for word in folded):
        return False
    return all(
        word[:1].isupper() or not word[:1].islower() or f in names.PARTICLES
        for word, f in zip(words, folded, strict=True)
    )


def is_handle(name: str) -> bool:
    """Whether one word can be what somebody writes under: `BridgeFan`, `Ada`; no menu, no day of the week."""
    word = name.casefold()
    return " " not in name and name[:1].isupper() and word not in _NOT_NAMES and word not in _DAYS


def is_person(name: str) -> bool:
    """Whether a name is a person's although the site has it too: stricter than is_name, for most such are firms."""
    words = [word.casefold().strip(".,") for word in name.split()]
    return is_name(name) and len(words) <= 3 and "&" not in name and not any(word in _FIRM for word in words)


def _beside(parser: LexborHTMLParser, title: str | None) -> list[LexborNode]:
    """The elements that may be a byline: those after the headline, then those above it in the same box."""
    nodes = parser.css(_SELECTOR)
    wanted = names.key(title or "")
    places = [
        place
        for place, node in enumerate(nodes)
        if node.tag == "h1" and wanted and wanted in names.key(node.text(deep=True)[:2000])
    ]
    if not places:
        return nodes[:MAX_AFTER]
    first = places[0]
    boxes = {box.mem_id for box in _around(nodes[first])}
    above = [node for node in nodes[max(0, first - MAX_BEFORE) : first] if node.tag != "h1"]
    return nodes[first + 1 : first + 1 + MAX_AFTER] + [
        node for node in above if any(box.mem_id in boxes for box in _around(node))
    ]


def _around(node: LexborNode) -> list[LexborNode]:
    """The elements around one, as far as a headline's box may reach."""
    found: list[LexborNode] = []
    parent = node.parent
    while parent is not None and parent.tag not in ("body", "html", "main") and len(found) < BOX:
        found.append(parent)
        parent = parent.parent
    return found


def _date(node: LexborNode, text: str, label: str, language: str | None) -> Date | None:
    if _CHANGED.search(label) or (_CHANGED.search(text) and not re.search("publi|posted", text, re.I)):
        return None
    attributes = node.attributes
    stated = [attributes.get(name) for name in _STATED if name != "title" or node.tag == "abbr"]
    return next((found for value in (*stated, text) if (found := dates.parse(value, "text", language=language))), None)


def _after_by(node: LexborNode) -> bool:
    """Whether the words before a link end in `by`."""
    parent = node.parent
    if parent is None:
        return False
    before = names.shown(parent.text(deep=True, separator=" ")[:400]).partition(
        names.shown(node.text(deep=True, separator=" "))
    )[0]
    return bool(_BY.search(before[-40:]))
