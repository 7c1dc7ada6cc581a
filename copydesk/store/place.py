"""Where an output lies: a folder of this machine, or a URL of object storage with a working copy here.

The engine works on folders. `local` gives the folder of an output; of a URL it is the working copy, below the folder
that COPYDESK_CACHE names, else `copydesk` in the user's folder for caches. `_state/origin.json` makes it a copy.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

import orjson

from copydesk import objects
from copydesk.errors import StoreError, UsageError
from copydesk.store import manifest, volume
from copydesk.store.layout import Layout
from copydesk.store.origin import Origin

CACHE = "COPYDESK_CACHE"
"""The environment variable that names the folder for working copies."""


def local(output: Path | str) -> Path:
    """The folder of an output; of a URL its working copy, which is made if there is none. Raises UsageError."""
    if not objects.is_url(str(output)):
        return Path(output)
    bucket, prefix = objects.split(str(output))
    url = f"{bucket}/{prefix}".rstrip("/")
    objects.bucket(url)  # says so if the package is missing
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", url)[:80] + "-" + hashlib.sha256(url.encode()).hexdigest()[:12]
    root = cache() / name
    mark = _mark(root)
    if not mark.exists():
        layout = Layout(root)
        fresh = mark.with_name(f"origin.{secrets.token_hex(4)}")
        try:
            for folder in (layout.commits, layout.all_staging):
                folder.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(orjson.dumps({"url": url, "id": secrets.token_hex(16)}))
            if not mark.exists():
                os.link(fresh, mark)
            fresh.unlink()
        except FileExistsError:
            fresh.unlink()
        except OSError as error:
            raise UsageError(f"{root}: the working copy cannot be made ({error.strerror}); set {CACHE}") from None
    return root


def cache() -> Path:
    """The folder for working copies."""
    given = os.environ.get(CACHE)
    if given:
        return Path(given).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "copydesk"


def opened(output: Path | str, whole: bool = False) -> Path:
    """The folder of an output that is there, up to date if it is a working copy. Raises UsageError, StoreError.

    whole: with all files of the output, else only with its manifests.
    """
    root = local(output)
    origin = of(root)
    if origin is None:
        return root
    try:
        if not origin.sync():
            raise UsageError(f"{output} is no output of copydesk: there is no manifest below it")
        if whole:
            origin.fetch(manifest.published(volume.commits(Layout(root))))
    except OSError as error:
        raise StoreError(f"{output}: {error.strerror or error}") from error
    return root


def name(root: Path) -> str:
    """What people call the output of a folder: the folder, or the URL that it is a working copy of."""
    origin = of(root)
    return origin.url if origin else str(root)


def of(root: Path) -> Origin | None:
    """What a folder is the working copy of; None if it is an output itself."""
    try:
        about = orjson.loads(_mark(root).read_bytes())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    return Origin(about["url"], root, about["id"])


def _mark(root: Path) -> Path:
    return Layout(root).state / "origin.json"
