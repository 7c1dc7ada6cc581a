"""From what the user names to shards: which files are read, in which order, and cut how."""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote_from_bytes

from copydesk import objects, points
from copydesk.errors import ItemError, UsageError
from copydesk.model import Compression, Format, LineSpan, Reject, Shard, SourceFile
from copydesk.run import listing
from copydesk.schema import DATASETS
from copydesk.settings import Settings
from copydesk.sources import jsonl, lines
from copydesk.sources.base import TRANSIENT
from copydesk.sources.sniff import sniff
from copydesk.sources.stream import CHUNK, compression_of, open_source

STDIN = "-"
COMPRESSED_WEIGHT = 4
"""Text shrinks to about a quarter: a byte of a compressed file stands for so many."""

MOST_PARTS = {"gzip": 8, "zstd": 16, None: 64}
"""But for plain JSON lines, each part unpacks the whole file and passes over what is not its own; more parts would cost
more than they bring. By compression."""

_FILE_WEIGHT = 4096  # what opening a file costs, in bytes of reading
_REQUESTS = 32  # for the beginnings of objects, at a time: what they take is waiting
_MANY_ITEMS = frozenset({"jsonl", "csv", "parquet", "warc"})
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class Discovery:
    """What there is to do.

    unchanged: files that the ledger knows, with their item counts; their format is not looked at (it says "text").
    rejects: files that cannot be read, one each. refused: those of them that will be rejected again as long as they
    are unchanged, one item each; not those that are unreadable now (TRANSIENT).
    """

    shards: tuple[Shard, ...]
    unchanged: tuple[tuple[SourceFile, int], ...] = ()
    rejects: tuple[Reject, ...] = ()
    refused: tuple[SourceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """path: of a file or object. status: what os.stat says, or why it says nothing; the object as it was listed."""

    path: str
    status: os.stat_result | SourceFile | OSError | ItemError


def discover(settings: Settings, known: Callable[[SourceFile], int | None], spool: Path) -> Discovery:
    """Find the files of settings.inputs and cut them into shards.

    known: how many items the ledger has for an unchanged file, else None. spool: folder where standard input is
    written. The shards depend on the files alone, in the order of the inputs and then of their paths.

    Raises UsageError, before anything is read, for an input that is not there or is not ours to read.
    """
    named = [_named(text, settings) for text in settings.inputs]
    files: list[SourceFile] = []
    unchanged: list[tuple[SourceFile, int]] = []
    rejects: list[Reject] = []
    refused: list[SourceFile] = []
    new: list[SourceFile] = []
    for found in _walk_all(named, settings):
        file = _source(found)
        if isinstance(file, Reject):
            rejects.append(file)
            continue
        count = known(file)
        if count is not None:
            unchanged.append((file, count))
        else:
            new.append(file)
    names = frozenset(name.lower() for name in settings.map.values())
    for file, told in zip(new, _sniffed(new, names), strict=True):
        if isinstance(told, ItemError):
            rejects.append(_reject(file.uri, told, file, settings.reject_bytes))
            if told.error not in TRANSIENT:
                refused.append(file)
            continue
        kind, compression = told
        files.append(replace(file, format=kind, compression=compression))
    if STDIN in settings.inputs:
        files.append(_spooled(spool))
    return Discovery(tuple(shards(files, settings.shard_bytes)), tuple(unchanged), tuple(rejects), tuple(refused))


def check(settings: Settings) -> None:
    """Raises UsageError as `discover` does, and looks no further: for a run that would make its output in vain."""
    for text in settings.inputs:
        _named(text, settings)


def file_uri(path: str) -> str:
    """Path(path).absolute().as_uri(), four times as fast. path: absolute."""
    return "file://" + quote_from_bytes(os.fsencode(path))


def shards(files: list[SourceFile], shard_bytes: int) -> Iterator[Shard]:
    """Small files together, up to shard_bytes; a large one in parts if its format holds many items: an even number, so
    that an even number of workers ends with all of them at the same time."""
    number = 0
    group: list[SourceFile] = []
    total = 0
    for file in files:
        weight = file.size * (COMPRESSED_WEIGHT if file.compression or file.format == "parquet" else 1) + _FILE_WEIGHT
        parts = 1
        if file.format in _MANY_ITEMS:
            parts = -(-(weight - _FILE_WEIGHT) // shard_bytes)
            parts = min(parts + parts % 2 if parts > 1 else parts, MOST_PARTS[file.compression])
        if group and (parts > 1 or total + weight > shard_bytes):
            yield Shard(number, tuple(group))
            number, group, total = number + 1, [], 0
        if parts > 1:
            spans = _spans(file, parts)
            for part, span in enumerate(spans):
                yield Shard(number, (file,), part, len(spans), span=span)
                number += 1
        else:
            group.append(file)
            total += weight
    if group:
        yield Shard(number, tuple(group))


def _spans(file: SourceFile, parts: int) -> list[LineSpan] | list[None]:
    """What each part reads of a file that is plain JSON lines; of other files all parts read everything."""
    if file.format == "jsonl" and file.compression is None and not objects.is_url(file.path):
        with suppress(OSError, ItemError), open_source(file) as raw:
            if jsonl.is_plain(raw.read(CHUNK)):
                return lines.spans(raw, file.size, parts)
    return [None] * parts


def _source(found: _Found) -> SourceFile | Reject:
    """A file whose format is not known yet (it says "text"), or why it is none."""
    if isinstance(found.status, SourceFile):
        return found.status
    uri = file_uri(found.path)
    if not isinstance(found.status, os.stat_result):
        return _reject(uri, found.status)
    return SourceFile(uri, found.path, found.status.st_size, found.status.st_mtime_ns, "text")


def _sniffed(files: list[SourceFile], names: frozenset[str]) -> Iterator[tuple[Format, Compression | None] | ItemError]:
    """Format and compression of each file in turn, or why it has none; of many objects at a time."""

    def look(file: SourceFile) -> tuple[Format, Compression | None] | ItemError:
        try:
            return sniff(file, names)
        except ItemError as error:
            return error

    if all(file.etag is None for file in files):
        yield from map(look, files)
        return
    with ThreadPoolExecutor(_REQUESTS) as pool:
        yield from pool.map(look, files)


def _reject(uri: str, error: OSError | ItemError, file: SourceFile | None = None, keep: int = 0) -> Reject:
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        error = ItemError("read", "unreadable", f"cannot be read ({reason}): check its permissions")
    content = None
    if file and error.error not in TRANSIENT and keep:
        try:
            with open_source(file, block=keep) as raw:
                content = raw.read(keep)
        except (OSError, ItemError):
            content = None
    return Reject(uri, None, error.stage, error.error, str(error), content)


def _named(text: str, settings: Settings) -> Sequence[str | SourceFile]:
    """The paths or objects that an input stands for; none for standard input. Raises UsageError."""
    if text == STDIN:
        return []
    if objects.is_url(text):
        return listing.find(text, str(settings.output))
    if _URL.match(text):
        message = (
            "URLs are not fetched here, but those of object storage; fetch it with another tool and give the files"
        )
        raise UsageError(f"{text}: {message}")
    if not text or "\0" in text:
        raise UsageError(f"{text!r} is not a path")
    path = os.path.expanduser(text) if text.startswith("~") else text
    if not os.path.lexists(path):
        if not glob.has_magic(path):
            raise UsageError(f"{text}: no such file or folder")
        paths = sorted(glob.glob(path, recursive=True), key=os.fsencode)
        if not paths:
            raise UsageError(f"{text}: nothing matches")
        return paths
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise UsageError(f"{text}: {error.strerror}") from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UsageError(f"{text}: not a regular file or folder; a pipe is read from standard input, with -")
    return [path]


def _walk_all(named: Iterable[Sequence[str | SourceFile]], settings: Settings) -> Iterator[_Found]:
    """All files of the inputs, each once."""
    seen: set[str] = set()
    skip = _Own(Path(settings.output))
    for paths in named:
        for path in paths:
            if isinstance(path, SourceFile):
                if path.uri not in seen:
                    seen.add(path.uri)
                    yield _Found(path.path, path)
                continue
            yield from _walk(absolute(path), skip, seen)


def absolute(path: str) -> str:
    """One spelling of a path, however it is named: an item without a URL is known by it. `..` is gone up where links
    lead to, which abspath would not; links below that keep their names."""
    whole = Path(path).absolute()
    if ".." not in whole.parts:
        return str(whole)
    up = len(whole.parts) - whole.parts[::-1].index("..")
    return str(Path(os.path.realpath(Path(*whole.parts[:up])), *whole.parts[up:]))


class _Own:
    """Which folders hold our own output and are not read."""

    def __init__(self, output: Path) -> None:
        self._output = os.path.realpath(output)
        self._datasets = {os.path.join(self._output, name) for name in (*DATASETS, "_state")}

    def __call__(self, real: str, top: str) -> bool:
        """real: a folder. top: the folder that the user named, in which it lies.

        An output that lies in a named folder is passed over whole; of one that holds it, what we wrote.
        """
        if real in self._datasets:
            return True
        return real == self._output and real != top


def _walk(path: str, own: _Own, seen: set[str]) -> Iterator[_Found]:
    real = os.path.realpath(path)
    if os.path.isdir(real):
        yield from _walk_folder(path, real, real, own, seen)
    elif real not in seen:
        seen.add(real)
        found = _file(path)
        if found:
            yield found


def _walk_folder(path: str, real: str, top: str, own: _Own, seen: set[str]) -> Iterator[_Found]:
    folders = [(path, real)]
    while folders:
        path, real = folders.pop()
        if real in seen or own(real, top):
            continue
        seen.add(real)
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield _Found(path, error)
            continue
        below: list[tuple[str, str]] = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            link = entry.is_symlink()
            entry_real = os.path.realpath(entry.path) if link else f"{real.rstrip('/')}/{entry.name}"
            try:
                if entry.is_dir():
                    below.append((entry.path, entry_real))
                    continue
                if entry_real in seen:
                    continue
                seen.add(entry_real)
                status = entry.stat()
            except OSError as error:
                yield _Found(entry.path, error)
                continue
            yield _Found(entry.path, status if stat.S_ISREG(status.st_mode) else _not_a_file())
        folders.extend(reversed(below))


def _file(path: str) -> _Found:
    try:
        status = os.stat(path)
    except OSError as error:
        return _Found(path, error)
    return _Found(path, status if stat.S_ISREG(status.st_mode) else _not_a_file())


def _not_a_file() -> ItemError:
    return ItemError("read", "not-a-file", "a device, pipe or socket is not an input")


def _spooled(spool: Path, stream: BinaryIO | None = None) -> SourceFile:
    """Standard input, written to a file of `spool`: it cannot be read twice, and parts and a second try must."""
    stream = stream or sys.stdin.buffer
    spool.mkdir(parents=True, exist_ok=True)
    points.checkpoint("discover: spool made")
    path = spool / "stdin"
    head = b""
    with path.open("wb") as file:
        while chunk := stream.read(CHUNK):
            head = head or chunk[:16]
            file.write(chunk)
    status = path.stat()
    return SourceFile(STDIN, str(path), status.st_size, status.st_mtime_ns, "jsonl", compression_of(head))
