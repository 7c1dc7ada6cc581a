"""The command line. Nothing here imports Prefect until `serve`, `watch` or `trigger` is asked for."""

from __future__ import annotations

import codecs
import datetime as dt
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from copydesk.errors import CopydeskError, UsageError
from copydesk.settings import Settings
from copydesk.store import place
from copydesk.terminal import printable, printable_lines
from copydesk.workers.local import get_ready
from copydesk.workers.spare import spare_pandas
from flows import examples, looking, settings_cli
from flows.options import (
    AsJson,
    Config,
    Engine,
    Learn,
    LogFormat,
    Output,
    Paths,
    Rules,
    Without,
    Workers,
    described,
    existing,
    input_paths,
    numbered,
    pairs,
    read_settings,
)
from flows.rules_cli import app as rules_app

EXIT_FAULTS = 4
"""What `verify` ends with when it found faults."""

app = App(
    name="copydesk",
    help="Scraped news in; clean, deduplicated Parquet out, with every removal on record.",
    version=lambda: version("copydesk"),
    version_flags=["--version"],
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # main() says what became of the run
    default_parameter=Parameter(negative=()),
)
app.command(rules_app)
looking.add_to(app)
settings_cli.add_to(app)


INGEST_EXAMPLES = """
Examples:
  copydesk ingest seeds -o output
  copydesk ingest 'crawl/**/*.warc.gz' news.jsonl --map title=headline
  zcat dump.jsonl.gz | copydesk ingest -
"""


@app.command(help_epilogue=INGEST_EXAMPLES)
def ingest(
    paths: Paths | None = None,
    /,
    *,
    output: Output = None,
    map: Annotated[
        list[str] | None, Parameter(help="Another name of a record's field, as title=headline; may be repeated.")
    ] = None,
    workers: Workers = None,
    engine: Engine = None,
    shard_bytes: Annotated[int | None, described("shard_bytes")] = None,
    max_item_bytes: Annotated[int | None, described("max_item_bytes")] = None,
    reject_bytes: Annotated[int | None, described("reject_bytes")] = None,
    wait: Annotated[float | None, described("wait")] = None,
    item_seconds: Annotated[float | None, described("item_seconds")] = None,
    page_elements: Annotated[int | None, described("page_elements")] = None,
    rules: Rules = None,
    without: Without = None,
    learn: Learn = None,
    guard: Annotated[
        bool | None, Parameter(negative="--no-guard", help=Settings.model_fields["guard"].description)
    ] = None,
    guard_removed_share: Annotated[float | None, described("guard_removed_share")] = None,
    guard_duplicate_share: Annotated[float | None, described("guard_duplicate_share")] = None,
    guard_story_share: Annotated[float | None, described("guard_story_share")] = None,
    guard_story_texts: Annotated[int | None, described("guard_story_texts")] = None,
    config: Config = None,
    json: AsJson = False,
    log_format: LogFormat = None,
) -> int:
    """Read articles, clean them, find their copies, and add them to the output. Running it again adds nothing."""
    settings = read_settings(
        config,
        inputs=input_paths(paths or ()) or None,
        output=output,
        map=pairs(map) if map else None,
        workers=workers,
        engine=engine,
        shard_bytes=shard_bytes,
        max_item_bytes=max_item_bytes,
        reject_bytes=reject_bytes,
        wait=wait,
        item_seconds=item_seconds,
        page_elements=page_elements,
        rules=rules,
        without=without,
        learn=learn,
        guard=guard,
        guard_removed_share=guard_removed_share,
        guard_duplicate_share=guard_duplicate_share,
        guard_story_share=guard_story_share,
        guard_story_texts=guard_story_texts,
    )
    if not settings.inputs:
        raise UsageError("nothing to ingest: name files, folders or globs, or - for JSONL on standard input")
    if settings.engine == "local" and settings.workers > 1:
        get_ready()
    spare_pandas()
    from copydesk.run.pipeline import run
    from flows import console, progress

    with progress.told(log_format, quiet=json) as log:
        summary = run(settings, progress=log.progress)
        log.done(summary)
    print(console.as_json(asdict(summary)) if json else console.summary(summary, settings.output))
    if summary.rejects and not json:
        print("\n".join(console.reasons(settings.output, summary.run_id)))
    return 0


