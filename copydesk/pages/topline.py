"""Who wrote it and when, as the lines around the headline say it in words: `By Ada Lind`, `Published March 3, 2026`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from copydesk.model import Date
from copydesk.pages import byline, dates, names
from copydesk.pages.blocks import ASIDE, FOOTER, HIDDEN, NAV, Blocks

BEFORE, AFTER = 3, 14
"""Blocks around the headline that are looked at; further away they are the story's, or another story's."""

PARAGRAPH = 200
"""Characters of a paragraph of the story, if there is no headline to go by."""

MOST = 120
"""Characters of such a line; a longer one is a sentence."""

_BY = re.compile(
    r"^(?:(?:posted|written|reported|published|words|story|text|article|post)\s(?:\w+\s){0,3}?)?by[\s:]+(?=\S)"
    r"|^(?-i:By(?=[A-Z][^\W\d_]+\s[A-Z]))"  # the blank is the page's style
    r"|^(?:this (?:post|article|story) (?:was|is) )?written by\s+"
    r"|^(?:texte?|autore?|autora|auteur|author|von|par|por|di|door|av|af)[\s:]+(?=\S+\s\S)",
    re.I,
)
_ALONE = re.compile(
    r"^(?:(?:written|posted|published|story|words|text) )?by:?$"
    r"|^(?:authors?|autore?|autora|auteur|autor(?:in)?|autorin/autor|yazar|penulis|tekst|автор|author\(s\)):?$",
    re.I,
)
_LATER = re.compile(r"\sby\s+(?=[A-Z][^\W\d_]+\s[A-Z])")
_BEFORE_BY = re.compile(
    r"\d|\b(?:posted|published|written|updated|reported|story|words|text|article|compiled|contributed|authored"
    r"|ago|today|yesterday|in\s[A-Z].*)\W*$|[|•·–—]\s*$",
    re.I,
)
"""What stands before `by` in a byline: a date, what was done. Else it is a picture's: `Photo by Ada Lind`."""

TEASER = 0.9
"""Share of a line with a date that is a link, from which it is a teaser's: it leads to another story."""

SHORT = 60
"""Characters of a line that may name its writer in one word: `by BridgeFan, Dec 19th`."""

_CHANGED = re.compile(
    r"updat|modif|edited|revi(?:ew|s)ed|aktualis|mise à jour|actualiz|aggiorn|bijgewerkt|oppdater", re.I
)
_COPYRIGHT = re.compile(r"copyright|©", re.I)
_DAY = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)|\d[/.]\d{1,2}[/.]\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Topline:
    """authors: persons named as the writers. dates: those that are not said to be of a change, in order."""

    authors: tuple[str, ...] = ()
    dates: tuple[Date, ...] = ()


def read(page: Blocks, title: str | None, sites: tuple[str, ...], language: str | None) -> Topline:
    """What stands beside the headline `title`, or above the first paragraph."""
    place = _headline(page, title)
    if place is None:
        return Topline(_lines(page, *_above_prose(page), sites, language).authors)
    above = _lines(page, max(0, place - BEFORE), place, sites, language)
    below = _lines(page, place, place + AFTER, sites, language)
    return Topline(below.authors or above.authors, above.dates + below.dates)


def _lines(page: Blocks, first: int, last: int, sites: tuple[str, ...], language: str | None) -> Topline:
    """What the lines from one block to another say."""
    people: tuple[str, ...] = ()
    days: list[Date] = []
    above = ""
    for block in page.blocks[max(0, first) : last + 1]:
        element = page.elements[block.home]
        text = block.text
        if element.within & (HIDDEN | NAV | ASIDE | FOOTER) or not text:
            continue
        if len(text) <= MOST and not (block.linked >= TEASER * len(text) and _DAY.search(text)):
            people = people or _people(text, above, sites)
            if _DAY.search(text) and not _CHANGED.search(f"{above} {text} {element.label}"):
                days += filter(None, [dates.parse(_LATER.split(text)[0], "text", language=language)])
        above = text if len(text) <= 30 and not _DAY.search(text) else ""
    return Topline(people, tuple(days))


def first_date(page: Blocks, language: str | None) -> Date | None:
    """The first date in a short line of the page, as a guess."""
    for block in page.blocks:
        text = block.text
        if len(text) <= MOST and _DAY.search(text) and not _COPYRIGHT.search(text):
            if page.elements[block.home].within & (HIDDEN | NAV):
                continue
            if found := dates.parse(text, "guess", language=language):
                return found
    return None


def _headline(page: Blocks, title: str | None) -> int | None:
    wanted = names.key(title or "")
    if len(wanted) < 8:
        return None
    shown = [
        place
        for place, block in enumerate(page.blocks)
        if abs(len(block.text) - len(title or "")) <= 20 and wanted in names.key(block.text)
    ]
    heads = [place for place in shown if page.elements[page.blocks[place].home].tag == "h1"]
    return next(iter((*heads, *shown)), None)


def _above_prose(page: Blocks) -> tuple[int, int]:
    """The blocks above the first long paragraph: where a page shows no headline, that is where its byline stands."""
    for place, block in enumerate(page.blocks):
        if len(block.text) >= PARAGRAPH and 2 * block.linked < len(block.text):
            return place - AFTER, place - 1
    return 0, -1


def _people(text: str, above: str, sites: tuple[str, ...]) -> tuple[str, ...]:
    match = _BY.search(text)
    if match or ((match := _LATER.search(text)) and _BEFORE_BY.search(text[: match.start()])):
        told = text[match.end() :]
    elif _ALONE.search(above):
        told = text
    else:
        return ()
    found = names.authors(told, houses=sites)
    people = tuple(name for name in found if byline.is_name(name))
    handle = not people and len(found) == 1 and len(text) <= SHORT and match is not None and match.start() == 0
    return found if handle and byline.is_handle(found[0]) else people
