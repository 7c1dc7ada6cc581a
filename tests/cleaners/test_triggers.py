"""Looking lines up by what a match cannot do without finds what looking them up by RE2 alone finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners import engine, memory
from cleaners.engine import Engine, Hit
from cleaners.lines import Lines
from cleaners.literals import CLOSERS, END, MARKS, START, Texts, Unread, fold, read, shortest
from cleaners.registry import ANYWHERE, HEAD_ZONE
from cleaners.rules import Rule, _read, load, options, rules
from cleaners.triggers import Triggers, needs
from tests.cleaners.test_properties import LINES, PARAGRAPH

TAKERS = [rule for rule in rules() if rule.action != "keep"]
PLAIN, TRIGGERED = Engine(rules()), Engine(rules())
TRIGGERED.triggered = True

changed = st.builds(
    lambda line, way: way(line),
    st.sampled_from(LINES),
    st.sampled_from(
        [str.upper, str.lower, str.title, str.swapcase, lambda line: f" •\u00a0{line} ", lambda line: line[1:]]
    ),
)
anything = st.text(st.characters(), max_size=80)
texts = st.lists(
    st.one_of(
        st.sampled_from([*LINES, PARAGRAPH, "", " "]),
        changed,
        anything,
        st.builds("".join, st.tuples(anything, changed, anything)),
    ),
    max_size=10,
).map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass"))


@settings(max_examples=150, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
def test_both_ways_find_the_same(batch: list[bytes]) -> None:
    assert TRIGGERED.hits(batch) == PLAIN.hits(batch)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_a_text_is_looked_at_alone(batch: list[bytes]) -> None:
    assert TRIGGERED.hits(batch) == [hits for text in batch for hits in TRIGGERED.hits([text])]


def test_few_lines_or_many_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = ["\n".join((*rule.takes, *rule.leaves)).encode() for rule in TAKERS]
    found = []
    for few in (0, engine.FEW_LINES):
        monkeypatch.setattr(engine, "FEW_LINES", few)
        fresh = Engine(rules())
        fresh.triggered = True
        found.append(fresh.hits(batch))
    assert found[0] == found[1] == PLAIN.hits(batch)


def test_examples_are_found() -> None:
    """Of all rules: among them, each example is where its own rule and maybe others look."""
    batch = ["\n".join(rule.takes).encode() for rule in TAKERS]
    for rule, hits in zip(TAKERS, TRIGGERED.hits(batch), strict=True):
        lines = {hit.line_start for hit in hits if hit.rule.id == rule.id}
        assert len(lines) == len(set(rule.takes)), rule.id


def test_rules_look_at_few_lines() -> None:
    """What is known of the patterns tells them apart: a paragraph of a story is for hardly any rule."""
    data = b"\n".join(line.encode() for line in PARAGRAPH.split("\n") * 10)
    assert len(set(Triggers(TAKERS).spotted(data, Lines.of(data)).rules.tolist())) <= len(TAKERS) // 20
    assert sum(not needs(rule) for rule in TAKERS) <= len(TAKERS) // 50


def test_a_rule_that_nothing_is_known_of_is_tried_on_every_line() -> None:
    bare = {
        "id": "x",
        "scope": "line",
        "max_length": 9,
        "pattern": r"(?-i:\p{Lu}+)",
        "takes": ["A", "B"],
        "leaves": ["a", "b"],
    }
    (rule,) = load({"p": {"rule": [bare]}})
    assert not needs(rule)
    assert [hit.line_start for hit in _hits([rule], b"AB\n\nab\nABC\nABCDEFGHIJ")] == [0, 7]


def test_a_line_that_is_met_again_is_not_asked_about_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    plain = engine.Pattern.matches

    def noted(self: engine.Pattern, line: bytes) -> engine.Matches:
        asked.append(line)
        return plain(self, line)

    triggered = engine.Triggered(list(enumerate(TAKERS)))
    once = triggered.found(b"Advertisement\nA day on the river.\nBy Ida Brandt").places
    monkeypatch.setattr(engine.Pattern, "matches", noted)
    again = triggered.found(b"By Ida Brandt\nAdvertisement").places
    assert not asked
    assert set(again[:, 2].tolist()) == set(once[:, 2].tolist())
    assert set(again[:, 0].tolist()) == {0, 14}


def test_a_rule_is_asked_where_its_scope_wants_lines() -> None:
    """And again of the same line where it stands elsewhere."""
    text, places = b"Advertisement\nMarch 3, 2024\nMarch 3, 2024", np.array([[0, 14, 28], [13, 27, 41]])
    triggered = engine.Triggered(list(enumerate(TAKERS)))
    head = {number for number, rule in enumerate(TAKERS) if rule.scope == "head block"}
    for _ in range(2):
        found = triggered.found(text, Lines(*places, np.array([ANYWHERE, ANYWHERE, ANYWHERE | HEAD_ZONE])))
        assert {line for line, _, rule, *_ in found.places.tolist() if rule in head} == {28}
        assert 0 in found.places[:, 0]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LINES", 4)
    remembering = memory.Memory()
    assert _met(remembering, [b"a", b"b", b"a", b"x" * 1000, b"x" * 1000]) == ([0, 1, 0, 2, 3], [0, 1, 3, 4])
    assert _met(remembering, [b"b", b"c"]) == ([1, 4], [1])
    assert _met(remembering, [b"c"]) == ([0], [0])  # it had more than four
    many = [b"%d" % number for number in range(100)]
    assert _met(remembering, many)[0] == [*range(1, 101)]  # and has room for some of them only


def _met(remembering: memory.Memory, lines: list[bytes]) -> tuple[list[int], list[int]]:
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    starts = ends - [len(line) for line in lines]
    entries, new = remembering.met(b"\n".join(lines), starts, ends, np.full(len(lines), ANYWHERE))
    remembering.learn(np.zeros(len(new), np.int64), [], [])
    return entries.tolist(), new.tolist()


def test_what_was_asked_and_not_told_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the time of a batch is up."""
    triggered = engine.Triggered(list(enumerate(TAKERS)))
    asked = triggered.found(b"By Ida Brandt\nAdvertisement").places
    for line in (b"March 3, 2024\nAdvertisement", b"Follow us\nBy Ida Brandt"):
        with monkeypatch.context() as interrupted:
            interrupted.setattr(triggered, "_asked", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                triggered.found(line)
    assert np.array_equal(triggered.found(b"By Ida Brandt\nAdvertisement").places, asked)
    assert np.array_equal(triggered.found(b"By Ida Brandt\nAdvertisement").places, asked)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_a_line_has_a_number_of_its_own(lines: list[bytes]) -> None:
    entries, new = _met(memory.Memory(), [line.replace(b"\n", b"") for line in lines])
    numbers = {line.replace(b"\n", b""): number for line, number in zip(lines, entries, strict=True)}
    assert sorted(numbers.values()) == list(range(len(new)))
    assert entries == [numbers[line.replace(b"\n", b"")] for line in lines]


def test_more_lines_than_there_is_room_for() -> None:
    assert len(_hits(TAKERS, b"By Ida Brandt\nAdvertisement\n" * 5_000)) >= 10_000


def test_characters_that_the_tables_do_not_tell() -> None:
    many = "".join(chr(code) for code in range(0x4E00, 0x4F50))
    examples = {"takes": ["a", "b"], "leaves": ["c", "d"]}
    packs = {"id": "x", "scope": "line", "max_length": 999, "pattern": "🦀𐐀 lamp"} | examples
    other = {"id": "y", "scope": "line", "max_length": 999, "pattern": f"{many}|(?-i:𐐀{many[::-1]})"} | examples
    known = _read({"p": {"rule": [packs, other]}}, checked=False)
    text = f"🦀𐐀 lamp\n🦀𐐨 LAMP\n{many}\n{many[:-1]}\n𐐀{many[::-1]}".encode()
    assert _hits(list(known), text) == Engine(known).hits([text])[0]
    assert len(_hits(list(known), text)) == 4


def test_a_batch_beyond_an_articles_size_is_looked_up_by_re2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_TRIGGERED", 4)
    alone = Engine(TAKERS)
    alone.triggered = True
    assert alone.hits([b"Advertisement"]) == PLAIN.hits([b"Advertisement"])
    assert "_triggered" not in vars(alone)


def _hits(known: list[Rule], text: bytes) -> list[Hit]:
    engine = Engine(known)
    engine.triggered = True
    (hits,) = engine.hits([text])
    return hits


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("(?i)^lamp( lit)?", {"^lamp"}),
        ("(?i)^[*(]*(?:lamp|bell)s? of .*sea", {"^lamp of ", "^lamps of ", "^bell of ", "^bells of "}),
        ("(?i)^(?:[*>-] *)?(?:“lamp|bell.*sea)", {"^lamp", "^bell"}),
        ("@|^lamp|(?:^|the )bell", {"@", "^lamp", "^bell", "the bell"}),
        (r"(?i)(?:lamp|bell)[.!]?\)? *$", {"lamp$", "bell$"}),
        ("(?i)^ *lamps? *$", {"^lamp$", "^lamps$"}),
        ("(?i).*lamp.*$", {"lamp"}),
        ("Lamp|BELL", {"Lamp", "BELL"}),
        ("(?i)LA(?-i:M)p", {"laMp"}),
        (r"\bl[aou]mp\d+\.", {"0."}),
        ("(?i)“lamp” – bell", {"'lamp' \u2010 bell"}),
        ("[0-9]{2}-[0-9]{2,3}", {"00-00"}),
        ("(?:lamp)+bell", {"lampbell"}),
        ("lamp.*bell", {"lamp"}),
        (r"la\x{6d}p|\p{L}+bell", {"lamp", "bell"}),
        ("lamp|.", None),
        ("(?:lamp)*", None),
        ("^[*]*(?:.+)?$", None),
    ],
)
def test_what_a_pattern_needs(pattern: str, needed: set[str] | None) -> None:
    found = [{text.replace(START, "^").replace(END, "$") for text in shortest(texts)} for texts in read(pattern).needs]
    assert needed in found if needed else not found


