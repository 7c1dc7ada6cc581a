"""The apply stage: columns in which some rows have other values."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from copydesk.templates.applying import _with

OLD = [None, "", "a", "bc", "Größe", "x" * 40]


@given(old=st.lists(st.sampled_from(OLD), max_size=12), cuts=st.sets(st.integers(0, 11)), data=st.data())
def test_some_rows_get_other_values(old: list[str | None], cuts: set[int], data: st.DataObject) -> None:
    rows = np.array(sorted(data.draw(st.sets(st.integers(0, len(old) - 1))) if old else ()), np.int64)
    new = [f"new {row}" for row in rows.tolist()]
    bounds = [0, *sorted(cut for cut in cuts if cut <= len(old)), len(old)]
    chunks = [pa.array(old[a:b], pa.large_string()) for a, b in itertools.pairwise(bounds)]
    lists = pa.chunked_array([pa.array([[n, n + 1] for n in range(len(old))], pa.list_(pa.uint32(), 2))])
    table = pa.table({"text": pa.chunked_array(chunks), "lists": lists, "rest": list(range(len(old)))})
    news = {"text": pa.array(new, pa.large_string()), "lists": pa.array([[0, 0]] * len(new), pa.list_(pa.uint32(), 2))}
    changed = _with(table, pa.table(news), rows)
    changed.validate(full=True)
    assert changed.schema == table.schema
    replaced = dict(zip(rows.tolist(), new, strict=True))
    assert changed["text"].to_pylist() == [replaced.get(row, text) for row, text in enumerate(old)]
    assert changed["lists"].to_pylist() == [[0, 0] if n in replaced else [n, n + 1] for n in range(len(old))]
    assert changed["rest"].to_pylist() == table["rest"].to_pylist()
