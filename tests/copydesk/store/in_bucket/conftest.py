"""Outputs in object storage, against a real S3 API on loopback: what their tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copydesk import objects
from copydesk.store import lease, place
from tests.copydesk.s3 import S3, serving_here


@pytest.fixture(scope="package")
def server() -> Iterator[S3]:
    pytest.importorskip("obstore")
    pytest.importorskip("moto.server")
    with serving_here() as s3:
        yield s3


@pytest.fixture
def s3(server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3:
    server.reset()
    objects.known.cache_clear()
    monkeypatch.setenv(place.CACHE, str(tmp_path / "cache"))
    return server


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes this process another machine, one that has no working copy yet."""
    monkeypatch.setattr(lease, "_LOOK_SECONDS", 0.1)
    count = iter(range(1000))

    def move() -> None:
        monkeypatch.setenv(place.CACHE, str(tmp_path / f"machine-{next(count)}"))

    return move


@pytest.fixture
def few_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "ATTEMPTS", 2)
    objects.known.cache_clear()
