"""What scan.py and judge.py need to run: tables of characters and words, and a compiler where there is enough to do.

For a handful of articles plain Python is quick enough, and nobody waits for numba to load; a corpus is compiled. Both
give the same bits.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaners import judge, scan
from cleaners.compiler import compiled as compiled_functions

# Marks of one kind are counted together.
MARK_KINDS = (
    ".", ",", ":;", "!", "?", "\"“”«»„", "'’‘", "()", "[]", "/|›>", "@#", "©", "•*·●▪", "-–—", "…", "&", "%$€£", "_+=~",
)  # fmt: skip
FUNCTION_WORDS = (
    "the of and to in a is was that for on with as it by at from be are has have had he they she his her their this "
    "were an but not who i we you or de la el que y en los se del las un por con no una su para es al lo como der die "
    "und das von zu den mit sich des auf für ist im dem nicht ein eine als auch hat aus sie nach bei o da do em um os "
    "na é le les et du dans il qui est pour pas sur di che e non per sono della w z się nie że van het een op te zijn"
).split()
SAID_WORDS = "said says told added asked wrote sagte sagt dijo disse afirmó afirmou erklärte".split()
URL_WORDS = "http https www com org net html".split()

# From so many bytes on, in one process, compiling pays: loading the compiler takes half a second, plain Python reads
# some 0.3 MB a second.
COMPILE_BYTES = 512 * 1024

ROOMS = (scan.LINE_TOKENS, scan.LINE_TOKENS, scan.LINE_GRAMS)  # for what scan keeps of one line

Table = npt.NDArray[Any]
Trees = tuple[Table, Table, Table]
Numbers = tuple[int, ...]


def word_hash(word: str) -> int:
    """The hash that `scan.scan` gives a word."""
    value = 2166136261
    for character in word.lower():
        value = ((value ^ (48 if character.isdigit() else ord(character))) * 16777619) & 0xFFFFFFFF
    return value


@dataclass(frozen=True, slots=True)
class Tables:
    """By code point below 2**16: flags, lower case, kinds of marks; by the low 16 bits of a word's hash: words."""

    flags: Any
    lower: Any
    kinds: Any
    words: Any


@functools.cache
def _arrays() -> Tables:
    flags = np.zeros(65536, np.uint8)
    lower = np.arange(65536, dtype=np.uint16)
    kinds = np.zeros(65536, np.uint8)
    words = np.zeros(65536, np.uint8)
    for code in range(65535):  # the last stands for all beyond
        character = chr(code)
        if character.isalpha():
            flags[code] = scan.LETTER | (scan.CAPITAL if character.isupper() else 0)
            flags[code] |= scan.SMALL if character.islower() else 0
            small = character.lower()
            lower[code] = ord(small) if len(small) == 1 and ord(small) < 65536 else code
        elif character.isdigit() or character == "_":
            flags[code] = scan.DIGIT if character != "_" else scan.LETTER
            lower[code] = ord("0") if character != "_" else code
        elif character.isspace() or character in "\u200b\ufeff":
            flags[code] = scan.SPACE
    for character in "\"'”’»)]":
        flags[ord(character)] |= scan.CLOSING
    for character in "\"'“‘«„([":
        flags[ord(character)] |= scan.OPENING
    for character in ".!?…。！？":
        flags[ord(character)] |= scan.STOP
    for number, marks in enumerate(MARK_KINDS):
        for character in marks:
            kinds[ord(character)] = number + 1
    for known, bit in (
        (FUNCTION_WORDS, scan.IS_FUNCTION),
        (SAID_WORDS, scan.IS_SAID),
        (URL_WORDS, scan.IS_URL),
    ):
        for word in known:
            words[word_hash(word) & 0xFFFF] |= bit
    return Tables(flags, lower, kinds, words)


@functools.cache
def _lists() -> Tables:
    tables = _arrays()
    return Tables(tables.flags.tolist(), tables.lower.tolist(), tables.kinds.tolist(), tables.words.tolist())


_FUNCTIONS = (
    "mix",
    "keep",
    "ngrams",
    "count_word",
    "scan",
    "first_class",
    "last_class",
    "share",
    "survey",
    "describe",
    "weigh",
    "judge",
)


