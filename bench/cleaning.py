"""Cleaning measured on labelled articles: how much is found, what is lost, and how fast, beside `re` rule by rule.

python -m bench.cleaning GOLD.jsonl... [--errors] [--corpus NEWS.jsonl.gz]
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import re
import statistics
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.gold import DUMP, TEXT, Article, of_files
from bench.scoring import Score, Tally, score
from cleaners import Cleaner, Source
from cleaners.cleaning import default
from cleaners.engine import TRIGGER_BYTES
from cleaners.rules import Rule
from copydesk.text.language import detect
from copydesk.workers.clock import Limit, TimeUp

_OUR_BYTES, _THEIR_BYTES = 4_000_000, 200_000  # of text that each is timed on
_WARM_BYTES, _NEW_BYTES = 20_000_000, 20_000_000  # of a corpus, that are cleaned before, and that are timed then
_BATCH = 256  # articles
_RULE_SECONDS = 2.0  # that a pattern may take with `re`

# RE2's names of characters, and what comes closest in `re`: the letters of the languages that the packs speak.
_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁ", "a-zß-öø-ÿā-žа-яё"
_CLASSES = {r"\p{Lu}": _UPPER, r"\p{Ll}": _LOWER, r"\p{L}": _UPPER + _LOWER, r"\p{N}": "0-9", r"\pL": _UPPER + _LOWER}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of all, texts and dumps; the categories; the speed; with --errors what was missed and lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="+", help="labelled articles, see bench/gold.py")
    parser.add_argument("--errors", action="store_true", help="print what was missed and lost as well")
    parser.add_argument("--corpus", type=Path, help="articles to tell the speed over those that were not met, JSONL")
    asked = parser.parse_args(arguments)
    articles = list(of_files(asked.gold))
    if not articles:
        parser.error("no article in these files")
    cleaner = default()
    every = score(articles, cleaner)
    for form in (None, TEXT, DUMP):
        chosen = [article for article in articles if form in (None, article.form)]
        if chosen:
            print(figures(form or "all", score(chosen, cleaner)))
    print("recall:     " + shown(every.recall))
    print("precision:  " + shown(every.precision))
    print("words lost: " + shown({kind: tally for kind, tally in every.lost_of.items() if tally.found}))
    print(speed(articles, cleaner))
    if asked.corpus:
        print(speed_of_new(asked.corpus))
    if asked.errors:
        for error in every.errors:
            print(*error, sep="\t")


def figures(name: str, done: Score) -> str:
    """One line."""
    return (
        f"{name:<10} {done.articles:>5} articles  precision {done.right.share:.3f}  recall {done.lines.share:.3f}  "
        f"F1 {done.f1:.3f}  lost/10k {done.lost_in_10k:.1f}  parts {done.parts}"
    )


def shown(tallies: dict[str, Tally]) -> str:
    """The largest first."""
    ordered = sorted(tallies.items(), key=lambda one: (-one[1].all, one[0]))
    return ", ".join(f"{kind} {tally}" for kind, tally in ordered)


def speed(articles: Sequence[Article], cleaner: Cleaner) -> str:
    """Cleaning with all that there is, over articles it has met, whose lines it knows, against the patterns alone, each
    with `re` over every line that it may touch.
    """
    ours = _seconds_of_cleaning(sources := _sources(articles, _OUR_BYTES), cleaner)
    size = sum(len(source.text.encode()) for source in sources) / 1e6
    texts = [source.text for source in _sources(articles, _THEIR_BYTES)]
    theirs, stopped = _seconds_one_by_one(texts, cleaner.rules)
    their_size = sum(len(text.encode()) for text in texts) / 1e6
    rate, their_rate = size / ours, their_size / theirs
    note = f", {stopped} of them stopped after {_RULE_SECONDS:g} s each" if stopped else ""
    return (
        f"speed: {rate:.1f} MB/s over articles met before (one core, {size:.1f} MB); its {len(cleaner.rules)} patterns "
        f"alone, one by one with re: {their_rate:.3f} MB/s ({their_size:.2f} MB{note}); "
        f"{rate / their_rate:.0f} times as fast"
    )


def speed_of_new(corpus: Path) -> str:
    """Cleaning of articles that were not met, once the first of the same corpus were cleaned.

    corpus: JSONL, as it is or as .gz; of each record `text`, and `title` if it has one.
    """
    sources = list(_read(corpus, _WARM_BYTES + _NEW_BYTES))
    ends = list(itertools.accumulate(len(source.text.encode()) for source in sources))
    first = next((number for number, end in enumerate(ends) if end >= min(_WARM_BYTES, ends[-1] / 2)), 0)
    known, new = sources[:first], sources[first:]
    if not new:
        return "speed: no articles in this corpus"
    cleaner = default()
    cleaner.expect(1 << 30)
    _clean(known, cleaner)
    size = sum(len(source.text.encode()) for source in new) / 1e6
    rate = size / _cpu(lambda: _clean(new, cleaner))
    return f"speed: {rate:.1f} MB/s over articles not met before (one core, {size:.1f} MB, after {len(known):,} others)"


def _read(corpus: Path, size: int) -> Iterator[Source]:
    """The first articles of it, of about `size` bytes, each in the language that it is told to have."""
    with gzip.open(corpus) if corpus.suffix == ".gz" else corpus.open("rb") as lines:
        for line in lines:
            record = json.loads(line)
            text = record["text"]
            yield Source(text, record.get("title"), detect(text))
            size -= len(text.encode())
            if size <= 0:
                return


def _clean(sources: Sequence[Source], cleaner: Cleaner) -> None:
    for first in range(0, len(sources), _BATCH):
        cleaner.clean_many(sources[first : first + _BATCH])


def _sources(articles: Sequence[Article], size: int) -> list[Source]:
    """About `size` bytes of the articles, spread over them; over again if they are fewer."""
    order = sorted(articles, key=lambda article: zlib.crc32(article.id.encode()))
    found: list[Source] = []
    for article in itertools.cycle(order):
        found.append(Source(article.text, article.title, article.language))
        size -= len(article.text.encode())
        if size <= 0:
            break
    return found


def _seconds_of_cleaning(sources: list[Source], cleaner: Cleaner) -> float:
    """Once all that a corpus is worth is compiled and built, for each language."""
    cleaner.expect(1 << 30)
    for language in {source.language for source in sources}:
        own = [source for source in sources if source.language == language]
        size = sum(len(source.text.encode()) for source in own)
        for _ in range(TRIGGER_BYTES // size + 1):
            cleaner.clean_many(own)
    return statistics.median(_cpu(lambda: cleaner.clean_many(sources)) for _ in range(3))


def _seconds_one_by_one(texts: Sequence[str], rules: Sequence[Rule]) -> tuple[float, int]:
    """The same patterns as a script would run them: rule by rule, line by line. And how many ran out of time."""
    lines = [line for text in texts for line in text.split("\n")]
    limit, stopped, total = Limit(_RULE_SECONDS), 0, 0.0
    for rule in rules:
        pattern = re.compile(in_re(rule.anchored))
        chosen = [line for line in lines if rule.min_length <= len(line) <= rule.max_length]
        start = time.process_time()
        try:
            with limit:
                for line in chosen:
                    pattern.search(line)
        except TimeUp:  # a backtracking engine may not come back for years
            stopped += 1
        total += time.process_time() - start
    return total, stopped


def _cpu(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def in_re(pattern: str) -> str:
    """An RE2 pattern in the syntax of `re`; letters are Latin and Cyrillic."""
    pattern = pattern.replace(r"\b?", "")  # an edge that need not be there says nothing, and `re` refuses it
    pattern = re.sub(r"\(\?P<\w+>", "(?:", pattern)  # names that stand twice are no names to `re`
    pattern = re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: f"\\u{int(m[1], 16):04x}", pattern)
    inside = False
    out = ""
    position = 0
    while position < len(pattern):
        name = next((name for name in _CLASSES if pattern.startswith(name, position)), None)
        if name:
            out += _CLASSES[name] if inside else f"[{_CLASSES[name]}]"
            position += len(name)
            continue
        if pattern[position] == "\\":
            out += pattern[position : position + 2]
            position += 2
            continue
        inside = (pattern[position] == "[" or inside) and not (inside and pattern[position] == "]")
        out += pattern[position]
        position += 1
    return out


if __name__ == "__main__":
    main()
