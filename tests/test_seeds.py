"""seeds/ is what docs/seeds.md says it is, and becomes what tests/seeds_expected.toml says it should."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import zstandard

import cleaners
from copydesk import schema
from copydesk.settings import Settings
from tests.tools import make_seeds

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "seeds"
PAGE = (ROOT / "docs/seeds.md").read_text(encoding="utf-8")
EXPECTED = tomllib.loads((ROOT / "tests/seeds_expected.toml").read_text(encoding="utf-8"))
ITEMS: list[dict[str, Any]] = EXPECTED["item"]
KINDS = {"article": "articles", "duplicate": "duplicates", "revision": "revisions", "reject": "rejects"}
TOTALS = re.compile(r"finds (\d+) items: (\d+) articles, (\d+) duplicates, (\d+) revision, (\d+) rejects")

Row = Mapping[str, Any]


def name(item: Row) -> str:
    return f"{item['source']}#{item.get('id', item.get('error'))}"


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(item, id=name(item)) for item in ITEMS if item["outcome"] in kinds]


def committed() -> set[str]:
    return {p.relative_to(SEEDS).as_posix() for p in SEEDS.rglob("[!.]*") if p.is_file()}


# -- the corpus


def test_the_page_lists_every_file_and_no_other() -> None:
    listed = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == committed()
    assert {item["source"] for item in ITEMS} == committed()


def test_every_file_is_built_or_written_by_hand() -> None:
    built = set(make_seeds.files())
    assert not built & set(make_seeds.WRITTEN_BY_HAND)
    assert built | set(make_seeds.WRITTEN_BY_HAND) == committed()


def test_totals_add_up_and_are_those_of_the_page() -> None:
    counts = Counter(KINDS[item["outcome"]] for item in ITEMS)
    totals = EXPECTED["totals"]
    assert {kind: totals[kind] for kind in KINDS.values()} == counts
    assert totals["items"] == len(ITEMS)
    match = TOTALS.search(PAGE)
    assert match
    assert [int(n) for n in match.groups()] == [totals[k] for k in ("items", *KINDS.values())]


def test_the_page_names_the_reason_of_every_reject() -> None:
    for item in ITEMS:
        if item["outcome"] == "reject":
            line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{item['source']}` |"))
            assert f"`{item['error']}`" in line


def test_it_is_small() -> None:
    assert sum((SEEDS / path).stat().st_size for path in committed()) < 300_000


@pytest.mark.parametrize("path", sorted(make_seeds.files()))
def test_the_builder_gives_what_is_committed(path: str) -> None:
    """Byte for byte, but for what a compressor's version decides: there, what it unpacks to."""
    assert unpacked(path, (SEEDS / path).read_bytes()) == unpacked(path, make_seeds.files()[path])


def unpacked(path: str, content: bytes) -> object:
    if path == "bad/truncated.txt.gz":
        with pytest.raises(EOFError):
            gzip.decompress(content)
        return None
    if path.endswith(".gz"):
        return gzip.decompress(content)
    if path.endswith(".zst"):
        return zstandard.ZstdDecompressor().decompress(content)
    if path == "records/agency.parquet":
        return pq.read_table(io.BytesIO(content))
    return content


def test_encodings_are_what_they_claim() -> None:
    cafe = (SEEDS / "text/cafe-cp1252.txt").read_bytes()
    assert "£90,000" in cafe.decode("cp1252")
    assert "shouldn’t" in cafe.decode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        cafe.decode()
    assert "Pellworthâ€™s" in (SEEDS / "text/clock-mojibake.txt").read_text(encoding="utf-8")
    with pytest.raises(UnicodeDecodeError):
        (SEEDS / "bad/invalid-utf8.jsonl").read_bytes().decode()


def test_the_first_query_works_without_any_file(tmp_path: Path) -> None:
    assert first_query(tmp_path).count("0 rows") == 3


def first_query(output: Path) -> str:
    command = [sys.executable, str(ROOT / "docs/first_query.py"), str(output)]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


# -- what becomes of it


