"""Charsets: which one bytes are in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from copydesk.errors import ItemError
from copydesk.text.decode import charset_named, declared_charset, decode, is_binary
from copydesk.text.mend import mend

FRENCH = "Le café du théâtre fermera à la fin de l’été, a annoncé la mairie. « C’est dommage », dit un habitué âgé. "
CZECH = "Přívoz přes řeku začne jezdit až příští měsíc, oznámilo město. Důvodem je nízká hladina, řekl převozník. "
RUSSIAN = "Паром через реку начнёт ходить только в следующем месяце, сообщили в городской администрации. "
JAPANESE = "川を渡る船は来月まで運航しないと市が発表した。水位が低いためだと船長は話している。"
CHINESE = "市政府宣布，渡轮将推迟到下个月恢复运营。船长表示，原因是水位过低，乘客需要耐心等待。"


@pytest.mark.parametrize(
    ("content", "declared", "text", "charset", "repaired"),
    [
        (b"plain", None, "plain", "utf-8", ()),
        (FRENCH.encode(), None, FRENCH, "utf-8", ()),
        (FRENCH.encode(), "iso-8859-1", FRENCH, "utf-8", ()),
        (FRENCH.encode("utf-8-sig"), None, FRENCH, "utf-8", ()),
        (FRENCH.encode("utf-16"), None, FRENCH, "utf-16", ()),
        (FRENCH.encode("utf-32"), "utf-8", FRENCH, "utf-32", ()),
        (FRENCH.encode("utf-16-le"), None, FRENCH, "utf-16-le", ()),
        (FRENCH.encode("utf-16-be"), None, FRENCH, "utf-16-be", ()),
        (FRENCH.encode("cp1252"), "latin1", FRENCH, "cp1252", ()),
        (FRENCH.encode("cp1252"), None, FRENCH, "cp1252", ("charset:cp1252",)),
        (b"It\x92s caf\xe9", None, "It’s café", "cp1252", ("charset:cp1252",)),
        (CZECH.encode("cp1250"), "windows-1250", CZECH, "cp1250", ()),
        (RUSSIAN.encode("koi8-r"), "KOI8-R", RUSSIAN, "koi8-r", ()),
        (JAPANESE.encode("shift_jis"), "Shift_JIS", JAPANESE, "cp932", ()),
        (JAPANESE.encode("iso2022_jp"), "iso-2022-jp", JAPANESE, "iso2022_jp", ()),
        (CHINESE.encode("gb18030"), "gb2312", CHINESE, "gb18030", ()),
        (FRENCH.encode() * 5 + b"caf\xe9", None, FRENCH * 5 + "café", "utf-8", ("invalid-bytes",)),
        (FRENCH.encode() * 5 + b"\xe2\x80", None, FRENCH * 5 + "\ufffd", "utf-8", ("invalid-bytes",)),
        (FRENCH.encode("cp1252"), "no-such-charset", FRENCH, "cp1252", ("charset:cp1252",)),
    ],
)
def test_charset(content: bytes, declared: str | None, text: str, charset: str, repaired: tuple[str, ...]) -> None:
    found = decode(content, declared)
    assert (found.text, found.charset, found.repaired) == (text, charset, repaired)


@pytest.mark.parametrize(
    ("text", "charset"),
    [(RUSSIAN * 3, "cp1251"), (CZECH * 3, "cp1250"), (JAPANESE * 3, "cp932"), (CHINESE * 3, "gb18030")],
)
def test_charset_that_nothing_names_is_guessed(text: str, charset: str) -> None:
    found = decode(text.encode(charset))
    assert found.text == text
    assert found.repaired == (f"charset:{found.charset}",)


@pytest.mark.parametrize("content", [bytes(range(256)) * 8, b"\x89PNG\r\n\x1a\n" + bytes(500), b"\x00", b"\x01" * 9])
def test_binary(content: bytes) -> None:
    with pytest.raises(ItemError) as caught:
        decode(content)
    assert (caught.value.stage, caught.value.error) == ("decode", "binary")


def test_empty() -> None:
    with pytest.raises(ItemError) as caught:
        decode(b"")
    assert caught.value.error == "empty"


def test_a_nul_or_two_do_not_make_text_binary() -> None:
    assert not is_binary(b"An article with a stray \x00 in it.")


@pytest.mark.parametrize(
    "label", ["hex", "base64", "rot13", "idna", "unicode_escape", "", "x" * 99, "\0", "utf-7", "zlib"]
)
def test_no_charset(label: str) -> None:
    assert charset_named(label) is None


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (b"", "text/html; charset=ISO-8859-2", "ISO-8859-2"),
        (b"", 'text/html; charset="utf-8"', "utf-8"),
        (b'<meta charset="windows-1251">', None, "windows-1251"),
        (b'<meta charset="windows-1251">', "text/html; charset=utf-8", "utf-8"),
        (b'<meta charset="windows-1251">', "text/html; charset=nonsense", "windows-1251"),
        (b"<meta http-equiv=Content-Type content='text/html; charset=gbk'>", "text/html", "gbk"),
        (b'<?xml version="1.0" encoding="koi8-r"?>', None, "koi8-r"),
        (b'<meta charset="utf-16">', None, None),
        (b"<p>charset=utf-8</p>", None, None),
        (b" " * 5000 + b'<meta charset="windows-1251">', None, None),
    ],
)
def test_declared_charset(content: bytes, content_type: str | None, expected: str | None) -> None:
    assert declared_charset(content, content_type) == expected


@rules(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "utf-16", "gbk", "latin1", "shift_jis", "hz", "big5"]))
def test_any_bytes_give_text_or_an_item_error(content: bytes, declared: str | None) -> None:
    try:
        found = decode(content, declared)
    except ItemError:
        assert not content or b"\0" in content or is_binary(content)
    else:
        mend(found.text)


@rules(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=80))
def test_utf8_is_itself(text: str) -> None:
    found = decode(text.encode())
    assert (found.text, found.charset) == (text.removeprefix("\ufeff"), "utf-8")
