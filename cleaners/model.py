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
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleaners.judge import DEPTH
from cleaners.reader import Reader, Scanned, Table
from cleaners.registry import MODEL

FILE = "model.npz"
SCALE = 1000  # scores are log-odds in parts of this

# A text of more lines or bytes than this is no article; the model says nothing of it.
MOST_LINES, MOST_BYTES = 5000, 2 << 20
# A paragraph of so many characters whose words say nothing of boilerplate is not looked at further.
GATE_CHARS = 200


def rule_id(score: int) -> str:
    """What a removal names for a rule: the score as a probability."""
    return f"{MODEL}:{1 / (1 + math.exp(min(-score / SCALE, 99))):.2f}"


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
            if held["splits"].shape[1:] != (DEPTH,):  # loops look at so many of each tree
                raise ValueError(f"the trees of a model have {DEPTH} levels, not {held['splits'].shape[1:]}")
            return cls(held["weights"], held["splits"], held["borders"], held["leaves"], bias, gate)

    def write(self) -> bytes:
        """As a compressed .npz."""
        file = io.BytesIO()
        numbers = np.array([self.bias, self.gate])
        arrays = {name: getattr(self, name) for name in ("weights", "splits", "borders", "leaves")}
        np.savez_compressed(file, numbers=numbers, **arrays)
        return file.getvalue()

    def scores(self, scanned: Scanned, with_: Reader) -> Table:
        """int32[rows]: of each line the log-odds that it is boilerplate, in parts of SCALE; 0 where it says nothing."""
        trees = (self.splits, self.borders, self.leaves)
        return with_.judge(scanned, trees, self.bias, (GATE_CHARS, self.gate), (MOST_LINES, MOST_BYTES))


def shipped() -> bytes:
    """The file of the model that comes with this package."""
    return (importlib.resources.files(__package__) / FILE).read_bytes()


@functools.cache
def default() -> Model:
    """The model that comes with this package."""
    return Model.read(shipped())
