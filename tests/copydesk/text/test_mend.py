"""What mending does and does not do."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import ftfy
import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from cleaners import reader
from copydesk.text.mend import _fixed, mend, mend_all
from tests.copydesk.text.test_decode import CHINESE, CZECH, FRENCH, JAPANESE, RUSSIAN


@pytest.mark.parametrize(
    ("text", "expected", "repaired"),
    [
        ("sÃ³lo", "sólo", ("mojibake",)),
        ("â€œQuietâ€\x9d, she said.", "“Quiet”, she said.", ("mojibake",)),
        ("worked \x80\x94to win", "worked —to win", ("mojibake",)),
        ("It\x92s late\x85", "It’s late…", ("mojibake",)),
        ("Clean line.\nIt donâ€™t.", "Clean line.\nIt don’t.", ("mojibake",)),
        ("РџСЂРёРІРµС‚, РєР°Рє РґРµР»Р°?", "Привет, как дела?", ("mojibake",)),
        ("РєР°Рє РґРµР»Р°", "как дела", ("mojibake",)),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет", ("mojibake",)),
        ("a\r\nb\rc\u2028d\x0ce", "a\nb\nc\nd\ne", ("newlines",)),
        ("a\x00b\x08c\x7f", "abc", ("control-characters",)),
        ("\ufeffa\u200bb\u00adc\u2060d\u200ee", "abcde", ("invisible-characters",)),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07x", "red x", ("terminal-escapes",)),
        ("\ud83d\udca9 \ud83d", "💩 \ufffd", ("surrogates",)),
        ("non\u200cjoined zero\u200dwidth", "nonjoined zerowidth", ("invisible-characters",)),
    ],
)
def test_what_is_mended(text: str, expected: str, repaired: tuple[str, ...]) -> None:
    assert mend(text) == (expected, repaired)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain text.\n\tIndented.",
        FRENCH,
        CZECH,
        RUSSIAN,
        JAPANESE,
        CHINESE,
        "“Curly” ‘quotes’ – dashes — ellipsis… £5 €6 50°C ½ × 3² ©2024 ®™ §4 ¶",
        "ﬁne ﬂats, ＦＵＬＬ width, ｶﾅ, &amp; &eacute; and ¨",
        "cafe\u0301 and café",
        "naïve façade coöperate Ångström ØRSTED ÉTÉ œuvre Œdipe",
        "non\u00a0breaking thin\u2009space",
        "می‌خواهم",
        "क्‍ष and ক্‌ষ",
        "👨‍👩‍👧‍👦 👩🏽‍⚕️ 🏴‍☠️ ❤️‍🔥",
        "שלום\u200f! \u202bעברית\u202c",
        "ภาษา\u200bไทย",
        "[b]bold[/b] \\x1b[31m",
        "© Ärzteblatt, “É” and «Ü»",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert mend(text) == (text, ())


@rules(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_mended_text_is_clean(text: str) -> None:
    mended, repaired = mend(text)
    mended.encode()
    assert not any(
        (unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t") or character in "\u2028\ufeff"
        for character in mended
    )
    assert bool(repaired) == (mended != text)


LETTERS = st.sampled_from(
    [*"aZ 9.\n\t\r\x85é’“âÃ€ВГ°µ¤ﬁ中\ufffd\u200b\u00ad\ud83d💩", "Ã©", "â€œ", "cafÃ©", "naïve", "İß"]
)


@rules(max_examples=300, deadline=None)
@given(st.lists(st.lists(LETTERS | st.characters(), max_size=12).map("".join), max_size=6), st.booleans())
def test_many_texts_are_mended_as_each_is(texts: list[str], compiled: bool) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader, "_read", reader.COMPILE_BYTES if compiled else 0)
        patched.setattr(reader, "_is_filled", lambda: False)
        assert mend_all(texts) == [(*mend(text), mend(text)[0].encode()) for text in texts]


def test_clean_text_does_not_import_ftfy() -> None:
    code = (
        "import sys; from copydesk.text.decode import decode; from copydesk.text.mend import mend;"
        "mend('“Clean” text — naïve, 5 €.'); decode(b'It\\x92s');"
        "assert not {'ftfy', 'charset_normalizer'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


WRITTEN = ["café", "“no” ", "naïve à la", "№ 5", " x", "plain words of some length. " * 3]


@given(st.lists(st.sampled_from(WRITTEN)))
def test_ascii_far_from_mojibake_makes_no_difference(parts: list[str]) -> None:
    line = "".join(
        part.encode().decode("cp1252", "replace") if number % 2 else part for number, part in enumerate(parts)
    )
    assert _fixed(line) == ftfy.fix_encoding(line)
