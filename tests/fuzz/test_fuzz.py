"""The kept corpus and every find again; any bytes from hypothesis; and, in the long run, the coverage-guided fuzzer.

corpus/<target>/ holds inputs that reached new lines when they were found (see until.py), all of them invented or made
by mutation, and `find-*`: what once broke something.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import targets
from tests.fuzz.until import rounds

CORPUS = Path(__file__).parent / "corpus"
SECONDS, MOST = 30, 5
"""Of a round of the coverage-guided fuzzer, and the most rounds of a target; see until.py."""


def kept(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def test_every_corpus_is_a_targets() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(targets.NAMES)


@pytest.mark.parametrize("name", targets.NAMES)
def test_the_kept_corpus(name: str) -> None:
    inputs = kept(name)
    assert inputs
    for data in inputs:
        targets.run(name, data)


def mutated(inputs: list[bytes]) -> st.SearchStrategy[bytes]:
    """An input of the corpus with some of it cut out, doubled, or replaced by any bytes."""

    def change(data: bytes, at: int, length: int, new: bytes, again: int) -> bytes:
        at = at % (len(data) + 1)
        return data[:at] + new + data[at : at + length] * again + data[at + length :]

    return st.builds(
        change,
        st.sampled_from(inputs),
        st.integers(0, 4096),
        st.integers(0, 64),
        st.binary(max_size=16),
        st.sampled_from([0, 1, 1, 2, 40]),
    )


def _any_bytes(name: str, examples: int) -> Callable[[], None]:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(st.binary(max_size=300), mutated(kept(name))))
    def check(data: bytes) -> None:
        targets.run(name, data)

    return check


@pytest.mark.parametrize("name", targets.NAMES)
def test_any_bytes(name: str) -> None:
    _any_bytes(name, 25)()


@pytest.mark.long
@pytest.mark.parametrize("name", targets.NAMES)
def test_any_bytes_for_longer(name: str) -> None:
    _any_bytes(name, 1500)()


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs the package atheris (extra `fuzz`)")
@pytest.mark.parametrize("name", targets.NAMES)
def test_guided_by_coverage(name: str, tmp_path: Path) -> None:
    """Until coverage stops growing, or for as long as there is time."""
    for number, data in enumerate(kept(name)):
        (tmp_path / str(number)).write_bytes(data)
    for done in rounds(name, tmp_path, SECONDS, MOST):
        assert not done.finds, f"{done.finds!r}\n{done.told}"
        assert done.runs > 100
