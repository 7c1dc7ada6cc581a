"""Which objects of a bucket an input stands for: one object, all below a prefix, or those that a pattern matches."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import re
from collections.abc import Iterable, Iterator

from copydesk import objects
from copydesk.errors import UsageError
from copydesk.model import SourceFile
from copydesk.objects import Object
from copydesk.schema import DATASETS
from copydesk.store.layout import STATE

_SECOND = 1_000_000_000  # in nanoseconds


def find(url: str, output: str | None = None) -> list[SourceFile]:
    """The objects that an input names, in the order of their keys; what they hold is not looked at.

    A URL is that of an object, if there is one; else a pattern (`*` and `?` within a segment, `**` over any number),
    or a prefix of whole segments. Below it, what begins with a dot is passed over. output: URL of the run's output,
    which is not read again. Raises UsageError for what is not there, or may not be listed.
    """
    own, key = objects.split(url)
    bucket = objects.bucket(url)
    try:
        if key and not url.endswith("/"):
            try:
                return [source(own, bucket.head(key))]
            except FileNotFoundError:
                pass
        if glob.has_magic(key):
            top, wanted = fixed(key), pattern(key)
            found = [o for o in _real(bucket.listed(top)) if wanted.fullmatch(o.key)]
        else:
            top, found = key, list(_real(bucket.listed(key)))
    except OSError as error:
        raise UsageError(f"{url}: {error.strerror}") from None
    if not found:
        raise UsageError(f"{url}: nothing matches" if glob.has_magic(key) else f"{url}: no such object or prefix")
    ours = _Ours(own, top, output)
    return [source(own, one) for one in found if not ours(one.key) and not _hidden(one.key, top)]


def source(bucket: str, one: Object) -> SourceFile:
    """An object to be read. bucket: its URL."""
    url = f"{bucket}/{one.key}"
    return SourceFile(url, url, one.size, version_ns(one), "text", etag=one.etag)


def version_ns(one: Object) -> int:
    """What stands for an object's time of modification: its second, and in place of the fraction a hash of its etag.

    Servers tell seconds; who writes an object twice within one and keeps its size is noticed by the etag.
    """
    hashed = int.from_bytes(hashlib.sha256(one.etag.encode()).digest()[:8], "big") % _SECOND
    return int(one.modified.timestamp()) * _SECOND + hashed


def fixed(key: str) -> str:
    """The segments of a pattern before the first that has a wildcard."""
    segments = key.split("/")
    first = next((place for place, segment in enumerate(segments) if glob.has_magic(segment)), len(segments))
    return "/".join(segments[:first])


def pattern(key: str) -> re.Pattern[str]:
    """The pattern as a regular expression; `**` as a whole segment stands for any number of segments, or none."""
    parts: list[str] = []
    segments = key.split("/")
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        if segment == "**":
            parts.append(".*" if last else "(?:.*/)?")
        else:
            parts.append(_segment(segment) + ("" if last else "/"))
    return re.compile("".join(parts), re.DOTALL)


_PIECE = re.compile(r"\*+|\?|\[!?\]?[^]/]*\]|.", re.DOTALL)


def _segment(segment: str) -> str:
    found: list[str] = []
    for piece in _PIECE.findall(segment):
        if piece[0] == "*":
            found.append("[^/]*")
        elif piece == "?":
            found.append("[^/]")
        elif piece[0] == "[" and len(piece) > 2:
            found.append(f"(?!/){fnmatch.translate(piece)[4:-3]}")  # less `(?s:` and `)\Z`
        else:
            found.append(re.escape(piece))
    return "".join(found)


def _real(found: Iterable[Object]) -> Iterator[Object]:
    """Without the empty objects that some tools make to stand for folders."""
    before: Object | None = None
    for one in found:
        if before and not (before.size == 0 and one.key.startswith(before.key + "/")):
            yield before
        before = one
    if before:
        yield before


def _hidden(key: str, top: str) -> bool:
    inside = key[len(top) :] if top else key
    return any(segment.startswith(".") for segment in inside.split("/"))


class _Ours:
    """What lies in the run's own output: all, or if the input is that output or lies in it, what we wrote."""

    def __init__(self, bucket: str, top: str, output: str | None) -> None:
        place = objects.split(output) if output and objects.is_url(output) else ("", "")
        self._there = place[0] == bucket
        self._root = f"{place[1]}/" if place[1] else ""
        self._whole = self._there and self._root != (f"{top}/" if top else "") and not f"{top}/".startswith(self._root)

    def __call__(self, key: str) -> bool:
        if not self._there or not key.startswith(self._root):
            return False
        return self._whole or key[len(self._root) :].split("/")[0] in (*DATASETS, STATE)
