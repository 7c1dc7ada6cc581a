"""Plain text, and any file that is one article: the item is the whole file."""

from __future__ import annotations

from collections.abc import Iterator

from copydesk.errors import ItemError
from copydesk.model import Item, Reject
from copydesk.sources.base import Reading, name_id
from copydesk.sources.stream import chunks
from copydesk.text.decode import refuse_binary


def read(reading: Reading) -> Iterator[Item | Reject]:
    """The file as one Item, or the reason why not. Whether it is text or HTML stands in the SourceFile."""
    if not reading.claim():
        return
    limit = reading.settings.max_item_bytes
    parts: list[bytes] = []
    size = 0
    try:
        for chunk in chunks(reading.file):
            parts.append(chunk)
            size += len(chunk)
            if size > limit:
                yield reading.too_large("a file", None, b"".join(parts), None)
                return
        content = b"".join(parts)
        if not content.strip():
            raise ItemError("read", "empty", "nothing in it but blanks" if content else "the file is empty")
        refuse_binary(content)
    except ItemError as error:
        yield reading.reject(error, b"".join(parts))
        return
    yield Item(
        source_uri=reading.file.uri,
        source_format=reading.file.format,
        source_id=name_id(reading.file.path),
        content=content,
        offset=0,
        length=size,
    )
