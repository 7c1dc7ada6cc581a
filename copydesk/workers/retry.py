"""What to try instead of a shard that ended its worker: pieces of it, ever smaller, until what kills is alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from copydesk.errors import TaskError
from copydesk.model import Fault, Shard
from copydesk.workers.marks import Mark

KILLED = "killed-worker"
TIMEOUT = "timeout"
"""Errors of the items that are given up here."""

_STAGES = {"read": "read", "extract": "extract", "clean": "clean", "write": "describe"}


def pieces(shard: Shard, mark: Mark | None, error: str, why: str) -> list[Shard]:
    """Shards that together hold what `shard` holds, those that the mark speaks of apart from the others.

    mark: what the worker had in hand. error: KILLED, or TIMEOUT if it was killed for standing still. why: in words.
    What has ended two workers alone comes back with `Shard.fault`: it will be rejected and not be tried.
    Raises TaskError if not even that can be done.
    """
    if shard.fault:
        if shard.fault.stage == "read":
            raise TaskError(f"{shard.files[0].uri}: workers die before they read it; {why}")
        return [_refused(shard, "read", shard.fault.error, why)]
    if mark is None:
        mark = Mark("read", 0, shard.first, 0, shard.first)
    if _is_one_item(shard):
        return [_refused(shard, mark.step, error, why)]
    stuck = mark.step == "read" and mark.item <= shard.first
    if stuck and shard.piece and len(shard.files) == 1:
        return [_refused(shard, "read", error, why)]
    cut = list(_cut(shard, mark))
    if error == TIMEOUT:  # what stood still alone took its time already: not again
        cut = [_refused(p, mark.step, error, why) if _is_marked(p, shard, mark) else p for p in cut]
    return [replace(p, piece=f"{shard.piece}-{place}{p.piece}") for place, p in enumerate(cut)]


def _is_one_item(shard: Shard) -> bool:
    return len(shard.files) == 1 and shard.last is not None and shard.last - shard.first == 1


def _is_marked(piece: Shard, shard: Shard, mark: Mark) -> bool:
    """Whether the piece of a shard is the one item that the mark speaks of."""
    speaks_of_one = (mark.file, mark.item) == (mark.last_file, mark.last_item)
    here = piece.files[0] == shard.files[mark.file] and piece.first == mark.item
    return speaks_of_one and here and _is_one_item(piece)


def _refused(shard: Shard, step: str, error: str, why: str) -> Shard:
    return replace(shard, piece=f"{shard.piece}-x", fault=Fault(_STAGES[step], error, why))


def _cut(shard: Shard, mark: Mark) -> Iterator[Shard]:
    """What lies before the mark; what it speaks of, halved if that is more than one item; what lies after."""
    before, after = shard.files[: mark.file], shard.files[mark.last_file + 1 :]
    if before:
        yield _of_files(shard, before)
    if mark.file < mark.last_file:
        middle = (mark.file + mark.last_file + 1) // 2
        yield _of_files(shard, shard.files[mark.file : middle])
        yield _of_files(shard, shard.files[middle : mark.last_file + 1])
    else:
        one = replace(shard, files=(shard.files[mark.file],), piece="")
        if mark.file or len(shard.files) > 1:
            one = replace(one, first=0, last=None)
        yield from _ranges(one, mark)
    if after:
        yield _of_files(shard, after)


def _of_files(shard: Shard, files: tuple[object, ...]) -> Shard:
    return replace(shard, files=files, first=0, last=None, piece="")  # type: ignore[arg-type]


def _ranges(one: Shard, mark: Mark) -> Iterator[Shard]:
    """A shard of one file, cut at the items of the mark. Nothing is known of how many items follow."""
    first, end = max(one.first, mark.item), mark.last_item + 1
    if one.first < first:
        yield replace(one, last=first)
    if mark.step == "read":
        yield replace(one, first=first)
        return
    middle = (first + end) // 2
    if first < middle:
        yield replace(one, first=first, last=middle)
    yield replace(one, first=middle, last=end)
    if one.last is None or end < one.last:
        yield replace(one, first=end)
