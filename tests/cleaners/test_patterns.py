"""Patterns say what the binding of RE2 says of them."""

from __future__ import annotations

import numpy as np
import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from cleaners.batch import less
from cleaners.patterns import Pattern, Regexp, in_latin, is_latin, lines
from cleaners.rules import Rule, options, rules

PATTERN = r"(?im)^by (?P<authors>\w+)(?: and (?P<more>\w+))?|(b+)"


@given(st.text("aby\n BY", max_size=30).map(str.encode), st.integers(0, 30))
def test_a_match_is_what_the_binding_finds(data: bytes, position: int) -> None:
    found = Regexp(PATTERN, options()).search(data, min(position, len(data)))
    told = re2.compile(PATTERN, options()).search(data, min(position, len(data)))
    assert (found and list(found)) == (told and [told.span(group) for group in range(4)])


def test_values_are_of_groups_that_have_a_part_in_the_match() -> None:
    pattern = Pattern(PATTERN)
    assert pattern.matches(b"by Ada and Bo") == ((0, 13, (("authors", "Ada"), ("more", "Bo"))),)
    assert pattern.matches(b"by Ada, abb") == ((0, 6, (("authors", "Ada"),)), (9, 11, ()))
    with pytest.raises(re2.error):
        Pattern("(").matches(b"")


@pytest.mark.parametrize("rule", [rule for rule in rules() if rule.from_start][::4], ids=lambda rule: rule.id)
def test_what_matches_from_the_start_is_asked_there_and_says_the_same(rule: Rule) -> None:
    there, anywhere = Pattern(rule.anchored, rule.from_start), Pattern(rule.anchored)
    for line in map(str.encode, (*rule.takes, *rule.leaves)):
        for one in (line, b"  " + line, b"And more. " + line, line + b" " + line):
            assert there.matches(one) == anywhere.matches(one)


@pytest.mark.parametrize("rule", rules()[::3], ids=lambda rule: rule.id)
def test_what_a_rule_matches_in_latin_letters(rule: Rule) -> None:
    read, whole = (Regexp(pattern, options()) for pattern in (in_latin(rule.anchored), rule.anchored))
    for line in (*rule.takes, *rule.leaves, "Ida Brandt – “Ägidius Ÿ” / AP, 4 K", ""):
        for one in filter(is_latin, map(str.encode, (line, line.upper(), f"And more. {line} 7."))):
            found, told = read.search(one), whole.search(one)
            assert (found and list(found)) == (told and list(told))


@pytest.mark.parametrize("pattern", [r"\p{Lu}", r"\p{Ll}", r"\p{L}", r"[^\p{Lu}’\n]", r"[\p{L}\p{N}_-]", r"[[\p{N}]"])
@pytest.mark.parametrize("flags", ["", "(?i)", "(?i)(?-i:.)"])
def test_latin_characters_by_name(pattern: str, flags: str) -> None:
    codes = (*range(0xD800), *range(0xE000, 0x20000))
    every = "".join(map(chr, filter(lambda code: is_latin(chr(code).encode()), codes)))
    assert every.startswith("".join(map(chr, range(0x100))))
    assert {"€", "⦁", "\u203f", "🍊"} < set(every)
    assert "p{" not in in_latin(flags + pattern)
    assert re2.findall(in_latin(flags + pattern), every) == re2.findall(flags + pattern, every)


@pytest.mark.parametrize(
    "pattern", [r"[]\p{L}]", r"[^]\p{L}]", r"[[:alpha:]\p{L}]", r"\Q\p{L}\E", r"\\p{L}", r"\pL\P{L}"]
)
def test_what_is_not_read_of_a_pattern_stays(pattern: str) -> None:
    assert in_latin(pattern) == pattern


def test_lines_that_match() -> None:
    assert list(lines(Regexp("b", options()), b"ab\n\na\nb")) == [(0, 2), (6, 7)]


@given(st.lists(st.tuples(st.text("ab", max_size=3), st.booleans()), max_size=8), st.integers(1, 3))
def test_texts_less_parts_of_them(parts: list[tuple[str, bool]], size: int) -> None:
    texts = [parts[at : at + size] for at in range(0, len(parts), size)]
    data = "\n".join("".join(part for part, _ in text) for text in texts).encode()
    begins, ends, starts, stops, bounds, at = [], [], [], [], [], 0
    for text in texts:
        begins.append(at)
        for part, taken in text:
            if taken:
                starts.append(at)
                stops.append(at + len(part))
            at += len(part)
        ends.append(at)
        bounds.append(len(starts))
        at += 1
    numbers = (np.array(one, np.int64) for one in (begins, ends, starts, stops, bounds))
    left, lefts = less(np.frombuffer(data, np.uint8), *numbers)
    assert left.tobytes().decode() == "".join(part for text in texts for part, taken in text if not taken)
    assert lefts.tolist() == np.cumsum([sum(len(p) for p, taken in text if not taken) for text in texts]).tolist()
