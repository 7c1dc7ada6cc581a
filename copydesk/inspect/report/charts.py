"""The charts of the report: Vega-Lite specifications, drawn as SVG by vl-convert while the page is made.

Colours are variables of the page's style sheet, so that one drawing serves light and dark.
https://vega.github.io/vega-lite/docs/
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from copydesk.errors import UsageError

Spec = dict[str, Any]

WIDTH = 350
"""Of a drawing with its axes: that of a phone. It is enlarged by little elsewhere."""

MOST_DAYS = 100
"""Up to so many, an axis of days has no gaps."""

OTHERS = "others"
COLOURS = [f"var(--c{n})" for n in range(1, 9)]
_COUNTS: Spec = {"format": "~s", "tickMinStep": 1}
_INK, _GRID = "var(--ink)", "var(--grid)"

_CONFIG: Spec = {
    "font": "system-ui, sans-serif",
    "background": None,
    "padding": 8,
    "autosize": {"type": "fit-x", "contains": "padding"},
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK,
        "titleColor": _INK,
        "gridColor": _GRID,
        "domainColor": _GRID,
        "tickColor": _GRID,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelLimit": 130,
    },
    "legend": {
        "orient": "bottom",
        "columns": 2,
        "title": None,
        "labelColor": _INK,
        "labelFontSize": 11,
        "labelLimit": 100,
        "symbolType": "square",
    },
    "mark": {"color": COLOURS[0]},
    "text": {"color": _INK, "fontSize": 12},
}


def svg(spec: Spec) -> str:
    """The drawing. Raises UsageError if vl-convert is not installed."""
    try:
        import vl_convert
    except ImportError:
        raise UsageError("the report needs vl-convert: pip install 'copydesk[report]'") from None
    return str(vl_convert.vegalite_to_svg({"width": WIDTH, "config": _CONFIG, **spec}, vl_version="5.21"))


def _colour(names: Sequence[str]) -> Spec:
    """One colour a name, in order; what is left over is grey."""
    shades = [("var(--rest)" if name == OTHERS else COLOURS[n % len(COLOURS)]) for n, name in enumerate(names)]
    return {"field": "name", "type": "nominal", "scale": {"domain": list(names), "range": shades}}


def flow(items: int, parts: Sequence[tuple[str, int]]) -> Spec:
    """Where the items went: a band for each of the parts, as wide as its share. parts: (name, count)."""
    told = [(name, count) for name, count in parts if count]
    gap = max(1, items) * 0.09
    values, labels = [], []
    left = (len(told) - 1) * gap / 2
    right = 0.0
    for name, count in told:
        for step in range(21):
            along = step / 20
            ease = along * along * (3 - 2 * along)
            low = left + (right - left) * ease
            values.append({"name": name, "x": along, "low": low, "high": low + count})
        labels.append({"x": 1.02, "y": right + count / 2, "says": f"{name} {count:,}"})
        left += count
        right += count + gap
    middle = (left + (len(told) - 1) * gap / 2) / 2
    labels.append({"x": -0.02, "y": middle, "says": f"read {items:,}", "left": True})
    x: Spec = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [-0.62, 1.95], "nice": False}}
    y: Spec = {"type": "quantitative", "axis": None, "scale": {"reverse": True, "nice": False, "zero": True}}
    text = {"x": x, "y": {**y, "field": "y"}, "text": {"field": "says"}}
    return {
        "height": 190,
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "area", "opacity": 0.85},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                    "color": {**_colour([name for name, _ in parts]), "legend": None},
                },
            },
            *(
                {
                    "data": {"values": [label]},
                    "mark": {"type": "text", "align": "right" if label.get("left") else "left"},
                    "encoding": text,
                }
                for label in labels
            ),
        ],
    }


def stacked(values: Sequence[Spec], names: Sequence[str], title: str) -> Spec:
    """Bars a day, a colour a name. values: `day` (ISO), `name`, `count`."""
    found = [dt.date.fromisoformat(value["day"]) for value in values]
    first, last = min(found), max(found)
    days = sorted({day.isoformat() for day in found})
    if (last - first).days < MOST_DAYS:  # days without any are shown too
        days = [(first + dt.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    labelled = days[:: max(1, len(days) // 6)]
    return {
        "height": 180,
        "data": {"values": list(values)},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "day",
                "type": "ordinal",
                "axis": {"title": None, "values": labelled, "labelAngle": -40},
                "scale": {"paddingInner": 0.15, "domain": days},
            },
            "y": {"field": "count", "type": "quantitative", "title": title, "aggregate": "sum", "axis": _COUNTS},
            "color": _colour(names),
            "order": {"field": "place"},
        },
    }


def bars(values: Sequence[Spec], title: str) -> Spec:
    """A bar a name, the longest first. values: `name`, `count`."""
    return {
        "height": {"step": 20},
        "data": {"values": list(values)},
        "mark": "bar",
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "count", "type": "quantitative", "title": title, "axis": {**_COUNTS, "tickCount": 4}},
        },
    }


def jumps(values: Sequence[Spec]) -> Spec:
    """From where to where a share went. values: `name`, `before`, `after`."""
    axis = {"format": "%", "tickCount": 5}
    y = {"field": "name", "type": "nominal", "sort": None, "title": None}
    x = {"type": "quantitative", "title": "share taken out: before (hollow), that day", "axis": axis}
    return {
        "height": {"step": 22},
        "data": {"values": list(values)},
        "layer": [
            {
                "mark": {"type": "rule"},
                "encoding": {"y": y, "x": {**x, "field": "before"}, "x2": {"field": "after"}, "color": {"value": _INK}},
            },
            {"mark": {"type": "point", "size": 50}, "encoding": {"y": y, "x": {**x, "field": "before"}}},
            {"mark": {"type": "point", "size": 50, "filled": True}, "encoding": {"y": y, "x": {**x, "field": "after"}}},
        ],
    }


def delays(values: Sequence[Spec], names: Sequence[str]) -> Spec:
    """A dot a copy, by hours after its original. values: `story`, `hours`, `name` (publisher)."""
    return {
        "height": {"step": 24},
        "data": {"values": list(values)},
        "mark": {"type": "tick", "thickness": 2, "size": 16, "opacity": 0.8},
        "encoding": {
            "y": {"field": "story", "type": "ordinal", "sort": None, "title": "story"},
            "x": {"field": "hours", "type": "quantitative", "title": "hours after the article (6 days at the most)"},
            "color": _colour(names),
        },
    }


def points(values: Sequence[Spec], title: str) -> Spec:
    """A point a run, in order. values: `run`, `value`."""
    return {
        "height": 150,
        "data": {"values": list(values)},
        "mark": {"type": "line", "point": {"size": 50, "color": COLOURS[0]}},
        "encoding": {
            "x": {"field": "run", "type": "ordinal", "title": None, "axis": {"labelAngle": -40}},
            "y": {"field": "value", "type": "quantitative", "title": title},
        },
    }
