"""`copydesk explain`: which article is meant, and where it is shown."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from copydesk import objects
from copydesk.errors import UsageError
from copydesk.inspect.explain import STDIN, Explanation, of_input, of_output
from copydesk.model import Reject
from copydesk.settings import Settings
from copydesk.store import place
from copydesk.terminal import printable
from copydesk.workers.spare import spare_pandas
from flows import explained, explained_page
from flows.options import existing


def explain(named: str, settings: Settings, item: int | None, limit: int, json: bool, html: Path | None) -> int:
    """Show the articles that are meant. Returns the exit code: 1 if not one of them could be read."""
    spare_pandas()
    found = _found(named, settings, item, limit)
    if html is not None:
        every = list(found)
        explained_page.write(every, place.local(settings.output), html)
        print(f"{printable(str(html))}: {len(every):,} article{'s' * (len(every) != 1)}")
        return 0 if any(isinstance(one, Explanation) for one in every) else 1
    if json:
        every = list(found)
        print(explained.as_json(every))
        return 0 if any(isinstance(one, Explanation) for one in every) else 1
    read = False
    for number, one in enumerate(found):
        if number:
            print()
        _show(one)
        read = read or isinstance(one, Explanation)
    return 0 if read else 1


def _found(named: str, settings: Settings, item: int | None, limit: int) -> Iterator[Explanation | Reject]:
    if named == STDIN or os.path.lexists(os.path.expanduser(named)) or (glob.has_magic(named) and glob.glob(named)):
        return of_input(named, settings, item, limit)
    if objects.is_url(named):
        return of_input(named, settings, item, limit)
    try:
        root = existing(settings.output, whole=True)
    except UsageError as error:
        raise UsageError(f"{named}: there is no such file, and {error}") from None
    return of_output(named, root, settings, item, limit)


def _show(one: Explanation | Reject) -> None:
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        print(explained.plain(one))
        return
    from rich.console import Console

    explained.show(one, Console(highlight=False, markup=False, emoji=False))
