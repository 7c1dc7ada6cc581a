"""Candidates by ranges of bands are those of all bands at once."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from copydesk.articles.parts import Part
from copydesk.run import bands
from copydesk.run.bands import Range
from copydesk.sketches import candidates, sketch
from tests.copydesk.corpus import everything, ingest, story, write_jsonl

TEXTS = 400
COPIES = 60  # in a crowd: more than candidates.PER_KEY and PER_TEXT


def text(number: int) -> str:
    if number < COPIES:
        return story(1, sentences=14) + f"\n\nNumber {number} of many."
    copied = number - 1 if number % 4 == 0 else number
    return story(copied, sentences=8 if number % 8 == 0 else 14)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Part]:
    """Two parts, with the sketches alone."""
    made = []
    for number, texts in enumerate(([text(n) for n in range(150)], [text(n) for n in range(150, TEXTS)])):
        folder = tmp_path_factory.mktemp("part")
        part = Part(number, str(folder), len(texts), 0)
        part.write("records", pa.table(sketch.sketch(texts).columns(), schema=sketch.SKETCH))
        made.append(part)
    return made


def backwards(function: Callable[[Range], Path], over: Sequence[Range]) -> list[Path]:
    return [function(one) for one in reversed(over)]


@pytest.mark.parametrize("at_once", [1 << 26, 4 * TEXTS, 1])
@pytest.mark.parametrize("rows_at_once", [1 << 17, 7])
def test_the_pairs_are_the_same(
    parts: list[Part], at_once: int, rows_at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "KEYS_AT_ONCE", at_once)
    monkeypatch.setattr(bands, "_ROWS_AT_ONCE", rows_at_once)
    places = np.random.default_rng(5).permutation(TEXTS)[: TEXTS - 30]  # some texts are not compared
    signed = pa.concat_tables([part.read("records") for part in parts])
    whole = candidates.within(sketch.keys_of(signed, places))
    by_range = bands.neighbours(backwards, parts, tmp_path, places)
    assert len(whole[0]) > COPIES
    for one, other in zip(whole, by_range, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_band_is_in_one_range() -> None:
    for count in (0, 1, 1 << 20, 1 << 24, 1 << 30):
        covered = [band for part in bands.ranges(count) for band in range(part.first, part.last)]
        assert covered == list(range(sketch.KEYS))


def test_nothing_to_compare(tmp_path: Path) -> None:
    assert [len(column) for column in bands.neighbours(backwards, [], tmp_path, np.empty(0, np.int64))] == [0, 0, 0]


def test_a_run_decides_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is one task or many, also against history and beside what was forgotten."""
    from copydesk.run.pipeline import run
    from copydesk.settings import Settings
    from copydesk.sketches import similarity
    from copydesk.templates import learn
    from copydesk.upkeep.forget import forget

    first, second = (
        write_jsonl(
            tmp_path / f"{name}.jsonl",
            [{"id": f"{n}", "publisher": f"P{n % 5}", "date": "2026-03-01", "text": text(n)} for n in numbers],
        )
        for name, numbers in (("first", range(0, TEXTS, 2)), ("second", range(TEXTS)))
    )

    tasks: Counter[str] = Counter()

    @contextmanager
    def mapper(_: Path) -> Iterator[Any]:
        def stage_map(stage: str, function: Callable[[Any], Any], over: Sequence[Any]) -> list[Any]:
            tasks[stage] += len(over)
            return [pickle.loads(pickle.dumps(function))(one) for one in reversed(over)]

        yield stage_map

    for name in ("whole", "small"):
        ingest(tmp_path / name, first, guard=False)
        forget(tmp_path / name, ["P3"])
        if name == "small":
            for module, constant, value in (
                (bands, "BANDS_AT_ONCE", 9),
                (bands, "FEW_KEYS", 1),
                (bands, "_ROWS_AT_ONCE", 50),
                (similarity, "_SHINGLES_AT_ONCE", 20_000),
                (learn, "LINES_AT_ONCE", 300),
            ):
                monkeypatch.setattr(module, constant, value)
            tasks.clear()
        run(Settings(inputs=(str(second),), output=tmp_path / name, workers=1, guard=False), mapper=mapper)
    assert everything(tmp_path / "small") == everything(tmp_path / "whole")
    assert len(everything(tmp_path / "whole")["duplicates"]) > COPIES // 2
    assert min(tasks[stage] for stage in ("bands", "compare", "learn")) > 2
