"""A Dask cluster as a Map (see mapping): the same stages, on the workers of other machines.

Paths go in and counts come out, but for what matching weighs, which is arrays of some hundred kilobytes. So every
worker needs the same file system and the same version of copydesk.

Each thread of a Dask worker has a process of its own (a lane of local.py) in which the stages run: an article that
kills it, fills its memory or does not end is found and rejected there, as on one machine. What a Dask worker had in
hand when it was lost, Dask gives to another; a stage writes the same files however often it is done.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

from copydesk.articles import cleaning
from copydesk.errors import CopydeskError, TaskError, UsageError
from copydesk.settings import Settings
from copydesk.sketches import compiled
from copydesk.workers.local import ADVICE, Workers

T = TypeVar("T")
R = TypeVar("R")

SCHEME = "dask://"

CONNECT_SECONDS = 30.0
"""For the scheduler to answer and a worker to be there."""

_MUCH = 1 << 30  # bytes of text, more than what compiling pays for


def address(engine: str) -> str:
    """Of the scheduler, as Dask has it: dask://host:8786 -> tcp://host:8786."""
    return "tcp://" + engine.removeprefix(SCHEME)


class Cluster:
    """A Map over a Dask cluster; use it as a context. parts: where the parts and marks of this run lie."""

    def __init__(self, settings: Settings, parts: Path) -> None:
        self._settings, self._parts = settings, parts
        self._client: Any = None

    def __enter__(self) -> Cluster:
        """Raises UsageError if there is no scheduler, no worker, or one that cannot do the work."""
        self._client = connect(self._settings.engine)
        try:
            check(self._client, self._settings.engine, self._parts)
        except BaseException:
            self._client.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_lanes(self._client, self._parts)
        self._client.close()

    def __call__(self, stage: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterator[R]:
        """Raises what `function` raises, and TaskError if Dask workers keep dying of the same thing."""
        from distributed import KilledWorker, as_completed

        task = Hosted(stage, function, self._settings, self._parts)
        futures = self._client.map(task, over, pure=False, key=f"{stage}-{os.urandom(8).hex()}", retries=0)
        try:
            for future in as_completed(futures, loop=self._client.loop):
                yield from future.result()
                future.release()
        except KilledWorker as error:
            raise TaskError(f"{stage}: Dask workers keep dying of one part: {error}; {ADVICE}") from error
        except CopydeskError:
            raise
        except Exception as error:
            raise TaskError(f"{stage}: a task on the Dask cluster failed: {error!r:.300}") from error
        finally:
            self._client.cancel([future for future in futures if not future.done()])


def connect(engine: str) -> Any:
    """A client of the scheduler. Raises UsageError if there is none."""
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(f"--engine {engine} needs Dask: pip install 'copydesk[dask]'") from None
    try:
        return Client(address(engine), timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise UsageError(f"no Dask scheduler answers at {engine}: {error}") from None


def check(client: Any, engine: str, parts: Path) -> None:
    """Raises UsageError if there is no worker, or one of another version or that does not see the output."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise UsageError(f"the Dask scheduler {engine} has no worker: start one with `dask worker`") from None
    parts.mkdir(parents=True, exist_ok=True)
    ours = version("copydesk")
    for worker, (theirs, sees) in client.run(_look, parts).items():
        if theirs != ours:
            raise UsageError(f"the Dask worker {worker} has copydesk {theirs}, and this is {ours}: install the same")
        if not sees:
            raise UsageError(f"the Dask worker {worker} does not see {parts}: it needs the same file system")


def end_lanes(client: Any, parts: Path) -> None:
    """End the processes that the workers have kept for the run with these parts."""
    with suppress(Exception):  # a worker that has gone has none
        client.run(_end_lanes, parts)


def _look(parts: Path) -> tuple[str, bool]:
    return version("copydesk"), parts.is_dir()


# ---- on a Dask worker ----------------------------------------------------------------------------------------------

_lanes: dict[tuple[int, Path], Workers] = {}
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Hosted(Generic[T, R]):
    """A stage as a Dask worker does it: in the lane of the thread that is called. Returns what came of it, which is
    more than one where a shard had to be done in pieces."""

    stage: str
    function: Callable[[T], R]
    settings: Settings
    parts: Path

    def __call__(self, one: T) -> list[R]:
        return list(_lane(self.settings, self.parts)(self.stage, self.function, [one]))


def _lane(settings: Settings, parts: Path) -> Workers:
    """The lane of this thread for the run with these parts."""
    key = threading.get_ident(), parts
    with _guard:
        if key not in _lanes:
            _warm()
            for gone in [other for other in _lanes if not other[1].is_dir()]:  # of a run that could not say its end
                _lanes.pop(gone).close(at_once=True)
            # Dask starts its workers as daemons, which may have no children; these end with their parent.
            multiprocessing.current_process().daemon = False
            _lanes[key] = Workers(1, parts, settings.item_seconds)
        return _lanes[key]


def _end_lanes(parts: Path) -> None:
    with _guard:
        for key in [key for key in _lanes if key[1] == parts]:
            _lanes.pop(key).close(at_once=True)


def _warm() -> None:
    """Compile, one process of a machine at a time: see compiled.warm."""
    with open(Path(tempfile.gettempdir()) / f"copydesk-{os.getuid()}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cleaning.warm(_MUCH)
        compiled.warm(_MUCH)
