"""Who wrote it and when, as the lines around the headline say it in words: `By Ada Lind`, `Published March 3, 2026`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from copydesk import byline, dates, names
from copydesk.blocks import ASIDE, FOOTER, HIDDEN, NAV, Blocks
from copydesk.model import Date

BEFORE, AFTER = 3, 14
"""Blocks around the headline that are looked at; further away they are the story's, or another story's."""

PARAGRAPH = 200
"""Characters of a paragraph of the story, if there is no headline to go by."""

MOST = 120
"""Characters of such a line; a longer one is a sentence."""

_BY = re.compile(
    r"^(?:(?:posted|written|reported|published|words|story|text|article|post)\s(?:\w+\s){0,3}?)?by[\s:]+(?=\S)"
    r"|^(?:this (?:post|article|story) (?:was|is) )?written by\s+"
    r"|^(?:texte?|autore?|autora|auteur|author|von|par|por|di|door|av|af)[\s:]+(?=\S+\s\S)",
    re.I,
)
_ALONE = re.compile(
    r"^(?:(?:written|posted|published|story|words|text) )?by:?$|^(?:authors?|autore?|autora|auteur):?$", re.I
)
_LATER = re.compile(r"\sby\s+(?=[A-Z]\w+\s[A-Z])")
_CHANGED = re.compile(
    r"updat|modif|edited|revi(?:ew|s)ed|aktualis|mise à jour|actualiz|aggiorn|bijgewerkt|oppdater", re.I
)
_COPYRIGHT = re.compile(r"copyright|©", re.I)
_DAY = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)|\d[/.]\d{1,2}[/.]\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Topline:
    """authors: persons named as the writers. published: a date that is not said to be one of a change."""

    authors: tuple[str, ...] = ()
    published: Date | None = None


def read(page: Blocks, title: str | None, sites: tuple[str, ...], language: str | None) -> Topline:
    """What stands beside the headline `title`, or above the first paragraph."""
    place = _headline(page, title)
    first, last = (place - BEFORE, place + AFTER) if place is not None else _above_prose(page)
    people: tuple[str, ...] = ()
    published: Date | None = None
    above = ""
    for block in page.blocks[max(0, first) : last + 1]:
        element = page.elements[block.home]
        text = block.text
        if element.within & (HIDDEN | NAV | ASIDE | FOOTER) or not text:
            continue
        if len(text) <= MOST:
            people = people or _people(text, above, sites)
            if (
                place is not None
                and published is None
                and _DAY.search(text)
                and not _CHANGED.search(f"{above} {text} {element.label}")
            ):
                published = dates.parse(_LATER.split(text)[0], "text", language=language)
        above = text if len(text) <= 30 and not _DAY.search(text) else ""
    return Topline(people, published)


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
    if (match := _BY.search(text)) or (match := _LATER.search(text)):
        told = text[match.end() :]
    elif _ALONE.search(above):
        told = text
    else:
        return ()
    return tuple(name for name in names.authors(told, houses=sites) if byline.is_name(name))
