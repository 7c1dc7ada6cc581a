"""The language of a text, as a BCP 47 tag, found offline."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cleaners.kept import kept
from cleaners.reader import is_compiled
from copydesk.text import loops
from copydesk.text.common_words import language_of, languages_of

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

MIN_LETTERS = 40
"""Below this a text tells nothing: a hint decides, or nobody."""

OVERRULE_LETTERS = 200
"""A hint is overruled by a text of at least this many letters ..."""

MIN_PROBABILITY = 0.8
OVERRULE_PROBABILITY = 0.999
"""... and this sure an answer. Many sites say `en` in every page of their template, whatever the page holds."""

SAMPLE = 1500
"""Characters that are looked at, from the middle of a longer text, where there is less boilerplate than at its ends."""

GLANCE = 400
"""Characters that are looked at first: as a rule they leave no doubt, at a quarter of the cost."""

LONG_LOOK = 8000
"""Characters in which common words are looked for at last: still at a fraction of what the classifier costs."""

_TAG = re.compile(
    r"([a-z]{2,3})(-[a-z]{4})?(-(?:[a-z]{2}|[0-9]{3}))?((?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}|[a-z]-[a-z0-9]{2,8}))*)",
    re.ASCII,
)

_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())

_UNSPACED = re.compile("[\u0e00-\u0eff\u2e80-\ud7ff]+")

_NAMES = {
    "arabic": "ar", "bengali": "bn", "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "croatian": "hr",
    "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "finnish": "fi", "french":
    "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "indonesian": "id",
    "italian": "it", "japanese": "ja", "korean": "ko", "latvian": "lv", "lithuanian": "lt", "malay": "ms",
    "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru",
    "serbian": "sr", "slovak": "sk", "slovenian": "sl", "spanish": "es", "swedish": "sv", "tamil": "ta", "thai":
    "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi", "deutsch": "de", "español":
    "es", "français": "fr", "italiano": "it", "português": "pt", "nederlands": "nl",
}  # fmt: skip

_THREE_LETTERS = {
    "ara": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "cze": "cs", "chi": "zh", "zho": "zh", "dan": "da",
    "deu": "de", "ger": "de", "dut": "nl", "nld": "nl", "ell": "el", "gre": "el", "eng": "en", "est": "et", "fas": "fa",
    "per": "fa", "fin": "fi", "fra": "fr", "fre": "fr", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id",
    "ita": "it", "jpn": "ja", "kor": "ko", "lav": "lv", "lit": "lt", "may": "ms", "msa": "ms", "nor": "no", "nob": "nb",
    "nno": "nn", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk", "slo": "sk", "slv": "sl",
    "spa": "es", "srp": "sr", "swe": "sv", "tam": "ta", "tha": "th", "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi",
}  # fmt: skip
"""ISO 639-2 and 639-3 codes of languages that BCP 47 wants in two letters."""

_OLD = {"iw": "he", "in": "id", "ji": "yi", "jp": "ja", "gr": "el", "cn": "zh", "kr": "ko", "ua": "uk", "cz": "cs"}
"""Codes that were withdrawn, and countries mistaken for languages."""

_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis", "xx", "utf", "nan", "null", "none"})

_ALIKE = (
    frozenset({"no", "nb", "nn", "da"}),
    frozenset({"hr", "bs", "sr", "sh", "sl", "cnr"}),
    frozenset({"id", "ms", "jv", "su"}),
    frozenset({"pt", "gl"}),
    frozenset({"cs", "sk"}),
    frozenset({"zh", "yue", "cmn"}),
    frozenset({"af", "nl", "li", "fy"}),
    frozenset({"hi", "mr", "ne"}),
    frozenset({"fa", "ps", "ur", "ckb", "prs"}),
    frozenset({"tl", "fil"}),
    frozenset({"ca", "oc"}),
    frozenset({"mo", "ro"}),
    frozenset({"bg", "mk"}),
)
"""Languages that the detector takes for one another: between these a hint is believed."""


def detect(text: str, hint: str | None = None) -> str | None:
    """The language of a text as a BCP 47 tag, or None where neither text nor hint tells.

    hint: what the record or the page says, a tag or a name (`en_us`, `eng`, `English`). It wins, region and all,
    unless the text is long and plainly in another language.
    """
    return detect_all([text], [hint])[0]


def detect_all(texts: Sequence[str], hints: Sequence[str | None]) -> list[str | None]:
    """`detect` for many texts at once, with a hint for each."""
    samples = [_sample(text, SAMPLE) for text in texts]
    plain = _by_common_words(texts, samples)
    told = list(map(normalized, hints))
    enough = _have_letters(samples, [OVERRULE_LETTERS if hint else MIN_LETTERS for hint in told])
    return [
        _settled(hint, *((word, 1.0) if word else _by_classifier(sample))) if speaks else hint
        for sample, hint, word, speaks in zip(samples, told, plain, enough, strict=True)
    ]


def _by_common_words(texts: Sequence[str], samples: Sequence[str]) -> list[str | None]:
    """The language of each text, if its commonest words tell it: those of a glance, of its sample, of a long look."""
    found = languages_of(list(map(_glance, samples)))
    for look in (lambda place: samples[place], lambda place: _sample(texts[place], LONG_LOOK)):
        unknown = [place for place, told in enumerate(found) if told is None]
        for place, told in zip(unknown, languages_of(list(map(look, unknown))), strict=True):
            found[place] = told
    return found


def _by_classifier(sample: str) -> tuple[str, float]:
    """The language of a sample, and how sure it is."""
    found, probability = _classified(_glance(sample))
    return _classified(sample) if probability < OVERRULE_PROBABILITY else (found, probability)


def _settled(told: str | None, found: str, probability: float) -> str | None:
    """The language of a text that is found in it, where a hint has told one, or None."""
    if told is None:
        return found if probability >= MIN_PROBABILITY else None
    base = told.partition("-")[0]
    if base == found or probability < OVERRULE_PROBABILITY or base not in _known():
        return told
    return told if any(base in group and found in group for group in _ALIKE) else found


def normalized(tag: str | None) -> str | None:
    """A tag as BCP 47 spells it (`pt-BR`, `zh-Hant-TW`), of tags and names as they are found; None if it is neither."""
    if not isinstance(tag, str):
        return None
    return _normalized(tag)


@lru_cache(maxsize=1024)  # of few
def _normalized(tag: str) -> str | None:
    plain = re.split(r"[,;.@(]", tag.strip().casefold().replace("_", "-"), maxsplit=1)[0].strip()
    plain = _NAMES.get(plain.partition(" ")[0], plain)
    match = _TAG.fullmatch(plain)
    if match is None:
        return None
    language = _THREE_LETTERS.get(match[1], _OLD.get(match[1], match[1]))
    if language in _NO_LANGUAGE:
        return None
    return language + (match[2] or "").title() + (match[3] or "").upper() + (match[4] or "")


def _sample(text: str, size: int) -> str:
    start = max(0, (len(text) - size) // 2)
    return text[start : start + size]


def _glance(sample: str) -> str:
    """A glance at the sample of a text."""
    return _sample(sample, GLANCE)


def _have_letters(samples: Sequence[str], counts: Sequence[int]) -> list[bool]:
    """Whether each has so many letters: as a rule a glance at those of ASCII tells."""
    glances = [
        sample[: 2 * count].encode("ascii", "ignore").translate(None, _NO_LETTERS)
        for sample, count in zip(samples, counts, strict=True)
    ]
    return [
        len(glance) >= count or _letters(sample) >= count
        for glance, sample, count in zip(glances, samples, counts, strict=True)
    ]


def _letters(text: str) -> int:
    """How many letters; one of an unspaced script says as much as several of an alphabet."""
    if text.isascii():
        return len(text.encode().translate(None, _NO_LETTERS))
    return sum(map(str.isalpha, text)) + 3 * sum(map(len, _UNSPACED.findall(text)))


def _classified(text: str) -> tuple[str, float]:
    # The identifier keeps no state between texts, but its first use builds it.
    plain = re.sub(r"https?://\S+|\S+@\S+", " ", text).encode("utf-8", "replace").decode("utf-8")
    language, probability = _identifier().classify(plain)
    return str(language), float(probability)


@cache
def _known() -> frozenset[str]:
    """The languages that the detector could have said at all: of others a hint cannot be doubted."""
    return frozenset(map(str, _identifier().nb_classes))


_LOCK = threading.Lock()


@cache
def _loaded() -> LanguageIdentifier:
    # Imported and loaded when first needed. Unpacking the model takes 0.4 s: it is kept unpacked.
    from py3langid import langid, modelio

    path = langid.MODEL_DIR / langid.MODEL_FILE
    names = "ptc", "pc", "classes", "nextmove", "row", "output"
    of = version("py3langid"), str(path.stat().st_size)
    found = kept("language", of, lambda: dict(zip(names, map(np.asarray, modelio.load_model(path)), strict=True)))
    ptc, pc, classes, nextmove, row, output = (found[name] for name in names)
    walk = nextmove.data  # 40 MB, of which little is ever read
    rows = row.tolist()

    class Identifier(langid.LanguageIdentifier):  # type: ignore[misc]
        __slots__ = ()

        def _raw_score(self, text: bytes) -> npt.NDArray[np.float32]:
            """Its own, in half the time."""
            if not is_compiled():
                return np.asarray(super()._raw_score(text))
            data = np.frombuffer(text, np.uint8)
            counts, order = np.zeros(len(ptc), np.uint32), np.empty(len(data), np.intp)
            met = order[: loops.compiled("visit")(data, nextmove, row, output, counts, order)]
            scores = np.log1p(counts[met].astype(np.float32)) @ ptc[met] + pc
            return scores if len(met) else np.zeros_like(pc)  # as it has it for probabilities

    return Identifier(ptc, pc, classes.tolist(), walk, output.tolist(), norm_probs=True, tk_row=rows)


def warm() -> None:
    """Load the classifier, so that processes that are forked from this one have it."""
    _identifier()


def rehearse() -> None:
    """Run what is compiled once, so that this process has it."""
    language_of("")
    _classified("")


def _identifier() -> LanguageIdentifier:
    with _LOCK:  # two threads would load it twice
        return _loaded()
