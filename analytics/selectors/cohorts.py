"""Cohorts, ready for the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from analytics.cohorts.calendar import first_day
from analytics.cohorts.triangle import Activity, Cell, Cohort, Pooled, pooled, triangle
from analytics.selectors import results
from core.actors import Actor

FIRST_ORDER, ACQUISITION = "first_order", "acquisition"
BASES = (FIRST_ORDER, ACQUISITION)
GRANULARITIES = ("month", "quarter", "year")
WHOLE = "all"
SPLITS = (WHOLE, "source", "band")

Row = Mapping[str, Any]


def cohorts(
    *,
    actor: Actor,
    at: datetime,
    as_of: datetime | None = None,
    basis: str | None = None,
    granularity: str | None = None,
    split: str | None = None,
) -> dict[str, Any]:
    """Retention and revenue of each cohort through the periods since. Raises NotComputedYet.

    basis: cohorts of the first order, or of acquisition. split: a triangle for each source, or band of first order.
    """
    actor.require("analytics", "view")
    wanted = {"basis": basis or FIRST_ORDER, "granularity": granularity or GRANULARITIES[0], "split": split or WHOLE}
    run = results.latest("cohorts", as_of=as_of)
    sizes_run = results.latest("cohort_sizes", as_of=as_of)
    rows = [row for row in results.rows(run) if wanted.items() <= row.items()]
    sizes = [row for row in results.rows(sizes_run) if wanted.items() <= row.items()]
    members = sorted({row["member"] for row in sizes})
    return {
        **wanted,
        "groups": [_group(member, wanted["granularity"], sizes, rows, run.as_of) for member in members],
        "outside": _outside(rows),
        "orders": sum(row["orders"] for row in rows),
        "revenue": str(_sum(rows, "revenue")),
        **results.origin(run),
    }


def _group(member: str, granularity: str, sizes: Iterable[Row], rows: Iterable[Row], as_of: datetime) -> dict[str, Any]:
    mine = [row for row in rows if row["member"] == member and row["cohort"] is not None]
    found = triangle(
        {_day(row["cohort"]): row["contacts"] for row in sizes if row["member"] == member},
        {(_day(row["cohort"]), _day(row["period"])): _activity(row) for row in mine},
        granularity=granularity,
        as_of=as_of,
    )
    return {
        "member": member or None,
        "customers": sum(each.customers for each in found),
        "orders": sum(row["orders"] for row in mine),
        "revenue": str(_sum(mine, "revenue")),
        "cohorts": [_cohort(each) for each in found],
        "curve": [_age(each) for each in pooled(found)],
    }


def _activity(row: Row) -> Activity:
    return Activity(
        active=row["active"],
        orders=row["orders"],
        other_currency_orders=row["other_currency_orders"],
        margin_orders=row["margin_orders"],
        revenue=_amount(row["revenue"]),
        margin=_amount(row["margin"]),
    )


def _cohort(found: Cohort) -> dict[str, Any]:
    return {
        "cohort": found.cohort.isoformat(),
        "customers": found.customers,
        "complete": found.complete,
        "periods": [_cell(cell) for cell in found.cells],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    activity = cell.activity
    return {
        "period": cell.period.isoformat(),
        "offset": cell.offset,
        "complete": cell.complete,
        "active": activity.active,
        "retention": cell.retention,
        **results.bounds("retention", cell.interval),
        "orders": activity.orders,
        "other_currency_orders": activity.other_currency_orders,
        "revenue": _text(activity.revenue),
        "cumulative_revenue": _text(cell.cumulative_revenue),
        "revenue_per_customer": _text(cell.revenue_per_customer),
        "margin_orders": activity.margin_orders,
        "margin": _text(activity.margin),
        "margin_per_customer": _text(cell.margin_per_customer),
    }


def _age(age: Pooled) -> dict[str, Any]:
    return {
        "offset": age.offset,
        "cohorts": age.cohorts,
        "customers": age.customers,
        "active": age.active,
        "retention": age.retention,
        **results.bounds("retention", age.interval),
    }


def _outside(rows: Iterable[Row]) -> dict[str, Any]:
    """Orders that are in no cohort: from before an acquisition, or of contacts without one."""
    left = [row for row in rows if row["cohort"] is None]
    return {"orders": sum(row["orders"] for row in left), "revenue": str(_sum(left, "revenue"))}


def _sum(rows: Iterable[Row], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows if row[name] is not None), Decimal("0.00"))


def _amount(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _day(month: int) -> date:
    return first_day(month, "month")
