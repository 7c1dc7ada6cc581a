from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk import schema
from copydesk.errors import IndexDamaged
from copydesk.index import entries as entries_module
from copydesk.index import segment as segment_module
from copydesk.index.entries import id_array, item_array
from copydesk.index.index import Index
from copydesk.index.segment import Segment
from copydesk.sketches import compiled, loops, sketch
from tests.copydesk.news import Library, News, cut, edited, story, table
from tests.copydesk.segments import segment_from_decisions, segment_from_rows


def run() -> list[News]:
    return [
        News("a", story(1), "one.example", "First", day=2),
        News("b", edited(story(1), 9), "two.example", "First again", day=3),
        News("c", story(2), None, "Second"),
        News("c", story(2) + " and more came later", None, "Second", modified=5),
        News("d", "short stub", "one.example", None),
        News("e", "short stub", "two.example", None),
        News("f", cut(story(3), 0.6), "one.example", "Third", day=1),
        News("g", story(3), "two.example", "Third", day=4),
    ]


def indexed(path: Path, library: Library, records: list[News], before: Index | None = None) -> Index:
    decisions = library.match(records, before)
    segment_from_decisions(path, table(records), decisions, run_id="r")
    return Index.open([*(segment.path for segment in (before or Index()).segments), path])


def as_datasets(records: list[News], library: Library) -> dict[str, pa.Table]:
    """The rows of a run as the Parquet datasets hold them, the columns that are of no concern here left out."""
    rows = library.match(records).rows
    kinds = rows["kind"].to_pylist()
    facts = table(records).drop_columns(sketch.SKETCH.names)
    facts = facts.append_column("text", pa.array([r.text for r in records], pa.large_string()))
    for name in rows.column_names[2:]:
        facts = facts.append_column(name, rows[name])
    datasets = {}
    for name, kind in (("articles", "article"), ("duplicates", "duplicate"), ("revisions", "revision")):
        names = [n for n in schema.DATASETS[name].names if n in facts.column_names]
        datasets[name] = facts.filter(pa.array([k == kind for k in kinds])).select(names)
    return datasets


def test_an_empty_index() -> None:
    index = Index()
    assert len(index) == 0
    assert not index.known(["0" * 32]).any()
    assert index.latest(["a"]).entry.tolist() == [-1]
    assert index.candidates(np.zeros((2, sketch.KEYS), np.uint64))[0].tolist() == []
    assert index.entries(np.empty(0, np.int64)).schema == entries_module.ENTRY


def test_what_is_known(tmp_path: Path) -> None:
    index = indexed(tmp_path / "s", Library(), run())
    known = [r.id for r in run()]
    assert index.known([*known, "f" * 32, "0" * 32]).tolist() == [True] * 8 + [False] * 2
    assert (index.find_ids(id_array(known)) >= 0).all()


def test_a_segment_of_the_format_before_is_read(tmp_path: Path) -> None:
    library = Library()
    new = indexed(tmp_path / "new", library, run()).segments[0]
    old_format(new, tmp_path / "old")
    index = Index.open([tmp_path / "old"])
    index.check()
    rows = sketch.keys_of(table(run()))
    for found, wanted in zip(index.candidates(rows), Index([new]).candidates(rows), strict=True):
        assert len(wanted) > 0
        assert found.tolist() == wanted.tolist()
    assert index.segments[0].keys().tolist() == new.keys().tolist()
    assert index.segments[0].entries == new.entries


def old_format(segment: Segment, path: Path) -> None:
    """A segment as format 5 had it: the keys are a column of the batch."""
    batch = pa.ipc.open_file(pa.BufferReader(segment._arrow())).get_batch(0)
    keys = np.full(len(batch) * sketch.KEYS, ~np.uint64(0))
    keys[: segment.header["keys"]] = segment._keys()
    column = pa.FixedSizeListArray.from_arrays(pa.array(keys), sketch.KEYS)
    sink = pa.BufferOutputStream()
    batch = batch.append_column("keys", column)
    with pa.ipc.new_file(sink, batch.schema) as out:
        out.write_batch(batch)
    body = sink.getvalue().to_pybytes()
    header = {name: value for name, value in segment.header.items() if name not in ("keys", "arrow")}
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    path.write_bytes(segment_module._lead({**header, "format": 5, "bytes": len(body), "blake2b": digest}) + body)


