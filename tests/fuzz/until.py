"""The coverage-guided fuzzer until coverage stops growing: `python -m tests.fuzz.until TARGET CORPUS [SECONDS [MOST]]`.

It runs in rounds of SECONDS, at most MOST of them, on one corpus that grows. Coverage (edges of our own code) has
stopped growing when a round adds less than GROWTH of it. Prints what each round reached; a find ends it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

GROWTH = 0.005
ROOT = Path(__file__).parents[2]
_COVERED = re.compile(r"^#(\d+)\s+(?:INITED|NEW|REDUCE|pulse|DONE)\s+cov: (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Round:
    """runs: inputs tried. before, after: the most edges covered at once, until then and in it. finds: the inputs that
    broke something; told: in words."""

    runs: int
    before: int
    after: int
    finds: tuple[bytes, ...]
    told: str

    @property
    def grown(self) -> bool:
        return self.after - self.before >= max(1, GROWTH * self.before)


def rounds(name: str, corpus: Path, seconds: int, most: int) -> Iterator[Round]:
    """Until a round brings nothing much, or a find."""
    best = 0
    for _ in range(most):
        done = one_round(name, corpus, seconds)
        # A process that begins anew does not meet in the corpus all that was met on the way: caches, first uses.
        done = replace(done, before=max(best, done.before))
        best = max(best, done.after)
        yield done
        if done.finds or not done.grown:
            return


def one_round(name: str, corpus: Path, seconds: int) -> Round:
    """Raises RuntimeError if the fuzzer does not work."""
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(corpus), str(seconds)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=20 * seconds + 300
    )
    finds = [path for path in sorted(corpus.iterdir()) if path.name.startswith(("crash", "timeout", "oom"))]
    covered = _COVERED.findall(done.stderr)
    if not covered or (done.returncode and not finds):
        raise RuntimeError(done.stderr[-4000:])
    (_, before), (runs, after) = covered[0], covered[-1]
    return Round(int(runs), int(before), int(after), tuple(path.read_bytes() for path in finds), done.stderr[-4000:])


def main(name: str, corpus: str, seconds: str = "60", most: str = "5") -> None:
    for done in rounds(name, Path(corpus), int(seconds), int(most)):
        print(f"{name}: {done.runs:,} runs, {done.before} -> {done.after} edges", flush=True)
        if done.finds:
            sys.exit(f"{done.finds!r}\n{done.told}")
    print(f"{name}: coverage {'still grew' if done.grown else 'has stopped growing'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
