"""What the loops of cleaning need to run: tables of characters and words, and a compiler where there is enough to do.

For a handful of articles plain Python is quick enough, and nobody waits for numba to load; a corpus is compiled. Both
give the same bits.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaners import (
    assent,
    blocks,
    compiler,
    cut,
    headline,
    heads,
    judge,
    layout,
    occurring,
    pieces,
    recall,
    scan,
    spot,
    uniting,
)
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
TOLD_WORDS = "said says told sagte sagt dijo disse".split()
URL_WORDS = "http https www com org net html".split()

# From so many bytes on, in one process, compiled loops pay, as plain Python reads some 0.3 MB a second: compiling them
# takes half a minute, loading what another process compiled half a second.
COMPILE_BYTES, LOAD_BYTES = 8 << 20, 160 << 10

ROOMS = (scan.LINE_TOKENS, scan.LINE_TOKENS, scan.LINE_GRAMS)  # for what scan keeps of one line

Table = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
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
    """By code point below 2**16: flags, lower case, kinds of marks, and whether it is a blank; by the low 16 bits of a
    word's hash: words.
    """

    flags: Any
    lower: Any
    kinds: Any
    words: Any
    blanks: Any


@functools.cache
def _arrays() -> Tables:
    flags = np.zeros(65536, np.uint8)
    lower = np.arange(65536, dtype=np.uint16)
    kinds = np.zeros(65536, np.uint8)
    words = np.zeros(65536, np.uint8)
    characters = np.arange(65536, dtype=np.uint32).view("U1")
    blanks = np.strings.isspace(characters)
    characters = characters[:-1]  # the last stands for all beyond
    letters = np.strings.isalpha(characters)
    digits = np.strings.isdigit(characters) & ~letters
    flags[:-1] = np.where(letters, scan.LETTER, np.where(digits, scan.DIGIT, np.where(blanks[:-1], scan.SPACE, 0)))
    flags[:-1] |= np.where(letters & np.strings.isupper(characters), scan.CAPITAL, 0).astype(np.uint8)
    flags[:-1] |= np.where(letters & np.strings.islower(characters), scan.SMALL, 0).astype(np.uint8)
    flags[[ord(character) for character in "\u200b\ufeff"]] = scan.SPACE
    flags[ord("_")] = scan.LETTER
    lower[:-1][digits] = ord("0")
    for code in np.flatnonzero(letters).tolist():
        small = chr(code).lower()
        if len(small) == 1 and ord(small) < 65536:
            lower[code] = ord(small)
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
        (TOLD_WORDS, scan.IS_TOLD),
    ):
        for word in known:
            words[word_hash(word) & 0xFFFF] |= bit
    return Tables(flags, lower, kinds, words, blanks.astype(np.uint8))


@functools.cache
def _lists() -> Tables:
    tables = _arrays()
    return Tables(*(getattr(tables, field.name).tolist() for field in dataclasses.fields(Tables)))


_FUNCTIONS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (spot, ("code_at",)),
    (scan, ("mix", "keep", "ngrams", "count_word", "scan")),
    (judge, ("first_class", "last_class", "share", "survey", "describe", "weigh", "judge")),
    (recall, ("line_hash", "same", "recall")),
    (
        cut,
        ("ends_stopped", "ends_sentence", "bytes_of", "paragraph", "reach", "worded", "cut_line", "takes_line", "note"),
    ),
    (headline, ("folded", "fold_all", "left_folded", "repeated")),
    (
        blocks,
        ("line_folded", "menu_item", "menu", "resumes", "tail", "closing", "story_above", "threads", "only_marks"),
    ),
    (blocks, ("separators",)),
    (layout, ("zones", "cut_part", "within", "glued", "caption", "captions", "links", "headings", "beside")),
    (layout, ("place_text", "place")),
    (assent, ("bar", "count_going", "pointing", "object_to", "in_frame", "spare_repeated", "vote", "hear")),
    (pieces, ("worded_like", "put_piece", "ends_here", "dash", "begins_after", "last_pieces", "pieces", "gather")),
    (heads, ("worded_start", "mixed", "counter", "labels", "heads")),
    (occurring, ("reads_as_paragraph", "looks_like", "mark_text", "occur")),
    (uniting, ("put", "unite", "points", "count_words")),
)
"""Modules of loops with their functions, each after those that it calls."""

_MODULES = tuple(dict.fromkeys(module for module, _ in _FUNCTIONS))


@functools.cache
def _compiled() -> dict[str, Any]:
    """The functions compiled; each finds those before it, compiled as well."""
    found: dict[str, Any] = {}
    for module, names in _FUNCTIONS:
        scope = compiled_functions(vars(module) | found, names)
        found |= {name: scope[name] for name in names}
    return found


@dataclass(frozen=True, slots=True)
class Scanned:
    """A batch as scan.scan reads it. table: of `rows` lines, as the reader's functions take it. tokens: of words."""

    table: Any
    rows: int
    tokens: Any

    def columns(self, *names: int) -> Table:
        """Some columns of the table: int64[rows, names]."""
        if isinstance(self.table, np.ndarray):
            return self.table[: self.rows, names].astype(np.int64)
        return np.array([[row[name] for name in names] for row in self.table[: self.rows]], np.int64).reshape(
            self.rows, len(names)
        )