def test_ids_are_hexadecimal() -> None:
    for wrong in ("xyz", "0" * 31, "0" * 33):
        with pytest.raises(ValueError, match="hex"):
            Index().known([wrong])
    with pytest.raises(ValueError, match="32 hex digits"):
        id_array(["0" * 30, "0" * 34])


def test_the_latest_version_of_an_item(tmp_path: Path) -> None:
    library = Library()
    first = indexed(tmp_path / "1", library, run())
    third = News("c", story(2) + " and then it ended", modified=9)
    index = indexed(tmp_path / "2", library, [third, News("z", story(8))], first)
    latest = index.latest(["c", "a", "nobody", "z"])
    assert latest.version.tolist() == [3, 1, 0, 1]
    entries = index.entries(latest.entry[[0, 1, 3]])
    assert [i.hex() for i in entries["id"].to_pylist()] == [third.id, run()[0].id, News("z", story(8)).id]
    assert entries["story"][0].as_py().hex() == run()[3].id  # of the two versions in run() the dated is the first
    assert entries["item"].combine_chunks() == item_array(["c", "a", "z"])


def test_candidates_are_found(tmp_path: Path) -> None:
    library = Library()
    index = indexed(tmp_path / "s", library, run())
    new = table([News("x", edited(story(3), 4)), News("y", story(99)), News("z", edited(story(1), 5))])
    rows, entries, _ = index.candidates(sketch.keys_of(new))
    found = {(r, i.hex()) for r, i in zip(rows.tolist(), index.entries(entries)["id"].to_pylist(), strict=True)}
    records = run()
    assert found == {(0, records[6].id), (0, records[7].id), (2, records[0].id), (2, records[1].id)}


def test_the_order_of_versions_in_a_segment_does_not_matter(tmp_path: Path) -> None:
    """Later versions that were published earlier lie before the older ones."""
    versions = [News("a", f"{story(1)} update {i}", day=20 - i, modified=i + 1) for i in range(9)]
    index = indexed(tmp_path / "s", Library(), versions)
    latest = index.latest(["a"])
    assert latest.version.tolist() == [9]
    assert index.entries(latest.entry)["id"][0].as_py().hex() == versions[-1].id


def test_copies_of_one_text_take_one_place_in_a_band(tmp_path: Path) -> None:
    records = [News(str(i), story(1), day=1) for i in range(20)]
    near = News("near", edited(story(1), 2), day=9)
    index = indexed(tmp_path / "s", Library(), [*records, near])
    _, entries, _ = index.candidates(sketch.keys_of(table([News("x", edited(story(1), 3))])))
    assert len(entries) == 2


def test_the_closest_are_verified(tmp_path: Path) -> None:
    far = [News(str(i), edited(story(1), i, 0.15), day=1) for i in range(7)]
    close = News("close", edited(story(1), 50, 0.01), day=9)
    index = indexed(tmp_path / "s", Library(), [*far, close])
    _, entries, _ = index.candidates(sketch.keys_of(table([News("x", story(1))])), per_text=1)
    assert index.entries(entries)["id"].to_pylist() == [bytes.fromhex(close.id)]


def test_texts_are_found_exactly_and_the_earliest_first(tmp_path: Path) -> None:
    library = Library()
    one = indexed(tmp_path / "1", library, run())
    index = indexed(tmp_path / "2", library, [News("later", "short stub", day=1)], one)
    hashes = pa.array(sketch.sketch(["Short STUB!", "another", ""]).text_hash, pa.binary(16))
    found = index.exact(hashes)
    assert found.tolist()[1:] == [-1, -1]
    assert found[0] < len(one)


