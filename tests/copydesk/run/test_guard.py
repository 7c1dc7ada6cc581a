"""The guard: ordinary runs pass, runs out of all proportion stop before their commit and leave nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from copydesk.articles.parts import Part
from copydesk.errors import GuardError, StoreError
from copydesk.run import guard, matching, pipeline
from copydesk.settings import Settings
from copydesk.store.store import Store
from copydesk.workers.mapping import Map, R, T
from tests.copydesk.corpus import ingest, rows, story, write_jsonl
from tests.flows.test_cli import command


def record(number: int, publisher: str = "Outlet", text: str | None = None) -> dict[str, Any]:
    return {"id": f"{publisher}-{number}", "publisher": publisher, "text": story(number, 6) if text is None else text}


def with_cruft(number: int) -> str:
    """A text of which cleaning takes most away."""
    return story(number, 4) + "\n\nAdvertisement" * 120


def edition(number: int, of: int = 1000) -> str:
    """One of many versions of a story, each with a line of its own."""
    return story(of, 12) + f"\n\nThe table of edition {number} was printed {number + 7} times in the {number} mill."


def test_a_wire_story_in_every_paper_passes(tmp_path: Path) -> None:
    wire = [record(n, f"Paper {n}", edition(n)) for n in range(120)]
    own = [record(n, f"Paper {n % 8}") for n in range(200, 280)]
    summary = ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", [*wire, *own]))
    assert summary.duplicates == 119


def test_pages_found_twice_pass(tmp_path: Path) -> None:
    twice = [record(n, "Outlet", story(n % 40, 6)) for n in range(240)]
    assert ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", twice)).duplicates == 200


def test_a_publisher_most_of_whose_text_is_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = "Odd \x1b]0;Outlet"
    records = [record(n, odd, with_cruft(n)) for n in range(guard.REMOVED_ITEMS)]
    corpus = write_jsonl(tmp_path / "in.jsonl", [*records, *[record(n) for n in range(100, 120)]])
    out = tmp_path / "out"
    assert command("ingest", str(corpus), "-o", str(out), "-w", "1") == 5
    told = capsys.readouterr().err
    assert "publisher Odd \ufffd]0;Outlet: " in told
    assert "% of the characters of its 50 items were removed" in told
    assert f"{corpus.as_uri()})" in told
    assert "--no-guard" in told
    assert "\x1b" not in told
    assert rows(out, "runs") == []
    assert not list(Store(out).layout.all_staging.iterdir())
    assert command("ingest", str(corpus), "-o", str(out), "-w", "1", "--guard-removed-share", "0.95") == 0
    few = write_jsonl(tmp_path / "few.jsonl", records[:-1])
    assert ingest(tmp_path / "few", few).articles == len(records) - 1


def test_texts_of_which_nothing_is_left(tmp_path: Path) -> None:
    gone = [record(n, text="Advertisement\n\n" * (n + 1)) for n in range(60)]
    corpus = write_jsonl(tmp_path / "in.jsonl", [*gone, record(1)])
    with pytest.raises(GuardError, match="of 98% of the texts cleaning left nothing"):
        ingest(tmp_path / "out", corpus)
    assert ingest(tmp_path / "out", corpus, guard=False).rejects == 60


def test_a_publisher_whose_texts_are_copies_of_each_other(tmp_path: Path) -> None:
    alike = [record(n, "Outlet", edition(n, of=1000 + n % 20)) for n in range(guard.DUPLICATE_ITEMS)]
    corpus = write_jsonl(tmp_path / "in.jsonl", alike)
    with pytest.raises(GuardError, match=r"publisher Outlet: 90% of its 200 texts .*the limit is 80%"):
        ingest(tmp_path / "out", corpus)
    assert ingest(tmp_path / "out", corpus, guard_duplicate_share=0.95).duplicates == 180
    more = write_jsonl(
        tmp_path / "b.jsonl", [record(n, "Outlet", edition(n, of=1000 + n % 20)) for n in range(200, 400)]
    )
    with pytest.raises(GuardError, match=r"100% of its 200 texts .*\(before: 90%\); the limit is 96%"):
        ingest(tmp_path / "out", more)


def test_less_of_a_jump_is_enough_with_a_history(tmp_path: Path) -> None:
    """70 % would pass in a first run, and not where copies are unheard of."""
    copies = [record(n, "Outlet", edition(n, of=1000 + n % 60)) for n in range(500, 700)]
    corpus = write_jsonl(tmp_path / "copies.jsonl", copies)
    assert ingest(tmp_path / "first", corpus).duplicates == 140
    ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", [record(n) for n in range(200)]))
    with pytest.raises(GuardError, match=r"70% of its 200 texts .*\(before: 0%\); the limit is 60%"):
        ingest(tmp_path / "out", corpus)


def test_a_story_that_takes_everything(tmp_path: Path) -> None:
    swallowed = [record(n, f"Paper {n}", edition(n)) for n in range(60)]
    corpus = write_jsonl(tmp_path / "in.jsonl", [*swallowed, *[record(n) for n in range(20)]])
    with pytest.raises(GuardError, match=r"took 60 of the run's 80 different texts; the limit is 50 "):
        ingest(tmp_path / "out", corpus, guard_story_texts=50)
    assert ingest(tmp_path / "out", corpus, guard_story_texts=60).articles == 21


def test_a_merger_gone_wrong_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever merges everything, with whatever code: here the decisions are falsified."""
    corpus = write_jsonl(tmp_path / "in.jsonl", [record(n) for n in range(30)])
    real = matching.decide

    def decide(given: list[Part], *rest: Any) -> Any:
        result = real(given, *rest)
        for part in given:
            rows = part.read("decisions").to_pylist()
            for row in rows[1:]:
                row |= {
                    "kind": "duplicate",
                    "story_id": rows[0]["id"],
                    "duplicate_of": rows[0]["id"],
                    "relation": "copy",
                }
            part.write("decisions", type(part.read("decisions")).from_pylist(rows, part.read("decisions").schema))
        return result

    monkeypatch.setattr(matching, "decide", decide)
    with pytest.raises(GuardError, match="took 30 of the run's 30"):
        ingest(tmp_path / "out", corpus, guard_story_texts=10)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_speaks_even_if_what_is_written_beside_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    corpus = write_jsonl(tmp_path / "in.jsonl", [record(n, f"Paper {n}", edition(n)) for n in range(60)])

    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pipeline, "_publish", full)
    with pytest.raises(GuardError):
        ingest(tmp_path / "out", corpus, guard_story_texts=50, workers=workers)
    with pytest.raises(StoreError, match="no space left"):
        ingest(tmp_path / "out", corpus, guard_story_texts=60, workers=workers)


