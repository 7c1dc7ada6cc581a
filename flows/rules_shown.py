"""What `copydesk rules` prints. Texts of others cannot do anything to the terminal (terminal.printable)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from cleaners.examples import Failed
from copydesk.inspect.trial import Counts, Sample, Tried
from copydesk.terminal import counted, printable

_TAKEN = {
    "new": "nothing else takes it",
    "known": "other rules take it already",
    "vetoed": "a veto or the model saved it",
}
_KEPT = {"new": "kept by nothing else", "known": "kept by others too"}


def as_json(told: Mapping[str, Any]) -> str:
    """One JSON object."""
    return orjson.dumps(told).decode()


def listed(rules: Sequence[Mapping[str, Any]]) -> str:
    """A line a rule, its columns apart."""
    head = ("id", "category", "action", "scope", "languages", "from")
    rows = [
        (rule["id"], rule["category"], _action(rule), rule["scope"], ",".join(rule["languages"]) or "all", rule["from"])
        for rule in rules
    ]
    table = [head, *(tuple(map(printable, row)) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*lines, _rules(len(rules))])


def _action(rule: Mapping[str, Any]) -> str:
    return f"field {rule['field']}" if rule["field"] else str(rule["action"])


def checked(count: int, failed: Sequence[Failed]) -> str:
    """What did not hold, with what to mend."""
    lines = [
        f"{printable(f.rule)}: {'must take' if f.kind == 'takes' else 'must leave'} {printable(f.line)!r}: {f.why}"
        for f in failed
    ]
    wrong = len({f.rule for f in failed})
    verdict = f"{wrong} of {_rules(count)} failed" if failed else f"{_rules(count)}, all examples hold"
    return "\n".join([*lines, verdict])


def _rules(count: int) -> str:
    return f"{count:,} rule{'s' * (count != 1)}"


def tried(done: Tried) -> str:
    """Counts, then samples, the part in question between [- and -] (for vetoes: what they keep, between [+ and +])."""
    lines = [f"{counted(done.articles, 'article')}, {counted(done.words, 'word')} read"]
    if done.rejects:
        lines.append(f"{done.rejects:,} could not be read, first {printable(done.first_reject or '')}")
    for rule, counts in done.rules.items():
        lines += ["", printable(rule), *_counts(counts, done)]
    if len(done.rules) > 1:
        lines += ["", "all of them", *_counts(done.total, done)]
    if done.more_words:
        lines.append(f"elsewhere, because of it: {counted(done.more_words, 'word')} more taken out")
    if done.less_words:
        lines.append(f"kept because of it: {counted(done.less_words, 'word')}, taken out without it")
    for sample in done.samples:
        lines += ["", *_sample(sample)]
    return "\n".join(lines)


def _counts(counts: Counts, done: Tried) -> Iterator[str]:
    share = _share(counts.articles, done.articles)
    yield f"  touches   {counted(counts.articles, 'article')} ({share}), {counted(counts.hits, 'place')}"
    saved = f"{counts.vetoed:,} saved by a veto or the model"
    yield f"  of these  {counts.new:,} new, {counts.known:,} known to other rules, {saved}"
    yield (
        f"  takes     {counted(counts.lines, 'line')}, {counted(counts.words, 'word')} "
        f"({_share(counts.words, done.words)}), {counted(counts.chars, 'character')}"
    )
    yield (
        f"  new       {counted(counts.new_lines, 'line')}, {counted(counts.new_words, 'word')} "
        f"({_share(counts.new_words, done.words)}), {counted(counts.new_chars, 'character')}"
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %" if whole else "none"


def _sample(sample: Sample) -> Iterator[str]:
    others = f" ({', '.join(sample.others)})" if sample.others else ""
    about = (_KEPT if sample.kept else _TAKEN)[sample.status]
    yield printable(f"{sample.where}  {', '.join(sample.rules)}: {about}{others}")
    sign = "+" if sample.kept else "-"
    shown = f"{sample.before}[{sign}{sample.part}{sign}]{sample.after}"
    yield from (f"  | {printable(line)}" for line in shown.split("\n") if line.strip())