def test_a_crowded_band_gives_the_first_in_precedence(tmp_path: Path) -> None:
    records = [News(str(i), edited(story(1), i), day=1 + i) for i in range(30)]
    index = indexed(tmp_path / "s", Library(), records)
    keys = sketch.keys_of(table([News("x", story(1))]))
    _, entries, _ = index.candidates(keys, per_key=2)
    assert 2 <= len(entries) < 30
    assert entries.min() < 4
    assert len(index.candidates(keys, per_key=30, per_text=5)[1]) == 5


def test_a_rebuilt_segment_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    library = Library()
    indexed(tmp_path / "written", library, run())
    datasets = as_datasets(run(), library)
    assert all(len(rows) for rows in datasets.values())
    segment_from_rows(tmp_path / "rebuilt", **datasets, run_id="r")
    assert (tmp_path / "rebuilt").read_bytes() == (tmp_path / "written").read_bytes()


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    indexed(tmp_path / "1", Library(), run())
    indexed(tmp_path / "2", Library(), run()[::-1])
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_a_segment_without_rows(tmp_path: Path) -> None:
    index = indexed(tmp_path / "s", Library(), [])
    index.check()
    assert len(index) == 0
    assert not index.known(["0" * 32]).any()
    assert index.exact(pa.array([b"0" * 16, None], pa.binary(16))).tolist() == [-1, -1]
    assert index.candidates(np.zeros((1, sketch.KEYS), np.uint64))[0].tolist() == []
    segment_from_rows(
        tmp_path / "t", *(schema.DATASETS[n].empty_table() for n in ("articles", "duplicates", "revisions"))
    )
    assert len(Index.open([tmp_path / "t"])) == 0


def test_a_missing_segment(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="nowhere"):
        Index.open([tmp_path / "nowhere"])


@pytest.mark.parametrize("length", [0, 3, 20, 100, 600, -1])
def test_a_segment_cut_short(tmp_path: Path, length: int) -> None:
    indexed(tmp_path / "s", Library(), run())
    whole = (tmp_path / "s").read_bytes()
    (tmp_path / "s").write_bytes(whole[:length])
    with pytest.raises(IndexDamaged):
        Index.open([tmp_path / "s"])


@pytest.mark.parametrize("place", [0, 20, 40, 200])
def test_a_damaged_header(tmp_path: Path, place: int) -> None:
    indexed(tmp_path / "s", Library(), run())
    content = bytearray((tmp_path / "s").read_bytes())
    content[place] ^= 0x20
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(IndexDamaged):
        Index.open([tmp_path / "s"])


def test_a_damaged_body_is_found_by_check(tmp_path: Path) -> None:
    indexed(tmp_path / "s", Library(), run())
    content = bytearray((tmp_path / "s").read_bytes())
    content[len(content) // 2] ^= 0x01
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(IndexDamaged, match="checksum"):
        Index.open([tmp_path / "s"]).check()


def test_other_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    indexed(tmp_path / "s", Library(), run())
    monkeypatch.setattr(sketch, "PARAMETERS", "another")
    with pytest.raises(IndexDamaged, match="other parameters"):
        Index.open([tmp_path / "s"])


@given(
    st.lists(st.integers(0, 40) | st.integers(0, 2**64 - 1), max_size=60),
    st.lists(st.integers(0, 2**64 - 1), max_size=9),
)
def test_keys_are_found_where_they_are(held: list[int], others: list[int]) -> None:
    bits, most = 3, 4
    packed = np.array(sorted(held), np.uint64)
    wanted = np.unique(np.array([*held, *others], np.uint64) >> np.uint64(bits) << np.uint64(bits))
    first, found = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    for run in (loops, compiled._compiled()):
        if run is None:
            continue
        run.probe(packed, wanted, bits, most, first, found)
        start = np.searchsorted(packed, wanted, "left")
        end = np.searchsorted(packed, wanted | np.uint64(2**bits - 1), "right")
        assert first.tolist() == start.tolist()
        assert found.tolist() == np.minimum(end - start, most).tolist()
