"""The examples of rules, run: each rule alone must take what it says it takes, and leave what it says it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cleaners.engine import Engine
from cleaners.rules import Rule


@dataclass(frozen=True, slots=True)
class Failed:
    """An example that does not hold. kind: the list that it is in."""

    rule: str
    kind: Literal["takes", "leaves"]
    line: str
    why: str


def matched(rule: Rule, line: str) -> bool:
    """Whether the engine, knowing this rule only, finds it in the line."""
    data = line.encode("utf-8", "surrogatepass")
    alone = Engine([rule])
    (found,) = alone.vetoes([data]) if rule.action == "keep" else alone.hits([data])
    return bool(found)


def failures(rule: Rule) -> Iterator[Failed]:
    """The examples of a rule that do not hold."""
    for line in rule.takes:
        if len(line) > rule.max_length:
            why = f"the line has {len(line)} characters, the rule's max_length is {rule.max_length}"
            yield Failed(rule.id, "takes", line, why)
        elif not matched(rule, line):
            yield Failed(rule.id, "takes", line, "the rule does not match it")
    for line in rule.leaves:
        if matched(rule, line):
            yield Failed(rule.id, "leaves", line, "the rule matches it")
