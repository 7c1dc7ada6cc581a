"""The story of a page: what is taken, how it is written down, and how sure the reading is."""

from __future__ import annotations

import subprocess
import sys

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from cleaners import reader
from copydesk.errors import ItemError
from copydesk.pages import evidence, loops, page, shapes, story, text_loops, trees
from copydesk.pages.blocks import Blocks
from copydesk.pages.extract import FALLBACK, OWN, UNSURE, extract
from tests.copydesk.pages.test_extract import PAGE, SENTENCES

MENU = (
    "<nav><ul>" + "".join(f"<li><a href=/{name}>{name}</a></li>" for name in ("Home", "Local", "Sport")) + "</ul></nav>"
)
MORE = "".join(
    f"<div class=card><a href=/{n}><h3>Another headline number {n}</h3><p>What happened on day {n}</p></a></div>"
    for n in range(8)
)


def body(extra: str = "", at: int = 2) -> str:
    paragraphs = [f"<p>{sentence} {SENTENCES[0]}</p>" for sentence in SENTENCES]
    return "".join([*paragraphs[:at], extra, *paragraphs[at:]])


def made(inner: str, after: str = "", head: str = "") -> str:
    return (
        f"<!doctype html><html lang=en><head><title>Old bridge closed until spring</title>{head}</head><body>{MENU}"
        f"<main><article><h1>Old bridge closed until spring</h1>{inner}</article>{after}</main>"
        "<footer><p>Elm News, all rights reserved</p></footer></body></html>"
    )


def lines(html: str) -> list[str]:
    return extract(html, "https://elm.example/bridge").text.split("\n")


def test_a_plain_page_is_read_without_a_second_opinion() -> None:
    done = extract(made(body(), f"<div class=related>{MORE}</div>"))
    assert done.extracted_by == OWN
    assert done.text.split("\n") == [f"{sentence} {SENTENCES[0]}" for sentence in SENTENCES]


def test_lists_and_tables_within_the_story_stay_and_have_their_lines() -> None:
    rows = "<tr><th>Pier</th><th>Cracks found</th></tr><tr><td>North pier</td><td>seven</td></tr>"
    found = lines(
        made(body(f"<ul><li>The market moves to the school.</li><li>Buses turn.</li></ul><table>{rows}</table>"))
    )
    assert "- The market moves to the school." in found
    assert "- Buses turn." in found
    assert "North pier | seven" in found


def test_correction_notes_stay() -> None:
    note = "Correction, March 3: An earlier version of this article gave a wrong number of piers."
    assert note in lines(made(body(f"<p><em>{note}</em></p>", at=4)))


def test_captions_and_buttons_are_none_of_it() -> None:
    found = lines(
        made(body("<figure><img src=a><figcaption>The bridge in May</figcaption></figure><button>Share</button>"))
    )
    assert not {"The bridge in May", "Share"} & set(found)


def test_a_page_without_a_story_is_not_sure() -> None:
    told = page.read(f"<html><body>{MENU}{MORE}</body></html>")
    assert not story.read(told.blocks).sure


def test_a_short_text_is_never_sure() -> None:
    told = page.read(f"<html><body><article><h1>Old bridge</h1><p>{SENTENCES[0]}</p></article></body></html>")
    found = story.read(told.blocks, "Old bridge")
    assert len(found.text) < story.SHORT
    assert not found.sure


def test_the_paths_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "SURE", 1001)
    assert extract(made(body())).extracted_by == FALLBACK
    monkeypatch.setattr("copydesk.pages.extract._by_trafilatura", lambda html, url, fast: None)
    done = extract(made(body()))
    assert done.extracted_by == UNSURE
    assert SENTENCES[3] in done.text


