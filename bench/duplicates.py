"""Near-duplicates at scale: from sketches in Parquet to stories, and a new batch against a history, with peers.

    python -m bench.duplicates CORPUS.parquet [--count N ...] [--new 10000] [--peers 20000]

CORPUS has the columns `text`, and, if known, `id`, `publisher` or `outlet`, `title`, and `cluster` (what is of one
story). Each step runs in a process of its own, whose time and memory are printed: wall and CPU seconds, and the most
that it held at once, memory-mapped files included.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaners.arrays import I64
from copydesk.dedup.match import NEW, Decisions, match
from copydesk.index.index import Index
from copydesk.sketches import compiled, shingling, sketch
from copydesk.sketches.held import Held
from copydesk.sketches.shingling import Shingles, shingle
from copydesk.sketches.similarity import Counts, Stretch, in_threads
from tests.copydesk.segments import segment_from_decisions

UTC = pa.timestamp("us", tz="UTC")


def main() -> None:
    """Run all steps and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--count", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--new", type=int, default=10_000, help="articles that come to a history of the last count")
    parser.add_argument("--peers", type=int, default=10_000, help="articles that the peers are given; 0: no peers")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for count in asked.count:
            folder = Path(scratch) / str(count)
            folder.mkdir()
            _apart("sketches", asked.corpus, folder, count)
            _apart("stories", asked.corpus, folder, count)
        _apart("history", asked.corpus, folder, asked.new)
        _apart("later", asked.corpus, folder, asked.new)
    for name in ("ours", "datasketch", "rensa") if asked.peers else ():
        _apart(name, asked.corpus, asked.corpus, asked.peers)


def _apart(step: str, *given: object) -> None:
    subprocess.run([sys.executable, "-m", "bench.duplicates", "--step", step, *map(str, given)], check=True)


def _timed(name: str, step: Callable[[], str]) -> None:
    wall, cpu = time.time(), time.process_time()
    said = step()
    wall, cpu = time.time() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name:12} {wall:8.2f} s  {cpu:8.2f} s of CPU  {peak:5.2f} GB  {said}", flush=True)


# ---- steps ---------------------------------------------------------------------------------------------------------


def sketches(corpus: Path, folder: Path, count: int) -> str:
    """Write sketches.parquet and shingles.arrow of the first articles, as a run's parts would have them."""
    compiled.rehearse()
    rows = size = 0
    writer = None
    with pa.OSFile(str(folder / "shingles.arrow"), "wb") as sink, pa.ipc.new_file(sink, shingling.COLUMNS) as out:
        for batch in _batches(corpus, count):
            made = sketch.sketch(batch["text"].combine_chunks())
            columns = {name: batch[name] for name in NEW} | made.columns()
            table = pa.table({**columns, "cluster": batch["cluster"]})
            writer = writer or pq.ParquetWriter(folder / "sketches.parquet", table.schema, use_dictionary=["publisher"])
            writer.write_table(table)
            out.write_table(made.shingles.table())
            rows, size = rows + len(batch), size + batch["text"].nbytes
    assert writer is not None
    writer.close()
    return f"{rows:,} articles, {size / 1e6:,.0f} MB"


def stories(corpus: Path, folder: Path, count: int) -> str:
    """From sketches in Parquet to stories."""
    read = partial(pq.read_table, folder / "sketches.parquet")
    decisions = match(read(columns=[*NEW, *sketch.SKETCH.names]), Index(), _Shingled(folder), threads=0)
    return f"{_kinds(decisions)}{_quality(decisions.rows['story_id'], read(columns=['cluster'])['cluster'])}"


def history(corpus: Path, folder: Path, new: int) -> str:
    """The index of all articles but every n-th, which come later."""
    rows = pq.read_table(folder / "sketches.parquet", columns=[*NEW, *sketch.SKETCH.names])
    old, _ = _split(len(rows), new)
    before = rows.take(pa.array(old))
    decisions = match(before, Index(), _Shingled(folder, old), threads=0)
    segment_from_decisions(folder / "segment", before, decisions)
    size = (folder / "segment").stat().st_size
    return f"{len(old):,} articles, {size / len(old):,.0f} bytes of index each"


