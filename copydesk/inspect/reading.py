"""Documents of inputs, for whoever wants to look at them without a run: nothing is written but a spool of stdin."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from copydesk import sources
from copydesk.articles import documents
from copydesk.errors import ItemError, unexpected
from copydesk.model import Document, Item, Reject
from copydesk.run.discover import discover
from copydesk.settings import Settings

_ONE_PART = 1 << 60


def read(settings: Settings) -> Iterator[Document | Reject]:
    """The documents of `settings.inputs` in order, and what could not be read; memory is that of one item.

    An output of ours among the inputs is read like anything else. Raises UsageError for an input that is not there.
    """
    with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
        # No output to pass over, and every file in one part: parts would unpack it again and again.
        chosen = settings.model_copy(update={"output": Path(folder) / "none", "shard_bytes": _ONE_PART})
        found = discover(chosen, lambda _: None, Path(folder))
        yield from found.rejects
        for shard in found.shards:
            for item in sources.read(shard, chosen):
                yield document(item, chosen)


def document(item: Item | Reject, settings: Settings) -> Document | Reject:
    """The document of an item, or why there is none."""
    if isinstance(item, Reject):
        return item
    try:
        return documents.read(item, settings)
    except Exception as caught:
        error = caught if isinstance(caught, ItemError) else unexpected("extract", caught)
        return Reject(item.source_uri, item.source_id, error.stage, error.error, str(error))
