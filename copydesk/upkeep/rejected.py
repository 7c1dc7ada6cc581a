"""Which rejects go with what is forgotten: a reject keeps the first bytes of what could not be ingested."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from copydesk.schema import REJECTS
from copydesk.sketches.similarity import Texts
from copydesk.sketches.tokens import tokens
from copydesk.store import parquet, run_ids
from copydesk.upkeep.asked import Asked
from copydesk.urls import canonical

RUN = 8
"""Words in a row that a reject must share with a text to go with it; they are looked up every RUN words, so that
twice as many less one are always found."""

_TEXTS_AT_ONCE = 256

_URL = re.compile(r"https?://[^\s\"'<>\\]+")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrt]")


def find(paths: Sequence[Path], asked: Asked, gone: pa.Table, texts: Texts) -> dict[str, Path]:
    """Ids of the rejects that go, with the file each is in.

    paths: the files of rejects/. gone: asked.Family.gone. Those go that were found where a row that goes was found,
    that name a URL or publisher that goes, or that share a run of words with a text that goes; by age, the older ones.
    """
    found: dict[str, Path] = {}
    places = set(zip(gone["source_uri"].to_pylist(), gone["source_id"].to_pylist(), strict=True))
    urls = {*asked.urls, *(u for name in ("canonical_url", "url") for u in gone[name].to_pylist() if u)}
    phrases: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    oldest = run_ids.of(asked.before) if asked.before else None
    for path in paths:
        for row in parquet.read(path, REJECTS).to_pylist():
            said = _readable(row["bytes"] or b"") if oldest is None else ""
            if oldest is not None:
                goes = row["run_id"] < oldest
            else:
                goes = (
                    row["id"] in asked.ids
                    or row["source_uri"] in asked.urls
                    or (row["source_uri"], row["source_id"]) in places
                    or any(u in urls or canonical(u) in urls for u in _URL.findall(said))
                    or (bool(asked.publishers) and _names(said, asked.publishers))
                )
            if goes:
                found[row["id"]] = path
            elif said:
                for phrase in _phrases(said, RUN):
                    phrases[phrase].append((row["id"], path))
    if phrases:
        for text in _texts(gone["id"].to_pylist(), texts):
            for phrase in _phrases(text, 1):
                found.update(phrases.pop(phrase, ()))
    return found


def _names(said: str, publishers: Iterable[str]) -> bool:
    """Whether a publisher is named, word for word: a name is not looked for within others."""
    words = f" {' '.join(tokens(said))} "
    return any(f" {' '.join(tokens(name))} " in words for name in publishers)


def _texts(ids: Sequence[str], texts: Texts) -> Iterator[str]:
    for start in range(0, len(ids), _TEXTS_AT_ONCE):
        yield from texts(ids[start : start + _TEXTS_AT_ONCE]).values()


def _phrases(text: str, step: int) -> Iterable[str]:
    words = tokens(text)
    return (" ".join(words[i : i + RUN]) for i in range(0, len(words) - RUN + 1, step))


def _readable(content: bytes) -> str:
    """Bytes of a reject as text, the escapes of JSON undone: to look for words in, no more."""
    wide = content[:256].count(0) * 4 > len(content[:256])
    text = content.decode("utf-16" if wide else "utf-8", "replace").replace("\\/", "/")
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else " ", text)
