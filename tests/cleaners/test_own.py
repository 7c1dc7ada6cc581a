"""A user's own packs, and the examples of rules, run."""

from __future__ import annotations

from typing import Any

import pytest

from cleaners import Cleaner, Source
from cleaners.examples import failures, matched
from cleaners.own import load_own
from cleaners.rules import RuleError, load, rules
from tests.cleaners.test_clean import FIRST, SECOND, story

RULE: dict[str, Any] = {
    "id": "bell-line",
    "scope": "line",
    "max_length": 60,
    "pattern": "Ring the {{bell}} on {{weekday}}",
    "takes": ["Ring the bell on Monday", "Ring the gong on Friday"],
    "leaves": ["Ring the bell", "They ring the bell on Monday."],
}
PACK = {"words": {"bell": "bell|gong"}, "rule": [RULE]}


def test_a_users_rule_knows_its_own_words_and_the_common_ones() -> None:
    (rule,) = load_own({"bells": PACK})
    assert (rule.id, rule.category) == ("bell-line", "bells")
    assert list(failures(rule)) == []
    cleaner = Cleaner([*rules(), rule])
    (done,) = cleaner.clean_many([Source(story(FIRST, "Ring the gong on Sunday", SECOND, "Advertisement"))])
    assert done.text == story(FIRST, SECOND) + "\n\n"
    assert done.removals[0].rules == ("bell-line",)


def test_words_of_a_folder() -> None:
    (rule,) = load_own({"bells": {"rule": [RULE]}}, {"bell": "gong"})
    assert [f.line for f in failures(rule)] == ["Ring the bell on Monday"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "there is no rule in it"),
        ({"rules": [RULE]}, r"unknown keys \['rules'\]"),
        ({"rule": RULE}, "tables that begin with"),
        ({"rule": ["a"]}, "tables that begin with"),
        ({"rule": [RULE], "words": {"bell": 1}}, "holds texts"),
        ({"rule": [RULE], "words": "bell"}, "holds texts"),
        ({"rule": [RULE]}, "no words called 'bell'"),
        ({"rule": [RULE | {"id": "ad-word", "pattern": "x"}]}, "'ad-word': copydesk has a rule of that id"),
        ({"rule": [RULE | {"id": "menu-line", "pattern": "x"}]}, "copydesk has a rule of that id"),
        ({"rule": [RULE | {"id": "model:nav", "pattern": "x"}]}, "copydesk has a rule of that id"),
        ({"rule": [RULE | {"category": "template", "pattern": "x"}]}, "is of the category 'template'; name another"),
        ({"rule": [RULE | {"category": "model", "pattern": "x"}]}, "is of the category 'model'; name another"),
        ({"rule": [RULE | {"pattern": 5}]}, "pattern must be a text"),
        ({"rule": [RULE | {"pattern": ""}]}, "pattern must be a text"),
        ({"rule": [RULE | {"id": 5}]}, "id must be a text"),
        ({"rule": [RULE | {"max_length": "long"}]}, "max_length must be a whole number"),
        ({"rule": [RULE | {"max_length": True}]}, "max_length must be a whole number"),
        ({"rule": [RULE | {"takes": "Ring the bell"}]}, "takes must be a list of texts"),
        ({"rule": [RULE | {"languages": ["en", 1]}]}, "languages must be a list of texts"),
    ],
)
def test_packs_that_are_wrong_are_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(RuleError, match=said) as error:
        load_own({"bells": document})
    assert "bells" in str(error.value)


def test_an_id_in_two_packs_is_refused() -> None:
    with pytest.raises(RuleError, match=r"pack more, rule 'bell-line': the id is used twice"):
        load_own({"bells": PACK, "more": PACK})


def test_a_packs_name_is_the_category_of_its_rules_and_may_not_be_that_of_templates() -> None:
    with pytest.raises(RuleError, match="pack template, rule 'bell-line'"):
        load_own({"template": PACK})


def test_examples_that_do_not_hold_are_told() -> None:
    wrong = RULE | {"pattern": "Ring.*", "max_length": 20, "takes": ["Ring!", "Ring the bell on Monday", "Sing"]}
    (rule,) = load({"bells": {"rule": [wrong]}})
    assert [(f.kind, f.line) for f in failures(rule)] == [
        ("takes", "Ring the bell on Monday"),
        ("takes", "Sing"),
        ("leaves", "Ring the bell"),
    ]
    assert "max_length is 20" in next(failures(rule)).why


def test_a_rule_or_category_that_is_switched_off_takes_nothing() -> None:
    text = story("Skip to content", "Harbor Sports", FIRST, "Advertisement", SECOND, "Photo: Ida Brandt")
    everything = Cleaner(rules()).clean_many([Source(text)])[0]
    assert everything.text == story(FIRST, SECOND) + "\n\n"
    less = Cleaner(rules(), ["ad_marker", "menu-line"])
    assert "ad-word" not in {rule.id for rule in less.rules}
    assert less.clean_many([Source(text)])[0].text == story("Harbor Sports", FIRST, "Advertisement", SECOND) + "\n\n"


def test_matched_is_the_engines_word() -> None:
    (rule,) = load({"bells": {"rule": [RULE | {"pattern": "bell", "scope": "inline"}]}})
    assert matched(rule, "a bell")
    assert not matched(rule, "a" * 60 + " bell")
