"""Train the classifier of lines (cleaners/model.py) on labelled articles, and try it on publishers unseen.

    .venv/bin/python -m bench.train GOLD.jsonl ... [--words MORE.jsonl ...] [--out cleaners/model.npz] [--folds 5]

GOLD: as bench/gold.py says, with `publisher_key`: the figures are of models that had not seen the publisher, without
rules; bench/unseen.py has those of the whole cleaner. MORE: articles that only the weights of n-grams learn from, as
their layout is not what the model will meet (texts taken from pages by rough means). Needs scikit-learn and catboost,
which nothing else here does (`pip install -e '.[train]'`). The same input gives the same model.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cleaners import judge, scan
from cleaners.model import FILE, SCALE, Model
from cleaners.reader import Reader, Scanned

BITS = 17  # of the hash of an n-gram
WEIGHT_SCALE = 64  # int8 holds log-odds of 2 either way
LEXICAL_C = 0.3  # inverse of the regularization, chosen by cross-validation
TREES = {
    "iterations": 600,
    "depth": judge.DEPTH,
    "learning_rate": 0.05,
    "l2_leaf_reg": 20,
    "border_count": 64,
    "rsm": 0.4,
    "random_seed": 2,  # of five that are alike on publishers unseen, the one that does best on tests/gold
    "verbose": 0,
    "thread_count": 2,
}
# A lost line of the story weighs by its length, up to this much: words are what is lost. Chosen by cross-validation:
# with 4 and 150, dumps lost nearly twice as many words at the same F1, once the rules had done their part.
MOST_WEIGHT, WEIGHT_CHARS = 10.0, 60
GATE_SHARE = 0.01  # of the boilerplate so much may be passed over as plain paragraphs


@dataclass(slots=True)
class Text:
    """An article as the trainer sees it.

    table, words: of scan.scan. grams: of each line. gone: 1, 0, -1 unscored. whole: whether the trees learn from it.
    weight: how much they do.
    """

    publisher: str
    form: str
    lines: list[str]
    gone: list[int]
    table: list[list[int]]
    words: list[int]
    grams: list[list[int]]
    whole: bool
    weight: float


class _Recorder:
    """Stands for the weights of n-grams, and keeps which were asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __len__(self) -> int:
        return 1 << BITS

    def __getitem__(self, place: int) -> int:
        self.asked.append(place)
        return 0


def read(paths: Sequence[Path], whole: bool) -> Iterator[Text]:
    """The articles of JSONL files."""
    reader = Reader()
    for path in paths:
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            publisher = row.get("publisher_key") or row["id"]
            lines = [(" ".join(line["text"].split()), line["label"]) for line in row["lines"]]
            lines = [(text, label) for text, label in lines if text]
            if not lines:
                continue
            scanned, _ = _scanned(reader, "\n".join(text for text, _ in lines))
            if scanned.rows != len(lines):  # a line of characters that are no content
                continue
            gone = [{"keep": 0, "ambig": -1}.get(label, 1) for _, label in lines]
            texts = [text for text, _ in lines]
            grams = [_scanned(reader, text)[1] for text in texts]
            form, weight = row.get("form") or "text", row.get("weight", 1.0)
            yield Text(publisher, form, texts, gone, scanned.table, scanned.tokens, grams, whole, weight)


def _scanned(reader: Reader, text: str) -> tuple[Scanned, list[int]]:
    """The lines of a text, and which n-grams were asked for."""
    recorder = _Recorder()
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    return reader.scan(data, np.array([len(data)]), recorder), recorder.asked


def features(text: Text, lexical: Sequence[int]) -> list[list[int]]:
    """judge.describe of every line, given the lines' lexical scores."""
    flags = Reader().flags
    count = len(text.table)
    for row, value in zip(text.table, lexical, strict=True):
        row[scan.LEXICAL] = int(value)
    sums = [[0, 0, 0] for _ in range(count + 1)]
    slots = [[first] * judge.SLOTS for first in (-1, 0, 0)]
    known = judge.survey(text.table, 0, count, text.words, sums, *slots)
    described = []
    for number in range(count):
        room = [0] * judge.FEATURES
        judge.describe(text.table, 0, count, number, text.words, sums, *slots, *known, flags, room)
        described.append(room)
    return described


