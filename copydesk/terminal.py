"""Text of others, made fit to be shown on a terminal, in a log or in an error."""

from __future__ import annotations

import re

_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text without what a terminal obeys or what hides on it: controls, escapes, line breaks, direction marks.

    Each becomes U+FFFD. A tab becomes a space. What comes out encodes to UTF-8.
    """
    return _UNFIT.sub("\ufffd", text.replace("\t", " "))


def printable_lines(text: str) -> str:
    """As printable(), line by line."""
    return "\n".join(map(printable, text.split("\n")))


def utf8(text: str) -> str:
    """The text with U+FFFD in place of bytes that are no UTF-8, as Python has them in arguments and names of files."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
