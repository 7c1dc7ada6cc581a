"""The command line: what it prints, what it ends with, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import UsageError
from copydesk.settings import load
from copydesk.store.dataset import open_dataset
from copydesk.store.store import Store
from flows.cli import main
from flows.options import read_settings
from tests.copydesk.corpus import story, write_jsonl


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_jsonl(tmp_path / "in.jsonl", [{"headline": f"Title {i}", "text": story(i)} for i in range(3)])


def command(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_ingest_prints_the_books(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ingest", "in.jsonl", "-o", "out", "--map", "title=headline") == 0
    printed = capsys.readouterr().out
    assert "3 items" in printed
    assert "articles           3" in printed


def test_it_warns_of_a_name_that_no_record_has(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ingest", "in.jsonl", "-o", "out", "--map", "title=headlin") == 0
    warning = "  warning: no record that was read has `headlin`, which `map` names for `title`"
    assert capsys.readouterr().out.splitlines()[-1] == warning


def test_a_field_is_mapped_once(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ingest", "in.jsonl", "-o", "out", "--map", "text=body", "--map", "text=content") == 2
    assert "--map text=content: text is mapped to body already" in capsys.readouterr().err


def test_it_says_why_items_were_rejected(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.jsonl").write_text('{"text": 1}\n[]\ngarbage{{{\n[1]\n{"text": "cut\n')
    assert command("ingest", "bad.jsonl", "-o", "out") == 0
    told = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split(";")[0].split() for line in told] == [["2", "json"], ["2", "not-an-object"], ["1", "no-text"]]
    assert "bad.jsonl" in told[0]
    assert "not valid JSON" in told[0]
    assert command("verify", "-o", "out") == 0
    assert capsys.readouterr().out == "out is whole: 1 run, 0 articles\n"


def test_it_names_the_other_reasons_for_rejects(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.jsonl").write_text('{"text": 1}\n[]\ngarbage{{{\n')
    Path("empty.txt").touch()
    Path("zeros.txt").write_bytes(bytes(99))
    assert command("ingest", "bad.jsonl", "empty.txt", "zeros.txt", "-o", "out") == 0
    told = [line.split() for line in capsys.readouterr().out.splitlines()[-4:]]
    assert [line[:2] for line in told] == [["1", "binary;"], ["1", "empty;"], ["1", "json;"], ["2", "others:"]]
    assert told[-1][2:] == ["no-text,", "not-an-object"]


def test_json_is_one_object_with_the_columns_of_runs(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from copydesk.schema import RUNS

    assert command("ingest", "in.jsonl", "--json") == 0
    captured = capsys.readouterr()
    books = json.loads(captured.out)
    assert list(books) == RUNS.names
    assert (books["items"], books["articles"]) == (3, 3)
    assert captured.err == ""


def test_standard_input(corpus: Path, tmp_path: Path) -> None:
    code = "from flows.cli import main; main(['ingest', '-', '-o', 'out', '--json', '-w', '1'])"
    with corpus.open("rb") as lines:
        done = subprocess.run([sys.executable, "-c", code], stdin=lines, capture_output=True, cwd=tmp_path, check=True)
    assert json.loads(done.stdout)["articles"] == 3


def test_what_is_piped_in_later_is_no_revision_of_what_was_piped_in_before(tmp_path: Path) -> None:
    code = "from flows.cli import main; main(['ingest', '-', '-o', 'out', '--json', '-w', '1'])"
    books = []
    for numbers in ([0, 1], [0, 1], [2, 1]):
        lines = "".join(json.dumps({"text": story(n)}) + "\n" for n in numbers)
        done = subprocess.run(
            [sys.executable, "-c", code], input=lines, capture_output=True, cwd=tmp_path, check=True, text=True
        )
        told = json.loads(done.stdout)
        books.append((told["articles"], told["revisions"], told["seen"]))
    assert books == [(2, 0, 0), (0, 0, 2), (1, 0, 1)]


@pytest.mark.parametrize(
    ("path", "message"),
    [("no.jsonl", "no such file"), ("*.csv", "nothing matches"), ("http://a.example/", "not fetched")],
)
def test_an_input_that_is_not_there_makes_no_output(
    corpus: Path, path: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("ingest", "in.jsonl", path, "-o", "deep/out") == 2
    assert message in capsys.readouterr().err
    assert not Path("deep").exists()
    assert command("ingest", "in.jsonl", "-o", "deep/out") == 0
    assert command("ingest", "in.jsonl", path, "-o", "deep/out") == 2


def test_an_interrupted_run_says_what_became_of_it(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("copydesk.run.pipeline.run", interrupted)
    assert command("ingest", "in.jsonl") == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ingest", "in.jsonl", "--workers", "0"), "workers"),
        (("ingest", "in.jsonl", "--workers", "many"), "many"),
        (("ingest", "in.jsonl", "--log-format", "xml"), "xml"),
        (("ingest", "in.jsonl", "-o"), "-o requires an argument"),
        (("verify", "--read-dat"), "--read-dat. Did you mean --read-data?"),
        (("forget", "--older-than", "yesterday\x1b[31m"), "yesterday"),
        (("sample",), "--rule"),
        (("watch", "--silent", "nan"), "silent: must be from 10 to 604800 seconds, not nan"),
        (("watch", "--silent", "9"), "not 9"),
        (("rules", "chek"), "chek"),
        (("ingest", "in.jsonl", "--map", "headline"), "title=headline"),
        (("ingest", "in.jsonl", "--map", "header=headline"), "header"),
        (("ingest", "nowhere"), "nowhere"),
        (("ingest",), "nothing to ingest"),
        (("ingest", "https://news.example/a.html"), "https://news.example/a.html"),
        (("ingest", "in.jsonl", "--no-such-option"), "no-such-option"),
        (("verify", "-o", "nowhere"), "nowhere"),
        (("ingest", "in.jsonl", "--config", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_usage_errors_end_with_2(
    arguments: tuple[str, ...], says: str, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("copydesk: ")
    assert says in captured.err
    assert "\x1b" not in captured.err
    assert not Path("output/runs").exists()


def test_a_locked_output_ends_with_3(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(Path("out")).lock("the night shift"):
        assert command("ingest", "in.jsonl", "-o", "out") == 3
    assert "the night shift" in capsys.readouterr().err


def test_verify_ends_with_4_if_a_file_is_damaged(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ingest", "in.jsonl", "-o", "out") == 0
    assert command("verify", "-o", "out", "--read-data") == 0
    (file,) = Path("out/articles").rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:-1])
    assert command("verify", "-o", "out") == 4
    assert file.name in capsys.readouterr().out


def test_reindex(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ingest", "in.jsonl", "-o", "out") == 0
    assert command("reindex", "-o", "out", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"segments": 1}


def test_forget_and_maintain(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ingest", "in.jsonl", "-o", "out") == 0
    (article, *_) = open_dataset("out", "articles").to_table().to_pylist()
    capsys.readouterr()
    assert command("forget", article["id"], "-o", "out", "--dry-run") == 0
    assert article["id"] in capsys.readouterr().out
    assert command("forget", article["id"], "-o", "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["removed"]["articles"] == 1
    assert command("forget", article["id"], "-o", "out") == 0
    assert "forgotten already" in capsys.readouterr().out
    assert command("forget", "-o", "out") == 2
    assert command("forget", "--older-than", "2000-01-31", "-o", "out") == 0
    assert command("ingest", "in.jsonl", "-o", "out", "--json") == 0
    assert command("maintain", "-o", "out") == 0
    assert "merged into" in capsys.readouterr().out
    assert command("verify", "-o", "out", "--read-data") == 0


def test_settings_come_from_options_then_the_file_then_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("copydesk.toml").write_text('output = "desk"\nworkers = 3\nmap = {title = "headline"}\n')
    read = read_settings(workers=5)
    assert (read.output, read.workers, read.map, read.reject_bytes) == (Path("desk"), 5, {"title": "headline"}, 4096)
    Path("copydesk.toml").write_text("wokers = 3\n")
    with pytest.raises(UsageError, match=r"settings: wokers: there is no such setting; did you mean workers\?"):
        read_settings()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"workers": 0}, "workers: must be at least 1, not 0"),
        ({"workers": "two"}, "workers: must be a whole number, not 'two'"),
        ({"item_seconds": 1e9}, "item_seconds: must be at most 86400.0, not 1000000000.0"),
        ({"guard": "maybe"}, "guard: must be true or false, not 'maybe'"),
        ({"map": {"text": 3}}, "map.text: must be text, not 3"),
        ({"map": {"body": "text"}}, "map: unknown field body; a record has text, html,"),
        ({"inputs": 5}, "inputs: must be a list, not 5"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_in_plain_words(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        load(given)
    assert str(refused.value).startswith(f"settings: {says}")


def test_verify_repairs(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ingest", "in.jsonl", "-o", "out") == 0
    (segment,) = Path("out/_state/index").iterdir()
    segment.write_bytes(segment.read_bytes()[:-1])
    assert command("verify", "-o", "out") == 4
    capsys.readouterr()
    assert command("verify", "-o", "out", "--repair", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (len(told["mended"]), told["cannot"], told["faults"]) == (1, [], [])
    (segment.parent.parent / "commits" / f"{segment.name}.json").write_text("{")
    next(Path("out/runs").rglob("*.parquet")).unlink()
    assert command("verify", "-o", "out", "--repair") == 4
    assert "not mended: " in capsys.readouterr().out


def test_reclean_shows_first_and_then_does(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(Path("in.jsonl"), [{"text": f"{story(1)}\n\nAdvertisement\n\n{story(2)}", "title": "a\x1b[31m"}])
    assert command("ingest", "in.jsonl", "-o", "out", "-w", "1", "--without", "ad_marker", "--without", "model") == 0
    capsys.readouterr()
    assert command("reclean", "-o", "out", "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "1 of 1 row in out would change, the text of 1" in shown
    assert "- Advertisement" in shown
    assert "\x1b" not in shown
    assert command("reclean", "-o", "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["changed"] == 1
    assert command("reclean", "-o", "out") == 0
    assert "0 of 1 row in out changed" in capsys.readouterr().out
    assert command("verify", "-o", "out", "--read-data") == 0
