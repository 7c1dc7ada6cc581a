"""The language of a text: found offline, hints believed while they can be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners import reader
from copydesk.text import common_words, language
from copydesk.text.common_words import language_of, languages_of
from copydesk.text.language import detect, detect_all, normalized

ENGLISH = "The council met on Tuesday and agreed that the old bridge over the river should be closed until the spring. "
GERMAN = "Der Gemeinderat beschloss am Dienstag, die alte Brücke über den Fluss bis zum Frühjahr zu sperren. "
PORTUGUESE = "O conselho decidiu na terça-feira que a velha ponte sobre o rio deve ficar fechada até à primavera. "
JAPANESE = "町議会は火曜日に、川に架かる古い橋を春まで閉鎖することを決めた。"


@pytest.mark.parametrize(
    ("text", "hint", "expected"),
    [
        (ENGLISH, None, "en"),
        (GERMAN, None, "de"),
        (JAPANESE, None, "ja"),
        (ENGLISH * 4, "en-gb", "en-GB"),
        (GERMAN * 4, "en", "de"),
        (PORTUGUESE * 4, "pt_BR", "pt-BR"),
        (GERMAN, "en", "en"),
        ("Rain.", None, None),
        ("Rain.", "en_US", "en-US"),
        ("", "English", "en"),
        ("", None, None),
        ("12345 67890 " * 50, None, None),
        (ENGLISH * 4, "not a tag at all", "en"),
        (PORTUGUESE * 4, "gl", "gl"),
        (ENGLISH * 4, "sux", "sux"),
    ],
)
def test_detect(text: str, hint: str | None, expected: str | None) -> None:
    assert detect(text, hint) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("EN", "en"),
        ("en_us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("eng", "en"),
        ("German", "de"),
        ("en-US,en", "en-US"),
        ("de_DE.UTF-8", "de-DE"),
        ("es-419", "es-419"),
        ("iw", "he"),
        ("", None),
        ("und", None),
        ("x", None),
        ("english please", "en"),
        ("1", None),
        ("utf-8", None),
        ("de-1901", "de-1901"),
        ("ca-ES-valencia", "ca-ES-valencia"),
        (None, None),
    ],
)
def test_normalized(tag: str | None, expected: str | None) -> None:
    assert normalized(tag) == expected


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=300), hint=st.one_of(st.none(), st.text(max_size=12)))
def test_never_raises(text: str, hint: str | None) -> None:
    found = detect(text, hint)
    assert found is None or normalized(found) == found


# Invented sentences with many of a neighbour's commonest words.
COUSINS = {
    "gl": "O concello aprobou onte unha nova ordenanza para a mellora das rúas da cidade, segundo explicou o alcalde "
    "na rolda de prensa que tivo lugar no pazo municipal, na que tamén falou dos orzamentos do ano que vén e do paro.",
    "ca": "El govern ha aprovat avui un nou decret per a la millora de les carreteres del país, segons ha explicat el "
    "president en la roda de premsa que ha fet al palau, on també ha parlat dels pressupostos de l'any que ve.",
    "af": "Die regering het gister 'n nuwe wet goedgekeur wat die land se paaie sal verbeter, het die minister gesê in "
    "'n verklaring wat aan die media uitgereik is en wat ook oor die begroting van die jaar handel.",
    "no": "Kommunen vedtok i går at den gamle broen over elva skal stenges til våren, sa ordføreren i en pressemelding "
    "som ble sendt ut på tirsdag, og som også handler om budsjettet for det neste året.",
}


@pytest.mark.parametrize("language", COUSINS)
def test_the_commonest_words_leave_a_language_that_is_not_theirs_to_the_classifier(language: str) -> None:
    assert language_of(COUSINS[language]) is None
    assert detect(COUSINS[language]) == language


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (GERMAN, "de")])
def test_the_commonest_words_tell_a_plain_text(text: str, language: str) -> None:
    assert language_of(text * 2) == language
    assert language_of(text[:40]) is None


WORDS = st.lists(st.sampled_from([*common_words._COUNTED, "İn", "ΣΑΣ", "naïve", "Straße"]) | st.text(max_size=9))


@settings(max_examples=200, deadline=None)
@given(words=WORDS, blank=st.sampled_from([" ", "\n", "\xa0", "\u3000", "\x1c", ", "]), upper=st.booleans())
def test_common_words_are_counted_alike_compiled_or_not(words: list[str], blank: str, upper: bool) -> None:
    text = blank.join(words).upper() if upper else blank.join(words)
    for plain, compiled in zip(common_words._counted_each([text]), common_words._counted_by_loop([text]), strict=True):
        assert plain.tolist() == compiled.tolist()


@pytest.mark.parametrize("size", [0, reader.COMPILE_BYTES])
def test_many_texts_are_looked_at_as_each_is(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_read", size)
    monkeypatch.setattr(reader, "_is_filled", lambda: False)
    late = "1 2 3 4 5 6 7 8 9 10 \n" * 40 + ENGLISH * 5 + "1 2 3 4 5 6 7 8 9 10 \n" * 40  # seen by the long look only
    texts = [*COUSINS.values(), ENGLISH, ENGLISH * 9, JAPANESE, "", "12", "ONE TWO " * 9, late, late[:1500]]
    plain = languages_of(texts)
    assert "en" in plain
    assert None in plain
    assert plain == [language_of(text) for text in texts]
    for hint in (None, "pt", "en-GB"):
        assert detect_all(texts, [hint] * len(texts)) == [detect(text, hint) for text in texts]


@pytest.mark.parametrize("text", [*COUSINS.values(), ENGLISH, JAPANESE, "", "12", "ONE TWO " * 9])
def test_the_classifier_says_the_same_compiled_or_not(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for size in (0, reader.COMPILE_BYTES):
        monkeypatch.setattr(reader, "_read", size)
        monkeypatch.setattr(reader, "_is_filled", lambda: False)
        said.append(language._classified(text))
    assert said[0] == said[1]
