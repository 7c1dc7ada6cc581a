"""The shingles of texts: what they are compared by.

A shingle is three tokens in a row, hashed to 64 bits: the three tokens' hashes combined linearly, then mixed. A cut
copy keeps the lead and may share little of the whole, so the shingles of the first 60 tokens are told apart.

Source: Broder, On the resemblance and containment of documents (1997).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaners.arrays import I64, U64
from copydesk.sketches import compiled, loops, token_loops
from copydesk.sketches.loops import NGRAM
from copydesk.sketches.tokens import Tables, normalize, tables_of_normal, tables_of_raw, token_hashes

Strings: TypeAlias = Sequence[str] | pa.Array
"""Strings, or an Arrow array of large_string without nulls."""

LEAD_TOKENS = 60
LEAD_SHINGLES = LEAD_TOKENS - NGRAM + 1

COLUMNS = pa.schema(
    [
        pa.field("shingles", pa.large_list(pa.uint64())),  # distinct, those of the lead first
        pa.field("lead", pa.int64()),  # how many of them are of the lead
    ]
)

_LONGEST = 1 << 20  # tokens; of what is longer the sets of the compiled loops would take too much room


@dataclass(frozen=True, slots=True)
class Tokens:
    """The token hashes of n texts: of text i those in hashes[starts[i]:ends[i]]. Their order in `hashes` is free."""

    hashes: U64
    starts: I64
    ends: I64

    def __len__(self) -> int:
        return len(self.ends)


@dataclass(frozen=True, slots=True)
class Shingles:
    """The distinct shingles of n texts: of text i values[starts[i]:ends[i]], those of its lead first, up to
    lead_ends[i]. The order of the others is free."""

    values: U64
    starts: I64
    lead_ends: I64
    ends: I64

    def __len__(self) -> int:
        return len(self.ends)

    def of(self, text: int) -> U64:
        return self.values[self.starts[text] : self.ends[text]]

    @property
    def sizes(self) -> I64:
        """How many there are of each text."""
        return self.ends - self.starts

    def table(self) -> pa.Table:
        """A row a text: COLUMNS. For shingles that lie in order, as `shingle` gives them."""
        offsets = pa.array(np.concatenate([self.starts[:1], self.ends]) if len(self) else np.zeros(1, np.int64))
        lists = pa.LargeListArray.from_arrays(offsets, pa.array(self.values))
        return pa.table([lists, pa.array(self.lead_ends - self.starts)], schema=COLUMNS)

    @classmethod
    def of_batch(cls, batch: pa.RecordBatch) -> Shingles:
        """From a batch of COLUMNS, without copying its values."""
        lists = batch.column(0)
        offsets = np.asarray(lists.offsets, np.int64)
        return cls(np.asarray(lists.values), offsets[:-1], offsets[:-1] + np.asarray(batch.column(1)), offsets[1:])

    @classmethod
    def joined(cls, first: Shingles, second: Shingles) -> Shingles:
        """Those of the texts of `first`, then those of `second`."""
        at = len(first.values)
        pairs = ((getattr(first, name), getattr(second, name) + at) for name in ("starts", "lead_ends", "ends"))
        return cls(np.concatenate([first.values, second.values]), *(np.concatenate(pair) for pair in pairs))


def shingle(texts: Strings) -> Shingles:
    """The shingles of a batch of texts."""
    return shingles_of(tokenize(texts))


def tokenize(texts: Strings) -> Tokens:
    """The tokens of a batch of texts."""
    data, offsets = _utf8(texts)
    ready = compiled.loops_for(len(data))
    if ready is None:
        return _gathered([token_hashes(text) for text in _strings(data, offsets)])
    return _tokenized(ready, data, offsets)


def text_hashes(tokens: Tokens, texts: Strings) -> list[bytes | None]:
    """A hash of 16 bytes of each text's tokens; of a text without any (emoji, punctuation) of the text itself; None for
    an empty text.

    Of tokens it is the sum of their hashes, each mixed with its place, and that sum with the odd numbers as weights.
    """
    digests = np.empty((len(tokens), 2), np.uint64)
    ready = compiled.loops_for(0)
    if ready is not None:
        ready.digest_all(tokens.hashes, tokens.starts, tokens.ends, digests)
    else:
        _digest(tokens, digests)
    raw = digests.astype(">u8").tobytes()
    found: list[bytes | None] = [raw[at : at + 16] for at in range(0, len(raw), 16)]
    for i in np.flatnonzero(tokens.starts == tokens.ends).tolist():
        text = texts[i].as_py() if isinstance(texts, pa.Array) else texts[i]
        content = text.strip().encode("utf-8", "surrogatepass")
        found[i] = hashlib.blake2b(content, digest_size=16).digest() if content else None
    return found


def shingles_of(tokens: Tokens) -> Shingles:
    """The shingles of texts whose tokens are known."""
    ready = compiled.loops_for(0)
    counts = tokens.ends - tokens.starts
    if ready is None or counts.max(initial=0) > _LONGEST:
        return _shingled(tokens)
    values = np.empty(int(np.maximum(counts - NGRAM + 1, 0).sum()), np.uint64)
    ends, lead_ends = np.empty(len(tokens), np.int64), np.empty(len(tokens), np.int64)
    slots = np.empty(_slots(int(counts.max(initial=0))), np.uint64)
    ready.shingle_all(tokens.hashes, tokens.starts, tokens.ends, slots, values, LEAD_SHINGLES, ends, lead_ends)
    return Shingles(values[: int(ends[-1]) if len(ends) else 0], _starts(ends), lead_ends, ends)


def _slots(most: int) -> int:
    """Of a set of `most` values in the compiled loops: twice as many and more, a power of two."""
    return 1 << max(1, 2 * most - 1).bit_length()


def shared(shingles: Shingles, a: I64, b: I64) -> I64:
    """What pairs (a[i], b[i]) of the texts have in common: int64[n, 3], how many distinct shingles, how many of a's
    lead that b has, and of b's lead that a has. Pairs of one `a` in a row are quickest."""
    found = np.zeros((len(a), 3), np.int64)
    ready = compiled.loops_for(0)
    most = int(shingles.sizes[a].max(initial=0))
    if ready is not None and most <= _LONGEST:
        room = np.empty(_slots(most), np.uint64), np.empty(_slots(most), np.int64)
        s = shingles
        ready.compare(s.values, s.starts, s.lead_ends, s.ends, a, b, *room, found)
        return found
    leads = shingles.lead_ends - shingles.starts
    for i, (one, two) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        first, second = shingles.of(one), shingles.of(two)
        in_second = np.isin(first, second)
        found[i] = in_second.sum(), in_second[: leads[one]].sum(), np.isin(second[: leads[two]], first).sum()
    return found


