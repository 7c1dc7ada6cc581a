"""Rule packs: what the TOML files in packs/ may say, loaded and checked.

A rule is data: a pattern (RE2 syntax) with the scope it is looked for in, and examples that it must take and
look-alikes that it must leave. Packs lie in a folder a language, `common/` for what has none, a file a category.
A pack may define `[words]`: pieces that patterns name as `{{name}}`; those of `common/_words.toml` are known to all
packs, those of `de/_words.toml` to the packs of `de/`, where they may also complete a piece of the former: one shape
of a byline serves every language that says what "by" is. A space in a pattern matches any one blank.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
import re2

from cleaners import kept

Scope = Literal[
    "line", "prefix", "suffix", "inline", "head block", "tail block", "heading", "link", "thread", "closing", "beside"
]
RuleAction = Literal["drop", "field", "keep"]

MINIMUM_EXAMPLES = 2
FIELD_NAMES = (
    "title",
    "authors",
    "published",
    "modified",
    "section",
    "tags",
    "credit",
    "source",
    "attribution",
    "bio",
)
_KEYS = {
    "id",
    "category",
    "action",
    "field",
    "scope",
    "languages",
    "max_length",
    "min_length",
    "pattern",
    "hint",
    "next_to",
    "takes",
    "leaves",
}
_WORDS = "_words"
_EVERYWHERE = "common"
# Texts in other languages have English in them, from the widgets and agencies of the web.
_ALWAYS = "en"
_BLANK = r" \t\x{a0}\x{202f}"
CLASS = r"\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]"
"""A class of characters in a pattern: a bracket that closes it may be its first, names such as [:alpha:] within it."""
_TOKEN = re.compile(rf"\\.|{CLASS}|[ ^]")
_SPACE_ALONE = re.compile(r" (?!-[^\]])")
_SPACE = r"[ \t\r\x{a0}\x{2009}\x{200b}\x{202f}\x{feff}]"
# What may stand before the first word of a line.
_MARKS = r"[ \t\r\x{a0}\x{2009}\x{200b}\x{202f}\x{feff}•·*>»▶►▸→–—|\[({<_/&©\"“„«'‘¿¡-]*"
_BULLET = rf"(?:[•·*>»▶►▸→–—|-]{_SPACE}*)?"
_WRAPPED: dict[str, str] = {
    "prefix": rf"^{_SPACE}*(?:%s){_SPACE}*",
    "suffix": rf"{_SPACE}*(?:%s){_SPACE}*$",
    "inline": "(?:%s)",
}
_WHOLE_LINE = rf"^{_SPACE}*{_BULLET}(?:%s){_SPACE}*$"


class RuleError(ValueError):
    """A rule pack says something that is no rule: names the pack, the rule and what to mend."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a pack.

    id: unique over all packs. category: the kind of boilerplate. action: "drop", "field" or "keep" (a veto).
    field: the field of the record it fills; named groups of the pattern fill fields too.
    scope: "line" (the whole line), "prefix", "suffix", "inline" (a part of it), "head block" and "tail block"
    (a whole line, there only), "heading" (a whole line that begins a block of short lines), "link" (a whole line that
    goes with the headline below it, the words of a link), "thread" (one that begins readers' comments), "closing" (a
    whole line with nothing of the story below it), "beside" (a whole line next to one that another rule takes;
    next_to: of this category only). languages: primary subtags; empty means all.
    max_length: longest line it looks at, in code points; min_length: the shortest, in bytes. pattern: in RE2 syntax,
    anchored by its scope, case ignored unless the pattern says (?-i:...). hint: what a line is looked up by and must
    match as well: words, not anchored by the scope, that repeat nothing, so that the automaton of all hints stays
    small; `^` stands for the start of a line and the marks and bullets there. takes, leaves: examples, whole lines.
    """

    id: str
    category: str
    action: RuleAction
    scope: Scope
    max_length: int
    pattern: str
    takes: tuple[str, ...]
    leaves: tuple[str, ...]
    field: str | None = None
    languages: tuple[str, ...] = ()
    hint: str | None = None
    min_length: int = 0
    next_to: str | None = None

    def speaks(self, language: str | None) -> bool:
        """Whether the rule is for texts of `language` (BCP 47; None: unknown, so it is); English rules always are."""
        if not self.languages or language is None or _ALWAYS in self.languages:
            return True
        return language.partition("-")[0].lower() in self.languages

    @property
    def lookup(self) -> str:
        """What finds candidate lines: the hint, or the anchored pattern itself if there is none."""
        if self.hint is None:
            return self.anchored
        return f"(?im)(?:{_TOKEN.sub(lambda token: '^' + _MARKS if token[0] == '^' else token[0], self.hint)})"

    @property
    def tied(self) -> bool:
        """Whether it is looked up by what stands at the start of a line."""
        return self.hint.startswith("^") if self.hint is not None else self.from_start

    @property
    def from_start(self) -> bool:
        """Whether it matches at the start of a line only."""
        return self.scope not in ("suffix", "inline")

    @property
    def anchored(self) -> str:
        """The pattern as its scope anchors it, ready to be compiled."""
        return f"(?im)(?:{_WRAPPED.get(self.scope, _WHOLE_LINE) % self.pattern})"


def options(memory: int = 8 << 20) -> re2.Options:
    """How every pattern is compiled: no match crosses a line break. memory: for its automaton, in bytes."""
    chosen = re2.Options()
    chosen.never_nl = True
    chosen.log_errors = False
    chosen.max_mem = memory
    return chosen


@functools.cache
def rules() -> tuple[Rule, ...]:
    """All rules of the packs that come with this package, by id, not checked anew: their tests do that.

    What was read of them is kept: for tomllib a hundred files are work.
    """
    folder = importlib.resources.files(__package__) / "packs"
    packs = {
        f"{language.name}/{entry.name.removesuffix('.toml')}": entry.read_text(encoding="utf-8")
        for language in folder.iterdir()
        if language.is_dir()
        for entry in language.iterdir()
        if entry.name.endswith(".toml")
    }

    def read() -> kept.Arrays:
        found = _read({name: tomllib.loads(text) for name, text in packs.items()}, checked=False)
        return {"rules": np.frombuffer(json.dumps([asdict(rule) for rule in found]).encode(), np.uint8)}

    of = [*kept.source(sys.modules[__name__]), *(part for name in sorted(packs) for part in (name, packs[name]))]
    return tuple(map(_plain, json.loads(kept.kept("rules", of, read)["rules"].tobytes())))


def _plain(fields: dict[str, Any]) -> Rule:
    """A rule, of what JSON makes of it."""
    known: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return Rule(**known)


def common_words() -> dict[str, str]:
    """The words that all packs know, completed with those of English: what packs of no language may name."""
    folder = importlib.resources.files(__package__) / "packs"
    words: dict[str, str] = {}
    for part in (_EVERYWHERE, _ALWAYS):
        words |= tomllib.loads((folder / part / f"{_WORDS}.toml").read_text(encoding="utf-8"))["words"]
    return words


def load(packs: Mapping[str, Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules of parsed packs (pack name -> TOML document), ordered by id, so that no order of files or tables counts.

    The last part of a pack's name is the category of its rules, a folder before it ("de/related") their language.
    Raises RuleError for an unknown key, a missing example, a bad pattern or an id used twice.
    """
    return _read(packs, checked=True)