def later(corpus: Path, folder: Path, new: int) -> str:
    """A new batch against that history; texts of history as shingles at hand, not read from Parquet."""
    rows = pq.read_table(folder / "sketches.parquet", columns=[*NEW, *sketch.SKETCH.names])
    ids = rows["id"].combine_chunks()
    _, added = _split(len(rows), new)
    batch = rows.take(pa.array(added))
    del rows
    shingles = _Shingled(folder, added, ids)
    compiled.rehearse()
    wall, cpu = time.time(), time.process_time()
    decisions = match(batch, Index.open([folder / "segment"]), shingles, threads=0)
    spent = f"match alone {time.time() - wall:.2f} s, {time.process_time() - cpu:.2f} s of CPU"
    return f"{_kinds(decisions)}, {shingles.asked:,} texts of history asked for; {spent}"


def ours(corpus: Path, _: Path, count: int) -> str:
    """All of it in one process, as the peers are measured."""
    batch = pa.concat_tables(_batches(corpus, count))
    compiled.rehearse()
    text = batch["text"].combine_chunks()
    start = time.process_time()
    made = sketch.sketch(text)
    middle = time.process_time()
    new = pa.table({name: batch[name] for name in NEW} | made.columns())
    decisions = match(new, Index(), InMemory(made.shingles))
    return _spent(count, start, middle, time.process_time(), decisions.rows["story_id"], batch["cluster"])


def datasketch(corpus: Path, _: Path, count: int) -> str:
    """datasketch as documented: MinHash.bulk of word 3-grams, MinHashLSH at 0.5, components; no pair is verified."""
    import datasketch as peer

    batch = pa.concat_tables(_batches(corpus, count))
    texts = batch["text"].to_pylist()
    start = time.process_time()
    made = list(peer.MinHash.bulk((_ngrams(text) for text in texts), num_perm=sketch.K))
    middle = time.process_time()
    lsh = peer.MinHashLSH(threshold=0.5, num_perm=sketch.K)
    pairs = []
    for i, signature in enumerate(made):
        pairs += [(i, j) for j in lsh.query(signature)]
        lsh.insert(i, signature)
    return _spent(count, start, middle, time.process_time(), _components(len(texts), pairs), batch["cluster"])


def rensa(corpus: Path, _: Path, count: int) -> str:
    """rensa as documented: RMinHash of word 3-grams, RMinHashLSH, components; nothing verified."""
    try:
        import rensa as peer
    except ImportError:
        return "not installed: pip install rensa"
    batch = pa.concat_tables(_batches(corpus, count))
    texts = batch["text"].to_pylist()
    start = time.process_time()
    made = []
    for text in texts:
        signature = peer.RMinHash(num_perm=sketch.K, seed=42)
        signature.update([ngram.decode() for ngram in _ngrams(text)])
        made.append(signature)
    middle = time.process_time()
    lsh = peer.RMinHashLSH(threshold=0.5, num_perm=sketch.K, num_bands=sketch.BANDS)
    pairs = []
    for i, signature in enumerate(made):
        pairs += [(i, j) for j in lsh.query(signature) if signature.jaccard(made[j]) >= 0.5]
        lsh.insert(i, signature)
    return _spent(count, start, middle, time.process_time(), _components(len(texts), pairs), batch["cluster"])


STEPS = (sketches, stories, history, later, ours, datasketch, rensa)


# ---- helpers -------------------------------------------------------------------------------------------------------


class _Shingled:
    """match.Compared from shingles.arrow. rows: of the run, among all; ids: of all, where history is asked for."""

    def __init__(self, folder: Path, rows: I64 | None = None, ids: pa.Array | None = None) -> None:
        self._held = Held([folder / "shingles.arrow"])
        self._rows, self.asked = rows, 0
        self._row = {} if ids is None else {id_: row for row, id_ in enumerate(ids.to_pylist())}

    def of_run(self, rows: I64) -> Shingles:
        return self._held.of(rows if self._rows is None else self._rows[rows])

    def count(self, one: I64, two: I64, stretches: Sequence[Stretch]) -> Counts:
        return in_threads(self.of_run, 0)(one, two, stretches)

    def expect(self, ids: Sequence[str]) -> None:
        pass

    def of_history(self, ids: Sequence[str]) -> Shingles:
        self.asked += len(ids)
        return self._held.of(np.array([self._row[id_] for id_ in ids], np.int64))


