"""What takes long to build and is always the same: kept in files for the next process.

They lie beside what numba keeps of compiled loops: in the folder that NUMBA_CACHE_DIR names, in `__pycache__`, or in
the user's cache, whichever can be written to. They may be deleted at any time, and what cannot be kept or read is
built anew. Processes share the memory of what they read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]

_NAMES = "names"  # of the arrays of a folder, a line each
_SMALL = 1 << 16  # bytes that are as soon copied as mapped
MOST = 36
"""Folders of one name that stay: two for each language, and half as many to spare."""


def kept(name: str, of: Iterable[str], build: Callable[[], Arrays]) -> Arrays:
    """The arrays that `build` gives, of an earlier process if it kept them. of: all that they depend on."""
    own = _name(name, of)
    for folder in _folders():
        try:
            if (folder / own).is_dir():
                return _read(folder / own)
        except (OSError, ValueError, EOFError):  # it is spoilt
            shutil.rmtree(folder / own, ignore_errors=True)
    built = build()
    for folder in _folders():
        with contextlib.suppress(OSError):
            _write(folder, own, built)
            _prune(folder, f"copydesk.{name}-*")
            break
    return built


def is_kept(name: str, of: Iterable[str]) -> bool:
    """Whether a process has kept them."""
    own = _name(name, of)
    return any((folder / own / _NAMES).is_file() for folder in _folders())


def source(*modules: Any) -> list[str]:
    """The text of modules, for what depends on them."""
    return [Path(module.__file__).read_text("utf-8") for module in modules]


def _name(name: str, of: Iterable[str]) -> str:
    hashed = hashlib.sha256()
    for part in of:
        encoded = part.encode("utf-8", "surrogatepass")
        hashed.update(len(encoded).to_bytes(8, "little") + encoded)
    return f"copydesk.{name}-{hashed.hexdigest()[:16]}"


def _folders() -> list[Path]:
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        return [Path(named)]
    users = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    with contextlib.suppress(RuntimeError):  # a user without a home
        return [Path(__file__).parent / "__pycache__", Path(users).expanduser() / "copydesk"]
    return [Path(__file__).parent / "__pycache__"]


def _read(folder: Path) -> Arrays:
    """The arrays of a folder, large ones as they lie in the file; changes to them are this process's own.

    Raises OSError or ValueError if it is spoilt; so if one is missing, as where another process is removing it.
    """
    found: Arrays = {}
    for name in (folder / _NAMES).read_text("utf-8").splitlines():
        path = folder / f"{name}.npy"
        mapped = path.stat().st_size > _SMALL
        found[name] = np.asarray(np.load(path, mmap_mode="c" if mapped else None, allow_pickle=False))
    if not found:
        raise ValueError(f"{folder}: names no arrays")
    return found


def _write(folder: Path, name: str, arrays: Arrays) -> None:
    """All or nothing, though others may do the same."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder) as temporary:
        whole = Path(temporary) / name
        whole.mkdir()
        for key, array in arrays.items():
            np.save(whole / f"{key}.npy", array, allow_pickle=False)
        (whole / _NAMES).write_text("\n".join(arrays), "utf-8")
        with contextlib.suppress(OSError):  # somebody else was quicker
            whole.rename(folder / name)


def _prune(folder: Path, pattern: str) -> None:
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime)
    for path in found[:-MOST]:
        shutil.rmtree(path, ignore_errors=True)
