"""The line that is the headline: it repeats the record's title, or is a first line that can be nothing else.

The former is told by loops over the table of lines, as in layout.py (`repeated`); of texts whose record has no title
the first lines are read as they are (`first_line`).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from cleaners.cut import (
    ANY_SCORE,
    CUT_END,
    CUT_ROW,
    CUT_START,
    NO_HIT,
    UNTOLD,
    bytes_of,
    cut_line,
    paragraph,
)
from cleaners.registry import REPEATS_TITLE, RULE_CATEGORY
from cleaners.scan import DIGIT, LETTER, LINE_END, LINE_START
from cleaners.spot import code_at

# Measured on real pages: no headline lies below so many lines that no rule takes.
LINES = 12
LENGTH = (12, 160)
LONGEST = 4 * LENGTH[1]  # bytes
WORDS = (3, 26)
# From this length in bytes on, a line below a headline that ends as a sentence does is of the story: many papers write
# a paragraph a sentence. Measured on 1,210 labelled articles: 33 more lines were found, 29 headlines and 4 of a menu.
SENTENCE_LENGTH = 60
UNSIGNED = (4, 15)  # words of one that is not in title case and has no byline or date below it
# A headline says what the story says: so many of its longer words come back in the first bytes of the story.
SHARED_WORDS, SHARED_PART, LEAD_BYTES = 2, 0.4, 1500
_STEM = 5  # letters of a word that are compared, so that inflected forms are one

# Words that no headline starts with: a sentence that goes on, or an ask of the reader.
_GO_ON = {"but", "and", "so", "or", "then", "also", "und", "aber", "y", "pero", "e", "mas"}
_GO_ON |= {"updated", "watch", "read", "share", "listen", "click", "media", "photo", "image", "video", "by", "via"}
_GO_ON |= {"open", "skip", "above", "below", "pictured"}
_INITIALS = re.compile(r"\b(?:\w|Mrs?|Ms|Dr|St|Gov|Sens?|Reps?|vs?|Jr|Sr|No|Gen|Lt|Mt)\.")
_SENTENCE_WITHIN = re.compile(r"[.!?][\"'”’»)\]]*\s+\S")
_CAPTION = re.compile(
    r"\bphotos?(?:graph(?:er|s)?)?\b\s*(?::|by\b|courtesy)|\((?:from |far )?(?:left|right|center|centre|above|l|r)\)"
    r"|\s/\s|/(?:AP|AFP|Getty)|©|\bGetty Images|\bShutterstock|^[^ ]+ \((?:AP|CNN|Reuters|AFP)\)",
    re.IGNORECASE,
)
_QUOTE = "\"'“‘«„"
_QUOTED = re.compile(r"^[\"“«„‘' ]+[^\"“”«»„]*[\"”» ]+$")
_PARAGRAPH = 140  # as cut.PARAGRAPH_LENGTH; no line here is as long as those that are paragraphs however they end
_END = 16  # characters of a line that tell how it ends
SENTENCE_END = re.compile(r"""[.!?…:;,。！？][\"'”’»)\]]*$""")
STOP_END = re.compile(r"""[.…:;,。][\"'”’»)\]]*$""")
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def folded(data: Any, position: Any, end: Any, flags: Any, lower: Any, state: Any) -> Any:
    """A hash of letters and digits from one place to another, case and marks ignored: what two spellings of a headline
    share. state: 0, or what it gave for what stands before. Returns twice the hash (0: there are none), one more if
    something stands between the last word and the end.
    """
    value = state >> 1
    gap = state & 1
    while position < end:
        code = data[position] + 0
        step = 1
        if code >= 0x80:
            code, step = code_at(data, position, end)
        flag = flags[code] + 0
        if flag & (LETTER | DIGIT) and code != 95:  # _
            if value == 0:
                value = 2166136261
            elif gap:
                value = ((value ^ 32) * 16777619) & 0xFFFFFFFF
            # The table of lower case makes all digits one.
            value = ((value ^ (code if flag & DIGIT else lower[code] + 0)) * 16777619) & 0xFFFFFFFF
            gap = 0
        else:
            gap = 1
        position += step
    return value * 2 + gap


def fold_all(data: Any, stops: Any, flags: Any, lower: Any, out: Any) -> None:
    """Fill `out` with the hash of each of some phrases that stand one behind the other. stops: where each ends."""
    start = 0
    for k in range(len(stops)):
        out[k] = folded(data, start, stops[k] + 0, flags, lower, 0) >> 1
        start = stops[k] + 0


