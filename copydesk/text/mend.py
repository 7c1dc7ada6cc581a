"""Mending of text: what went wrong with it before us. It mends and does not restyle."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import chain, zip_longest

import numpy as np
import numpy.typing as npt

from cleaners.reader import is_compiled
from copydesk.text import loops

_PLAIN = bytes([9, 10, *range(32, 127)])
_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_ESCAPES = re.compile("\x1b(?:\\[[0-9;:?]{0,64}[@-~]|\\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\\\)?)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")

# Never seen and of no use: soft hyphen, word joiner, invisible operators, deprecated format characters, interlinear
# annotation, object replacement, byte-order mark.
_NEVER = "\u00ad\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffc"
# Of use in writing from right to left only.
_BIDI = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
# Joiners (U+200C, U+200D) shape Arabic, Indic and South-East Asian scripts and emoji.
_JOINED = (
    "\u0590-\u08ff\u0900-\u109f\u1700-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe00-\ufe0f\ufe70-\ufefc"
    "\u2190-\u2bff\u3030\u303d\u200c\u200d\U00010a00-\U00011fff\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
# A zero-width space parts words in Thai, Lao, Burmese and Khmer.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf"
_INVISIBLE_LTR = re.compile(
    f"[{_NEVER}{_BIDI}]"
    f"|(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"
    f"|(?<![{_UNSPACED}])\u200b|\u200b(?![{_UNSPACED}])"
)
_INVISIBLE_RTL = re.compile(_INVISIBLE_LTR.pattern.replace(_BIDI, "", 1))
_MAY_BE_INVISIBLE = frozenset(
    chr(code)
    for first, last in (
        (0xAD, 0xAD), (0x61C, 0x61C), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF),
        (0xFFF9, 0xFFFC),
    )
    for code in range(first, last + 1)
)  # fmt: skip
_NEWLINE_SET = frozenset("\r\x0b\x0c\x85\u2028\u2029")
_CONTROL_SET = frozenset(map(chr, [*range(9), *range(14, 32), *range(127, 160)]))


def mend(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with what was broken before us mended, and the names of what was.

    surrogates: halves of UTF-16 pairs are joined, or become U+FFFD. mojibake: text decoded in the wrong charset, by
    ftfy (Speer, https://ftfy.readthedocs.io; its repair of encodings only, line by line). terminal-escapes, newlines
    (all become LF), control-characters, invisible-characters. Quotes, dashes, ligatures, widths, entities and
    normal forms stay. mend(mend(text)) is mend(text) but for mojibake in layers.
    """
    repaired: list[str] = []
    try:
        data = text.encode()
    except UnicodeEncodeError:
        text = _SURROGATE.sub("\ufffd", _PAIR.sub(_join, text))
        data = text.encode()
        repaired.append("surrogates")
    odd = data.translate(None, _PLAIN)
    if not odd:
        return text, tuple(repaired)
    characters = frozenset(odd.decode())

    def apply(name: str, change: Callable[[str], str]) -> None:
        nonlocal text
        changed = change(text)
        if changed != text:
            text = changed
            repaired.append(name)

    runs = _suspicious_runs(data, characters)
    if runs:
        apply("mojibake", lambda text: _unscramble(text, runs))
        if "mojibake" in repaired:
            odd = text.encode("utf-8", "surrogatepass").translate(None, _PLAIN)
            characters = frozenset(odd.decode("utf-8", "surrogatepass"))
    if "\x1b" in characters:
        apply("terminal-escapes", lambda text: _ESCAPES.sub("", text))
    if characters & _NEWLINE_SET:
        apply("newlines", lambda text: _NEWLINES.sub("\n", text))
    if characters & _CONTROL_SET:
        apply("control-characters", lambda text: _CONTROL.sub("", text))
    if characters & _MAY_BE_INVISIBLE:
        pattern = _INVISIBLE_RTL if _RIGHT_TO_LEFT.search(text) else _INVISIBLE_LTR
        apply("invisible-characters", lambda text: pattern.sub("", text))
    return text, tuple(repaired)


def mend_all(texts: Sequence[str]) -> list[tuple[str, tuple[str, ...], bytes]]:
    """`mend` for many texts at once, with what they are in UTF-8: of most one loop tells that all is well."""
    if not is_compiled():
        return [_with_bytes(text) for text in texts]
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    doubted = np.empty(len(texts), np.bool_)
    ends = np.cumsum(np.array(list(map(len, encoded)), np.int64))
    loops.compiled("doubt_each")(np.frombuffer(b"".join(encoded), np.uint8), ends, _kinds(), doubted)
    return [
        _with_bytes(text) if doubt else (text, (), data)
        for text, data, doubt in zip(texts, encoded, doubted.tolist(), strict=True)
    ]


