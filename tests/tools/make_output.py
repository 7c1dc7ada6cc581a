"""Makes tests/data/output-<version>: a tiny output as the version that is checked out writes it.

One is made for each released schema, once, and kept as it is: later versions must open it, verify it and add to it.

    mkdir /tmp/news && cd /tmp/news && PYTHONPATH=REPOSITORY python -m tests.tools.make_output output-0.1
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from copydesk.run.pipeline import run
from copydesk.settings import Settings
from tests.copydesk.corpus import write_jsonl

LAKE = (
    "The lake froze over for the first time in nine years, and the whole of Mill Lane came out to stand on it.\n\n"
    "Wardens drilled eleven holes before noon and found the ice as thick as a brick wall, the harbour office said. "
    "Children had been told to wait by the jetty; few of them did."
)
MARKET = (
    "The cheese market moves to the old tram depot in spring, the council decided by one vote on Tuesday night.\n\n"
    "Stallholders had asked for a roof since the flood. They will share it with the fire brigade's brass band."
)


def records() -> list[dict[str, Any]]:
    """An article with a removal, its copy, one more, and one that is no article."""
    dated = {"date": "2026-01-05T08:00:00Z", "authors": ["Ada Brook"], "language": "en"}
    return [
        {"url": "https://lake.example/ice", "title": "Lake freezes", "text": f"{LAKE}\n\nAdvertisement\n", **dated},
        {"url": "https://copy.example/ice", "title": "Lake freezes", "text": LAKE},
        {"url": "https://market.example/cheese", "title": "Market moves", "text": MARKET},
        {"url": "https://market.example/none", "title": "Nothing"},
    ]


def later() -> list[dict[str, Any]]:
    """The next version of the first, and a text that holds both stories: a link between them."""
    first, _, market, _ = records()
    digest = {"url": "https://week.example/1", "title": "The week", "text": f"It was a cold one.\n\n{LAKE}\n\n{MARKET}"}
    return [first | {"text": first["text"] + "\n\nBy evening the wardens had closed it again."}, market, digest]


def main(target: str) -> None:
    """Two runs into the folder `target`, less what says who wrote it. Inputs are written beside it, and stay."""
    for name, lines in (("one.jsonl", records()), ("two.jsonl", later())):
        write_jsonl(Path(name), lines)
        run(Settings(inputs=(name,), output=Path(target), workers=1))
    for name in ("lock", "leases", "staging"):
        path = Path(target) / "_state" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1])
