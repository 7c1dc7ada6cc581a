"""Copies in scripts that are written without spaces, in invented texts of common characters."""

from __future__ import annotations

import random

import pytest

from tests.copydesk.news import News, decide

SYLLABLES = {
    "zh": "的一是不在人有我他这中大来上个国和说们为子地出道年得就那要下以生会自着去之过家学对可她里后小么心多天而能好",
    "ja": "のにはをたがでてとしれさるいなもあるこらすうよそかりく日本人大年会中国長出三同時上見月行前生五間後分東",
    "th": "กขคงจชซญดตถทนบปผพภมยรลวศสหอะาิีึุูเแโใไ่้์",
}


def text(script: str, seed: int, length: int = 600) -> str:
    """Sentences of invented words, which repeat as words do; the same for the same seed."""
    letters = SYLLABLES[script]
    word = random.Random(script)
    words = ["".join(word.choice(letters) for _ in range(word.choice([1, 2, 2, 3]))) for _ in range(400)]
    pick = random.Random(seed)
    told = ""
    while len(told) < length:
        told += "".join(pick.choice(words) for _ in range(pick.randint(8, 16))) + pick.choice("，。")
    return told[:length]


def edited(told: str, script: str, seed: int, share: float) -> str:
    pick = random.Random(seed)
    return "".join(pick.choice(SYLLABLES[script]) if pick.random() < share else letter for letter in told)


def relations(*told: str) -> list[object]:
    rows = decide([News(str(i), one, f"p{i}", day=i + 1) for i, one in enumerate(told)])
    assert rows[0]["kind"] == "article"
    return [row["relation"] for row in rows[1:]]


@pytest.mark.parametrize("script", SYLLABLES)
def test_copies(script: str) -> None:
    whole = text(script, 1)
    spaced = whole.replace("。", "。\n\n").replace("，", ", ")
    assert relations(whole, whole, spaced) == ["exact", "exact"]
    assert relations(whole, edited(whole, script, 2, 0.02)) == ["copy"]
    assert relations(whole, edited(whole, script, 2, 0.05)) == ["copy"]
    assert relations(whole, whole[:240]) == ["truncated"]
    assert relations(whole, whole[:70]) == ["truncated"]
    assert relations(whole, whole + text(script, 3, 300)) == ["extended"]


@pytest.mark.parametrize("script", SYLLABLES)
def test_other_stories_and_quotes(script: str) -> None:
    whole = text(script, 1)
    assert relations(whole, text(script, 2)) == [None]
    assert relations(whole, text(script, 3, 300) + whole[200:300] + text(script, 4, 300)) == [None]
    assert relations(whole, text(script, 5, 60)) == [None]


@pytest.mark.parametrize("script", SYLLABLES)
def test_a_few_characters_match_exactly_only(script: str) -> None:
    few = text(script, 1, 12).rstrip("，。")
    other = few[:-1] + next(letter for letter in SYLLABLES[script] if letter != few[-1])
    assert relations(few, few + "。") == ["exact"]
    assert relations(few, other) == [None]