def test_what_is_written_beside_it_ends_when_it_has_spoken() -> None:
    def look() -> None:
        raise GuardError("out of all proportion")

    def written(speak: Callable[[], None]) -> None:
        for _ in range(30_000):
            speak()
            time.sleep(0.001)
        pytest.fail("it was never told")

    with pytest.raises(GuardError), pipeline._beside(look, others_work=True) as speak:
        written(speak)


def test_no_more_parts_are_written_once_it_has_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        write_jsonl(tmp_path / f"{n}.jsonl", [record(n, text=story(n, 800))])
    written: list[object] = []

    @contextmanager
    def beside(*_: object) -> Iterator[Callable[[], None]]:
        def speak() -> None:
            if len(written) == 2:
                raise GuardError("out of all proportion")

        yield speak

    @contextmanager
    def mapper(_: Path) -> Iterator[Map]:
        yield each

    def each(stage: str, function: Callable[[T], R], over: Sequence[T], /) -> Iterator[R]:
        for one in over:
            if stage == "publish":
                written.append(one)
            yield function(one)

    monkeypatch.setattr(pipeline, "_beside", beside)
    inputs = tuple(str(tmp_path / f"{n}.jsonl") for n in range(4))
    with pytest.raises(GuardError):
        pipeline.run(Settings(inputs=inputs, output=str(tmp_path / "out"), shard_bytes=64 * 1024), mapper=mapper)
    assert len(written) == 2
