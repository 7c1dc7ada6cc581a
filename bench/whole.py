"""The whole run: a table of `copydesk ingest` beside others in the same run, for docs/performance.md.

    python -m bench.whole [--articles N] [--corpus FILE.jsonl] [--pages FOLDER] [--datatrove PYTHON] [--runs 3]
                          [--only ROW ...] [--out FILE]

Without a corpus the articles are invented (bench/texts.py), the same every time. FOLDER holds pages as *.warc.gz.
Every figure is of a process of its own, with all that it starts. Others are run in turns with ours; medians count.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path

import orjson

from bench.measured import Measured, command, copydesk
from bench.texts import articles

PYTHON = sys.executable
KNOWN_FILES = 100_000
PART = 5000  # articles that datatrove is given
LATER = 100  # articles that come to a history


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. ours, theirs: seconds of wall clock, medians. rate: items a second of ours. peak: bytes."""

    work: str
    against: str
    ours: float
    theirs: float | None
    rate: float
    peak: int

    @property
    def ratio(self) -> float | None:
        """How many times as fast we are."""
        return self.theirs / self.ours if self.theirs is not None else None


@dataclass(frozen=True, slots=True)
class Asked:
    """source: JSONL of `count` articles. pages: folder of WARC files, if any. scratch: a folder to work in.

    datatrove: a Python that has it, if any.
    """

    source: Path
    count: int
    pages: Path | None
    scratch: Path
    runs: int
    datatrove: str | None = None

    def fresh(self, name: str) -> Path:
        """A path below the scratch folder that does not exist."""
        return Path(tempfile.mkdtemp(prefix=name, dir=self.scratch)) / name


def ingest(asked: Asked, source: Path, workers: int = 2, output: Path | None = None) -> Measured:
    """A run over `source`, into a new output unless one is given."""
    output = output or asked.fresh("out")
    return copydesk("ingest", source, "-o", output, "--workers", str(workers), "--no-guard", "--json")


