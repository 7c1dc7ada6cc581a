"""The headline of a page, out of the versions of it that the page gives."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from copydesk.pages import names

MAX_TITLE = 500
"""Characters."""

_MIN_AGREEMENT = 0.4
"""Measured on 679 labelled news pages: from 0.3 to 0.5 the choice changes for one page in each set at most."""

_SAME = 0.85
"""Two titles that agree so far are the same but for a word; below, the first heading that agrees at all is meant."""

_MIN_LETTERS = 15
"""Characters of a headline that nothing in the head agrees with; shorter ones are sections: `Local news`."""

_ENTITY = re.compile(r"&#?\w{2,8};")

_MIN_LENGTH = 0.8
"""Of a heading, as a share of the title's length. A shorter one names the subject: `Index funds`."""

_SEPARATOR = re.compile(r"\s+(?:[|–—·•»«:⋆~<>]|::|-|\|\|)\s+|\s*[|]\s*")


def choose(told: Sequence[str], headings: Sequence[str], sites: Sequence[str], article: bool = False) -> str | None:
    """The headline as readers see it: the h1 that agrees with what the head of the page says, else what that says.

    told: the titles of the page's head, the best first. headings: its h1 elements in order. sites: what the publisher
    calls itself. The head's versions are often cut for search engines; but the first h1 may be a logo or a section.
    article: whether the page has an author or a date: then its only h1 is the headline even if the head has another,
    as magazines do that print one and share another.
    """
    plain = [clean for value in told if (clean := without_site(value, sites, headings))]
    shown = [clean for value in headings if (clean := without_site(value, sites, headings))]
    agreed = [
        (max((_agreement(heading, value) for value in plain), default=0.0), -place, heading)
        for place, heading in enumerate(shown)
    ]
    if agreed and max(agreed)[0] >= _MIN_AGREEMENT:
        share, _, best = max(agreed)
        if share < _SAME and not any(names.key(best) in names.key(value) for value in plain):
            best = next(heading for share, _, heading in agreed if share >= _MIN_AGREEMENT)
        return _whole(best, plain)[:MAX_TITLE]
    if article and len(set(shown)) == 1 and len(shown[0]) >= _MIN_LETTERS and not _names_site(shown[0], sites):
        return shown[0][:MAX_TITLE]
    whole = [title for title in plain if not title.endswith(("...", "…"))]
    return next((title[:MAX_TITLE] for title in (*whole, *plain, *shown)), None)


def _whole(heading: str, plain: Sequence[str]) -> str:
    """The headline with the line above it, which the h1 may leave out, if two of the head's titles have it so."""
    end = names.key(heading)
    longer = [value for value in plain if (key := names.key(value)).endswith(end) and key != end]
    keys = [names.key(value) for value in longer]
    return longer[0] if longer and keys.count(keys[0]) > 1 else heading


def _names_site(heading: str, sites: Sequence[str]) -> bool:
    """Whether it is a logo's text: `The Example Logo`."""
    return any(house and house in names.key(heading) for house in map(names.key, sites))


def agreed(
    shared: str | None, titled: str | None, sites: Sequence[str], headings: Sequence[str], article: bool
) -> str | None:
    """The title that a page is shared under, if its `<title>` says the same; None if not.

    For pages whose h1 may be a part of it, or a slogan. article: whether the page has an author or a date: then its
    only h1 is the headline if it agrees with the title and is about as long, and the title one for search engines.
    """
    one = without_site(shared, sites, headings) if shared else None
    other = without_site(titled, sites, headings) if titled else None
    if one is None or other is None or one.endswith(("...", "…")):
        return None
    if names.key(one) not in (names.key(other), names.key(_SEPARATOR.split(other)[0])):
        return None
    shown = {names.key(clean): clean for value in headings if (clean := without_site(value, sites, headings))}
    if article and len(shown) == 1 and _is_headline(next(iter(shown.values())), one):
        return None
    return one[:MAX_TITLE]


def _is_headline(heading: str, title: str) -> bool:
    if names.key(title) in names.key(heading):  # the same, or with a word of its section before it
        return False
    return len(heading) >= _MIN_LENGTH * len(title) and _agreement(heading, title) >= _MIN_AGREEMENT


def without_site(title: str, sites: Sequence[str], headings: Sequence[str]) -> str | None:
    """`Headline | Site` -> `Headline`; None for what is nothing but the site's name."""
    text = " ".join(_read(title[: 2 * MAX_TITLE]).split())
    houses = {names.key(site) for site in sites}
    houses |= {house.removeprefix("the") for house in houses}
    shown = {names.key(heading) for heading in headings}
    while True:
        breaks = list(_SEPARATOR.finditer(text))
        if not breaks:
            break
        last, first = breaks[-1], breaks[0]
        if names.key(text[last.end() :]).removeprefix("the") in houses or names.key(text[: last.start()]) in shown:
            text = text[: last.start()]
        elif names.key(text[: first.start()]).removeprefix("the") in houses or names.key(text[first.end() :]) in shown:
            text = text[first.end() :]
        else:
            break
    text = text.strip()
    return text if text and names.key(text).removeprefix("the") not in houses else None


def _read(text: str) -> str:
    """Entities that were escaped twice, read."""
    return html.unescape(text) if _ENTITY.search(text) else text


def _agreement(one: str, other: str) -> float:
    """Share of the letter pairs that two titles have in common (Dice's coefficient), for any script."""
    a, b = _pairs(one), _pairs(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def _pairs(title: str) -> set[str]:
    letters = names.key(title)
    return {letters[i : i + 2] for i in range(len(letters) - 1)}
