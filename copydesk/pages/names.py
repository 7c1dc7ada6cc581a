"""Bylines as lists of persons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from copydesk.pages.date_words import MONTHS, folded
from copydesk.urls import is_host

MAX_NAME = 80
"""Characters; longer ones are sentences."""

MAX_AUTHORS = 50

_BY = re.compile(
    r"^(?:(?:this (?:post|article|story) (?:was|is) )?"
    r"(?:(?:written|posted|story|reported|reporting|words|text|article|published|analysis|opinion|review|interview"
    r"|photos?|stories)\s*(?:and\s+\w+\s+)?)?by|authors?|autora?|auteur|przez|oleh|автор)(?:\s*:\s*|\s+)(?=\S)"
    r"|^(?:view |see )?(?:all|more) (?:(?:posts|articles|stories|content) )?(?:by|from|about)\s+(?=\S)"
    r"|^(?-i:By(?=[A-Z]))"  # the blank is the page's style
    r"|^(?-i:(?:von|par|por|di|door|av|af|de)\s+(?=[A-Z]{2,5}$))"  # an agency
    # words that also begin names (Di Maio, von Trapp): only before two words or more
    r"|^(?:von|par|por|di|door|af|av|de|от|texto?)(?:\s*:\s*|\s+)(?=\S+\s+\S)",
    re.I,
)
_SPLIT = re.compile(
    r"\s*(?:[;|•·⋅/\n]|\s(?:as told to|and|And|AND|und|et|y|och|og|en|ve|и|dan|with|mit|avec|con)\s|\s&\s|\s[-–—]\s)\s*"
)
_HOUSE_AFTER = re.compile(
    r"\s*[|•·]\s*[^|•·;\n]*\b(?:agency|broadcasting|chronicle|daily|gazette|herald|journal|magazine|media|nachrichten|network"
    r"|news|newspapers?|noticias|press|radio|television|times|tribune|tv|zeitung)\s*(?=$|[|•·;\n])",
    re.I,
)
"""Behind a name and a bar, where they work: `Ada Lind | Elm News`."""

_NOTE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>)\s*")
_AFTER = re.compile(
    r"\s*(?:,?\s(?:for|at|in|of the|from)\s(?:the\s)?[A-Z].*|\s*https?://.*|\s@\w+.*|\s\S+@\S+\.\S+.*)$"
)
_DATE_TAIL = re.compile(r"[\s,|]*(?:\b(?:published|updated|posted)\b.*|\b\d{1,2}[/.:-]\d.*|\b(?:19|20)\d\d\b.*)$", re.I)
_DAYS = (
    re.compile(r"\b([^\W\d_]{3,})\.?,?\s+[0-9]{1,2}(?:st|nd|rd|th)?\b"),
    re.compile(r"\b[0-9]{1,2}\.?[\s-]+(?:de\s+)?([^\W\d_]{3,})"),
)
"""Perhaps a day in words: a word and a number, and the other way round."""

_NUMBER = re.compile(r"[0-9]")

_GENERIC = re.compile(
    r"(?:from\s)?staff\b|by\b|head of\b|special to\b|.*\bstaff reports?$|.*\badmin(?:istrator)?$", re.I
)
_TEAM = re.compile(r"(?!.*\b(?:reports?|admin(?:istrator)?)$)[^\W\d_][\w.'’&-]*(?:\s[\w.'’&-]+){1,4}", re.I)
_NO_PERSON = re.compile(r"https?:|www\.|@|\.(?:html?|php)\b|[<>{}=\\]|^\W*$|^\d", re.I)
_ADDRESS = re.compile(r"https?:|www\.|/|@\w+$|\S+@\S+$", re.I)
_ROLE = re.compile(
    r"\b(?:reporters?|correspondents?|writers?|editors?|editor-in-chief|columnists?|journalists?|producers?|contributors?|bureau|staff|"
    r"redakteur(?:in)?|photographers?|analysts?|critics?|professor|director|head of|attorney|ceo|"
    r"founder|md|phd|ph\.d|m\.d|desk|team|newsroom|"
    r"redaktion|redaction|rédaction|redacción|redazione|redação)\b\.?",
    re.I,
)
_ENDS_IN_ROLE = re.compile(
    r"\b(?:reporter|correspondent|writer|editor|columnist|journalist|producer|contributor|analyst|critic|professor|director"
    r"|attorney|redakteur|redakteurin|photographer|chief|fellow|lecturer|president|officer|manager|engineer|scientist"
    r"|researcher|lawyer|consultant|specialist|strategist|economist|founder|owner|coach|therapist|dietitian|nutritionist)"
    r"s?$",
    re.I,
)
_LEGAL_FORM = re.compile(r",?\s(?:inc|llc|ltd|gmbh|ag|plc|pc|corp|co)\.?$", re.I)
_BESIDE = re.compile(
    r"(?<=\w)\s*(?-i:(?=[A-Z])(?:(?:Senior|Staff|Contributing|Managing|Guest|Chief|Associate|Content|Freelance)\s)*"
    r"(?:Writer|Reporter|Editor|Correspondent|Columnist|Contributor|Author|Founder))$"
)
"""A role behind a name with nothing between, as of two elements side by side: `Ada LindSenior Writer`."""

_PARTICLES = "de del della der di da dos das du la le el al van von den ter bin ibn y e of zu af st"
PARTICLES = frozenset(_PARTICLES.split())
"""Words of a name that are written small."""

_NOBODY_WORDS = """
    admin administrator anonymous author authors contributor default editor editorial editorial-team guest
    guest-author guest-contributor n/a na nan none null redaktion redazione rédaction redacción redação root
    staff staff-report staff-reporter staff-reports staff-writer staff-writers team unknown user webmaster
    web-desk webdesk web-staff news-staff news-desk the-editors editors editorial-staff editorial-board-member
    super-user wpadmin undefined news nachrichten noticias archive-author published updated share view-all-posts
    more-by see-all
