"""How concentrated what customers bring is, ready for the wire: curves, Gini, shares of the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.selectors import results

TOPS = (1, 5, 10, 20, 50)
FULL = 100
TOO_FEW, NOTHING = "not_enough_customers", "total_not_positive"

Row = Mapping[str, Any]


def measures(as_of: datetime | None) -> list[dict[str, Any]]:
    """One entry a measure. Raises NotComputedYet."""
    points = results.rows(results.latest("concentration_points", as_of=as_of))
    found = results.rows(results.latest("concentration_measures", as_of=as_of))
    return [_measure(row, [point for point in points if point["measure"] == row["measure"]]) for row in found]


def _measure(row: Row, points: Iterable[Row]) -> dict[str, Any]:
    total, customers, peak = Decimal(row["total"]), row["customers"], Decimal(row["peak"])
    eighty = row["eighty_customers"] if customers >= FULL // 20 else None
    return {
        "measure": row["measure"],
        "customers": customers,
        "total": row["total"],
        "gini": row["gini"],
        "reason": _reason(total, customers),
        "pareto": [_best(row, top, total) for top in TOPS],
        "eighty_percent_customers": eighty,
        "eighty_percent_share": None if eighty is None else eighty / customers,
        "peak": row["peak"],
        "peak_share": _share(peak, total),
        "peak_customers": row["gainers"],
        "loss_makers": row["losers"],
        "lost": row["lost"],
        "points": [_point(0, Decimal(0), total, customers), *_points(points, total, customers)],
    }


def _reason(total: Decimal, customers: int) -> str | None:
    """Why shares are null."""
    if customers < FULL // 20:
        return TOO_FEW
    return NOTHING if total <= 0 else None


def _best(row: Row, top: int, total: Decimal) -> dict[str, Any]:
    """With fewer customers than it takes for one of them to be the best p percent, there is no such share."""
    enough = row["customers"] * top >= FULL
    return {
        "top_percent": top,
        "customers": -(-row["customers"] * top // FULL) if enough else 0,
        "amount": row[f"top{top}"] if enough else None,
        "share": _share(Decimal(row[f"top{top}"]), total) if enough else None,
    }


def _points(points: Iterable[Row], total: Decimal, customers: int) -> list[dict[str, Any]]:
    ordered = sorted(points, key=lambda point: point["place"])
    return [_point(point["place"], Decimal(point["cumulative"]), total, customers) for point in ordered]


def _point(place: int, amount: Decimal, total: Decimal, customers: int) -> dict[str, Any]:
    return {
        "customers": place,
        "customers_share": place / customers,
        "amount": str(amount.quantize(Decimal("0.01"))),
        "share": _share(amount, total),
    }


def _share(amount: Decimal, total: Decimal) -> float | None:
    """Of a total that is not positive nothing is a share."""
    return float(amount / total) if total > 0 else None
