"""A run from its inputs to its commit: discover -> process -> learn -> apply -> match -> publish.

Every stage is a plain function of paths, so `process`, `apply` and `publish` map over any executor: local processes by
default, a Dask cluster where one is named, the tasks of a flow where a flow runs it. Learning and matching must see all
of a run: they are led from here, and hand out as tasks what need not be.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial, reduce
from importlib.metadata import version
from operator import add
from pathlib import Path
from typing import Protocol

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from copydesk import points, schema
from copydesk.articles import cleaning
from copydesk.articles.parts import Part, PartWriter
from copydesk.errors import UsageError
from copydesk.garbage import give_back
from copydesk.index.history import INDEX
from copydesk.model import RunInfo, Shard
from copydesk.run import guard, matching
from copydesk.run.adding import Added
from copydesk.run.discover import Discovery, check, discover
from copydesk.run.process import process
from copydesk.run.publish import Published, publish
from copydesk.settings import Settings
from copydesk.sketches import compiled, sketch
from copydesk.sources import RECORDS, met
from copydesk.store import parquet, place, tombstones
from copydesk.store.ledger import LedgerEntry
from copydesk.store.store import Store
from copydesk.templates.applying import apply
from copydesk.templates.learn import learn
from copydesk.workers import usage
from copydesk.workers.local import Workers
from copydesk.workers.mapping import Map, Mapper, R, T


class Progress(Protocol):
    """Is told how far a stage is: `done` of `total` shards, and the records and rejects so far (0 where none are read).

    The stages are process, learn, apply, match and publish; learn and match are one step each, told before and after.
    """

    def __call__(self, stage: str, done: int, total: int, records: int, rejects: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Summary:
    """The books of a run: the columns of runs/."""

    run_id: str
    started_at: dt.datetime
    finished_at: dt.datetime
    status: str
    items: int
    articles: int
    duplicates: int
    revisions: int
    seen: int
    rejects: int
    bytes_read: int
    settings: str
    versions: str
    peak_memory: int | None = None
    cpu_seconds: float | None = None
    warnings: tuple[str, ...] = ()


def run(settings: Settings, *, mapper: Mapper | None = None, progress: Progress | None = None) -> Summary:
    """Ingest `settings.inputs` into `settings.output`; everything or nothing of it.

    mapper: where the stages run; default: `settings.engine`, of which `local` means `settings.workers` processes (a
    script that calls this needs the usual `if __name__ == "__main__"` guard), which may die of an article; or this
    process if that is one.
    Returns the run's books. Raises UsageError (inputs, rules), LockedError (another run holds the output), StoreError,
    GuardError (out of all proportion), TaskError (workers that keep dying).
    """
    store = Store(place.local(settings.output))
    store.check_ours()
    rules = cleaning.digest(settings)  # rules that are wrong end a run before it begins
    if not store.layout.state.exists():
        check(settings)  # and inputs that are not there, before anything is made for them
    with store.lock(f"ingest {' '.join(settings.inputs)}", settings.wait):
        store.recover()
        points.checkpoint("run: recovered")
        started = dt.datetime.now(dt.UTC)
        info = RunInfo(store.new_run_id(started), started)
        with store.staging(info.run_id) as staging:
            summary = _stage(settings, store, info, staging, mapper, progress or _silent)
            if cleaning.digest(settings) != rules:
                raise UsageError("a file of rules was changed during the run; nothing of it is kept: run again")
            store.commit(info.run_id)
            return summary


def _stage(
    settings: Settings, store: Store, info: RunInfo, staging: Path, mapper: Mapper | None, progress: Progress
) -> Summary:
    """All of a run but its commit: everything that it will publish lies under `final/` of its staging folder."""
    began = time.process_time()
    final = staging / "final"
    ledger = store.ledger()
    reading = settings.reading
    found = discover(settings, lambda file: ledger.known(file, reading), staging / "spool")
    points.checkpoint("run: discovered")
    folder = staging / "parts"
    with _mapper(mapper, settings, found.shards, folder) as unmetered:
        progress("process", 0, len(found.shards), 0, 0)
        _compile(_size(found.shards), store.size(INDEX), here=unmetered is _map_here)
        stage_map = usage.metered(unmetered, staging / "usage")
        parts = _process(found, settings, folder, stage_map, progress)
        points.checkpoint("run: processed")
        if settings.learn:
            parts = _without_templates(parts, store, settings, staging / "learn", stage_map, progress)
            points.checkpoint("run: templates applied")
        progress("match", 0, 1, 0, 0)
        overlaps = matching.decide(parts, store, stage_map, staging / "match", settings.workers)
        give_back()  # nothing is left to do here; others write what was decided
        progress("match", 1, 1, 0, 0)
        points.checkpoint("run: matched")
        look = partial(guard.check, parts, store, settings) if settings.guard else None
        with _beside(look, unmetered is not _map_here) as speak:
            published = _publish(parts, store, info, final, stage_map, progress, speak)
    if len(overlaps):
        overlaps = overlaps.append_column("run_id", pa.repeat(pa.scalar(info.run_id), len(overlaps)))
        parquet.write(overlaps, final / info.path("overlaps"), "overlaps")
    points.checkpoint("run: published")
    store.write_ledger(info.run_id, final, _ledger_entries(parts, settings))
    points.checkpoint("run: ledger written")
    used = usage.total(staging / "usage", began)
    summary = _summary(found, published, settings, info, used, _warnings(found, settings, folder))
    parquet.write(pa.Table.from_pylist([asdict(summary)], schema=schema.RUNS), final / info.path("runs"), "runs")
    return summary


def _compile(size: int, index: int, here: bool) -> None:
    """Get ready for so many bytes, to be processed by this process or by others, and then matched here, with an index
    of so many bytes, some hundredth of which may have to be read again for a few new texts."""
    cleaning.warm(size)
    compiled.warm(size)
    if here:
        compiled.foresee(size)
    else:
        compiled.foresee(max(size, index // 100), beside=True)


@contextmanager
def _beside(look: Callable[[], None] | None, others_work: bool) -> Iterator[Callable[[], None]]:
    """Have a look at what is matched while others write it, and this process would only wait; else before. Raises what
    the look raises, also where the writing fails as well. Yields what raises that at once, if the look is over."""
    if look is None or not others_work:
        if look is not None:
            look()
        yield lambda: None
        return
    with ThreadPoolExecutor(1) as thread:
        looked = thread.submit(look)
        try:
            yield lambda: looked.result() if looked.done() else None
        except Exception:
            looked.result()
            raise
        looked.result()


def _process(found: Discovery, settings: Settings, folder: Path, stage_map: Map, progress: Progress) -> list[Part]:
    """The parts of all shards, in the shards' order, and one for what could not even be opened."""
    stage = partial(process, settings=settings, parts=folder)
    parts: list[Part] = []
    for done, made in enumerate(stage_map("process", stage, _dealt(found.shards)), 1):
        parts += made
        total = max(done, len(found.shards))  # more than shards, where one was tried again in pieces
        progress("process", done, total, sum(p.records for p in parts), sum(p.rejects for p in parts))
    parts.sort(key=lambda p: (p.number, p.folder))
    if found.rejects:
        with PartWriter(len(found.shards), folder) as out:
            out.reject(found.rejects, settings.reject_bytes)
            out.files([(file, 1, True) for file in found.refused])
        parts += out.parts()
    return [replace(part, number=number) for number, part in enumerate(parts)]


