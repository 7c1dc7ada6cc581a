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
    from copydesk.templates.rulings import rule
    from flows import console

    root = _root(output, config)
    now = rule(root, lines, ruling)
    told = {"pinned": sorted(now.pinned), "forbidden": sorted(now.forbidden)}
    ruled = f"{counted(len(now.pinned), 'line')} pinned, {len(now.forbidden):,} forbidden"
    plain = f"{place.name(root)}: {ruled}; `copydesk reclean` applies it"
    print(console.as_json(told) if json else plain)
    return 0


def _root(output: str | None, config: Path | None) -> Path:
    return existing(read_settings(config, output=output).output, whole=True)


def _shown(found: list[Learned]) -> str:
    """A line each, for people."""
    if not found:
        return "no line was learned to be a template"
    lines = [f"{'texts':>7} {'stories':>7} {'of site':>7}  {'stands':<24} {'id':<22} site: line"]
    for one in found:
        text = printable(" ".join((one.text or "(its text is not kept, and no removal by it has it)").split()))
        text = text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"
        stands = " ".join(name for name, share in one.places.items() if share >= 0.5)
        ruling = f" [{one.ruling}]" if one.ruling else ""
        lines.append(
            f"{one.texts:>7,} {one.stories:>7,} {one.spread:>7.1%}  {stands:<24} {one.id:<22} "
            f"{printable(one.site or 'any')}{ruling}: {text}"
        )
    return "\n".join(lines)
