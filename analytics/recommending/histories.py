"""Purchase histories as arrays: one entry for each product that a customer bought for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class History:
    """Entries sorted by customer, then product; both are numbers from 0.

    times: purchases (days). age: days since the last. span: days from first to last. weight: purchases, each counting
    half after 180 days.
    """

    customers: int
    products: int
    customer: Ints
    product: Ints
    times: Ints
    age: Ints
    span: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, chosen: Bools) -> History:
        """Only some of the entries."""
        picked = [getattr(self, name)[chosen] for name in ("customer", "product", "times", "age", "span", "weight")]
        return History(self.customers, self.products, *picked)

    @property
    def buyers(self) -> Ints:
        """How many bought each product."""
        return np.bincount(self.product, minlength=self.products)


def from_columns(columns: dict[str, Any], customers: int, products: int, *, before: bool = False) -> History:
    """The answer of history.sql: as of now, or as of the cut."""
    suffix = "_before" if before else ""

    def ints(name: str) -> Ints:
        return np.asarray(columns[name], dtype=np.int64)

    whole = History(
        customers=customers,
        products=products,
        customer=ints("customer"),
        product=ints("product"),
        times=ints(f"times{suffix}"),
        age=ints(f"age{suffix}"),
        span=ints(f"span{suffix}"),
        weight=ints(f"weight{suffix}") / 1e6,
    )
    return whole.where(whole.times > 0) if before else whole


def best_per_customer(customer: Ints, product: Ints, score: Floats, limit: int) -> Ints:
    """Places of the `limit` highest scores of each customer, by customer, then from best to worst; ties by product."""
    order = np.lexsort((product, -score, customer))
    ordered = customer[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.empty(0, dtype=np.int64)
    sizes = np.diff(np.r_[starts, len(ordered)])
    place = np.arange(len(ordered)) - np.repeat(starts, sizes)
    found: Ints = order[place < limit]
    return found
