"""Invented texts for the benchmarks: the same for the same seed, with the cruft and the copies that news has."""

from __future__ import annotations

import random

_STEMS = (
    "harbour council bridge ferry winter engineer budget school river market orchard tram museum festival storm mayor "
    "reservoir library ticket railway bakery forest clinic stadium lighthouse quarry village committee wind turbine"
).split()
_CRUFT = ("Advertisement", "Sign up for our newsletter", "Photo: Ida Brandt", "Read more: The old mill will reopen")
# What half of all running text is made of, and what tells its language.
_COMMON = "the of and to in a that was for on with as it at by from be are has have had were will not but they".split()
_VOCABULARY = 20_000


def articles(count: int, seed: int = 1, words: int = 300, copies: float = 0.2) -> list[str]:
    """`count` articles of about `words` words, a `copies` share of them cut copies of earlier ones."""
    pick = random.Random(seed)
    vocabulary = [*_COMMON, *(f"{pick.choice(_STEMS)}{n}" for n in range(_VOCABULARY - len(_COMMON)))]
    made: list[str] = []
    for _ in range(count):
        if made and pick.random() < copies:
            lines = pick.choice(made).split("\n\n")
            made.append("\n\n".join(lines[: max(2, len(lines) * 3 // 4)]))
            continue
        lines = []
        for _ in range(max(3, words // 30)):
            # Zipf's law, roughly: few words are most of a text.
            chosen = (vocabulary[int(_VOCABULARY ** pick.random()) - 1] for _ in range(30))
            lines.append("The " + " ".join(chosen) + ".")
            if pick.random() < 0.1:
                lines.append(pick.choice(_CRUFT))
        made.append("\n\n".join(lines))
    return made
