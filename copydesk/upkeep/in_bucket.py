"""What `verify` looks at in a bucket: that its objects are those that the manifests name, and no others.

The objects are told by a listing; their bytes are compared as they come into the working copy, where the rest is
checked as in any output.
"""

from __future__ import annotations

from collections.abc import Sequence

from copydesk.errors import StoreError
from copydesk.store import manifest
from copydesk.store.layout import STATE
from copydesk.store.manifest import Commit, PublishedFile
from copydesk.store.origin import Origin
from copydesk.upkeep.fault import Faults

_FOLDERS = ("commits", "quarantine", "retired", "uploads")
OWN = (*(f"{STATE}/{name}/" for name in _FOLDERS), f"{STATE}/lease.json", f"{STATE}/bound.jsonl")
"""What paths begin with that no manifest names, and that are no strays."""


def check(origin: Origin, commits: Sequence[Commit], faults: Faults, *, read_data: bool) -> set[str]:
    """Adds what is wrong to `faults`, and brings every file into the working copy. Returns the paths that are wrong.

    read_data: get all files anew, not only those that the copy lacks. Raises OSError if the bucket cannot be asked.
    """
    there = origin.listed("")
    published = {f.path: f for f in manifest.published(commits)}
    manifests = sorted(path for path in there if path.startswith(f"{STATE}/commits/"))
    _numbers(manifests, len(commits), faults)
    if read_data:
        _compare(manifests, commits, origin, faults)
    wrong = set()
    for path, file in published.items():
        if path not in there:
            faults.add("missing", path, "the manifest names it, and it is not there")
        elif there[path].size != file.size:
            faults.add("size", path, f"{there[path].size} bytes; the manifest says {file.size}")
        else:
            continue
        wrong.add(path)
    wrong |= _got([f for path, f in published.items() if path not in wrong], origin, faults, read_data)
    begun = [path.rsplit("/", 1)[1].removesuffix(".json") for path in there if path.startswith(f"{STATE}/uploads/")]
    removed = {path for commit in commits for path in commit.removes}
    for path in sorted(there.keys() - published.keys()):
        if path.startswith(OWN) or path.rsplit("/", 1)[1].startswith(tuple(begun)):
            continue
        if path in removed:
            faults.add("stray", path, "a later run took it back; it should be gone")
        else:
            faults.add("stray", path, "no manifest names it: a glob reads it, and no run published it")
    if begun and not origin.is_locked():
        for run_id in begun:
            faults.add("unfinished", run_id, "it was interrupted; the next run deletes what it has put, or cleans up")
    return wrong


def _numbers(paths: Sequence[str], known: int, faults: Faults) -> None:
    """That the manifests are numbered without gaps, and the copy has them all."""
    numbers = [int(name) for path in paths if (name := path.rsplit("/", 1)[1].removesuffix(".json")).isdecimal()]
    if numbers != list(range(1, len(numbers) + 1)):
        gap = next(n for n in range(1, len(numbers) + 2) if n not in numbers)
        faults.add("manifest", f"{STATE}/commits/{gap:012d}.json", "it is not there, and later ones are")
    elif known < len(numbers):
        faults.add("manifest", f"{STATE}/commits", f"{len(numbers)} manifests, and the working copy has {known}")


def _compare(paths: Sequence[str], commits: Sequence[Commit], origin: Origin, faults: Faults) -> None:
    """That the manifests are those that the copy has."""
    known = {commit.run_id: commit for commit in commits}
    for path, content in zip(paths, origin.contents(paths), strict=True):
        try:
            commit = manifest.decode(content)
        except (StoreError, *manifest.DAMAGED) as error:
            faults.add("manifest", path, f"it cannot be read: {error}")
            continue
        if known.get(commit.run_id, commit) != commit:
            faults.add("manifest", path, "it is not the one that the working copy has")


def _got(files: Sequence[PublishedFile], origin: Origin, faults: Faults, read_data: bool) -> set[str]:
    """Bring files into the copy; the paths of those that are not as their manifests say."""
    wrong = set()
    for file in files:
        try:
            origin.download(file) if read_data else origin.fetch([file])
        except StoreError:
            faults.add("sha256", file.path, "its bytes are not those that were published")
            wrong.add(file.path)
        except FileNotFoundError:
            continue  # it was replaced meanwhile: `verify` looks again
    return wrong
