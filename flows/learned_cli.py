"""`copydesk rules learned`, `pin`, `forbid` and `drop`: see docs/templates.md."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from copydesk.store import place
from copydesk.terminal import counted, printable
from flows.options import AsJson, Config, Output, existing, read_settings

if TYPE_CHECKING:
    from copydesk.templates.learned import Learned
    from copydesk.templates.rulings import Ruling

Lines = Annotated[
    list[str], Parameter(help="Lines: as `rules learned` and removals/ name them (template:...), or their own text.")
]
_LENGTH = 76  # characters of a line that is shown


def add_to(app: App) -> None:
    """Make these commands of `copydesk rules`."""
    for command in (learned, pin, forbid, drop):
        app.command(command)


def learned(
    *,
    output: Output = None,
    site: Annotated[str | None, Parameter(help="Only lines of this publisher.")] = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """List the lines that were learned to be of a site's pages, with what speaks for it, and your rulings."""
    from copydesk.templates.learned import learned as find
    from flows import console

    found = find(_root(output, config), site)
    print(console.as_json({"learned": [asdict(one) for one in found]}) if json else _shown(found))
    return 0


def pin(lines: Lines, /, *, output: Output = None, config: Config = None, json: AsJson = False) -> int:
    """Have lines taken out wherever they stand, by the next run and by `reclean`."""
    return _rule(lines, "pin", output, config, json)


def forbid(lines: Lines, /, *, output: Output = None, config: Config = None, json: AsJson = False) -> int:
    """Have lines never taken out as templates, by the next run and by `reclean`."""
    return _rule(lines, "forbid", output, config, json)


def drop(lines: Lines, /, *, output: Output = None, config: Config = None, json: AsJson = False) -> int:
    """Take back what was pinned or forbidden."""
    return _rule(lines, "drop", output, config, json)


def _rule(lines: list[str], ruling: Ruling, output: str | None, config: Path | None, json: bool) -> int:
    from copydesk.store.store import Store
    from copydesk.templates import rulings
    from copydesk.templates.learned import unmet
    from flows import console

    root = _root(output, config)
    asked = {rulings.named(line): line for line in lines}
    before = rulings.load(Store(root))
    now = rulings.rule(root, lines, ruling)
    if ruling == "drop":
        idle = [name for name in asked if name not in before.pinned | before.forbidden]
    else:
        idle = unmet(root, asked)
    told = {"pinned": sorted(now.pinned), "forbidden": sorted(now.forbidden)}
    if json:
        print(console.as_json(told | {"unmet": sorted(idle)}))
        return 0
    ruled = f"{counted(len(now.pinned), 'line')} pinned, {len(now.forbidden):,} forbidden"
    print(f"{place.name(root)}: {ruled}; `copydesk reclean` applies it")
    for name in idle:
        print(f"warning: {_short(asked[name])}: {_IDLE[ruling]}")
    return 0


_IDLE = {
    "pin": "no text of this output is known to have this line; should one come, it is taken out",
    "forbid": "no text of this output is known to have this line; should one come, it is left",
    "drop": "this line was neither pinned nor forbidden",
}
"""What is said of a line that a ruling changes nothing of."""


def _short(line: str) -> str:
    text = printable(" ".join(line.split()))
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"


def _root(output: str | None, config: Path | None) -> Path:
    return existing(read_settings(config, output=output).output, whole=True)


def _shown(found: list[Learned]) -> str:
    """A line each, for people."""
    if not found:
        return "no line was learned to be a template"
    lines = [f"{'texts':>7} {'stories':>7} {'of site':>7}  {'stands':<24} {'id':<22} site: line"]
    for one in found:
        text = _short(one.text or "(its text is not kept, and no removal by it has it)")
        stands = " ".join(name for name, share in one.places.items() if share >= 0.5)
        ruling = f" [{one.ruling}]" if one.ruling else ""
        lines.append(
            f"{one.texts:>7,} {one.stories:>7,} {one.spread:>7.1%}  {stands:<24} {one.id:<22} "
            f"{printable(one.site or 'any')}{ruling}: {text}"
        )
    return "\n".join(lines)
