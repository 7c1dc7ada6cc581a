"""Run as `python -m tests.copydesk.full_disk DISK INPUTS` where DISK is a small file system of its own.

Ingests while less and less is left of it, then while it may only be read. Prints OK if each failure was one clear line
with exit code 1 and changed nothing, and if the run came to its end as soon as there was room.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import everything

ROOM = (0, 32, 128, 2000)
"""KiB that are left for the run."""


def main(disk: Path, inputs: Path) -> None:
    output, filler = disk / "output", disk / "filler"
    before = everything(output)
    failed = 0
    for room in ROOM:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        filler.write_bytes(bytes(max(0, free - room * 1024)))
        code, said = ingest(inputs, output)
        if code == 0:
            break
        failed += 1
        assert code == 1, (code, said)
        assert "No space left on device" in said, said
        assert len(said.splitlines()) == 1, said
        assert everything(output) == before
        filler.unlink()
    else:
        raise AssertionError("there was never room enough")
    assert failed > 1
    filler.unlink()
    after = everything(output)
    assert after != before
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    code, said = ingest(inputs, output)
    assert code == 1, (code, said)
    assert "Read-only file system" in said, said
    assert len(said.splitlines()) == 1, said
    assert everything(output) == after
    assert verify(output, read_data=True) == []
    print("OK")


def ingest(inputs: Path, output: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "flows.cli", "ingest", str(inputs), "-o", str(output), "-w", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
