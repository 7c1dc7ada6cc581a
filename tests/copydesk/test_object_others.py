"""az:// against Azurite, the emulator that Azure's makers ship, on loopback: `npm install -g azurite` brings it;
without it that half is skipped. gs:// against a stand-in of ours (gcs.py).

What happens when requests fail is tried against S3's interface.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("obstore")

from copydesk import objects
from copydesk.index import history
from copydesk.run.pipeline import Summary, run
from copydesk.settings import Settings
from copydesk.store import place
from copydesk.store.dataset import open_dataset
from copydesk.upkeep.forget import forget
from copydesk.upkeep.maintain import maintain
from copydesk.upkeep.repair import repair
from copydesk.upkeep.verify import verify
from tests.copydesk import gcs
from tests.copydesk.corpus import story, write_jsonl
from tests.started import free_port

pytestmark = pytest.mark.slow

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own, as it is documented."""

VERSION = "2021-08-06"


@pytest.fixture(params=["azure", "google"])
def container(request: pytest.FixtureRequest) -> str:
    """The URL of an empty container, or bucket."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with gcs.serving() as address:
        account = {"gcs_base_url": address, "disable_oauth": True, "client_email": "", "private_key": ""}
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps({**account, "private_key_id": ""}))
        monkeypatch.setenv("GOOGLE_ALLOW_HTTP", "true")
        monkeypatch.setenv(place.CACHE, str(tmp_path / "cache"))
        objects.known.cache_clear()
        yield f"gs://{gcs.BUCKET}"


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("azurite-blob is not installed (npm install -g azurite)")
    port = free_port()
    options = ["--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"]
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), *options]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        create(port)
        for name, value in {
            "AZURE_STORAGE_USE_EMULATOR": "true",
            "AZURITE_BLOB_STORAGE_URL": f"http://127.0.0.1:{port}",
            "AZURE_ALLOW_HTTP": "true",
            place.CACHE: str(tmp_path / "cache"),
        }.items():
            monkeypatch.setenv(name, value)
        objects.known.cache_clear()
        yield "az://desk"
    finally:
        server.terminate()
        server.wait()


def create(port: int) -> None:
    """Make the container `desk`."""
    date = dt.datetime.now(dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    signed = f"PUT{12 * chr(10)}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{ACCOUNT}/{ACCOUNT}/desk\nrestype:container"
    digest = hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()
    key = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    headers = {"x-ms-date": date, "x-ms-version": VERSION, "Authorization": key, "Content-Length": "0"}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", f"/{ACCOUNT}/desk?restype=container", headers=headers)
    assert connection.getresponse().status == 201


def ingest(output: str, *inputs: str) -> Summary:
    return run(Settings(inputs=inputs, output=output, workers=1, learn=False, guard=False))


def books(done: Summary) -> tuple[int, int, int]:
    return done.items, done.articles, done.seen


def record(number: int) -> dict[str, Any]:
    return {"id": str(number), "publisher": "Elm News", "text": story(number)}


def test_conditional_puts(container: str) -> None:
    bucket = objects.bucket(container)
    first = bucket.put_new("a", b"1")
    with pytest.raises(objects.Conflict):
        bucket.put_new("a", b"2")
    bucket.replace("a", b"3", first)
    with pytest.raises(objects.Conflict):
        bucket.replace("a", b"4", first)
    assert bucket.get("a")[0] == b"3"


def test_runs_and_all_that_changes_an_output(container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, out = objects.bucket(container), f"{container}/news/out"
    for n in range(3):
        bucket.put(f"in/{n}.json", json.dumps(record(50 + n)).encode())
    first = str(write_jsonl(tmp_path / "a.jsonl", map(record, range(5))))
    second = str(write_jsonl(tmp_path / "b.jsonl", map(record, range(3, 9))))
    assert books(ingest(out, first)) == (5, 5, 0)
    assert books(ingest(out, first, second)) == (11, 4, 7)
    assert books(ingest(out, f"{container}/in/")) == (3, 3, 0)
    monkeypatch.setenv(place.CACHE, str(tmp_path / "another machine"))
    assert books(ingest(out, f"{container}/in/")) == (3, 0, 3)
    assert maintain(place.local(out)).files
    ids = open_dataset(out, "articles").to_table(columns=["id"])["id"].to_pylist()
    assert forget(place.local(out), [ids[0]]).removed["articles"] == 1
    assert verify(out, read_data=True) == []
    article = next(one.key for one in bucket.listed("news/out/articles"))
    content = bucket.get(article)[0]
    bucket.put(article, content[:50] + bytes([content[50] ^ 1]) + content[51:])
    bucket.delete(["news/out/_state/commits/000000000002.json"])
    done = repair(place.local(out))
    assert (len(done.mended), done.cannot, done.faults) == (2, [], [])
    assert history.reindex(place.local(out)) == 1
    assert verify(out, read_data=True) == []
    assert open_dataset(out, "articles").count_rows() == len(ids) - 1
