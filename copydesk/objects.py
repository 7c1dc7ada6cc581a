"""Object storage: the few requests that are made of a bucket, and what their failures mean.

A bucket is named by a URL, `s3://bucket/prefix` (gs:// and az:// likewise). obstore makes the requests: it signs them
and tries again what may pass (5xx, dropped connections), with growing pauses. It is an optional dependency. Where it
finds credentials, region and endpoint: docs/object-storage.md.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from copydesk.errors import UsageError

T = TypeVar("T")

SCHEMES = ("s3", "gs", "az")
"""Of the URLs that name objects."""

ATTEMPTS = 6
"""How often a request is tried before it has failed."""

PAGE = 1000
"""Objects that one request for a listing tells of: the most that S3 has."""

_PARTS = 4  # of a large file that are put at a time, 5 MiB each

_PAUSE = 0.1  # seconds, before the first new attempt; doubled each time

ATTEMPTS_SECONDS = 60
"""For how long; a server that is overloaded for longer is down."""

REQUEST_SECONDS = 120
"""The longest that a request may take, its body included."""

_URL = re.compile(rf"({'|'.join(SCHEMES)})://([^/]+)/*(.*)", re.DOTALL)
_STATUS = re.compile(r"status code: (\d{3} [A-Za-z ]+)")
_LONGEST_WORDS = 200
_NO_BUCKET = "NoSuchBucket"
_BROKEN_BODY = "response body"
"""In the words of a failure: the answer's body broke off. obstore does not make such a request again."""


class Version(NamedTuple):
    """What an object is replaced by: S3 and Azure go by the etag, Google by the number of the version."""

    etag: str
    number: str | None = None


class Conflict(Exception):
    """A conditional put was refused: the object is there already, or is not what it was."""


@dataclass(frozen=True, slots=True)
class Object:
    """What is known of an object. key: in its bucket. size: bytes. etag: changes with its bytes.

    number: of its version, where the store counts them and tells.
    """

    key: str
    size: int
    modified: dt.datetime
    etag: str
    number: str | None = None

    @property
    def version(self) -> Version:
        """What a put can be made to depend on."""
        return Version(self.etag, self.number)

    def is_same(self, etag: str) -> bool:
        """Whether it is of the version of this etag; some stores quote it in one answer and not in another."""
        return self.etag.strip('"') == etag.strip('"')


def is_url(text: str) -> bool:
    """Whether it names something in object storage."""
    return bool(_URL.match(text))


def split(url: str) -> tuple[str, str]:
    """The bucket's own URL, and the key or prefix in it, without slashes at its ends. Raises UsageError."""
    parts = _URL.match(url)
    if not parts:
        raise UsageError(f"{url}: not a URL of object storage; write it as s3://bucket/prefix")
    return f"{parts[1]}://{parts[2]}", parts[3].strip("/")


def bucket(url: str) -> Bucket:
    """The bucket of a URL, with the connections it has; what lies below the bucket is ignored. Raises UsageError."""
    return known(split(url)[0])


