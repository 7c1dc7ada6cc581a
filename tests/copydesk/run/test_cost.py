"""The cost of hostile text grows with its size and no faster. Work is counted, not timed.

Counted are the calls of functions, Python's and C's, and in cleaning the bytes that the rules' automata are given;
what RE2 does with them is linear by its construction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from cleaners import Cleaned, batch, clean, templates
from cleaners.cleaning import default, rehearse
from cleaners.engine import Engine
from cleaners.patterns import Pattern, finder
from cleaners.reader import Reader, compiled
from cleaners.rules import rules
from copydesk import sources
from copydesk.errors import ItemError
from copydesk.model import Item, Reject, Shard, SourceFile
from copydesk.pages import jsonld, page
from copydesk.pages.extract import extract
from copydesk.settings import Settings
from copydesk.sketches import similarity
from copydesk.text.decode import decode
from copydesk.text.mend import mend
from tests.copydesk.corpus import story
from tests.copydesk.news import News, decide

PLAIN = Reader()

TWICE = 2.3
"""How much more work twice the text may be."""


def calls(function: Callable[[], Any]) -> int:
    """How many calls a function leads to."""
    count = 0

    def told(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    before = sys.getprofile()
    sys.setprofile(told)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


def grows_with_size(work: Callable[[int], int], size: int) -> None:
    work(size // 8)  # caches and imports
    once, twice = work(size), work(2 * size)
    assert twice <= TWICE * once + 1000, f"{once:,} for {size:,}, {twice:,} for twice that"


# ---------------------------------------------------------------------------------------------------------------------
# Cleaning


class _Counted:
    """A pattern or set of patterns that counts the bytes it is asked to look at."""

    def __init__(self, real: Any, count: list[int]) -> None:
        self._real, self._count = real, count

    def search(self, data: bytes, position: int = 0) -> Any:
        found = self._real.search(data, position)
        self._count[0] += (found[0][1] if found else len(data)) - position
        return found

    def match(self, data: bytes, position: int) -> Any:
        found = self._real.match(data, position)
        self._count[0] += (found[0][1] if found else len(data)) - position
        return found

    def Match(self, line: bytes) -> Any:
        self._count[0] += len(line)
        return self._real.Match(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture(scope="module", params=["plain", "triggered"])
def scanned(request: pytest.FixtureRequest) -> Iterator[list[int]]:
    """Bytes that the rules' automata were given so far, in either way to find lines.

    Where RE2 alone finds them, the loops run as they stand, so that the calls in them are counted too; in the other
    way they are compiled before anything is counted.
    """
    rehearse()
    count = [0]
    counting = Engine(rules())
    for group in (*counting._takers, *counting._keepers):
        group._finder = _Counted(group._finder, count)
        group._set = _Counted(group._set, count)
        for number, rule in enumerate(group._rules):
            group._patterns[number] = pattern = Pattern(rule.anchored, rule.from_start)
            pattern.compiled = _Counted(pattern.compiled, count)
    if request.param == "triggered":
        counting.triggered = True
        counting.hits([b"warm"])
        triggered = counting._triggered
        for number, rule in enumerate(triggered._rules):
            triggered._compiled[number] = pattern = Pattern(rule.anchored, rule.from_start)
            pattern.compiled = _Counted(pattern.compiled, count)
            triggered._finders[number] = _Counted(finder((rule.lookup,)), count)
        run, choose = triggered._triggers._run, triggered._triggers._run["choose"]

        def counted(*arguments: Any) -> Any:
            rows, line, place = choose(*arguments)
            count[0] += rows + len(arguments[4])  # lines to ask a rule of, and ends of texts that rules need
            return rows, line, place

        triggered._triggers._run = {**run, "choose": counted}
    known = default()._ways(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "reader", lambda size: PLAIN if request.param == "plain" else compiled())
        patch.setattr(default(), "_known", {None: replace(known, engine=counting)})
        yield count


HOSTILE = {
    "one long line": "x",
    "one long line of words": "Let us know below. ",
    "opened and never closed": "(photo: ",
    "names": "By Ida Brandt ",
    "capitals": "A B ",
    "short lines": "a\n",
    "blank lines": "\n",
    "ad markers": "Advertisement\n",
    "captions beside markers": "Advertisement\nA caption of some kind\n\n",
    "related": "Related\nA link to a thing\n",
    "quotes": "“So it is,” she said. “",
    "credits": "/Getty Images ",
    "digits": "1234567890 ",
    "wide letters": "é\u3000",
    "every rule": "\n".join(line for rule in rules() for line in rule.takes[:1]) + "\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_cleaning(name: str, scanned: list[int]) -> None:
    _cleaning(name, scanned, 30_000)


@pytest.mark.parametrize("name", HOSTILE)
def test_lines_that_sites_repeat(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "reader", lambda size: PLAIN)
    unit = HOSTILE[name]

    def work(size: int) -> int:
        text = unit * (size // len(unit) + 1)
        out = set(templates.occurrences([text], [()]).line.tolist())
        return calls(lambda: templates.occurrences([text], [()])) + calls(
            lambda: templates.take_out(text, Cleaned(text), out, lambda line: "a" in line)
        )

    grows_with_size(work, 10_000)


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_cleaning_a_megabyte(name: str, scanned: list[int]) -> None:
    _cleaning(name, scanned, 500_000)


def _cleaning(name: str, scanned: list[int], size: int) -> None:
    unit = HOSTILE[name]

    def work(size: int) -> int:
        text = unit * (size // len(unit) + 1)
        before = scanned[0]
        counted = calls(lambda: clean(text))
        return counted + scanned[0] - before

    grows_with_size(work, size)


# ---------------------------------------------------------------------------------------------------------------------
# Reading and extraction


def _decoded(data: bytes) -> None:
    with suppress(ItemError):
        mend(decode(data).text)


def _extracted(data: bytes) -> None:
    with suppress(ItemError):
        extract(data.decode())


READ: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "mojibake": ("cafÃ© â€™ \n".encode(), _decoded),
    "not utf-8": (b"caf\xe9 \xff ", _decoded),
    "escapes": (b"\x1b[31m\x1b]0;", _decoded),
    "joiners": ("a\u200d\u202e".encode(), _decoded),
    "links": (b"<p><a href='/a'>The word of it</a> is here.</p>", _extracted),
    "paragraphs": (b"<p>The word of it is here.</p>", _extracted),
    "open tags": (b"<b><p>x ", _extracted),
    "scripts": (b'<script type="application/ld+json">{"@type":"Article"</script>', lambda d: page.read(d.decode())),
    "metas": (b'<meta property="article:tag" content="a">', lambda d: page.read(d.decode())),
    "json-ld": (b'{"@graph":[{"a":"', lambda d: jsonld.load([d.decode()])),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_decoding_and_extracting(name: str) -> None:
    unit, function = READ[name]
    grows_with_size(lambda size: calls(lambda: function(unit * (size // len(unit)))), 40_000)


@pytest.mark.long
@pytest.mark.parametrize("count", [15_000])
def test_thirty_thousand_links(count: int) -> None:
    unit, function = READ["links"]
    grows_with_size(lambda count: calls(lambda: function(unit * count)), count)


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("csv", b'1,"a""b",x\n'),
        ("csv", b'"'),
        ("jsonl", b'{"text":"x"}\n'),
        ("jsonl", b"[{"),
        ("jsonl", b'"\\'),
        ("warc", b"WARC/1.0\r\nContent-Length: 9\r\n\r\n"),
        ("warc", b"WARC/1.0\r\n"),
    ],
)
def test_sources(kind: Any, unit: bytes, tmp_path: Path) -> None:
    path = tmp_path / "in"

    def work(size: int) -> int:
        path.write_bytes(b"id,text,x\n" * (kind == "csv") + unit * (size // len(unit)))
        file = SourceFile("file:///x", str(path), size, 0, kind)
        found: list[Item | Reject] = []
        counted = calls(lambda: found.extend(sources.read(Shard(0, (file,)), Settings())))
        # Nor is more kept of what was rejected than there was.
        assert sum(len(one.content or b"") for one in found if isinstance(one, Reject)) <= 2 * path.stat().st_size
        return counted

    grows_with_size(work, 60_000)


# ---------------------------------------------------------------------------------------------------------------------
# Matching


def _near_copies(count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many pairs of texts are compared in a run of near copies, and how many texts are read for it."""
    worked = [0]
    counted = similarity.counted

    def counting(shingles: Any, one: Any, two: Any) -> Any:
        worked[0] += len(one) + len({*one.tolist(), *two.tolist()})
        return counted(shingles, one, two)

    with monkeypatch.context() as patched:
        patched.setattr(similarity, "counted", counting)
        text = story(1, 12)
        rows = decide([News(str(n), f"{text}\n\nNumber {n} of {n * 7} was found in mill {n}.") for n in range(count)])
    assert sum(row["kind"] == "article" for row in rows) == 1
    return worked[0]


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [similarity._SHINGLES_AT_ONCE, 30_000])
def test_near_copies(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """at_once: how many shingles may be in memory; a crowd may fit in or not."""
    monkeypatch.setattr(similarity, "_SHINGLES_AT_ONCE", at_once)
    grows_with_size(lambda count: _near_copies(count, monkeypatch), 250)


@pytest.mark.long
def test_ten_thousand_near_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    grows_with_size(lambda count: _near_copies(count, monkeypatch), 5_000)
