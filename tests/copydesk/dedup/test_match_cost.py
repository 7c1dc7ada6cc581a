"""How much matching looks at: bounded for each text, however many are alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from copydesk.dedup import match as matching
from copydesk.dedup import pairs
from copydesk.index.index import PER_TEXT
from copydesk.sketches.shingling import Shingles
from copydesk.sketches.similarity import Figures, compare
from tests.copydesk.news import Library, News, edited, story


class Counting(Library):
    """Counts the texts that it is asked for."""

    asked = 0

    def of_run(self, rows: NDArray[np.int64]) -> Shingles:
        self.asked += len(rows)
        return super().of_run(rows)


def test_a_thousand_copies_compare_few_pairs() -> None:
    """Identical texts collapse; look-alikes are compared with a bounded number of others."""
    library = Counting()
    records = [News(str(i), story(1), f"p{i}") for i in range(1000)]
    decisions = library.match(records)
    assert decisions.rows["kind"].to_pylist().count("duplicate") == 999
    assert library.asked <= 4


@pytest.mark.slow
def test_ten_thousand_copies_with_small_edits_stay_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def counting(a: NDArray[np.int64], *rest: Any, **named: Any) -> Figures:
        compared.append(len(a))
        return compare(a, *rest, **named)

    monkeypatch.setattr(matching, "compare", counting)
    monkeypatch.setattr(pairs, "compare", counting)
    text = story(1, 100)
    for count in (2_500, 10_000):
        compared.clear()
        library = Counting()
        decisions = library.match(
            [News(str(i), edited(text, i, 0.03), f"p{i % 97}", day=i % 28 + 1) for i in range(count)]
        )
        assert decisions.rows["kind"].to_pylist().count("article") <= 3
        assert len(decisions.overlaps) <= 3
        assert sum(compared) <= (PER_TEXT + 1) * count
        assert library.asked <= 3 * count


@pytest.mark.slow
def test_fifty_thousand_stubs_are_one_text() -> None:
    library = Counting()
    stub = "This article is no longer available, the office said."
    decisions = library.match([News(str(i), stub, f"p{i % 97}") for i in range(50_000)])
    assert decisions.rows["kind"].to_pylist().count("duplicate") == 49_999
    assert library.asked <= 2


def test_texts_are_asked_for_only_where_needed() -> None:
    library = Counting()
    records = [News("a", story(1)), News("b", story(2)), News("c", "stub")]
    assert pa.compute.count_distinct(library.match(records).rows["story_id"]).as_py() == 3
    assert library.asked == 0
