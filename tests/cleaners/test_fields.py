"""What cleaning finds becomes fields, and nothing that is not theirs comes with it."""

from __future__ import annotations

import pytest

from cleaners import Fields, clean
from cleaners.fields import gather
from tests.cleaners.test_clean import FIRST, SECOND, story


def fields(*parts: str) -> Fields:
    return clean(story(*parts)).fields


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("By Ida Brandt", ("Ida Brandt",)),
        ("By Ida Brandt and Tom Ashby", ("Ida Brandt", "Tom Ashby")),
        ("By Ida Brandt, Tom Ashby and Mara Quill", ("Ida Brandt", "Tom Ashby", "Mara Quill")),
        ("By Ida Brandt, Staff Writer", ("Ida Brandt",)),
        ("Von Jens Holm und Ida Brandt", ("Jens Holm", "Ida Brandt")),
    ],
)
def test_authors(line: str, authors: tuple[str, ...]) -> None:
    assert fields(line, FIRST, SECOND).authors == authors


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        ("The keeper on the rock in 1987. Photo: Jonas Wiek/Harbor Pool", "Jonas Wiek/Harbor Pool"),
        ("Workers leave the mill on Monday. (AP Photo/Ida Brandt)", "AP Photo/Ida Brandt"),
        ("Image copyright Harbor Museum Image caption The mill in 1950. It stood empty.", "Harbor Museum"),
        ("Photographer: Ida Brandt/Bloomberg Photographer: Ida Brandt/Bloomberg", "Ida Brandt/Bloomberg"),
    ],
)
def test_a_credit_has_no_words_of_the_caption(line: str, credit: str) -> None:
    done = clean(story(FIRST, line, SECOND))
    assert done.text == story(FIRST, SECOND)
    assert done.fields.credit == credit


@pytest.mark.parametrize(
    ("line", "section"),
    [
        ("Home / Top Stories / Keeper And Brother Say They Are Sorry", "Top Stories"),
        ("Home > News > Local", "Local"),
        ("Startseite » Politik", "Politik"),
    ],
)
def test_the_section_of_a_breadcrumb(line: str, section: str) -> None:
    assert fields(line, FIRST, SECOND).section == section


def test_tags() -> None:
    assert fields(FIRST, SECOND, "Tags: Harbor, Lamps, Ida Brandt").tags == ("Harbor", "Lamps", "Ida Brandt")


@pytest.mark.parametrize(
    "bio",
    [
        "Ida Brandt is a staff writer at the Harbor Post.",
        "Tom Ashby is professor of harbor law at Oldmouth College.",
    ],
)
def test_a_bio_is_no_attribution(bio: str) -> None:
    done = clean(story(FIRST, SECOND, bio))
    assert done.text == story(FIRST, SECOND) + "\n\n"
    assert [removal.category for removal in done.removals] == ["bio"]
    assert done.fields.attribution is None


def test_an_attribution() -> None:
    assert fields(FIRST, SECOND, "Ida Brandt contributed to this report.").attribution == (
        "Ida Brandt contributed to this report."
    )


def test_a_bio_is_kept_as_a_field() -> None:
    bio = "Ida Brandt is a staff writer at the Harbor Post."
    done = clean(story(FIRST, SECOND, "About the author", bio, "Follow her on Twitter @idabrandt"))
    assert done.text == story(FIRST, SECOND) + "\n\n"
    assert done.fields.bio == f"{bio}\nFollow her on Twitter @idabrandt"
    assert {(r.action, r.field) for r in done.removals if r.category == "bio"} == {("field", "bio")}
    assert fields(FIRST, SECOND, "About the author").bio is None
    assert fields(FIRST, SECOND).bio is None


def test_a_breadcrumb_tells_the_section_and_a_menu_does_not() -> None:
    assert gather([("section", "News"), ("section", "Home > News > Local")]).section == "Local"
    assert gather([("section", "News"), ("section", "Sport")]).section is None
    assert gather([("section", "Opinion"), ("section", "Opinion")]).section == "Opinion"


def test_a_bracket_that_is_closed_only_is_left_out() -> None:
    assert gather([("attribution", "Reporting by Ada Lind)")]).attribution == "Reporting by Ada Lind"
    assert gather([("attribution", "Reporting by Ada Lind (Wire)")]).attribution == "Reporting by Ada Lind (Wire)"


def test_a_date_of_a_change_is_none_of_publication() -> None:
    told = [("published", "Jun 12, 2024"), ("modified", "Jun 12, 2024")]
    assert (gather(told).published, gather(told).modified) == (None, "Jun 12, 2024")
    assert gather([*told, ("published", "Jun 11, 2024")]).published == "Jun 11, 2024"