def in_turns(runs: int, ours: Callable[[], Measured], theirs: Callable[[], Measured]) -> tuple[Measured, Measured]:
    """Both, `runs` times in turns; of each the run that took the median time."""
    pairs = [(ours(), theirs()) for _ in range(runs)]
    mine, other = (sorted(some, key=lambda m: m.wall)[runs // 2] for some in zip(*pairs, strict=True))
    return mine, other


def script(asked: Asked) -> Iterator[Row]:
    """Ours beside a straightforward script of the same packages (bench/plain.py)."""
    ours, theirs = in_turns(
        asked.runs,
        lambda: ingest(asked, asked.source),
        lambda: command([PYTHON, "-m", "bench.plain", str(asked.source), str(asked.fresh("plain"))]),
    )
    yield _row(asked, f"{asked.count:,} articles of JSONL", "a plain script, one process", ours, theirs)


def parts(asked: Asked) -> Iterator[Row]:
    """One process beside the sum of its parts, each alone over what is at hand (bench/parts.py)."""
    ours, theirs = in_turns(
        asked.runs,
        lambda: ingest(asked, asked.source, 1),
        lambda: command([PYTHON, "-m", "bench.parts", str(asked.source)]),
    )
    told = json.loads(theirs.output.splitlines()[-1])
    spent = replace(theirs, wall=told.pop("all"))
    names = ", ".join(f"{name} {seconds:.1f}" for name, seconds in told.items())
    yield _row(asked, "the same, one process", f"the sum of its parts ({names})", ours, spent)


def datatrove(asked: Asked) -> Iterator[Row]:
    """datatrove's stages (bench/by_datatrove.py) over a part of the articles; its time is that for all at its rate."""
    if asked.datatrove is None:
        return
    folder = asked.fresh("part")
    folder.mkdir()
    with asked.source.open("rb") as lines:
        some = list(islice(lines, min(asked.count, PART)))
    for number in range(2):
        (folder / f"{number}.jsonl").write_bytes(b"".join(some[number::2]))
    script = str(Path(__file__).with_name("by_datatrove.py"))
    theirs = command([asked.datatrove, script, str(folder), str(asked.fresh("trove"))])
    scaled = replace(theirs, wall=theirs.wall * asked.count / len(some))
    against = f"datatrove, two tasks, at its rate over {len(some):,} of them"
    yield _row(asked, f"{asked.count:,} articles of JSONL", against, ingest(asked, asked.source), scaled)


def workers(asked: Asked) -> Iterator[Row]:
    """Two processes beside one."""
    two, one = in_turns(asked.runs, lambda: ingest(asked, asked.source), lambda: ingest(asked, asked.source, 1))
    yield _row(asked, "the same, two processes", "one process", two, one)


def later(asked: Asked) -> Iterator[Row]:
    """A few new articles, and nothing new, to all the others as history."""
    output = asked.fresh("history")
    ingest(asked, asked.source, output=output)
    new = asked.fresh("new.jsonl")
    new.write_bytes(b"".join(orjson.dumps({"id": f"new {n}", "text": t}) + b"\n" for n, t in _articles(LATER, seed=2)))
    yield _row(asked, f"{LATER} new articles to {asked.count:,}", "", ingest(asked, new, output=output), None, LATER)
    again = ingest(asked, asked.source, output=output)
    yield _row(asked, f"the same {asked.count:,} again, unchanged", "", again, None)


def known(asked: Asked) -> Iterator[Row]:
    """Nothing new over many small files."""
    folder, output = asked.fresh("files"), asked.fresh("out")
    folder.mkdir()
    for number in range(KNOWN_FILES):
        (folder / f"{number:06d}.txt").write_text(f"Note {number}: the ferry sails at dawn, and the harbour is closed.")
    ingest(asked, folder, output=output)
    yield _row(asked, f"{KNOWN_FILES:,} known files", "", ingest(asked, folder, output=output), None, KNOWN_FILES)


def cold(asked: Asked) -> Iterator[Row]:
    """The first run of all, on the seeds."""
    seeds = Path(__file__).resolve().parent.parent / "seeds"
    runs = sorted((ingest(asked, seeds) for _ in range(asked.runs)), key=lambda m: m.wall)
    yield _row(asked, "`copydesk ingest seeds`", "", runs[len(runs) // 2], None, len(list(seeds.iterdir())))


def pages(asked: Asked) -> Iterator[Row]:
    """Pages as WARC, beside trafilatura's own command over the same pages in files."""
    if asked.pages is None:
        return
    archives = asked.pages / "*.warc.gz"  # what is known of the pages may lie beside them
    files, count = _unpacked(asked.pages, asked.fresh("pages"))
    tool = str(Path(PYTHON).with_name("trafilatura"))
    theirs = [tool, "--parallel", "2", "--with-metadata", "--output-format", "json", "--input-dir", str(files)]
    ours, other = in_turns(
        asked.runs,
        lambda: ingest(asked, archives),
        lambda: command([*theirs, "--output-dir", str(asked.fresh("text"))]),
    )
    yield _row(asked, f"{count:,} pages of WARC", "trafilatura's command, two processes", ours, other, count)


ROWS: dict[str, Callable[[Asked], Iterator[Row]]] = {
    "script": script,
    "parts": parts,
    "datatrove": datatrove,
    "workers": workers,
    "later": later,
    "known": known,
    "cold": cold,
    "pages": pages,
}


def main() -> None:
    """Measure, print the table, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--corpus", type=Path, help="JSONL with `text`, instead of invented articles")
    parser.add_argument("--pages", type=Path)
    parser.add_argument("--datatrove", help="a Python that has datatrove and spaCy")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=[*ROWS], default=[*ROWS])
    parser.add_argument("--out", type=Path, help="write the figures here, as JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        source = scratch / "in.jsonl"
        count = _corpus(asked.corpus, asked.articles, source)
        given = Asked(source, count, asked.pages and asked.pages.resolve(), scratch, asked.runs, asked.datatrove)
        rows = []
        for name in asked.only:
            for row in ROWS[name](given):
                rows.append(row)
                print(_told(row), flush=True)
    if asked.out:
        told = [{name: getattr(row, name) for name in (*Row.__slots__, "ratio")} for row in rows]
        asked.out.write_text(json.dumps({"versions": _versions(), "rows": told}, indent=2) + "\n")


def _corpus(given: Path | None, count: int, target: Path) -> int:
    """Write up to `count` articles; how many there are."""
    with target.open("wb") as out:
        if given is None:
            for number, text in _articles(count, seed=1):
                out.write(orjson.dumps({"id": str(number), "text": text}) + b"\n")
            return count
        with given.open("rb") as lines:
            for written, line in enumerate(lines):
                if written == count:
                    return count
                out.write(line)
            return written + 1


def _articles(count: int, seed: int) -> Iterator[tuple[int, str]]:
    return enumerate(articles(count, seed))


def _unpacked(folder: Path, into: Path) -> tuple[Path, int]:
    """The pages of the WARC files of a folder as files, and how many they are."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    into.mkdir()
    count = 0
    for file in sorted(folder.glob("*.warc.gz")):
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
                (into / f"{count:06d}.html").write_bytes(record.reader.read())
                count += 1
    return into, count


def _row(
    asked: Asked, work: str, against: str, ours: Measured, theirs: Measured | None, items: int | None = None
) -> Row:
    rate = (asked.count if items is None else items) / ours.wall
    return Row(work, against, ours.wall, theirs.wall if theirs else None, rate, ours.peak)


def _told(row: Row) -> str:
    ratio = f" | {row.against}: {row.theirs:.1f} s, {row.ratio:.1f} times" if row.theirs is not None else ""
    return f"{row.work} | {row.ours:.1f} s, {row.rate:,.0f} a second, {row.peak / 1e9:.2f} GB{ratio}"


def _versions() -> dict[str, str | None]:
    return {name: _version(name) for name in ("copydesk", "datasketch", "trafilatura", "pyarrow", "datatrove")}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
