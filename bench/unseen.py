"""The whole cleaner on publishers that it does not know: models that have not seen them, rules that others speak for.

    .venv/bin/python -m bench.unseen GOLD.jsonl ... [--learn MORE.jsonl ...] [--words MORE.jsonl ...]
        [--speak CORPUS.jsonl.gz] [--folds 5] [--models FOLDER] [--errors]

Publishers are dealt into folds by a hash. For each fold a model is trained on all the others (bench/train.py says on
what; --learn names the files beside GOLD, --words those for n-grams only), and cleans the fold's articles of GOLD, each
alone. To a publisher no rule is applied that fewer than three others speak for: a rule that was written with a look at
an article finds that article, which says nothing. A publisher speaks for a rule if the rule takes something out of one
of its articles, in GOLD, MORE or CORPUS (JSONL with `url` and `text`).

Rules were written and bars set with a look at GOLD, so the figures still flatter by what a rule with others behind it
was mended for. With --models the models are kept in FOLDER and found there the next time: rules are tried within a
minute or two.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.cleaning import figures, shown
from bench.gold import DUMP, TEXT, Article, of_files
from bench.scoring import Score, score
from cleaners import Cleaner, Source
from cleaners.model import Model
from cleaners.rules import Rule, rules
from copydesk.urls import registrable_domain

LEAST = 3  # publishers that must speak for a rule beside the one it is applied to
_AT_ONCE = 500  # texts cleaned together

Support = dict[str, set[str]]  # of each rule the publishers that speak for it


@dataclass(frozen=True, slots=True)
class Learned:
    """Files of articles that a model learns from; words: those that only its n-grams learn from."""

    whole: Sequence[Path]
    words: Sequence[Path] = ()


def fold_of(publisher: str, folds: int) -> int:
    """Which fold a publisher is in: the same whatever others there are."""
    return int(hashlib.sha256(publisher.encode()).hexdigest(), 16) % folds


def models(learned: Learned, folds: int) -> Iterator[Model]:
    """Of each fold the model that has seen nothing of it."""
    from bench.train import Trainer, read, trained

    trainer = Trainer([*read(learned.whole, True), *read(learned.words, False)])
    folds_of = {publisher: fold_of(publisher, folds) for publisher in set(trainer.publishers)}
    of_lines = np.array([folds_of[publisher] for publisher in trainer.publishers])
    for fold in range(folds):
        yield trained(trainer, np.flatnonzero(of_lines != fold))


def kept_models(folder: Path, folds: int, train: Callable[[], Iterable[Model]]) -> list[Model]:
    """The models of a folder; if one is not there, all are trained and written."""
    files = [folder / f"{fold}-of-{folds}.npz" for fold in range(folds)]
    if not all(file.exists() for file in files):
        folder.mkdir(parents=True, exist_ok=True)
        for file, model in zip(files, train(), strict=True):
            file.write_bytes(model.write())
    return [Model.read(file.read_bytes()) for file in files]


def support(texts: Iterable[tuple[str, Source]], known: Sequence[Rule]) -> Support:
    """Of each rule the publishers it takes something from. texts: with their publishers."""
    cleaner = Cleaner(known)
    found: Support = {}
    waiting = list(texts)
    for start in range(0, len(waiting), _AT_ONCE):
        part = waiting[start : start + _AT_ONCE]
        for (publisher, _), cleaned in zip(part, cleaner.clean_many([source for _, source in part]), strict=True):
            for removal in cleaned.removals:
                for rule in removal.rules:
                    found.setdefault(rule, set()).add(publisher)
    return found


def unspoken(speaking: Mapping[str, set[str]], publishers: set[str]) -> list[str]:
    """The rules that one of the publishers speaks for, and too few beside it; on others of them they find nothing."""
    return sorted(rule for rule, by in speaking.items() if len(by) <= LEAST and by & publishers)


def scored(
    articles: Sequence[Article], of_folds: Sequence[Model], speaking: Support, known: Sequence[Rule]
) -> dict[str | None, Score]:
    """What is made of the articles, each alone: of all (None), and by form."""
    done: dict[str | None, Score] = {None: Score()}
    folds = len(of_folds)
    for fold, model in enumerate(of_folds):
        own = [article for article in articles if fold_of(article.publisher, folds) == fold]
        cleaner = Cleaner(known, unspoken(speaking, {article.publisher for article in own}), model)
        for form in {article.form for article in own}:
            chosen = [article for article in own if article.form == form]
            for name in (form, None):
                score(chosen, cleaner, done.setdefault(name, Score()))
    return done


def _of_corpus(path: Path) -> Iterator[tuple[str, Source]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield registrable_domain(row["url"]) or row["url"], Source(row["text"])


def _sources(articles: Iterable[Article]) -> Iterator[tuple[str, Source]]:
    for article in articles:
        yield article.publisher, Source(article.text, article.title, article.language)


def main() -> None:
    """Print the figures of all, texts and dumps, the kinds, and with --errors what was missed and lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--learn", nargs="*", type=Path, default=[], help="labelled articles to learn from beside GOLD")
    parser.add_argument("--words", nargs="*", type=Path, default=[], help="articles that only n-grams learn from")
    parser.add_argument("--speak", nargs="*", type=Path, default=[], help="articles that speak for rules")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--models", type=Path, help="where models are kept from one time to the next")
    parser.add_argument("--errors", action="store_true")
    given = parser.parse_args()
    learned = Learned([*given.gold, *given.learn], given.words)
    of_folds = (
        kept_models(given.models, given.folds, lambda: models(learned, given.folds))
        if given.models
        else list(models(learned, given.folds))
    )
    articles = list(of_files(given.gold))
    known = rules()
    texts = [*_sources(articles), *_sources(of_files(given.learn))]
    for path in given.speak:
        texts += _of_corpus(path)
    done = scored(articles, of_folds, support(texts, known), known)
    for form in (None, TEXT, DUMP):
        if form in done:
            print(figures(form or "all", done[form]))
    every = done[None]
    print("recall:     " + shown(every.recall))
    print("precision:  " + shown(every.precision))
    print("words lost: " + shown({kind: tally for kind, tally in every.lost_of.items() if tally.found}))
    if given.errors:
        for error in every.errors:
            print(*error, sep="\t")


if __name__ == "__main__":
    main()
