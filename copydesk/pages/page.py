"""What an HTML page says of itself: read once, with a fast parser, from its head, its JSON-LD and a few elements."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

from copydesk.model import Date, Metadata
from copydesk.pages import blocks, byline, dates, elements, headline, jsonld, markup, names, rights, topline
from copydesk.settings import ELEMENTS
from copydesk.text.language import normalized
from copydesk.urls import canonical, registrable_domain

MAX_GUESSED = 3_000_000
"""Characters; in larger pages the heuristics take seconds, and they are seldom articles."""

_TITLES = (
    "og:title",
    "twitter:title",
    "headline",
    "dc.title",
    "dcterms.title",
    "parsely-title",
    "sailthru.title",
    "title",
)
_PUBLISHED = (
    "article:published_time", "article:published", "og:article:published_time", "og:published_time",
    "og:pubdate", "datepublished", "parsely-pub-date", "sailthru.date", "publish-date", "publish_date",
    "published_date", "published-date", "pubdate", "ptime", "published_at", "publication_date",
    "publication-date", "publicationdate", "article.published", "article_date_original",
    "originalpublicationdate", "cxenseparse:recs:publishtime", "citation_publication_date", "citation_online_date",
    "citation_date", "article:published_date", "article:publicationdate", "article:post_date", "publisheddate",
    "published_time", "publish_time", "publishtime", "published", "date_published", "dateposted", "rbpubdate",
    "mediator_published_time", "og:publish_date", "og:datepublished", "release_date", "dc.date.issued",
    "dcterms.issued", "dc.date.publication", "dc.date.created", "dcterms.created", "dc.created", "dcterms.date",
    "dc.date", "rnews:datepublished", "displaydate", "pdate", "doc_date", "date", "article.created", "datecreated",
    "date_created", "content_create_date", "created", "timestamp", "bt:pubdate", "shareaholic:article_published_time",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "article:modified", "og:article:modified_time", "og:updated_time", "datemodified",
    "dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "modified_date", "article.updated",
    "revised", "lastmodified", "updated", "last_updated", "date_modified", "article:modified_date",
)  # fmt: skip
_AUTHORS = (
    "parsely-author", "byl", "author", "authors", "sailthru.author", "article:author_name", "citation_author",
    "dc.creator", "dcterms.creator", "creator", "article:author", "og:article:author", "og:author",
    "article.author", "rbauthors", "shareaholic:article_author_name", "twitter:data1", "cxenseparse:author",
    "articleauthor", "dcsext.author", "article_author", "author-name", "author_name", "authorname", "mediator_author",
    "dc.contributor",
)  # fmt: skip
_SITES = (
    "og:site_name",
    "application-name",
    "twitter:site",
    "apple-mobile-web-app-title",
    "publisher",
    "dc.publisher",
    "copyright",
)
_SECTIONS = (
    "article:section",
    "og:article:section",
    "parsely-section",
    "sailthru.section",
    "section",
    "cxenseparse:category",
    "category",
)
_TAGS = ("article:tag", "og:article:tag", "parsely-tags", "sailthru.tags", "news_keywords", "keywords", "tags")

_WORD, _HOUSE, _PERSON = range(3)
"""What the markup's authors are: a word that may be no name, a firm (which gives way to a byline), persons."""

_SAME_DAY = dt.timedelta(hours=36)
"""Two days alone, or a day and a time in another zone, are the same within this."""


@dataclass(frozen=True, slots=True)
class Page:
    """metadata: what the page says. flags: `paywalled`, `live`, `index-page`.

    blocks: its text as it stands in the tree. body: the `articleBody` of its JSON-LD. fault: why the page must not
    be parsed (markup.fault).
    """

    metadata: Metadata
    flags: tuple[str, ...] = ()
    blocks: blocks.Blocks = field(default_factory=blocks.Blocks)
    body: str | None = None
    fault: str | None = None


