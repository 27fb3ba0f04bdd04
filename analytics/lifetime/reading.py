"""From the table `purchase_histories` to what models take: collapsed in SQL, a million customers are few rows."""

# ruff: noqa: S608 - the SQL is made of our own names and of numbers

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from analytics.lifetime.comparison import Observed
from analytics.lifetime.gamma_gamma import Spending
from analytics.lifetime.histories import Floats, Histories

TABLE = "purchase_histories"
WEEK = 7.0
EPOCH = date(1970, 1, 1)
# Below this share of revenue whose cost is known, values are what was spent.
LEAST_COSTED = 0.5
MARGIN, SPEND = "margin", "spend"

# Answers a query with NumPy arrays by column.
Columns = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class Basis:
    """What values are: margins, with the usual rate of cost where an order's own is not known, or what was spent."""

    name: str
    cost_rate: float = 0.0
    costed: float = 0.0

    def value(self, prefix: str = "") -> str:
        """SQL of what a customer's repeats were worth, as DOUBLE."""
        net = f"CAST({prefix}repeat_value AS DOUBLE)"
        if self.name == SPEND:
            return f"COALESCE({net}, 0.0)"
        known = f"COALESCE(CAST({prefix}repeat_cost AS DOUBLE), 0.0)"
        rest = f"COALESCE(CAST({prefix}repeat_uncosted AS DOUBLE), 0.0)"
        return f"COALESCE({net} - {known} - {self.cost_rate:.17e} * {rest}, 0.0)"


@dataclass(frozen=True)
class Period:
    """Calibration from the first purchase of all to its end, and the last day of the holdout."""

    calibration_from: date
    calibration_end: date
    holdout_end: date


def basis(columns: Columns) -> Basis:
    """Margin, where the cost of at least half the revenue of repeats is known."""
    found = columns(
        "SELECT CAST(SUM(repeat_value) AS DOUBLE) AS value, CAST(SUM(repeat_cost) AS DOUBLE) AS cost, "
        f"CAST(SUM(repeat_uncosted) AS DOUBLE) AS uncosted FROM {TABLE}"
    )
    value, cost, uncosted = (_number(found[name]) for name in ("value", "cost", "uncosted"))
    costed = (value - uncosted) / value if value > 0 else 0.0
    if costed < LEAST_COSTED or value <= uncosted:
        return Basis(SPEND, costed=costed)
    return Basis(MARGIN, cost / (value - uncosted), costed)


def period(columns: Columns) -> Period | None:
    """None where nobody has ordered."""
    found = columns(
        f"SELECT COUNT(*) AS customers, MIN(first_day) AS first, MAX(calibration_day) AS middle, "
        f"MAX(last_day) AS last FROM {TABLE}"
    )
    if not _number(found["customers"]):
        return None
    first, middle, last = (EPOCH + timedelta(days=_number(found[name])) for name in ("first", "middle", "last"))
    return Period(first, middle, last)


def calibration(columns: Columns, chosen: Basis, between: Period) -> Observed | None:
    """Customers who came by the end of calibration, with what they did after it. None where nobody did."""
    found = columns(
        "SELECT calibration_repeats AS x, calibration_recency_days AS t_x, calibration_age_days AS t, "
        f"holdout_purchases AS after, COUNT(*) AS customers FROM {TABLE} WHERE calibration_age_days >= 0 "
        "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    )
    if not len(found["x"]):
        return None
    weeks = (between.holdout_end - between.calibration_end).days / WEEK
    after = _floats(found["after"]) if weeks > 0 else None
    return Observed(_histories(found), after, max(weeks, 0.0), spending(columns, chosen, "calibration_"))


def everything(columns: Columns) -> Histories:
    """All customers, up to the last day."""
    return _histories(
        columns(
            f"SELECT repeats AS x, recency_days AS t_x, age_days AS t, COUNT(*) AS customers FROM {TABLE} "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
    )


def spending(columns: Columns, chosen: Basis, prefix: str = "") -> Spending:
    """What the repeats of each were worth on average, of those who gained us something."""
    found = columns(
        f"SELECT x, value, COUNT(*) AS customers FROM (SELECT CAST({prefix}valued_repeats AS DOUBLE) AS x, "
        f"{chosen.value(prefix)} AS value FROM {TABLE} WHERE {prefix}valued_repeats > 0) AS valued "
        "WHERE value > 0 GROUP BY x, value ORDER BY x, value"
    )
    purchases = _floats(found["x"])
    return Spending(purchases, _floats(found["value"]) / np.maximum(purchases, 1.0), _floats(found["customers"]))


def _histories(found: Mapping[str, Any]) -> Histories:
    recency, age = (_floats(found[name]) / WEEK for name in ("t_x", "t"))
    return Histories(_floats(found["x"]), recency, age, _floats(found["customers"]))


def _floats(column: Any) -> Floats:
    return np.asarray(column, dtype=np.float64)


def _number(column: Any) -> Any:
    """The value of a single row; 0 for null."""
    masked = np.ma.getmaskarray(column)
    return 0 if masked[0] or column[0] is None else column[0].item()