class InMemory:
    """match.Compared of one batch."""

    def __init__(self, shingles: Shingles) -> None:
        self._all = shingles

    def of_run(self, rows: I64) -> Shingles:
        s = self._all
        return Shingles(s.values, s.starts[rows], s.lead_ends[rows], s.ends[rows])

    def count(self, one: I64, two: I64, stretches: Sequence[Stretch]) -> Counts:
        return in_threads(self.of_run, 0)(one, two, stretches)

    def expect(self, ids: Sequence[str]) -> None:
        pass

    def of_history(self, ids: Sequence[str]) -> Shingles:
        return shingle([])


def _batches(corpus: Path, count: int) -> Iterator[pa.Table]:
    """The first articles, 2,000 at a time: NEW, text and cluster."""
    left = count
    file = pq.ParquetFile(corpus)
    for batch in file.iter_batches(2000):
        rows = pa.Table.from_batches([batch]).slice(0, left)
        if not len(rows):
            return
        done, left = count - left, left - len(rows)
        names = range(done, done + len(rows))
        nothing = pa.nulls(len(rows), UTC)
        has = rows.column_names
        publisher = next((rows[name].cast(pa.string()) for name in ("publisher", "outlet") if name in has), None)
        yield pa.table(
            {
                "id": pa.array([hashlib.sha256(str(name).encode()).hexdigest()[:32] for name in names]),
                "item_key": pa.array([str(name) for name in names]),
                "publisher": pa.nulls(len(rows), pa.string()) if publisher is None else publisher,
                "title": rows["title"].cast(pa.string()) if "title" in has else pa.nulls(len(rows), pa.string()),
                "published_at": nothing,
                "modified_at": nothing,
                "fetched_at": nothing,
                "char_count": pc.utf8_length(rows["text"]).cast(pa.int32()),
                "text": rows["text"].cast(pa.large_string()),
                "cluster": rows["cluster"] if "cluster" in has else pa.nulls(len(rows), pa.int64()),
            }
        )


def _split(count: int, new: int) -> tuple[I64, I64]:
    """Rows that come first, and the `new` that come later, spread evenly."""
    added = np.unique(np.linspace(0, count - 1, new).astype(np.int64))
    return np.setdiff1d(np.arange(count), added), added


def _ngrams(text: str) -> list[bytes]:
    words = text.lower().split()
    return [" ".join(words[i : i + 3]).encode() for i in range(max(1, len(words) - 2))]


def _components(count: int, pairs: Sequence[tuple[int, int]]) -> pa.Array:
    from copydesk.sketches.similarity import connected

    a, b = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    return pa.array(connected(a, b, count))


def _spent(count: int, start: float, middle: float, end: float, found: pa.Array, clusters: pa.Array) -> str:
    rates = f"sketching {count / (middle - start):,.0f} articles/s, stories {count / (end - middle):,.0f}/s"
    return f"{rates}, both {count / (end - start):,.0f}/s of CPU{_quality(found, clusters)}"


def _kinds(decisions: Decisions) -> str:
    return ", ".join(f"{count:,} {kind}s" for kind, count in Counter(decisions.rows["kind"].to_pylist()).items())


def _quality(found: pa.Array, clusters: pa.Array) -> str:
    """Precision, recall and F1 over pairs of one story, where the corpus tells."""
    if pc.is_valid(clusters).to_numpy(zero_copy_only=False).sum() == 0:
        return ""
    mine, truth = found.to_pylist(), clusters.to_pylist()
    together, told, true = (
        sum(n * (n - 1) // 2 for n in Counter(names).values()) for names in (zip(mine, truth, strict=True), mine, truth)
    )
    precision, recall = together / max(1, told), together / max(1, true)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"; pairs P {precision:.3f} R {recall:.3f} F1 {f1:.3f}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        name, corpus, folder, count = sys.argv[2:]
        step = {function.__name__: function for function in STEPS}[name]
        _timed(name, lambda: step(Path(corpus), Path(folder), int(count)))
    else:
        main()
