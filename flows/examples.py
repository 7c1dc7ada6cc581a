"""Examples at the end of each command's help, for those that bring none of their own."""

from __future__ import annotations

from cyclopts import App

_FIRST = """
Examples:
  copydesk ingest seeds -o output
  copydesk report -o output --to report.html
  copydesk ingest --help
"""

_EXAMPLES = {
    "verify": ("copydesk verify -o output", "copydesk verify -o output --read-data", "copydesk verify --repair"),
    "reindex": ("copydesk reindex -o output",),
    "maintain": ("copydesk maintain -o output --dry-run", "copydesk maintain -o output --grace-hours 1"),
    "reclean": ("copydesk reclean -o output --dry-run", "copydesk reclean --rules my-rules.toml --without bio"),
    "schema": ("copydesk schema > schema.md",),
    "serve": ("copydesk serve", "copydesk serve -o output --cron '*/30 * * * *'"),
    "watch": ("copydesk watch --notice https://hooks.example/news", "copydesk watch --silent 600"),
    "trigger": ("copydesk trigger some/articles -o output",),
    "rules": ("copydesk rules list", "copydesk rules test my-rules.toml crawl/ news.jsonl"),
    "rules list": ("copydesk rules list --category bio", "copydesk rules list --language de --json"),
    "rules check": ("copydesk rules check", "copydesk rules check my-rules.toml"),
    "rules learned": ("copydesk rules learned -o output", "copydesk rules learned --site example.com --json"),
    "rules pin": ("copydesk rules pin 'Our app is free.' -o output",),
    "rules forbid": ("copydesk rules forbid 'All the news of the coast.' -o output",),
    "rules drop": ("copydesk rules drop 'Our app is free.' -o output",),
}


def add_to(app: App) -> None:
    """Give the application, and each of its commands, examples."""
    app.help_epilogue = _FIRST
    for name, lines in _EXAMPLES.items():
        command = app
        for word in name.split():
            command = command[word]
        if not command.help_epilogue:
            command.help_epilogue = "\n".join(["", "Examples:", *(f"  {line}" for line in lines), ""])
