"""The benchmark of cleaning: it runs, and its peer is the same rules."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import orjson
import pytest

from bench import cleaning as bench
from bench.gold import read
from cleaners.rules import rules

GOLD = sorted((Path(__file__).parent.parent / "gold").glob("en-*.toml"))


def test_patterns_mean_the_same_in_re() -> None:
    same = total = 0
    for rule in rules():
        pattern = re.compile(bench.in_re(rule.anchored))
        for lines, takes in ((rule.takes, True), (rule.leaves, False)):
            total += len(lines)
            same += sum((pattern.search(line) is not None) is takes for line in lines)
    assert same >= 0.98 * total  # hints and lengths are left out there


def test_it_prints_figures_kinds_speed_and_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "_OUR_BYTES", 20_000)
    monkeypatch.setattr(bench, "_THEIR_BYTES", 500)
    corpus = tmp_path / "corpus.jsonl.gz"
    corpus.write_bytes(
        gzip.compress(b"".join(orjson.dumps({"text": a.text}) + b"\n" for path in GOLD for a in read(path)))
    )
    bench.main([*map(str, GOLD), "--errors", "--corpus", str(corpus)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["all", "text", "page"]
    assert any(line.startswith("recall:  ") and "caption" in line for line in lines)
    again, first = (line for line in lines if line.startswith("speed: "))
    assert "MB/s over articles met before" in again
    assert "MB/s over articles not met before" in first
    assert any("\tmissed\t" in line for line in lines)
