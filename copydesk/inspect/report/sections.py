"""The parts of the report, each made of the answers to its queries."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from copydesk.inspect.report import charts
from copydesk.inspect.report.figures import Example, Figures, Record, Row, Section, article, query, removal
from copydesk.inspect.views import literal
from copydesk.terminal import printable

PARTS = ("articles", "duplicates", "revisions", "seen", "rejects")
NAMED = 6  # names that a chart tells apart; what is beyond is "others"
BARS = 12
MEMBERS = 12  # copies of a story that are shown
DELAY_HOURS = 144

_ARTICLE = "id, title, publisher, published_at, url"
_ABOUT_REMOVALS = "A removal that several rules agree on is counted with each of them."


def every(figures: Figures) -> list[Section]:
    """All parts, in the order of the page."""
    makers = (flow, days, publishers, categories, rules, jumps, stories, copying, rejects, speed)
    return [make(figures) for make in makers]


def flow(figures: Figures) -> Section:
    """The books of the last runs."""
    runs = figures.ask("runs")
    found = {(told["dataset"], told["run_id"]): told["examples"] for told in figures.ask("run_rows")}
    sums = {part: sum(run[part] for run in runs) for part in PARTS}
    items = sum(run["items"] for run in runs)
    rows = [_run(run, found) for run in runs]
    return Section(
        "runs",
        "The books of the last runs",
        "Every item that a run finds ends in exactly one place. What was forgotten since is in the books, in no list.",
        [charts.flow(items, list(sums.items()))] if items else [],
        rows,
        [query("runs"), query("run_rows")],
        "No run yet.",
    )


def _run(run: Record, found: dict[tuple[str, str], list[Record]]) -> Row:
    children = []
    for part in PARTS:
        listing = ""
        if part == "seen":
            note = "known from before, unchanged: nothing is written of them"
        else:
            note = ""
            columns = "id, source_uri, stage, error, message" if part == "rejects" else _ARTICLE
            listing = f"SELECT {columns} FROM {part} WHERE run_id = {literal(run['run_id'])} ORDER BY id"
        examples = [article(told) for told in found.get((part, run["run_id"]), ())]
        share = run[part] / max(1, run["items"])
        children.append(Row(part, f"{run[part]:,}", note, share, examples, listing))
    label = f"{run['started_at']:%Y-%m-%d %H:%M:%S} UTC"
    listing = f"SELECT * FROM runs WHERE run_id = {literal(run['run_id'])}"
    note = "; ".join([f"items; run {run['run_id']}", *(f"warning: {told}" for told in run["warnings"] or ())])
    return Row(label, f"{run['items']:,}", note, 0, (), listing, children)


def days(figures: Figures) -> Section:
    """Articles per day of publication."""
    told = figures.ask("days")
    by_day: dict[dt.date, list[Record]] = defaultdict(list)
    for one in told:
        by_day[one["day"]].append(one)
    sums = Counter[str | None]()
    for one in told:
        sums[one["publisher"]] += one["articles"]
    names = [name for name, _ in sums.most_common() if name is not None]
    shown = [*map(printable, names), *([charts.OTHERS] if sums[None] else [])]
    values = [
        {
            "day": one["day"].isoformat(),
            "name": printable(one["publisher"]) if one["publisher"] is not None else charts.OTHERS,
            "count": one["articles"],
            "place": names.index(one["publisher"]) if one["publisher"] in names else len(names),
        }
        for one in told
    ]
    most = max((sum(o["articles"] for o in ones) for ones in by_day.values()), default=1)
    rows = [_day(day, ones, names, most) for day, ones in sorted(by_day.items(), reverse=True)]
    return Section(
        "days",
        "Articles per day",
        "By day of publication (UTC), the last 60 days up to the newest article, and by the largest publishers.",
        [charts.stacked(values, shown, "articles")] if values else [],
        rows,
        [query("days")],
        "No article has a date yet.",
    )


def _day(day: dt.date, told: Sequence[Record], names: Sequence[str], most: int) -> Row:
    total = sum(one["articles"] for one in told)
    where = f"published_at::DATE = {literal(day)}"
    children = []
    for one in sorted(told, key=lambda one: -one["articles"]):
        if one["publisher"] is not None:
            whose = f"publisher = {literal(one['publisher'])}"
        else:
            others = ", ".join(map(literal, names)) or "''"
            whose = f"(publisher IS NULL OR publisher NOT IN ({others}))"
        listing = f"SELECT {_ARTICLE} FROM articles WHERE {where} AND {whose} ORDER BY id"
        examples = [article(e) for e in one["examples"]]
        label = one["publisher"] if one["publisher"] is not None else charts.OTHERS
        children.append(Row(label, f"{one['articles']:,}", "", one["articles"] / total, examples, listing))
    listing = f"SELECT {_ARTICLE} FROM articles WHERE {where} ORDER BY id"
    return Row(f"{day:%a %Y-%m-%d}", f"{total:,}", "", total / most, (), listing, children)


def publishers(figures: Figures) -> Section:
    """The publishers with the most articles."""
    told = figures.ask("publishers")
    most = told[0]["articles"] if told else 1
    rows = [
        Row(
            one["publisher"] if one["publisher"] is not None else "(no publisher)",
            f"{one['articles']:,}",
            f"{one['words'] or 0:,} words on average"
            + (f", {one['undated']:,} without date" if one["undated"] else ""),
            one["articles"] / most,
            [article(e) for e in one["examples"]],
            f"SELECT {_ARTICLE} FROM articles\n"
            f"WHERE publisher IS NOT DISTINCT FROM {literal(one['publisher'])} ORDER BY id",
        )
        for one in told
    ]
    count = told[0]["publishers"] if told else 0
    values = [{"name": _short(row.label), "count": one["articles"]} for row, one in zip(rows, told, strict=True)]
    return Section(
        "publishers",
        "Articles per publisher",
        f"The largest {len(told):,} of {count:,} publishers, by all articles of the output.",
        [charts.bars(values[:BARS], "articles")] if values else [],
        rows,
        [query("publishers")],
        "No article yet.",
    )


def categories(figures: Figures) -> Section:
    """Removals by category, over the days of ingestion."""
    told = figures.ask("categories")
    over_time = [(one["day"], one["category"], one["removals"]) for one in figures.ask("removed_days")]
    rows = [
        _removed(one["category"], one, told[0]["removals"], f"category = {literal(one['category'])}") for one in told
    ]
    return Section(
        "categories",
        "Removals by category",
        "What was cut out of the texts, by the day it was ingested.",
        _over_time(over_time, [one["category"] for one in told]),
        rows,
        [query("categories"), query("removed_days")],
        "Nothing was removed yet.",
    )


def rules(figures: Figures) -> Section:
    """The same by rule."""
    told = figures.ask("rules")
    over_time = [(day["day"], one["rule"], day["removals"]) for one in told for day in one["days"]]
    named = "list_transform(rules, lambda rule: split_part(rule, ':', 1))"
    rows = [
        _removed(one["rule"], one, told[0]["removals"], f"list_contains({named}, {literal(one['rule'])})")
        for one in told
    ]
    return Section(
        "rules",
        "Removals by rule",
        f"The {len(told)} rules that took out the most. {_ABOUT_REMOVALS} `copydesk sample --rule ID` draws more.",
        _over_time(over_time, [one["rule"] for one in told]),
        rows,
        [query("rules")],
        "Nothing was removed yet.",
    )


def _removed(name: str, told: Record, most: int, where: str) -> Row:
    listing = f"SELECT id, text, rules FROM removals\nWHERE {where} ORDER BY id, start"
    note = f"{told['characters']:,} characters"
    return Row(
        name, f"{told['removals']:,}", note, told["removals"] / most, [removal(e) for e in told["examples"]], listing
    )


def _over_time(told: Iterable[tuple[dt.date, str, int]], names: Sequence[str]) -> list[Record]:
    """Stacked by day; of one day alone, bars."""
    told = list(told)
    if len({day for day, _, _ in told}) <= 1:
        ordered = sorted(told, key=lambda one: (-one[2], one[1]))
        counts = [{"name": _short(name), "count": count} for _, name, count in ordered]
        return [charts.bars(counts[:BARS], "removals")] if counts else []
    shown = list(names[:NAMED])
    values = [
        {
            "day": day.isoformat(),
            "name": _short(name) if name in shown else charts.OTHERS,
            "count": count,
            "place": shown.index(name) if name in shown else len(shown),
        }
        for day, name, count in told
    ]
    return [charts.stacked(values, [*map(_short, shown), *([charts.OTHERS] if len(names) > NAMED else [])], "removals")]


def jumps(figures: Figures) -> Section:
    """Publishers of whose texts suddenly more, or less, is taken out."""
    told = figures.ask("jumps")
    rows, values = [], []
    for one in told:
        label = f"{one['publisher']}, {one['day']:%Y-%m-%d}"
        note = (
            f"from {one['share_before']:.1%} of {one['texts_before']:,.0f} texts before "
            f"to {one['share']:.1%} of {one['texts']:,} texts"
        )
        listing = (
            f"SELECT {_ARTICLE}, removed_chars / (char_count + removed_chars) AS share\n"
            "FROM (SELECT * FROM articles UNION ALL BY NAME SELECT * FROM duplicates)\n"
            f"WHERE publisher = {literal(one['publisher'])} "
            f"AND coalesce(fetched_at, ingested_at)::DATE = {literal(one['day'])}\nORDER BY share DESC"
        )
        examples = [article(e) for e in one["examples"]]
        rows.append(Row(label, f"{one['jump'] * 100:+.1f} points", note, abs(one["jump"]), examples, listing))
        values.append({"name": _short(label), "before": one["share_before"], "after": one["share"]})
    return Section(
        "jumps",
        "Publishers whose boilerplate jumps",
        "Where the share of characters taken out differs by ten points or more from that of the publisher's seven days "
        "before: a site that changed its layout, or a rule that went wrong. The largest jump of each, by the day "
        "of the fetch, else of the run.",
        [charts.jumps(values[:BARS])] if values else [],
        rows,
        [query("jumps")],
        "None: no publisher's share moved by ten points between days with at least ten texts.",
    )


def stories(figures: Figures) -> Section:
    """The largest stories."""
    told = figures.ask("stories")
    copiers = Counter(m["publisher"] or "?" for one in told for m in one["members"] if _within(m["hours"]))
    named = [name for name, _ in copiers.most_common(NAMED - 1)]
    marks: dict[tuple[int, float], str] = {}
    rows = []
    for place, one in enumerate(told, 1):
        for member in one["members"]:
            if _within(member["hours"]):
                name = member["publisher"] or "?"
                shown = _short(name) if name in named else charts.OTHERS
                marks.setdefault((place, round(member["hours"] * 2) / 2), shown)
        original = f"{one['publisher'] or '(no publisher)'}" + _at(one["published_at"])
        examples = [_member(member) for member in one["members"][:MEMBERS]]
        listing = (
            "SELECT id, title, publisher, published_at, url, relation, jaccard\n"
            f"FROM duplicates WHERE story_id = {literal(one['story_id'])} ORDER BY published_at"
        )
        label = f"{place}. {one['title'] or '(no title)'}"
        rows.append(Row(label, f"{one['copies']:,}", original, one["copies"] / told[0]["copies"], examples, listing))
    legend = [*map(_short, named), *([charts.OTHERS] if len(copiers) > len(named) else [])]
    values = [{"story": place, "hours": hours, "name": name} for (place, hours), name in marks.items()]
    return Section(
        "stories",
        "The largest stories",
        "Articles with the most copies, and when which publisher ran the first 2,000 of them, to the half hour. A date "
        "without an hour counts as the day's first.",
        [charts.delays(values, legend)] if values else [],
        rows,
        [query("stories")],
        "No copies yet.",
    )


def _within(hours: float | None) -> bool:
    return hours is not None and abs(hours) <= DELAY_HOURS


def _member(told: Record) -> Example:
    shown = article(told)
    after = "" if told["hours"] is None else f", {_hours(told['hours'])}"
    return Example(shown.text, shown.about + after, shown.id, shown.url)


def copying(figures: Figures) -> Section:
    """Who copied whom, and how fast."""
    told = figures.ask("copying")
    most = told[0]["copies"] if told else 1
    rows = [
        Row(
            f"{one['copier']} from {one['original']}",
            f"{one['copies']:,}",
            f"median: {_hours(one['hours'])}" if one["hours"] is not None else "no times of day known",
            one["copies"] / most,
            [article(e) for e in one["examples"]],
            "SELECT d.id, d.title, d.publisher, d.published_at, d.url, a.published_at AS original_at\n"
            "FROM duplicates d JOIN articles a ON a.id = d.duplicate_of\n"
            f"WHERE a.publisher = {literal(one['original'])} AND d.publisher = {literal(one['copier'])} ORDER BY d.id",
        )
        for one in told
    ]
    return Section(
        "copying",
        "Who copied whom, and how fast",
        "Copies between publishers. The time is the median from the article to the copy, of those with a time of day.",
        [],
        rows,
        [query("copying")],
        "No copies between publishers yet.",
    )


def rejects(figures: Figures) -> Section:
    """What could not be ingested."""
    told = figures.ask("rejects")
    most = told[0]["items"] if told else 1
    rows = [
        Row(
            one["error"],
            f"{one['items']:,}",
            f"stage {one['stage']}",
            one["items"] / most,
            [
                Example(e["title"] or "", " ".join(filter(None, (e["url"], e["id"] and f"item {e['id']}"))))
                for e in one["examples"]
            ],
            "SELECT source_uri, source_id, message, bytes FROM rejects\n"
            f"WHERE stage = {literal(one['stage'])} AND error = {literal(one['error'])} ORDER BY id",
        )
        for one in told
    ]
    values = [{"name": _short(one["error"]), "count": one["items"]} for one in told]
    return Section(
        "rejects",
        "Rejects by reason",
        "What could not be ingested, of all runs.",
        [charts.bars(values[:BARS], "items")] if values else [],
        rows,
        [query("rejects")],
        "None.",
    )


def speed(figures: Figures) -> Section:
    """How fast the last runs were, and what memory and processor time they took."""
    runs = [run for run in figures.ask("runs") if run["items"]]
    rates = [run["items"] / max(run["seconds"], 1e-3) for run in runs]
    rows = [
        Row(
            f"{run['started_at']:%Y-%m-%d %H:%M:%S} UTC",
            f"{rate:,.1f} items/s",
            f"{run['items']:,} items and {run['bytes_read'] / 1e6:,.1f} MB in {run['seconds']:,.1f} s, "
            f"{run['workers'] or '?'} workers{_cost(run)}",
            rate / max(rates),
            (),
            "SELECT items / (epoch(finished_at) - epoch(started_at)) AS items_a_second, *\n"
            f"FROM runs WHERE run_id = {literal(run['run_id'])}",
        )
        for run, rate in zip(runs, rates, strict=True)
    ]
    in_order = [*zip(reversed(runs), reversed(rates), strict=True)]
    speeds = [{"run": _when(run), "value": round(rate, 2)} for run, rate in in_order]
    memory = [
        {"run": _when(run), "value": round(run["peak_memory"] / 1e6)}
        for run, _ in in_order
        if run["peak_memory"] is not None
    ]
    shown = [(speeds, "items a second"), (memory, "peak memory, MB")]
    return Section(
        "speed",
        "Speed and memory of the last runs",
        "Items a second, known ones among them. Memory is the sum of the peaks of a run's processes, more than they "
        "held at once (docs/schema.md); runs of earlier versions have none on record.",
        [charts.points(values, title) for values, title in shown if len(values) > 1],
        rows,
        [query("runs")],
        "No run yet.",
    )


def _when(run: Record) -> str:
    return f"{run['started_at']:%m-%d %H:%M:%S}"


def _cost(run: Record) -> str:
    """The memory and processor time of a run, where they are on record."""
    if run["peak_memory"] is None:
        return ""
    return f"; {run['peak_memory'] / 1e6:,.0f} MB of memory at the most, {run['cpu_seconds']:,.1f} s of processor time"


def _hours(hours: float) -> str:
    size = abs(hours)
    told = f"{size * 60:.0f} min" if size < 1 else f"{size:.1f} h" if size < 48 else f"{size / 24:.1f} days"
    return told + (" later" if hours >= 0 else " before")


def _at(when: Any) -> str:
    return f", {when:%Y-%m-%d %H:%M}" if when else ""


def _short(text: str, most: int = 22) -> str:
    text = printable(text)
    return text if len(text) <= most else text[: most - 1] + "…"
