"""`copydesk settings`: what is in force, and where it comes from."""

from __future__ import annotations

import json as plain_json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from cyclopts import App

from copydesk.settings import Settings
from copydesk.terminal import printable
from flows.options import CONFIG_FILE, AsJson, Config, file_settings, read_settings

EXAMPLES = """
Examples:
  copydesk settings
  copydesk settings > copydesk.toml
  copydesk settings --config nightly.toml --json
"""


def add_to(app: App) -> None:
    """Make it a command of the application."""
    app.command(settings, help_epilogue=EXAMPLES)


def settings(*, config: Config = None, json: AsJson = False) -> int:
    """Print the settings in force, as a copydesk.toml: what each means and where it comes from. Options win over it."""
    in_force = read_settings(config)
    file = printable(str(config or Path(CONFIG_FILE)))
    given = file_settings(config)
    told = {
        name: (value, file if name in given else "default") for name, value in in_force.model_dump(mode="json").items()
    }
    if json:
        print(orjson.dumps({name: {"value": value, "from": source} for name, (value, source) in told.items()}).decode())
    else:
        print(as_toml(told), end="")
    return 0


def as_toml(told: Mapping[str, tuple[Any, str]]) -> str:
    """A settings file: of each setting what it means, its value and where that comes from. Tables come last."""
    lines = []
    for name, (value, source) in sorted(told.items(), key=lambda item: isinstance(item[1][0], dict)):
        lines.append(f"# {Settings.model_fields[name].description}")
        if isinstance(value, dict):
            lines.append(f"[{name}]  # {source}")
            lines += [f"{key} = {_toml(one)}" for key, one in value.items()]
        else:
            lines.append(f"{name} = {_toml(value)}  # {source}")
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _toml(value: Any) -> str:
    """A value; JSON's strings, numbers, booleans and lists are TOML's too."""
    return plain_json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