pieces = st.recursive(
    st.sampled_from(
        ["a", "b", "B", "ab", "ba ", " ", "-", ".", "“", "^", "$", r"\b", "[ab]", "[^a]", "[.)!]", "[(]", "[ *-]", "é"]
    ),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?-i:{})".format, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}"])),
    ),
    max_leaves=12,
)
short_lines = st.text(st.sampled_from("abBaé -.()!*“”'\u00a0"), max_size=8)


@settings(max_examples=400, deadline=None)
@given(pieces, st.lists(short_lines, min_size=1, max_size=8))
def test_no_pattern_matches_without_what_it_needs(pattern: str, lines: list[str]) -> None:
    pattern = f"(?im)(?:{pattern})"
    compiled = re2.compile(pattern, options())
    for line in filter(compiled.search, lines):
        for texts in read(pattern).needs:
            assert _has(line, texts), (line, texts)


EDGED = [
    "a", "^ab", "^ba b", "ab$", "b a$", "^ba$", "^ab.*b$", "é$", "^é", "(?-i:B)$", "^(?-i:B)a", "^a|b$", "-b",
    "^-*b[.]*$", "^(?:[ab]a.*|[^ab]b)$", "-b$", "[(]b[)]$", " b$", "'b'$", "-$", "[(]a[.]$",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(short_lines, max_size=8))
