"""Dates as news writes them, read into UTC with the precision they were given in.

A time without a zone is taken as UTC. A day alone, or a midnight in UTC or without a zone (which is how a day is
stored where there is no type for it), has precision `day` and stands as that day's midnight in UTC, whatever
the zone. Refused are: dates before 1600, dates more than two days ahead, months and years alone, numbers such as
01/02/2023 where the language does not tell which is the day, the moment at which computers begin to count.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from email.utils import parsedate_to_datetime
from typing import Any

from copydesk.model import Date, DateOrigin, Precision
from copydesk.pages.date_words import MONTHS, WELL_KNOWN, ZONE_NAMES, day_first, folded, primary, zone

MIN_YEAR = 1600
"""The first newspapers are of 1605."""

MAX_AHEAD = dt.timedelta(days=2)
"""Zones and clocks account for one day; a date further ahead is an embargo, an event or an error."""

MAX_LENGTH = 200
"""Characters of a string that may be a date."""

_MIN_EPOCH = 1e8
"""1973: smaller numbers are counts, years or zeros for `unknown`, not seconds since 1970."""

_ZERO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""A zero for `unknown`, where it is given as a time; the day alone may be one."""

_LONGEST_ZONE = 12
"""Characters of a zone that stands alone behind a day, with what sets it off: ` (UTC+02:00)`."""

_ISO = re.compile(
    r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"
    r"(?:[T\s]\s*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?\s*"
    r"(Z|(?:UTC|GMT)?\s?[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}|(?![AaPp][Mm]\b)[A-Za-z]{1,5})?)?(?:\[[\w/+-]+\])?",
    re.ASCII,
)
_COMPACT = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T?([0-9]{2})([0-9]{2})([0-9]{2})?(Z|[+-][0-9]{4})?)?", re.ASCII
)
_CJK = re.compile(r"([0-9]{4})\s*[年년]\s*([0-9]{1,2})\s*[月월]\s*([0-9]{1,2})\s*[日일]?", re.ASCII)
_CJK_TIME = re.compile(r"([0-9]{1,2})\s*[時时시点點]\s*([0-9]{1,2})\s*[分분]", re.ASCII)
_TIME = re.compile(
    r"(?<![0-9:/.+−-])([0-9]{1,2})(?:\s?[:.h]\s?([0-9]{2})(?![0-9])(?::([0-9]{2})(?:[.,][0-9]{1,9})?(?![0-9]))?)?\s?"
    r"(a\.?\s?m\b\.?|p\.?\s?m\b\.?|[πμ]\.?\s?μ\b\.?|[صم]\b|uhr\b|h\b)?",
    re.I,
)
_HALF_BEFORE = re.compile(r"(?:(午前|上午|凌晨|早上|오전)|午後|下午|傍晚|晚上|오후)\s*$")
"""The half of the day, where it stands before the hour: the first group is the morning."""

_OFFSET = re.compile(r"(?:\b(?:utc|gmt)\s?|(?:^|(?<=\s)))([+\-−])([0-9]{1,2}):?([0-9]{2})?\b(?![-/.][0-9])", re.I)
"""Behind the time itself, not within a second day: the -05 of 2023-05-04 is none."""

