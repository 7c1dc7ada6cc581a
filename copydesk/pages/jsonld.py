"""The JSON-LD of a page: read whatever its faults, and the node that is the article."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from copydesk.urls import canonical

MAX_SCRIPT = 4 * 1024 * 1024
"""Characters of one script; a larger one is no description of an article."""

MAX_NODES = 20_000

MAX_TEXT = 5000
"""Characters of a property that are read: titles and names are short."""

MIN_BODY = 300
"""Characters of an `articleBody`; a shorter one is a teaser."""

MAX_BODY = 100_000
"""A longer one is not read: every block of the page is looked for in it."""

Node = dict[str, Any]

_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|NewsItem|CreativeWork|Recipe|HowTo|Interview|ClaimReview)$")
_PAGE = re.compile(
    r"(?:WebPage|ItemPage|AboutPage|MedicalWebPage|VideoObject|AudioObject|PodcastEpisode|Product|Event)$"
)
_FILLED = ("author", "datePublished", "dateModified", "isAccessibleForFree")

_ELSEWHERE = frozenset({
    "itemListElement", "isPartOf", "breadcrumb", "relatedLink", "citation", "mentions", "about", "publisher",
    "author", "image", "logo", "liveBlogUpdate", "comment", "review", "hasPart", "offers", "subjectOf",
    "isRelatedTo", "video", "associatedMedia", "blogPost", "blogPosts", "workExample", "aggregateRating",
    "potentialAction", "reviews", "itemReviewed",
})  # fmt: skip
"""Properties whose nodes are about something other than the page."""

_OPENING = re.compile(r"<!--|//\s{0,9}<!\[CDATA\[|<!\[CDATA\[|/\*[^*]{0,200}\*/")
_CLOSING = ("-->", "]]>", "/* ]]> */", "//", ";")
_MARKUP = re.compile(r"<[^<>]{0,500}>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_VALUE = re.compile(r"[\s,;]*[{\[]")
_SALVAGE = re.compile(
    r'"(headline|datePublished|dateModified|articleSection|isAccessibleForFree|inLanguage|license|@type)"\s*:\s*'
    r'(?:"((?:[^"\\]|\\.){1,500})"|(true|false))'
)
_SALVAGE_AUTHOR = re.compile(
    r'"author"\s*:\s*[^"]{0,20}(?:"@type"\s*:\s*"[A-Za-z]+"\s*,\s*)?"name"\s*:\s*"((?:[^"\\]|\\.){2,80})"'
)


def load(scripts: Iterable[str]) -> list[Node]:
    """Every node of some scripts, outer before inner, with a broken script's readable properties as one node."""
    nodes: list[Node] = []
    for script in scripts:
        for node in _walk(_loaded(script)):
            nodes.append(node)
            if len(nodes) >= MAX_NODES:
                return nodes
    return nodes


def types(node: Node) -> tuple[str, ...]:
    """The types of a node, without their namespace."""
    value = node.get("@type")
    values = value if isinstance(value, list) else [value]
    return tuple(v.rpartition("/")[2].rpartition(":")[2] for v in values if isinstance(v, str))


def article(nodes: list[Node], url: str | None) -> Node | None:
    """The node that describes the page: an article rather than a page, one that names this URL rather than another.

    What it leaves out of `_FILLED` comes from the others that name this URL: systems write the author into one and the
    date into another.
    """
    here = canonical(url)
    best: tuple[int, Node] | None = None
    own: list[Node] = []
    for node in nodes:
        kinds = types(node)
        if any(_ARTICLE.search(kind) for kind in kinds):
            rank = 4
        elif any(_PAGE.search(kind) for kind in kinds):
            rank = 0
        else:
            continue
        named = here is not None and here in _urls(node)
        own += [node] if named else []
        rank += 2 * ("headline" in node or "datePublished" in node) + named
        if best is None or rank > best[0]:
            best = (rank, node)
    if best is None:
        return None
    missing = {key: node[key] for node in reversed(own) for key in _FILLED if node.get(key)}
    return {**missing, **{key: value for key, value in best[1].items() if value or key not in _FILLED}}


def resolved(value: Any, nodes: list[Node]) -> Any:
    """A property's value with references to other nodes (`{"@id": ...}`) followed, one step."""
    if isinstance(value, list):
        return [_referred(entry, nodes) for entry in value[:50]]
    return _referred(value, nodes)