def test_lines_are_spotted_that_have_what_rules_need(lines: list[str]) -> None:
    """Those, and no others; all that RE2 finds a match in are among them."""
    examples = {"max_length": 99, "takes": ["a", "b"], "leaves": ["c", "d"]}
    scoped = [(scope, pattern) for scope in ("inline", "suffix") for pattern in EDGED]
    tables = [
        {"id": f"x{number:02}", "scope": scope, "pattern": pattern} | examples
        for number, (scope, pattern) in enumerate(scoped)
    ]
    known = _read({"p": {"rule": tables}}, checked=False)
    data = "\n".join(lines).encode()
    spotted = Triggers(known).spotted(data, Lines.of(data))
    wanted = [
        (number, place)
        for number, rule in enumerate(known)
        for place, line in enumerate(lines)
        if line and all(_has(line, texts) for texts in needs(rule))
    ]
    assert list(zip(spotted.rules.tolist(), spotted.of.tolist(), strict=True)) == wanted
    told = []
    for rule, of, joined, starts in spotted.by_rule():
        told += [(rule, place) for place in of.tolist()]
        own = [joined[start : end - 1].decode() for start, end in itertools.pairwise(starts)]
        assert own == [lines[place] for place in of.tolist()]
    assert told == wanted
    matched = {
        (number, place)
        for number, rule in enumerate(known)
        for place, line in enumerate(lines)
        if line and re2.compile(rule.anchored, options()).search(line)
    }
    assert matched <= set(wanted)


def _has(line: str, texts: Texts) -> bool:
    """Whether a line has one of the texts, a capital where the text has one, told without the loops."""
    marked = "".join(map(fold, line))
    opened = len(line) - len(marked.lstrip(MARKS))
    closed = len(marked.rstrip(CLOSERS))
    for text in texts:
        bare = text.strip(START + END)
        for place in range(len(line) - len(bare) + 1):
            end = place + len(bare)
            if (
                marked[place:end] == "".join(map(fold, bare))
                and (place == opened or not text.startswith(START))
                and (end == closed or not text.endswith(END))
                and all(own.isupper() for own, asked in zip(line[place:end], bare, strict=True) if asked.isupper())
            ):
                return True
    return False


@pytest.mark.parametrize("pattern", ["(lamp", "lamp)", "[a-", r"\Qlamp\E", r"\1", "*", r"\x{6d", r"\x{e000}"])
def test_what_cannot_be_read(pattern: str) -> None:
    with pytest.raises(Unread):
        read(pattern)


def test_case_is_folded_as_re2_does() -> None:
    """No two characters that RE2 takes for one another are told apart, and a capital that must be one is one."""
    letters = [chr(code) for code in range(0x80, 0xD7A4) if len({chr(code), chr(code).lower(), chr(code).upper()}) > 1]
    letters += list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    text = "\n".join(letters)
    for letter in letters[::7] + letters[-52:]:
        same = re2.compile(f"(?i){letter}", options()).findall(text)
        assert {fold(one) for one in same} == {fold(letter)}
        assert not fold(letter).isupper()
