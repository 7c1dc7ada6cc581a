"""What `reclean` shows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import orjson

from copydesk.terminal import counted, printable
from copydesk.upkeep.reclean import Example, Recleaned

_LENGTH = 100  # characters of a line that is shown
_LINES = 3  # of an example


def as_json(done: Recleaned) -> str:
    """One JSON object: the fields of Recleaned."""
    return orjson.dumps(asdict(done)).decode()


def summary(done: Recleaned, output: Path | str, dry_run: bool) -> str:
    """What changed, or would change, for people: counts, rules, examples."""
    would = "would change" if dry_run else "changed"
    lines = [
        f"{done.changed:,} of {counted(done.rows, 'row')} in {printable(str(output))} {would}, "
        f"the text of {done.texts:,}: "
        f"{counted(done.chars_taken, 'character')} more taken out, {done.chars_put_back:,} put back"
    ]
    if done.not_restored:
        lines.append(f"{done.not_restored:,} rows left alone: they cannot be restored; `copydesk verify` tells more")
    if done.emptied:
        lines.append(f"{done.emptied:,} rows left alone: nothing would be left of their text")
    if done.pairs:
        lines.append(f"{counted(done.pairs, 'pair')} measured anew; nothing was matched again")
    if done.rules:
        lines += ["", f"{'rule':<40}{'takes more in':>15}{'takes less in':>15}"]
        by_count = sorted(done.rules.items(), key=lambda rule: (-sum(rule[1].values()), rule[0]))
        lines += [f"{rule:<40}{n['takes_more']:>10,} rows{n['takes_less']:>10,} rows" for rule, n in by_count]
    for example in done.examples:
        lines += ["", *_example(example)]
    return "\n".join(lines)


def _example(example: Example) -> list[str]:
    told = [("-", text) for text in example.taken] + [("+", text) for text in example.put_back]
    shown = [f"  {sign} {_short(text)}" for sign, text in told[:_LINES]]
    more = [f"  and {len(told) - _LINES} more"] if len(told) > _LINES else []
    return [f"{example.id}  {_short(example.title or '')}".rstrip(), *shown, *more]


def _short(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= _LENGTH else line[: _LENGTH - 1] + "…"
