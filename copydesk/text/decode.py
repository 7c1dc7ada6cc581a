"""Bytes to text: in which charset they are. What went wrong before us is mended elsewhere (mend.py)."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from copydesk.errors import ItemError


@dataclass(frozen=True, slots=True)
class Decoded:
    """text: not yet mended. charset: Python's name of it. repaired: what was not as it should be (see decode).

    utf8: the text's own bytes, where it came in UTF-8.
    """

    text: str
    charset: str
    repaired: tuple[str, ...] = ()
    utf8: bytes | None = None


_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\x0b\f\r\x1b") | {127})
_SAMPLE = 64 * 1024

# What web pages say and what they mean: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Codecs of Python's that are no charset of text.
_NO_CHARSET = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "unicode_escape",
                         "raw_unicode_escape", "utf-7", "mbcs", "oem"})  # fmt: skip
# Declared charsets whose bytes may be valid UTF-8 by chance.
_LIKE_UTF8 = ("utf-16", "utf-32", "iso2022", "hz")


def is_binary(content: bytes) -> bool:
    """Whether the bytes are no text in any charset but UTF-16 and UTF-32: more than 1 % control characters."""
    sample = content[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls * 100 > len(sample) and (controls > 3 or controls * 3 > len(sample))


def refuse_binary(content: bytes, declared: str | None = None) -> None:
    """Raises ItemError("decode", "binary") for bytes that are no text."""
    if is_binary(content) and wide_charset(content, declared) is None:
        raise ItemError("decode", "binary", "not text in any charset: give the text or the page itself")


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """Text of bytes. declared: the charset that HTTP, a meta tag or the user names, if any; it may be wrong.

    A byte-order mark decides; then whether the bytes are UTF-8 (other text hardly ever is by chance); then what is
    declared; then the bytes themselves. `repaired` tells of `charset:NAME` if nothing said so and of `invalid-bytes`
    if some bytes had no meaning in the charset. Line breaks and all else stay: see mend.py.

    Raises ItemError, stage decode: empty, binary.
    """
    if not content:
        raise ItemError("decode", "empty", "there is nothing in it")
    wide = wide_charset(content, declared)
    if wide:
        text = content.decode(wide, "replace")
        return Decoded(text, wide, ("invalid-bytes",) if "\ufffd" in text else ())
    refuse_binary(content)
    label = charset_named(declared)
    if label and label.startswith(_LIKE_UTF8):
        try:
            return Decoded(content.decode(label), label)
        except UnicodeError:
            pass
    bare = content[3:] if content.startswith(codecs.BOM_UTF8) else content
    try:
        return Decoded(bare.decode(), "utf-8", utf8=bare)
    except UnicodeDecodeError:
        return _not_utf8(bare, label)


def charset_named(label: str | None) -> str | None:
    """Python's name for a charset as HTTP and HTML name it; None for what is no charset."""
    if not label or len(label) > 64 or "\0" in label:
        return None
    try:
        name = codecs.lookup(label.strip().strip("\"'")).name
        if name in _NO_CHARSET:
            return None
        b"a".decode(name, "replace")
    except (LookupError, ValueError, UnicodeError):
        return None
    return _MEANT.get(name, name)


_CONTENT_TYPE_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,64})", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta\b[^>]{0,512}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,64})", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"\s*<\?xml\b[^>]{0,256}?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,64})")
_META_WITHIN = 4096


def declared_charset(content: bytes, content_type: str | None = None) -> str | None:
    """The charset that HTTP's Content-Type names, else one that the page names in its first 4 KiB, else None."""
    found = _CONTENT_TYPE_CHARSET.search(content_type) if content_type else None
    if found and charset_named(found.group(1)):
        return found.group(1)
    head = content[:_META_WITHIN]
    meta = _META_CHARSET.search(head) or _XML_CHARSET.match(head)
    # A page that can be read as ASCII so far is not UTF-16, whatever it says.
    label = meta.group(1).decode() if meta else None
    name = charset_named(label)
    return None if name is None or name.startswith(("utf-16", "utf-32")) else label


def wide_charset(content: bytes, declared: str | None = None) -> str | None:
    """UTF-16 or UTF-32, if a mark, the declaration or the place of the NULs says so; else None."""
    for mark, name in _BOMS[1:]:
        if content.startswith(mark):
            return name
    if b"\0" not in content[:_SAMPLE]:
        return None
    sample = content[: _SAMPLE // 16 * 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half >= 2 and max(even, odd) * 5 >= half * 2 and min(even, odd) * 20 <= half:
        return "utf-16-le" if odd > even else "utf-16-be"
    label = charset_named(declared)
    if label and label.startswith(("utf-16", "utf-32")):
        text = content[:_SAMPLE].decode(label, "replace")
        if text.count("\ufffd") * 20 <= len(text):
            return label
    return None


def _not_utf8(content: bytes, label: str | None) -> Decoded:
    damaged = _damaged_utf8(content, label)
    if damaged is not None:
        return Decoded(damaged, "utf-8", ("invalid-bytes",))
    if label and label != "utf-8":
        text = content.decode(label, "replace")
        lost = text.count("\ufffd")
        if lost * 200 <= len(text):
            return Decoded(text, label, ("invalid-bytes",) if lost else ())
    name = _guess(content)
    text = content.decode(name, "replace")
    lossy = ("invalid-bytes",) if "\ufffd" in text else ()
    return Decoded(text, name, (f"charset:{name}", *lossy))


def _single_bytes_are_cp1252(error: UnicodeError) -> tuple[str, int]:
    """For text pasted together from UTF-8 and Windows-1252: a lone byte is the latter, a cut sequence is lost."""
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return (wrong.decode("cp1252", "replace") if len(wrong) == 1 else "\ufffd"), error.end


codecs.register_error("copydesk-cp1252", _single_bytes_are_cp1252)


def _damaged_utf8(content: bytes, label: str | None) -> str | None:
    """Text of UTF-8 in which some bytes are wrong; None if it is rather another charset."""
    sample = content[:_SAMPLE].decode("utf-8", "replace")
    wrong = sample.count("\ufffd")
    right = len(sample) - len(sample.encode("ascii", "ignore")) - wrong
    if right >= 3 * wrong or (label == "utf-8" and (wrong * 100 <= len(sample) or right > wrong)):
        return content.decode("utf-8", "copydesk-cp1252")
    return None


_HIGH = re.compile(rb"[\x80-\xff]")
_AROUND = 200
_GUESS_BYTES = 8 * 1024
_FEW_LETTERS = 24


def _guess(content: bytes) -> str:
    """The charset of bytes that are not UTF-8 and of which nothing is known.

    With few letters above ASCII there is nothing to count: Windows-1252, as on most of the web. Else
    charset-normalizer judges a sample.
    """
    sample = b""
    end = 0
    while len(sample) < _GUESS_BYTES and (high := _HIGH.search(content, end)):
        start = max(end, high.start() - _AROUND)
        end = high.end() + _AROUND
        sample += content[start:end]
    if sum(byte >= 0xC0 for byte in sample) < _FEW_LETTERS:
        return "cp1252"
    from charset_normalizer import from_bytes  # 60 ms

    best = from_bytes(sample[:_GUESS_BYTES], steps=4, chunk_size=1024).best()
    name = charset_named(best.encoding) if best else None
    return name if name and not name.startswith(("utf", "cp037", "cp500", "cp1026", "cp1140")) else "cp1252"