@functools.cache
def _compiled() -> dict[str, Any]:
    """The functions of scan.py and judge.py, compiled; each finds those before it, compiled as well."""
    return compiled_functions(vars(scan) | vars(judge), _FUNCTIONS)


class Reader:
    """Runs scan.py and judge.py over batches, as it stands; `CompiledReader` runs it compiled."""

    def __init__(self) -> None:
        self._functions: dict[str, Any] = vars(scan) | vars(judge)
        self._tables = _lists()

    @property
    def flags(self) -> Any:
        """The table of characters."""
        return self._tables.flags

    def scan(self, data: bytes, ends: Table, weights: Any) -> Any:
        """(table, rows, hashes of words) of a batch; see scan.scan."""
        lines = data.count(b"\n") + 1
        table = [[0] * scan.COLUMNS for _ in range(lines)]
        tokens = [0] * (len(data) // 2 + 1)
        rooms: Any = [[0] * size for size in ROOMS]
        weights = weights.tolist() if isinstance(weights, np.ndarray) else weights
        rows, _ = self._functions["scan"](
            data, len(data), ends.tolist(), *_columns(self._tables), weights, table, tokens, *rooms
        )
        return table, rows, tokens

    def judge(self, scanned: Any, trees: Trees, bias: int, gate: Numbers) -> Table:
        """A row a line with content: its text's number, its start, its end, its characters, its score.

        See judge.judge. scanned: what `scan` gave. trees: splits, borders, leaves.
        """
        table, rows, tokens = scanned
        sums = [[0, 0, 0] for _ in range(rows + 1)]
        slots: Any = [[first] * judge.SLOTS for first in (-1, 0, 0)]
        block = [[0] * judge.BLOCK for _ in range(judge.FEATURES)]
        room: Any = [0] * judge.FEATURES, block, [0] * judge.BLOCK, [0] * judge.BLOCK
        scores = [0] * rows
        listed: Any = [part.tolist() for part in trees]
        self._functions["judge"](table, rows, tokens, self.flags, *listed, bias, *gate, sums, *slots, *room, scores)
        return _judged(np.array(table[:rows], np.int64).reshape(rows, scan.COLUMNS), scores)


class CompiledReader(Reader):
    """The same bits, a hundred times faster."""

    def __init__(self) -> None:
        self._functions = _compiled()
        self._tables = _arrays()

    def scan(self, data: bytes, ends: Table, weights: Any) -> Any:
        lines = data.count(b"\n") + 1
        table = np.empty((lines, scan.COLUMNS), np.int32)
        tokens = np.empty(len(data) // 2 + 1, np.uint32)
        rooms = [np.zeros(size, np.int64) for size in ROOMS]
        read = np.frombuffer(data, np.uint8)
        rows, _ = self._functions["scan"](
            read, len(data), ends, *_columns(self._tables), weights, table, tokens, *rooms
        )
        return table, rows, tokens

    def judge(self, scanned: Any, trees: Trees, bias: int, gate: Numbers) -> Table:
        table, rows, tokens = scanned
        sums = np.empty((rows + 1, 3), np.int64)
        slots = np.full(judge.SLOTS, -1, np.int32), np.zeros(judge.SLOTS, np.uint8), np.zeros(judge.SLOTS, np.int64)
        block = np.empty((judge.FEATURES, judge.BLOCK), np.int32)
        room = np.empty(judge.FEATURES, np.int32), block, *np.empty((2, judge.BLOCK), np.int32)
        scores = np.empty(rows, np.int32)
        self._functions["judge"](table, rows, tokens, self.flags, *trees, bias, *gate, sums, *slots, *room, scores)
        return _judged(table[:rows], scores)


def _judged(table: Table, scores: Any) -> Table:
    told = table[:, [scan.DOCUMENT, scan.START, scan.END, scan.CHARS, scan.CHARS]]
    told[:, -1] = scores
    return told


def _columns(tables: Tables) -> tuple[Any, ...]:
    return tables.flags, tables.lower, tables.kinds, tables.words


_plain, compiled = functools.cache(Reader), functools.cache(CompiledReader)
_read = 0  # bytes that this process has read


def reader(size: int) -> Reader:
    """What to read the next `size` bytes with: plain Python until compiling pays."""
    global _read
    _read += size
    return _plain() if _read < COMPILE_BYTES else compiled()
