"""Texts read page by page are those that pyarrow reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk.schema import DATASETS
from copydesk.store import dataset, parquet, plain_pages
from copydesk.store.dataset import texts
from tests.copydesk.corpus import ingest, rows, story, write_jsonl

TEXTS = [story(n % 40, sentences=1 + n % 30) + f"\n\nZähler {n} 😀" for n in range(900)]


def write(path: Path, values: Sequence[str | None], **options: object) -> Path:
    pq.write_table(
        pa.table({"text": pa.array(values, pa.large_string())}),
        path,
        **{
            "compression": "zstd",
            "use_dictionary": False,
            "data_page_size": 32 * 1024,
            "write_batch_size": 16,
            "row_group_size": 500,
        }
        | options,
    )
    return path


def read(path: Path, wanted: Sequence[int], group: int = 0) -> list[str] | None:
    return plain_pages.strings(path, pq.read_metadata(path).row_group(group).column(0), wanted)


@pytest.mark.parametrize("wanted", [[0], [499], [0, 1, 2], [7, 120, 121, 480], list(range(500))])
def test_the_values_are_those_of_the_rows(wanted: list[int], tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", TEXTS)
    assert read(path, wanted) == [TEXTS[row] for row in wanted]
    if wanted[-1] < 400:
        assert read(path, wanted, group=1) == [TEXTS[500 + row] for row in wanted]


def test_other_pages_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.parquet", TEXTS)
    unpacked = []

    def decompress(packed: bytes, size: int, codec: str, asbytes: bool) -> object:
        unpacked.append(size)
        return original(packed, size, codec, asbytes=asbytes)

    original = pa.decompress
    monkeypatch.setattr(pa, "decompress", decompress)
    assert read(path, [3, 490]) == [TEXTS[3], TEXTS[490]]
    assert len(unpacked) == 2
    assert sum(unpacked) < pq.read_metadata(path).row_group(0).column(0).total_uncompressed_size / 3


@pytest.mark.parametrize(
    "options", [{"use_dictionary": True}, {"compression": "snappy"}, {"data_page_version": "2.0"}], ids=str
)
def test_what_is_written_otherwise_is_left_to_pyarrow(options: dict[str, object], tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.parquet", TEXTS, **options), [3]) is None


def test_a_column_with_nulls_is_left_to_pyarrow(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.parquet", [None if n == 5 else text for n, text in enumerate(TEXTS)]), [3]) is None


def test_statistics_in_the_header_do_not_disturb(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", TEXTS, write_page_index=False, write_statistics=True)
    assert read(path, [3, 490]) == [TEXTS[3], TEXTS[490]]


@pytest.mark.parametrize("at", [0, 1, 2, 3, 6])
@pytest.mark.parametrize("byte", [0, 0x7F, 0xFF])
def test_a_damaged_header_is_noticed_or_left_to_pyarrow(at: int, byte: int, tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", TEXTS)
    column = pq.read_metadata(path).row_group(0).column(0)
    content = bytearray(path.read_bytes())
    if content[column.data_page_offset + at] == byte:
        pytest.skip("it says so already")
    content[column.data_page_offset + at] = byte
    path.write_bytes(content)
    try:
        found = plain_pages.strings(path, column, [3, 490])
    except parquet.BROKEN:
        return
    assert found is None


def test_texts_of_an_output_are_read_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{"id": f"{n}", "text": story(n)} for n in range(30)])
    ingest(tmp_path / "out", source)
    known = {row["id"]: row["text"] for row in rows(tmp_path / "out", "articles")}
    paths = dataset.published(tmp_path / "out", "articles")
    asked = sorted(known)[:5]
    with monkeypatch.context() as patched:
        patched.setattr(pq.ParquetFile, "read_row_group", _only_ids)
        assert texts(tmp_path / "out", paths, asked) == {id_: known[id_] for id_ in asked}
    assert texts(tmp_path / "out", paths, [*known]) == known
    assert DATASETS["articles"].field("text").type == pa.large_string()


_read_row_group = pq.ParquetFile.read_row_group


def _only_ids(self: pq.ParquetFile, group: int, columns: list[str]) -> pa.Table:
    assert columns == ["id"]
    return _read_row_group(self, group, columns=columns)
