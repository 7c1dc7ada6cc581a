"""What can go wrong around a run: the disk, permissions, the files it reads, the clock, being stopped."""

from __future__ import annotations

import datetime as dt
import errno
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from copydesk import points
from copydesk.errors import CopydeskError, LockedError, StoreError
from copydesk.run import pipeline
from copydesk.run.pipeline import Summary
from copydesk.store.store import Store
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything, ingest, rows, story, write_jsonl
from tests.copydesk.kill_run import prepare

HERE = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return tmp_path


def second(root: Path, folder: Path) -> Summary:
    return ingest(root, folder / "inputs", shard_bytes=64 * 1024)


class Failing:
    """Fails at the n-th point, as if the disk did; from then on, if `lasting`."""

    def __init__(self, number: int, error: int, lasting: bool) -> None:
        self.number, self.error, self.lasting = number, error, lasting
        self.count = 0

    def __call__(self, name: str) -> None:
        self.count += 1
        if self.count == self.number or (self.lasting and self.count > self.number):
            raise OSError(self.error, os.strerror(self.error))


def refusal(root: Path, folder: Path) -> str | None:
    """What a run says that fails."""
    try:
        second(root, folder)
    except CopydeskError as error:
        return str(error)
    return None


@pytest.mark.parametrize("step", [pytest.param(41, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.long)])
def test_the_disk_fails_at_every_point(folder: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    shutil.copytree(folder / "base", folder / "whole")
    before = everything(folder / "base")
    second(folder / "whole", folder)
    after = everything(folder / "whole")
    errors = itertools.cycle([(errno.ENOSPC, True), (errno.EIO, False), (errno.EACCES, True), (errno.EROFS, False)])
    ended = False
    for number in itertools.count(1, step):
        error, lasting = next(errors)
        root = folder / "failing"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(folder / "base", root)
        failing = Failing(number, error, lasting)
        with monkeypatch.context() as patch:
            patch.setattr(points, "checkpoint", failing)
            said = refusal(root, folder)
        if said is None:
            ended = failing.count < number
        else:
            assert said.isprintable(), number  # one line
            assert os.strerror(error) in said, number
        assert everything(root) in (before, after), number
        if everything(root) == before:
            second(root, folder)
        else:
            ingest(root, folder / "first.jsonl")
        assert everything(root) == after, number
        assert verify(root, read_data=True) == [], number
        assert not list((root / "_state" / "staging").iterdir()), number
        if ended:
            return


@pytest.mark.slow
def test_a_full_disk_and_one_that_may_only_be_read(folder: Path) -> None:
    """On a file system of its own, in a namespace of its own: what the kernel really does."""
    disk = folder / "disk"
    disk.mkdir()
    inside = (
        'mount -t tmpfs -o size=4m copydesk "$1" || exit 77; cp -r "$2" "$1/output"; '
        'exec "$0" -m tests.copydesk.full_disk "$1" "$3"'
    )
    arguments = [sys.executable, str(disk), str(folder / "base"), str(folder / "inputs")]
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare here")
    command = [unshare, "--user", "--map-root-user", "--mount", "sh", "-c", inside, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE, check=False)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this machine does not let one mount a file system")
    assert done.stdout == "OK\n", done.stderr


def test_a_limit_on_the_size_of_files(folder: Path) -> None:
    before = everything(folder / "base")
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)); from flows.cli import main; "
    code += "main(sys.argv[1:])"
    command = [
        sys.executable,
        "-c",
        code,
        "ingest",
        str(folder / "inputs"),
        "-o",
        str(folder / "base"),
        "-w",
        "1",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "File too large" in done.stderr
    assert everything(folder / "base") == before
    assert verify(folder / "base", read_data=True) == []


@pytest.mark.slow
@pytest.mark.parametrize("place", ["_state", "_state/staging", "_state/commits", "duplicates", "the partition"])
def test_permission_denied(folder: Path, place: str) -> None:
    output = folder / "base"
    before = everything(output)
    denied = output / place
    if place == "the partition":
        denied = next((output / "articles").iterdir())
        denied.parent.chmod(0o555)  # after midnight, the run would make another
    if place == "_state":
        shutil.rmtree(denied / "leases")
    if place == "duplicates":
        denied.mkdir()  # in which a folder must be made
    denied.chmod(0o555)
    command = [sys.executable, "-m", "flows.cli", "ingest", str(folder / "inputs"), "-o", str(output), "-w", "1"]
    if os.geteuid() == 0:  # root may write anywhere, unless it is without its capabilities
        if shutil.which("setpriv") is None:
            pytest.skip("root may write anywhere")
        command = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *command]
    try:
        done = subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=HERE, check=False)
    finally:
        denied.chmod(0o755)
        denied.parent.chmod(0o755)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "Permission denied" in done.stderr
    assert everything(output) == before
    second(output, folder)
    assert verify(output, read_data=True) == []


