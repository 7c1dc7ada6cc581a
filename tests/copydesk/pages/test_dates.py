"""Dates: every spelling that news uses, its zone, its precision; nothing that is no date."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.pages import dates
from copydesk.pages.date_words import MONTHS, zone

NOW = dt.datetime(2025, 6, 1, tzinfo=dt.UTC)


def read(value: Any, language: str | None = None) -> tuple[str, str] | None:
    found = dates.parse(value, "text", language=language, reference=NOW)
    return (found.value.strftime("%Y-%m-%dT%H:%M:%S"), found.precision) if found else None


@pytest.mark.parametrize(
    ("value", "language", "moment", "precision"),
    [
        ("2023-02-01", None, "2023-02-01T00:00:00", "day"),
        ("2023-2-1", None, "2023-02-01T00:00:00", "day"),
        ("2023/02/01", None, "2023-02-01T00:00:00", "day"),
        ("2016-02-26T10:15:00-05:00", None, "2016-02-26T15:15:00", "second"),
        ("2016-02-26T10:15:00.123+0530", None, "2016-02-26T04:45:00", "second"),
        ("2016-02-26T10:15Z", None, "2016-02-26T10:15:00", "minute"),
        ("2016-02-26 10:15:07", None, "2016-02-26T10:15:07", "second"),
        ("2016-02-26 10:15 PM", None, "2016-02-26T22:15:00", "minute"),
        ("2016-02-26T10:15:00-05:00[America/New_York]", None, "2016-02-26T15:15:00", "second"),
        ("2016-02-26T24:00:00Z", None, "2016-02-27T00:00:00", "day"),
        ("20160226", None, "2016-02-26T00:00:00", "day"),
        ("20160226T101500Z", None, "2016-02-26T10:15:00", "second"),
        ("20160226T101500-0500", None, "2016-02-26T15:15:00", "second"),
        ("2016. 2. 26. 오후 3:15", "ko", "2016-02-26T15:15:00", "minute"),
        ("2016. 02. 26. 10:15", "hu", "2016-02-26T10:15:00", "minute"),
        ("26. 2. 2016. 10.15", "hr", "2016-02-26T10:15:00", "minute"),
        ("10:15 a.m. Eastern on February 26, 2016", "en", "2016-02-26T15:15:00", "minute"),
        ("10:15 a.m. Eastern Friday, February 26, 2016", "en", "2016-02-26T15:15:00", "minute"),
        ("February 26, 2016 at 10:15 AM Eastern | Updated 11:00", "en", "2016-02-26T15:15:00", "minute"),
        ("February 26, 2016 10:15 AM US/Eastern", "en", "2016-02-26T15:15:00", "minute"),
        ("Fri, 26 Feb 2016 10:15:00 -0500", None, "2016-02-26T15:15:00", "second"),
        ("Fri Feb 26 2016 10:15:00 GMT-0500 (Eastern Standard Time)", None, "2016-02-26T15:15:00", "second"),
        ("September 9, 2023 at 10:15 AM EDT", None, "2023-09-09T14:15:00", "minute"),
        ("Sept. 9, 2023, 10:15 a.m. ET", None, "2023-09-09T14:15:00", "minute"),
        ("Dec. 9, 2023, 10:15 a.m. ET", None, "2023-12-09T15:15:00", "minute"),
        ("Published 5 AM PT, Jan. 12, 2019", None, "2019-01-12T13:00:00", "minute"),
        ("12 AM March 3, 2020 EST", None, "2020-03-03T05:00:00", "minute"),
        ("10:30, 3 March 2020 (UTC+02:00)", None, "2020-03-03T08:30:00", "minute"),
        ("9:00 am 3 March 2020, read by Edna Stone", None, "2020-03-03T09:00:00", "minute"),
        ("12:05 am, 3rd March 2020", None, "2020-03-03T00:05:00", "minute"),
        ("3 March 2020 10:30 | Art & Culture", "en", "2020-03-03T10:30:00", "minute"),
        ("3 March 2020 10:30 am in the West", "en", "2020-03-03T10:30:00", "minute"),
        ("3 March 2020 10:30 am, Pacific Grove", "en", "2020-03-03T10:30:00", "minute"),
        ("3 March 2020 10:30 am Pacific Standard Time", "en", "2020-03-03T18:30:00", "minute"),
        ("3 March 2020 10:30 am (U.S. Eastern)", "en", "2020-03-03T15:30:00", "minute"),
        ("3 March 2020 10:30 am est", "en", "2020-03-03T15:30:00", "minute"),
        ("3 mars 2020 à 10h30 et après", "fr", "2020-03-03T10:30:00", "minute"),
        ("3. März 2020, 10:30 Uhr mez", "de", "2020-03-03T09:30:00", "minute"),
        ("3 марта 2020, 10:15 по мск", "ru", "2020-03-03T07:15:00", "minute"),
        ("3 March 2020 5:05 p.m. | Updated 6:12 p.m. EST", "en", "2020-03-03T22:05:00", "minute"),
        ("3 March 2020 10:30, updated 2020-03-04 11:00", None, "2020-03-03T10:30:00", "minute"),
        ("2020-03-03T10:30:00Z, 2020-03-04T11:00:00Z", None, "2020-03-03T10:30:00", "second"),
        ("2020-03-03 10:30:00.123 PM -0500", None, "2020-03-04T03:30:00", "second"),
        ("3 March 2020, 10:30:00.123+02:00", None, "2020-03-03T08:30:00", "second"),
        ("9 September 2023 14.30 BST", None, "2023-09-09T13:30:00", "minute"),
        ("Mon, Jul 10, 2023 07:47 PM IST", None, "2023-07-10T14:17:00", "minute"),
        ("10 July 2023 9:00 AEST", None, "2023-07-09T23:00:00", "minute"),
        ("Fri 9 Sep 2022 12.30 CEST", None, "2022-09-09T10:30:00", "minute"),
        ("9 сентября 2023, 10:15 МСК", "ru", "2023-09-09T07:15:00", "minute"),
        ("07-Mar-2020", None, "2020-03-07T00:00:00", "day"),
        ("7 Mar 20 10:15", None, "2020-03-07T10:15:00", "minute"),
        ("9 de septiembre de 2023", "es", "2023-09-09T00:00:00", "day"),
        ("12. März 2021, 14:30 Uhr", "de", "2021-03-12T14:30:00", "minute"),
        ("06. 01. 2021, 14:59 Uhr Lesedauer: 4 Minuten", "de", "2021-01-06T14:59:00", "minute"),
        ("le 5 août 2023 à 14h30", "fr", "2023-08-05T14:30:00", "minute"),
        ("9 września 2023", "pl", "2023-09-09T00:00:00", "day"),
        ("5 мая 2023 г., 10:15", "ru", "2023-05-05T10:15:00", "minute"),
        ("5 Haziran 2023 10:15", "tr", "2023-06-05T10:15:00", "minute"),
        ("2023年9月9日 10時15分", "ja", "2023-09-09T10:15:00", "minute"),
        ("2023年9月9日 午後3時30分", "ja", "2023-09-09T15:30:00", "minute"),
        ("2023年9月9日 午前0時05分", "ja", "2023-09-09T00:05:00", "minute"),
        ("2023年9月9日 下午3:30", "zh", "2023-09-09T15:30:00", "minute"),
        ("2023-09-09 凌晨 12:30", "zh", "2023-09-09T00:30:00", "minute"),
        ("2023年9月9日 晚上 20点30分", "zh", "2023-09-09T20:30:00", "minute"),
        ("2023년 9월 9일", "ko", "2023-09-09T00:00:00", "day"),
        ("2023.09.09. 오후 3:30", "ko", "2023-09-09T15:30:00", "minute"),
        ("2023년 9월 9일 오전 11시 5분", "ko", "2023-09-09T11:05:00", "minute"),
        ("9 Σεπτεμβρίου 2023 3:30 μ.μ.", "el", "2023-09-09T15:30:00", "minute"),
        ("9 Σεπτεμβρίου 2023 3:30 π.μ.", "el", "2023-09-09T03:30:00", "minute"),
        ("9 مارس 2023 3:30 م", "ar", "2023-03-09T15:30:00", "minute"),
        ("01.02.2023", None, "2023-02-01T00:00:00", "day"),
        ("01/02/2023", "en-US", "2023-01-02T00:00:00", "day"),
        ("01/02/2023", "en-GB", "2023-02-01T00:00:00", "day"),
        ("01/02/2023", "fr", "2023-02-01T00:00:00", "day"),
        ("13/02/2023", "en", "2023-02-13T00:00:00", "day"),
        ("02/13/2023", None, "2023-02-13T00:00:00", "day"),
        (" date 2023-02-01 ", None, "2023-02-01T00:00:00", "day"),
        ("1850-03-01", None, "1850-03-01T00:00:00", "day"),
        ("1970-01-01", None, "1970-01-01T00:00:00", "day"),
        ("1970-01-01T05:00:00Z", None, "1970-01-01T05:00:00", "second"),
        (1694268900, None, "2023-09-09T14:15:00", "second"),
        (1694268900000, None, "2023-09-09T14:15:00", "second"),
        (1694268900000000, None, "2023-09-09T14:15:00", "second"),
        (1694268900.5, None, "2023-09-09T14:15:00", "second"),
        ("1694268900", None, "2023-09-09T14:15:00", "second"),
        (20230909, None, "2023-09-09T00:00:00", "day"),
        (dt.date(2023, 9, 9), None, "2023-09-09T00:00:00", "day"),
        (dt.datetime(2023, 9, 9, 10, 15), None, "2023-09-09T10:15:00", "second"),
        (dt.datetime(2023, 9, 9), None, "2023-09-09T00:00:00", "day"),
        (pd.Timestamp("2023-09-09T10:15:00.000000001+02:00"), None, "2023-09-09T08:15:00", "second"),
    ],
)
def test_reads(value: Any, language: str | None, moment: str, precision: str) -> None:
    assert read(value, language) == (moment, precision)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "   ",
        "yesterday",
        "2 days ago",
        "May 2020",
        "2023",
        2023,
        0,
        -1,
        math.nan,
        math.inf,
        1e300,
        10**400,
        "13:15",
        "2023-13-01",
        "2023-02-30",
        "31.04.2023",
        "2050-01-01",
        "1599-12-31",
        "1234567",
        "N/A",
        pd.NaT,
        [],
        {},
        b"2023-01-01",
        "5" * 300,
        "Chapter 4, verse 12 of 2023 pages",
        "555-1234-5678",
        "1970-01-01T00:00:00Z",
        "1970-01-01 00:00:00",
        "1969-12-31T19:00:00-05:00",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        dt.datetime(1970, 1, 1),
        "3 May 14:20",
        "3 May, 10.30pm",
        "3. Mai, 14 Uhr",
        "3 mai - 10 h",
        "3 May, 10 min read",
    ],
)
def test_refuses(value: Any) -> None:
    assert read(value) is None


def test_ambiguous_order_is_refused_where_the_language_does_not_tell() -> None:
    assert read("01/02/2023", "en") is None
    assert read("01/02/2023") is None
    assert read("02/02/2023", "en") == ("2023-02-02T00:00:00", "day")


def test_a_day_keeps_its_date_in_any_zone() -> None:
    assert read("2023-09-09") == read("September 9, 2023")
    assert read("2023-09-09T00:00:00Z") == ("2023-09-09T00:00:00", "day")
    assert read("2023-09-09T00:00:00-04:00") == ("2023-09-09T04:00:00", "second")


def test_two_days_ahead_and_no_more() -> None:
    assert read("2025-06-02") is not None
    assert read("2025-06-04") is None


def test_origin_is_kept() -> None:
    found = dates.parse("2023-09-09", "json-ld")
    assert found is not None
    assert (found.origin, found.value.tzinfo) == ("json-ld", dt.UTC)


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://news.example/2016/02/26/storm", "2016-02-26"),
        ("https://news.example/world/2016/feb/26/storm", "2016-02-26"),
        ("https://news.example/2016-02-26-storm.html", "2016-02-26"),
        ("https://news.example/storm-20160226", "2016-02-26"),
        ("https://news.example/2016/0226/storm", "2016-02-26"),
        ("https://news.example/2016/02/storm", None),
        ("https://news.example/story/1234567890123", None),
        ("https://news.example/2016/13/45/x", None),
        ("https://news.example/storm?d=2016-02-26", None),
        (None, None),
    ],
)
def test_from_url(url: str | None, day: str | None) -> None:
    found = dates.from_url(url)
    assert (found.value.date().isoformat() if found else None) == day
    assert found is None or (found.origin, found.precision) == ("url", "day")


def test_months_of_many_languages() -> None:
    for word, number in [("märz", 3), ("août", 8), ("kasım", 11), ("ağustos", 8), ("października", 10), ("июня", 6)]:
        assert read(f"5 {word} 2023") == (f"2023-{number:02}-05T00:00:00", "day"), word
    assert set(MONTHS.values()) == set(range(1, 13))


def test_zones_that_the_language_decides() -> None:
    moment = dt.datetime(2023, 1, 1)
    for name, language, hours in [("CST", "en-US", -6), ("CST", "zh-CN", 8), ("IST", "en-IN", 5.5), ("IST", "he", 2)]:
        found = zone(name, language)
        assert found is not None
        assert found.utcoffset(moment) == dt.timedelta(hours=hours)
    assert zone("XYZ") is None


ANY = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="0123456789 /-.:,TZ+apmAPMJanFebMär", max_size=40),
    st.integers(),
    st.floats(),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.dates(),
    st.none(),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(value=ANY, language=st.sampled_from([None, "en", "en-US", "de", "xx"]))
def test_never_raises_and_answers_in_utc(value: Any, language: str | None) -> None:
    found = dates.parse(value, "record", language=language, reference=NOW)
    if found is not None:
        assert found.value.tzinfo is dt.UTC
        assert found.value.year >= dates.MIN_YEAR
        assert found.value <= NOW + dates.MAX_AHEAD


@settings(max_examples=100, deadline=None)
@given(moment=st.datetimes(min_value=dt.datetime(1700, 1, 1), max_value=dt.datetime(2025, 1, 1)))
def test_iso_round_trip(moment: dt.datetime) -> None:
    found = dates.parse(moment.isoformat(timespec="microseconds") + "+00:00", "record", reference=NOW)
    assert found is not None
    assert found.value == moment.replace(tzinfo=dt.UTC)


@settings(max_examples=100, deadline=None)
@given(url=st.text(max_size=80))
def test_from_url_never_raises(url: str) -> None:
    dates.from_url(url)


def test_the_slow_parser_is_asked_only_where_it_may_know_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("dateparser.parse", lambda text, **_: asked.append(text))
    for text, language in (
        ("The 10 best ferries of 2024", "en-GB"),
        ("10 ferjur ársins 2024", "is"),
        ("Ferjur ársins 2024", "is"),
    ):
        assert dates.parse(text, "text", language=language) is None
    assert asked == ["10 ferjur ársins 2024"]
