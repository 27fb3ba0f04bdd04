"""The CDNOW sample, read plainly."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np

from analytics.lifetime.gamma_gamma import Spending
from analytics.lifetime.histories import Floats, Histories, collapsed

DATA = Path(__file__).parent / "data"
CALIBRATION_END = date(1997, 9, 30)
HOLDOUT_WEEKS = 39.0


@dataclass(frozen=True)
class Summary:
    repeats: Floats
    recency: Floats
    age: Floats
    mean: Floats

    @property
    def histories(self) -> Histories:
        return collapsed(self.repeats, self.recency, self.age)

    @property
    def spending(self) -> Spending:
        again = self.repeats > 0
        return Spending(self.repeats[again], self.mean[again], np.ones(int(again.sum())))


@cache
def summary() -> Summary:
    with (DATA / "cdnow_customers_summary_with_transactions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return Summary(*(np.array([float(row[name]) for row in rows]) for name in ("x", "t_x", "T", "zbar")))


@cache
def transactions() -> dict[str, dict[date, Decimal]]:
    """What each customer spent by day."""
    found: dict[str, dict[date, Decimal]] = defaultdict(dict)
    with (DATA / "cdnow_sample.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            days = found[row["id"]]
            day = date.fromisoformat(row["d"])
            days[day] = days.get(day, Decimal(0)) + Decimal(row["v"])
    return dict(found)


@cache
def split() -> tuple[Histories, Floats]:
    """Histories of one customer each up to the end of calibration, and their purchases after it."""
    rows, after = [], []
    for days in transactions().values():
        before = sorted(day for day in days if day <= CALIBRATION_END)
        weeks = [(before[-1] - before[0]).days / 7, (CALIBRATION_END - before[0]).days / 7]
        rows.append([len(before) - 1, *weeks])
        after.append(float(len(days) - len(before)))
    table = np.array(rows, dtype=float)
    return Histories(table[:, 0], table[:, 1], table[:, 2], np.ones(len(table))), np.array(after)