# ---- tokens --------------------------------------------------------------------------------------------------------


def _tokenized(ready: SimpleNamespace, data: npt.NDArray[np.uint8], offsets: I64) -> Tokens:
    """As they are; those beyond the tables normalized; those beyond the tables still (rare scripts) in plain Python."""
    found, beyond = _read(ready, data, offsets, tables_of_raw())
    if not len(beyond):
        return found
    texts = _strings(data, offsets, beyond)
    more, rare = _read(ready, *_utf8([normalize(text) for text in texts]), tables_of_normal())
    found = _with(found, beyond, more)
    return _with(found, beyond[rare], _gathered([token_hashes(texts[i]) for i in rare.tolist()]))


def _read(ready: SimpleNamespace, data: npt.NDArray[np.uint8], offsets: I64, tables: Tables) -> tuple[Tokens, I64]:
    """The tokens of texts, and the numbers of those beyond the tables, for which there are none."""
    count = len(offsets) - 1
    data = data.view()
    data.setflags(write=False)  # as loops.rehearse gives it: of what can be written to it would be compiled anew
    hashes = np.empty(len(data) // 2 + 2 * count, np.uint64)
    ends = np.empty(count, np.int64)
    room = token_loops.scratch()
    used = int(ready.tokenize_all(data, offsets, tables.kinds, tables.folds, tables.seconds, room, hashes, ends))
    beyond = np.flatnonzero(ends < 0)
    ends[beyond] = -1 - ends[beyond]
    return Tokens(hashes[:used], _starts(ends), ends), beyond


def _with(tokens: Tokens, places: I64, more: Tokens) -> Tokens:
    """`tokens` with `more` in these places."""
    tokens.starts[places], tokens.ends[places] = more.starts + len(tokens.hashes), more.ends + len(tokens.hashes)
    return Tokens(np.concatenate([tokens.hashes, more.hashes]), tokens.starts, tokens.ends)


def _gathered(found: Sequence[U64]) -> Tokens:
    ends = np.cumsum([len(hashes) for hashes in found], dtype=np.int64)
    return Tokens(np.concatenate([np.empty(0, np.uint64), *found]), _starts(ends), ends)


def _starts(ends: I64) -> I64:
    return np.concatenate([np.zeros(1, np.int64), ends])[: len(ends)]


def _utf8(texts: Strings) -> tuple[npt.NDArray[np.uint8], I64]:
    """The texts' bytes, one after the other, and where each begins, and the last ends."""
    if isinstance(texts, pa.Array):
        _, at, content = texts.buffers()
        offsets = np.frombuffer(at, np.int64, len(texts) + 1, 8 * texts.offset) if len(texts) else np.zeros(1, np.int64)
        data = np.frombuffer(content, np.uint8) if content is not None else np.empty(0, np.uint8)
        return data[: offsets[-1]][offsets[0] :], offsets - offsets[0]
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


def _strings(data: npt.NDArray[np.uint8], offsets: I64, wanted: I64 | None = None) -> list[str]:
    content = memoryview(data)  # type: ignore[arg-type]
    numbers = range(len(offsets) - 1) if wanted is None else wanted.tolist()
    return [str(content[offsets[i] : offsets[i + 1]], "utf-8", "surrogatepass") for i in numbers]


# ---- in plain Python -----------------------------------------------------------------------------------------------


def _digest(tokens: Tokens, digests: U64) -> None:
    for i, (start, end) in enumerate(zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)):
        places = np.arange(1, 2 * (end - start), 2, dtype=np.uint64)
        mixed = loops.fmix64(tokens.hashes[start:end] + places * loops.PRIME_1)
        digests[i] = mixed.sum(dtype=np.uint64), (mixed * places).sum(dtype=np.uint64)


