"""How many requests a run makes of object storage, with a history of 1, 10, 100 runs behind it.

python -m bench.object_storage [RUNS ...]     needs the packages of `dev` and `cloud`; a server on loopback is started

Each run adds 5 articles of 200 words. `same machine`: its working copy is there. `with a copy`: one of the articles is
a copy of one of the first run, whose file the machine does not have. `new machine`: there is no working copy yet; after
`maintain` likewise.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from pathlib import Path

from copydesk.run.pipeline import run
from copydesk.settings import Settings
from copydesk.store import place
from copydesk.store.dataset import open_dataset
from copydesk.upkeep.maintain import maintain
from tests.copydesk import news
from tests.copydesk.s3 import S3, serving_here

ARTICLES = 5


def main() -> None:
    """Print the counts of requests, a JSON object a history."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=int, nargs="*", default=[1, 10, 100], help="lengths of history")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving_here() as s3:
        Bench(s3, Path(folder)).measure(asked.runs)


class Bench:
    """Runs into one output, on machines that each have a folder for working copies."""

    def __init__(self, s3: S3, folder: Path) -> None:
        self._s3, self._folder = s3, folder
        self._url = f"{s3.url}/out"
        self._runs = 0
        self._move("first")

    def measure(self, histories: list[int]) -> None:
        for history in histories:
            while self._runs < history:
                self._ingest()
            self._tell(history, "same machine", self._ingest)
            self._tell(history, "opened by a reader", lambda: open_dataset(self._url, "articles"))
            self._move(f"lacks-files-{history}")
            open_dataset(self._url, "articles")
            self._tell(history, "new machine", self._ingest)
            self._tell(history, "same machine, with a copy", lambda: self._ingest(news.edited(news.story(1), 3)))
            self._move("first")
            self._ingest()
        maintain(place.opened(self._url))
        self._move("after")
        self._tell(self._runs, "new machine, maintained", self._ingest)
        self._tell(self._runs, "same machine, maintained", self._ingest)

    def _ingest(self, copy: str | None = None) -> None:
        first = self._runs * ARTICLES
        texts = [news.story(number) for number in range(first, first + ARTICLES)] + ([copy] if copy else [])
        path = self._folder / f"{self._runs}.jsonl"
        lines = [json.dumps({"id": str(first + n), "text": text}) + "\n" for n, text in enumerate(texts)]
        path.write_text("".join(lines))
        run(Settings(inputs=(str(path),), output=self._url, workers=1, guard=False))
        self._runs += 1

    def _tell(self, history: int, what: str, work: object) -> None:
        self._s3.asked.clear()
        work()  # type: ignore[operator]
        kinds = Counter("LIST" if asked.is_list else asked.method for asked in self._s3.asked)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        print(f"{history:>5} runs behind, {what:<28} {len(self._s3.asked):>5} requests: {told}", flush=True)

    def _move(self, machine: str) -> None:
        os.environ[place.CACHE] = str(self._folder / machine)


if __name__ == "__main__":
    main()
