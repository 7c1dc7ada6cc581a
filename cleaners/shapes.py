"""The frames of lines: what is the same in "Follow Ida Brandt on Twitter" and "Follow Tom Ashby on Twitter".

What varies from article to article is a slot: names and other words with a capital, numbers, addresses, handles. A
frame is the fixed words around the slots. The first word of a line has a capital in any case, so a line that begins
with one has two frames: with that word, and with a slot for it. A line without a slot is its own frame.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

LONGEST = 160
"""Characters of a line; a longer one has no frame."""

FEWEST = 3
"""Fixed words of a frame. Fewer stand in any headline."""

SLOTS = 4
"""A frame with more is a list."""

WORDS_KEPT = 1 << 15
"""Of words that were met so many are remembered with what they are in a frame: most words of a text are few."""

SLOT = "\0"

# Capitals that do not vary: where readers are sent.
_FIXED = frozenset(
    "twitter facebook instagram youtube tiktok linkedin whatsapp telegram pinterest snapchat google apple spotify "
    "podcast podcasts newsletter email rss photo photos video image source".split()
)
# Between two slots these are part of one: "Ida Brandt and Tom Ashby of the Post".
_JOINTS = frozenset(
    "and & of the de la del da do dos van von der und y e et | / - – — · • , : at in for to a an or".split()
)
_EDGES = "\"'“”‘’„«»()[]{}<>.,:;!?…*_|•·–—-"
_VARIES = re.compile(r"\d|@|://|\w\.\w|#\w")
_LETTER = re.compile(r"[^\W\d_]")
_QUOTES = re.compile("[\"“”„«»「」『』]|^['‘]")


def frames(line: str) -> tuple[str, ...]:
    """The frames of a line without space around it: none, one or two. What is quoted has none."""
    if len(line) > LONGEST or _QUOTES.search(line):
        return ()
    words = line.split()
    if len(words) < FEWEST:
        return ()
    parts = [_part(word) for word in words]
    found = [_framed(parts)]
    if parts[0] == SLOT and not _VARIES.search(words[0]):
        found.append(_framed([words[0].casefold(), *parts[1:]]))
    return tuple(frame for frame in found if frame)


@functools.lru_cache(WORDS_KEPT)
def _part(word: str) -> str:
    core = word.strip(_EDGES)
    if core[:1].isupper() and core.casefold() in _FIXED:
        return core.casefold()
    return SLOT if core[:1].isupper() or _VARIES.search(core) else word.casefold()


def _framed(parts: Sequence[str]) -> str:
    """The parts with each run of slots as one; nothing if that is no frame."""
    frame: list[str] = []
    joints: list[str] = []
    for part in parts:
        after_slot = bool(frame) and frame[-1] == SLOT
        if after_slot and part in _JOINTS:
            joints.append(part)
            continue
        if not (after_slot and part == SLOT):
            frame += [*joints, part]
        joints = []
    frame += joints
    fixed = sum(map(_is_fixed, frame))
    return " ".join(frame) if fixed >= FEWEST and frame.count(SLOT) <= SLOTS else ""


@functools.lru_cache(WORDS_KEPT)
def _is_fixed(part: str) -> bool:
    return part != SLOT and bool(_LETTER.search(part))