def read(
    html: str,
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
    most: int = ELEMENTS,
    utf8: bytes | None = None,
) -> Page:
    """Everything a page says of itself in markup. headers: of the HTTP response. Raises nothing for any HTML.

    most: elements it may have. utf8: `html` in UTF-8, where that is at hand: the parser wants it so.
    """
    fault = markup.fault(html, most)
    found = elements.Found() if fault else elements.read(html if utf8 is None else utf8)
    nodes = jsonld.load(found.scripts)
    here = url or _own_url(found, None)
    node = jsonld.article(nodes, here) or {}
    sites = _site_names(found, node, nodes, here)
    tag = _language(found, node)
    access = rights.accessible(node)
    flags = rights.flags(node, nodes, found, access, here)
    people, trust = _authors(found, node, nodes, sites)
    where = _region(found, node, tag)
    published, modified = _published(found, node, where), _modified(found, node, where)
    title = _title(found, node, sites, here, bool(people or published))
    held = blocks.read(found.parser.root) if found.parser is not None and found.parser.root else blocks.Blocks()
    told = topline.read(held, title, sites, where)
    if told.authors and trust < _PERSON:
        people, trust = told.authors, _PERSON
    uploaded = _uploaded(people, told.authors, held)
    shown = told.dates[0] if told.dates else None
    differs = bool(told.dates) and all(_differ(date, published) for date in told.dates) and "live" not in flags
    if found.parser is not None and (differs or uploaded or trust < _PERSON or published is None):
        seen = byline.read(found.parser, title, sites, where)
        if uploaded and not set(people) & set(seen.authors):
            people = told.authors
        elif trust < _HOUSE:
            people = seen.authors or people
        if differs and not _differ(seen.published or shown, shown):
            published = _shown(published, shown, modified)
        published = published or _placed(seen.published or shown, here)
    metadata = Metadata(
        url=here,
        canonical_url=_canonical(found, here),
        publisher=registrable_domain(here) or (sites[0] if sites else None),
        title=title,
        authors=people,
        tags=_tags(found, node),
        section=_section(found, node),
        published=published,
        modified=modified,
        language=tag,
        license=rights.license(found, node),
        robots=rights.robots(found, headers or {}),
        tdm_reservation=rights.header(headers or {}, "tdm-reservation") or found.first("tdm-reservation"),
        accessible_for_free=access,
    )
    return Page(metadata, flags, held, jsonld.body(nodes), fault)


def guessed(metadata: Metadata, html: str, url: str | None, held: blocks.Blocks | None = None) -> Metadata:
    """Metadata with a date of publication, if it has none: of the URL, by htmldate, or of the first line with a date.

    The last two read the page's looks, so their date has origin `guess`. The first of January is no guess: it is what
    htmldate makes of a bare year, as a rule that of a copyright line. Its extensive search is not used: it takes seven
    times as long, and of 14 dates that it alone found 5 were right.
    """
    published = metadata.published or dates.from_url(url or metadata.url)
    if published is None and len(html) <= MAX_GUESSED and (tree := _tree(html)) is not None:
        from htmldate import find_date  # 0.4 s, and seldom needed

        day = _quietly(partial(find_date, original_date=True, extensive_search=False, url=url), tree)
        if not str(day).endswith("-01-01"):
            published = dates.parse(day, "guess")
    if published is None and held is not None:
        published = topline.first_date(held, metadata.language)
    return metadata._replace(published=published)


def _quietly(function: Any, tree: Any) -> Any:
    """A heuristic's answer; None where it fails, for a page's metadata are not worth losing the page."""
    try:
        return function(tree)
    except Exception:  # third-party heuristics on hostile trees: whatever they raise, there is no answer
        return None


def _tree(html: str) -> Any:
    if markup.fault(html):
        return None
    from trafilatura.utils import load_html

    try:
        return load_html(html)
    except (ValueError, TypeError, RecursionError, AssertionError):
        return None


def _own_url(found: elements.Found, url: str | None) -> str | None:
    links = [href for rel, href in found.links if "canonical" in rel.split()]
    for value in (*links, *found.all("og:url", "parsely-link")):
        absolute = _joined(url or "", value)
        if canonical(absolute):
            return absolute
    return None


def _canonical(found: elements.Found, url: str | None) -> str | None:
    """The page's own word for its address, unless it points to another domain (a syndicated copy is not its
    original) or from an article to the front page (a template's mistake): those would make one item of many."""
    here, told = canonical(url), canonical(_own_url(found, url))
    if told is None or here is None:
        return here or told
    same = registrable_domain(told) == registrable_domain(here)
    front = urlsplit(told).path == "/" and not urlsplit(told).query
    return told if same and not (front and told != here) else here


def _site_names(found: elements.Found, node: jsonld.Node, nodes: list[jsonld.Node], url: str | None) -> tuple[str, ...]:
    told = [jsonld.text(jsonld.resolved(node.get("publisher"), nodes)), *(found.first(key) for key in _SITES)]
    told += [
        jsonld.text(n.get("name"))
        for n in nodes
        if {"WebSite", "Organization", "NewsMediaOrganization"} & set(jsonld.types(n))
    ][:4]
    domain = registrable_domain(url)
    host = urlsplit(url).hostname if url and canonical(url) else None
    told += [domain, domain.partition(".")[0] if domain else None, host]
    kept = (" ".join(name.lstrip("@").split()) for name in told if name and not name.startswith("http"))
    return tuple(dict.fromkeys(name for name in kept if 2 <= len(name) <= 60))


