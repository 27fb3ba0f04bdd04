"""A budget over segments so that the last unit of money brings the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from math import exp, expm1, isfinite, log

from analytics.investment.calculus import Infeasible

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Segment:
    """customers: how many. value: of keeping one of them. gain: by how much spending could raise the rate at most
    (the ceiling less the rate without spending). steepness: per unit of money and customer.

    Raises Infeasible for what cannot be.
    """

    name: str
    customers: int
    value: float
    gain: float
    steepness: float

    def __post_init__(self) -> None:
        if self.customers < 0:
            raise Infeasible("customers", "There cannot be fewer than no customers.")
        if not (isfinite(self.value) and self.value >= 0):
            raise Infeasible("value", "The value must be 0 or more.")
        if not 0 <= self.gain <= 1:
            raise Infeasible("ceiling", "The rate can rise by 0 to 1.")
        if not (isfinite(self.steepness) and self.steepness > 0):
            raise Infeasible("steepness", "The steepness must be more than 0.")

    @property
    def first_return(self) -> float:
        """What the first unit of money brings."""
        return self.value * self.gain * self.steepness

    def marginal_return(self, spend: float) -> float:
        """What one more unit of money for one customer brings, after `spend` for each."""
        return self.first_return * exp(-self.steepness * spend)

    def total_return(self, spend: float) -> float:
        """What spending so much on each customer brings, over all of them."""
        return -self.customers * self.value * self.gain * expm1(-self.steepness * spend)


@dataclass(frozen=True)
class Share:
    """A segment's part: `amount` in cents, of which each customer's is `per_customer`."""

    segment: Segment
    amount: Decimal
    per_customer: float

    @property
    def marginal_return(self) -> float:
        return self.segment.marginal_return(self.per_customer)

    @property
    def expected_return(self) -> float:
        return self.segment.total_return(self.per_customer)


@dataclass(frozen=True)
class Split:
    """shares: in the order of the segments. unspent: what would bring less than itself anywhere."""

    shares: tuple[Share, ...]
    unspent: Decimal
    level: float | None


def split(budget: Decimal, segments: Sequence[Segment]) -> Split:
    """The split that brings most, in which no unit is spent that brings less than itself. Raises Infeasible if under 0.

    The returns v g (1 - exp(-k s)) are concave, so at the optimum the marginal return is one level L for all segments
    that get something, and the first unit brings less than L in the others (Kuhn-Tucker; water-filling):
    s = ln(v g k / L) / k. Those are the segments with the highest first returns; for each number of them L follows in
    closed form from the budget. Parts are rounded down to cents, and the cents left go to the highest first returns.
    """
    if not budget.is_finite() or budget < 0:
        raise Infeasible("budget", "The budget must be 0 or more.")
    ranked = sorted(
        (place for place, each in enumerate(segments) if each.customers and each.first_return > 1),
        key=lambda place: (-segments[place].first_return, place),
    )
    amounts = [Decimal(0)] * len(segments)
    floor = _level(float(budget), [segments[place] for place in ranked])
    wanted = 0.0
    for place in ranked:
        each = segments[place]
        exact = each.customers * max(0.0, (log(each.first_return) - floor) / each.steepness)
        wanted += exact
        amounts[place] = Decimal(exact).quantize(CENT, ROUND_FLOOR)
    left = min(budget, Decimal(wanted).quantize(CENT)) - sum(amounts)
    for place in ranked:
        if left > 0 and log(segments[place].first_return) > floor:
            amounts[place] += CENT
            left -= CENT
        elif left < 0 and amounts[place] >= CENT:
            amounts[place] -= CENT
            left += CENT
    shares = tuple(
        Share(each, amount, float(amount) / each.customers if each.customers else 0.0)
        for each, amount in zip(segments, amounts, strict=True)
    )
    return Split(shares, budget - sum(amounts), exp(floor) if ranked and budget else None)


def _level(budget: float, ranked: Sequence[Segment]) -> float:
    """The logarithm of L, at least 0: below it money is kept."""
    weighted = weight = 0.0
    level = 0.0
    for place, each in enumerate(ranked):
        weight += each.customers / each.steepness
        weighted += each.customers / each.steepness * log(each.first_return)
        level = (weighted - budget) / weight
        # With the budget used up before the next segment's first return is reached, that one gets nothing.
        if place + 1 == len(ranked) or level >= log(ranked[place + 1].first_return):
            break
    return max(0.0, level)