def test_trafilatura_is_asked_again_before_a_page_is_without_result(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def nothing_at_first(html: str, url: str | None, fast: bool) -> str | None:
        asked.append(fast)
        return None if fast else SENTENCES[1]

    monkeypatch.setattr(story, "SURE", 1001)
    monkeypatch.setattr("copydesk.pages.extract._by_trafilatura", nothing_at_first)
    assert extract("<html><body><p>x</p></body></html>").text == SENTENCES[1]
    assert asked == [True, False]


def test_a_page_without_text_is_not_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("copydesk.pages.extract._by_trafilatura", lambda html, url, fast: asked.append(fast))
    with pytest.raises(ItemError, match="no main content"):
        extract("<html><head><title>Made by a script</title></head><body><div id=app></div></body></html>")
    assert asked == [True]


def test_article_body_is_evidence_and_no_more() -> None:
    quoted = " ".join(SENTENCES).replace('"', "")
    told = f'{{"@type": "NewsArticle", "articleBody": "{"Nothing of it. " * 40}"}}'
    false = f'<script type="application/ld+json">{told}</script>'
    true = false.replace("Nothing of it. " * 40, quoted)
    for head in (false, true):
        found = lines(made(body(), head=head))
        assert all(any(sentence in line for line in found) for sentence in SENTENCES)


def test_sure_pages_load_neither_trafilatura_nor_dates_patterns() -> None:
    html = made(body(), head='<meta property="article:published_time" content="2026-03-03T10:00:00Z">')
    code = (
        "import sys\nfrom copydesk.articles.documents import read\nfrom copydesk.model import Item\n"
        "from copydesk.settings import Settings\n"
        f"done = read(Item('file:///a', 'html', 'a', {html.encode()!r}), Settings())\n"
        "print(done.extracted_by, sorted({'trafilatura', 'htmldate', 'dateparser', 'lxml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "copydesk []"


HOSTILE = {
    "5,000 nested elements": "<div>" * 5000,
    "300 nested tables": "<table><tr><td>" * 300,
    "50,000 spans": "<div>" + "<span>a </span>" * 50_000 + "</div>",
    "30,000 links": "".join(f"<a href=/{n}>n{n}</a> " for n in range(30_000)),
    "broken attributes": '<div class="a" class=b ="c" id=\'>',
    "many unclosed": "<b><i>" * 3000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_have_a_result(name: str) -> None:
    start = HOSTILE[name] + ("'>" if name == "broken attributes" else "")
    done = extract(f"<html><body><h1>Old bridge closed until spring</h1>{start}{body()}")
    assert all(sentence in done.text for sentence in SENTENCES)


def test_large_pages_are_not_given_to_trafilatura(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "SURE", 1001)
    monkeypatch.setattr("copydesk.pages.extract._by_trafilatura", lambda html, url, fast: pytest.fail("it was asked"))
    assert extract(made(body(), "<i>a</i>" * 30_000)).extracted_by == UNSURE


def test_a_model_is_written_and_read_back() -> None:
    model = trees.default()
    again = trees.Model.read(model.write())
    told = page.read(PAGE)
    rows = evidence.rows(told.blocks, model.labels, told.metadata.title, None)
    assert (again.scores(rows) == model.scores(rows)).all()
    assert again.words == model.words


def test_what_looks_as_the_story_does_stays_between_its_paragraphs() -> None:
    html = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES) + f"<div class=x>{SENTENCES[0]}</div><p>End.</p>"
    told = page.read(f"<body>{html}</body>")
    high, low = story.BAR, story.INSIDE_ALIKE
    scores = np.array([high, high, low, high, low, high])
    assert story._taken(told.blocks, scores).tolist() == [True, True, True, True, False, True]
    scores[2] = low - 1
    assert not story._taken(told.blocks, scores)[2]
    assert not story._taken(told.blocks, np.full(6, high - 1)).any()


def test_trees_by_hand() -> None:
    splits, borders = np.array([[0, 1]], np.int16), np.array([[5, 7]], np.int32)
    model = trees.Model.of(splits, borders, np.array([[1, 20, 300, 4000]], np.int32), 10, {})
    rows = np.array([[4, 6], [5, 6], [4, 7], [5, 7]], np.int32)
    assert model.scores(rows).tolist() == [11, 30, 310, 4010]
    many = np.tile(rows, (1000, 1))
    assert model.scores(many).tolist() == model.scores(rows).tolist() * 1000


WEIGHTS = {"post": 7, "body": 5, "nav": -9, "text": 3}


def test_a_label_weighs_what_its_words_do() -> None:
    labels = evidence.Labels(WEIGHTS)
    told = ["", "post post-Body", "Nav\nbody", "navbar x", "", "post", "ПОСТ post_тext"]
    assert labels.scores(told) == [0, 12, -4, 0, 0, 7, 7]
    assert labels.scores(told[::-1]) == [7, 7, 0, 0, -4, 12, 0]


def test_weights_of_old_labels_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_LABELS", 10)
    labels = evidence.Labels(WEIGHTS)
    for first in range(0, 100, 5):
        assert labels.scores([f"post{n}-body" for n in range(first, first + 5)]) == [12] * 5
    assert len(labels._scores) < 20


def test_shapes_of_texts() -> None:
    texts = [
        "A Boat of 2 Men sank, they said. No! Why?",
        'He said: "No."',
        "」",
        "船が 沈んだ。船、船。",
        "x" * 158 + " Z 9 Z",
        "𝐀 Boat, and",
        "to be read:",
    ]
    shape = shapes.of(texts)
    assert shape.sizes.tolist() == [len(text) for text in texts]
    assert shape.chars.tolist() == [41, 14, 1, 25, 164, 11, 11]
    assert shape.ends.tolist() == [3, 3, 0, 3, 0, 0, 2]
    assert shape.sentences.tolist() == [2, 0, 0, 2, 0, 0, 0]
    assert shape.commas.tolist() == [1, 0, 0, 1, 0, 1, 0]
    assert shape.words.tolist() == [10, 3, 1, 2, 4, 3, 3]
    # of the long text the first 160 characters: two words, one with a capital, and no digit
    assert shape.capitals.tolist() == [500, 333, 0, 0, 500, 666, 0]
    assert shape.digits.tolist() == [24, 0, 0, 0, 0, 0, 0]


def test_words_of_labels() -> None:
    assert evidence.words("post-Body_text storyBody x1 ad") == {"post", "body", "text", "story"}


TEXT = st.sampled_from([
    "A Boat of 2 Men sank, they said. No! Why?", 'He said: "No."', "」", "船が 沈んだ。船、船。", "x" * 158 + " Z 9 Z",
    "𝐀 Boat, and 𝟗 𝒶", "to be read:", "a_b-c", "Many words of a long paragraph, as a story has it. " * 9,
]) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)  # fmt: skip
LABEL = st.sampled_from(
    ["", "post post-Body", "Nav\nbody", "navbar x", "ПОСТ post_тext", "A" * 40, "storyBody1Text", "aB"]
)
BLOCK = st.tuples(st.sampled_from(["p", "h1", "h2", "td", "b", "li", "nav", "aside"]), LABEL, TEXT, st.integers(0, 4))


@st.composite
def trees_of_blocks(draw: st.DrawFn) -> tuple[Blocks, str | None, str | None]:
    """Any blocks, each at any depth, with a title and an articleBody."""
    found = draw(st.lists(BLOCK, min_size=1, max_size=30))
    html, opened = "", 0
    for tag, label, text, depth in found:
        html += "</div>" * max(0, opened - depth) + f"<div class='{label}'>" * max(0, depth - opened)
        opened = depth
        linked = f"<a href=/>{text[: len(text) // 2]}</a>{text[len(text) // 2 :]}"
        html += f"<{tag} class='{label}' id=x>{linked if depth % 2 else text.replace('<', ' ')}</{tag}>"
    told = page.read(f"<body>{html}</body>").blocks
    texts = st.sampled_from([None, *(block.text for block in told.blocks)])
    return told, draw(texts), draw(texts)


@settings(max_examples=100, deadline=None)
@given(told=trees_of_blocks())
def test_evidence_is_the_same_compiled_or_not(told: tuple[Blocks, str | None, str | None]) -> None:
    blocks, title, body = told
    if not blocks.blocks:
        return
    found = []
    for size in (0, reader.COMPILE_BYTES):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader, "_read", size)
            patch.setattr(reader, "_is_filled", lambda: False)
            model = trees.Model.read(trees.default().write())
            rows = evidence.rows(blocks, model.labels, title, body)
            found.append((rows.tolist(), model.scores(rows).tolist()))
    assert rows.shape == (len(blocks.blocks), loops.COLUMNS)
    assert found[0] == found[1]


def test_rehearsal_leaves_nothing_to_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_read", reader.COMPILE_BYTES)
    monkeypatch.setattr(trees.default().labels, "_scores", {"": 0})
    story.rehearse()
    called = [loops.compiled("fill"), loops.compiled("score")]
    called += [text_loops.compiled("measure"), text_loops.compiled("weigh")]
    before = [len(function.signatures) for function in called]
    assert min(before) > 0
    told = page.read(made(body("<p>" + "😀 Emoji " * 9)))
    story.read(told.blocks, told.metadata.title, "A body. " * 100)
    assert [len(function.signatures) for function in called] == before