class Output:
    """The datasets of an output as rows, read with plain globs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: dict[tuple[str, str], tuple[str, Row]] = {}
        for kind in ("articles", "duplicates", "revisions"):
            for row in self.read(kind):
                self.rows[place(row["source_uri"]), row["source_id"]] = kind, row
        self.rejects = self.read("rejects")
        self.removals: dict[str, list[cleaners.Removal]] = {}
        for row in sorted(self.read("removals"), key=lambda r: (r["id"], r["start"])):
            values = {key: row[key] for key in ("start", "end", "text", "category", "action", "field")}
            self.removals.setdefault(row["id"], []).append(cleaners.Removal(**values, rules=tuple(row["rules"])))

    def read(self, dataset: str) -> list[Row]:
        files = sorted(map(str, self.root.glob(f"{dataset}/**/*.parquet")))
        if not files:
            return []
        rows: list[Row] = ds.dataset(files, schema=schema.DATASETS[dataset]).to_table().to_pylist()
        return rows

    def row(self, item: Row) -> Row:
        kind, row = self.rows[item["source"], item["id"]]
        assert kind == KINDS[item["outcome"]]
        return row


def place(uri: str) -> str:
    return uri.rpartition("/seeds/")[2]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(inputs=(str(SEEDS),), output=tmp_path_factory.mktemp("seeds") / "output", workers=1)


@pytest.fixture(scope="session")
def summary(settings: Settings) -> Any:
    from copydesk.run.pipeline import run

    return run(settings)


@pytest.fixture(scope="session")
def output(settings: Settings, summary: object) -> Output:
    return Output(settings.output)


def test_the_books_are_as_expected(summary: Any) -> None:
    assert {key: getattr(summary, key) for key in EXPECTED["totals"]} == EXPECTED["totals"]


def test_nothing_comes_out_that_is_not_expected(output: Output) -> None:
    expected = {(i["source"], i["id"]): KINDS[i["outcome"]] for i in ITEMS if i["outcome"] != "reject"}
    assert {key: kind for key, (kind, _) in output.rows.items()} == expected


def test_every_reject_has_its_reason(output: Output) -> None:
    expected = Counter((i["source"], i["error"]) for i in ITEMS if i["outcome"] == "reject")
    assert Counter((place(row["source_uri"]), row["error"]) for row in output.rejects) == expected
    stages = {(i["source"], i["error"]): i["stage"] for i in ITEMS if "stage" in i}
    for row in output.rejects:
        key = place(row["source_uri"]), row["error"]
        assert row["stage"] == stages.get(key, row["stage"])
        assert row["message"]


ANY = of_kind("article", "duplicate", "revision")


@pytest.mark.parametrize("item", ANY)
def test_cruft_is_gone_and_the_story_is_whole(item: Row, output: Output) -> None:
    row = output.row(item)
    text: str = row["text"]
    for cruft in item.get("gone", ()):
        assert cruft not in text
    for part in item.get("stays", ()):
        assert part in text
    for line in story_lines(item):
        assert line in text


def story_lines(item: Row) -> list[str]:
    """The lines of an item's story without its cruft and headline."""
    if "story" not in item:
        return []
    folder = SEEDS if item["story"] in make_seeds.WRITTEN_BY_HAND else make_seeds.STORIES
    lines = []
    for line in (folder / item["story"]).read_text(encoding="utf-8").splitlines():
        for cruft in sorted(item.get("gone", ()), key=len, reverse=True):
            line = line.replace(cruft, "")
        if line.strip() and line != item.get("title"):
            lines.append(line.strip())
    return lines


@pytest.mark.parametrize("item", ANY)
def test_fields_are_as_the_source_gives_them(item: Row, output: Output) -> None:
    row = output.row(item)
    expected = {key: item[key] for key in schema.RECORD.names if key in item and key not in ("id", "language")}
    assert {key: row[key] for key in expected} == expected
    assert row["language"].split("-")[0] == item["language"]
    for column in item.get("absent", ()):
        assert row[column] is None
    for tag in item.get("tags_say", ()):
        assert tag in " ".join(row["tags"])
    assert bool(row["repaired"]) == item.get("is_repaired", False)


@pytest.mark.parametrize("item", ANY)
def test_removals_give_the_text_back(item: Row, output: Output) -> None:
    row = output.row(item)
    before = cleaners.restore(row["text"], output.removals.get(row["id"], []))
    assert hashlib.sha256(before.encode()).hexdigest() == row["source_text_sha256"]


@pytest.mark.parametrize("item", of_kind("duplicate"))
def test_a_copy_is_shown_with_its_evidence(item: Row, output: Output) -> None:
    row = output.row(item)
    source, _, own_id = item["of"].partition("#")
    kind, original = output.rows[source, own_id]
    assert kind == "articles"
    assert row["duplicate_of"] == row["story_id"] == original["id"]
    assert row["relation"] in item["relation"]
    if row["relation"] == "exact":
        assert row["jaccard"] == 1
    elif row["relation"] == "truncated":
        assert row["containment_in_original"] > 0.9 > row["containment_of_original"]
    elif row["relation"] == "extended":
        assert row["containment_of_original"] > 0.9 > row["containment_in_original"]


@pytest.mark.parametrize("item", of_kind("revision"))
def test_a_changed_text_is_a_revision(item: Row, output: Output) -> None:
    row = output.row(item)
    source, _, own_id = item["of"].partition("#")
    _, first = output.rows[source, own_id]
    assert row["revises"] == first["id"]
    assert row["item_key"] == first["item_key"]
    assert row["version"] == item["version"]
    assert 0.5 < row["jaccard"] < 1


def test_the_stories_are_distinct(output: Output) -> None:
    assert not output.read("overlaps")


def test_the_first_query_shows_it(output: Output) -> None:
    printed = first_query(output.root)
    assert "exact, extended, truncated" in printed
    assert "no-content" in printed


def test_a_map_reads_other_field_names(tmp_path: Path) -> None:
    from copydesk.run.pipeline import run

    names = {"title": "head", "authors": "writer", "date": "when", "publisher": "paper", "url": "at"}
    run(Settings(inputs=(str(SEEDS / "mapped"),), output=tmp_path / "output", map=names, workers=1))
    (row,) = Output(tmp_path / "output").read("articles")
    assert row["title"] == "Hospital choir sings in the car park, key or no key"
    assert row["authors"] == ["Gideon Plaskett"]
    assert row["publisher"] == "Dunmarrow Bulletin"
    assert row["url"] == "https://dunmarrow-bulletin.example/choir"
    assert row["published_at"].isoformat() == "2024-11-22T06:45:00+00:00"


def test_running_it_again_adds_nothing(settings: Settings, output: Output) -> None:
    from copydesk.run.pipeline import run

    again = run(settings)
    assert (again.items, again.seen) == (EXPECTED["totals"]["items"],) * 2
    assert Output(settings.output).rows == output.rows
