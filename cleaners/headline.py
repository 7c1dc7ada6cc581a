"""The line that is the headline: it repeats the record's title, or is a first line that can be nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Sequence

from cleaners.cut import SENTENCE_END, STOP_END, WORD, Cut, paragraph, title_case
from cleaners.page import Page

# Measured on real pages: no headline lies below so many lines that no rule takes.
LINES = 12
LENGTH = (12, 160)
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


def find(page: Page, title: str | None, taken: Container[int], cuts: Sequence[Cut]) -> list[Cut]:
    """The headline line, and lines next to the top that repeat it.

    title: the record's own; if it has one, only lines that repeat it are headlines. taken: lines other cuts take.
    """
    wanted = fold(title) if title else ""
    crumbs = {fold(value.rpartition("/")[2]) for cut in cuts for name, value in cut.values if name == "section"}
    touched = {cut.line for cut in cuts}
    found: list[Cut] = []
    count = 0
    for line in page.down(page.first()):
        if line in taken:
            continue
        count += 1
        if count > LINES or page.end(line) - line > 4 * LENGTH[1]:
            break
        text = page.line(line)
        if line in touched:
            if not wanted or fold(_left(page, line, cuts)) != wanted:
                break
            found.append(Cut(line, page.reach(line), line, "repeats-title", "headline"))
        elif wanted:
            if fold(text) == wanted:
                found.append(_cut(page, line, "repeats-title"))
            elif paragraph(page, line):
                break
        elif (crumbs and fold(text) in crumbs) or _looks_like_one(page, line, text, taken, cuts):
            found.append(_cut(page, line, "first-line"))
            wanted = fold(text)
        else:
            break
    return found


def _left(page: Page, line: int, cuts: Sequence[Cut]) -> str:
    """What other cuts leave of a line."""
    text, position = b"", line
    for start, end in sorted((cut.start, cut.end) for cut in cuts if cut.line == line):
        text += page.data[position:start]
        position = max(position, end)
    return (text + page.data[position : page.end(line)]).decode("utf-8", "replace")


def fold(text: str) -> str:
    """Letters and digits only, case and width ignored: what two spellings of a headline share."""
    return " ".join(WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'")))


def _cut(page: Page, line: int, rule: str) -> Cut:
    return Cut(line, page.reach(line), line, rule, "headline", "title", (("title", page.line(line)),))


def _looks_like_one(page: Page, line: int, text: str, taken: Container[int], cuts: Sequence[Cut]) -> bool:
    """Whether a first line has a headline's shape, and what follows bears it out.

    A first sentence, a question that opens the story, a caption and a pull quote must stay: so a line that is not
    in title case needs evidence, namely a byline or date next to it or its words in the lead.
    """
    if not LENGTH[0] <= len(text) <= LENGTH[1]:
        return False
    words = WORD.findall(text)
    if not _shaped(text, words) or not _story_follows(page, line, taken):
        return False
    long = sum(len(word) > 3 for word in words)
    capitals = title_case(words) and (long >= 3 or sum(word[0].isupper() for word in words) >= 5)  # more than names
    if text.rstrip("\"'”’»)")[-1:] in "?!" and not capitals and text[:1] not in "¿¡":
        return False
    below = page.next(line)
    signed = any(cut.line == below and cut.field in ("authors", "published", "modified") for cut in cuts)
    return capitals or signed or (UNSIGNED[0] <= len(words) <= UNSIGNED[1] and _said_again(page, line, text))


def _shaped(text: str, words: list[str]) -> bool:
    """Short, one sentence without its stop, starts as a headline does, no caption, no quote from end to end."""
    if not WORDS[0] <= len(words) <= WORDS[1]:
        return False
    if words[0].casefold() in _GO_ON or not (text[0].isupper() or text[0].isdigit() or text[0] in _QUOTE + "¿¡"):
        return False
    if STOP_END.search(text) or _SENTENCE_WITHIN.search(_INITIALS.sub("", text)):
        return False
    return not _CAPTION.search(text) and not _QUOTED.search(text)


def _said_again(page: Page, line: int, text: str) -> bool:
    """Whether the lead uses the line's longer words again."""
    own = _stems(text)
    below = page.end(line)
    lead = page.data[below : below + LEAD_BYTES].decode("utf-8", "replace")
    shared = len(own & _stems(lead))
    return shared >= SHARED_WORDS and shared >= SHARED_PART * len(own)


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in fold(text).split() if len(word) > 3}


def _story_follows(page: Page, line: int, taken: Container[int]) -> bool:
    """Whether two of the next few lines that are not taken are sentences or paragraphs of the story."""
    paragraphs = lines = 0
    for below in page.down(page.next(line)):
        if below in taken:
            continue
        lines += 1
        paragraphs += page.end(below) - below >= SENTENCE_LENGTH and bool(SENTENCE_END.search(page.line(below)))
        if paragraphs >= 2:
            return True
        if lines >= 5:
            return False
    return False