def at(name: str, do: Callable[[], Any]) -> Callable[[str], None]:
    done = False

    def checkpoint(reached: str) -> None:
        nonlocal done
        if reached == name and not done:
            done = True
            do()

    return checkpoint


@pytest.mark.parametrize("when", ["run: discovered", "part: folder made", "part: before close"])
def test_a_file_vanishes_during_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    shutil.copytree(folder / "base", folder / "whole")
    second(folder / "whole", folder)
    file = folder / "inputs" / "b.jsonl"
    kept = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(points, "checkpoint", at(when, file.unlink))
        summary = second(folder / "base", folder)
    assert verify(folder / "base", read_data=True) == []
    assert summary.items == sum(getattr(summary, n) for n in ("articles", "duplicates", "revisions", "seen", "rejects"))
    file.write_bytes(kept)
    second(folder / "base", folder)
    for name in ("articles", "duplicates", "revisions", "removals"):
        assert rows(folder / "base", name) == rows(folder / "whole", name)
    assert verify(folder / "base", read_data=True) == []


@pytest.mark.parametrize("when", ["run: discovered", "part: folder made", "part: before close", "run: matched"])
def test_a_file_grows_during_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    more = {"id": "late", "publisher": "Outlet 1", "text": story(77)}
    line = write_jsonl(folder / "line", [more]).read_bytes()
    file = folder / "inputs" / "b.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(points, "checkpoint", at(when, lambda: file.write_bytes(file.read_bytes() + line)))
        second(folder / "base", folder)
    assert verify(folder / "base", read_data=True) == []
    second(folder / "base", folder)
    assert [r["source_id"] for r in rows(folder / "base", "articles")].count("late") == 1
    assert len({r["id"] for r in rows(folder / "base", "articles")}) == len(rows(folder / "base", "articles"))
    assert second(folder / "base", folder).articles == 0
    assert verify(folder / "base", read_data=True) == []


def test_the_clock_goes_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(dt.datetime):
        """Goes back an hour each time it is looked at."""

        looks = 0

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Clock:
            Clock.looks += 1
            return cls(2026, 11, 1, tzinfo=dt.UTC) - dt.timedelta(hours=Clock.looks)

    shutil.copytree(folder / "base", folder / "whole")
    second(folder / "whole", folder)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "dt", SimpleNamespace(datetime=Clock, UTC=dt.UTC))
        summary = second(folder / "base", folder)
        again = second(folder / "base", folder)
    assert summary.started_at <= summary.finished_at
    commits = [c.run_id for c in Store(folder / "base").commits()]
    assert commits == sorted(commits) == [*commits[:1], summary.run_id, again.run_id]
    assert (again.articles, again.revisions) == (0, 0)
    assert everything(folder / "base") == everything(folder / "whole")
    assert verify(folder / "base", read_data=True) == []


STOPS = """
import os, signal, sys
from pathlib import Path
from copydesk import points
from tests.copydesk.corpus import ingest

def checkpoint(name):
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGSTOP)

points.checkpoint = checkpoint
ingest(Path(sys.argv[1]), Path(sys.argv[2]), shard_bytes=64 * 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["run: matched", "commit: prepared"])
def test_a_run_is_stopped_while_another_starts(folder: Path, when: str) -> None:
    shutil.copytree(folder / "base", folder / "whole")
    second(folder / "whole", folder)
    command = [sys.executable, "-c", STOPS, str(folder / "base"), str(folder / "inputs"), when]
    stopped = subprocess.Popen(command, cwd=HERE)
    try:
        _, status = os.waitpid(stopped.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        lease = max((folder / "base" / "_state" / "leases").iterdir())
        os.utime(lease, (time.time() - 3600,) * 2)  # on its own machine it is alive, however long it is silent
        with pytest.raises(LockedError, match=rf"in use by ingest .*inputs \(process {stopped.pid} on "):
            second(folder / "base", folder)
        stopped.send_signal(signal.SIGCONT)
        assert stopped.wait(60) == 0
    finally:
        stopped.kill()
    assert everything(folder / "base") == everything(folder / "whole")
    assert verify(folder / "base", read_data=True) == []


def test_an_error_of_the_disk_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused, Store(tmp_path).lock("test"):
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/else")
    assert str(refused.value).endswith("nothing of it is published: No space left on device (/somewhere/else)")
