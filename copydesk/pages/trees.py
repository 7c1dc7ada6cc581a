"""Oblivious decision trees over whole numbers: the same score on every machine."""

from __future__ import annotations

import functools
import importlib.resources
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleaners.reader import is_compiled
from copydesk.pages import loops
from copydesk.pages.evidence import Labels, Rows

FILE = "pages.npz"
SCALE = 1000
"""Scores are log-odds in parts of this."""

_ROWS = 1024
"""So many at a time, which bounds memory: rows x trees x depth."""


@dataclass(frozen=True, slots=True)
class Model:
    """splits, borders: int16, int32[trees, depth], depth 8 at most: a bit of the leaf's number is set where feature >=
    border. leaves: int32[trees, 2**depth]. words: weights of the words in classes and ids. asked: each (feature,
    border) once, and int64[trees, depth] which of them."""

    splits: npt.NDArray[np.int16]
    borders: npt.NDArray[np.int32]
    leaves: npt.NDArray[np.int32]
    bias: int
    words: dict[str, int]
    labels: Labels
    asked: tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]

    @classmethod
    def of(
        cls,
        splits: npt.NDArray[np.int16],
        borders: npt.NDArray[np.int32],
        leaves: npt.NDArray[np.int32],
        bias: int,
        words: dict[str, int],
    ) -> Model:
        """A model of its parts."""
        pairs = np.stack([splits.ravel(), borders.ravel()]).astype(np.int32)
        once, which = np.unique(pairs, axis=1, return_inverse=True)
        return cls(splits, borders, leaves, bias, words, Labels(words), (once, which.reshape(splits.shape)))

    @classmethod
    def read(cls, content: bytes) -> Model:
        """From what `write` gave."""
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            names = bytes(held["names"]).decode().split()
            words = dict(zip(names, held["weights"].tolist(), strict=True))
            return cls.of(held["splits"], held["borders"], held["leaves"], int(held["bias"]), words)

    def write(self) -> bytes:
        """As a compressed .npz."""
        file = io.BytesIO()
        names = np.frombuffer(" ".join(self.words).encode(), np.uint8)
        weights = np.array(list(self.words.values()), np.int8)
        bias = np.array(self.bias)
        np.savez_compressed(
            file,
            names=names,
            weights=weights,
            bias=bias,
            splits=self.splits,
            borders=self.borders,
            leaves=self.leaves,
        )
        return file.getvalue()

    def scores(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Of each row: log-odds that its block is of the story, in parts of SCALE."""
        if is_compiled():
            all_ = np.full(len(rows), self.bias, np.int64)
            columns, leaf = np.ascontiguousarray(rows.T), np.empty(len(rows), np.int32)
            loops.compiled("score")(columns, self.splits, self.borders, self.leaves, leaf, all_)
            return all_
        (features, borders), which = self.asked
        offsets = np.arange(len(self.splits), dtype=np.int32)[:, None] * self.leaves.shape[1]
        found = []
        for start in range(0, len(rows), _ROWS):
            columns = np.ascontiguousarray(rows[start : start + _ROWS].T)
            holds = (columns[features] >= borders[:, None]).view(np.uint8)
            leaf = np.zeros((len(self.splits), columns.shape[1]), np.uint8)
            for of_bit in which.T[::-1]:
                leaf += leaf
                leaf |= holds[of_bit]
            found.append(self.leaves.take(leaf + offsets).sum(axis=0, dtype=np.int32) + np.int64(self.bias))
        return np.concatenate(found)


@functools.cache
def default() -> Model:
    """The model that comes with this package."""
    return Model.read((importlib.resources.files(__package__) / FILE).read_bytes())