def _dealt(shards: Sequence[Shard]) -> list[Shard]:
    """The first parts of all files before the second ones: where workers begin with different files, one goes through
    each, and notes for the others where their parts begin (sources.starts)."""
    return sorted(shards, key=lambda shard: shard.part)


def _without_templates(
    parts: list[Part], store: Store, settings: Settings, scratch: Path, stage_map: Map, progress: Progress
) -> list[Part]:
    """The parts less what the sites repeat."""
    progress("learn", 0, 1, 0, 0)
    changed = {part.number: part for part in learn(parts, store, partial(stage_map, "learn"), scratch)}
    progress("learn", 1, 1, 0, 0)
    stage = partial(apply, settings=settings)
    for done, part in enumerate(stage_map("apply", stage, list(changed.values())), 1):
        changed[part.number] = part
        part.drop_replaced()
        progress("apply", done, len(changed), 0, 0)
    return [changed.get(part.number, part) for part in parts]


def _publish(
    parts: Sequence[Part],
    store: Store,
    info: RunInfo,
    final: Path,
    stage_map: Map,
    progress: Progress,
    speak: Callable[[], None],
) -> Published:
    """The rows of the parts, and what they add to the index: one task among them, the first, as it takes longest.

    speak: raises what ends the run; it is called after each part.
    """
    stage = partial(publish, run=info, known_rejects=_known_rejects(parts, store), final=final)
    added = Added(tuple(parts), final / store.index_path(info.run_id), info.run_id)
    done: list[Published] = []
    for published in stage_map("publish", stage, [added, *parts]):
        speak()
        done.append(published)
        progress("publish", len(done), len(parts) + 1, 0, 0)
    return reduce(add, done, Published())


