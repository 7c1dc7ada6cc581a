"""Labelled articles: JSONL as the shared gold has it, or TOML as in tests/gold, which is written by hand.

JSONL, an article a line: {"id", "publisher_key", "lang", "form", "lines": [{"text", "label", "cat", "spans": [{"start",
"end", "cat", "action"}]}]}. TOML: `[[article]]` with id, language, form and maybe title, and a block of lines `label
kind | text`; `{{kind: text}}` in a line is a part of it to take out; an empty line is an empty line.

label: keep, drop, meta (it leaves the body and becomes a field) or ambig (not scored). kind: of the boilerplate; of
lines to keep, what they look like.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

LABELS = ("keep", "drop", "meta", "ambig")
TEXT, DUMP = "text", "page dump"

_PART = re.compile(r"\{\{(\w+): (.*?)\}\}")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line to take out; not scored if `ambig`. start, end: code points of the line."""

    start: int
    end: int
    kind: str
    ambig: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    label: str
    kind: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """form: TEXT, or DUMP for all the text of a page. title: of the record, if it has one. publisher: its
    key, or the article's id if it has none.
    """

    id: str
    language: str | None
    form: str
    lines: tuple[Line, ...]
    title: str | None = None
    publisher: str = ""

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


def read(path: Path) -> list[Article]:
    """The articles of a file. Raises ValueError, which names the article and the line, for what is no label."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return [_of_table(table) for table in tomllib.loads(content).get("article", ())]
    return [_of_json(json.loads(line)) for line in content.splitlines() if line.strip()]


def _of_json(row: dict[str, Any]) -> Article:
    lines = tuple(
        Line(
            line["text"],
            line["label"],
            line.get("cat") or "other",
            tuple(
                Part(part["start"], part["end"], part.get("cat") or "other", part.get("action") == "ambig")
                for part in line.get("spans") or ()
            ),
        )
        for line in row["lines"]
    )
    language = row.get("lang") or row.get("language") or ""
    known = language if language.isalpha() and len(language) == 2 and language != "xx" else None
    publisher = row.get("publisher_key") or row["id"]
    return Article(row["id"], known, row.get("form") or TEXT, lines, row.get("title"), publisher)


def _of_table(table: dict[str, Any]) -> Article:
    lines = []
    for number, line in enumerate(table["lines"].strip("\n").split("\n"), 1):
        if not line.strip():
            lines.append(Line("", "ambig", ""))
            continue
        label, _, text = line.partition("|")
        words = label.split()
        if not 1 <= len(words) <= 2 or words[0] not in LABELS or not text.strip():
            raise ValueError(f"{table['id']}, line {number}: write it as `label kind | text`: {line!r}")
        kind = words[1] if len(words) == 2 else "plain" if words[0] == "keep" else "other"
        lines.append(replace(_with_parts(text.removeprefix(" ")), label=words[0], kind=kind))
    return Article(table["id"], table["language"] or None, table["form"], tuple(lines), table.get("title"), table["id"])


def _with_parts(marked: str) -> Line:
    text, parts, position = "", [], 0
    for match in _PART.finditer(marked):
        text += marked[position : match.start()]
        parts.append(Part(len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        position = match.end()
    return Line(text + marked[position:], "", "", tuple(parts))


def of_files(paths: list[Path]) -> Iterator[Article]:
    """The articles of all files."""
    for path in paths:
        yield from read(path)
