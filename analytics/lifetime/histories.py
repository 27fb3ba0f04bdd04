"""Purchase histories, collapsed: customers who look alike are counted, not repeated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def added(of: Ints, amounts: Floats, count: int) -> Floats:
    """Amounts (n,) added up by the group that each is `of`: shape (count,)."""
    return np.bincount(of, weights=amounts, minlength=count).astype(float)


@dataclass(frozen=True)
class Pairs:
    """The distinct pairs of `repeats` and a time, and which of them each history has."""

    repeats: Floats
    time: Floats
    of: Ints

    def total(self, amounts: Floats) -> Floats:
        """Amounts by history, added up by pair."""
        return added(self.of, amounts, len(self.repeats))


@dataclass(frozen=True)
class Histories:
    """Histories of shape (n,), times in weeks.

    repeats: x, purchases after the first (those of one day are one). recency: t_x, from the first to the last.
    age: T, from the first to the end of what is looked at. weight: how many customers have just this history.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    weight: Floats

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be a history."""
        if not len(self.repeats) == len(self.recency) == len(self.age) == len(self.weight):
            raise ValueError("the columns of histories differ in length")
        sound = (self.repeats >= 0) & (self.recency >= 0) & (self.recency <= self.age) & (self.weight > 0)
        if not np.all(sound & np.isfinite(self.age)):
            raise ValueError("a history needs x >= 0, 0 <= t_x <= T and a positive weight")

    def __len__(self) -> int:
        return len(self.repeats)

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return round(float(self.weight.sum()))

    @property
    def repeat_customers(self) -> int:
        """How many of them bought again."""
        return round(float(self.weight[self.repeats > 0].sum()))

    @cached_property
    def counts(self) -> tuple[Floats, Floats]:
        """The distinct numbers of repeats, and how many customers have each."""
        values, of = np.unique(self.repeats, return_inverse=True)
        return values, added(of, self.weight, len(values))

    @cached_property
    def by_recency(self) -> Pairs:
        """The distinct pairs (x, t_x)."""
        return _pairs(self.repeats, self.recency)

    @cached_property
    def by_age(self) -> Pairs:
        """The distinct pairs (x, T)."""
        return _pairs(self.repeats, self.age)

    def every(self, step: int) -> Histories:
        """Each step-th history: a smaller set alike."""
        return Histories(self.repeats[::step], self.recency[::step], self.age[::step], self.weight[::step])


def collapsed(repeats: Floats, recency: Floats, age: Floats, weight: Floats | None = None) -> Histories:
    """Histories of one customer each (or of `weight` customers), as the distinct ones with their counts."""
    if weight is None:
        weight = np.ones(len(repeats))
    first, keys = np.unique(repeats, return_inverse=True)
    parts = [first]
    for column in (recency, age):
        values, of = np.unique(column, return_inverse=True)
        parts.append(values)
        keys = keys * len(values) + of
    distinct, of = np.unique(keys, return_inverse=True)
    rest, ages = np.divmod(distinct, max(len(parts[2]), 1))
    firsts, recencies = np.divmod(rest, max(len(parts[1]), 1))
    counted = added(of, weight, len(distinct))
    return Histories(
        parts[0][firsts].astype(float), parts[1][recencies].astype(float), parts[2][ages].astype(float), counted
    )


def _pairs(repeats: Floats, time: Floats) -> Pairs:
    xs, x_of = np.unique(repeats, return_inverse=True)
    times, time_of = np.unique(time, return_inverse=True)
    distinct, of = np.unique(x_of * max(len(times), 1) + time_of, return_inverse=True)
    which_x, which_time = np.divmod(distinct, max(len(times), 1))
    return Pairs(xs[which_x], times[which_time], of)
