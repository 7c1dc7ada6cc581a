"""Outputs in object storage: the bucket is the output, and a folder of this machine its working copy.

The engine works on the copy (working_copy.py) as on any output. What differs is here: the copy is brought up to date
before a run, and a run is published in the bucket, not by renames. Below the output's prefix lie

    articles/... runs/... _state/index/...   files, named as in any output; they count if a manifest names them
    _state/commits/<number>.json             manifests, numbered from 1 without gaps: put only if there is none
    _state/bound.jsonl                       the first manifests, as one volume: saves asking for each; never needed
    _state/uploads/<run_id>.json             what a run under way is about to put: made before, deleted after
    _state/retired/<run_id>/...              what a commit took back, for who still reads it
    _state/lease.json                        who writes (lease.py)

docs/decisions/0011-object-stores.md says why, and what holds if a run is killed at any point. The copy is a cache:
it can be deleted whenever no run is under way.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from copydesk import objects, points
from copydesk.errors import LockedError, StoreError
from copydesk.objects import Conflict, Object
from copydesk.store import disk, manifest, volume
from copydesk.store.layout import STATE, Layout
from copydesk.store.lease import Lease
from copydesk.store.manifest import Commit, PublishedFile
from copydesk.store.working_copy import WorkingCopy, write

BOUND_EVERY = 100
"""How many commits come between two writings of `_state/bound.jsonl`."""

_REQUESTS = 8  # at a time
_PIECE = 8 * 1024 * 1024  # of a file that is fetched, a request
_TRY = "; try `copydesk verify --repair`"


class Origin:
    """The bucket's side of a working copy. url: of the output. root: the copy's folder. name: tells it from others."""

    def __init__(self, url: str, root: Path, name: str) -> None:
        self.url, self.root, self._name = url, root, name
        self._copy = WorkingCopy(root, url)
        self._layout = Layout(root)
        self._bucket = objects.bucket(url)
        prefix = objects.split(url)[1]
        self._prefix = f"{prefix}/" if prefix else ""
        self._lease = self._new_lease()
        self._number = 0  # of the last manifest that this process has seen while it has the lock

    @contextmanager
    def lock(self, holder: str, wait: float) -> Iterator[None]:
        """Be the only writer. Raises LockedError, OSError."""
        self._lease = self._new_lease()
        with self._lease.held(holder, wait):
            yield

    def check_lock(self) -> None:
        """Raises LockedError if another has taken the lock over."""
        self._lease.check()

    def is_locked(self) -> bool:
        """Whether any run writes to the output."""
        return self._new_lease().is_held()

    # Bringing the copy up to date

    def sync(self) -> int:
        """Get the manifests that the copy lacks. Returns the number of the last one, 0 for no output.

        One request and one for each new manifest, however many there are. Raises StoreError, OSError.
        """
        number, etag = self._copy.seen()
        number = number or self._take_bound()
        listed = self._listed(number)
        if number and (not listed or self._number_of(listed[0]) != number or (etag and not listed[0].is_same(etag))):
            self._copy.begin_anew()  # the output was deleted, or another was made in its place
            number, listed = 0, self._listed(0)
        new = listed[1:] if number else listed
        wanted = range(number + 1, number + 1 + len(new))
        if [self._number_of(one) for one in new] != list(wanted):
            raise StoreError(f"{self.url}: a manifest is missing among those after number {number}{_TRY}")
        contents = self._at_once(lambda one: self._bucket.get(one.key)[0], new)
        for one, content in zip(new, contents, strict=True):
            self._copy.adopt(self._decoded(content, one.key), content)
        if listed:
            self._copy.note(self._number_of(listed[-1]), listed[-1].etag)
        return number + len(new)

    def fetch(self, files: Iterable[PublishedFile]) -> None:
        """Have these files in the copy. Raises StoreError if one is not as its manifest says, OSError."""
        for _ in self._at_once(self.download, self._copy.lacking(files)):
            pass

    def download(self, file: PublishedFile) -> None:
        """Get a file anew, whether it is in the copy or not. Raises as fetch."""
        path = self.root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        digest = hashlib.sha256()
        try:
            with fresh.open("wb") as out:
                for start in range(0, file.size, _PIECE):
                    end = min(start + _PIECE, file.size)
                    piece = self._bucket.get_range(self._key(file.path), start, end, None)
                    digest.update(piece)
                    out.write(piece)
            if digest.hexdigest() != file.sha256:
                raise StoreError(f"{self.url}/{file.path}: its bytes are not those that were published{_TRY}")
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)

    def listed(self, name: str) -> dict[str, Object]:
        """All objects below a folder of the output, by relative path; as many requests as there are thousands."""
        found = self._bucket.listed(self._key(name).rstrip("/"))
        return {one.key.removeprefix(self._prefix): one for one in found}

    def contents(self, paths: Iterable[str]) -> Iterator[bytes]:
        """The bytes of small objects of the output. Raises OSError."""
        return self._at_once(lambda path: self._bucket.get(self._key(path))[0], paths)

    # Mending (restock.py)

    def put(self, path: str, content: bytes | Path) -> None:
        """Put an object of the output, whatever is there. Raises OSError."""
        self._bucket.put(self._key(path), content)

    def get_as_it_is(self, path: str) -> bool:
        """Have what lies in the bucket in the copy, whole or not. Returns whether there is anything. Raises OSError."""
        try:
            content, _ = self._bucket.get(self._key(path))
        except FileNotFoundError:
            return False
        write(self.root / path, content)
        return True

    def set_aside(self, path: str, *, delete: bool = True) -> None:
        """Copy an object to the quarantine. delete: and take it away from its place. Raises OSError."""
        self._bucket.copy(self._key(path), self._key(f"{STATE}/quarantine/{path}"))
        if delete:
            self._delete([path])

    def delete(self, paths: Iterable[str]) -> None:
        """Delete objects of the output; it is no error if one is gone. Raises OSError."""
        self._delete(paths)

    def forget_manifests(self) -> None:
        """Have the copy begin anew with the manifests of the bucket."""
        self._copy.forget_manifests()

    # A run

    def recover(self, new_run_id: Callable[[dt.datetime], str], *, index: bool = True) -> list[str]:
        """Bring the copy up to date, and settle what dead runs left in the bucket. Returns what was mended, in words.

        First thing under the lock. index: with the index. Raises StoreError, OSError.
        """
        mended = self.settle(new_run_id)
        wanted = [f for f in manifest.published(self._copy.commits()) if f.path.startswith(f"{STATE}/")]
        segments = f"{STATE}/index/"  # the engine builds those anew that are damaged or of an earlier format
        here = [f for f in wanted if f.path.startswith(segments) and (not index or (self.root / f.path).exists())]
        self.fetch(f for f in wanted if f not in here)
        return mended

    def settle(self, new_run_id: Callable[[dt.datetime], str]) -> list[str]:
        """`recover`, but for the files of `_state/`."""
        while True:
            self._number = self.sync()
            begun = list(self._bucket.listed(self._key(f"{STATE}/uploads")))
            try:
                mended = self._settle(begun, new_run_id) if begun else []
            except Conflict:  # one that was taken for dead has been quicker
                continue
            return mended

    def publish(self, prepared: Commit) -> None:
        """Make a prepared commit part of the output. Its files lie under `final/` of the run's staging folder.

        Raises LockedError if another run has published meanwhile, StoreError if it cannot be found out what became of
        the commit, OSError if a file cannot be put; nothing is published then, or for the second that is not known.
        """
        content = manifest.encode(prepared, token=secrets.token_hex(16))
        try:
            self._put_new(self._upload(prepared.run_id), content)
        except Conflict:
            raise LockedError(f"{self.url}: another run has this one's id, {prepared.run_id}; run it again") from None
        points.checkpoint("origin: announced")
        try:
            final = self._layout.final(prepared.run_id)
            paths = [f.path for f in prepared.files]
            books = [path for path in paths if path.startswith("runs/")]
            rows = [path for path in paths if path not in books]
            for several in (rows, books):  # a glob that sees a run's row sees all
                for _ in self._at_once(lambda path: self._put_file(final, path), several):
                    pass
            points.checkpoint("origin: before manifest")
            self.check_lock()
            points.checkpoint("origin: checked")
            etag = self._append(content)
        except Conflict:
            self._withdraw(prepared)
            raise LockedError(
                f"{self.url}: another run has published meanwhile; nothing of this run is published, run it again"
            ) from None
        except (LockedError, OSError):
            self._withdraw(prepared)
            raise
        points.checkpoint("origin: published")
        with suppress(OSError):  # the copy is mended by the next run
            for file in prepared.files:
                os.replace(final / file.path, self.root / file.path)
            self._copy.adopt(prepared, content)
            self._copy.note(self._number, etag)
        points.checkpoint("origin: copied")
        with suppress(OSError):  # as is what is left over in the bucket
            self._finish(prepared)
            self._bind()
            disk.remove_tree(self._layout.staging(prepared.run_id))

    def prune(self, oldest: str, dry_run: bool = False) -> int:
        """Delete what commits up to the run id `oldest` took back. Returns how many commits that were."""
        found = self.listed(f"{STATE}/retired")
        gone = {path: path.split("/")[2] for path in found if path.split("/")[2] <= oldest}
        if not dry_run:
            self._delete(gone)
        return len(set(gone.values()))

    def is_settled(self) -> bool:
        """Whether all that commits took back is where it belongs, or gone."""
        return not self.listed(f"{STATE}/uploads")

    def find_retired(self, path: str) -> str | None:
        """Where a file that was taken back is kept, relative to the output; None if it is not any more."""
        kept = [one for one in self.listed(f"{STATE}/retired") if one.split("/", 3)[3] == path]
        return max(kept, default=None)

    def head(self, path: str) -> Object:
        """What is known of a file of the output. Raises FileNotFoundError, OSError."""
        return self._bucket.head(self._key(path))

    def object_url(self, path: str) -> str:
        """The URL of a file of the output."""
        return f"{self._bucket.url}/{self._key(path)}"

    def _settle(self, begun: list[Object], new_run_id: Callable[[dt.datetime], str]) -> list[str]:
        """What is announced, by runs that are dead or taken for dead, is either published or never will be."""
        announced = [self._decoded(self._bucket.get(one.key)[0], one.key) for one in begun]
        published = {commit.run_id for commit in self._copy.commits()}
        dead = [commit for commit in announced if commit.run_id not in published]
        if dead:  # their next manifest's number must be taken before what they put is deleted
            points.checkpoint("origin: before fence")
            fence = Commit(new_run_id(dt.datetime.now(dt.UTC)), ())
            content = manifest.encode(fence, token=secrets.token_hex(16))
            etag = self._append(content)
            self._copy.adopt(fence, content)
            self._copy.note(self._number, etag)
        points.checkpoint("origin: fenced")
        mended = []
        for commit in announced:
            if commit in dead:
                self._withdraw(commit)
                mended.append(f"run {commit.run_id} was stopped before its commit: what it had put is deleted")
            else:
                self._finish(next(c for c in self._copy.commits() if c.run_id == commit.run_id))
                mended.append(f"run {commit.run_id} was stopped after its commit: cleaned up")
        return mended

    def _append(self, content: bytes) -> str:
        """Put the next manifest; returns its etag. Raises Conflict if another is there; StoreError: not known."""
        key = self._key(f"{STATE}/commits/{self._number + 1:012d}.json")
        try:
            etag = self._put_new(key, content)
        except PermissionError:
            raise
        except OSError as error:
            raise StoreError(
                f"{self.url}: whether the run is published could not be found out ({error.strerror}); the next run will"
            ) from None
        self._number += 1
        return etag

    def _put_new(self, key: str, content: bytes) -> str:
        """Put an object that is not there. content: has a token to know it again by. Raises Conflict, OSError."""
        try:
            return self._bucket.put_new(key, content).etag
        except Conflict:
            there, about = self._bucket.get(key)
            if there != content:
                raise
            return about.etag  # it was put, and the answer lost
        except PermissionError:
            raise
        except OSError:  # no answer; it may be there all the same
            with suppress(FileNotFoundError):
                there, about = self._bucket.get(key)
                if there != content:
                    raise Conflict(key) from None
                return about.etag
            raise

    def _put_file(self, final: Path, path: str) -> None:
        points.checkpoint("origin: before put")
        self._bucket.put(self._key(path), final / path)
        points.checkpoint("origin: after put")

    def _withdraw(self, commit: Commit) -> None:
        """Delete what a run has put that is not published."""
        with suppress(OSError):
            self._delete(file.path for file in commit.files)
            points.checkpoint("origin: withdrawn")
            self._bucket.delete([self._upload(commit.run_id)])

    def _finish(self, done: Commit) -> None:
        """After a commit: what it took back is kept aside or deleted; then the run is not announced any more."""
        if done.removes and done.keeps:
            list(self._at_once(lambda path: self._retire(done.run_id, path), done.removes))
        self._delete(done.removes)
        if done.removes and not done.keeps:
            self._delete(self.listed(f"{STATE}/retired"))  # what earlier commits kept may hold the same rows
        points.checkpoint("origin: before clean-up")
        self._bucket.delete([self._upload(done.run_id)])
        points.checkpoint("origin: done")

    def _retire(self, run_id: str, path: str) -> None:
        with suppress(FileNotFoundError):  # it is there already
            self._bucket.copy(self._key(path), self._key(f"{STATE}/retired/{run_id}/{path}"))

    def _delete(self, paths: Iterable[str]) -> None:
        keys = [self._key(path) for path in paths]
        for start in range(0, len(keys), objects.PAGE):
            self._bucket.delete(keys[start : start + objects.PAGE])

    def _take_bound(self) -> int:
        """Begin a copy with the manifests that are bound together. Returns how many these are."""
        try:
            content, _ = self._bucket.get(self._key(f"{STATE}/bound.jsonl"))
            commits = volume.decode(content)
        except FileNotFoundError:
            return 0
        except (StoreError, *manifest.DAMAGED):
            return 0  # all it holds can be had singly
        self._copy.adopt_bound(commits, content)
        return len(commits)

    def _bind(self) -> None:
        """Bind all manifests, now and then. Whoever begins a copy then asks for few."""
        if self._number % BOUND_EVERY == 0:
            bodies = [manifest.encode(commit) for commit in self._copy.commits()]
            if len(bodies) == self._number:
                self._bucket.put(self._key(f"{STATE}/bound.jsonl"), volume.encode(bodies))

    def _listed(self, number: int) -> list[Object]:
        """The manifests from a number on."""
        after = self._key(f"{STATE}/commits/{number - 1:012d}.json") if number else None
        return list(self._bucket.listed(self._key(f"{STATE}/commits"), after))

    def _number_of(self, one: Object) -> int:
        name = one.key.rsplit("/", 1)[1].removesuffix(".json")
        if not name.isdecimal():
            raise StoreError(f"{self._bucket.url}/{one.key}: not a manifest of copydesk")
        return int(name)

    def _decoded(self, content: bytes, key: str) -> Commit:
        try:
            return manifest.decode(content)
        except (StoreError, *manifest.DAMAGED) as error:
            raise StoreError(f"{self._bucket.url}/{key}: the manifest cannot be read: {error}{_TRY}") from error

    def _at_once(self, request: Callable[[Any], Any], over: Iterable[Any]) -> Iterator[Any]:
        """The answers in order, some requests at a time. Raises what one raises, when those under way have ended."""
        wanted = list(over)
        if len(wanted) < 2:
            return map(request, wanted)
        with ThreadPoolExecutor(_REQUESTS) as pool:
            return iter(list(pool.map(request, wanted)))

    def _new_lease(self) -> Lease:
        return Lease(self._bucket, self._key(f"{STATE}/lease.json"), self.url, self._name)

    def _upload(self, run_id: str) -> str:
        return self._key(f"{STATE}/uploads/{run_id}.json")

    def _key(self, path: str) -> str:
        return self._prefix + path
