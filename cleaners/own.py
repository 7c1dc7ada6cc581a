"""Rules that a user brings along: packs of their own beside those that come with this package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleaners import templates
from cleaners.registry import BUILT_IN, MODEL
from cleaners.rules import Rule, RuleError, common_words, load, rules
from cleaners.vetoes import BUILT_IN_VETOES

WORDS = "_words"
"""The pack whose words all of a folder know."""

PREFIXES = ("model:", "template:")
"""What the ids of removals begin with that no pack makes; no rule may be called so."""

CATEGORIES = frozenset({MODEL, templates.CATEGORY})
"""Categories of removals that no pack makes: what is of them is taken for what the model or a site's lines gave."""


def load_own(packs: Mapping[str, Mapping[str, Any]], words: Mapping[str, str] | None = None) -> tuple[Rule, ...]:
    """The rules of packs (name -> TOML document), by id. words: pieces that all of them know, beside the common ones.

    A pack is an object with `rule` and maybe `words`; its name is the category of rules that name none. Raises
    RuleError, which names the pack and the rule, for one that is wrong, has no rules, or takes an id that is in use.
    """
    shipped = {*(rule.id for rule in rules()), *BUILT_IN, *BUILT_IN_VETOES}
    known = {**common_words(), **(words or {})}
    found: dict[str, Rule] = {}
    for name, document in packs.items():
        check_shape(name, document)
        if not document.get("rule"):
            raise RuleError(f"pack {name}: there is no rule in it: a rule begins with [[rule]]")
        for rule in load({WORDS: {"words": known}, name: document}):
            where = f"pack {name}, rule {rule.id!r}"
            if rule.id in shipped or rule.id.startswith(PREFIXES):
                raise RuleError(f"{where}: copydesk has a rule of that id; give yours another (see `without`)")
            if rule.category in CATEGORIES:
                raise RuleError(
                    f"{where}: what copydesk finds itself is of the category {rule.category!r}; name another"
                )
            if rule.id in found:
                raise RuleError(f"{where}: the id is used twice")
            found[rule.id] = rule
    return tuple(found[key] for key in sorted(found))


def check_shape(name: str, document: Mapping[str, Any]) -> None:
    """Raises RuleError for a document that has anything but `rule` tables and a table of `words`."""
    if unknown := set(document) - {"rule", "words"}:
        raise RuleError(f"pack {name}: unknown keys {sorted(unknown)}; it has [[rule]] tables and maybe [words]")
    tables, words = document.get("rule", []), document.get("words", {})
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RuleError(f"pack {name}: rules are tables that begin with [[rule]]")
    if not isinstance(words, dict) or not all(isinstance(value, str) for value in words.values()):
        raise RuleError(f"pack {name}: [words] holds texts")
