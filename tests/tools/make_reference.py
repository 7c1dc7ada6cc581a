"""`python -m tests.tools.make_reference`: writes docs/reference/ and docs/schema.md, out of the code."""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from cleaners.registry import BUILT_IN
from cleaners.vetoes import BUILT_IN_VETOES
from copydesk.articles.cleaning import rules_of
from copydesk.schema import markdown
from copydesk.settings import Settings
from flows.cli import app

DOCS = Path(__file__).parents[2] / "docs"
MADE = "Made from the code by `make reference`; a test holds it to it."


def pages() -> dict[Path, str]:
    """Each page with what it should say."""
    reference = DOCS / "reference"
    return {
        reference / "commands.md": _joined(_commands()),
        reference / "settings.md": _joined(_settings()),
        reference / "rules.md": _joined(_rules()),
        DOCS / "schema.md": markdown(),
    }


def _joined(lines: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip()) + "\n"


def _commands() -> Iterator[str]:
    told = _generated().strip().splitlines()
    yield "# Commands"
    yield from ("", MADE, "")
    yield "Exit codes: 0 done, 1 failed, 2 usage, 3 another run holds the output, 4 `verify` found faults, 5 a guard"
    yield "stopped the run, 130 interrupted. What each means for the output: [Ingesting](../ingesting.md)."
    command: list[str] = []
    for line in _without_contents(told[1:]):
        if line.startswith("#"):
            yield from _examples(command)
            command = line.split("copydesk")[1].split()
        yield line
    yield from _examples(command)


def _generated() -> str:
    before = sys.argv
    sys.argv = ["copydesk"]  # cyclopts shows how it was started
    try:
        return app.generate_docs()
    finally:
        sys.argv = before


def _examples(command: list[str]) -> Iterator[str]:
    """Those that its help ends with."""
    here = app
    for word in command:
        here = here[word]
    if command and here.help_epilogue:
        lines = [line.strip() for line in str(here.help_epilogue).strip().splitlines()[1:]]
        yield from ("", "**Examples**:", "", "```", *lines, "```", "")


def _without_contents(lines: list[str]) -> Iterator[str]:
    """Without the table of contents, whose links are doubled by the list of commands."""
    skipping = False
    for line in lines:
        if line == "## Table of Contents":
            skipping = True
        elif skipping and line and not line.lstrip().startswith("-"):
            skipping = False
        if not skipping:
            yield line.rstrip()


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield from ("", MADE, "")
    yield "Each is an option of `copydesk ingest` (with `-` for `_`) and an entry of `copydesk.toml`. Options win over"
    yield "the file, the file over the defaults; `copydesk settings` prints what is in force, and where it comes from."
    yield from ("", "| setting | type | default | meaning |", "|---|---|---|---|")
    schema = Settings.model_json_schema()["properties"]
    for name, field in Settings.model_fields.items():
        described = (field.description or "").replace("|", "\\|")
        yield f"| `{name}` | {_type(schema[name])} | {_default(name)} | {described} |"
    yield from ("", "The names that `map` knows are " + ", ".join(f"`{name}`" for name in _fields()) + ".")


def _fields() -> tuple[str, ...]:
    from copydesk.settings import RECORD_FIELDS

    return RECORD_FIELDS


def _type(schema: dict[str, object]) -> str:
    kinds = [schema, *_listed(schema.get("anyOf"))]
    kind = next(str(one["type"]) for one in kinds if "type" in one)
    words = {
        "integer": "whole number",
        "array": "list",
        "object": "table",
        "boolean": "true or false",
        "string": "text",
    }
    limits = []
    for key, says in (("exclusiveMinimum", "more than"), ("minimum", "from"), ("maximum", "to")):
        if key in schema:
            limits.append(f"{says} {schema[key]}")
    return " ".join([words.get(kind, kind), *limits])


def _listed(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _default(name: str) -> str:
    if name == "workers":
        return "processors at hand"
    return f"`{json.dumps(Settings().model_dump(mode='json')[name])}`"


def _rules() -> Iterator[str]:
    yield "# Rules"
    yield from ("", MADE, "")
    yield "What comes with copydesk, by category. A text meets the rules of its own language, of all and of English. An"
    yield "example is a line, or an end of one, that the rule takes. [Cleaning](../cleaning.md) says how rules work."
    by_category = defaultdict(list)
    for rule in rules_of(Settings()):
        by_category[rule.category].append(rule)
    for category in sorted(by_category):
        yield from ("", f"## {category}", "", "| rule | does | where | languages | example |", "|---|---|---|---|---|")
        for rule in sorted(by_category[category], key=lambda rule: rule.id):
            does = f"field {rule.field}" if rule.field else rule.action
            languages = ", ".join(rule.languages) or "all"
            example = rule.takes[0] if rule.takes else ""
            yield f"| `{rule.id}` | {does} | {rule.scope} | {languages} | {_cell(example)} |"
    yield from ("", "## Rules that are code", "", "What only a line's neighbours tell (cleaners/layout.py).", "")
    yield ", ".join(f"`{name}`" for name in sorted(BUILT_IN))
    yield ""
    yield "; ".join(f"`{name}` keeps {about}" for name, (_, about) in sorted(BUILT_IN_VETOES.items())) + "."


def _cell(text: str) -> str:
    shown = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
    return shown if len(shown) <= 90 else shown[:89] + "…"


def main() -> None:
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
