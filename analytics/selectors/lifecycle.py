"""How customers go through the behavioural lifecycle, month by month, ready for the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from analytics.cohorts.calendar import first_day, is_over, number
from analytics.intervals import wilson
from analytics.selectors import results
from core.actors import Actor

STAGES = ("new", "active", "loyal", "at_risk", "lapsed", "reactivated")
MONTHS = 12

Row = Mapping[str, Any]


def lifecycle(
    *, actor: Actor, at: datetime, as_of: datetime | None = None, months: int | None = None
) -> dict[str, Any]:
    """Stocks of each stage and flows between them in the last so many months. Raises NotComputedYet."""
    actor.require("analytics", "view")
    run = results.latest("behaviour_flow", as_of=as_of)
    found = flow(results.rows(run), run.as_of)
    return {"stages": list(STAGES), "months": found[-(months or MONTHS) :], **results.origin(run)}


def flow(rows: Iterable[Row], as_of: datetime) -> list[dict[str, Any]]:
    """Every month from the first order to that of `as_of`: who stood where at its end, and where they came from."""
    moved: dict[int, Counter[tuple[str | None, str]]] = {}
    for row in rows:
        moved.setdefault(row["month"], Counter())[row["from_stage"], row["stage"]] += row["customers"]
    if not moved:
        return []
    stock: Counter[str] = Counter()
    months = []
    for month in range(min(moved), number(as_of.astimezone(UTC).date(), "month") + 1):
        before, flows = stock.copy(), moved.get(month, Counter())
        for (source, target), customers in flows.items():
            stock[target] += customers
            if source is not None:
                stock[source] -= customers
        months.append(_month(month, before, flows, stock, as_of))
    return months


def _month(
    month: int, before: Counter[str], flows: Counter[tuple[str | None, str]], stock: Counter[str], as_of: datetime
) -> dict[str, Any]:
    left = Counter[str]()
    for (source, _), customers in flows.items():
        if source is not None:
            left[source] += customers
    every = flows + Counter({(stage, stage): before[stage] - left[stage] for stage in STAGES})
    places: dict[str | None, int] = {None: -1} | {stage: place for place, stage in enumerate(STAGES)}
    ordered = sorted(every.items(), key=lambda item: (places[item[0][0]], places[item[0][1]]))
    return {
        "month": first_day(month, "month").isoformat(),
        "complete": is_over(month, "month", as_of),
        "stocks": [{"stage": stage, "customers": stock[stage]} for stage in STAGES],
        "flows": [_flow(source, target, customers, before) for (source, target), customers in ordered],
    }


def _flow(source: str | None, target: str, customers: int, before: Counter[str]) -> dict[str, Any]:
    of = before[source] if source is not None else 0
    return {
        "from_stage": source,
        "to_stage": target,
        "customers": customers,
        "share": customers / of if of else None,
        **results.bounds("share", wilson(customers, of) if of else None),
    }
