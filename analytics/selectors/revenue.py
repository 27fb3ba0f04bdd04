"""Revenue by month as far as a person sees the orders, added up from the stored result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.selectors import results
from core.actors import Actor, Visibility

DEFINITION = "revenue_by_month"
_SIDES = ("contact", "company")


@dataclass(frozen=True)
class Month:
    """The first day of a month as ISO text, with what was ordered in it in one currency, less what was returned."""

    month: str
    currency: str
    orders: int
    revenue: Decimal


def by_month(*, actor: Actor, at: datetime) -> tuple[list[Month], dict[str, Any]]:
    """The months in order, and where the figures come from. Raises Forbidden, NotComputedYet."""
    actor.require("order", "view")
    run = results.latest(DEFINITION)
    counted: Counter[tuple[str, str]] = Counter()
    added: dict[tuple[str, str], Decimal] = {}
    for row in _seen(results.rows(run), actor):
        key = (row["month"], row["currency"])
        counted[key] += row["orders"]
        added[key] = added.get(key, Decimal(0)) + Decimal(row["revenue"])
    months = [Month(month, currency, counted[month, currency], added[month, currency]) for month, currency in counted]
    return sorted(months, key=lambda item: (item.month, item.currency)), results.freshness(run)


def _seen(rows: Iterable[dict[str, Any]], actor: Actor) -> Iterable[dict[str, Any]]:
    """The parts of customers whom the actor sees: the scope of orders, on the columns of the result."""
    visibilities = actor.visibilities("order", "view")
    if actor.is_superuser or (actor.partner_id is None and Visibility.ALL in visibilities):
        return rows
    if actor.partner_id is not None:
        return [row for row in rows if _any(row, "partner_id", {str(actor.partner_id)})]
    mine = {str(actor.user_id)}
    teams = {str(item) for item in actor.team_ids} if Visibility.TEAM in visibilities else set()
    return [row for row in rows if _any(row, "owner_id", mine) or _any(row, "team_id", teams)]


def _any(row: dict[str, Any], column: str, wanted: set[str]) -> bool:
    return any(row[f"{side}_{column}"] in wanted for side in _SIDES)
