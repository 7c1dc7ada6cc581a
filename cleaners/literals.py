"""What a pattern cannot match without: a set of short texts of which every match holds one.

They are found by reading the pattern (RE2 syntax), as the prefilters of RE2 and of Google Code Search do (R. Cox,
"Regular Expression Matching with a Trigram Index", 2012): every part of a pattern is told by the texts it is exactly,
begins with, ends with and needs. Texts are folded (see `fold`) and sets that grow large are given up; either can only
make more lines candidates, never fewer.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

Texts = frozenset[str]

_BLANKS = " \t\u00a0\u202f"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_QUOTES = "'\"\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
# What may stand before the first word of a line, folded: at least what rules.py skips there.
MARKS = " \r\u2009\u200b\ufeff•·*>|\u2010▶►▸→[({<_/&©'¿¡-"
# What may stand behind the last word of a line, folded.
CLOSERS = " \r\u2009\u200b\ufeff.:!…)]'"
# In a text: where a line starts, after the marks there, and where it ends, before such closers. They stand for no
# character of a line: patterns have none of them.
START, END = "\ue000", "\ue001"

# Larger sets, longer texts and classes of more characters are given up.
_MOST_TEXTS, _MOST_CHARS, _MOST_PRODUCT, _MOST_OF_CLASS, _LONGEST_RANGE = 600, 24, 256, 8, 64
_MOST_NEEDS, _MOST_COPIES = 3, 4
# Letters of a hundred characters in English text (usual tables, with spaces), and any other character.
_PERCENT = dict(zip("etaoinshrdlcumwfgypbvkjxqz", (
    10.2, 7.5, 6.5, 6.2, 5.7, 5.7, 5.3, 4.9, 5.0, 3.5, 3.3, 2.2, 2.3, 2.0, 1.7, 1.8, 1.6, 1.4, 1.4, 1.2, 0.8, 0.6, 0.1,
    0.1, 0.1, 0.1), strict=True))  # fmt: skip
_PERCENT |= {" ": 17.0, "0": 2.0, "'": 0.8, ".": 0.9, ",": 0.9, "-": 0.3, "\u2010": 0.05}
_PERCENT |= {"/": 0.02, "|": 0.005, "@": 0.01, "©": 0.002}
_OTHER = 0.15
LINE_CHARS = 100  # of a line, as a rule: it has one start, and one end
# A character tells less of a text the more stands before it.
_FADING = 0.9


class Unread(Exception):
    """A pattern has something that this module does not read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a pattern. All texts are folded, but for capitals that must be capitals.

    exact: the texts that it matches; None: too many, or not known. begins, ends: every match begins or ends with one
    of them. opens, closes: so does every match without the marks it begins with, or the closers it ends with. needs: of
    each of these sets every match holds a text; the rarest first. marks, closers: every match is nothing but those.
    """

    exact: Texts | None
    begins: Texts
    ends: Texts
    opens: Texts
    closes: Texts
    needs: tuple[Texts, ...] = ()
    marks: bool = False
    closers: bool = False


def read(pattern: str) -> Part:
    """What is known of a whole pattern. Raises Unread."""
    return _loose(_whole(_Reader(pattern)))


@functools.cache
def fold(character: str) -> str:
    """What stands for a character: case is ignored; blanks are one, so are digits, quotes and dashes, but
    for the hyphen, which words have."""
    for kind in (_BLANKS, "0123456789", _DASHES, _QUOTES):
        if character in kind:
            return kind[0]
    folded = character.casefold()
    if len(folded) != 1 or folded.isupper():
        folded = character.lower()[0]
    return folded


def rate(texts: Texts) -> float:
    """How often one of the texts begins at a character of English, by a rough guess."""
    return sum(map(_rate, texts))


@functools.lru_cache(maxsize=1 << 14)
def _rate(text: str) -> float:
    bare = text.strip(START + END)
    told, found = 1.0, 1.0 / float(LINE_CHARS ** (len(text) - len(bare)))
    for character in bare.replace("00", "0"):
        found *= (_PERCENT.get(character, _OTHER) / 100) ** told
        told *= _FADING
    return found


def shortened(text: str, rare: float) -> str:
    """As much of the start of a text as is no more common than `rare`; of one that ends a line, of its end."""
    parts = (text[-size:] if text.endswith(END) else text[:size] for size in range(1, len(text)))
    return next((part for part in parts if _rate(part) <= rare), text)


def shortest(texts: Iterable[str]) -> Texts:
    """The texts less those that hold another one."""
    kept: list[str] = []
    for text in sorted(texts, key=len):
        if not any(other in text for other in kept):
            kept.append(text)
    return frozenset(kept)


def _rarest(sets: Iterable[Texts]) -> tuple[Texts, ...]:
    """Of sets that are all needed those worth looking for."""
    return tuple(sorted({texts for texts in sets if texts and texts.isdisjoint(_UNTOLD)}, key=rate)[:_MOST_NEEDS])


def _unmarked(texts: Texts) -> Texts:
    return frozenset(text.lstrip(MARKS) for text in texts)


def _unclosed(texts: Texts) -> Texts:
    return frozenset(text.rstrip(CLOSERS) for text in texts)


def _plainly(text: str) -> str:
    """A text as it is looked for: nothing stands before a start or behind an end, and no marks or closers beside it."""
    if START in text:
        text = START + text.rpartition(START)[2].lstrip(MARKS)
    if END in text:
        text = text.partition(END)[0].rstrip(CLOSERS) + END
    return text


def _product(left: Texts, right: Texts) -> Texts | None:
    if len(left) * len(right) > _MOST_PRODUCT:
        return None
    found = frozenset(_plainly(a + b) for a in left for b in right)
    return found if all(len(text) <= _MOST_CHARS for text in found) else None


def _exactly(texts: Texts) -> Part:
    return Part(texts, texts, texts, _EMPTY, _EMPTY)


_PLAIN = re.compile(r"[A-Za-z]+(?![*+?{])")
_BRACKET = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|[()]", re.DOTALL)
_EMPTY: Texts = frozenset([""])
_UNTOLD: Texts = frozenset(["", START, END, START + END])
_NOTHING = _exactly(_EMPTY)
_LINE_START, _LINE_END = _exactly(frozenset([START])), _exactly(frozenset([END]))
_ANYTHING = Part(None, _EMPTY, _EMPTY, _EMPTY, _EMPTY)


def _loose(part: Part) -> Part:
    """A part of which the exact texts are known, told as those are of which they are not."""
    if part.exact is None:
        return part
    exact = part.exact
    marks, closers = (all(character in kind for text in exact for character in text) for kind in (MARKS, CLOSERS))
    return Part(None, exact, exact, _unmarked(exact), _unclosed(exact), _rarest([exact]), marks, closers)


def _then(left: Part, right: Part) -> Part:
    """One after the other."""
    if left.exact is not None and right.exact is not None and (exact := _product(left.exact, right.exact)) is not None:
        return _exactly(exact)
    starts, stops = left == _LINE_START, right == _LINE_END
    begins, ends = left.begins, right.ends
    if left.exact is not None:
        begins = _product(left.exact, right.begins) or begins
    if right.exact is not None:
        ends = _product(left.ends, right.exact) or ends
    across = _product(left.ends, right.begins)
    was_exact, is_exact = left.exact is not None, right.exact is not None
    left, right = _loose(left), _loose(right)
    if starts:
        if right.marks:
            return _LINE_START
        across = begins = frozenset(_plainly(START + text) for text in right.opens)
    if stops:
        if left.closers:
            return _LINE_END
        across = ends = frozenset(_plainly(text + END) for text in left.closes)
    opens = right.opens if left.marks else _unmarked(begins) if was_exact else left.opens
    closes = left.closes if right.closers else _unclosed(ends) if is_exact else right.closes
    needs = _rarest([*left.needs, *right.needs, *([across] if across else ())])
    return Part(None, begins, ends, opens, closes, needs, left.marks and right.marks, left.closers and right.closers)


def _either(parts: list[Part]) -> Part:
    """One or another."""
    if len(parts) == 1:
        return parts[0]
    if all(part.exact is not None for part in parts):
        exact = frozenset().union(*(part.exact for part in parts if part.exact is not None))
        if len(exact) <= _MOST_TEXTS:
            return _exactly(exact)
    parts = [_loose(part) for part in parts]
    needs = []
    if all(part.needs for part in parts):
        for rank in range(max(len(part.needs) for part in parts)):
            needs.append(_union(part.needs[min(rank, len(part.needs) - 1)] for part in parts))
    return Part(
        None,
        _union(part.begins for part in parts),
        _union(part.ends for part in parts),
        _union(part.opens for part in parts),
        _union(part.closes for part in parts),
        _rarest(needs),
        all(part.marks for part in parts),
        all(part.closers for part in parts),
    )


def _union(sets: Iterable[Texts]) -> Texts:
    found = frozenset().union(*sets)
    return found if len(found) <= _MOST_TEXTS else _EMPTY


def _repeated(part: Part, least: int, most: int | None) -> Part:
    if (least, most) == (1, 1):
        return part
    if most == 1 and part.exact is not None:
        return _exactly(part.exact | _EMPTY)
    if not least:
        return replace(_ANYTHING, marks=_loose(part).marks, closers=_loose(part).closers)
    several = part
    for _ in range(min(least, _MOST_COPIES) - 1):
        several = _then(several, part)
    return several if least == most and least <= _MOST_COPIES else _loose(several)


@functools.lru_cache(maxsize=1 << 12)
def _of_group(pattern: str, any_case: bool) -> Part:
    """What is known of a part in brackets: rules share many, such as dates and names."""
    return _whole(_Reader(pattern, any_case))


def _whole(reader: _Reader) -> Part:
    part = reader.alternatives()
    if reader.position < len(reader.pattern):
        raise Unread(reader.pattern)
    return part


def _brackets(pattern: str) -> dict[int, int]:
    """Where each opening bracket of a pattern is closed."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for token in _BRACKET.finditer(pattern):
        if token[0] == "(":
            opened.append(token.start())
        elif token[0] == ")" and opened:
            closing[opened.pop()] = token.start()
    return closing


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str, any_case: bool = False) -> None:
        self.pattern = pattern
        self.position = 0
        self._any_case = any_case
        self._closing = _brackets(pattern)

    def alternatives(self) -> Part:
        """Up to the bracket that closes the group, or the end."""
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        return _either(parts)

    def _sequence(self) -> Part:
        part = _NOTHING
        while self.position < len(self.pattern) and self.pattern[self.position] not in "|)":
            if plain := _PLAIN.match(self.pattern, self.position):
                self.position = plain.end()
                part = _then(part, self._plain(plain[0]))
            else:
                part = _then(part, self._quantified(self._one()))
        return part

    def _plain(self, text: str) -> Part:
        """Letters as they stand: a capital stays one where case counts."""
        folded = (letter if letter.isupper() and not self._any_case else fold(letter) for letter in text)
        return _exactly(frozenset(["".join(folded)]))

    def _one(self) -> Part:
        if self._take("("):
            return self._group()
        if self._take("["):
            return self._class()
        character = self._next()
        if character == "\\":
            return self._escape()
        if character == ".":
            return _ANYTHING
        if character == "^":
            return _LINE_START
        if character == "$":
            return _LINE_END
        if character in "*+?":
            raise Unread(self.pattern)
        return self._characters([character])

    def _group(self) -> Part:
        end = self._closing.get(self.position - 1)
        any_case = self._any_case
        if self._take("?"):
            if self._take("P<") or self._take("<"):
                self._until(">")
            elif self._flags() == ")":
                return _NOTHING
        if end is None:
            raise Unread(self.pattern)
        part = _of_group(self.pattern[self.position : end], self._any_case)
        self.position, self._any_case = end + 1, any_case
        return part

    def _flags(self) -> str:
        """Reads flags up to what ends them. Of all of them only `i` counts: the sets hold with any of the others."""
        on = True
        while (flag := self._next()) not in ":)":
            if flag == "-":
                on = False
            elif flag == "i":
                self._any_case = on
        return flag

    def _characters(self, characters: Collection[str]) -> Part:
        """One of some characters. A capital stays one where case counts, unless the small letter will do as well."""
        if not {START, END}.isdisjoint(characters):
            raise Unread(self.pattern)
        folded = {fold(character) for character in characters if self._any_case or not character.isupper()}
        capitals = {character for character in characters if not self._any_case and character.isupper()}
        return _exactly(frozenset(folded | {capital for capital in capitals if fold(capital) not in folded}))

    def _quantified(self, part: Part) -> Part:
        while self.position < len(self.pattern):
            if self._take("*"):
                part = _repeated(part, 0, None)
            elif self._take("+"):
                part = _repeated(part, 1, None)
            elif self._take("?"):
                part = _repeated(part, 0, 1)
            elif self.pattern[self.position] == "{" and (counts := self._counts()):
                part = _repeated(part, *counts)
            else:
                break
            self._take("?")  # lazy
        return part

    def _counts(self) -> tuple[int, int | None] | None:
        """Of {2}, {2,} or {2,3}; None for a brace that is a character like any other."""
        inside, closed, _ = self.pattern[self.position + 1 :].partition("}")
        least, comma, most = inside.partition(",")
        if not closed or not least.isdecimal() or not (most.isdecimal() or not most):
            return None
        self.position += len(inside) + 2
        return int(least), int(most) if most else None if comma else int(least)

    def _escape(self) -> Part:
        character = self._next()
        if character in "bBAz":
            return _NOTHING
        if character == "d":
            return _exactly(frozenset("0"))
        if character in "DwWsSpPC":
            if character in "pP" and self._next() == "{":
                self._until("}")
            return _ANYTHING
        return self._characters([self._literal(character)])

    def _literal(self, character: str) -> str:
        """The character of an escape; its backslash and first letter are read already."""
        if character == "x":
            digits = self._until("}") if self._take("{") else self._next() + self._next()
            return chr(int(digits, 16))
        if character in "tr":
            return {"t": "\t", "r": "\r"}[character]
        if character.isalnum():
            raise Unread(self.pattern)
        return character

    def _class(self) -> Part:
        negated = self._take("^")
        found: set[str] = set()
        many = negated
        first = True
        while first or not self._take("]"):
            first = False
            one = self._of_class()
            if one is None:
                many = True
            elif self.pattern.startswith("-", self.position) and not self.pattern.startswith("-]", self.position):
                self._take("-")
                last = self._of_class()
                if last is None or ord(last) - ord(one) > _LONGEST_RANGE:
                    many = True
                else:
                    found |= {chr(code) for code in range(ord(one), ord(last) + 1)}
            else:
                found.add(one)
        folded = {fold(character) for character in found}
        if many or len(folded) > _MOST_OF_CLASS:
            return replace(
                _ANYTHING, marks=not many and folded <= set(MARKS), closers=not many and folded <= set(CLOSERS)
            )
        return self._characters(found)

    def _of_class(self) -> str | None:
        """A character of a class; None for a name of many."""
        if self._take("[:"):
            self._until(":]")
            return None
        character = self._next()
        if character != "\\":
            return character
        character = self._next()
        if character == "d":
            return "0"  # digits are folded
        if character in "DwWsSpP":
            if character in "pP" and self._next() == "{":
                self._until("}")
            return None
        return self._literal(character)

    def _take(self, text: str) -> bool:
        if self.pattern.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def _next(self) -> str:
        if self.position >= len(self.pattern):
            raise Unread(self.pattern)
        self.position += 1
        return self.pattern[self.position - 1]

    def _until(self, text: str) -> str:
        end = self.pattern.find(text, self.position)
        if end < 0:
            raise Unread(self.pattern)
        found, self.position = self.pattern[self.position : end], end + len(text)
        return found