def _referred(value: Any, nodes: list[Node]) -> Any:
    if isinstance(value, dict) and isinstance(value.get("@id"), str) and "name" not in value:
        return next((n for n in nodes if n.get("@id") == value["@id"] and "name" in n), value)
    return value


def text(value: Any, depth: int = 0) -> str | None:
    """A property as one string: itself, the first of a list, or its name; HTML entities resolved."""
    if depth > 4:
        return None
    if isinstance(value, list):
        return next((found for entry in value[:50] if (found := text(entry, depth + 1))), None)
    if isinstance(value, dict):
        return text(value.get("name") or value.get("@value") or value.get("url") or value.get("@id"), depth + 1)
    if isinstance(value, str):
        return " ".join(html.unescape(value[:MAX_TEXT]).split()) or None
    return None


def body(nodes: list[Node]) -> str | None:
    """The longest `articleBody`, without markup; None if there is none that could be a story."""
    told = [value for node in nodes if isinstance(value := node.get("articleBody"), str)]
    fitting = [value for value in told if MIN_BODY <= len(value) <= MAX_BODY]
    return _MARKUP.sub(" ", html.unescape(max(fitting, key=len))) if fitting else None


def truth(value: Any) -> bool | None:
    """A schema.org Boolean in the spellings that occur: true, "False", "http://schema.org/True"."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False, "yes": True, "no": False}.get(value.strip().rpartition("/")[2].casefold())
    return None


def _urls(node: Node) -> set[str | None]:
    main = node.get("mainEntityOfPage")
    values = [node.get("url"), node.get("@id"), main.get("@id") if isinstance(main, dict) else main]
    return {canonical(value) for value in values if isinstance(value, str)}


def _walk(value: Any) -> Iterator[Node]:
    """Nodes about the page, outer before inner, in order; those under `_ELSEWHERE` are given only if they have an @id
    (so that references find them) and as nodes of no type."""
    queue: list[tuple[Any, bool]] = [(value, True)]
    taken = 0
    while taken < len(queue) and taken < MAX_NODES:
        current, here = queue[taken]
        taken += 1
        if isinstance(current, list):
            queue.extend((entry, here) for entry in current)
        elif isinstance(current, dict):
            if here:
                yield current
            elif "@id" in current and "name" in current:
                yield {key: entry for key, entry in current.items() if key != "@type"}
            for key, entry in current.items():
                if isinstance(entry, dict | list):
                    queue.append((entry, here and key not in _ELSEWHERE))


def _loaded(script: str) -> Any:
    if len(script) > MAX_SCRIPT:
        return None
    script = _unwrapped(script)
    if not script:
        return None
    try:
        return orjson.loads(script)
    except orjson.JSONDecodeError:
        pass
    mended = _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", script))
    for attempt in (mended, html.unescape(mended), mended.encode("utf-8", "replace").decode("utf-8")):
        if found := _in_turn(attempt):
            return found
    return _salvaged(mended)


def _in_turn(script: str) -> list[Any]:
    """The objects and lists that a script begins with, one behind the other, as far as they can be read."""
    found: list[Any] = []
    decoder = json.JSONDecoder(strict=False)
    end = 0
    while len(found) < MAX_NODES and (start := _VALUE.match(script, end)):
        try:
            value, end = decoder.raw_decode(script, start.end() - 1)
        except (ValueError, RecursionError):
            break
        found.append(value)
    return found


def _unwrapped(script: str) -> str:
    """A script without the comments and CDATA marks that templates put around it."""
    script = script.strip()
    for _ in range(4):
        if opening := _OPENING.match(script):
            script = script[opening.end() :].lstrip()
        for mark in _CLOSING:
            script = script.removesuffix(mark).rstrip()
    return script


def _salvaged(script: str) -> Node | None:
    node: Node = {}
    for match in _SALVAGE.finditer(script):
        node.setdefault(match[1], _unescaped(match[2]) if match[2] is not None else match[3] == "true")
    if author := _SALVAGE_AUTHOR.search(script):
        node["author"] = {"name": _unescaped(author[1])}
    return node if "headline" in node or "datePublished" in node else None


def _unescaped(text: str) -> str:
    """A string of JSON as it reads: `Caf\\u00e9` is `Café`; as it stands if its escapes are none of JSON's."""
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text
