"""The five situations of the first samples, in invented stories; the samples themselves where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleaners import Source, clean, clean_many, restore

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"

FIRST = (
    "The harbor master of Oldmouth has broken a long silence about the night the lighthouse went dark, in a talk "
    "that lasted for more than two hours on Tuesday."
)
SECOND = (
    "Nobody was hurt when the coaster ran aground, but the inquiry found that the lamp had not been looked after "
    "for years, and that letters about it were never answered."
)
THIRD = (
    "“I wrote to them every spring,” said the keeper, who is seventy-one and has lived on the rock since he was a "
    "boy. “Nobody wrote back.”"
)


def story(*parts: str) -> str:
    return "\n\n".join(parts)


def test_glued_date_and_a_caption_with_its_credit() -> None:
    caption = "The keeper (left) and his brother on the rock in 1987. Jonas Wiek via Getty Images"
    done = clean(story(f" date 2023-02-01 {FIRST}", SECOND, caption, THIRD))
    assert done.text == story(FIRST, SECOND, THIRD)
    assert done.fields.published == "2023-02-01"
    assert done.fields.credit == "Jonas Wiek via Getty Images"


def test_headline_and_a_last_line_that_points_at_nothing() -> None:
    headline = "Keeper & Brother Say Sorry For Dark Lighthouse"
    done = clean(story(headline, FIRST, SECOND, THIRD, "You can check out the brothers’ Instagram video below:"))
    assert done.text == story(FIRST, SECOND, THIRD) + "\n\n"
    assert done.fields.title == headline


def test_head_block_ad_markers_and_bare_captions_but_not_subheads() -> None:
    ad = "Article continues below advertisement"
    headline = "Town Turns On Lighthouse Keeper After A Night In The Dark"
    subheads = ("Keeper & Brother Beg Council For Mercy In Lighthouse Case", "Town Slams The Pair On The Square")
    done = clean(
        story(
            "///Jonas Wiek Ida Brandt",
            headline,
            f"Home / Top Stories / {headline}",
            "By Ida Brandt on September 9, 2023 at 10:15 AM EDT",
            FIRST,
            f"{ad}\nThe keeper's lamp has gone dark once more\n{ad}",
            SECOND,
            ad,
            subheads[0],
            THIRD,
            f"{ad}\nJonas Wiek and Ida Brandt\n{ad}",
            FIRST,
            f"{ad}\nJonas Wiek wrote a letter to the council after the lamp went dark",
            SECOND,
            f"Ida Brandt wrote a letter to the council after the lamp went dark\n{ad}",
            subheads[1],
            THIRD,
            ad,
        )
    )
    assert done.text == story(FIRST, SECOND, subheads[0], THIRD, FIRST, SECOND, subheads[1], THIRD) + "\n\n"
    assert done.fields.title == headline
    assert done.fields.authors == ("Ida Brandt",)
    assert done.fields.published == "September 9, 2023 at 10:15 AM EDT"
    assert done.fields.section == "Top Stories"
    assert done.fields.tags == ("Jonas Wiek", "Ida Brandt")


def test_placeholder_sources_go_but_warning_and_helpline_stay() -> None:
    headline = "The Fallout of the Dark Lighthouse"
    warning = "Trigger warning: This article describes a shipwreck."
    helpline = (
        "If you or someone you know has lived through a wreck, please seek help. The Sailors' Hotline is there day "
        "and night."
    )
    done = clean(story(headline, warning, FIRST, SECOND, helpline) + "\n\n\n– [Source 1]\n– [Source 2]\n– [Source 3]")
    assert done.text == story(warning, FIRST, SECOND, helpline) + "\n\n\n"
    assert done.fields.title == headline
    assert done.fields.credit is None


def test_only_the_sentence_that_asks_for_comments_goes() -> None:
    question = "What do you think of the keeper giving up his lamp?"
    done = clean(
        story(f" date 2023-09-15 {FIRST}", "Keeper's Letter Backfires", f"{SECOND} {question} ")
        + "Let us know in the comment section below.\n"
    )
    assert done.text == story(FIRST, "Keeper's Letter Backfires", f"{SECOND} {question}\n")
    assert done.fields.published == "2023-09-15"
    assert done.fields.title is None


def test_the_title_of_the_record_wins() -> None:
    text = story("KEEPER SPEAKS — “at last”", FIRST, SECOND)
    done = clean(text, title="Keeper speaks: 'At last'")
    assert done.text == story(FIRST, SECOND)
    assert done.fields.title == "KEEPER SPEAKS — “at last”"
    assert clean(text, title="Something else").text == text


@pytest.mark.parametrize(
    "first",
    [
        "He never came back from the sea.",
        "the harbor lay still",
        "Nobody spoke, and so,",
        "The harbor master said: ",
        "It rained",
        "Who was to blame for the dark lighthouse of Oldmouth?",
        "The harbor master has been silent. But for how long",
        "The harbor master and the keeper (left) walk to the lighthouse on the rock",
        "“The harbor master never wrote back to the lighthouse”",
        "There is no telling what the two of them will do when they meet",
        "OLDMOUTH (AP) — The harbor master of the lighthouse has spoken of the night",
        "At the Harbor Post, Ida Brandt writes that the harbor master of the town may have known of the lighthouse",
    ],
)
def test_a_first_sentence_is_no_headline(first: str) -> None:
    done = clean(story(first, FIRST, SECOND))
    assert done.fields.title is None
    assert done.text == story(first, FIRST, SECOND)


@pytest.mark.parametrize(
    ("first", "below"),
    [
        ("Harbor master of Oldmouth breaks silence over lighthouse", ""),
        ("No: how a lamp was lost at sea", "By Ida Brandt"),
        ("Two Brothers Row To Sea", ""),
        ("¿Quién apagó el faro del puerto?", "Por Ida Brandt"),
    ],
)
def test_a_headline_is_borne_out_by_what_follows(first: str, below: str) -> None:
    done = clean(story(first, *filter(None, [below]), FIRST, SECOND))
    assert done.fields.title == first
    assert done.text == story(FIRST, SECOND)
    assert done.fields.authors == (("Ida Brandt",) if below else ())


def test_a_headline_that_stands_twice_goes_twice() -> None:
    headline = "Keeper Says Sorry For Dark Lighthouse"
    assert clean(story(headline, "By Ida Brandt", headline, FIRST, SECOND)).text == story(FIRST, SECOND)
    assert clean(story(headline, headline.upper(), FIRST, SECOND), title=headline).text == story(FIRST, SECOND)


def test_a_first_line_over_short_lines_is_no_headline() -> None:
    verse = "The sea gives up its dead\nThe wind lies down to sleep\nAnd we row on instead\nWith promises to keep"
    assert clean(verse).text == verse


def test_a_glued_line_needs_blank_lines_elsewhere_to_be_a_caption() -> None:
    text = f"{FIRST}\nAdvertisement\nThe keeper walks to the shore\n{SECOND}"
    assert clean(text).text == f"{FIRST}\nThe keeper walks to the shore\n{SECOND}"


def test_a_block_under_related_goes_to_the_end() -> None:
    tail = "Related\nThree more lamps go dark\nKeeper of the year named\nWhy ships still need lights"
    assert clean(story(FIRST, SECOND, tail)).text == story(FIRST, SECOND) + "\n\n"
    in_the_middle = story(FIRST, "Related", SECOND, THIRD)
    assert clean(in_the_middle).text == in_the_middle


@pytest.mark.parametrize(
    "kept",
    [
        "“Sign up for our newsletter,” said the sign on the door.",
        "Correction: an earlier version of this story said the photo was by Ida Brandt/Getty Images.",
        "Update: Follow-up talks about the lamp have been called off by the council.",
        "OLDMOUTH (Reuters) - The harbor was closed on Monday after the lamp went dark, police said in a statement.",
        "[1] Brandt, I.: Lamps of the coast. https://example.org/lamps.pdf",
    ],
)
def test_vetoes(kept: str) -> None:
    text = story(FIRST, SECOND, kept)
    assert clean(text).text == text


def test_batches_keep_their_texts_apart() -> None:
    texts = ["", "Advertisement", "\n", f"{FIRST}\nAdvertisement", "Related", "\n\nAdvertisement\n\n", FIRST]
    assert clean_many([Source(text) for text in texts]) == [clean(text) for text in texts]


# (sample, parts that must be gone, fields) and everything else stays: lengths tell
SAMPLES = {
    "000": (17 + 167, {"published": "2023-02-01", "title": None}),
    "001": (86 + 59, {"published": None}),
    "002": (1003, {"published": "September 9, 2023 at 10:15 AM EDT"}),
    "003": (73 + 38, {"credit": None, "published": None}),
    "004": (17 + 42, {"published": "2023-09-15", "title": None}),
}


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the samples are not here")
@pytest.mark.parametrize("number", SAMPLES)
def test_samples(number: str) -> None:
    path = next(SEEDS.glob(f"{number}_*.txt"))
    text = path.read_bytes().decode()
    done = clean(text)
    removed, fields = SAMPLES[number]
    assert len(text) - len(done.text) == removed
    assert {name: getattr(done.fields, name) for name in fields} == fields
    assert restore(done.text, done.removals) == text


HEADLINE = "Keeper Says Sorry For Dark Lighthouse"


@pytest.mark.parametrize(
    "text",
    [
        story(HEADLINE, f"Share All sharing options for: {HEADLINE}", FIRST, SECOND),
        story("Home > News > Local", HEADLINE, "By Ida Brandt", "May 3, 2021", FIRST, SECOND, "Tags: Lamp, Harbor"),
        story(FIRST, f"{SECOND} What do you think? Let us know in the comments below. Follow us on Twitter", "Related"),
        story("Skip to content\nTide Tables\nSports", FIRST, SECOND, "Share this article", "Three more lamps", "_____"),
        story(FIRST, SECOND, "Related", "Three more lamps go dark", "Why ships need lights", "12 Comments", "Old Salt"),
        story(FIRST, "Advertisement\nThe keeper walks to the shore\nAdvertisement", SECOND, "(Photo: Ida Brandt)"),
        story(FIRST, SECOND, "Ida Brandt is professor of harbor law at Oldmouth College.", "© 2021 Harbor Post"),
    ],
)
def test_cleaning_again_removes_nothing_more(text: str) -> None:
    done = clean(text)
    assert done.removals
    assert clean(done.text, title=done.fields.title).removals == ()


def test_a_headline_above_paragraphs_of_one_sentence() -> None:
    body = story(
        "The council of Ardle voted on Monday to close the old ferry slip.",
        "It has not been used since the winter storms tore its planks away.",
        "Work is due to begin in April and to last for six weeks.",
    )
    headline = "Ardle Council Closes Old Ferry Slip After Storms"
    assert clean(story(headline, body)).fields.title == headline
    assert clean(story("Rain", body)).fields.title is None