def _read(packs: Mapping[str, Mapping[str, Any]], checked: bool) -> tuple[Rule, ...]:
    found: dict[str, Rule] = {}
    for pack, content in packs.items():
        words = _words_for(pack, packs)
        for rule in _rules_of(pack, content.get("rule", ()), words):
            if rule.id in found:
                raise RuleError(f"pack {pack}: rule id {rule.id!r} is used twice")
            if checked:
                _check(f"pack {pack}, rule {rule.id!r}", rule)
            found[rule.id] = rule
    return tuple(found[key] for key in sorted(found))


def _words_for(pack: str, packs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The words a pack knows: everybody's, then its language's, then its own."""
    words: dict[str, str] = {}
    for source in (_WORDS, f"{_EVERYWHERE}/{_WORDS}", f"{pack.rpartition('/')[0]}/{_WORDS}", pack):
        words |= packs.get(source, {}).get("words", {})
    return words


def _rules_of(pack: str, tables: Iterable[Mapping[str, Any]], words: Mapping[str, str]) -> Iterator[Rule]:
    folder, _, category = pack.rpartition("/")
    languages = () if folder in ("", _EVERYWHERE) else (folder,)
    for table in tables:
        where = f"pack {pack}, rule {table.get('id', '?')!r}"
        if unknown := set(table) - _KEYS:
            raise RuleError(f"{where}: unknown keys {sorted(unknown)}")
        if missing := {"id", "scope", "max_length", "pattern", "takes", "leaves"} - set(table):
            raise RuleError(f"{where}: missing keys {sorted(missing)}")
        _check_types(where, table)
        rule = Rule(
            id=table["id"],
            category=table.get("category", category),
            action=table.get("action", "drop"),
            scope=table["scope"],
            max_length=table["max_length"],
            pattern=_expand(where, table["pattern"], words),
            takes=tuple(table["takes"]),
            leaves=tuple(table["leaves"]),
            field=table.get("field"),
            languages=tuple(table.get("languages", languages)),
            hint=_expand(where, table["hint"], words) if "hint" in table else None,
            min_length=table.get("min_length", 0),
            next_to=table.get("next_to"),
        )
        yield rule


def _expand(where: str, pattern: str, words: Mapping[str, str]) -> str:
    """Replace {{name}} by its piece; pieces may name others, without circles."""
    for _ in range(8):
        if "{{" not in pattern:
            return _TOKEN.sub(_any_blank, pattern.strip("\n"))
        head, _, rest = pattern.partition("{{")
        name, closed, tail = rest.partition("}}")
        while closed:
            if name not in words:
                raise RuleError(f"{where}: no words called {name!r}")
            head += f"(?:{words[name]})"
            before, opened, rest = tail.partition("{{")
            head += before
            if not opened:
                break
            name, closed, tail = rest.partition("}}")
        pattern = head
    raise RuleError(f"{where}: words that name each other in a circle")


def _check_types(where: str, table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if key in ("max_length", "min_length"):
            good, what = isinstance(value, int) and not isinstance(value, bool), "a whole number"
        elif key in ("takes", "leaves", "languages"):
            good, what = isinstance(value, list) and all(isinstance(one, str) for one in value), "a list of texts"
        else:
            good, what = isinstance(value, str) and bool(value), "a text that is not empty"
        if not good:
            raise RuleError(f"{where}: {key} must be {what}")


def _any_blank(token: re.Match[str]) -> str:
    """A space of a pattern as what it stands for, within a class of characters and alone."""
    found = token[0]
    if found == " ":
        return f"[{_BLANK}]"
    # One that begins a range ("[ -~]") is only itself.
    return _SPACE_ALONE.sub(lambda _: _BLANK, found) if found.startswith("[") else found


def _check(where: str, rule: Rule) -> None:
    if rule.scope not in get_args(Scope):
        raise RuleError(f"{where}: scope {rule.scope!r} is none of {get_args(Scope)}")
    if rule.action not in get_args(RuleAction):
        raise RuleError(f"{where}: action {rule.action!r} is none of {get_args(RuleAction)}")
    if (rule.action == "field") != (rule.field is not None):
        raise RuleError(f'{where}: `field` is for action "field", and needed there')
    if rule.field is not None and rule.field not in FIELD_NAMES:
        raise RuleError(f"{where}: field {rule.field!r} is none of {FIELD_NAMES}")
    if rule.next_to is not None and rule.scope != "beside":
        raise RuleError(f'{where}: `next_to` is for scope "beside"')
    if strange := [language for language in rule.languages if not _LANGUAGE.fullmatch(language)]:
        raise RuleError(f'{where}: languages are named as "de" or "pt" alone, not as {strange}')
    if rule.max_length < 1:
        raise RuleError(f"{where}: max_length must be at least 1")
    if min(len(rule.takes), len(rule.leaves)) < MINIMUM_EXAMPLES:
        raise RuleError(f"{where}: at least {MINIMUM_EXAMPLES} lines in `takes` and in `leaves`")
    _compiled(where, "pattern", rule.pattern)  # alone: as it is anchored, an error would show what is not the rule's
    compiled = _compiled(where, "pattern", rule.anchored)
    if rule.hint is not None:
        _compiled(where, "hint", rule.lookup)
    if unknown := set(compiled.groupindex) - set(FIELD_NAMES):
        raise RuleError(f"{where}: groups {sorted(unknown)} are no fields")
    if rule.field is not None and rule.field not in compiled.groupindex:
        raise RuleError(f"{where}: nothing would fill the field: no group (?P<{rule.field}>...) in the pattern")


_LANGUAGE = re.compile(r"[a-z]{2,8}")
_OF_LINES = re.compile(rf"(\\[AzCQ]|\(\?[a-zA-Z]*-[a-zA-Z]*m)|\\.|{CLASS}", re.DOTALL)
_SHOWN = 60  # characters of a pattern


def _compiled(where: str, key: str, pattern: str) -> Any:
    """A pattern of a rule, compiled. Raises RuleError, with RE2's words and what in the pattern they are about.

    Patterns run over many lines together, so none may ask for the start or the end of all; nor for half a character.
    """
    if other := next((found[1] for found in _OF_LINES.finditer(pattern) if found[1]), None):
        raise RuleError(f"{where}: `{key}` may not have {other}: it is asked of lines, between ^ and $, in characters")
    try:
        return re2.compile(pattern, options())
    except re2.error as error:
        what, _, about = error.args[0].decode("utf-8", "replace").partition(": ")
        # Of some errors it names the whole pattern, which says nothing of where in a long one.
        named = f": {about[:_SHOWN]}" if about and (about != pattern or len(about) <= _SHOWN) else ""
        raise RuleError(f"{where}: `{key}` is no pattern that RE2 reads: {what}{named}") from error
