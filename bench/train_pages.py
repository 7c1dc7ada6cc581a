"""Train the classifier of a page's blocks (copydesk/pages/trees.py) on pages with a gold text.

    .venv/bin/python -m bench.train_pages FOLDER [--half 0|1] [--out copydesk/pages/pages.npz]

FOLDER: as bench/pagegold.py says. --half: learn from one half of the sites only, to try the model on the other
(bench.pages --half). Needs catboost, which nothing else here does (`pip install -e '.[train]'`). The same input gives
the same model.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import pagegold
from copydesk.pages import blocks, evidence, page, trees

TREES = {
    "iterations": 300,
    "depth": 6,
    "learning_rate": 0.08,
    "l2_leaf_reg": 10,
    "border_count": 64,
    "rsm": 0.4,
    "random_seed": 1,
    "verbose": 0,
    "thread_count": 2,
}
LEAST_SITES = 8  # that use a word in their classes, or it is one site's own
FOLDS = 4  # weights of words are learned on other sites than the trees meet them on
MOST_WEIGHT = 40  # of a word, in tenths of log-odds
WITHOUT_TABLES = ("fundus_pages",)  # sets whose gold text leaves tables out
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Labelled:
    """A page's blocks. of_story: 1, 0, or UNKNOWN where the text is too short to tell. sizes: words of each."""

    site: str
    blocks: blocks.Blocks
    title: str | None
    body: str | None
    of_story: list[int]
    sizes: list[int]


def labelled(gold: pagegold.GoldPage) -> Labelled:
    """A block is of the story if more than half of its 4-grams are in the gold text.

    One of fewer words is, if they stand there and the blocks near it are of the story too.
    """
    told = page.read(gold.html, gold.item.url, gold.item.http_headers)
    found = told.blocks
    wanted = pagegold.grams(gold.gold["text"])
    whole = f" {' '.join(pagegold.tokens(gold.gold['text']))} "
    words = [pagegold.tokens(block.text) for block in found.blocks]
    first = [_stands(block.text, own, wanted, whole) for block, own in zip(found.blocks, words, strict=True)]
    settled = _settled(first, words)
    if gold.name in WITHOUT_TABLES:
        for place, block in enumerate(found.blocks):
            if found.elements[block.home].within & blocks.TABLE and not settled[place]:
                settled[place] = UNKNOWN
    return Labelled(gold.site, found, told.metadata.title, told.body, settled, [len(own) for own in words])


_MAYBE = -2


def _stands(text: str, words: list[str], wanted: Mapping[Any, int], whole: str) -> int:
    if len(words) >= 4:
        grams = pagegold.grams(text)
        return int(sum(gram in wanted for gram in grams) > 0.5 * len(grams))
    if not words:
        return UNKNOWN
    return _MAYBE if f" {' '.join(words)} " in whole else 0


def _settled(first: Sequence[int], words: Sequence[list[str]]) -> list[int]:
    settled = list(first)
    for place, label in enumerate(first):
        if label == _MAYBE:
            around = range(max(0, place - 3), min(len(first), place + 4))
            near = [first[i] for i in around if first[i] in (0, 1) and len(words[i]) >= 4]
            settled[place] = 1 if sum(near) * 2 > len(near) else UNKNOWN if any(near) else 0
    return settled


def word_weights(pages: Sequence[Labelled]) -> dict[str, int]:
    """Of each word in a class or id that enough sites use: tenths of the log-odds of what stands below it."""
    sites: dict[str, set[str]] = {}
    inside: dict[str, list[float]] = {}
    for one in pages:
        totals = [sum(n for n, label in zip(one.sizes, one.of_story, strict=True) if label == k) or 1 for k in (1, 0)]
        for block, label, size in zip(one.blocks.blocks, one.of_story, one.sizes, strict=True):
            if label == UNKNOWN:
                continue
            for word in _words_around(one.blocks.elements, block.home):
                sites.setdefault(word, set()).add(one.site)
                inside.setdefault(word, [0.5, 0.5])[1 - label] += size / totals[1 - label]
    known = sorted(word for word in sites if len(sites[word]) >= LEAST_SITES)
    odds = {word: round(10 * math.log(inside[word][0] / inside[word][1])) for word in known}
    return {word: max(-MOST_WEIGHT, min(MOST_WEIGHT, value)) for word, value in odds.items() if value}


def _words_around(elements: Sequence[blocks.Element], place: int) -> set[str]:
    found: set[str] = set()
    while place >= 0:
        found |= evidence.words(elements[place].label)
        place = elements[place].parent
    return found


def learn(pages: Sequence[Labelled]) -> trees.Model:
    """Weights of words, and trees that saw features made with weights of other sites."""
    from catboost import CatBoostClassifier

    pages = [one for one in pages if one.blocks.blocks]
    folds = [hashlib.sha256(f"f{one.site}".encode()).digest()[0] % FOLDS for one in pages]
    rows, labels, weights = [], [], []
    for fold in range(FOLDS):
        others = evidence.Labels(word_weights([p for p, f in zip(pages, folds, strict=True) if f != fold]))
        for one in (p for p, f in zip(pages, folds, strict=True) if f == fold):
            rows.append(evidence.rows(one.blocks, others, one.title, one.body))
            labels.append(np.array(one.of_story))
            weights.append(_importance(one))
    table, label, weight = np.concatenate(rows), np.concatenate(labels), np.concatenate(weights)
    known = label != UNKNOWN
    model = CatBoostClassifier(**TREES)
    model.fit(table[known], label[known], sample_weight=weight[known])
    return _packed(model, word_weights(pages))


def _importance(one: Labelled) -> Any:
    """A block weighs by its share of the story's length: all pages count alike, as in the metric."""
    story = sum(size for size, label in zip(one.sizes, one.of_story, strict=True) if label == 1)
    weights = np.minimum(60, one.sizes) * 100 / (story or 200) + 0.15
    return weights * (1.0 if story > 30 else 0.3)


def _packed(model: Any, words: dict[str, int]) -> trees.Model:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        model.save_model(file.name, format="json")
        told = json.loads(Path(file.name).read_text())
    scale, (bias,) = told["scale_and_bias"]
    found = told["oblivious_trees"]
    depth = max(len(tree["splits"]) for tree in found)
    splits = np.zeros((len(found), depth), np.int16)
    borders = np.full((len(found), depth), 1 << 30, np.int32)
    leaves = np.zeros((len(found), 1 << depth), np.int32)
    for number, tree in enumerate(found):
        for place, split in enumerate(tree["splits"]):
            splits[number, place] = split["float_feature_index"]
            borders[number, place] = math.floor(split["border"]) + 1  # a whole number > border
        values = np.array(tree["leaf_values"]) * scale * trees.SCALE
        leaves[number, : len(values)] = np.round(values)
    return trees.Model.of(splits, borders, leaves, round(bias * trees.SCALE), words)


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--out", type=Path, default=Path("copydesk/pages") / trees.FILE)
    given = parser.parse_args()
    pages = [labelled(gold) for gold in pagegold.read(given.folder) if given.half in (None, gold.half)]
    content = learn(pages).write()
    given.out.write_bytes(content)
    count = sum(len(one.blocks.blocks) for one in pages)
    digest = hashlib.sha256(content).hexdigest()[:16]
    print(f"{len(pages)} pages, {count} blocks; {given.out}: {len(content):,} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