class Trainer:
    """Learns from some texts; holds what is asked for more than once."""

    def __init__(self, texts: Sequence[Text]) -> None:
        import scipy.sparse

        self.texts = texts
        self.ends = np.cumsum([0, *(len(text.lines) for text in texts)])
        self.gone = np.array([gone for text in texts for gone in text.gone])
        self.whole = np.array([text.whole for text in texts for _ in text.lines])
        self.publishers = np.array([text.publisher for text in texts for _ in text.lines])
        lengths = np.array([len(line) for text in texts for line in text.lines])
        self.weights = np.where(self.gone == 0, np.minimum(MOST_WEIGHT, 0.5 + lengths / WEIGHT_CHARS), 1.0)
        self.weights *= np.array([text.weight for text in texts for _ in text.lines])
        grams = [line for text in texts for line in text.grams]
        rows = np.repeat(np.arange(len(grams)), [len(line) for line in grams])
        columns = np.concatenate([np.array(line, np.int64) for line in grams])
        shape = (len(grams), 1 << BITS)
        self.grams = scipy.sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)

    def folds(self, lines: Any, count: int) -> Iterator[tuple[Any, Any]]:
        """Pairs of line numbers to learn from and to try: no publisher is in both."""
        from sklearn.model_selection import GroupKFold

        for learn, test in GroupKFold(count).split(lines, None, self.publishers[lines]):
            yield lines[learn], lines[test]

    def lexical(self, lines: Any) -> Any:
        """Weights of n-grams, int8."""
        from sklearn.linear_model import LogisticRegression

        lines = lines[self.gone[lines] >= 0]
        model = LogisticRegression(C=LEXICAL_C, solver="liblinear", random_state=0, tol=0.01)
        model.fit(self.grams[lines], self.gone[lines])
        return np.clip(np.round(model.coef_[0] * WEIGHT_SCALE), -127, 127).astype(np.int8)

    def learn(self, lines: Any, inner: int = 4) -> tuple[Any, Any, int]:
        """(weights of n-grams, trees, gate) from some lines. Trees and gate see scores of weights that had not seen the
        line.
        """
        from catboost import CatBoostClassifier

        scores = np.zeros(len(self.gone))
        for learn, test in self.folds(lines, inner):
            scores[test] = self.grams[test] @ self.lexical(learn).astype(np.int64)
        weights = self.lexical(lines)
        table = self.described(lines, scores)
        known = (self.gone[lines] >= 0) & self.whole[lines]
        trees = CatBoostClassifier(**TREES)
        trees.fit(table[known], self.gone[lines][known], sample_weight=self.weights[lines][known])
        return weights, trees, gate_of(scores[lines][known & (self.gone[lines] == 1)])

    def described(self, lines: Any, scores: Any) -> Any:
        """The features of some lines, which are those of whole texts."""
        wanted = np.zeros(len(self.gone), bool)
        wanted[lines] = True
        table = []
        for number, text in enumerate(self.texts):
            start, end = self.ends[number], self.ends[number + 1]
            if wanted[start]:
                table += features(text, scores[start:end])
        return np.array(table, np.float32)

    def unseen(self, count: int) -> Any:
        """Log-odds of every line by a model that had not seen its publisher."""
        found = np.zeros(len(self.gone))
        for learn, test in self.folds(np.arange(len(self.gone)), count):
            weights, trees, _ = self.learn(learn)
            scores = np.zeros(len(self.gone))
            scores[test] = self.grams[test] @ weights.astype(np.int64)
            found[test] = trees.predict(self.described(test, scores), prediction_type="RawFormulaVal")
        return found


def packed(weights: Any, trees: Any, gate: int) -> Model:
    """The model as whole numbers."""
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        trees.save_model(file.name, format="json")
        told = json.loads(Path(file.name).read_text())
    scale, (bias,) = told["scale_and_bias"]
    count = len(told["oblivious_trees"])
    splits, borders = np.zeros((count, judge.DEPTH), np.int32), np.full((count, judge.DEPTH), 1 << 30, np.int32)
    leaves = np.zeros((count, 1 << judge.DEPTH), np.int32)
    for number, tree in enumerate(told["oblivious_trees"]):
        for place, split in enumerate(tree["splits"]):
            splits[number, place] = split["float_feature_index"]
            borders[number, place] = int(np.floor(split["border"])) + 1  # a whole number > border
        values = np.array(tree["leaf_values"]) * scale * SCALE
        leaves[number, : len(values)] = np.round(values)
    return Model(weights, splits, borders, leaves, round(bias * SCALE), gate)


def trained(trainer: Trainer, lines: Any) -> Model:
    """The model that some lines, which are those of whole texts, give."""
    return packed(*trainer.learn(lines))


def gate_of(scores: Any) -> int:
    """The lexical score below which paragraphs are passed over. scores: of lines of boilerplate, by weights that had
    not seen them: those that had put it at -100 instead of -420, and long bios and notices went unread.
    """
    return int(np.quantile(scores, GATE_SHARE))


def curve(trainer: Trainer, found: Any) -> list[str]:
    """For both forms: precision, recall and F1 at the thresholds that lose some words of 10,000."""
    words = np.array([len(line.split()) for text in trainer.texts for line in text.lines])
    forms = np.array([text.form for text in trainer.texts for _ in text.lines])
    told = []
    for form in sorted(set(forms)):
        known = (forms == form) & (trainer.gone >= 0)
        order = np.argsort(-found[known], kind="stable")
        gone, score, size = trainer.gone[known][order], found[known][order], words[known][order]
        lost = np.cumsum(size * (gone == 0)) / size[gone == 0].sum() * 1e4
        right = np.cumsum(gone == 1)
        for budget in (2, 4, 8, 12, 20):
            at = int(np.searchsorted(lost, budget, side="right")) - 1
            if at >= 0:
                precision, recall = right[at] / (at + 1), right[at] / (gone == 1).sum()
                f1 = 2 * precision * recall / (precision + recall)
                told.append(
                    f"{form}: {budget} words of 10,000 lost: precision {precision:.3f} recall {recall:.3f} "
                    f"F1 {f1:.3f} at {score[at] * SCALE:.0f}"
                )
    return told


def main() -> None:
    """Cross-validate, train on all, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=Path("cleaners") / FILE)
    parser.add_argument("--folds", type=int, default=5, help="0: do not cross-validate")
    parser.add_argument("--words", nargs="*", type=Path, default=[], help="articles that only n-grams learn from")
    given = parser.parse_args()
    trainer = Trainer([*read(given.gold, True), *read(given.words, False)])
    print(f"{len(trainer.texts)} articles, {len(trainer.gone)} lines, {(trainer.gone == 1).sum()} of them boilerplate")
    if given.folds:
        print("\n".join(curve(trainer, trainer.unseen(given.folds))))
    content = trained(trainer, np.arange(len(trainer.gone))).write()
    given.out.write_bytes(content)
    print(f"{given.out}: {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()[:16]}")


if __name__ == "__main__":
    main()
