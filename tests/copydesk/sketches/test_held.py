from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from copydesk.errors import StoreError
from copydesk.sketches import compiled, shingling
from copydesk.sketches.held import Held
from copydesk.sketches.shingling import shingle
from tests.copydesk.news import story

TEXTS = [story(i, 30 * (i % 5)) for i in range(23)]


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Three files, of several batches each and of none."""
    found = []
    for number, parts in enumerate(([TEXTS[:5], TEXTS[5:6]], [], [TEXTS[6:6], TEXTS[6:20], TEXTS[20:]])):
        path = tmp_path / f"{number}.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, shingling.COLUMNS) as out:
            for texts in parts:
                out.write_table(shingle(texts).table())
        found.append(path)
    return found


@pytest.fixture(params=["plain", "compiled"], autouse=True)
def reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = compiled._compiled() if request.param == "compiled" else None
    monkeypatch.setattr(compiled, "loops_for", lambda size: ready)


@pytest.mark.parametrize("wanted", [[], [0], [5, 6], [3, 4, 5, 6, 7, 22], [22, 0, 13, 6, 0], list(range(23))])
def test_what_is_gathered_is_what_was_made(paths: list[Path], wanted: list[int]) -> None:
    found = Held(paths).of(np.array(wanted, np.int64))
    made = shingle([TEXTS[i] for i in wanted])
    assert np.array_equal(found.values, made.values)
    for name in ("starts", "lead_ends", "ends"):
        assert np.array_equal(getattr(found, name), getattr(made, name))


def test_a_file_that_was_cut(paths: list[Path]) -> None:
    held = Held(paths)
    content = paths[2].read_bytes()
    paths[2].write_bytes(content[: len(content) // 4])
    with pytest.raises(StoreError, match="shorter"):
        held.of(np.array([21]))