"""
_NOBODY = frozenset(_NOBODY_WORDS.split())
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_SUFFIX = re.compile(
    r"(?:jr|sr|ii|iii|iv|md|phd|ph\.d|m\.d|mba|esq|obe|mbe|cpa|rn|dr|rdn?|ldn?|ms|cscs|facs|ph\.?d|sponsored|advertorial)\.?",
    re.I,
)


def authors(value: Any, *, houses: Iterable[str] = (), teams: bool = False) -> tuple[str, ...]:
    """The persons of a byline, one entry each, in order, none twice.

    value: a string (`By A, B and C`), a list of strings, a mapping with `name`, a list of those. houses: names of
    the publisher and its site, which are no authors of their own pages. `Last, First` stays one person as written.
    teams: also what signs in the place of persons: `Staff Clinician`, `Elm Team`.
    """
    if value is None:
        return ()
    taken = {key(house) for house in houses if house}
    taken |= {name.removeprefix("the") for name in taken}
    found: dict[str, str] = {}
    for text in _strings(value, 0):
        if _is_house(text, taken):  # whole, for a name may hold an `&`
            continue
        for name in _split(text[:2000], teams):
            same = key(name)
            if same and not _is_house(name, taken):
                found.setdefault(same, name)
            if len(found) >= MAX_AUTHORS:
                return tuple(found.values())
    return tuple(found.values())


def _is_house(name: str, taken: set[str]) -> bool:
    if not taken:
        return False
    same = key(_LEGAL_FORM.sub("", name))
    return same in taken or same.removeprefix("the") in taken


@lru_cache(maxsize=1024)  # a page asks for the same few titles and names again and again
def key(name: str) -> str:
    """What two spellings of a name share: letters and digits alone, folded."""
    folded = name.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded)
    return "".join(filter(str.isalnum, folded))


def shown(text: str) -> str:
    """Text of an element as it is shown: runs of blanks as one, no soft hyphens or zero-width characters."""
    return " ".join(text.translate(_INVISIBLE).split())


def _strings(value: Any, depth: int) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        named = value.get("name") or value.get("@value") or value.get("display_name")
        if not named and (value.get("givenName") or value.get("familyName")):
            named = " ".join(
                str(value[part]) for part in ("givenName", "familyName") if isinstance(value.get(part), str)
            )
        return _strings(named, depth + 1) if depth < 4 else []
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray) and depth < 4:
        return [name for entry in list(value)[:MAX_AUTHORS] for name in _strings(entry, depth + 1)]
    return []


@lru_cache(maxsize=8192)  # the same people write every day
def _split(byline: str, teams: bool) -> tuple[str, ...]:
    text = shown(byline.replace("\n", " | "))
    if _ADDRESS.match(text):
        return ()
    text = _NOTE.sub(" ", text).strip(" ,;:|-–—•·*\"'“”")
    previous = None
    while text != previous:
        previous, text = text, _BY.sub("", text, count=1)
    if _is_inverted(text):
        return (text,) if _is_person(text, teams) else ()
    names: list[str] = []
    for group in _SPLIT.split(_HOUSE_AFTER.sub("", text)):
        parts = [group] if _is_inverted(group) else group.split(",")
        # what follows a name and ends in a role is that person's: `Ada Lind, Political Correspondent`
        names += parts[:1] + [part for part in parts[1:] if not _ENDS_IN_ROLE.search(_tidy(part))]
    return tuple(name for part in names if _is_person(name := _tidy(part), teams))


def _is_inverted(name: str) -> bool:
    """`Last, First`: a family name in one word and at most two given names. `Ada Lind, Bo Ek` is two persons."""
    last, comma, first = name.partition(", ")
    if not comma or "," in first or not last or not first:
        return False
    if _ROLE.search(first) or _ROLE.search(last):
        return False
    words = first.split()
    return (
        len(last.split()) == 1
        and 1 <= len(words) <= 2
        and last[:1].isupper()
        and not last.isupper()
        and all(w[:1].isupper() for w in words)
        and not first.isupper()
    )


@lru_cache(maxsize=8192)  # of bylines of several: each of them writes with others too
def _tidy(name: str) -> str:
    name = _BY.sub("", name.strip(), count=1)
    name = _DATE_TAIL.sub("", _AFTER.sub("", name[: _day_in(name)])).rstrip(" ,").removesuffix(" on")
    plain = _BESIDE.sub("", name)
    name = plain if len(plain.split()) > 1 else name
    return name.strip(" ,;:|-–—•·*\"'“”.\u200b") + ("." if name.rstrip().endswith(("Jr.", "Sr.")) else "")


def _day_in(text: str) -> int | None:
    """Where a day in words begins that stands behind a name: `Ada Lind March 3`; None if there is none."""
    if not _NUMBER.search(text):
        return None
    found = (m for pattern in _DAYS for m in pattern.finditer(text) if folded(m[1]) in MONTHS)
    return min((match.start() for match in found), default=None)


@lru_cache(maxsize=8192)
def _is_person(name: str, teams: bool) -> bool:
    if not 2 <= len(name) <= MAX_NAME or _NO_PERSON.search(name) or len(name.split()) > 7:
        return False
    if "-".join(name.casefold().split()) in _NOBODY or _SUFFIX.fullmatch(name):
        return False
    if " " not in name and "." in name[:-1] and is_host(name):
        return False
    if teams:
        return _TEAM.fullmatch(name) is not None
    if _GENERIC.match(name):
        return False
    role = _ROLE.search(name)
    if (
        role
        and (role.start() == 0 or role.end() == len(name))
        and not any(w[:1].isupper() for w in _ROLE.sub(" ", name).split())
    ):
        return False
    if role and role.start() == 0 and role.end() == len(name):
        return False
    return any(map(str.isalpha, name)) and sum(map(str.isdigit, name)) <= 2
