"""`copydesk sample`: removals of one rule, drawn at random from an output, with what stood around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cleaners import restore
from copydesk.errors import StoreError, UsageError
from copydesk.inspect import relatives
from copydesk.inspect.views import Views, literal
from copydesk.upkeep.asked import Asked

CONTEXT = 200  # characters before and after


@dataclass(frozen=True, slots=True)
class Drawn:
    """A removal. id: of its row in `dataset`. rules: all that agreed. before, after: of the text before cleaning."""

    dataset: str
    id: str
    publisher: str | None
    title: str | None
    url: str | None
    rules: tuple[str, ...]
    category: str
    start: int
    before: str
    text: str
    after: str


def draw(root: Path, rule: str, count: int, seed: int = 0) -> tuple[int, list[Drawn]]:
    """(How many removals there are by this rule, `count` of them, each as likely as any other.)

    rule: its name, without what stands behind a colon (`model` means `model:0.97` too). The same seed draws the same
    ones from the same output. Raises UsageError if the rule took out nothing, StoreError for an output that cannot be
    read.
    """
    named = literal(rule)
    where = f"list_contains(rules, {named}) OR list_contains([split_part(r, ':', 1) FOR r IN rules], {named})"
    views = Views(root)
    (total,) = (row["n"] for row in views.rows(f"SELECT count(*) AS n FROM removals WHERE {where}"))
    if not total:
        raise UsageError(f"{root} has no removal by a rule {rule}: `copydesk rules list` has all rules")
    chosen = views.rows(
        f"SELECT id, start FROM removals WHERE {where} "
        f"ORDER BY md5({int(seed)} || ' ' || id || ' ' || start), id, start LIMIT {int(count)}"
    )
    found = {
        row["id"]: (name, row, removals)
        for name, row, removals in relatives.find(root, Asked(ids=frozenset(one["id"] for one in chosen)))
    }
    drawn = []
    for one in chosen:
        if one["id"] not in found:
            raise StoreError(f"{root}: removals/ has {one['id']}, which is no row: `copydesk verify` tells more")
        name, row, removals = found[one["id"]]
        text = restore(row["text"], removals)
        (cut,) = (removal for removal in removals if removal.start == one["start"])
        drawn.append(
            Drawn(
                dataset=name,
                id=row["id"],
                publisher=row["publisher"],
                title=row["title"],
                url=row["url"],
                rules=cut.rules,
                category=cut.category,
                start=cut.start,
                before=text[max(0, cut.start - CONTEXT) : cut.start],
                text=cut.text,
                after=text[cut.end : cut.end + CONTEXT],
            )
        )
    return total, drawn
