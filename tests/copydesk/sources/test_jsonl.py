"""JSON lines, and JSON of other shapes: what an item is, where it begins and ends, and spans of lines."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from copydesk import sources
from copydesk.model import Item, Reject, Shard
from copydesk.run import discover
from copydesk.settings import Settings
from copydesk.sources import lines as lines_module
from copydesk.sources.lines import lines, values
from tests.copydesk.sources.files import errors, items, jsonl, read, source


def test_lines_become_items(tmp_path: Path) -> None:
    data = b'{"id": "a", "text": "One."}\r\n\n{"text": "Two."}\n  \n{"id": 7, "text": "Three."}'
    found = items(read(tmp_path / "f", data, "jsonl"))
    assert [(one.source_id, one.own_id) for one in found] == [("a", True), ("2", False), ("7", True)]
    assert [one.content for one in found] == [line.strip() for line in data.split(b"\n") if line.strip()]
    assert all(data[one.offset :][: one.length] == one.content for one in found)
    assert found[2].record == {"id": 7, "text": "Three."}


def test_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (found,) = items(read(tmp_path / "f", b'\xef\xbb\xbf{"text": "One."}\n', "jsonl"))
    assert (found.content, found.offset) == (b'{"text": "One."}', 3)


def test_long_numbers_are_ids_to_the_last_digit(tmp_path: Path) -> None:
    ids = [2**64 + 1, 2**64 + 2, -(2**100), 2**63, 7, 0.5]
    found = items(read(tmp_path / "f", jsonl(*({"id": one, "text": "A"} for one in ids)), "jsonl"))
    assert [one.source_id for one in found] == list(map(str, ids))
    mapped = read(tmp_path / "f", jsonl({"uid": 2**64 + 1, "text": "A"}), "jsonl", map={"id": "uid"})
    assert [one.source_id for one in items(mapped)] == [str(2**64 + 1)]
    deep = b'{"id": 18446744073709551617, "text": "A", "x": ' + b"[" * 1020 + b"]" * 1020 + b"}\n"
    assert errors(read(tmp_path / "f", deep + jsonl({"text": "B"}), "jsonl")) in ([], ["json"])


def test_utf16_lines(tmp_path: Path) -> None:
    data = '{"text": "Ümläut"}\n{"text": "Zwei"}\n'.encode("utf-16")
    found = items(read(tmp_path / "f", data, "jsonl"))
    assert [one.record and one.record["text"] for one in found] == ["Ümläut", "Zwei"]
    assert found[0].offset is None


def test_bad_lines_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    good = b'{"text": "Good."}'
    bad = {
        "json": b'{"text": "cut off',
        "not-an-object": b'["a list"]',
        "utf-8": b'{"text": "caf\xe9"}',
        "too-large": b'{"text": "' + b"x" * 3000 + b'"}',
    }
    data = b"\n".join([good, *bad.values(), b"[" * 2000, good])
    found = read(tmp_path / "f", data, "jsonl", max_item_bytes=2048, reject_bytes=16)
    assert errors(found) == [*bad, "json"]
    rejects = [one for one in found if isinstance(one, Reject)]
    assert [one.source_id for one in rejects] == ["2", "3", "4", "5", "6"]
    assert [one.content for one in rejects[:4]] == [line[:16] for line in bad.values()]
    last = found[-1]
    assert isinstance(last, Item)
    assert (last.source_id, last.content, last.offset) == ("7", good, len(data) - len(good))


def test_what_python_writes_and_json_forbids_is_read(tmp_path: Path) -> None:
    data = b'{"text": "half \\ud83d", "score": NaN}\n{"text": "a\ttab"}\n'
    found = items(read(tmp_path / "f", data, "jsonl"))
    assert [one.record and one.record["text"] for one in found] == ["half \ud83d", "a\ttab"]


@pytest.mark.parametrize(
    "data",
    [
        b'[{"id": 1, "text": "A, \\"b\\" ]}"}, {"id": 2, "text": "c\\\\"}]',
        b'[\n  {"id": 1, "text": "A, \\"b\\" ]}"},\n  {"id": 2,\n   "text": "c\\\\"}\n]\n',
        b'{\n  "id": 1, "text": "A, \\"b\\" ]}"\n}\n{\n  "id": 2, "text": "c\\\\"\n}\n',
    ],
)
def test_json_that_is_not_one_value_a_line(tmp_path: Path, data: bytes) -> None:
    found = items(read(tmp_path / "f", data, "jsonl"))
    assert [one.record and one.record["text"] for one in found] == ['A, "b" ]}', "c\\"]
    assert [one.source_id for one in found] == ["1", "2"]
    assert all(data[one.offset :][: one.length] == one.content for one in found)


def test_large_or_broken_value_in_an_array_does_not_hide_the_next(tmp_path: Path) -> None:
    data = b'[{"text": "' + b"x" * 5000 + b'"},\n{"text": nothing},\n7, "a, b", {"text": "Good."}, {"text": "cut'
    found = read(tmp_path / "f", data, "jsonl", max_item_bytes=2048)
    assert errors(found) == ["too-large", "json", "not-an-object", "not-an-object", "json"]
    assert [one.source_id for one in found if isinstance(one, Item)] == ["5"]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=8), st.data())
def test_values_are_found_wherever_chunks_end(records: list[dict[str, str]], data: st.DataObject) -> None:
    text = json.dumps(records, indent=data.draw(st.sampled_from([None, 1])), ensure_ascii=data.draw(st.booleans()))
    content = text.encode("utf-8", "replace")
    size = data.draw(st.integers(1, 9))
    chunks = (content[at : at + size] for at in range(0, len(content), size))
    found = list(values(chunks, 10_000, 10))
    assert [json.loads(one.data) for one in found] == json.loads(content)
    assert all(content[one.offset :][: one.size] == one.data for one in found)


@given(st.binary(max_size=60), st.integers(1, 7), st.integers(0, 12))
def test_lines_are_found_wherever_chunks_end(content: bytes, size: int, limit: int) -> None:
    chunks = (content[at : at + size] for at in range(0, len(content), size))
    found = list(lines(chunks, limit, 3))
    expected = content.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert len(found) == len(expected)
    for piece, line in zip(found, expected, strict=True):
        assert piece.whole == (len(line) <= limit)
        kept = line.removesuffix(b"\r") if piece.whole else line[:3]
        assert piece.data == kept
        assert content[piece.offset :].startswith(kept)


_LINES = st.lists(st.sampled_from([b"", b" ", b"\r", b"\t \r", b"{}", b'{"text": "Oars"}', b"not json"]), max_size=30)


@rules(max_examples=200, deadline=None)
@given(_LINES, st.integers(1, 6), st.sampled_from([1, 3, 7, 1000]))
def test_spans_of_lines_hold_each_line_once_and_count_those_before(rows: list[bytes], count: int, at_once: int) -> None:
    data = b"\n".join(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_AT_ONCE", at_once)
        spans = lines_module.spans(io.BytesIO(data), len(data), count)
    found = [data[span.start : span.stop] for span in spans]
    assert b"".join(found) == data
    assert all(part.endswith(b"\n") for part in found[:-1])
    assert [span.before for span in spans] == [
        sum(bool(line.strip()) for part in found[:number] for line in part.split(b"\n")) for number in range(len(found))
    ]


def test_parts_of_plain_json_lines_read_no_more_than_their_own_lines(tmp_path: Path) -> None:
    text = "The ferry left without its lamp. " * 8
    rows = [{"text": f"{text}{n}"} | ({"id": f"a{n}"} if n % 3 else {}) for n in range(400)]
    data = b"\n" + jsonl(*rows).replace(b"\n", b"\n\n", 5)
    file = source(tmp_path / "f", data, "jsonl")
    cut = list(discover.shards([file], len(data) // 7))
    assert len(cut) == 7 or len(cut) == 8
    assert sum(shard.span.stop - shard.span.start for shard in cut if shard.span) == len(data)
    whole = list(sources.read(Shard(0, (file,)), Settings()))
    assert [found for shard in cut for found in sources.read(shard, Settings())] == whole
    chosen = [found for shard in cut for found in sources.read(replace(shard, first=100, last=130), Settings())]
    assert chosen == whole[100:130]


@pytest.mark.parametrize("head", [b"\xef\xbb\xbf", b"[\n"])
def test_files_whose_lines_cannot_be_read_alone_are_read_whole(tmp_path: Path, head: bytes) -> None:
    file = source(tmp_path / "f", head + jsonl(*({"text": f"Oars {n} " * 9} for n in range(90))), "jsonl")
    assert all(shard.span is None for shard in discover.shards([file], 1000))


def test_a_file_that_is_gone_is_told_by_each_part_that_misses_it(tmp_path: Path) -> None:
    file = source(tmp_path / "f", jsonl(*({"text": f"Oars {n} " * 9} for n in range(90))), "jsonl")
    cut = list(discover.shards([file], 2000))
    (tmp_path / "f").unlink()
    found = [one for shard in cut for one in sources.read(shard, Settings())]
    assert errors(found) == ["vanished"] * len(cut)
    assert len({one.source_id for one in found}) == len(cut)