def _shingled(tokens: Tokens) -> Shingles:
    values, leads = [np.empty(0, np.uint64)], []
    for start, end in zip(tokens.starts, tokens.ends, strict=True):
        in_order = _shingle_hashes(tokens.hashes[start:end])
        lead = np.array(list(dict.fromkeys(in_order[:LEAD_SHINGLES].tolist())), np.uint64)
        rest = np.sort(in_order[LEAD_SHINGLES:])
        new = np.concatenate([np.ones(min(1, len(rest)), np.bool_), rest[1:] != rest[:-1]])
        new &= ~np.isin(rest, lead)
        values += [lead, rest[new]]
        leads.append(len(lead))
    ends = np.cumsum([len(found) for found in values[1:]], dtype=np.int64)[1::2]
    starts = _starts(ends)
    return Shingles(np.concatenate(values), starts, starts + np.array(leads, np.int64), ends)


def _shingle_hashes(hashes: U64) -> U64:
    count = len(hashes) - NGRAM + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    mixed = hashes[:count] * loops.PRIME_1
    mixed += hashes[1 : 1 + count] * loops.PRIME_2
    mixed += hashes[2 : 2 + count] * loops.PRIME_3
    found: U64 = np.maximum(loops.fmix64(mixed), np.uint64(1))
    return found