def _known_rejects(parts: Sequence[Part], store: Store) -> frozenset[str]:
    """Ids of this run's rejects that the output has already, or had and was told to forget."""
    ids = pa.chunked_array([c for p in parts for c in p.read("rejects")["id"].chunks], pa.string())
    if not len(ids):
        return frozenset()
    known = store.dataset("rejects").to_table(columns=["id"], filter=pc.field("id").isin(ids.unique()))
    forgotten = tombstones.load(store.files(f"_state/{tombstones.FOLDER}")).rejects(ids.to_pylist())
    return forgotten.union(known["id"].to_pylist())


def _ledger_entries(parts: Sequence[Part], settings: Settings) -> list[LedgerEntry]:
    """What was read of each file, summed over the parts of it; a file that changed meanwhile is left out."""
    items: Counter[tuple[str, int, int]] = Counter()
    unstable = set()
    for part in parts:
        for row in part.read("files").to_pylist():
            key = (row["uri"], row["size"], row["mtime_ns"])
            items[key] += row["items"]
            if not row["stable"]:
                unstable.add(key)
    return [LedgerEntry(*key, items=n, reading=settings.reading) for key, n in items.items() if key not in unstable]


def _warnings(found: Discovery, settings: Settings, folder: Path) -> list[str]:
    """What looks like a slip in the settings. folder: that of the parts."""
    records_read = any(file.format in RECORDS for shard in found.shards for file in shard.files)
    return met.unmet(folder, settings.map) if records_read else []


def _summary(
    found: Discovery,
    published: Published,
    settings: Settings,
    info: RunInfo,
    used: usage.Usage,
    warnings: Sequence[str],
) -> Summary:
    seen = published.seen + sum(items for _, items in found.unchanged)
    rows = published.articles + published.duplicates + published.revisions + published.rejects
    read = {f.uri: f.size for shard in found.shards for f in shard.files}
    return Summary(
        run_id=info.run_id,
        started_at=info.started_at,
        finished_at=max(info.started_at, dt.datetime.now(dt.UTC)),  # a clock may go back
        status="done",
        items=rows + seen,
        articles=published.articles,
        duplicates=published.duplicates,
        revisions=published.revisions,
        seen=seen,
        rejects=published.rejects,
        bytes_read=sum(read.values()),
        settings=settings.as_json(),
        versions=orjson.dumps(_versions(settings)).decode(),
        peak_memory=used.peak_memory,
        cpu_seconds=used.cpu_seconds,
        warnings=tuple(warnings),
    )


def _versions(settings: Settings) -> dict[str, str | None]:
    packages = ("copydesk", "trafilatura", "ftfy", "py3langid", "google-re2", "pyarrow")
    return {name: version(name) for name in packages} | {
        "sketch": sketch.PARAMETERS,
        "rules": cleaning.digest(settings),
        "model": cleaning.model_digest(settings),
    }


@contextmanager
def _mapper(given: Mapper | None, settings: Settings, shards: Sequence[Shard], parts: Path) -> Iterator[Map]:
    """The mapper that was given; else the engine of the settings: a cluster, or worker processes, or this process if
    there shall be one only."""
    if given is not None:
        with given(parts) as stage_map:
            yield stage_map
    elif settings.engine != "local":
        from copydesk.workers.cluster import Cluster

        with Cluster(settings, parts) as cluster:
            yield cluster
    elif settings.workers == 1:
        yield _map_here
    else:
        count = max(1, min(settings.workers, len(shards)))
        with Workers(count, parts, settings.item_seconds, _size(shards) // count) as workers:
            yield workers


def _size(shards: Sequence[Shard]) -> int:
    """Bytes of their files, each once."""
    return sum({file.uri: file.size for shard in shards for file in shard.files}.values())


def _map_here(stage: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterator[R]:
    return map(function, over)


def _silent(stage: str, done: int, total: int, records: int, rejects: int, /) -> None:
    pass
