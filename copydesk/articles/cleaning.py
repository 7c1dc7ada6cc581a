"""What texts are cleaned with: the rules that come with copydesk and the user's own, less those switched off."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cleaners import Cleaner, Source, compiler, model
from cleaners.cleaning import rehearse
from cleaners.own import PREFIXES, WORDS, check_shape, load_own
from cleaners.reader import COMPILE_BYTES, expect, fill
from cleaners.registry import BUILT_IN, MODEL
from cleaners.rules import Rule, RuleError, rules
from cleaners.vetoes import BUILT_IN_VETOES
from copydesk.errors import UsageError
from copydesk.pages import loops as of_pages
from copydesk.pages import story, text_loops
from copydesk.settings import Settings
from copydesk.text import language, mend
from copydesk.text import loops as of_texts

Files = tuple[tuple[str, str], ...]
"""(path, content) of rule files, in order."""


def cleaner(settings: Settings) -> Cleaner:
    """The cleaner of these settings; built once a process for the same rules. Raises UsageError: see rules_of."""
    return _cleaner(_files(settings.rules), _sorted(settings.without))


def warm(size: int) -> None:
    """See that the loops are compiled and the automata of rules built, if so many bytes are to be cleaned that it pays:
    once for all processes."""
    if size >= COMPILE_BYTES:
        compiler.fill("texts", READ_WITH, _rehearse_reading)
        fill(_rehearse)  # last: that it is done tells processes that compiled loops pay


READ_WITH = (of_texts, of_pages, text_loops)
"""Modules of loops that texts and pages are read with, beside those of cleaning."""


def _rehearse_reading() -> None:
    expect(COMPILE_BYTES)  # before anything asks whether compiled loops pay
    language.rehearse()
    mend.rehearse()
    story.rehearse()


def _rehearse() -> None:
    """In every language, and one that no rule is for, so that the automata of their rules are kept too."""
    own = cleaner(Settings())
    own.expect(COMPILE_BYTES)
    rehearse()
    tags = {tag for rule in own.rules for tag in rule.languages}
    own.clean_many([Source("Advertisement", language=tag) for tag in (*sorted(tags), "und", None)])


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """The rules in force. Raises UsageError that names the file and the rule, and says what is wrong with it."""
    return cleaner(settings).rules


def digest(settings: Settings) -> str:
    """A name of the rules in force: it changes when one of them changes. Raises UsageError: see rules_of."""
    return _digest(_files(settings.rules), _sorted(settings.without))


def model_digest(settings: Settings) -> str | None:
    """A name of the model in force: it changes when the model does; None if it is switched off."""
    if MODEL in settings.without:
        return None
    return hashlib.sha256(model.shipped()).hexdigest()[:16]


def own_rules(paths: Sequence[Path]) -> tuple[Rule, ...]:
    """The rules of files and folders. Raises UsageError that names the file and the rule."""
    return _own(_files(paths))


def _sorted(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


@functools.lru_cache(maxsize=8)
def _digest(files: Files, without: tuple[str, ...]) -> str:
    hashed = hashlib.sha256(repr(without).encode("utf-8", "surrogatepass"))
    for rule in _cleaner(files, without).rules:
        said = dataclasses.replace(rule, takes=(), leaves=())  # examples change nothing
        hashed.update(repr(said).encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()[:16]


@functools.lru_cache(maxsize=8)
def _cleaner(files: Files, without: tuple[str, ...]) -> Cleaner:
    known = (*rules(), *_own(files))
    names = {*BUILT_IN, *BUILT_IN_VETOES, *(rule.id for rule in known)}
    names |= {category for category, _ in BUILT_IN.values()} | {rule.category for rule in known} | {MODEL}
    for name in without:
        if name not in names and not name.startswith(PREFIXES):
            near = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"without: no rule or category {name!r}{hint} (`copydesk rules list` has all)")
    return Cleaner(known, without, model.default())


@functools.lru_cache(maxsize=8)
def _own(files: Files) -> tuple[Rule, ...]:
    words: dict[str, dict[str, str]] = {}  # of a folder
    packs: dict[str, Any] = {}
    for path, content in files:
        try:
            document = tomllib.loads(content)
            check_shape(Path(path).name, document)
        except (tomllib.TOMLDecodeError, RuleError) as error:
            raise UsageError(f"rules {path}: {error}") from None
        if Path(path).stem == WORDS:
            if document.get("rule"):
                raise UsageError(f"rules {path}: there are rules in it; a file of this name has [words] alone")
            words[str(Path(path).parent)] = document.get("words", {})
        else:
            packs[path] = document
    found: dict[str, tuple[str, Rule]] = {}
    for path, document in packs.items():
        try:
            loaded = load_own({Path(path).stem: document}, words.get(str(Path(path).parent)))
        except RuleError as error:
            raise UsageError(f"rules {path}: {error}") from None
        for rule in loaded:
            if rule.id in found:
                raise UsageError(f"rules {path}: rule id {rule.id!r} is used by {found[rule.id][0]} too")
            found[rule.id] = path, rule
    return tuple(found[id_][1] for id_ in sorted(found))


def _files(paths: Sequence[Path]) -> Files:
    return tuple(dict(file for path in paths for file in _below(path)).items())


def _below(path: Path) -> Iterator[tuple[str, str]]:
    """The file, or the TOML files of the folder, hidden ones aside. Raises UsageError if there is none."""
    path = path.expanduser()
    files = sorted(p for p in path.glob("*.toml") if not p.name.startswith(".")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"rules {path}: there is no .toml file in this folder")
    for file in files:
        try:
            yield str(file), file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UsageError(f"rules {file}: cannot be read: {reason}") from None


def described(settings: Settings) -> list[dict[str, Any]]:
    """The rules in force as plain values, by id, those that are code among them. Raises UsageError: see rules_of."""
    shipped = {rule.id for rule in rules()}
    found = [
        {**dataclasses.asdict(rule), "from": "copydesk" if rule.id in shipped else "yours"}
        for rule in rules_of(settings)
    ]
    empty = {field.name: None for field in dataclasses.fields(Rule)}
    for known, action, scope in ((BUILT_IN, "drop", "layout"), (BUILT_IN_VETOES, "keep", "inline")):
        for id_, (category, about) in known.items():
            if cleaner(settings).without.isdisjoint((id_, category)):
                own = {"id": id_, "category": category, "action": action, "scope": scope, "about": about}
                found.append({**empty, **own, "takes": (), "leaves": (), "languages": (), "from": "copydesk"})
    return sorted(found, key=lambda rule: str(rule["id"]))


def speaks(rule: dict[str, Any], language: str | None) -> bool:
    """Whether a rule of `described` is for texts of a language; None: of any."""
    if language is None:
        return True
    return not rule["languages"] or language.partition("-")[0].lower() in rule["languages"]
