"""How well a cleaner finds what is labelled, word by word and line by line.

A word is removed if it lies in a removal. A line that is to go is found if more than half of its words are removed; a
line that is to stay is lost if more than half are. Precision: of the lines removed, those that were to go; recall: of
those that were to go, the ones removed. Every removed word of a line that stays is a word lost, but for parts that are
to go and for a line that became the title. Lines without a word and those labelled `ambig` do not count.

This is the formula of the shared gold's scorer, which has the output only and must align its words with the input's:
where a removed word stands again nearby that may take the one for the other. On 788 articles both F1 are .81.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.gold import Article, Line
from cleaners import Cleaned, Cleaner, Source

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Tally:
    """found, of all."""

    found: int = 0
    all: int = 0

    def add(self, found: bool | int, of: int = 1) -> None:
        self.found += int(found)
        self.all += of

    @property
    def share(self) -> float:
        """1 where there is nothing to be found."""
        return self.found / self.all if self.all else 1.0

    def __str__(self) -> str:
        return f"{self.found}/{self.all}"


@dataclass(slots=True)
class Score:
    """lines: that were to go, removed. right: lines removed, that were to go. lost: words that were to stay, removed.
    parts: within lines, removed. recall: `lines` by kind. precision: `right` by the category of the removal. lost_of:
    `lost` by the kind of the line that was to stay. errors: (article, what, kind, line).
    """

    lines: Tally = field(default_factory=Tally)
    right: Tally = field(default_factory=Tally)
    lost: Tally = field(default_factory=Tally)
    parts: Tally = field(default_factory=Tally)
    recall: dict[str, Tally] = field(default_factory=dict)
    precision: dict[str, Tally] = field(default_factory=dict)
    lost_of: dict[str, Tally] = field(default_factory=dict)
    articles: int = 0
    errors: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        p, r = self.right.share, self.lines.share
        return 2 * p * r / (p + r) if p + r else 0.0

    @property
    def lost_in_10k(self) -> float:
        """Words lost of 10,000 that were to stay."""
        return 1e4 * self.lost.found / max(1, self.lost.all)


def score(articles: Sequence[Article], cleaner: Cleaner, done: Score | None = None) -> Score:
    """What the cleaner makes of the articles, each alone. done: of others, which is added to."""
    done = Score() if done is None else done
    sources = [Source(article.text, article.title, article.language) for article in articles]
    for article, cleaned in zip(articles, cleaner.clean_many(sources), strict=True):
        done.articles += 1
        _add(done, article, cleaned)
    return done


def _add(done: Score, article: Article, cleaned: Cleaned) -> None:
    gone = [(removal.start, removal.end, removal.category) for removal in cleaned.removals]
    title = _words(cleaned.fields.title or "")
    start = 0
    for line in article.lines:
        here = [(a - start, b - start, category) for a, b, category in gone if a < start + len(line.text) and b > start]
        _add_line(done, article.id, line, here, title)
        start += len(line.text) + 1


def _add_line(done: Score, id_: str, line: Line, gone: list[tuple[int, int, str]], title: list[str]) -> None:
    words = [(m.start(), m.end()) for m in _WORD.finditer(line.text)]
    if not words or line.label == "ambig":
        return
    removed = [any(a <= start < b for a, b, _ in gone) for start, _ in words]
    if line.label != "keep":
        found = 2 * sum(removed) > len(words)
        done.lines.add(found)
        done.recall.setdefault(line.kind, Tally()).add(found)
        if found:
            _removed(done, gone, True)
        else:
            done.errors.append((id_, "missed", line.kind, line.text))
        return
    of_part = [next((p for p in line.parts if p.start <= a and b <= p.end), None) for a, b in words]
    inner = [hit for hit, part in zip(removed, of_part, strict=True) if part is not None and not part.ambig]
    if inner:
        done.parts.add(2 * sum(inner) > len(inner))
        if not 2 * sum(inner) > len(inner):
            done.errors.append((id_, "missed part", line.parts[0].kind, line.text))
    body = [hit for hit, part in zip(removed, of_part, strict=True) if part is None]
    if body:
        _add_body(done, id_, line, body, gone, bool(title) and _words(line.text) == title)


def _add_body(
    done: Score, id_: str, line: Line, body: list[bool], gone: list[tuple[int, int, str]], is_title: bool
) -> None:
    lost = 0 if is_title else sum(body)
    done.lost.add(lost, len(body))
    done.lost_of.setdefault(line.kind, Tally()).add(lost, len(body))
    if 2 * lost > len(body):
        _removed(done, gone, False)
        done.errors.append((id_, "LOST", line.kind, line.text))
    elif lost:
        done.errors.append((id_, f"lost {lost}", line.kind, line.text))


def _removed(done: Score, gone: Iterable[tuple[int, int, str]], right: bool) -> None:
    done.right.add(right)
    _, _, category = max(gone, key=lambda one: one[1] - max(0, one[0]))
    done.precision.setdefault(category, Tally()).add(right)


def _words(text: str) -> list[str]:
    return [unicodedata.normalize("NFKC", word).lower() for word in _WORD.findall(text)]
