"""A stand-in for Google's object storage on loopback: what obstore uses of its XML interface, by its documentation.

It keeps what Google promises and the rest of copydesk relies on: generations that grow with every version of an object,
x-goog-if-generation-match on writing (412), If-Match on reading, listings in the order of keys that begin after one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "desk"
PAGE = 1000


@dataclass(frozen=True)
class Kept:
    content: bytes
    generation: int

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content).hexdigest()}-{self.generation}"'


class Objects:
    """All objects of the bucket."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.lock = threading.Lock()
        self._generation = 1_700_000_000_000_000

    def put(self, key: str, content: bytes, generation: str | None) -> Kept | None:
        """None if the object there is of another generation than was asked for; 0 means that there is none."""
        with self.lock:
            there = self.kept.get(key)
            if generation is not None and int(generation) != (there.generation if there else 0):
                return None
            self._generation += 1
            self.kept[key] = Kept(content, self._generation)
            return self.kept[key]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        objects, source = self.server.objects, self.headers.get("x-goog-copy-source")
        if source is not None:
            there = objects.kept.get(unquote(source).partition("/")[2])
            if there is None:
                return self._answer(404)
            content = there.content
        done = objects.put(self._key(), content, self.headers.get("x-goog-if-generation-match"))
        return self._answer(412) if done is None else self._answer(200, headers=self._about(done))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not self._key():
            return self._list()
        found = self.server.objects.kept.get(self._key())
        if found is None:
            return self._answer(404)
        if self.headers.get("if-match", found.etag) != found.etag:
            return self._answer(412)
        given = self.headers.get("range")
        if given is None:
            return self._answer(200, found.content, self._about(found))
        first, last = given.removeprefix("bytes=").split("-")
        start, size = int(first), len(found.content)
        if start >= size:
            return self._answer(416)
        end = min(int(last) + 1 if last else size, size)
        told = {"Content-Range": f"bytes {start}-{end - 1}/{size}"}
        return self._answer(206, found.content[start:end], self._about(found) | told)

    def do_DELETE(self) -> None:
        with self.server.objects.lock:
            gone = self.server.objects.kept.pop(self._key(), None)
        self._answer(404 if gone is None else 204)

    def _list(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        after = max(asked.get("start-after", ""), asked.get("continuation-token", ""))
        with self.server.objects.lock:
            kept = sorted((k, v) for k, v in self.server.objects.kept.items() if k.startswith(asked.get("prefix", "")))
        left = [(key, one) for key, one in kept if key > after]
        page = left[: int(asked.get("max-keys", PAGE))]
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Generation>{one.generation}</Generation><Size>{len(one.content)}</Size>"
            f"<LastModified>2026-11-26T10:00:00.000Z</LastModified><ETag>{escape(one.etag)}</ETag></Contents>"
            for key, one in page
        )
        more = f"<NextContinuationToken>{escape(page[-1][0])}</NextContinuationToken>" if len(left) > len(page) else ""
        self._answer(200, f"<ListBucketResult><Name>{BUCKET}</Name>{more}{rows}</ListBucketResult>".encode())

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}").removeprefix("/")

    def _about(self, one: Kept) -> dict[str, str]:
        return {"ETag": one.etag, "x-goog-generation": str(one.generation), "Last-Modified": formatdate(0, usegmt=True)}

    def _answer(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects = Objects()


@contextmanager
def serving() -> Iterator[str]:
    """The address of an empty bucket's server."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
