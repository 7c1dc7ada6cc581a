from __future__ import annotations

import difflib
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.text import worddiff
from copydesk.text.worddiff import Diff, compare
from tests.copydesk.news import WORDS, edited, story


def rebuilt(diff: Diff, *parts: str) -> list[str]:
    return "".join(piece.text for piece in diff.pieces if piece.where in parts).split()


def shared(diff: Diff) -> int:
    return sum(piece.words for piece in diff.pieces if piece.where == "both")


def told(first: str, second: str) -> list[tuple[str, str]]:
    return [(piece.where, piece.text.strip()) for piece in compare(first, second).pieces]


def test_words_that_one_has() -> None:
    assert told("The old ferry sailed at noon.", "The ferry sailed again at one.") == [
        ("both", "The"),
        ("first", "old"),
        ("both", "ferry sailed"),
        ("second", "again"),
        ("both", "at"),
        ("first", "noon."),
        ("second", "one."),
    ]


def test_white_space_is_no_difference() -> None:
    assert told("Rain fell.\n\nIt stopped.", "  Rain fell. It\tstopped.\n") == [("both", "Rain fell.\n\nIt stopped.")]
    assert compare("", " \n").pieces == ()
    assert told("", "Rain") == [("second", "Rain")]


def test_unspaced_scripts_by_character() -> None:
    assert told("橋は五月に閉鎖", "橋は六月に閉鎖") == [
        ("both", "橋は"),
        ("first", "五"),
        ("second", "六"),
        ("both", "月に閉鎖"),
    ]


texts = st.lists(st.sampled_from(["a", "b", "c", "the", "\n", "Mill", "橋", "は"]), max_size=60).map(" ".join)


@given(texts, texts)
def test_both_texts_can_be_put_together_again(first: str, second: str) -> None:
    diff = compare(first, second)
    assert "".join(rebuilt(diff, "both", "first")) == "".join(first.split())
    assert "".join(rebuilt(diff, "both", "second")) == "".join(second.split())
    assert not diff.cut


@pytest.mark.parametrize("words", [400, 4000])
def test_edits_of_long_texts_are_found(words: int) -> None:
    """Nearly as much is found in common as difflib finds that has all the time in the world."""
    first = story(1, words)
    second = edited(first, 2, 0.05)
    blocks = difflib.SequenceMatcher(None, first.split(), second.split(), autojunk=False).get_matching_blocks()
    assert shared(compare(first, second)) > 0.97 * sum(block.size for block in blocks)


def test_huge_texts_are_looked_at_in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []

    class Counting(difflib.SequenceMatcher):  # type: ignore[type-arg]
        def __init__(self, junk: Any, a: list[str], b: list[str], autojunk: bool) -> None:
            looked_at.append(len(a) * len(b))
            super().__init__(junk, a, b, autojunk)

    monkeypatch.setattr(worddiff, "SequenceMatcher", Counting)
    names = [f"{word}{n}" for n in range(400) for word in WORDS]
    pick = random.Random(3)
    first = [pick.choice(names) for _ in range(40_000)]
    second = [pick.choice(names) if pick.random() < 0.05 else word for word in first]
    assert shared(compare(" ".join(first), " ".join(second))) > 37_000
    assert max(looked_at) <= 40_000
    assert sum(looked_at) < 50 * len(first)
    few = [" ".join(pick.choice(["to", "and", "fro"]) for _ in range(40_000)) for _ in range(2)]
    looked_at.clear()
    compare(*few)
    assert looked_at == []  # nothing to hold on to


def test_what_is_beyond_the_limit_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worddiff, "MOST", 100)
    diff = compare(story(1, 120), story(1, 120) + " more")
    assert diff.cut
    assert shared(diff) == 100
