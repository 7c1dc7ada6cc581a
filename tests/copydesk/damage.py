"""An output with all there is, and ways of damaging its files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from copydesk.store.layout import STATE
from tests.copydesk.corpus import ingest, story, write_jsonl

NOT_HELD = ("lock", "leases", "staging")
"""Of `_state/`: what says nothing about the output."""


def two_inputs() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Records for two runs: articles with removals, a copy, a reject; then a revision of one, and a further article."""
    first = [
        {
            "url": f"https://{n}.example/1",
            "title": f"Title {n}",
            "text": f"{story(n)}\n\nAdvertisement\n\n{story(9 + n)}",
        }
        for n in range(4)
    ]
    copy = {"url": "https://copy.example/1", "title": "Title 0", "text": story(0) + "\n\nShare this article\n"}
    later = first[1] | {"text": first[1]["text"] + "\n\nThe mayor added a word near 7 Mill Lane."}
    return [*first, copy, {"url": "https://none.example/"}], [later, {"url": "https://new.example/", "text": story(50)}]


def make_output(folder: Path, **settings: Any) -> Path:
    """Two runs over an invented corpus in `folder`: every dataset, the ledger and the index have a file or more."""
    first, second = two_inputs()
    both = "\n\n".join(["It was a long week.", story(2), story(11), story(3), story(12)])
    mixed = {"url": "https://mixed.example/", "text": both}
    write_jsonl(folder / "a.jsonl", first)
    write_jsonl(folder / "b.jsonl", [*second, mixed])
    for name in ("a", "b"):
        ingest(folder / "out", folder / f"{name}.jsonl", **settings)
    return folder / "out"


def files(root: Path) -> list[Path]:
    """All files of an output but for those of who is writing."""
    skipped = [root / STATE / name for name in NOT_HELD]
    found = (p for p in sorted(root.rglob("*")) if p.is_file())
    return [p for p in found if not any(p == s or s in p.parents for s in skipped)]


def flips(content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """`content` with one bit flipped, at `count` places: the first byte, the last, and others at random."""
    pick = random.Random(seed)
    for place in [0, len(content) - 1, *(pick.randrange(len(content)) for _ in range(count - 2))][:count]:
        yield content[:place] + bytes([content[place] ^ 1 << pick.randrange(8)]) + content[place + 1 :]


def cuts(content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """`content` truncated, at `count` places: to nothing, by one byte, and at random."""
    pick = random.Random(seed)
    for length in [0, len(content) - 1, *(pick.randrange(len(content)) for _ in range(count - 2))][:count]:
        yield content[:length]
