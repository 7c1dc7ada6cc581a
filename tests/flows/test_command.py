from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from textwrap import dedent
from unittest.mock import Mock

import pytest

from copydesk.store.dataset import open_dataset
from flows import cli, command


@pytest.fixture(autouse=True)
def this_process_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "Leaving", Mock)


@pytest.mark.parametrize(
    ("arguments", "started"),
    [
        ("ingest seeds -o out", True),
        ("ingest seeds -o out --workers 2", True),
        ("ingest seeds -o out -w 1", False),
        ("ingest seeds -o out --workers=1", False),
        ("ingest --help", False),
        ("ingest seeds --engine dask://host:8786", False),
        ("verify -o out", False),
        ("", False),
    ],
)
def test_workers_are_started_early_for_a_run(monkeypatch: pytest.MonkeyPatch, arguments: str, started: bool) -> None:
    done: list[str] = []
    monkeypatch.setattr(sys, "argv", ["copydesk", *arguments.split()])
    monkeypatch.setattr(command, "uncollected", nullcontext)  # which would last
    monkeypatch.setattr(command, "get_ready", lambda much: done.append("workers"))
    monkeypatch.setattr(cli, "main", lambda: done.append("command"))
    command.main()
    assert done == (["workers", "command"] if started else ["command"])


def test_what_is_compiled_is_loaded_early_where_there_is_much_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(command, "uncollected", nullcontext)
    monkeypatch.setattr(command, "get_ready", told.append)
    monkeypatch.setattr(cli, "main", lambda: None)
    (tmp_path / "small.jsonl").write_bytes(b"{}")
    for number in range(2):
        with (tmp_path / f"{number}.warc").open("wb") as file:
            file.truncate(command.MUCH // 2)
    for names in (["small.jsonl"], ["0.warc"], [""], ["gone.warc"], ["0.warc", "1.warc"], ["*.warc", "-o", "out"]):
        monkeypatch.setattr(sys, "argv", ["copydesk", "ingest", *(str(tmp_path / name) for name in names)])
        command.main()
    assert told == [False, False, False, False, True, True]


def test_workers_share_what_is_compiled_and_clean_alike() -> None:
    """In a process of its own, for it changes how the process goes on. Plain or compiled, both give the same bits."""
    code = """
        from cleaners import Source, clean_many, reader
        from copydesk.run import preloaded_compiled
        text = "The ferry sails at dawn.\\nAdvertisement\\nThe harbour is closed."
        assert reader.is_compiled() == reader._is_filled()
        print(clean_many([Source(text, language="en")])[0].text)
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout == "The ferry sails at dawn.\nThe harbour is closed.\n"


def test_little_is_imported_before_they_are_started() -> None:
    code = "import sys, flows.command; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pyarrow", "pydantic", "cyclopts"} & set(loaded)


ENDS = """
    import atexit, sys
    from flows import cli, command

    class Last:
        def __del__(self):
            print("taken apart", flush=True)

    def main():
        atexit.register(print, "at exit")
        print("done")
        {end}

    last, cli.main, sys.argv = Last(), main, ["copydesk"]
    command.main()
"""


@pytest.mark.parametrize(
    ("end", "code", "told"),
    [
        ("sys.exit(4)", 4, ""),
        ("sys.exit(0)", 0, ""),
        ("sys.exit()", 0, ""),
        ("return", 0, ""),
        ("sys.exit('no')", 1, "no"),
        ("raise ValueError('no')", 1, "ValueError: no"),
    ],
)
def test_it_ends_with_its_code_when_all_is_done_and_is_not_taken_apart(end: str, code: int, told: str) -> None:
    done = subprocess.run([sys.executable, "-c", dedent(ENDS.format(end=end))], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, "done\nat exit\n")
    assert done.stderr.strip().endswith(told)


def test_what_could_not_be_printed_is_no_success() -> None:
    code = dedent(ENDS.format(end="sys.exit(0)"))
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, env=buffered)
    assert done.returncode == 120


def test_what_workers_are_forked_from_is_not_taken_apart_either() -> None:
    code = """
        from copydesk.workers import served
        class Last:
            def __del__(self):
                print("taken apart", flush=True)
        last = Last()
        raise SystemExit  # as multiprocessing.forkserver ends
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_pipes_get_utf_8_in_any_locale(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text(
        "The “Café Łódź” 橋 closed on Tuesday after a vote of the council.", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "explain", "a.txt", "--json"],
        capture_output=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 0, done.stderr
    assert "“Café Łódź” 橋" in done.stdout.decode("utf-8")


def test_streams_that_are_closed_are_nobody_s(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The council closed the old bridge on Tuesday after a vote.", encoding="utf-8")
    code = "from flows.command import main; main()"
    run = f"exec '{sys.executable}' -c '{code}' ingest a.txt - -o out -w 1 --log-format text <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", run], cwd=tmp_path).returncode == 0
    assert open_dataset(tmp_path / "out", "articles").count_rows() == 1


def test_an_interruption_before_the_command_is_answered_with_one_line() -> None:
    code = """
        import sys
        from flows import command
        def interrupted(much):
            raise KeyboardInterrupt
        command.get_ready, sys.argv = interrupted, ["copydesk", "ingest", "nothing"]
        command.main()
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "copydesk: interrupted before anything was done\n")
