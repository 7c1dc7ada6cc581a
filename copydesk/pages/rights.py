"""Rights and access, as a page and its HTTP response tell them: found, not judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from copydesk.pages import jsonld
from copydesk.pages.elements import Found
from copydesk.urls import canonical

_CC = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/", re.I)


def license(found: Found, node: jsonld.Node) -> str | None:
    """The licence: of the JSON-LD, a link to one, or a meta tag; an address where it gives one."""
    told = node.get("license")
    if isinstance(told, dict):
        told = told.get("url") or told.get("@id") or told.get("name")
    if value := jsonld.text(told):
        return value[:500]
    return next(
        (href[:500] for rel, href in found.links if href and ("license" in rel.split() or _CC.search(href))), None
    ) or found.first("dcterms.license", "license", "dc.rights.license")


def robots(found: Found, headers: Mapping[str, str]) -> str | None:
    """What robots may do: the meta tags, then X-Robots-Tag, parted by semicolons."""
    told = [*found.meta.get("robots", ()), header(headers, "x-robots-tag")]
    return "; ".join(dict.fromkeys(" ".join(value.split()) for value in told if value))[:500] or None


def header(headers: Mapping[str, str], name: str) -> str | None:
    """A header of the response, by its name in lower case."""
    return next((value.strip() or None for key, value in headers.items() if key.casefold() == name), None)


def accessible(node: jsonld.Node) -> bool | None:
    """`isAccessibleForFree`, of the article or any of its parts."""
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


def flags(
    node: jsonld.Node, nodes: list[jsonld.Node], found: Found, access: bool | None, url: str | None
) -> tuple[str, ...]:
    """`paywalled`, `live`, `index-page`, as far as the page says so."""
    found_flags = []
    if access is False or found.first("article:content_tier") == "locked":
        found_flags.append("paywalled")
    kinds = {kind for n in nodes for kind in jsonld.types(n)}
    if "LiveBlogPosting" in kinds:
        found_flags.append("live")
    path = urlsplit(url).path if url and canonical(url) else "/x"
    listing = kinds & {"CollectionPage", "SearchResultsPage", "ItemList"} and not any(
        k.endswith(("Article", "Posting")) for k in kinds
    )
    if path in ("", "/") or (listing and found.first("og:type") not in ("article",)):
        found_flags.append("index-page")
    return tuple(found_flags)