class Reader:
    """Runs the loops over batches, as they stand; `CompiledReader` runs them compiled, to the same bits."""

    def __init__(self) -> None:
        self._functions: dict[str, Any] = {
            name: getattr(module, name) for module, names in _FUNCTIONS for name in names
        }
        self._tables = _lists()

    @property
    def flags(self) -> Any:
        """The table of characters."""
        return self._tables.flags

    @property
    def lower(self) -> Any:
        """The table of lower case."""
        return self._tables.lower

    @property
    def blanks(self) -> Any:
        """Which characters part words."""
        return self._tables.blanks

    def run(self, name: str, *arguments: Any) -> Any:
        """What the function `name` gives. Arrays are filled by it."""
        listed = [_listed(one) for one in arguments]
        done = self._functions[name](*listed)
        for one, filled in zip(arguments, listed, strict=True):
            if isinstance(one, np.ndarray) and one.flags.writeable and one.size:
                one[...] = filled
        return done

    def scan(self, data: Bytes, ends: Table, weights: Any) -> Scanned:
        """The lines of a batch; see scan.scan."""
        lines = int(np.count_nonzero(data == _LINE_FEED)) + 1
        table = [[0] * scan.COLUMNS for _ in range(lines)]
        tokens = [0] * (len(data) // 2 + 1)
        rooms: Any = [[0] * size for size in ROOMS]
        weights = weights.tolist() if isinstance(weights, np.ndarray) else weights
        rows, _ = self._functions["scan"](
            data.tobytes(), len(data), ends.tolist(), *_columns(self._tables), weights, table, tokens, *rooms
        )
        return Scanned(table, rows, tokens)

    def judge(self, scanned: Scanned, trees: Trees, bias: int, gate: Numbers, most: Numbers) -> Table:
        """The scores of the lines: int32[rows]. See judge.judge. trees: splits, borders, leaves."""
        rows = scanned.rows
        sums = [[0, 0, 0] for _ in range(rows + 1)]
        slots: Any = [[first] * judge.SLOTS for first in (-1, 0, 0)]
        block = [[0] * judge.BLOCK for _ in range(judge.FEATURES)]
        room: Any = [0] * judge.FEATURES, block, *([0] * judge.BLOCK for _ in range(3))
        scores = [0] * rows
        listed: Any = [part.tolist() for part in trees]
        self._functions["judge"](
            scanned.table, rows, scanned.tokens, self.flags, *listed, bias, *gate, *most, sums, *slots, *room, scores
        )
        return np.array(scores, np.int32)


class CompiledReader(Reader):
    """The same bits, a hundred times faster."""

    def __init__(self) -> None:
        self._functions = _compiled()
        self._tables = _arrays()

    def run(self, name: str, *arguments: Any) -> Any:
        return self._functions[name](*arguments)

    def scan(self, data: Bytes, ends: Table, weights: Any) -> Scanned:
        lines = int(np.count_nonzero(data == _LINE_FEED)) + 1
        table = np.empty((lines, scan.COLUMNS), np.int32)
        tokens = np.empty(len(data) // 2 + 1, np.uint32)
        rooms = [np.zeros(size, np.int64) for size in ROOMS]
        rows, _ = self._functions["scan"](
            data, len(data), ends, *_columns(self._tables), weights, table, tokens, *rooms
        )
        return Scanned(table, rows, tokens)

    def judge(self, scanned: Scanned, trees: Trees, bias: int, gate: Numbers, most: Numbers) -> Table:
        rows = scanned.rows
        sums = np.empty((rows + 1, 3), np.int64)
        slots = np.full(judge.SLOTS, -1, np.int32), np.zeros(judge.SLOTS, np.uint8), np.zeros(judge.SLOTS, np.int64)
        block = np.empty((judge.FEATURES, judge.BLOCK), np.int32)
        held, total = np.empty((2, judge.BLOCK), np.int32)
        room = np.empty(judge.FEATURES, np.int32), block, held, np.empty(judge.BLOCK, np.uint8), total
        scores = np.empty(rows, np.int32)
        self._functions["judge"](
            scanned.table, rows, scanned.tokens, self.flags, *trees, bias, *gate, *most, sums, *slots, *room, scores
        )
        return scores


def _listed(one: Any) -> Any:
    if not isinstance(one, np.ndarray):
        return one
    return one.tobytes() if one.dtype == np.uint8 and not one.flags.writeable else one.tolist()


def _columns(tables: Tables) -> tuple[Any, ...]:
    return tables.flags, tables.lower, tables.kinds, tables.words


_LINE_FEED = 10


_plain, compiled = functools.cache(Reader), functools.cache(CompiledReader)
_read = 0  # bytes that this process has read


def expect(size: int) -> None:
    """Tell that so many bytes are to come: if compiling pays for them, the next reader is compiled."""
    global _read
    _read = max(_read, size)


def reader(size: int) -> Reader:
    """What to read the next `size` bytes with: plain Python until compiling pays."""
    global _read
    _read += size
    return compiled() if is_compiled() else _plain()


def is_compiled() -> bool:
    """Whether there was, or will be, so much to read in this process that compiled loops pay."""
    return _read >= COMPILE_BYTES or (_read >= LOAD_BYTES and _is_filled())


def fill(rehearse: Callable[[], None]) -> None:
    """See compiler.fill. rehearse: cleans with all that is compiled."""
    compiler.fill(_NAME, _MODULES, rehearse)


def _is_filled() -> bool:
    global _filled
    _filled = _filled or compiler.is_filled(_NAME, _MODULES)
    return _filled


_filled = False
_NAME = "cleaning"
