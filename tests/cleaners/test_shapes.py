"""Frames of lines: what varies is a slot, what is quoted or said in few words has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.shapes import LONGEST, SLOT, frames


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Follow Ida Brandt on Twitter", "Follow Tom on Twitter"),
        ("Ida Brandt is a reporter at the Harbor Post.", "Tom Ashby is a reporter at the Reef."),
        ("Send all tips to ida@harborpost.example", "Send all tips to tom.ashby@harborpost.example"),
        ("Ida Brandt and Tom Ashby of the Post contributed to this report.", "Ida Brandt contributed to this report."),
        ("Printed on May 3, 2021 and read all week", "Printed on June 14, 1998 and read all week"),
    ],
)
def test_lines_that_differ_in_names_and_numbers_share_a_frame(one: str, other: str) -> None:
    assert set(frames(one)) & set(frames(other))


def test_a_line_that_begins_with_a_word_has_a_frame_with_it_and_one_without() -> None:
    assert frames("Follow Ida on Twitter at night") == (
        f"{SLOT} on twitter at night",
        f"follow {SLOT} on twitter at night",
    )


def test_a_line_without_a_slot_is_its_own_frame() -> None:
    assert frames("sign up for more") == ("sign up for more",)


@pytest.mark.parametrize(
    "line",
    [
        "“Follow Ida to the harbor,” he said on Monday.",
        "Ida Brandt, Harbor News",
        "Nine Boats Are Lost On The Reef",
        "More on Ida",
        "",
        "191012104551443",
        "a word and " * LONGEST,
    ],
)
def test_what_has_no_frame(line: str) -> None:
    assert frames(line) == ()


def test_a_list_of_names_has_none() -> None:
    assert frames("Ida saw Tom met Ben hit Max cut Zoe fed Lea") == ()


@given(st.text(max_size=200))
def test_any_line_has_two_frames_at_most(line: str) -> None:
    assert len(frames(line)) <= 2
