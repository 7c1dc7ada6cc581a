"""The coverage-guided fuzzer: `python -m tests.fuzz.guided TARGET CORPUS [SECONDS]`; needs the package atheris.

CORPUS: a folder; what reaches new code is added to it. A find ends the run and is written to CORPUS/crash-*.
"""

from __future__ import annotations

import sys


def main(name: str, corpus: str, seconds: str = "60") -> None:
    import atheris

    with atheris.instrument_imports(include=["cleaners", "copydesk"]):
        from tests.fuzz import targets

    def one(data: bytes) -> None:
        targets.run(name, data)

    options = [
        sys.argv[0],
        corpus,
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-rss_limit_mb=3000",
        f"-artifact_prefix={corpus}/",
        "-print_final_stats=1",
    ]
    atheris.Setup(options, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
