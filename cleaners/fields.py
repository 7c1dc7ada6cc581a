"""From what rules matched to fields of the record: lists are split, nothing else is changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cleaners.span import Fields

_AND = re.compile(r"\s*(?:,|;|&|\||\band\b|\bund\b|\by\b|\be\b|\bmit\b|\bwith\b)\s*")
_ROLE = re.compile(
    r"\b(?:staff|writers?|reporters?|correspondents?|editors?|contributors?|columnists?|press|news|times|post|"
    r"journal|reuters|afp|ap|dpa|redaktion|redacción|agencias?|producer|special|senior|chief|analyst|author)\b",
    re.IGNORECASE,
)
_CRUMB = re.compile(r"\s*(?:/|>|»|›|\||→|::)\s*")
_ROOT = {"home", "homepage", "start", "startseite", "inicio", "início", "portada", "news", "accueil"}
_TAG_SEPARATOR = re.compile(r"\s*(?:[,;|•·]|#|\s/\s)\s*")
SECTION_WORDS = 3  # a longer last step of a breadcrumb is the headline
HEADING_WORDS = 3  # a bio line of no more is a heading, as "About the author"
_NAME_PARTS = 2  # words of a name when nothing separates them


def gather(values: Iterable[tuple[str, str]]) -> Fields:
    """Fields from (name, text) pairs in order of position; of a single field the first that says something wins."""
    found: dict[str, list[str]] = {}
    for name, value in values:
        if value := value.strip(" \t\r\n\u00a0"):
            found.setdefault(name, []).append(value)
    if not found:
        return _NONE
    return Fields(
        title=_first(found, "title"),
        authors=_unique(name for value in found.get("authors", ()) for name in authors(value)),
        # What a line says of a change, another rule may take for the date of publication.
        published=next((date for date in found.get("published", ()) if date not in found.get("modified", ())), None),
        modified=_first(found, "modified"),
        section=_of_page(found.get("section", ())),
        tags=_unique(tag for value in found.get("tags", ()) for tag in tags(value)),
        credit=_first(found, "credit"),
        source=_first(found, "source"),
        attribution=_unclosed(_first(found, "attribution")),
        bio="\n".join(_unique(line for line in found.get("bio", ()) if len(line.split()) > HEADING_WORDS)) or None,
    )


def authors(text: str) -> tuple[str, ...]:
    """Names in a byline without its "By": split at commas and "and"; roles and agencies go where names are left."""
    parts = [part.strip(" .-–—") for part in _AND.split(text)]
    names = [part for part in parts if part and not _ROLE.search(part) and part[:1].isupper()]
    return tuple(names or [part for part in parts if part][:1])


def tags(text: str) -> tuple[str, ...]:
    """Tags of a tag line. Where nothing separates them, names of two words each are the best guess."""
    parts = [part for part in (part.strip() for part in _TAG_SEPARATOR.split(text)) if part]
    if len(parts) != 1:
        return tuple(parts)
    words = parts[0].split()
    if len(words) >= 4 and len(words) % _NAME_PARTS == 0 and all(word[:1].isupper() for word in words):
        return tuple(" ".join(words[i : i + _NAME_PARTS]) for i in range(0, len(words), _NAME_PARTS))
    return tuple(parts)


def _of_page(told: Sequence[str]) -> str | None:
    """The section: a breadcrumb's if there is one. Several names alone are a menu, and say nothing of the page."""
    trails = [section for value in told if _CRUMB.search(value) and (section := _section(value))]
    alone = _unique(section for value in told if not _CRUMB.search(value) and (section := _section(value)))
    if trails:
        return trails[0]
    return alone[0] if len(alone) == 1 else None


def _unclosed(text: str | None) -> str | None:
    """Without a bracket that was opened before the text, as in "(Reporting by ...)"."""
    return text[:-1].rstrip() if text and text.endswith((")", "]")) and not set(text) & set("([") else text


def _section(trail: str) -> str | None:
    """The section a breadcrumb names: its last step but the headline's, without "Home"."""
    steps = [step for step in (step.strip() for step in _CRUMB.split(trail)) if step]
    if len(steps) > 1 and steps[0].casefold() in _ROOT:
        steps = steps[1:]
        if len(steps) > 1 and len(steps[-1].split()) > SECTION_WORDS:
            steps = steps[:-1]  # the headline
    return steps[-1] if steps else None


def _first(found: dict[str, list[str]], name: str) -> str | None:
    return found[name][0] if name in found else None


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


_NONE = Fields()
