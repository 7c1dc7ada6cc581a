"""The frames of lines: what is the same in "Follow Ida Brandt on Twitter" and "Follow Tom Ashby on Twitter".

What varies from article to article is a slot: names and other words with a capital, numbers, dates, addresses, handles.
A frame is the fixed words between slots. The first word of a line has a capital in any case, so a line that begins with
one has two frames: with that word, and with a slot for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 300
"""Characters of a line; a longer one has no frame."""

FEWEST, MOST = 3, 24
"""Fixed words of a frame. Fewer may stand in any headline, more only in what tells a story."""

SLOTS = 5
"""A frame with more is a list."""

SLOT = "\0"

# Capitals that do not vary: where readers are sent.
_FIXED = frozenset(
    "twitter facebook instagram youtube tiktok linkedin whatsapp telegram pinterest snapchat google apple spotify podcast "
    "podcasts newsletter email rss photo photos video image source".split()
)
# Between two slots these are part of one: "Ida Brandt and Tom Ashby of the Post".
_JOINTS = frozenset("and & of the de la del da do dos van von der und y e et | / - – — · • , : at in for to a an or".split())
_EDGES = "\"'“”‘’„«»()[]{}<>.,:;!?…*_|•·–—-"
_VARIES = re.compile(r"\d|@|://|\w\.\w|#\w")
_LETTER = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(r"\d")
_FEWEST_DIGITS = 6


def frames(line: str) -> Iterator[str]:
    """The frames of a line without space around it: none, one or two. Two lines with one frame differ in slots alone.

    A line of digits alone has a frame if they are many: their number.
    """
    if len(line) > LONGEST:
        return
    if not _LETTER.search(line):
        if len(_DIGITS.findall(line)) >= _FEWEST_DIGITS:
            yield _DIGITS.sub("0", line)
        return
    words = line.split()
    parts = [_part(word) for word in words]
    yield from _framed(parts)
    if parts[0] == SLOT and not _VARIES.search(words[0]) and len(words) > 1:
        yield from _framed([words[0].casefold(), *parts[1:]])


def _part(word: str) -> str:
    core = word.strip(_EDGES)
    if core.casefold() in _FIXED:
        return core.casefold()
    if core and (core[0].isupper() or _VARIES.search(core)):
        return SLOT
    return word.casefold()


def _framed(parts: list[str]) -> Iterator[str]:
    frame: list[str] = []
    for number, part in enumerate(parts):
        joint = part in _JOINTS and number + 1 < len(parts) and parts[number + 1] == SLOT
        if frame and frame[-1] == SLOT and (part == SLOT or joint):
            continue
        frame.append(part)
    slots = frame.count(SLOT)
    fixed = sum(part != SLOT and bool(_LETTER.search(part)) for part in frame)
    if 0 < slots <= SLOTS and FEWEST <= fixed <= MOST:
        yield " ".join(frame)
