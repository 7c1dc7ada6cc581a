"""A small classifier of lines: it votes where the rules are silent.

Two steps, both learned by bench/train.py from labelled articles: weights of n-grams give a line a lexical score, then
trees look at that score, at the line's shape and place and at the lines around it. All numbers are whole, so a score is
the same on every machine. The model knows no publisher and needs nothing but the text.
"""

from __future__ import annotations

import functools
import importlib.resources
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleaners import scan
from cleaners.reader import COMPILE_BYTES, Reader, compiled, reader

FILE = "model.npz"
CATEGORY = "model"  # of its removals: it says that a line is not the story, not what else it is
SCALE = 1000  # scores are log-odds in parts of this

# A text of more lines or bytes than this is no article; the model says nothing of it.
MOST_LINES, MOST_BYTES = 5000, 2 << 20
# A paragraph of so many characters whose words say nothing of boilerplate is not looked at further.
GATE_CHARS = 200
# How sure the model must be: of lines shorter than 60 and 140 characters, and of all others. As probabilities .92, .94
# and .92: there, on publishers unseen (bench/train.py) and where the rules are silent, nine votes in ten were right.
LENGTHS = (60, 140)
BARS = (2442, 2752, 2442)
# A paragraph of so many characters that is boilerplate with a probability below .01 is not taken out whole by any rule.
STORY_CHARS, STORY_BAR = 350, -4595


@dataclass(frozen=True, slots=True)
class Vote:
    """A line that the model takes for boilerplate, or for the story. start, end: its bytes, without space around it.

    score: log-odds in parts of 1,000; -1 for the story.
    """

    start: int
    end: int
    score: int

    @property
    def story(self) -> bool:
        """Whether it says that the line is a paragraph of the story, which no rule may take out whole."""
        return self.score < 0

    @property
    def rule(self) -> str:
        """Its id in removals/: the score as a probability."""
        return f"model:{1 / (1 + math.exp(-self.score / SCALE)):.2f}"


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

    def votes(self, texts: Sequence[bytes]) -> Iterator[list[Vote]]:
        """For each text (UTF-8), the lines that the model would take out or has stay, in order of position."""
        read = [text for text in texts if _readable(text)]
        found = _Scored(self, read)
        number = 0
        for text in texts:
            if _readable(text):
                yield found.votes(number)
                number += 1
            else:
                yield []


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
        scored(default(), b"warm", np.array([4]), compiled())


def _readable(text: bytes) -> bool:
    return len(text) <= MOST_BYTES and text.count(b"\n") < MOST_LINES


class _Scored:
    """The votes on some texts, by text."""

    def __init__(self, model: Model, texts: Sequence[bytes]) -> None:
        self._votes: dict[int, list[Vote]] = {}
        if not texts:
            return
        data = b"\n".join(texts)
        starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
        for row, score in scored(model, data, starts[1:] - 1, reader(len(data))):
            document = row[scan.DOCUMENT]
            offset = int(starts[document])
            vote = Vote(row[scan.START] - offset, row[scan.END] - offset, score)
            self._votes.setdefault(document, []).append(vote)

    def votes(self, number: int) -> list[Vote]:
        return self._votes.get(number, [])


def scored(model: Model, data: bytes, ends: npt.NDArray[np.int64], with_: Reader) -> list[tuple[list[int], int]]:
    """Rows of scan.py's table, and scores, of the lines that the model has an opinion of, in a batch.

    data: texts, a line feed between two. ends: where each ends.
    """
    rows = with_.scan(data, ends, model.weights)
    trees = (model.splits, model.borders, model.leaves)
    return with_.judge(rows, trees, model.bias, (GATE_CHARS, model.gate), LENGTHS, BARS, (STORY_CHARS, STORY_BAR))