_ZONE_IN_WORDS = re.compile(
    r"[\s,(]*(?:US[\s/])?(eastern|central|mountain|pacific)"
    r"(?=\s(?:time|standard|daylight|on|(?:mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day)?)\b"
    r"|\s(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* [0-9]|\s*[|)/–]|\W*$)",
    re.I,
)
_ENGLISH_WORDS = frozenset("art cat eat pet vet west wit eastern central mountain pacific".split())
_FOREIGN_WORDS = frozenset("cet est et ist wat".split())
"""What small letters make of abbreviations of zones in English, and in other languages."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?\.?")
_NUMERIC = re.compile(r"(?<![0-9])([0-9]{1,2})\s?([./-])\s?([0-9]{1,2})\s?\2\s?([0-9]{4}|[0-9]{2})(?![0-9])", re.ASCII)
_DAY_NUMBER = re.compile(r"(?<![0-9])[0-9]{1,2}(?![0-9])", re.ASCII)
_ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th|er|º|ª|o|ste|de|e)\b|(?<=[0-9])\.(?=\s)", re.I)
_DAY_MONTH = re.compile(
    r"\b([0-9]{1,2})\s*[-/,]?\s*(?:de\s+|d['’]\s?|of\s+)?([^\W\d_]{2,})\.?,?\s*[-/]?\s*(?:del?\s+|г\.\s*)?['’]?"
    r"([0-9]{4}|[0-9]{2}\b(?!\s?[:.h][0-9]|\s?(?:[ap]\.?\s?m|uhr|hrs?|h|min)\b))",  # an hour is no year: `3 May 14:20`
    re.I,
)
_MONTH_DAY = re.compile(r"([^\W\d_]{2,})\.?\s*[-/]?\s*([0-9]{1,2})\s*[,/-]?\s*(?:of\s+|de\s+)?([0-9]{4})")
_YEAR_MONTH_DAY = re.compile(r"\b([0-9]{4})[.,]?\s*[-/]?\s*([^\W\d_]{2,})\.?\s*[-/]?\s*([0-9]{1,2})\b")
_IN_URL = (
    re.compile(r"/((?:1[89]|20)[0-9]{2})/([0-9]{1,2}|[a-z]{3,9})/([0-9]{1,2})(?=[/_.-]|$)", re.I),
    re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})[-_]([01][0-9])[-_]([0-3][0-9])(?![0-9])"),
    re.compile(r"/((?:19|20)[0-9]{2})/([01][0-9])([0-3][0-9])(?=[/_.-]|$)"),
    re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})([01][0-9])([0-3][0-9])(?![0-9])"),
)


def parse(
    value: Any,
    origin: DateOrigin,
    *,
    language: str | None = None,
    reference: dt.datetime | None = None,
) -> Date | None:
    """A date from whatever a source holds for one; None if it holds none, or one that cannot be right.

    value: ISO 8601, RFC 2822 or human words in a string; seconds, milli-, micro- or nanoseconds since 1970; a `date`,
    a `datetime`.
    language: BCP 47, decides the order of 01/02/2023. reference: the latest moment that is not the future
    (aware; default: now).
    """
    found = _from_any(value, language)
    if found is None:
        return None
    moment, precision = found
    try:
        return _checked(moment, precision, origin, reference or dt.datetime.now(dt.UTC))
    except (OverflowError, ValueError):  # year 1 or 9999, moved by a zone
        return None


def from_url(url: str | None, *, reference: dt.datetime | None = None) -> Date | None:
    """The day that a URL carries (`/2016/02/26/`, `/2016/feb/26/`, `2016-02-26`, `20160226`), origin `url`."""
    if not isinstance(url, str):
        return None
    for pattern in _IN_URL:
        for match in pattern.finditer(url[:2048].partition("?")[0]):
            year, month, day = match.groups()
            number = int(month) if month.isdigit() else MONTHS.get(folded(month), 0)
            if (moment := _day(int(year), number, int(day))) is not None:
                return parse(moment.date(), "url", reference=reference)
    return None


_Found = tuple[dt.datetime, Precision]


def _checked(moment: dt.datetime, precision: Precision, origin: DateOrigin, now: dt.datetime) -> Date | None:
    if precision != "day":
        if moment == (_ZERO if moment.tzinfo else _ZERO.replace(tzinfo=None)):
            return None
        midnight = not (moment.hour or moment.minute or moment.second or moment.microsecond)
        if midnight and not moment.utcoffset():
            precision = "day"
    if precision == "day":
        moment = dt.datetime(moment.year, moment.month, moment.day, tzinfo=dt.UTC)
    value = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    return Date(value, precision, origin) if value.year >= MIN_YEAR and value <= now + MAX_AHEAD else None


def _from_any(value: Any, language: str | None) -> _Found | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, dt.datetime):
        return _from_datetime(value)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day), "day"
    if isinstance(value, int | float):
        return _from_number(value)
    if isinstance(value, str):
        return _from_string(value, language)
    return None


def _from_datetime(value: dt.datetime) -> _Found | None:
    if value != value:  # pandas.NaT calls itself a datetime
        return None
    try:  # pandas' Timestamp is a subclass with nanoseconds: make it a plain one
        plain = dt.datetime(*value.timetuple()[:6], value.microsecond)
        offset = value.utcoffset()
        return (plain if offset is None else plain.replace(tzinfo=dt.timezone(offset))), "second"
    except (ValueError, TypeError, OverflowError):
        return None


def _from_number(value: int | float) -> _Found | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    if not math.isfinite(number) or number < _MIN_EPOCH:
        compact = _COMPACT.fullmatch(str(int(number))) if math.isfinite(number) and number == int(number) else None
        return _from_compact(compact) if compact else None
    for divisor in (1, 1e3, 1e6, 1e9):  # s, ms, µs, ns: each a thousand times the one before
        if number / divisor < 1e11:
            return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=number / divisor), "second"
    return None


def _from_string(value: str, language: str | None) -> _Found | None:
    if len(value) > 4 * MAX_LENGTH:
        return None
    text = " ".join(value.replace("\u200b", "").split())
    if not 6 <= len(text) <= MAX_LENGTH or not any(c.isdigit() for c in text):
        return None
    if match := _ISO.fullmatch(text):
        return _from_iso(match, language)
    if (match := _COMPACT.fullmatch(text)) and (found := _from_compact(match)) is not None:
        return found
    if re.fullmatch(r"[0-9]{9,19}(?:\.[0-9]{1,9})?", text, re.ASCII):
        return _from_number(float(text))
    return _from_words(text, language) or _from_mail(text) or _from_anything(text, language)


def _from_iso(match: re.Match[str], language: str | None) -> _Found | None:
    year, _, month, day, hour, minute, second, fraction, offset = match.groups()
    moment = _day(int(year), int(month), int(day))
    if moment is None or hour is None:
        return (moment, "day") if moment else None
    moment = _at(moment, int(hour), int(minute), int(second or 0))
    if moment is None:
        return None
    if fraction:
        moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    zoned = _in_zone(moment, offset, language) if offset else moment
    return zoned, "second" if second else "minute"


def _from_compact(match: re.Match[str]) -> _Found | None:
    year, month, day, hour, minute, second, offset = match.groups()
    moment = _day(int(year), int(month), int(day))
    if moment is None or not MIN_YEAR < moment.year < 2200:
        return None
    if hour is None:
        return moment, "day"
    timed = _at(moment, int(hour), int(minute), int(second or 0))
    return (_in_zone(timed, offset, None), "second" if second else "minute") if timed else None


def _from_words(text: str, language: str | None) -> _Found | None:
    """A day in words or numbers, then whatever of the rest is a time and a zone."""
    plain = _ORDINAL.sub(" ", text)
    found = _named_day(plain) or _cjk_day(plain) or _numeric_day(plain, language)
    if found is None:
        plain = text  # as it was: `06. 01. 2026` has dots of its own
        found = _numeric_day(plain, language)
    if found is None:
        return None
    moment, (start, end) = found
    after = plain[end:]
    for rest, zoned in ((after, ""), (plain[:start], after)):  # the time comes after the day, or before it
        if (timed := _with_time(moment, rest, zoned, language)) is not None:
            return timed
    return moment, "day"


def _named_day(text: str) -> tuple[dt.datetime, tuple[int, int]] | None:
    for pattern, order in ((_DAY_MONTH, "dmy"), (_MONTH_DAY, "mdy"), (_YEAR_MONTH_DAY, "ymd")):
        for match in pattern.finditer(text):
            part = dict(zip(order, match.groups(), strict=True))
            number = MONTHS.get(folded(part["m"]))
            if number and (moment := _day(_full_year(part["y"]), number, int(part["d"]))) is not None:
                return moment, match.span()
    return None


def _cjk_day(text: str) -> tuple[dt.datetime, tuple[int, int]] | None:
    match = _CJK.search(text)
    moment = match and _day(*(int(part) for part in match.groups()))
    return (moment, match.span()) if match and moment else None


def _numeric_day(text: str, language: str | None) -> tuple[dt.datetime, tuple[int, int]] | None:
    if match := re.search(
        r"(?<![0-9])(?<![0-9][-/.])(?<![0-9][-/.]\s)([0-9]{4})\s?([-/.])\s?([0-9]{1,2})\s?\2\s?([0-9]{1,2})(?![0-9])",
        text,
        re.ASCII,
    ):
        moment = _day(int(match[1]), int(match[3]), int(match[4]))
        return (moment, match.span()) if moment else None
    if (match := _NUMERIC.search(text)) is None:
        return None
    first, separator, second, year = match.groups()
    a, b = int(first), int(second)
    if a == b or separator == "." or a > 12:
        order: bool | None = True  # dots are written where the day comes first
    elif b > 12:
        order = False
    else:
        order = day_first(language)
    if order is None:
        return None
    moment = _day(_full_year(year), *((b, a) if order else (a, b)))
    return (moment, match.span()) if moment else None


def _with_time(moment: dt.datetime, rest: str, zoned: str, language: str | None) -> _Found | None:
    """The day with the time in `rest` and the zone that follows it there, or is all there is in `zoned`."""
    if match := _CJK_TIME.search(rest):
        timed = _at(moment, _hour(int(match[1]), _half("", rest[: match.start()])), int(match[2]), 0)
        return (timed, "minute") if timed else None
    for match in _TIME.finditer(rest):
        hour, minute, second, mark = match.groups()
        if minute is None and mark is None:
            continue
        number = _hour(int(hour), _half(mark or "", rest[: match.start()]))
        timed = _at(moment, number, int(minute or 0), int(second or 0))
        if timed is not None:
            behind = _zone_in(rest[match.end() :], language)
            zone_name = behind or _zone_in(zoned if len(zoned) <= _LONGEST_ZONE else "", language)
            return _in_zone(timed, zone_name, language), "second" if second else "minute"
    return None


def _half(mark: str, before: str) -> str:
    """`a` or `p` by the mark behind an hour or the words before it; empty where neither tells."""
    if found := {"a": "a", "π": "a", "ص": "a", "p": "p", "μ": "p", "م": "p"}.get(mark[:1].casefold()):
        return found
    match = _HALF_BEFORE.search(before)
    return ("a" if match[1] else "p") if match else ""


def _hour(number: int, half: str) -> int:
    """The hour of 24. One past 12 is that already, whatever half of the day is named."""
    if half == "p" and number < 12:
        return number + 12
    return 0 if half == "a" and number == 12 else number


def _zone_in(rest: str, language: str | None) -> str | None:
    """The first zone behind a time: an offset, an abbreviation in capitals; in small letters, or as an adjective
    (`Eastern Time`, `Eastern on Friday`), only right behind it, for there are words that look the same (`14:20 | Art`,
    `10:30 et`, `10:30 am, Pacific Grove`)."""
    if match := _OFFSET.search(rest):
        return match[0]
    plain = rest.replace(".", "")
    if match := _ZONE_IN_WORDS.match(plain):
        return match[1]
    words_too = _ENGLISH_WORDS if primary(language) in ("", "en") else _ENGLISH_WORDS | _FOREIGN_WORDS
    for place, match in enumerate(_WORD.finditer(plain)):
        word = match[0]
        if word.casefold() in ZONE_NAMES and (
            word.isupper() or (place < 2 and word.islower() and word not in words_too)
        ):
            return word
    return None


def _in_zone(moment: dt.datetime, name: str | None, language: str | None) -> dt.datetime:
    """The moment in the zone that is named; unchanged if none is, or one nobody knows."""
    if not name:
        return moment
    if match := re.search(r"([+\-−])([0-9]{1,2}):?([0-9]{2})?", name):
        offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if offset >= dt.timedelta(hours=24):
            return moment
        return moment.replace(tzinfo=dt.timezone(offset if match[1] == "+" else -offset))
    return moment.replace(tzinfo=zone(name, language))


def _from_mail(text: str) -> _Found | None:
    try:
        return parsedate_to_datetime(text), "second"
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_anything(text: str, language: str | None) -> _Found | None:
    """By dateparser, for languages that the above does not know; slow, so only short strings with a year, a day and a
    word in a known language."""
    if len(text) > 60 or not language or primary(language) in WELL_KNOWN:
        return None
    if not (re.search("[0-9]{4}", text) and _DAY_NUMBER.search(text) and re.search(r"[^\W\d_]{3}", text)):
        return None
    import dateparser  # type: ignore[import-untyped]  # 0.5 s, and seldom needed

    settings = {"STRICT_PARSING": True, "REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"]}
    try:
        moment = dateparser.parse(text, languages=[language.partition("-")[0].lower()], settings=settings)
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError, RecursionError):
        return None
    if moment is None:
        return None
    timed = bool(re.search("[0-9][:.h][0-9]{2}", text)) and bool(moment.hour or moment.minute)
    return moment, "minute" if timed else "day"


def _full_year(year: str) -> int:
    """Two digits are the hundred years that end next year."""
    number = int(year)
    if len(year) > 2:
        return number
    this = dt.datetime.now(dt.UTC).year + 1
    century = this - this % 100
    return century + number if century + number <= this else century - 100 + number


def _day(year: int, month: int, day: int) -> dt.datetime | None:
    try:
        return dt.datetime(year, month, day)
    except ValueError:
        return None


def _at(moment: dt.datetime, hour: int, minute: int, second: int) -> dt.datetime | None:
    if hour > 24 or (hour == 24 and (minute or second)) or minute > 59 or second > 60:
        return None
    try:
        return moment + dt.timedelta(hours=hour, minutes=minute, seconds=min(second, 59))
    except OverflowError:
        return None
