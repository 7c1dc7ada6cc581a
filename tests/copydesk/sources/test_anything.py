"""Nothing that a file may hold raises."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from copydesk.model import Compression, Format, Reject
from tests.copydesk.sources.files import FORMATS, pack, read, warc_record

TOKENS = st.sampled_from(
    [
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"\n",
        b"\r\n",
        b"\\",
        b"id,text\n",
        b'{"text": "a"}',
        b"WARC/1.0\r\n",
        b"PAR1",
        *[
            b"\x00",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"Content-Length: 5\r\n\r\n",
            warc_record(1),
            b"HTTP/1.1 200 OK\r\n\r\n",
        ],
        *[gzip.compress(b'{"text": "a"}\n'), zstandard.compress(b"text\na\n"), b"\x1f\x8b", b"\x28\xb5\x2f\xfd"],
    ]
)
ANYTHING = st.one_of(
    st.binary(max_size=200), st.lists(st.one_of(TOKENS, st.binary(max_size=8)), max_size=20).map(b"".join)
)


@pytest.mark.parametrize("format", FORMATS)
@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=ANYTHING, compression=st.sampled_from([None, "gzip", "zstd"]), wrap=st.booleans())
def test_nothing_that_a_file_holds_raises(
    tmp_path: Path, format: Format, data: bytes, compression: Compression | None, wrap: bool
) -> None:
    if compression and wrap:
        data = pack([data], compression)
    whole = read(tmp_path / "f", data, format, compression, max_item_bytes=1024)
    assert whole
    assert all(one.error and one.message for one in whole if isinstance(one, Reject))
    assert read(tmp_path / "f", data, format, compression, parts=2, max_item_bytes=1024) == whole
