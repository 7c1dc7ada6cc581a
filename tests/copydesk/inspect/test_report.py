"""copydesk.inspect.report: its numbers are those of the lists behind them, and texts of strangers are only text."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from justhtml import JustHTML

from bench import report as bench
from copydesk.errors import StoreError, UsageError
from copydesk.inspect.report import charts, sections, write
from copydesk.inspect.report.figures import Figures, Row, Section
from copydesk.upkeep.maintain import maintain
from tests import markup
from tests.copydesk.corpus import ingest, story, write_jsonl

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}} \u202etxt.exe"
SCRIPT = "javascript:alert(3)"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: stories copied between publishers, a hostile one, a revision, rejects."""
    folder = tmp_path_factory.mktemp("report")

    def record(n: int, publisher: str, hour: int, **more: str) -> dict[str, str]:
        told = {"id": f"{publisher}{n}", "publisher": publisher, "title": f"Title {n}"}
        text = f"{story(n, 30)}\nAdvertisement\n{story(n + 500, 2)}"
        return {**told, "date": f"2026-03-0{1 + n % 3}T{hour:02}:30:00Z", "text": text, **more}

    first = [record(n, "Elm News", 6) for n in range(5)]
    first += [record(n, "The Ferry's Post", 9) for n in range(3)]
    first += [record(7, HOSTILE, 8, title=HOSTILE, url=SCRIPT), {"title": "no text"}]
    second = [record(0, "Elm News", 7, text=story(0, 30) + "\n\n" + story(900, 6)), record(11, "Elm News", 7)]
    ingest(folder / "out", write_jsonl(folder / "a.jsonl", first))
    ingest(folder / "out", write_jsonl(folder / "b.jsonl", [*second, {"title": "no text either"}]))
    return folder / "out"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the benchmark builds: a month, with a publisher whose layout changes."""
    root = tmp_path_factory.mktemp("many") / "out"
    bench.build(root, 9000)
    return root


def rows(told: Section) -> Iterator[Row]:
    stack = list(told.rows)
    while stack:
        row = stack.pop()
        yield row
        stack += row.children


def test_every_number_is_that_of_the_list_behind_it(output: Path, many: Path) -> None:
    checked = 0
    for root in (output, many):
        figures = Figures(root)
        for told in sections.every(figures):
            for row in rows(told):
                if not row.listing:
                    assert row.label == "seen"
                    continue
                found = figures.rows(row.listing)
                if told.key in ("jumps", "speed"):
                    assert found
                elif row.label.endswith("UTC"):
                    assert f"{found[0]['items']:,}" == row.value
                else:
                    assert f"{len(found):,}" == row.value, (told.key, row.label)
                    checked += 1
    assert checked > 300


def test_every_number_has_examples(output: Path) -> None:
    for told in sections.every(Figures(output)):
        for row in rows(told):
            if row.value != "0" and row.label != "seen" and told.key not in ("speed",) and not row.children:
                assert row.examples, (told.key, row.label)


def test_the_books_flow(output: Path) -> None:
    told = sections.flow(Figures(output))
    values = [{child.label: child.value for child in row.children} for row in told.rows]
    assert values[1] == {"articles": "6", "duplicates": "3", "revisions": "0", "seen": "0", "rejects": "1"}
    assert values[0] == {"articles": "1", "duplicates": "0", "revisions": "1", "seen": "0", "rejects": "1"}


def test_the_books_have_the_warnings(tmp_path: Path) -> None:
    ingest(tmp_path / "out", write_jsonl(tmp_path / "a.jsonl", [{"text": story(1)}]), map={"title": "headlin"})
    ((run,), *_) = (told.rows for told in sections.every(Figures(tmp_path / "out")) if told.key == "runs")
    assert run.note.endswith("; warning: no record that was read has `headlin`, which `map` names for `title`")


def test_who_copied_whom_and_how_fast(output: Path) -> None:
    (row,) = sections.copying(Figures(output)).rows
    assert (row.label, row.value, row.note) == ("The Ferry's Post from Elm News", "3", "median: 3.0 h later")
    stories = sections.stories(Figures(output)).rows
    assert [(row.value, len(row.examples)) for row in stories] == [("1", 1)] * 3
    assert stories[0].examples[0].about.endswith("3.0 h later")


def test_the_layout_that_changed_is_found(many: Path) -> None:
    told = sections.jumps(Figures(many))
    assert [row.label for row in told.rows] == ["The Invented Herald 3, 2026-03-22"]
    assert float(told.rows[0].value.split()[0]) == pytest.approx(21, abs=3)


def test_an_empty_output_has_a_page(tmp_path: Path) -> None:
    ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", []))
    page = write(tmp_path / "out", tmp_path / "made" / "page.html").read_text(encoding="utf-8")
    assert page.count('class="empty"') == 7  # all but the books, the reject that an empty file is, and speed


def test_files_that_maintenance_replaces_meanwhile(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = shutil.copytree(output, tmp_path / "out")
    every = sections.every

    def late(figures: Figures) -> list[Section]:
        monkeypatch.setattr(sections, "every", every)
        assert maintain(moved).files
        return every(figures)

    monkeypatch.setattr(sections, "every", late)
    assert "The books of the last runs" in write(moved, tmp_path / "page.html").read_text(encoding="utf-8")


def test_an_output_that_is_broken_is_said(output: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(output, tmp_path / "out")
    for file in (broken / "removals").rglob("*.parquet"):
        file.write_bytes(b"PAR1 no more PAR1")
    with pytest.raises(StoreError, match="copydesk verify"):
        write(broken, tmp_path / "page.html")


def test_texts_of_strangers_are_only_text(output: Path, tmp_path: Path) -> None:
    page = write(output, tmp_path / "page.html").read_text(encoding="utf-8")
    assert markup.runs(page) == []
    assert HOSTILE.replace("\u202e", "\ufffd") in JustHTML(page, sanitize=False).to_text(separator="", strip=False)
    assert "\u202e" not in page


@pytest.mark.parametrize("which", ["output", "many", "empty"])
def test_the_page_is_valid_and_asks_for_nothing_of_the_network(
    which: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if which == "empty":
        ingest(tmp_path / "empty", write_jsonl(tmp_path / "in.jsonl", []))
    root = tmp_path / "empty" if which == "empty" else request.getfixturevalue(which)
    page = write(root, tmp_path / "page.html").read_text(encoding="utf-8")
    assert markup.faults(page) == []
    assert markup.loads(page) == []
    assert markup.policy(page) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_every_colour_of_the_charts_is_there_in_light_and_dark(many: Path, tmp_path: Path) -> None:
    page = write(many, tmp_path / "page.html").read_text(encoding="utf-8")
    colours = markup.colours(page)
    drawn = set(re.findall(r"var\((--[a-z0-9]+)\)", page.split("<body>")[1]))
    assert len(drawn) > 5
    assert drawn <= colours["light"].keys() == colours["dark"].keys()
    for name, light in colours["light"].items():
        assert light != colours["dark"][name]


def test_a_page_that_cannot_be_written_is_said(output: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        write(output, tmp_path / "page.html")


def test_days_without_articles_are_on_the_axis() -> None:
    values = [{"day": day, "name": "a", "count": 1, "place": 0} for day in ("2026-03-01", "2026-03-05")]
    axis = charts.stacked(values, ["a"], "articles")["encoding"]["x"]["scale"]["domain"]
    assert axis == [(dt.date(2026, 3, 1) + dt.timedelta(days=n)).isoformat() for n in range(5)]