def repeated(
    table: Any,
    at: Any,
    title: Any,
    known: Any,
    own: Any,
    data: Any,
    flags: Any,
    lower: Any,
    begin: Any,
    taken: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """Lines at the top that repeat the title, or do what cuts leave of them. title: the hash that `folded` gives.

    begin: of the text's cuts.
    """
    low, high, _, end = at
    rule = own[REPEATS_TITLE] + 0
    category = known[rule][RULE_CATEGORY] + 0
    others = count
    seen = 0
    for row in range(low, high):
        if taken[row] >= 0:
            continue
        seen += 1
        if seen > LINES or bytes_of(table[row]) > LONGEST:
            break
        left, touched = left_folded(table, row, data, flags, lower, begin, others, cuts)
        if left == title:
            told = UNTOLD if touched else NO_HIT
            count = cut_line(table, row, high, end, rule, category, ANY_SCORE, told, cuts, count)
        elif touched or paragraph(table[row]):
            break
    return count


def left_folded(table: Any, row: Any, data: Any, flags: Any, lower: Any, begin: Any, count: Any, cuts: Any) -> Any:
    """(hash of what the cuts from `begin` to `count` leave of a line, whether any touches it)."""
    position = table[row][LINE_START] + 0
    end = table[row][LINE_END] + 0
    state = 0
    touched = False
    while position < end:
        start = end  # of the next cut
        stop = end
        for k in range(begin, count):
            cut = cuts[k]
            if cut[CUT_ROW] == row:
                touched = True
                if cut[CUT_END] > position and cut[CUT_START] < start:
                    start = max(position, cut[CUT_START])
                    stop = cut[CUT_END] + 0
        state = folded(data, position, start, flags, lower, state)
        position = stop
    return state >> 1, touched


@dataclass(frozen=True, slots=True)
class Top:
    """The first lines of a text. lines: (start, end) in bytes of `data`. taken: numbers of those that cuts take whole.

    parts: what cuts take of others, by number, in bytes. signed: numbers of lines that tell the author or the date.
    sections: names of the section that were found.
    """

    data: bytes
    lines: Sequence[tuple[int, int]]
    taken: Set[int]
    parts: Mapping[int, Sequence[tuple[int, int]]]
    signed: Set[int]
    sections: Collection[str]

    def text(self, number: int) -> str:
        """A line, without space around it."""
        start, end = self.lines[number]
        return self.data[start:end].decode("utf-8", "surrogatepass").strip()

    def size(self, number: int) -> int:
        """Bytes of a line."""
        start, end = self.lines[number]
        return end - start

    def left(self, number: int) -> str:
        """What cuts leave of a line."""
        position, end = self.lines[number]
        text = b""
        for first, last in sorted(self.parts.get(number, ())):
            text += self.data[position:first]
            position = max(position, last)
        return (text + self.data[position:end]).decode("utf-8", "replace")


def first_line(top: Top) -> Iterator[int]:
    """The numbers of lines that are the headline of a text without title: the first one, and those that repeat it."""
    wanted = ""
    crumbs = {fold(section.rpartition("/")[2]) for section in top.sections}
    count = 0
    for number in range(len(top.lines)):
        if number in top.taken:
            continue
        count += 1
        if count > LINES or top.size(number) > LONGEST:
            return
        text = top.text(number)
        if number in top.parts:
            if not wanted or fold(top.left(number)) != wanted:
                return
            yield number
        elif wanted:
            if fold(text) == wanted:
                yield number
            elif top.size(number) >= _PARAGRAPH and SENTENCE_END.search(text):
                return
        elif (crumbs and fold(text) in crumbs) or _looks_like_one(top, number, text):
            yield number
            wanted = fold(text)
        else:
            return


def fold(text: str) -> str:
    """Letters and digits only, case and width ignored: what two spellings of a headline share."""
    return " ".join(WORD.findall(_cased(text)))


def _cased(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def _looks_like_one(top: Top, number: int, text: str) -> bool:
    """Whether a first line has a headline's shape, and what follows bears it out.

    A first sentence, a question that opens the story, a caption and a pull quote must stay: so a line that is not
    in title case needs evidence, namely a byline or date next to it or its words in the lead.
    """
    if not LENGTH[0] <= len(text) <= LENGTH[1]:
        return False
    words = WORD.findall(text)
    if not _shaped(text, words) or not _story_follows(top, number):
        return False
    long = sum(len(word) > 3 for word in words)
    capitals = title_case(words) and (long >= 3 or sum(word[0].isupper() for word in words) >= 5)  # more than names
    if text.rstrip("\"'”’»)")[-1:] in "?!" and not capitals and text[:1] not in "¿¡":
        return False
    signed = number + 1 in top.signed
    return capitals or signed or (UNSIGNED[0] <= len(words) <= UNSIGNED[1] and _said_again(top, number, text))


def title_case(words: list[str]) -> bool:
    """Whether every long word has a capital, as in a headline."""
    return all(word[0].isupper() or word[0].isdigit() for word in words if len(word) > 3)


def _shaped(text: str, words: list[str]) -> bool:
    """Short, one sentence without its stop, starts as a headline does, no caption, no quote from end to end."""
    if not WORDS[0] <= len(words) <= WORDS[1]:
        return False
    if words[0].casefold() in _GO_ON or not (text[0].isupper() or text[0].isdigit() or text[0] in _QUOTE + "¿¡"):
        return False
    if STOP_END.search(text) or _SENTENCE_WITHIN.search(_INITIALS.sub("", text)):
        return False
    return not _CAPTION.search(text) and not _QUOTED.search(text)


def _said_again(top: Top, number: int, text: str) -> bool:
    """Whether the lead uses the line's longer words again."""
    own = set(_stems(text))
    left = len(own) - max(SHARED_WORDS, math.ceil(SHARED_PART * len(own)))
    below = top.lines[number][1]
    for stem in _stems(top.data[below : below + LEAD_BYTES].decode("utf-8", "replace")):
        own.discard(stem)
        if len(own) <= left:
            return True
    return False


def _stems(text: str) -> Iterator[str]:
    return (word[0][:_STEM] for word in WORD.finditer(_cased(text)) if len(word[0]) > 3)


def _story_follows(top: Top, number: int) -> bool:
    """Whether two of the next few lines that are not taken are sentences or paragraphs of the story."""
    paragraphs = lines = 0
    for below in range(number + 1, len(top.lines)):
        if below in top.taken:
            continue
        lines += 1
        paragraphs += top.size(below) >= SENTENCE_LENGTH and bool(SENTENCE_END.search(top.text(below)[-_END:]))
        if paragraphs >= 2:
            return True
        if lines >= 5:
            return False
    return False
