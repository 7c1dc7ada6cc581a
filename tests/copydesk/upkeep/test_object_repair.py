"""verify --repair and reindex of outputs in object storage, against a real S3 API on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("obstore")
pytest.importorskip("moto.server")

from copydesk import objects
from copydesk.errors import StoreError
from copydesk.index import history
from copydesk.schema import DATASETS
from copydesk.store import place
from copydesk.store.dataset import TEXTS, open_dataset
from copydesk.upkeep.forget import forget
from copydesk.upkeep.maintain import maintain
from copydesk.upkeep.repair import Repaired, repair
from copydesk.upkeep.verify import verify
from flows.cli import main
from tests.copydesk.corpus import ingest as ingest_here
from tests.copydesk.corpus import rows, write_jsonl
from tests.copydesk.damage import cuts, flips, two_inputs
from tests.copydesk.s3 import S3, Asked, serving_here

pytestmark = pytest.mark.slow

OUT = "news/out"
STATE = f"{OUT}/_state"


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with serving_here() as s3:
        yield s3


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What is ingested by two runs: every dataset but overlaps/ has rows."""
    folder = tmp_path_factory.mktemp("inputs")
    return [write_jsonl(folder / f"{n}.jsonl", records) for n, records in enumerate(two_inputs())]


@pytest.fixture
def s3(server: S3, inputs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3:
    """A bucket with an output of two runs, and this machine's working copy of it."""
    server.reset()
    objects.known.cache_clear()
    monkeypatch.setenv(place.CACHE, str(tmp_path / "cache"))
    for path in inputs:
        ingest_here(url(server), path, learn=False)  # type: ignore[arg-type]
    return server


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes this process another machine, one that has no working copy yet."""
    count = iter(range(1000))
    return lambda: monkeypatch.setenv(place.CACHE, str(tmp_path / f"machine-{next(count)}"))


def url(s3: S3) -> str:
    return f"{s3.url}/{OUT}"


def everything(s3: S3) -> dict[str, list[dict[str, Any]]]:
    return {name: rows(url(s3), name) for name in DATASETS if name != "runs"}  # type: ignore[arg-type]


def named(s3: S3, part: str) -> list[str]:
    return [key for key in s3.names(OUT) if part in key and "/quarantine/" not in key and "/retired/" not in key]


def damage(s3: S3, key: str) -> None:
    content = s3.get(key)
    s3.put(key, content[:60] + bytes([content[60] ^ 1]) + content[61:])


def repaired(s3: S3) -> Repaired:
    """Repair; what comes of it is what verify says, and doing it twice changes nothing."""
    done = repair(place.local(url(s3)))
    if not done.cannot:
        assert done.faults == verify(url(s3), read_data=True)
        assert not repair(place.local(url(s3))).mended
    return done


def again(s3: S3, inputs: list[Path]) -> tuple[int, int]:
    """The inputs ingested again: articles and items that are seen."""
    books = ingest_here(url(s3), *inputs, learn=False)  # type: ignore[arg-type]
    assert verify(url(s3), read_data=True) == []
    return books.articles, books.seen


def test_nothing_is_done_to_a_whole_output(s3: S3) -> None:
    before = {key: s3.get(key) for key in s3.names(OUT)}
    assert repair(place.local(url(s3))) == Repaired()
    assert {key: s3.get(key) for key in s3.names(OUT)} == before


def test_files_that_the_working_copy_has_are_put_anew(s3: S3) -> None:
    whole = everything(s3)
    keys = [named(s3, f"/{part}/")[0] for part in ("articles", "removals", "ledger", "index")]
    before = {key: s3.get(key) for key in s3.names(OUT)}
    for key in keys[:2]:
        damage(s3, key)
    for key in keys[2:]:
        s3.delete(key)
    assert {f.check for f in verify(url(s3), read_data=True)} >= {"sha256", "missing"}
    done = repaired(s3)
    assert (done.cannot, done.faults) == ([], [])
    assert done.mended == [f"{key.removeprefix(OUT + '/')}: put anew from the working copy" for key in sorted(keys)]
    assert {key: s3.get(key) for key in s3.names(OUT)} == before
    assert everything(s3) == whole


@pytest.mark.parametrize("how", [damage, S3.delete], ids=["damaged", "gone"])
def test_files_that_nobody_has_are_taken_out_and_ingested_again(
    s3: S3, inputs: list[Path], elsewhere: Callable[[], None], how: Callable[[S3, str], None]
) -> None:
    whole = {name: len(told) for name, told in everything(s3).items()}
    elsewhere()
    lost = named(s3, "/articles/")[0]
    how(s3, lost)
    done = repaired(s3)
    assert (done.cannot, done.faults) == ([], [])
    assert any("taken out" in line for line in done.mended)
    assert (f"{STATE}/quarantine/{lost.removeprefix(OUT + '/')}" in s3.names(OUT)) == (how is damage)
    assert again(s3, inputs)[0] > 0
    now = {name: len(told) for name, told in everything(s3).items()}
    assert sum(now[name] for name in TEXTS) == sum(whole[name] for name in TEXTS)


def test_a_broken_ledger_is_dropped(s3: S3, inputs: list[Path], elsewhere: Callable[[], None]) -> None:
    elsewhere()
    damage(s3, named(s3, "/ledger/")[0])
    with pytest.raises(StoreError, match="verify --repair"):
        ingest_here(url(s3), *inputs)  # type: ignore[arg-type]
    assert repaired(s3).faults == []
    assert again(s3, inputs)[0] == 0


def test_a_broken_index_is_built_anew(s3: S3, inputs: list[Path], elsewhere: Callable[[], None]) -> None:
    elsewhere()
    first, second = named(s3, "/index/")
    damage(s3, first)
    s3.delete(second)
    done = repaired(s3)
    assert (done.mended, done.faults) == (["the index: 2 segments built anew from the Parquet"], [])
    elsewhere()
    assert again(s3, inputs)[0] == 0


def test_reindex_publishes_the_index_anew(s3: S3, inputs: list[Path], elsewhere: Callable[[], None]) -> None:
    whole = everything(s3)
    damage(s3, named(s3, "/index/")[0])
    elsewhere()
    assert history.reindex(place.local(url(s3))) == 2
    assert len(named(s3, "/index/")) == 2
    assert verify(url(s3), read_data=True) == []
    elsewhere()
    assert again(s3, inputs)[0] == 0
    assert everything(s3) == whole


def test_strays_are_moved_out_of_the_way(s3: S3) -> None:
    article = named(s3, "/articles/")[0]
    s3.put(article.replace(".parquet", ".copy.parquet"), s3.get(article))
    s3.put(f"{OUT}/articles/ingest_date=2026-01-01/mine.parquet", s3.get(article))
    s3.put(f"{STATE}/commits/note.txt", b"a note")
    done = repaired(s3)
    assert (len(done.mended), done.faults) == (3, [])
    assert len([key for key in s3.names(OUT) if "/quarantine/" in key]) == 3


@pytest.mark.parametrize(
    ("how", "number", "known"),
    [
        ("flipped", 1, False),
        ("cut", 1, False),
        ("cut", 2, True),
        ("gone", 1, True),
        ("gone", 1, False),
        ("gone", 2, True),
        ("gone", 2, False),
    ],
)
def test_a_manifest(
    s3: S3, inputs: list[Path], elsewhere: Callable[[], None], how: str, number: int, known: bool
) -> None:
    whole = everything(s3)
    key = f"{STATE}/commits/{number:012d}.json"
    before = s3.get(key)
    if how == "gone":
        s3.delete(key)
    else:
        s3.put(key, list(flips(before, 4, 7))[3] if how == "flipped" else list(cuts(before, 3, 5))[2])
    if not known:
        elsewhere()
    done = repaired(s3)
    assert (done.cannot, done.faults) == ([], [])
    assert len(done.mended) == 1
    if known or how == "flipped":
        assert s3.get(key) == before
    assert everything(s3) == whole
    elsewhere()
    assert again(s3, inputs)[0] == 0


def test_manifests_that_were_bound_and_the_fence_of_a_dead_run(s3: S3, elsewhere: Callable[[], None]) -> None:
    whole = everything(s3)
    s3.put(f"{STATE}/uploads/20260101-000000-000000.json", b"{broken")
    assert repaired(s3).faults == []
    assert named(s3, "/uploads/") == []
    fence = f"{STATE}/commits/000000000003.json"
    s3.put(f"{STATE}/bound.jsonl", b"not what it should be")
    s3.put(fence, b"")
    elsewhere()
    done = repaired(s3)
    assert (done.cannot, done.faults) == ([], [])
    assert "no file is named for its run" in done.mended[0]
    assert everything(s3) == whole


@pytest.mark.parametrize("change", ["maintain", "forget"])
def test_a_manifest_of_a_rewriting_commit(s3: S3, elsewhere: Callable[[], None], change: str) -> None:
    if change == "maintain":
        assert maintain(place.local(url(s3))).files
    else:
        forget(place.local(url(s3)), ["https://2.example/1"])
    whole = everything(s3)
    s3.delete(f"{STATE}/commits/000000000003.json")
    elsewhere()
    done = repaired(s3)
    assert (done.cannot, done.faults) == ([], [])
    assert everything(s3) == whole


def test_a_manifest_that_cannot_be_mended_is_said(s3: S3, elsewhere: Callable[[], None]) -> None:
    s3.delete(f"{STATE}/commits/000000000001.json")
    s3.delete(named(s3, "/duplicates/")[0])
    elsewhere()
    before = set(s3.names(OUT))
    done = repaired(s3)
    assert "runs/ says 1 duplicates" in done.cannot[0]
    assert [f.check for f in done.faults] == ["manifest"]
    assert set(s3.names(OUT)) - {f"{STATE}/lease.json"} == before - {f"{STATE}/lease.json"}


def test_every_request_fails_once(s3: S3, inputs: list[Path], elsewhere: Callable[[], None]) -> None:
    whole = everything(s3)
    for key in (named(s3, "/articles/")[0], named(s3, "/index/")[0]):
        damage(s3, key)
    s3.delete(f"{STATE}/commits/000000000001.json")

    def spoiler(asked: Asked) -> str | None:
        return ("503", "drop", "lose")[len(asked.key) % 3] if asked.number == 0 else None

    s3.asked.clear()
    s3.spoil(spoiler)
    done = repair(place.local(url(s3)))
    s3.spoil(None)
    assert (done.cannot, done.faults) == ([], [])
    assert len(done.mended) == 3
    assert everything(s3) == whole
    elsewhere()
    assert again(s3, inputs)[0] == 0


@pytest.mark.long
def test_it_is_stopped_at_every_request_that_changes_something(
    s3: S3, inputs: list[Path], elsewhere: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server fails from the n-th such request on; the next repair mends what is left."""
    monkeypatch.setattr(objects, "ATTEMPTS", 1)
    objects.known.cache_clear()
    whole = everything(s3)
    held = {key: s3.get(key) for key in s3.names(OUT)}
    lost = named(s3, "/articles/")[0]
    reached = 0
    for stop in range(2, 40, 3):
        for key in s3.names(OUT):
            s3.delete(key)
        for key, content in held.items():
            s3.put(key, content)
        damage(s3, lost)
        s3.delete(f"{STATE}/commits/000000000002.json")
        elsewhere()
        changes = iter(range(1000))

        def spoiler(asked: Asked, stop: int = stop, changes: Iterator[int] = changes) -> str | None:
            return "503" if asked.method != "GET" and "lease" not in asked.key and next(changes) >= stop else None

        s3.spoil(spoiler)
        try:
            repair(place.local(url(s3)))
            reached = stop
        except StoreError:
            pass
        s3.spoil(None)
        done = repair(place.local(url(s3)))
        assert (done.cannot, done.faults) == ([], []), stop
        again(s3, inputs)
        told = everything(s3)
        assert sum(len(told[name]) for name in TEXTS) == sum(len(whole[name]) for name in TEXTS)
        if reached:
            break
    assert reached


def test_the_commands(s3: S3, capsys: pytest.CaptureFixture[str]) -> None:
    def copydesk(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        told = capsys.readouterr()
        return int(str(ended.value.code)), told.out + told.err

    assert copydesk("reindex", "-o", url(s3)) == (0, f"2 index segments rebuilt in {url(s3)}\n")
    damage(s3, named(s3, "/articles/")[0])
    code, told = copydesk("verify", "--repair", "-o", url(s3))
    assert (code, told.splitlines()[-1]) == (0, f"{url(s3)} is whole: 2 runs, 5 articles")
    assert "put anew from the working copy" in told
    code, told = copydesk("verify", "--repair", "--json", "-o", f"{s3.url}/nothing")
    assert (code, "is no output of copydesk" in told) == (2, True)
    assert not [key for key in s3.names() if key.startswith("nothing")]
    assert json.loads(copydesk("verify", "--repair", "--json", "-o", url(s3))[1])["mended"] == []


def test_an_article_is_where_it_was(s3: S3) -> None:
    damage(s3, named(s3, "/articles/")[0])
    repaired(s3)
    assert open_dataset(url(s3), "articles").count_rows() == 5
