"""A small classifier of lines: it votes where the rules are silent.

Two steps, both learned by bench/train.py from labelled articles: weights of n-grams give a line a lexical score, then
trees look at that score, at the line's shape and place and at the lines around it. All numbers are whole, so a score is
the same on every machine. The model knows no publisher and needs nothing but the text.
"""

from __future__ import annotations

import bisect
import functools
import importlib.resources
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleaners.reader import COMPILE_BYTES, Reader, Table, compiled, reader

FILE = "model.npz"
CATEGORY = "model"  # of its removals: it says that a line is not the story, not what else it is
SCALE = 1000  # scores are log-odds in parts of this

# A text of more lines or bytes than this is no article; the model says nothing of it.
MOST_LINES, MOST_BYTES = 5000, 2 << 20
# A paragraph of so many characters whose words say nothing of boilerplate is not looked at further.
GATE_CHARS = 200
# How sure the model must be of a line next to one that rules take, and of one that stands alone: of lines shorter than
# 60 and 140 characters, and of all others. As probabilities .75, .80, .87 and .91, .93, .95: the longer it is, the more
# is lost with it.
LENGTHS = (60, 140)
BESIDE = (1099, 1386, 1901)
ALONE = (2314, 2587, 2944)
# A paragraph of so many characters that is boilerplate with a probability below .01 is not taken out whole by any rule.
STORY_CHARS, STORY_BAR = 350, -4595
# A line that a phrase gives away stays if the model's probability is below .04.
DOUBT = -3178


def rule_id(score: int) -> str:
    """What a removal names for a rule: the score as a probability."""
    return f"{CATEGORY}:{1 / (1 + math.exp(min(-score / SCALE, 99))):.2f}"


@dataclass(frozen=True, slots=True)
class Vote:
    """A line that the model takes for boilerplate. start: byte of its first character with content.

    score: log-odds in parts of 1,000. alone: whether that is enough where no rule takes the line above or below.
    """

    start: int
    score: int
    alone: bool

    @property
    def rule(self) -> str:
        """Its id in removals/."""
        return rule_id(self.score)


class Opinion:
    """What the model thinks of the lines of one text."""

    __slots__ = ("_chars", "_scores", "_starts", "votes")

    def __init__(self, lines: Table, votes: list[Vote]) -> None:
        """lines: a row a line: start, characters, score, in order of position. votes: on those to be taken out."""
        self._starts, self._chars, self._scores = lines.T.tolist() if len(lines) else ([], [], [])
        self.votes = votes

    def story(self, line: int) -> bool:
        """Whether the line that starts at byte `line` is a paragraph of the story, which no rule may take out whole."""
        chars, score = self._of(line)
        return chars >= STORY_CHARS and score < STORY_BAR

    def doubts(self, line: int) -> bool:
        """Whether it would be a surprise if the line were boilerplate."""
        return self.score(line) < DOUBT

    def score(self, line: int) -> int:
        """The log-odds that the line which starts at byte `line` is boilerplate, in parts of SCALE; 0 if not known."""
        return self._of(line)[1]

    def _of(self, line: int) -> tuple[int, int]:
        place = bisect.bisect_left(self._starts, line)
        if place == len(self._starts):
            return 0, 0
        return self._chars[place], self._scores[place]


@dataclass(frozen=True, slots=True)
class Model:
    """weights: int8 by hash of n-gram. splits, borders: int32[trees, depth]; leaves: int32[trees, 2**depth].

    gate: lexical score below which long paragraphs are passed over.
    """

    weights: npt.NDArray[np.int8]
    splits: npt.NDArray[np.int32]
    borders: npt.NDArray[np.int32]
    leaves: npt.NDArray[np.int32]
    bias: int
    gate: int

    @classmethod
    def read(cls, content: bytes) -> Model:
        """From what `write` gave."""
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            bias, gate = (int(n) for n in held["numbers"])
            return cls(held["weights"], held["splits"], held["borders"], held["leaves"], bias, gate)

    def write(self) -> bytes:
        """As a compressed .npz."""
        file = io.BytesIO()
        numbers = np.array([self.bias, self.gate])
        arrays = {name: getattr(self, name) for name in ("weights", "splits", "borders", "leaves")}
        np.savez_compressed(file, numbers=numbers, **arrays)
        return file.getvalue()

    def opinions(self, texts: Sequence[bytes]) -> Iterator[Opinion]:
        """For each text (UTF-8), what the model thinks of its lines; nothing, if it is no article by its size."""
        sizes = np.array([len(text) if _readable(text) else -1 for text in texts], np.int64)
        known = np.flatnonzero(sizes >= 0)
        starts = np.cumsum(np.append(0, sizes[known] + 1))
        data = b"\n".join([texts[number] for number in known.tolist()])
        lines = self.lines(data, starts[1:] - 1, reader(len(data))) if len(known) else _NO_LINES
        length = np.searchsorted(LENGTHS, lines[:, 3], side="right")
        chosen = np.flatnonzero(lines[:, 4] >= np.array(BESIDE)[length])
        alone = (lines[chosen, 4] >= np.array(ALONE)[length[chosen]]).tolist()
        lines[:, 1] -= starts[lines[:, 0]]
        votes: dict[int, list[Vote]] = {}
        for (document, start, score), sure in zip(lines[chosen][:, [0, 1, 4]].tolist(), alone, strict=True):
            votes.setdefault(document, []).append(Vote(start, score, sure))
        ends = np.searchsorted(lines[:, 0], np.arange(len(known) + 1)).tolist()
        lines = lines[:, [1, 3, 4]]
        place = iter(range(len(known)))
        for size in sizes.tolist():
            if size < 0:
                yield Opinion(_NO_LINES, [])
            else:
                number = next(place)
                yield Opinion(lines[ends[number] : ends[number + 1]], votes.get(number, []))

    def lines(self, data: bytes, ends: Table, with_: Reader) -> Table:
        """A row a line of a batch, as Reader.judge gives them. data: texts, a line feed between two; ends: of each."""
        trees = (self.splits, self.borders, self.leaves)
        return with_.judge(with_.scan(data, ends, self.weights), trees, self.bias, (GATE_CHARS, self.gate))


_NO_LINES: Table = np.zeros((0, 5), np.int64)


@functools.cache
def default() -> Model:
    """The model that comes with this package."""
    return Model.read((importlib.resources.files(__package__) / FILE).read_bytes())


def warm(size: int) -> None:
    """Compile, if so many bytes are to be read that it pays.

    numba keeps what it compiled in a cache, which processes that fill it at the same time can spoil: a program that
    starts several calls this before.
    """
    if size >= COMPILE_BYTES:
        default().lines(b"warm", np.array([4]), compiled())


def _readable(text: bytes) -> bool:
    return len(text) <= MOST_BYTES and text.count(b"\n") < MOST_LINES
