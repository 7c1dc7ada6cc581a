"""Reading files that a commit has replaced since: they stay for a while under `_state/retired/`, at the path they had.

A dataset names its files when it is opened. Maintenance and forgetting set replaced files aside before their
replacements come (commit.py), so each file is at every moment either in its place or there. Of an output in object
storage, what its working copy does not have is read from the bucket, in pieces, and not kept.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as fs

from copydesk.errors import ItemError, StoreError
from copydesk.objects import Object
from copydesk.ranges import Ranges
from copydesk.store import place
from copydesk.store.layout import Layout
from copydesk.store.origin import Origin


@cache
def files(root: Path) -> fs.FileSystem:
    """The local file system, with the files under `root` (absolute) that were replaced still at their paths.

    One for each output, and it lives as long as the process: a thread of Arrow's that lets go of the last reference
    while the interpreter ends has no lock to take any more, and aborts the process.
    """
    system = fs.PyFileSystem(_Handler(root))
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(system))
    return system


def find(root: Path, path: Path) -> Path:
    """Where a published file of the output lies now. Raises StoreError if it is nowhere any more."""
    if path.exists():
        return path
    inside = path.relative_to(root)
    found = sorted(folder / inside for folder in Layout(root).all_retired.glob("*") if (folder / inside).exists())
    if not found:
        raise StoreError(f"{path}: it was replaced or forgotten since the dataset was opened; open it again")
    return found[-1]


class _Handler(fs.FileSystemHandler):  # type: ignore[misc]
    """What a dataset that is read needs of a file system; the bytes themselves are read by Arrow, not by Python."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._local = fs.LocalFileSystem()
        self._origin = place.of(root)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Handler) and other._root == self._root

    def __hash__(self) -> int:
        return hash(self._root)

    def __reduce__(self) -> tuple[type[_Handler], tuple[Path]]:
        return _Handler, (self._root,)

    def get_type_name(self) -> str:
        return "copydesk"

    def normalize_path(self, path: str) -> str:
        return path

    def open_input_file(self, path: str) -> pa.NativeFile:
        try:
            return self._local.open_input_file(path)
        except FileNotFoundError:
            if self._origin:
                return _of_bucket(self._origin, Path(path).relative_to(self._root).as_posix())
            return self._local.open_input_file(str(find(self._root, Path(path))))

    def open_input_stream(self, path: str) -> pa.NativeFile:
        return self.open_input_file(path)

    def get_file_info(self, paths: list[str]) -> list[fs.FileInfo]:
        infos = self._local.get_file_info(paths)
        return [self._retired(i) if i.type == fs.FileType.NotFound else i for i in infos]

    def _retired(self, info: fs.FileInfo) -> fs.FileInfo:
        try:
            there = self._local.get_file_info(str(find(self._root, Path(info.path))))
        except StoreError:
            return info
        return fs.FileInfo(info.path, there.type, size=there.size, mtime_ns=there.mtime_ns)

    def get_file_info_selector(self, selector: fs.FileSelector) -> list[fs.FileInfo]:
        found: list[fs.FileInfo] = self._local.get_file_info(selector)
        return found

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("published files are read only")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _refuse
    move = copy_file = open_output_stream = open_append_stream = _refuse


class _Published(Ranges):
    """A published file of an output in object storage; if it is replaced while it is read, what is kept of it."""

    def __init__(self, origin: Origin, path: str) -> None:
        there = origin.head(path)
        super().__init__(origin.object_url(path), there.size, there.etag)
        self._origin, self._path = origin, path

    def _read(self, number: int) -> bytes:
        try:
            return super()._read(number)
        except ItemError as error:
            if error.error != "vanished":
                raise StoreError(f"{self._origin.object_url(self._path)}: {error}") from None
            self.move_to(*_kept(self._origin, self._path))
            return super()._read(number)


def _of_bucket(origin: Origin, path: str) -> pa.NativeFile:
    try:
        return pa.PythonFile(_Published(origin, path), mode="r")
    except FileNotFoundError:
        url, about = _kept(origin, path)
        return pa.PythonFile(Ranges(url, about.size, about.etag), mode="r")


def _kept(origin: Origin, path: str) -> tuple[str, Object]:
    """Where a file that was replaced is kept. Raises StoreError if it is nowhere any more."""
    kept = origin.find_retired(path)
    if kept is None:
        message = "it was replaced or forgotten since the dataset was opened; open it again"
        raise StoreError(f"{origin.object_url(path)}: {message}")
    return origin.object_url(kept), origin.head(kept)
