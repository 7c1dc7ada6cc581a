"""Signatures of word 3-grams: copydesk's against datasketch's own, same texts, same process, one core."""

from __future__ import annotations

import argparse

import datasketch

from bench.pairs import ratio
from bench.texts import articles
from copydesk.sketches import sketch


def main() -> None:
    """Print both rates and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000, help="articles")
    count = parser.parse_args().count
    texts = articles(count)
    ours, theirs, times = ratio(lambda: sketch.sketch(texts), lambda: peer(texts))
    size = sum(len(t.encode()) for t in texts) / 1e6
    print(f"{count} articles, {size:.1f} MB: copydesk {count / ours:,.0f}/s, datasketch {count / theirs:,.0f}/s")
    print(f"copydesk is {times:.1f} times as fast")


def peer(texts: list[str]) -> list[datasketch.MinHash]:
    """The way of datasketch's documentation: word n-grams as byte strings, MinHash.bulk."""
    sets = []
    for text in texts:
        words = text.lower().split()
        sets.append([" ".join(words[i : i + 3]).encode() for i in range(max(1, len(words) - 2))])
    return list(datasketch.MinHash.bulk(sets, num_perm=sketch.K))


if __name__ == "__main__":
    main()
