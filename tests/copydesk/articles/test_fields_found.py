"""What the labelled articles say of themselves becomes columns: names, dates with their zones, sections, tags, ..."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cleaners import Source
from cleaners.cleaning import default
from copydesk.articles.metadata import with_fields
from copydesk.model import Date, Metadata
from tests.cleaners.test_gate import ARTICLES

FOUND: dict[str, dict[str, Any]] = {
    "en-breakwater": {
        "title": "Breakwater At Stanmouth To Be Raised By A Metre",
        "authors": ("Odile Marrack",),
        "published": "2025-03-04 18:12 minute",
        "credit": "Piran Dole/Stanmouth Echo",
        "bio": "Odile Marrack is a staff reporter at the Stanmouth Echo.",
    },
    "en-dump-menu": {"section": "Local", "published": "2024-05-05 07:15 minute"},
    "en-dump-byline-block": {"published": "2025-01-14 07:00 minute", "modified": "2025-01-14 09:31 minute"},
    "en-dump-tv": {"published": "2021-08-09 21:32 minute", "modified": "2021-08-09 22:10 minute"},
    "en-dump-blog": {"tags": ("beans", "slugs"), "published": "2022-05-12 00:00 day"},
    "en-dump-science": {"attribution": "Institute of Tidal Biology", "published": "2022-06-03 00:00 day"},
    "en-correction": {"authors": ("Tam Orchard",), "attribution": "Ida Fenn contributed to this report."},
    "en-agency": {"attribution": "Reporting by Sven Oake; editing by Clara Dunmore"},
    "en-oped": {
        "section": "Opinion",
        "bio": "Marguerite Soley is the author of “Platform Four”. She lives in Castle Wray.",
    },
    "en-stock": {"authors": ("Hester Quayle",), "published": None, "modified": "2024-06-12 09:05 minute"},
    "de-dump-portal": {"authors": ("Malte Brück",), "section": "Moortal", "published": "2023-06-03 14:20 minute"},
    "es-faro": {"authors": ("Remedios Alcaide",), "published": "2024-03-14 00:00 day"},
    "es-dump-diario": {"section": "Provincia", "published": "2023-11-02 10:35 minute"},
    "pt-relogio": {"authors": ("Anselmo Tavares",), "published": "2024-02-21 09:15 minute"},
    "pt-feira": {"attribution": "Com informações da Agência Sertão"},
    "en-quotes-like-ads": {"title": None, "authors": (), "published": None, "credit": None, "bio": None},
    "en-verse": {"title": None, "authors": (), "section": None, "tags": ()},
}


@pytest.mark.parametrize("id_", FOUND)
def test_found(id_: str) -> None:
    (article,) = [article for article in ARTICLES if article.id == id_]
    (cleaned,) = default().clean_many([Source(article.text, article.title, article.language)])
    told = with_fields(Metadata(language=article.language), cleaned.fields)
    assert {name: _shown(getattr(told, name)) for name in FOUND[id_]} == FOUND[id_]


def _shown(value: Any) -> Any:
    if isinstance(value, Date):
        assert value.value.tzinfo is dt.UTC
        return f"{value.value:%Y-%m-%d %H:%M} {value.precision}"
    return value
