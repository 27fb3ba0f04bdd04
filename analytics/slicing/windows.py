"""Sums of a stretch of time: by customer, or of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.slicing.catalogue import ABSENT, Level
from analytics.slicing.store import Store
from analytics.slicing.sums import Ints, present, sums

# What is added up of orders, by the column it stands in.
ROW_SUMS = {
    "revenue": "revenue", "returned": "returned", "discount": "discount", "list_price": "list_price",
    "margin": "margin", "units": "units", "money_orders": "is_money",
}  # fmt: skip
_PROFILES = {"profit": "profit", "lifetime_value": "lifetime_value", "valued_customers": "lifetime_value"}


@dataclass(frozen=True)
class Window:
    """The moments from `start` (None: the beginning) to before `end`, in microseconds since 1970."""

    store: Store
    start: int | None
    end: int

    @cached_property
    def orders(self) -> tuple[int, int]:
        """The first order in it, and the first after it."""
        return self._places("order.placed")

    @cached_property
    def lines(self) -> tuple[int, int]:
        of = self.store.column("line.order")
        # In the column's own type: otherwise the whole column would be converted first.
        bounds = np.searchsorted(of, np.array(self.orders, dtype=of.dtype))
        return int(bounds[0]), int(bounds[1])

    def _places(self, column: str) -> tuple[int, int]:
        moments = self.store.column(column)
        kind = moments.dtype
        first = 0 if self.start is None else int(np.searchsorted(moments, np.array(self.start, dtype=kind)))
        return first, max(first, int(np.searchsorted(moments, np.array(self.end, dtype=kind))))

    @cached_property
    def is_everything(self) -> bool:
        return self.orders == (0, len(self.store.column("order.placed")))

    def rows(self, level: Level) -> tuple[int, int]:
        return self.lines if level is Level.LINE else self.orders

    def of_rows(self, name: str, level: Level) -> Ints:
        """A column of the orders, or lines, in it."""
        start, end = self.rows(level)
        return self.store.column(f"{'line' if level is Level.LINE else 'order'}.{name}")[start:end]

    def by_customer(self, part: str) -> Ints:
        """A part of measures, of every customer."""
        count = self.store.customers
        if part in ROW_SUMS or part == "orders":
            return self._summed(part)
        match part:
            case "customers":
                return self._summed("orders") > 0
            case "money_customers":
                return self._summed("money_orders") > 0
            case "other_orders":
                return self._summed("orders") - self._summed("money_orders")
            case "new_customers":
                first = np.asarray(self.store.column("first_order"))
                return (first >= self.orders[0]) & (first < self.orders[1])
            case "cost":
                start, end = self._places("touch.placed")
                who, cost = self.store.column("touch.customer"), self.store.column("touch.cost")
                return sums(who[start:end], cost[start:end], count)
            case _:
                return self._of_profile(part)

    def _summed(self, part: str) -> Ints:
        column = ROW_SUMS.get(part, part)
        if self.is_everything:
            return self.store.column(f"total.{column}")
        kept = self._kept.get(part)
        if kept is None:
            start, end = self.orders
            who, count = self.store.column("order.customer")[start:end], self.store.customers
            if part == "orders":
                kept = np.bincount(who, minlength=count)
            else:
                kept = sums(who, present(self.of_rows(column, Level.ORDER)), count)
            self._kept[part] = kept
        return kept

    @cached_property
    def _kept(self) -> dict[str, Ints]:
        return {}

    def _of_profile(self, part: str) -> Ints:
        """A computed number of those who bought in the window."""
        values = np.asarray(self.store.column(f"number.{_PROFILES[part]}"))
        known = (values != ABSENT) & self.by_customer("customers")
        return known if part == "valued_customers" else np.where(known, values, 0)