def _with_bytes(text: str) -> tuple[str, tuple[str, ...], bytes]:
    mended, repaired = mend(text)
    return mended, repaired, mended.encode()


def rehearse() -> None:
    """Run what is compiled once, so that this process has it."""
    mend_all([""])


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """Bits of characters, see loops.in_doubt. A run that is no letter or sign alone holds no mojibake."""
    kinds = np.zeros(1 << 16, np.uint8)
    kinds[list(map(ord, _LETTERS_AND_SIGNS))] = loops.BESIDE
    wrong = _SIGNS | _NEWLINE_SET | _CONTROL_SET | _MAY_BE_INVISIBLE | frozenset(map(chr, range(0xD800, 0xE000)))
    kinds[list(map(ord, wrong))] = loops.WRONG
    return kinds


def _join(pair: re.Match[str]) -> str:
    high, low = map(ord, (pair[0][0], pair[0][1]))
    return chr(0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00))


# Characters of which ftfy.badness needs at least one to find mojibake, but for accented letters, which are looked at
# in context: C1 controls; signs that hardly occur but in mojibake; box drawing; what UTF-8 becomes in other charsets.
_SIGNS = frozenset(
    [chr(code) for code in range(0x80, 0xA0)]
    + list("¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊\ufffdªº")
    + list("│┌┐┘├┤┬┼═║╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬▀▄█▌▐░▒▓")
    + list("ÂÃÎÐØÙâ√≈‚ЂœŒ×")
)
_BESIDE_ACCENT = re.compile("[\u00c0-\u024f][^\u00c0-\u024f]|[^\u00c0-\u024f][\u00c0-\u024f]|[ВГРСΒΓΞΟ][°µ±]")
_TO_SPACE = bytes(32 if code < 128 else code for code in range(256))


def _suspicious_runs(data: bytes, characters: frozenset[str]) -> list[str]:
    """The runs in which mojibake is likely enough to ask ftfy, at a tenth of the cost of ftfy.badness.

    Wider than ftfy.badness but for letters only that are mojibake of each other, which it alone would notice.

    data: the text as UTF-8. What is not ASCII stands in runs; most runs are one accented letter or a quote.
    """
    if characters.isdisjoint(_LETTERS_AND_SIGNS):
        return []
    return [run.decode() for run in set(data.translate(_TO_SPACE).split()) if _suspicious_run(run)]


_LETTERS_AND_SIGNS = _SIGNS | frozenset(map(chr, range(0xC0, 0x250))) | frozenset("°µ±")


def _suspicious_run(run: bytes) -> bool:
    # A run of Chinese may be an article long: the cache shall not keep those.
    return _judged(run) if len(run) <= _LONGEST_CACHED else _judged.__wrapped__(run)


@lru_cache(maxsize=65536)
def _judged(run: bytes) -> bool:
    text = run.decode()
    if not _SIGNS.isdisjoint(text):
        return True
    return len(text) > 1 and not text.isalpha() and bool(_BESIDE_ACCENT.search(text))


_LONGEST_CACHED = 64
_MANY_RUNS = 32
# General punctuation in UTF-8 (E2 80 90 to E2 80 BF) that has lost its first byte: U+2019 as U+0080 U+0099.
_LOST_LEAD = re.compile("(?<!\u00e2)\x80([\x90-\x9f\u00a6\u00b2\u00b9\u00ba])")


# ASCII that is far from other characters: ftfy looks at a few around each, and reads slowly.
_NEAR = 16
_LONG_RUN = re.compile(f"(?<![\0-\x7f])[\0-\x7f]{{{2 * _NEAR + 1},}}")


def _unscramble(text: str, runs: list[str]) -> str:
    """The text with mojibake undone in the lines that hold any of the runs."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not line.isascii() and (len(runs) > _MANY_RUNS or any(run in line for run in runs)):
            line = _LOST_LEAD.sub(lambda found: chr(0x2000 + ord(found[1]) - 0x80), line)
            lines[number] = _fixed(line)
    return "\n".join(lines)


def _fixed(line: str) -> str:
    """What ftfy makes of a line, shown to it with line breaks in place of what is far."""
    import ftfy  # 100 ms

    far: list[str] = []

    def cut(run: re.Match[str]) -> str:
        far.append(run[0][_NEAR:-_NEAR])
        return f"{run[0][:_NEAR]}\n{run[0][-_NEAR:]}"

    near = ftfy.fix_encoding(_LONG_RUN.sub(cut, line), ftfy.TextFixerConfig(explain=False)).split("\n")
    return "".join(chain.from_iterable(zip_longest(near, far, fillvalue="")))
