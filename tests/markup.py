"""What can be told of a page without a browser: an HTML5 parser and a CSS parser read it as a browser does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import tinycss2
from justhtml import JustHTML

_LOADS = {"src", "srcset", "poster", "data", "background", "action", "formaction", "archive", "manifest", "ping"}
_SCRIPTS = {"script", "iframe", "frame", "object", "embed", "applet", "foreignObject", "form", "img", "image", "base"}


def faults(page: str) -> list[str]:
    """What is wrong with a page: parse errors, ids given twice, links to no id, errors in its style sheets."""
    parsed = JustHTML(page, collect_errors=True, sanitize=False)
    told = [f"line {error.line}: {error.code}" for error in parsed.errors]
    elements = parsed.query("*")
    ids = [e.attrs["id"] for e in elements if "id" in e.attrs]
    told += [f"id {name} twice" for name in {name for name in ids if ids.count(name) > 1}]
    links = [e.attrs.get("href") or "" for e in elements if e.name == "a"]
    told += [f"no {link}" for link in links if link.startswith("#") and link[1:] not in ids]
    told += [f"style: {token.message}" for token in _tokens(elements) if token.type == "error"]
    return told


def runs(page: str) -> list[str]:
    """Elements and attributes that could run a script, submit something, or embed another document or picture."""
    elements = JustHTML(page, sanitize=False).query("*")
    found = [e.name for e in elements if e.name in _SCRIPTS]
    found += [f"{e.name} {name}" for e in elements for name in e.attrs if name.lower().startswith("on")]
    links = [value for e in elements for name, value in e.attrs.items() if name.split(":")[-1] == "href" and value]
    return found + [link for link in links if not re.match(r"#|https?://|data:,$", link)]


def loads(page: str) -> list[str]:
    """Addresses that a browser would ask for when it shows the page; those within it (#...) and `data:,` left out."""
    elements = JustHTML(page, sanitize=False).query("*")
    found = [value for e in elements for name, value in e.attrs.items() if name in _LOADS and value]
    found += [
        v for e in elements if e.name != "a" for name, v in e.attrs.items() if name.split(":")[-1] == "href" and v
    ]
    for token in _tokens(elements):
        if token.type == "url":
            found.append(token.value)
        elif token.type == "at-rule" and token.lower_at_keyword == "import":
            found.append(tinycss2.serialize(token.prelude).strip())
        elif token.type == "function" and token.lower_name in ("url", "image", "image-set", "src"):
            found.append(tinycss2.serialize(token.arguments))
    return [address for address in found if not address.startswith("#") and address != "data:,"]


def policy(page: str) -> dict[str, str]:
    """The page's Content-Security-Policy: directive -> sources."""
    (meta,) = JustHTML(page, sanitize=False).query('meta[http-equiv="Content-Security-Policy"]')
    parts = (directive.split(maxsplit=1) for directive in (meta.attrs["content"] or "").split(";"))
    return {part[0]: part[1] for part in parts}


def colours(page: str) -> dict[str, dict[str, str]]:
    """The variables of the root element: scheme ("light", "dark") -> name -> value."""
    found: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
    for rule in tinycss2.parse_stylesheet(_style(page), True, True):
        if rule.type == "at-rule" and "dark" in tinycss2.serialize(rule.prelude):
            found["dark"] |= _variables(tinycss2.parse_rule_list(rule.content, True, True))
        else:
            found["light"] |= _variables([rule])
    return found


def _variables(rules: Iterable[Any]) -> dict[str, str]:
    return {
        declaration.name: tinycss2.serialize(declaration.value).strip()
        for rule in rules
        if rule.type == "qualified-rule" and tinycss2.serialize(rule.prelude).strip() == ":root"
        for declaration in tinycss2.parse_declaration_list(rule.content, True, True)
    }


def _style(page: str) -> str:
    return "".join(style.to_text(separator="") for style in JustHTML(page, sanitize=False).query("style"))


def _tokens(elements: Iterable[Any]) -> Iterator[Any]:
    """Of all style sheets and style attributes, those in blocks and functions too."""
    elements = list(elements)
    told: list[Any] = []
    for element in elements:
        if element.name == "style":
            told += tinycss2.parse_stylesheet(element.to_text(), True, True)
        for name in ("style", "fill", "stroke", "filter", "mask", "clip-path"):
            told += tinycss2.parse_component_value_list(element.attrs.get(name) or "")
    while told:
        token = told.pop()
        yield token
        for part in ("prelude", "content", "arguments"):
            told += getattr(token, part, None) or []
