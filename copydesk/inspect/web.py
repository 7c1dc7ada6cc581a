"""What our HTML pages share: the base page, its style (html/), and how texts of strangers get into it."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup

from copydesk.terminal import printable_lines


def render(template: str, **told: Any) -> str:
    """The page that a template of html/ makes: everything is escaped, and a name that is missing is an error."""
    return _environment().get_template(template).render(**told)


@functools.cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    made.filters.update(fit=_fit, safe_url=safe_url, codes=_codes)
    return made


def _source(name: str) -> str:
    return (files("copydesk.inspect") / "html" / name).read_text(encoding="utf-8")


def _fit(text: object) -> str:
    """Without controls and direction marks, which could make a page say another thing than what is in it."""
    return printable_lines(str(text))


def safe_url(url: str) -> bool:
    """Whether a link may lead there: the web, and no script."""
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def _codes(words: str) -> Markup:
    """Words of ours with what stands in `backticks` as code."""
    parts = words.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))
