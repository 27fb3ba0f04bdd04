"""Dimensions as codes: of every customer, or of every row (order or line) of a stretch of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from analytics.slicing import catalogue
from analytics.slicing.catalogue import ABSENT, Level
from analytics.slicing.store import Store
from analytics.slicing.sums import Ints

_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Axis:
    """One dimension. A code is a place in `values`; code 0 is no value."""

    name: str
    level: Level
    values: list[str | None]
    column: str = ""
    unit: str = ""
    first: int = 0
    threshold: int | None = None

    def customers(self, store: Store) -> Ints:
        """The code of each customer."""
        if self.threshold is not None:
            value = store.column("first_value")
            return np.where(value == ABSENT, 0, np.where(value < self.threshold, 1, 2)).astype(np.uint8)
        if self.unit:
            first = np.asarray(store.column("first_order"))
            known = first != ABSENT
            codes = np.zeros(len(first), dtype=np.int64)
            if known.any():
                codes[known] = self._bucket(store.column("order.placed")[first[known]])
            return codes
        return store.column(self.column)

    def rows(self, store: Store, start: int, end: int) -> Ints:
        """The code of each order, or line, of a stretch of them."""
        if not self.unit:
            return store.column(self.column)[start:end]
        # Orders stand in the order of their moments: it is enough to find where each bucket begins.
        placed = store.column("order.placed")[start:end]
        numbers = np.arange(self.first, self.first + len(self.values))
        edges = np.searchsorted(placed, began(numbers, self.unit))
        return np.repeat(np.arange(1, len(self.values), dtype=np.int32), np.diff(edges))

    def _bucket(self, placed: Ints) -> Ints:
        return 1 + bucket(placed, self.unit) - self.first


def bucket(placed: Ints, unit: str) -> Ints:
    """The number of the calendar's day, week (from Monday), month, quarter or year in UTC that holds each moment."""
    if unit in ("day", "week"):
        days = np.floor_divide(placed, _DAY)
        return days if unit == "day" else np.floor_divide(days + 3, 7)
    months = placed.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return np.floor_divide(months, {"month": 1, "quarter": 3, "year": 12}[unit])


def began(numbers: Ints, unit: str) -> Ints:
    """The first moment of buckets by their numbers."""
    if unit in ("day", "week"):
        return (numbers if unit == "day" else numbers * 7 - 3) * _DAY
    months = numbers * {"month": 1, "quarter": 3, "year": 12}[unit]
    return months.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)


def named(number: int, unit: str) -> str:
    """What people call a bucket: 2026-03-15, 2026-W11, 2026-03, 2026-Q1, 2026."""
    if unit == "day":
        return (_EPOCH + timedelta(days=number)).isoformat()
    if unit == "week":
        year, week, _ = (_EPOCH + timedelta(days=number * 7 - 3)).isocalendar()
        return f"{year}-W{week:02}"
    if unit == "year":
        return str(1970 + number)
    year, part = divmod(number, 4 if unit == "quarter" else 12)
    return f"{1970 + year}-Q{part + 1}" if unit == "quarter" else f"{1970 + year}-{part + 1:02}"


def axis(store: Store, name: str, threshold: int | None) -> Axis | None:
    """The dimension of that name; None where the store has none. `threshold`: of first orders, in cents."""
    level = catalogue.level_of(name)
    if name == catalogue.THRESHOLD_BAND and threshold is not None:
        return Axis(name, level, [None, *catalogue.BANDS], threshold=threshold)
    unit = catalogue.COHORTS.get(name) or catalogue.BUCKETS.get(name)
    if unit:
        return _calendar(store, name, level, unit)
    for column in (catalogue.CUSTOMER_DIMENSIONS.get(name), f"metrics.{name}", name):
        if column is not None and column in store.meta["dictionaries"]:
            return Axis(name, level, store.values(column), column=column)
    return None


def _calendar(store: Store, name: str, level: Level, unit: str) -> Axis:
    placed: Any = store.column("order.placed")
    if not len(placed):
        return Axis(name, level, [None], unit=unit)
    first, last = (int(each) for each in bucket(np.array([placed[0], placed[-1]], dtype=np.int64), unit))
    return Axis(name, level, [None, *(named(each, unit) for each in range(first, last + 1))], unit=unit, first=first)


def offered(store: Store) -> list[str]:
    """The names of all dimensions that the store has."""
    coded = store.meta["dictionaries"]
    fixed = [name for name, column in catalogue.CUSTOMER_DIMENSIONS.items() if column in coded]
    fixed += [name for name in (*catalogue.ORDER_DIMENSIONS, *catalogue.LINE_DIMENSIONS) if name in coded]
    computed = [name.removeprefix("metrics.") for name in coded if name.startswith("metrics.")]
    custom = [name for name in coded if name.startswith(catalogue.CUSTOM)]
    return sorted({*fixed, *computed, *custom, *catalogue.COHORTS, *catalogue.BUCKETS, catalogue.THRESHOLD_BAND})