def _title(
    found: elements.Found, node: jsonld.Node, sites: tuple[str, ...], url: str | None, article: bool
) -> str | None:
    told = (
        jsonld.text(node.get("headline")),
        *found.all(*_TITLES),
        *found.props.get("headline", ()),
        *found.titles[:1],
    )
    heads = _headings(found, url, [names.key(value) for value in told if value])
    if not node.get("headline"):
        agreed = headline.agreed(found.first("og:title"), next(iter(found.titles), None), sites, heads, article)
        if agreed:
            return agreed
    return headline.choose([value for value in told if value], heads, sites, article)


def _headings(found: elements.Found, url: str | None, told: list[str]) -> list[str]:
    """The page's h1 elements without those that are links to other pages: teasers, a logo."""
    if url is None or not found.linked:
        return found.headings[:20]
    own = {canonical(url), canonical(_own_url(found, url))}
    return [
        heading
        for heading in found.headings[:20]
        if heading not in found.linked
        or canonical(_joined(url, found.linked[heading])) in own
        or names.key(heading) in told
    ]


def _joined(url: str, href: str) -> str | None:
    try:
        return urljoin(url, href)
    except ValueError:
        return None


def _authors(
    found: elements.Found, node: jsonld.Node, nodes: list[jsonld.Node], sites: tuple[str, ...]
) -> tuple[tuple[str, ...], int]:
    """The authors that the markup names, and what they are."""
    told = [jsonld.resolved(node.get(key), nodes) for key in ("author", "creator", "contributor")]
    houses: tuple[str, ...] = ()
    for value in told:
        entries = value if isinstance(value, list) else [value]
        persons = [e for e in entries if not _is_house(e)]
        if people := names.authors(persons, houses=sites):
            return people, _PERSON
        others = (jsonld.text(e) for e in entries if isinstance(e, dict))
        houses = houses or tuple(name for name in others if name and names.authors([name], houses=sites))
    fallback: tuple[str, ...] = ()
    candidates: list[Any] = [found.meta.get(key) for key in _AUTHORS]
    for candidate in (*candidates, found.props.get("author"), found.props.get("rel-author")):
        people = names.authors(candidate, houses=(*sites, *houses)) if candidate else ()
        if any(byline.is_name(name) for name in people):
            return people, _PERSON
        fallback = fallback or people
    if houses or any(" " in name and name[:1].isupper() for name in fallback):
        return houses or fallback, _HOUSE
    if not fallback and (own := _own_site(found, told)):
        return own, _PERSON
    return fallback or _team(found, told, sites), _WORD


def _team(found: elements.Found, told: list[Any], sites: tuple[str, ...]) -> tuple[str, ...]:
    """Who signs in the place of a person, where the markup names nobody else: a team of the house, a role in it."""
    candidates = (*told, found.meta.get("author"), found.props.get("rel-author"))
    return next((who for one in candidates if one and (who := names.authors(one, houses=sites, teams=True))), ())


def _own_site(found: elements.Found, told: list[Any]) -> tuple[str, ...]:
    """The person whose own site it is: named as the author, and not counted so far since the site has that name."""
    persons = [e for value in told for e in (value if isinstance(value, list) else [value]) if not _is_house(e)]
    declared = (*persons, found.meta.get("author"), found.meta.get("twitter:data1"), found.props.get("rel-author"))
    for candidate in declared:
        people = names.authors(candidate) if candidate else ()
        if people and all(byline.is_person(name) for name in people):
            return people
    return ()


def _is_house(entry: Any) -> bool:
    """Whether what the markup names as an author is a firm."""
    return isinstance(entry, dict) and any("Organization" in kind for kind in jsonld.types(entry))


def _published(found: elements.Found, node: jsonld.Node, language: str | None) -> Date | None:
    told = [
        dates.parse(_stated(node.get(key)), "json-ld", language=language)
        for key in ("datePublished", "dateCreated", "uploadDate")
    ]
    told += [dates.parse(value, "meta", language=language) for value in found.all(*_PUBLISHED)]
    told += [dates.parse(value, "meta", language=language) for value in found.props.get("datepublished", ())[:1]]
    return _finest([date for date in told if date])