@app.command
def verify(
    *,
    output: Output = None,
    read_data: Annotated[bool, Parameter(help="Read every file again and compare its checksum; slower.")] = False,
    repair: Annotated[
        bool, Parameter(help="Mend what can be: needs the lock, and ends with a check that reads all data.")
    ] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Check that the output is whole: the books, ids, stories, removals and files. Exit code 4 if it is not."""
    from copydesk.upkeep import repair as repairs
    from copydesk.upkeep.verify import verify as check
    from flows import console

    root = existing(read_settings(config, output=output).output, sync=not repair)
    done = repairs.repair(root) if repair else repairs.Repaired(faults=check(root, read_data=read_data))
    if json:
        told = asdict(done)
        print(console.as_json(told if repair else {"faults": told["faults"]}))
    else:
        lines = [*(f"mended: {line}" for line in done.mended), *(f"not mended: {line}" for line in done.cannot)]
        lines += map(str, done.faults)
        lines.append(console.verified(done.faults, root))
        print("\n".join(map(printable, lines)))
    return EXIT_FAULTS if done.faults else 0


@app.command
def reindex(*, output: Output = None, config: Config = None, json: AsJson = False) -> int:
    """Build the index of what was ingested anew, from the Parquet alone."""
    from copydesk.index.history import reindex as rebuild
    from flows import console

    root = existing(read_settings(config, output=output).output)
    built = rebuild(root)
    print(console.as_json({"segments": built}) if json else f"{built} index segments rebuilt in {place.name(root)}")
    return 0


FORGET_EXAMPLES = """
Examples:
  copydesk forget https://example.com/news/1 -o output --dry-run
  copydesk forget example.com 'The Daily Example' -o output
  copydesk forget --older-than 2026-01-31 -o output
"""


@app.command(help_epilogue=FORGET_EXAMPLES)
def forget(
    targets: Annotated[
        list[str] | None, Parameter(help="Ids, URLs (or item_keys) and publishers (a name or a domain).")
    ] = None,
    /,
    *,
    older_than: Annotated[
        dt.date | None, Parameter(help="Instead: all that was ingested before this day (UTC), as 2026-01-31.")
    ] = None,
    copies: Annotated[bool, Parameter(help="Also the copies of each, whoever published them.")] = False,
    output: Output = None,
    dry_run: Annotated[bool, Parameter(help="Only list what would go.")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Erase articles from the output for good, and keep them out of it; docs/forget.md says what that reaches."""
    from copydesk.upkeep.forget import forget as let_go
    from flows import console

    root = existing(read_settings(config, output=output).output, whole=True)
    told = let_go(root, targets or (), older_than=older_than, copies=copies, dry_run=dry_run)
    print(console.as_json(asdict(told)) if json else console.forgotten(told, place.name(root), dry_run))
    return 0


@app.command
def maintain(
    *,
    output: Output = None,
    grace_hours: Annotated[
        float | None, Parameter(help="How long replaced files stay for who still reads them. Default: 24.")
    ] = None,
    dry_run: Annotated[bool, Parameter(help="Only say what would be done.")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Merge small files and index segments, and delete what was replaced before; no row changes."""
    from copydesk.upkeep.maintain import GRACE_HOURS
    from copydesk.upkeep.maintain import maintain as merge
    from flows import console

    root = existing(read_settings(config, output=output).output)
    done = merge(root, grace_hours=GRACE_HOURS if grace_hours is None else grace_hours, dry_run=dry_run)
    print(console.as_json(asdict(done)) if json else console.maintained(done, place.name(root), dry_run))
    return 0


@app.command
def reclean(
    *,
    output: Output = None,
    rules: Rules = None,
    without: Without = None,
    learn: Learn = None,
    dry_run: Annotated[bool, Parameter(help="Only show how many rows would change, by which rules.")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Restore the texts and clean them with today's rules, from the Parquet alone; the input files are not needed."""
    from copydesk.upkeep import reclean as cleaning
    from flows import recleaned as shown

    settings = read_settings(config, output=output, rules=rules, without=without, learn=learn)
    root = existing(settings.output, whole=True)
    done = cleaning.preview(root, settings) if dry_run else cleaning.reclean(root, settings)
    print(shown.as_json(done) if json else shown.summary(done, place.name(root), dry_run))
    return 0


EXPLAIN_EXAMPLES = """
Examples:
  copydesk explain page.html
  copydesk explain news.jsonl --item 3 --json
  copydesk explain page.html --html explained.html
  copydesk explain https://example.com/news/1 -o output
"""


@app.command(help_epilogue=EXPLAIN_EXAMPLES)
def explain(
    article: Annotated[
        str,
        Parameter(
            help="A file, - for standard input, or the id or URL of an article of the output.",
            allow_leading_hyphen=True,
        ),
    ],
    /,
    *,
    output: Output = None,
    item: Annotated[int | None, numbered("Which article alone, from 1.")] = None,
    limit: Annotated[int, numbered("How many articles at the most.")] = 5,
    map: Annotated[
        list[str] | None, Parameter(help="Another name of a record's field, as text=body; may be repeated.")
    ] = None,
    rules: Rules = None,
    without: Without = None,
    html: Annotated[Path | None, Parameter(help="Write it to this file, as a page.")] = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Show an article with what is cut out of it, by which rules, what it becomes, and what it is a copy of."""
    from flows.explaining import explain as show

    if html is not None and json:
        raise UsageError("--html and --json exclude each other")
    settings = read_settings(config, output=output, map=pairs(map) if map else None, rules=rules, without=without)
    (named,) = input_paths([article])
    return show(named, settings, item, limit, json, html)


DUPLICATES_EXAMPLES = """
Examples:
  copydesk duplicates https://example.com/news/1 -o output
  copydesk duplicates https://example.com/news/1 https://example.org/wire/7 -o output
"""


@app.command(help_epilogue=DUPLICATES_EXAMPLES)
def duplicates(
    article: Annotated[str, Parameter(help="The id or URL of an article of the output, or the file it came from.")],
    other: Annotated[
        str | None, Parameter(help="Another article: show what the two texts share, word by word.")
    ] = None,
    /,
    *,
    output: Output = None,
    limit: Annotated[int, numbered("How many stories at the most.")] = 5,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Show the story of an article: its copies and versions, how alike they are, and the stories it overlaps with."""
    from copydesk.inspect.duplicates import pair, stories
    from flows import duplicated

    root = existing(read_settings(config, output=output).output, whole=True)
    told = stories(root, article, limit) if other is None else pair(root, article, other)
    if json:
        print(duplicated.as_json(told))
    else:
        duplicated.show(told)
    return 0


@app.command
def schema() -> int:
    """Print the columns of every dataset, as Markdown."""
    from copydesk.schema import markdown

    print(markdown(), end="")
    return 0


@app.command
def serve(
    *,
    output: Output = None,
    config: Config = None,
    cron: Annotated[str, Parameter(help="When to ingest the configured inputs.")] = "0 * * * *",
    maintain_cron: Annotated[str, Parameter(help="When to maintain and verify the output.")] = "30 3 * * *",
    timezone: Annotated[str, Parameter(help="Whose clock the two go by, as Europe/Rome.")] = "Etc/UTC",
) -> int:
    """Keep one process that runs flows: the configured inputs on a schedule, and whatever `trigger` asks for."""
    from flows.serve import serve as serve_flows

    serve_flows(read_settings(config, output=output), cron, maintain_cron, timezone)
    return 0


@app.command
def watch(
    *,
    notice: Annotated[str | None, Parameter(help="Where runs that fail are told: a webhook's URL.")] = None,
    silent: Annotated[
        float | None, Parameter(help="Seconds without a sign of life after which a run is dead. Default: 150.")
    ] = None,
) -> int:
    """Ask the Prefect server to mark dead runs as crashed, and to tell of runs that fail; docs/schedules.md."""
    from flows import watch as watching

    names = watching.watch(notice, watching.SILENT_SECONDS if silent is None else silent)
    print("\n".join(f"the server looks after {name}" for name in names))
    return 0


@app.command
def trigger(
    paths: Paths,
    /,
    *,
    output: Output = None,
    workers: Workers = None,
    engine: Engine = None,
    deployment: Annotated[str, Parameter(help="Which deployment runs it.")] = "ingest/ingest-now",
    config: Config = None,
) -> int:
    """Start a one-off run of the flow on a Prefect server and follow it to its end."""
    settings = read_settings(config, inputs=input_paths(paths), output=output, workers=workers, engine=engine)
    from flows.serve import follow

    return 0 if follow(settings, deployment) else 1


examples.add_to(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code: 0 done, 1 failed, 2 usage, 3 locked, 4 faults, 5 guard."""
    _speak_unicode()
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:  # a command or option that there is not, or a value that it cannot have
        print(f"copydesk: {printable_lines(str(error))}", file=sys.stderr)
        code = UsageError.exit_code
    except CopydeskError as error:
        print(f"copydesk: {printable_lines(str(error))}", file=sys.stderr)
        code = error.exit_code
    except BrokenPipeError:  # as in `copydesk rules list | head`: who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except KeyboardInterrupt:
        print(
            "copydesk: interrupted; the output is as it was, or as after the run if that was just being committed",
            file=sys.stderr,
        )
        code = 130
    sys.exit(code)


def _speak_unicode() -> None:
    """Files and pipes get UTF-8, whatever the locale; a terminal that has not all characters shows a ? for them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


if __name__ == "__main__":
    main()
