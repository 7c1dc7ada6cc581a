"""What the documentation shows: the steps of a page, in order, and the folder in which they are run.

A page is followed as a reader would: its files are written, its commands and its Python are run, one after the other,
in one folder. What a fence is, its first line says:

- no word, or `sh`: commands, a line each; so are lines indented by four that begin with `copydesk`
- `python`: run; `sql`: asked of the views of output/
- `toml`: settings, which must be ones
- a language and a file's name (`python feed.py`, `toml rule my-rules.toml`): that file
- `text prints`: lines that the command before it prints
- anything else is a picture, or held to the code by a test of its own

`<!-- tests: skip PACKAGE -->` above a fence of Python: it is run where that package is installed.
"""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from tests.copydesk.corpus import story

ROOT = Path(__file__).parent.parent
SKIPPED = {"decisions"}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if not SKIPPED & set(p.relative_to(ROOT / "docs").parts)),
]

ELSEWHERE = {
    "make": "Makefile",
    "prefect": "tests/flows",
    "export": "tests/flows",
    "copydesk serve": "tests/flows/test_serve.py",
    "copydesk trigger": "tests/flows/test_serve.py",
    "copydesk watch": "tests/flows",
    "dask": "tests/copydesk",
    "pip install": "pyproject.toml",
    ".venv/bin/": "tests/test_structure.py",
    ". .venv/bin/activate": "tests/test_structure.py",
    "git": "CONTRIBUTING.md",
    "python -m bench": "tests/copydesk",
    "duckdb": "tests/flows/test_looking.py",
}
"""Commands that are not run with the page, by how they begin, and where else what they do is tried."""

Kind = Literal["command", "python", "sql", "settings", "file", "prints"]
_FENCE = re.compile(
    r"^(?:<!-- tests: skip (?P<needs>[\w.]+) -->\n)?```(?P<info>[^\n]*)\n(?P<body>.*?)^```$"
    r"|^ {4}(?P<line>(?:copydesk|python) [^\n]*)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Step:
    """text: the command, the code, or what the file holds. name: of the file. needs: a package."""

    kind: Kind
    text: str
    name: str = ""
    needs: str = ""


def steps(page: Path) -> Iterator[Step]:
    """What the page shows, in order."""
    for found in _FENCE.finditer(page.read_text(encoding="utf-8")):
        if found["line"]:
            yield from _commands(found["line"])
        else:
            yield from _of_fence(found["info"].strip(), found["body"], found["needs"] or "")


def _of_fence(info: str, body: str, needs: str) -> Iterator[Step]:
    words = info.split()
    if info in ("", "sh"):
        yield from _commands(body)
    elif len(words) > 1 and "." in words[-1] and words[1] not in ("explain", "prints"):
        yield Step("file", body, words[-1])
    elif info in ("python", "sql"):
        yield Step("python" if info == "python" else "sql", body, needs=needs)
    elif info == "text prints":
        yield Step("prints", body)
    elif info == "toml":
        yield Step("settings", body)


def _commands(lines: str) -> Iterator[Step]:
    for line in lines.replace("\\\n", " ").splitlines():
        command = re.split(r"\s+#\s", line)[0].strip()
        if command and re.match(r"[a-z./]", command) and not _drawing(lines):
            yield Step("command", command)


def _drawing(lines: str) -> bool:
    """Whether a fence without a language is a picture and no commands."""
    begins = r"^(?:copydesk [a-z]|(?:make|prefect|python|pip|export|git|zcat|cat|duckdb|dask)\b)"
    return not re.search(begins, lines, re.MULTILINE)


_FAR = re.compile(r"\b(?:s3|gs|az|dask|tcp)://")  # a bucket or a cluster, which is not at hand


def elsewhere(command: str) -> str | None:
    """Where a command is tried that is not run with its page."""
    if _FAR.search(command):
        return "tests/copydesk"
    return next((where for begins, where in ELSEWHERE.items() if command.startswith(begins)), None)


# ---------------------------------------------------------------------------------------------------------------------
# The desk: what readers are taken to have at hand.


def lay(folder: Path) -> None:
    """Files under the names that the documentation uses. Invented, all of it."""
    copied = story(1)
    records = [
        {
            "url": "https://example.com/news/1",
            "publisher": "The Daily Example",
            "title": "Ferry back in service",
            "date": "2026-03-03",
            "text": f"{copied}\n\nSign up for our newsletter.\n\n{story(101, 4)}",
        },
        {"url": "https://example.org/wire/7", "publisher": "Elm Wire", "date": "2026-03-04", "text": copied},
        {"url": "https://example.net/3", "publisher": "Harbor Post", "date": "2026-03-04", "text": story(3)},
    ]
    lines = b"".join(orjson.dumps(record) + b"\n" for record in records)
    (folder / "news.jsonl").write_bytes(lines)
    (folder / "articles.csv").write_text(f'headline,body,writer\nA bridge,"{story(4)}",Ada Lind\n', encoding="utf-8")
    (folder / "dump.jsonl.gz").write_bytes(gzip.compress(lines))
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    shutil.copyfile(ROOT / "seeds/html/lido.html", folder / "page.html")
    (folder / "nightly.toml").write_text("workers = 1\n", encoding="utf-8")
    for place in ("crawl/one", "inbox", "docs", "some/articles"):
        (folder / place).mkdir(parents=True)
    shutil.copyfile(ROOT / "seeds/web/crawl.warc.gz", folder / "crawl/one/pages.warc.gz")
    shutil.copyfile(ROOT / "seeds/text/library-roof.txt", folder / "inbox/library-roof.txt")
    shutil.copyfile(ROOT / "docs/first_query.py", folder / "docs/first_query.py")
    rule = re.search(
        r"^```toml rule my-rules.toml\n(.*?)^```", (ROOT / "docs/cleaning.md").read_text("utf-8"), re.M | re.S
    )
    assert rule
    (folder / "my-rules.toml").write_text(rule[1], encoding="utf-8")