def _stated(value: Any) -> Any:
    """A date of JSON-LD: seconds as they are, all else as a string."""
    return value if isinstance(value, int | float) else jsonld.text(value)


def _finest(told: list[Date]) -> Date | None:
    """The first date; or, if it is a day alone, the first that gives the time of that day."""
    if not told or told[0].precision != "day":
        return told[0] if told else None
    closer = (d for d in told if d.precision != "day" and abs((d.value - told[0].value).total_seconds()) < 86400)
    return next(closer, told[0])


def _differ(one: Date | None, other: Date | None) -> bool:
    """Whether two dates are given, of two days."""
    return one is not None and other is not None and abs(one.value - other.value) > _SAME_DAY


def _shown(told: Date | None, shown: Date | None, modified: Date | None) -> Date | None:
    """The date that a page shows as its own beside its headline, though its markup tells another.

    An earlier one is that of the story, the other that of a copy or a move. A later one, if the page has been changed
    since, is that on which it has been published anew; one after its last change is some other date.
    """
    if told is None or shown is None or not _differ(told, shown):
        return told
    if modified is not None and not _differ(shown, modified) and shown.value > told.value:
        return replace(modified, origin="text")
    last = modified.value + _SAME_DAY if modified is not None else told.value
    return shown if shown.value <= last else told


def _uploaded(people: tuple[str, ...], shown: tuple[str, ...], held: blocks.Blocks) -> bool:
    """Whether the author in the markup is only who put the story into the system: the page shows another one beside its
    headline, and this one nowhere."""
    words = {word for name in shown for word in name.casefold().split()}
    if not (people and shown) or any(word in words for name in people for word in name.casefold().split()):
        return False
    keys = [key for name in people if (key := names.key(name))]
    return not any(key in names.key(block.text) for block in held.blocks for key in keys)


def _placed(shown: Date | None, url: str | None) -> Date | None:
    """A date read off the page, unless the URL carries another: then it is some other article's."""
    told = dates.from_url(url)
    if shown is None or told is None:
        return shown or told
    return shown if abs((shown.value - told.value).total_seconds()) <= 2 * 86400 else told


def _modified(found: elements.Found, node: jsonld.Node, language: str | None) -> Date | None:
    told = [dates.parse(_stated(node.get("dateModified")), "json-ld", language=language)]
    values = (*found.all(*_MODIFIED), *found.props.get("datemodified", ())[:1])
    told += [dates.parse(value, "meta", language=language) for value in values]
    return next((date for date in told if date), None)


def _language(found: elements.Found, node: jsonld.Node) -> str | None:
    told = (
        found.language,
        found.first("content-language", "language", "dc.language"),
        jsonld.text(node.get("inLanguage")),
        found.first("og:locale"),
    )
    return next((tag for value in told if (tag := normalized(value))), None)


def _region(found: elements.Found, node: jsonld.Node, language: str | None) -> str | None:
    """The page's language with the country that it gives elsewhere, which decides the order of 01/02/2023."""
    told = (found.first("og:locale"), jsonld.text(node.get("inLanguage")), found.first("content-language"))
    tags = (normalized(value) for value in told)
    return next((tag for tag in tags if tag and language and tag.startswith(f"{language}-")), language)


def _section(found: elements.Found, node: jsonld.Node) -> str | None:
    value = jsonld.text(node.get("articleSection")) or found.first(*_SECTIONS)
    return " ".join(value.split())[:200] if value and not value.startswith("http") else None


def _tags(found: elements.Found, node: jsonld.Node) -> tuple[str, ...]:
    for value in (found.meta.get("article:tag"), node.get("keywords"), *(found.meta.get(key) for key in _TAGS)):
        if tags := words(value):
            return tags
    return ()


def words(value: Any) -> tuple[str, ...]:
    """Tags of a string with commas, a list of strings, or a list of nodes with names; each once, at most 50."""
    if value is None:
        return ()
    if isinstance(value, Mapping):
        value = value.get("name")
    if isinstance(value, str):
        value = re.split(r"[;|]" if ";" in value or "|" in value else ",", value[:5000])
    if not isinstance(value, list | tuple | set):
        return ()
    entries = [
        part for v in list(value)[:200] for part in (v.split(",") if isinstance(v, str) else [jsonld.text(v) or ""])
    ]
    plain = (" ".join(entry.split()).strip("#\"' ") for entry in entries)
    return tuple(dict.fromkeys(tag for tag in plain if 1 < len(tag) <= 80 and not tag.startswith("http")))[:50]
