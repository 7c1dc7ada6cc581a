"""`copydesk rules`: what the rules are, whether their examples hold, and what one would do to a corpus."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from copydesk.errors import UsageError
from flows import learned_cli
from flows.options import AsJson, Config, Paths, Rules, Without, input_paths, numbered, pairs, read_settings

app = App(
    name="rules",
    help="Look at the rules of cleaning, try one on a corpus; see what was learned of sites, and overrule it.",
)

learned_cli.add_to(app)

SAMPLES = 10

TEST_EXAMPLES = """
Examples:
  copydesk rules test my-rules.toml crawl/ news.jsonl
  copydesk rules test newsletter-suffix 'crawl/**/*.warc.gz' --limit 30
"""


@app.command(name="list")
def list_rules(
    *,
    language: Annotated[str | None, Parameter(help="Only those for texts of this language (BCP 47).")] = None,
    category: Annotated[str | None, Parameter(help="Only those of this category.")] = None,
    rules: Rules = None,
    without: Without = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """List the rules in force: those that come with copydesk, and your own."""
    from copydesk.articles import cleaning
    from flows import rules_shown

    settings = read_settings(config, rules=rules, without=without)
    found = cleaning.described(settings)
    if category is not None and category not in {rule["category"] for rule in found}:
        raise UsageError(f"no category {category}; there are {', '.join(sorted({rule['category'] for rule in found}))}")
    wanted = [rule for rule in found if category in (None, rule["category"]) and cleaning.speaks(rule, language)]
    print(rules_shown.as_json({"rules": wanted}) if json else rules_shown.listed(wanted))
    return 0


@app.command
def check(
    paths: Annotated[
        list[Path] | None, Parameter(help="Files and folders of rules. Default: those that come with copydesk.")
    ] = None,
    /,
    *,
    json: AsJson = False,
) -> int:
    """Run the examples of rules: each must take what it says it takes and leave the look-alikes. Exit code 1 if not."""
    from cleaners.examples import failures
    from cleaners.rules import rules as shipped
    from copydesk.articles import cleaning
    from flows import rules_shown

    checked = cleaning.own_rules(paths) if paths else shipped()
    failed = [failure for rule in checked for failure in failures(rule)]
    if json:
        print(rules_shown.as_json({"rules": len(checked), "failed": [dataclasses.asdict(f) for f in failed]}))
    else:
        print(rules_shown.checked(len(checked), failed))
    return 1 if failed else 0


@app.command(name="test", help_epilogue=TEST_EXAMPLES)
def try_rules(
    rule: Annotated[str, Parameter(help="A rule's id, or a file or folder of rules.")],
    corpus: Paths,
    /,
    *,
    limit: Annotated[int, numbered("How many samples to show.", least=0)] = SAMPLES,
    map: Annotated[
        list[str] | None, Parameter(help="Another name of a record's field, as text=body; may be repeated.")
    ] = None,
    rules: Rules = None,
    without: Without = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Show what rules would take out of a corpus before you adopt them; nothing is written."""
    from copydesk.inspect import trial
    from flows import rules_shown

    settings = read_settings(
        config, inputs=input_paths(corpus), map=pairs(map) if map else None, rules=rules, without=without
    )
    chosen, ids = trial.tested(rule, settings)
    tried = trial.run(chosen, ids, limit)
    print(rules_shown.as_json(dataclasses.asdict(tried)) if json else rules_shown.tried(tried))
    return 0
