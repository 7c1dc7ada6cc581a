"""What the commands have in common: options, and the settings that come of them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from copydesk import settings as config
from copydesk.errors import UsageError
from copydesk.settings import Settings
from copydesk.store import place

CONFIG_FILE = "copydesk.toml"

MOST = 1_000_000_000
"""Of anything that is asked for by number: more than there can be, and few enough for all who count them."""


def numbered(help: str, least: int = 1, name: Sequence[str] = ()) -> Parameter:
    """The option of a number of things, from `least` on. name: default: that of the parameter."""
    return Parameter(name=tuple(name) or None, help=help, validator=Number(gte=least, lte=MOST))


def described(name: str, short: str | None = None) -> Parameter:
    """The option of a setting, with the setting's own words as its help."""
    long = "--" + name.replace("_", "-")
    return Parameter(name=(long, short) if short else long, help=Settings.model_fields[name].description)


Paths = Annotated[list[str], Parameter(help=Settings.model_fields["inputs"].description, allow_leading_hyphen=True)]
Output = Annotated[str | None, described("output", "-o")]
Workers = Annotated[int | None, described("workers", "-w")]
Engine = Annotated[str | None, described("engine")]
Rules = Annotated[list[Path] | None, described("rules")]
Learn = Annotated[bool | None, Parameter(negative="--no-learn", help=Settings.model_fields["learn"].description)]
Without = Annotated[list[str] | None, described("without")]
Config = Annotated[
    Path | None,
    Parameter(help=f"Settings file (TOML). Default: {CONFIG_FILE} here, if there is one. Options win over it."),
]
LogFormat = Annotated[
    Literal["text", "json"] | None,
    Parameter(
        help="Tell of the progress in lines, on standard error. Default: a bar on a terminal, elsewhere nothing."
    ),
]
AsJson = Annotated[bool, Parameter(name="--json", help="Print one JSON object and nothing else.")]


def read_settings(path: Path | None = None, **given: Any) -> Settings:
    """The settings in force: what was given, over the file's, over the defaults. Raises UsageError."""
    return config.load(file_settings(path) | {k: v for k, v in given.items() if v is not None})


def file_settings(path: Path | None) -> dict[str, Any]:
    """What the settings file says, unchecked; nothing if none is named and there is none here. Raises UsageError."""
    file = path or Path(CONFIG_FILE)
    if path is None and not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))  # editors on Windows mark it so
    except OSError as error:
        raise UsageError(f"settings file {file}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"settings file {file}: {error}") from None


def input_paths(paths: Sequence[str]) -> tuple[str, ...]:
    """The inputs that were named. Raises UsageError for what looks like an option."""
    for path in paths:
        if path.startswith("-") and path != "-":
            raise UsageError(f"there is no option {path}; a file of that name is ./{path}")
    return tuple(paths)


def pairs(given: Sequence[str]) -> dict[str, str]:
    """The setting `map` from its option. Raises UsageError."""
    found: dict[str, str] = {}
    for one in given:
        ours, sign, theirs = one.partition("=")
        if not (ours and sign and theirs):
            raise UsageError(f"--map {one}: write it as field=name, as in --map title=headline")
        if ours in found:
            raise UsageError(f"--map {one}: {ours} is mapped to {found[ours]} already; a run takes one name of each")
        found[ours] = theirs
    return found


def existing(output: Path | str, whole: bool = False, sync: bool = True) -> Path:
    """The folder of an output that is there, or its working copy, up to date. Raises UsageError.

    whole: with all its files. sync: False for a working copy as it is, of an output that may be broken.
    """
    root = place.opened(output, whole=whole) if sync else place.local(output)
    if not sync and (origin := place.of(root)) and not origin.listed("_state"):
        raise UsageError(f"{output} is no output of copydesk: there is no _state below it")
    if not (root / "_state").is_dir():
        raise UsageError(f"{root} is no output of copydesk: it has no _state folder (give it with -o)")
    return root
