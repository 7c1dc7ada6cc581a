"""All parts of a file together give what one would."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from copydesk import sources
from copydesk.model import Format, Shard
from copydesk.settings import Settings
from tests.copydesk.sources.files import jsonl, parquet, read, source, warc_record


def numbered(format: Format, count: int) -> bytes:
    texts = [f"Story {n}." for n in range(count)]
    if format == "jsonl":
        return b"".join(jsonl({"text": text}) if n % 7 else b"{broken\n\n" for n, text in enumerate(texts))
    if format == "csv":
        return b"text\n" + b"".join(b'"%b\n."\n\n' % text.encode() for text in texts)
    if format == "parquet":
        return parquet(pa.table({"text": texts}), row_group_size=700)
    return b"".join(warc_record(n, text.encode()) if n % 7 else b"stray\r\n\r\n" for n, text in enumerate(texts))


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "warc"])
def test_all_parts_together_are_the_whole(tmp_path: Path, format: Format) -> None:
    block = sources.BLOCK_ITEMS
    data = numbered(format, 30 * block + 5)
    whole = read(tmp_path / "f", data, format)
    assert len(whole) == 30 * block + 5
    for parts in (2, 3, 7):
        found = read(tmp_path / "f", data, format, parts=parts)
        assert sorted(map(repr, found)) == sorted(map(repr, whole))
    file = source(tmp_path / "f", data, format)
    first = list(sources.read(Shard(0, (file,), 1, 2), Settings()))
    assert first == [item for n, item in enumerate(whole) if n // block % 2 == 1]
