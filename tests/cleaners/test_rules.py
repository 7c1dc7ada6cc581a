"""Every rule takes what it says it takes and leaves what it says it leaves; packs that are wrong are refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import re2

from cleaners.cleaning import default
from cleaners.engine import Engine
from cleaners.examples import matched
from cleaners.patterns import Values
from cleaners.rules import Rule, RuleError, _check, load, options, rules

TAKES = [pytest.param(rule, line, id=f"{rule.id}-{n}") for rule in rules() for n, line in enumerate(rule.takes)]
LEAVES = [pytest.param(rule, line, id=f"{rule.id}-{n}") for rule in rules() for n, line in enumerate(rule.leaves)]


@pytest.mark.parametrize(("rule", "line"), TAKES)
def test_takes(rule: Rule, line: str) -> None:
    assert matched(rule, line)
    assert len(line) <= rule.max_length


@pytest.mark.parametrize(("rule", "line"), LEAVES)
def test_leaves(rule: Rule, line: str) -> None:
    assert not matched(rule, line)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_pattern_is_small_and_linear(rule: Rule) -> None:
    compiled = re2.compile(rule.anchored, options())
    assert compiled.programsize < 40_000
    assert all(int(most) <= 8 for most in re.findall(r"\{\d*,?(\d+)\}", rule.pattern)), "counted repeats are small"
    assert r"\n" not in rule.pattern


def test_examples_are_not_taken_by_longer_lines() -> None:
    rule = next(rule for rule in rules() if rule.id == "ad-word")
    assert not matched(rule, " " * rule.max_length + "Advertisement")


def test_ids_are_ordered_and_packs_are_all_read() -> None:
    ids = [rule.id for rule in rules()]
    assert ids == sorted(ids)
    assert {"ad_marker", "header", "caption", "newsletter", "placeholder_list", "legal"} <= {
        rule.category for rule in rules()
    }
    assert default() is default()


GOOD: dict[str, Any] = {
    "id": "x",
    "scope": "line",
    "max_length": 10,
    "pattern": "a{{b}}",
    "takes": ["abb", "abb"],
    "leaves": ["c", "d"],
}


def test_a_pack_of_a_language_speaks_it_and_knows_its_words() -> None:
    shape = {**GOOD, "pattern": "{{ab}}"}
    packs = {
        "common/_words": {"words": {"ab": "a{{b}}", "b": "c"}},
        "de/_words": {"words": {"b": "bb"}},
        "de/news": {"rule": [shape]},
    }
    (rule,) = load(packs)
    assert (rule.category, rule.languages) == ("news", ("de",))
    assert matched(rule, "abb")
    assert [rule.speaks(language) for language in ("de-AT", None, "en", "fr")] == [True, True, False, False]


def test_english_and_common_rules_are_for_every_text() -> None:
    rule = load({"en/news": {"rule": [{**GOOD, "pattern": "abb"}]}})[0]
    assert rule.speaks("fr")
    assert load({"common/news": {"rule": [{**GOOD, "pattern": "abb"}]}})[0].speaks("fr")


def test_a_space_is_any_blank() -> None:
    rule = load({"p": {"rule": [{**GOOD, "pattern": "a b[ c]*", "takes": ["a b", "a\tb"]}]}})[0]
    assert all(matched(rule, line) for line in ("a b", "a\u00a0b", "a b \u00a0c"))


def test_a_hint_at_the_start_looks_past_marks() -> None:
    rule = load({"p": {"rule": [{**GOOD, "pattern": "abb.*", "hint": "^abb"}]}})[0]
    assert rule.tied
    assert matched(rule, " • abb")
    assert not matched(rule, "c abb")


def test_words_are_put_in() -> None:
    packs = {"_words": {"words": {"b": "b{{c}}", "c": "b"}}, "p": {"rule": [GOOD]}}
    assert [(rule.id, rule.category) for rule in load(packs)] == [("x", "p")]
    assert matched(load(packs)[0], "abb")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "unknown keys"),
        ({"pattern": "by (?=a)"}, "`pattern` is no pattern that RE2 reads: invalid perl operator: (?="),
        ({"pattern": "(à"}, "`pattern` is no pattern that RE2 reads: missing )"),
        ({"pattern": "a)|(b"}, "`pattern` is no pattern that RE2 reads: unexpected )"),
        ({"pattern": "à[b" + "é" * 99}, "RE2 reads: missing ]: [b" + "é" * 58),
        ({"hint": "b{2000}"}, "`hint` is no pattern that RE2 reads: invalid repetition size: {2000}"),
        ({"pattern": r"\Aabb"}, r"`pattern` may not have \A: it is asked of lines"),
        ({"pattern": r"[\]A]|abb\z"}, r"`pattern` may not have \z"),
        ({"pattern": "(?i-ms:abb$)"}, "`pattern` may not have (?i-m"),
        ({"pattern": r"abb\C"}, r"`pattern` may not have \C"),
        ({"pattern": r"\Qa b\E"}, r"`pattern` may not have \Q"),
        ({"hint": r"\Aabb"}, r"`hint` may not have \A"),
        ({"pattern": "{{nothing}}"}, "no words"),
        ({"scope": "page"}, "scope"),
        ({"action": "erase"}, "action"),
        ({"action": "field"}, "field"),
        ({"field": "title"}, "field"),
        ({"action": "field", "field": "colour"}, "none of"),
        ({"action": "field", "field": "credit"}, "no group (?P<credit>...) in the pattern"),
        ({"max_length": 0}, "max_length"),
        ({"languages": ["pt", "pt-BR"]}, "not as ['pt-BR']"),
        ({"languages": ["DE"]}, "not as ['DE']"),
        ({"takes": ["one"]}, "at least 2"),
        ({"leaves": []}, "at least 2"),
        ({"pattern": "(?P<colour>a)"}, "no fields"),
    ],
)
def test_wrong_packs_are_refused(change: dict[str, Any], said: str) -> None:
    rule = {**GOOD, "pattern": "abb", **change}
    with pytest.raises(RuleError, match=r"pack p, rule 'x'") as error:
        load({"p": {"rule": [rule]}})
    assert said in str(error.value)
    assert len(str(error.value)) < 200
    assert "\\x" not in str(error.value)


def test_missing_keys_and_ids_used_twice_are_refused() -> None:
    rule = {**GOOD, "pattern": "abb"}
    with pytest.raises(RuleError, match="missing keys"):
        load({"p": {"rule": [{"id": "x"}]}})
    with pytest.raises(RuleError, match="used twice"):
        load({"p": {"rule": [rule]}, "q": {"rule": [rule]}})
    with pytest.raises(RuleError, match="circle"):
        load({"_words": {"words": {"b": "{{b}}"}}, "p": {"rule": [GOOD]}})


def test_a_field_may_be_named_in_every_way_to_match() -> None:
    rule = {**GOOD, "pattern": r"a(?P<credit>[(b]+)|c[(](?P<credit>d)", "takes": ["ab", "c(d"]}
    engine = Engine(load({"p": {"rule": [rule]}}))
    (found,) = engine.hits([b"a(b\nc(d"])
    assert [hit.values for hit in found] == [(("credit", "(b"),), (("credit", "d"),)]


@pytest.mark.parametrize(
    ("pattern", "line", "values"),
    [
        (r"[[:alpha:] ]+:[[:^digit:](](?P<credit>\w+)", "Photo by: Ida", (("credit", "Ida"),)),
        (r"photo[]( ](?P<credit>\w+)", "photo(Ida", (("credit", "Ida"),)),
        (r"photo\t(?<credit>[ -~]+)", "photo\tIda B.", (("credit", "Ida B."),)),
    ],
)
def test_classes_and_groups_are_read_as_re2_reads_them(pattern: str, line: str, values: Values) -> None:
    engine = Engine(load({"p": {"rule": [{**GOOD, "pattern": pattern, "max_length": 20}]}}))
    ((found,),) = engine.hits([line.encode()])
    assert (found.start, found.end, found.values) == (0, len(line), values)


def test_what_is_kept_of_the_packs_is_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    built, again = rules.__wrapped__(), rules.__wrapped__()
    assert built == again == rules()
    assert [path.name.partition("-")[0] for path in tmp_path.iterdir()] == ["copydesk.rules"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_that_comes_with_this_package_is_such_as_others_may_write(rule: Rule) -> None:
    _check(rule.id, rule)