class Bucket:
    """One bucket; keys are those in it. url: its own, as s3://bucket.

    All methods raise FileNotFoundError for what is not there, PermissionError for what is not allowed, and OSError
    for a request that failed in the end, in one line.
    """

    def __init__(self, url: str) -> None:
        """Raises UsageError if obstore is not installed, or cannot make sense of the URL or the environment."""
        try:
            import obstore
            from obstore import exceptions
            from obstore.store import from_url
        except ImportError:
            message = "object storage needs a package that is not installed: pip install 'copydesk[cloud]'"
            raise UsageError(f"{url}: {message}") from None
        self.url = url
        self._requests: Any = obstore
        self._failures: tuple[type[Exception], ...] = (exceptions.BaseError, FileNotFoundError, PermissionError)
        self._conflicts = (exceptions.AlreadyExistsError, exceptions.PreconditionError)
        self._refused = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
        limit = dt.timedelta(seconds=ATTEMPTS_SECONDS)
        try:
            self._store: Any = from_url(
                url,
                client_options={"timeout": dt.timedelta(seconds=REQUEST_SECONDS), "allow_http": _allows_http()},
                retry_config={"max_retries": ATTEMPTS - 1, "retry_timeout": limit},
            )
        except (exceptions.BaseError, ValueError) as error:
            raise UsageError(f"{url}: {_words(error)}") from None

    def put(self, key: str, content: bytes | Path) -> None:
        """Write an object, whatever is there."""
        self._ask(key, self._requests.put, key, content, max_concurrency=_PARTS)

    def put_new(self, key: str, content: bytes) -> Version:
        """Write an object that is not there yet. Raises Conflict.

        Also if the object is there because the request was made, its answer lost, and made again: look at it.
        """
        return _version(self._ask(key, self._requests.put, key, content, mode="create"))

    def replace(self, key: str, content: bytes, version: Version) -> Version:
        """Write an object in the place of one version of it; returns the new one. Raises Conflict, as put_new."""
        mode = {"e_tag": version.etag} | ({"version": version.number} if version.number else {})
        return _version(self._ask(key, self._requests.put, key, content, mode=mode))

    def get(self, key: str) -> tuple[bytes, Object]:
        """All bytes of an object, and what is known of it."""

        def request(store: Any) -> tuple[bytes, Object]:
            got = self._requests.get(store, key)
            return bytes(got.bytes()), _object(got.meta)

        return self._read(key, request)

    def get_range(self, key: str, start: int, end: int, etag: str | None) -> bytes:
        """Bytes from `start` up to `end`, not included, fewer at the end of the object; of the version `etag` if given.

        start must lie in the object. Raises Conflict if it is of another version.
        """
        options = {"range": (start, end), **({"if_match": etag} if etag else {})}
        return self._read(key, lambda store: bytes(self._requests.get(store, key, options=options).bytes()))

    def head(self, key: str) -> Object:
        """What is known of an object."""
        return _object(self._ask(key, self._requests.head, key))

    def listed(self, prefix: str = "", after: str | None = None) -> Iterator[Object]:
        """The objects below a prefix of whole segments, in the order of their keys; those greater than `after`."""
        while page := self._read(prefix, partial(self._page, prefix, after)):
            yield from page
            after = page[-1].key
            if len(page) < PAGE:
                return

    def _page(self, prefix: str, after: str | None, store: Any) -> list[Object]:
        """The first PAGE objects after a key: what one request gives."""
        pages = self._requests.list(store, prefix or None, offset=after, chunk_size=PAGE)
        return [_object(meta) for meta in next(iter(pages), [])]

    def copy(self, key: str, to: str) -> None:
        """Copy an object within the bucket."""
        self._ask(key, self._requests.copy, key, to)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; it is no error if one is gone."""
        wanted = list(keys)
        try:
            if wanted:
                self._ask(wanted[0], self._requests.delete, wanted)
        except FileNotFoundError:  # where many are not deleted by one request
            for key in wanted if len(wanted) > 1 else ():
                self.delete([key])

    def _read(self, key: str, request: Callable[[Any], T]) -> T:
        """A request that changes nothing, made again if its answer breaks off."""
        for attempt in range(ATTEMPTS):
            try:
                found: T = self._ask(key, request)
                return found
            except OSError as error:
                if _BROKEN_BODY not in str(error) or attempt == ATTEMPTS - 1:
                    raise
                time.sleep(_PAUSE * 2**attempt)
        raise AssertionError("not reached")

    def _ask(self, key: str, request: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return request(self._store, *arguments, **options)
        except self._conflicts as error:
            raise Conflict(_words(error)) from None
        except FileNotFoundError as error:
            if _NO_BUCKET in str(error):
                raise FileNotFoundError(errno.ENOENT, "there is no such bucket", self.url) from None
            raise FileNotFoundError(errno.ENOENT, "there is no such object", f"{self.url}/{key}") from None
        except self._refused as error:
            raise PermissionError(errno.EACCES, _words(error), f"{self.url}/{key}") from None
        except self._failures as error:
            if _NO_BUCKET in str(error):
                raise FileNotFoundError(errno.ENOENT, "there is no such bucket", self.url) from None
            raise OSError(errno.EIO, _words(error), f"{self.url}/{key}") from None


@lru_cache(maxsize=64)
def known(url: str) -> Bucket:
    """A bucket by its own URL, always the same."""
    return Bucket(url)


def _allows_http() -> bool:
    """What obstore takes from the environment itself unless it is given other options of this kind."""
    given = (os.environ.get(f"{name}_ALLOW_HTTP", "").lower() for name in ("AWS", "AZURE", "GOOGLE"))
    return any(value in ("1", "true", "yes", "on") for value in given)


def _object(meta: Any) -> Object:
    return Object(meta["path"], int(meta["size"]), meta["last_modified"], str(meta["e_tag"]), meta["version"])


def _version(put: Any) -> Version:
    return Version(str(put["e_tag"]), put["version"])


def _words(error: Exception) -> str:
    """One line of what went wrong."""
    text = str(error)
    status = _STATUS.search(text)
    if status:
        return f"the server says {status[1].strip()}"
    return " ".join(text.partition("Debug source")[0].split())[:_LONGEST_WORDS]
