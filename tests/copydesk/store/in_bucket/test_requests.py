"""Requests of a run that fail, break off, or whose answer is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.errors import StoreError, UsageError
from copydesk.store import place
from copydesk.store.dataset import open_dataset
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.outputs import first_part, publish, second_part
from tests.copydesk.s3 import S3, Asked
from tests.copydesk.store.in_bucket.made import ingest, out, shown, write


@pytest.mark.parametrize("what", ["503", "drop", "lose", "cut"])
def test_every_request_fails_at_first(s3: S3, tmp_path: Path, what: str) -> None:
    """Also the one that decides: its answer is lost, it is made again and refused, and known as the run's own."""
    ingest(out(s3), write(tmp_path / "1.jsonl", 0, 2))
    s3.asked.clear()
    s3.spoil(lambda asked: what if asked.number < 1 else None)
    assert ingest(out(s3), write(tmp_path / "2.jsonl", 10, 2)).articles == 2
    s3.spoil(None)
    assert s3.names("news/out/_state/commits") == [f"news/out/_state/commits/{n:012d}.json" for n in (1, 2)]
    assert verify(out(s3), read_data=True) == []


def test_nobody_answers_at_first(s3: S3, few_attempts: None) -> None:
    s3.spoil(lambda asked: "503")
    with pytest.raises(StoreError, match=r"^s3://desk/news/out: cannot be written to: the server says 503"):
        publish(place.local(out(s3)), first_part())
    s3.spoil(None)
    assert s3.names() == []


def test_the_server_goes_away_while_files_are_put(s3: S3, few_attempts: None) -> None:
    publish(place.local(out(s3)), first_part())
    before = shown(out(s3))
    s3.spoil(lambda asked: "503" if asked.method == "PUT" and "/articles/" in asked.key else None)
    with pytest.raises(StoreError, match="the run failed, nothing of it is published: the server says 503"):
        publish(place.local(out(s3)), second_part())
    s3.spoil(None)
    assert shown(out(s3)) == before
    assert verify(out(s3)) == []


@pytest.mark.parametrize("put", [True, False], ids=["put", "not put"])
def test_the_server_goes_away_when_all_is_decided(s3: S3, few_attempts: None, put: bool) -> None:
    publish(place.local(out(s3)), first_part())
    before = shown(out(s3))
    away = []

    def spoiler(asked: Asked) -> str | None:
        if asked.method == "PUT" and "/commits/" in asked.key and not away:
            away.append(True)
            return "lose" if put else "503"
        return "503" if away else None

    s3.spoil(spoiler)
    with pytest.raises(StoreError, match="whether the run is published could not be found out"):
        publish(place.local(out(s3)), second_part())
    s3.spoil(None)
    with Store(place.local(out(s3))).lock("test"):
        mended = Store(place.local(out(s3))).recover()
    assert [("after" if put else "before") in line for line in mended] == [True]
    assert (shown(out(s3)) != before) == put
    assert verify(out(s3), read_data=True) == []


def test_not_allowed(s3: S3) -> None:
    s3.spoil(lambda asked: "403" if asked.method == "PUT" else None)
    with pytest.raises(StoreError, match=r"cannot be written to: the server says 403 Forbidden"):
        publish(place.local(out(s3)), first_part())


def test_no_bucket(s3: S3) -> None:
    with pytest.raises(StoreError, match=r"there is no such bucket"):
        publish(place.local("s3://nobody-has-this/out"), first_part())
    with pytest.raises(UsageError, match="is no output of copydesk"):
        open_dataset(out(s3), "articles")
