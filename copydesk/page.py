"""What an HTML page says of itself: read once, with a fast parser, from its head, its JSON-LD and a few elements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from copydesk import byline, dates, headline, jsonld, markup, names
from copydesk.language import normalized
from copydesk.model import Date, Metadata
from copydesk.settings import ELEMENTS
from copydesk.urls import canonical, registrable_domain

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_ELEMENTS = 5000
"""Meta tags, links, times ... that are looked at; a page with more of them is hostile or a directory."""

MAX_SHOWN = 1000
"""Characters of an element's text that are read."""

MAX_CONTENT = 5000
"""Characters of a meta tag that are read."""

MAX_GUESSED = 3_000_000
"""Characters; in larger pages the heuristics take seconds, and they are seldom articles."""

_WANTED = (
    "html, title, meta, link[rel], script[type*='json'], h1, time, a[rel~='author'], a[rel~='license'], "
    "[itemprop='author'], [itemprop='datePublished'], [itemprop='dateModified'], [itemprop='headline']"
)

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
    "originalpublicationdate", "cxenseparse:recs:publishtime", "citation_publication_date", "citation_date",
    "dc.date.issued", "dcterms.issued", "dc.date.created", "dcterms.created", "dcterms.date", "dc.date",
    "rnews:datepublished", "displaydate", "date", "created", "timestamp", "bt:pubdate",
    "shareaholic:article_published_time",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "article:modified", "og:article:modified_time", "og:updated_time", "datemodified",
    "dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "modified_date", "article.updated",
    "revised", "lastmodified",
)  # fmt: skip
_AUTHORS = (
    "parsely-author", "byl", "author", "authors", "sailthru.author", "article:author_name", "citation_author",
    "dc.creator", "dcterms.creator", "creator", "article:author", "og:article:author", "og:author",
    "article.author", "rbauthors", "shareaholic:article_author_name", "twitter:data1", "cxenseparse:author",
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

_CC = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/", re.I)


@dataclass(frozen=True, slots=True)
class Page:
    """metadata: what the page says. flags: `paywalled`, `live`, `index-page`. site_names: the publisher's own names.

    tree: the page as parsed, None if it cannot be. body: the `articleBody` of its JSON-LD. fault: why the page must not
    be parsed (markup.fault).
    """

    metadata: Metadata
    flags: tuple[str, ...] = ()
    site_names: tuple[str, ...] = ()
    tree: LexborHTMLParser | None = None
    body: str | None = None
    fault: str | None = None


@dataclass(slots=True)
class _Found:
    """The elements of a page that speak of it, in document order."""

    language: str | None = None
    titles: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    meta: dict[str, list[str]] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    times: list[tuple[str, str]] = field(default_factory=list)
    props: dict[str, list[str]] = field(default_factory=dict)
    parser: LexborHTMLParser | None = None

    def all(self, *keys: str) -> Iterator[str]:
        return (value for key in keys for value in self.meta.get(key, ()))

    def first(self, *keys: str) -> str | None:
        return next(self.all(*keys), None)


def read(html: str, url: str | None = None, headers: Mapping[str, str] | None = None, elements: int = ELEMENTS) -> Page:
    """Everything a page says of itself in markup. headers: of the HTTP response. Raises nothing for any HTML.

    elements: how many it may have at the most.
    """
    fault = markup.fault(html, elements)
    found = _Found() if fault else _elements(html)
    nodes = jsonld.load(found.scripts)
    here = url or _own_url(found, None)
    node = jsonld.article(nodes, here) or {}
    sites = _site_names(found, node, nodes, here)
    tag = _language(found, node)
    access = _accessible(node)
    title = _title(found, node, sites)
    people, firm = _authors(found, node, nodes, sites)
    published = _published(found, node, tag)
    if found.parser is not None and not (firm and published):
        seen = byline.read(found.parser, title, sites, tag)
        people = people if firm else seen.authors or people
        published = published or _placed(seen.published, here)
    metadata = Metadata(
        url=here,
        canonical_url=_canonical(found, here),
        publisher=registrable_domain(here) or (sites[0] if sites else None),
        title=title,
        authors=people,
        tags=_tags(found, node),
        section=_section(found, node),
        published=published,
        modified=_modified(found, node, tag),
        language=tag,
        license=_license(found, node),
        robots=_robots(found, headers or {}),
        tdm_reservation=_header(headers or {}, "tdm-reservation") or found.first("tdm-reservation"),
        accessible_for_free=access,
    )
    return Page(metadata, _flags(node, nodes, found, access, here), sites, found.parser, jsonld.body(nodes), fault)


def guessed(metadata: Metadata, html: str, url: str | None, sites: tuple[str, ...] = ()) -> Metadata:
    """Metadata with its gaps (title, authors, published) filled by trafilatura's and htmldate's heuristics.

    They read the page's looks, so a date has origin `guess`. Slow: called only where something is missing.
    The first of January is no guess: it is what htmldate makes of a bare year, as a rule that of a copyright line.
    """
    published = metadata.published or dates.from_url(url or metadata.url)
    if metadata.title and metadata.authors and published:
        return replace(metadata, published=published)
    tree = _tree(html) if len(html) <= MAX_GUESSED else None
    if tree is None:
        return replace(metadata, published=published)
    from htmldate import find_date  # with trafilatura 0.4 s, and seldom needed
    from trafilatura.metadata import extract_author, extract_title

    title, people = metadata.title, metadata.authors
    if title is None:
        title = _quietly(extract_title, tree)
    if not people:
        people = tuple(n for n in names.authors(_quietly(extract_author, tree), houses=sites) if byline.is_name(n))
    if published is None:
        day = _quietly(partial(find_date, original_date=True, extensive_search=True, url=url), tree)
        if not str(day).endswith("-01-01"):
            published = dates.parse(day, "guess")
    return replace(metadata, title=title, authors=people, published=published)


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


def _elements(html: str) -> _Found:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    found = _Found()
    try:
        found.parser = LexborHTMLParser(_storable(html))
        nodes = found.parser.css(_WANTED)
    except (SelectolaxError, ValueError, RuntimeError, MemoryError):
        return found
    for node in nodes[:MAX_ELEMENTS]:
        _take(found, node)
    return found


def _storable(html: str) -> str:
    """Without halves of UTF-16 pairs, which no parser takes."""
    try:
        html.encode()
    except UnicodeEncodeError:
        return html.encode("utf-8", "replace").decode("utf-8")
    return html


def _take(found: _Found, node: LexborNode) -> None:
    tag = node.tag or ""
    attributes = node.attributes
    if tag == "meta":
        content = (attributes.get("content") or "")[:MAX_CONTENT].strip()
        if content:
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                if name := attributes.get(attribute):
                    found.meta.setdefault(name.strip().casefold(), []).append(content)
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
    elif tag == "a" and attributes.get("rel"):
        rel = (attributes.get("rel") or "").casefold()
        if "license" in rel:
            found.links.append((rel, (attributes.get("href") or "").strip()))
        if "author" in rel:
            found.props.setdefault("rel-author", []).append(_text(node))
    if tag == "time":
        found.times.append((attributes.get("datetime") or _text(node), (attributes.get("class") or "").casefold()))
    if tag != "meta" and (prop := attributes.get("itemprop")):
        value = attributes.get("datetime") or attributes.get("content") or _text(node)
        found.props.setdefault(prop.strip().casefold(), []).append(value)


def _text(node: LexborNode) -> str:
    return " ".join(node.text(deep=True, separator=" ").replace("\u00ad", "").split())[:MAX_SHOWN]


def _own_url(found: _Found, url: str | None) -> str | None:
    links = [href for rel, href in found.links if "canonical" in rel.split()]
    for value in (*links, *found.all("og:url", "parsely-link")):
        try:
            absolute = urljoin(url or "", value)
        except ValueError:
            continue
        if canonical(absolute):
            return absolute
    return None


def _canonical(found: _Found, url: str | None) -> str | None:
    """The page's own word for its address, unless it points to another domain (a syndicated copy is not its
    original) or from an article to the front page (a template's mistake): those would make one item of many."""
    here, told = canonical(url), canonical(_own_url(found, url))
    if told is None or here is None:
        return here or told
    same = registrable_domain(told) == registrable_domain(here)
    front = urlsplit(told).path == "/" and not urlsplit(told).query
    return told if same and not (front and told != here) else here


def _site_names(found: _Found, node: jsonld.Node, nodes: list[jsonld.Node], url: str | None) -> tuple[str, ...]:
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


def _title(found: _Found, node: jsonld.Node, sites: tuple[str, ...]) -> str | None:
    told = (
        jsonld.text(node.get("headline")),
        *found.all(*_TITLES),
        *found.props.get("headline", ()),
        *found.titles[:1],
    )
    return headline.choose([value for value in told if value], found.headings[:20], sites)


def _authors(
    found: _Found, node: jsonld.Node, nodes: list[jsonld.Node], sites: tuple[str, ...]
) -> tuple[tuple[str, ...], bool]:
    """The authors that the markup names, and whether they are persons: an organization gives way to a byline."""
    told = [jsonld.resolved(node.get(key), nodes) for key in ("author", "creator")]
    houses: tuple[str, ...] = ()
    for value in told:
        entries = value if isinstance(value, list) else [value]
        persons = [e for e in entries if not (isinstance(e, dict) and _is_organization(e))]
        if people := names.authors(persons, houses=sites):
            return people, True
        others = (jsonld.text(e) for e in entries if isinstance(e, dict))
        houses = houses or tuple(name for name in others if name and names.authors([name], houses=sites))
    candidates: list[Any] = [found.meta.get(key) for key in _AUTHORS]
    for candidate in (*candidates, found.props.get("author"), found.props.get("rel-author")):
        people = names.authors(candidate, houses=(*sites, *houses)) if candidate else ()
        if any(byline.is_name(name) for name in people):
            return people, True
        houses = houses or people
    return houses, False


def _is_organization(entry: jsonld.Node) -> bool:
    return any("Organization" in kind for kind in jsonld.types(entry))


def _published(found: _Found, node: jsonld.Node, language: str | None) -> Date | None:
    told = [
        dates.parse(jsonld.text(node.get(key)), "json-ld", language=language)
        for key in ("datePublished", "dateCreated", "uploadDate")
    ]
    told += [dates.parse(value, "meta", language=language) for value in found.all(*_PUBLISHED)]
    told += [dates.parse(value, "meta", language=language) for value in found.props.get("datepublished", ())[:1]]
    return _finest([date for date in told if date])


def _finest(told: list[Date]) -> Date | None:
    """The first date; or, if it is a day alone, the first that gives the time of that day."""
    if not told or told[0].precision != "day":
        return told[0] if told else None
    closer = (d for d in told if d.precision != "day" and abs((d.value - told[0].value).total_seconds()) < 86400)
    return next(closer, told[0])


def _placed(shown: Date | None, url: str | None) -> Date | None:
    """A date read off the page, unless the URL carries another: then it is some other article's."""
    told = dates.from_url(url)
    if shown is None or told is None:
        return shown or told
    return shown if abs((shown.value - told.value).total_seconds()) <= 2 * 86400 else told


def _modified(found: _Found, node: jsonld.Node, language: str | None) -> Date | None:
    told = [dates.parse(jsonld.text(node.get("dateModified")), "json-ld", language=language)]
    values = (*found.all(*_MODIFIED), *found.props.get("datemodified", ())[:1])
    told += [dates.parse(value, "meta", language=language) for value in values]
    return next((date for date in told if date), None)


def _language(found: _Found, node: jsonld.Node) -> str | None:
    told = (
        found.language,
        found.first("content-language", "language", "dc.language"),
        jsonld.text(node.get("inLanguage")),
        found.first("og:locale"),
    )
    return next((tag for value in told if (tag := normalized(value))), None)


def _section(found: _Found, node: jsonld.Node) -> str | None:
    value = jsonld.text(node.get("articleSection")) or found.first(*_SECTIONS)
    return " ".join(value.split())[:200] if value and not value.startswith("http") else None


def _tags(found: _Found, node: jsonld.Node) -> tuple[str, ...]:
    for value in (found.meta.get("article:tag"), node.get("keywords"), *(found.meta.get(key) for key in _TAGS)):
        if tags := words(value):
            return tags
    return ()


def words(value: Any) -> tuple[str, ...]:
    """Tags of a string with commas, a list of strings, or a list of nodes with names; each once, at most 50."""
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


def _license(found: _Found, node: jsonld.Node) -> str | None:
    told = node.get("license")
    if isinstance(told, dict):
        told = told.get("url") or told.get("@id") or told.get("name")
    if value := jsonld.text(told):
        return value[:500]
    return next(
        (href[:500] for rel, href in found.links if href and ("license" in rel.split() or _CC.search(href))), None
    ) or found.first("dcterms.license", "license", "dc.rights.license")


def _robots(found: _Found, headers: Mapping[str, str]) -> str | None:
    told = [*found.meta.get("robots", ()), _header(headers, "x-robots-tag")]
    return "; ".join(dict.fromkeys(" ".join(value.split()) for value in told if value))[:500] or None


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value.strip() or None for key, value in headers.items() if key.casefold() == name), None)


def _accessible(node: jsonld.Node) -> bool | None:
    told = jsonld.truth(node.get("isAccessibleForFree"))
    if told is not None:
        return told
    parts = node.get("hasPart")
    parts = parts if isinstance(parts, list) else [parts]
    return (
        False
        if any(isinstance(p, dict) and jsonld.truth(p.get("isAccessibleForFree")) is False for p in parts)
        else None
    )


def _flags(
    node: jsonld.Node, nodes: list[jsonld.Node], found: _Found, access: bool | None, url: str | None
) -> tuple[str, ...]:
    flags = []
    if access is False or found.first("article:content_tier") == "locked":
        flags.append("paywalled")
    kinds = {kind for n in nodes for kind in jsonld.types(n)}
    if "LiveBlogPosting" in kinds:
        flags.append("live")
    path = urlsplit(url).path if url and canonical(url) else "/x"
    listing = kinds & {"CollectionPage", "SearchResultsPage", "ItemList"} and not any(
        k.endswith(("Article", "Posting")) for k in kinds
    )
    if path in ("", "/") or (listing and found.first("og:type") not in ("article",)):
        flags.append("index-page")
    return tuple(flags)
