"""A real S3 API on loopback for the tests: moto's server, and before it a proxy that counts requests and spoils some.

    with serving() as s3:
        s3.put("in/a.txt", b"...")
        s3.spoil(lambda asked: "503" if asked.method == "PUT" else None)

A spoiler looks at each request and says what becomes of it: None (nothing), a status such as "503" (told without
asking the server), "drop" (the connection is closed, the server is not asked), "lose" (the server is asked, and its
answer lost) or "cut" (half of the answer's body is sent). What it raises or waits for happens in the proxy's thread.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.started import free_port

BUCKET = "desk"
_START_SECONDS = 60
_SIGNED = "AWS4-HMAC-SHA256 Credential=tests/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none"
"""The server does not look at the signature, but refuses requests that have none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. key: in the bucket. query: as sent. number: how many requests of this method and key came before."""

    method: str
    key: str
    query: str
    headers: dict[str, str]
    number: int

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and "list-type" in self.query


Spoiler = Callable[[Asked], str | None]


@dataclass(slots=True)
class S3:
    """port: of the proxy. asked: all requests since `reset`."""

    port: int
    server: int
    asked: list[Asked] = field(default_factory=list)
    spoiler: Spoiler | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_REGION": "us-east-1",
        }

    def spoil(self, spoiler: Spoiler | None) -> None:
        self.spoiler = spoiler

    def reset(self) -> None:
        """An empty bucket, nothing spoiled, nothing counted."""
        self.spoiler = None
        self.direct("POST", "/moto-api/reset")
        self.direct("PUT", f"/{BUCKET}")
        self.asked.clear()

    def put(self, key: str, content: bytes) -> None:
        """Past the proxy, as another user of the bucket would."""
        status, _ = self.direct("PUT", f"/{BUCKET}/{key}", content)
        assert status == 200, status

    def get(self, key: str) -> bytes:
        return self.direct("GET", f"/{BUCKET}/{key}")[1]

    def delete(self, key: str) -> None:
        self.direct("DELETE", f"/{BUCKET}/{key}")

    def upload(self, folder: Path, prefix: str) -> None:
        """All files of a folder."""
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def names(self, prefix: str = "") -> list[str]:
        """Of the objects in the bucket."""
        from copydesk import objects

        return [one.key for one in objects.Bucket(self.url).listed(prefix)]

    def direct(self, method: str, path: str, content: bytes = b"") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server, timeout=30)
        try:
            connection.request(method, path, content, {"Authorization": _SIGNED})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextmanager
def serving() -> Iterator[S3]:
    """The server and its proxy, on free ports, until the end."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    s3 = S3(0, port)
    proxy = _Proxy(("127.0.0.1", 0), _handler(s3))
    s3.port = proxy.server_address[1]
    try:
        _wait_for(port)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        s3.reset()
        yield s3
        proxy.shutdown()
    finally:
        proxy.server_close()
        server.terminate()
        server.wait()


class _Proxy(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # else a client that was killed


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("moto's server does not start")


def _handler(s3: S3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            key = unquote(parts.path).removeprefix(f"/{BUCKET}").lstrip("/")
            with s3.lock:
                number = sum(a.method == self.command and a.key == key for a in s3.asked)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, key, parts.query, headers, number)
                s3.asked.append(asked)
            what = s3.spoiler(asked) if s3.spoiler else None
            if what == "drop":
                return self._close()
            if what and what.isdecimal():
                return self._tell(int(what), {}, b"")
            connection = http.client.HTTPConnection("127.0.0.1", s3.server, timeout=60)
            try:
                connection.request(self.command, self.path, body, headers={**dict(self.headers.items())})
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            if what == "lose":
                return self._close()
            if what == "cut":
                self._tell(answer.status, dict(answer.getheaders()), content, len(content) // 2)
                return self._close()
            return self._tell(answer.status, dict(answer.getheaders()), content)

        def _tell(self, status: int, headers: dict[str, str], content: bytes, sent: int | None = None) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                    self.send_header(name, value)
            length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
            if status != 204:
                self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[:sent])
            self.wfile.flush()

        def _close(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def serving_here() -> Iterator[S3]:
    """serving(), which this process uses meanwhile."""
    with serving() as s3:
        before = {name: os.environ.get(name) for name in s3.environment}
        os.environ.update(s3.environment)
        try:
            yield s3
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name)
                else:
                    os.environ[name] = value
