"""The verdict on a group: is it large, certain and different enough from its parent to be addressed by itself?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.guard import estimates, power
from analytics.intervals import wilson

VIABLE, TOO_SMALL, TOO_UNCERTAIN, NOT_DIFFERENT = "viable", "too_small", "too_uncertain", "not_different"
VERDICTS = (VIABLE, TOO_SMALL, TOO_UNCERTAIN, NOT_DIFFERENT)


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of a group.

    lift: the relative effect that a campaign to it must be able to show, with two equal arms. minimum: customers below
    which nothing is said. precision: how wide half an interval may be, relative to the estimate. Raises ValueError.
    """

    lift: float = 0.2
    alpha: float = 0.05
    power: float = 0.8
    minimum: int = 100
    precision: float = 0.5

    def __post_init__(self) -> None:
        if not (0.0 < self.alpha < 0.5 and 0.5 <= self.power < 1.0 and self.lift > 0.0 and self.minimum >= 2):
            raise ValueError("out of range")


@dataclass(frozen=True, slots=True)
class Sample:
    """What is known of a group: customers, and the sum and the sum of squares of their outcomes.

    For a rate the outcomes are 0 and 1, and both sums are the number of successes.
    """

    n: int
    total: float
    squares: float
    is_rate: bool

    @classmethod
    def of_rate(cls, n: int, successes: int) -> Sample:
        return cls(n, successes, successes, True)

    @property
    def mean(self) -> float | None:
        return self.total / self.n if self.n else None

    @property
    def variance(self) -> float:
        """Of one customer's outcome."""
        if self.n < 2:
            return 0.0
        mean = self.total / self.n
        if self.is_rate:
            return mean * (1.0 - mean)
        return max(0.0, (self.squares - self.n * mean * mean) / (self.n - 1))

    def without(self, other: Sample) -> Sample:
        """The rest, where the other is a part of it."""
        squares = max(0.0, self.squares - other.squares)
        return Sample(self.n - other.n, self.total - other.total, squares, self.is_rate)

    def interval(self, alpha: float) -> tuple[float, float] | None:
        if self.mean is None:
            return None
        if self.is_rate:
            return wilson(round(self.total), self.n, 1.0 - alpha)
        return estimates.mean_interval(self.mean, self.variance, self.n, alpha=alpha)

    def needed(self, demand: Demand) -> int | None:
        """Customers in each of two arms that show the demanded lift; None where no number would."""
        if self.mean is None:
            return None
        given = {"alpha": demand.alpha, "power": demand.power}
        if self.is_rate:
            return power.customers_per_arm(self.mean, demand.lift, **given)
        return power.customers_per_arm_of_mean(self.mean, self.variance, demand.lift, **given)


@dataclass(frozen=True, slots=True)
class Alternative:
    """The macro alternative: the nearest group above that can be acted upon; `steps` is None where there is none."""

    steps: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with what it rests on. Figures are None where there is not enough to state them."""

    verdict: str
    reason: str
    n: int
    estimate: float | None
    interval: tuple[float, float] | None
    needed_per_arm: int | None
    power: float | None
    detectable_lift: float | None
    p_value: float | None
    q_value: float | None
    shrunk: float | None
    parent: Sample
    alternative: Alternative | None


def judge(groups: Sequence[tuple[Sample, Sequence[Sample]]], demand: Demand) -> list[Finding]:
    """A verdict for each of (group, the groups above it, nearest first, the last being everybody).

    Each is compared with the rest of its parent, which is independent of it; the p-values of all that are compared
    here are adjusted together.
    """
    compared = [_p_value(group, above[0], demand) for group, above in groups]
    adjusted = estimates.benjamini_hochberg(compared)
    between = _between(groups)
    return [
        _finding(group, above, demand, p, q, between)
        for (group, above), p, q in zip(groups, compared, adjusted, strict=True)
    ]


def _p_value(group: Sample, parent: Sample, demand: Demand) -> float | None:
    rest = parent.without(group)
    if min(group.n, rest.n) < demand.minimum or group.mean is None or rest.mean is None:
        return None
    if group.is_rate:
        return estimates.compare_rates(round(group.total), group.n, round(rest.total), rest.n)
    return estimates.compare_means(group.mean, group.variance, group.n, rest.mean, rest.variance, rest.n)


def _between(groups: Sequence[tuple[Sample, Sequence[Sample]]]) -> float:
    """The variance between groups, from all that are judged together and the rests of their parents."""
    parts = [part for group, above in groups for part in (group, above[0].without(group))]
    known = [(part.n, part.mean, part.variance) for part in parts if part.mean is not None]
    total = sum(n for n, _, _ in known)
    if not total:
        return 0.0
    within = sum(n * variance for n, _, variance in known) / total
    return estimates.between_variance([(n, mean) for n, mean, _ in known], within)


def _finding(
    group: Sample, above: Sequence[Sample], demand: Demand, p: float | None, q: float | None, between: float
) -> Finding:
    parent, mean = above[0], group.mean
    enough = group.n >= demand.minimum and mean is not None
    interval = group.interval(demand.alpha) if enough else None
    needed = (group if group.total else parent).needed(demand)
    verdict, reason = _verdict(group, parent, demand, interval, needed, q)
    shown = enough and mean is not None
    reach = (
        power.detectable_lift(mean, group.variance, group.n // 2, alpha=demand.alpha, power=demand.power)
        if shown and mean is not None
        else math.inf
    )
    return Finding(
        verdict=verdict,
        reason=reason,
        n=group.n,
        estimate=mean if enough else None,
        interval=interval,
        needed_per_arm=needed,
        power=_power(group, demand) if enough else None,
        detectable_lift=None if math.isinf(reach) or reach == 0.0 else reach,
        p_value=p,
        q_value=q,
        shrunk=_shrunk(group, parent, between),
        parent=parent,
        alternative=None if verdict == VIABLE else _alternative(above, demand),
    )


def _verdict(
    group: Sample,
    parent: Sample,
    demand: Demand,
    interval: tuple[float, float] | None,
    needed: int | None,
    q: float | None,
) -> tuple[str, str]:
    if group.n < demand.minimum:
        return TOO_SMALL, f"{group.n:,} customers are fewer than {demand.minimum:,}: nothing can be said of them."
    if group.n and group.variance == 0.0:
        return TOO_UNCERTAIN, "All customers of the group had the same outcome: there is nothing to measure."
    if needed is None or interval is None:
        return TOO_UNCERTAIN, f"No number of customers would show a lift of {demand.lift:.0%} of this outcome."
    if group.n < 2 * needed:
        return TOO_SMALL, (
            f"A lift of {demand.lift:.0%} takes two arms of {needed:,} customers to be seen; the group has {group.n:,}."
        )
    mean = group.mean or 0.0
    if (interval[1] - interval[0]) / 2.0 > demand.precision * abs(mean):
        return TOO_UNCERTAIN, "The interval is too wide for the estimate to be acted upon."
    if parent.n - group.n < demand.minimum:
        return NOT_DIFFERENT, "The group is all, or nearly all, of its parent: there is no rest to differ from."
    if q is None or q > demand.alpha:
        return NOT_DIFFERENT, "The outcome does not differ from that of the rest of the parent by more than chance."
    return VIABLE, "Large enough to measure an effect, and different from the rest of its parent."


def _power(group: Sample, demand: Demand) -> float | None:
    per_arm, mean = group.n // 2, group.mean
    if mean is None:
        return None
    if group.is_rate:
        return power.power_of_rates(mean, demand.lift, per_arm, alpha=demand.alpha)
    return power.power_of_means(mean, group.variance, demand.lift, per_arm, alpha=demand.alpha)


def _shrunk(group: Sample, parent: Sample, between: float) -> float | None:
    if parent.mean is None:
        return None
    if group.is_rate:
        return estimates.shrunk_rate(round(group.total), group.n, parent.mean, between)
    return estimates.shrunk_mean(group.mean or 0.0, group.variance, group.n, parent.mean, between)


def _alternative(above: Sequence[Sample], demand: Demand) -> Alternative:
    for steps, wider in enumerate(above):
        needed = wider.needed(demand)
        if wider.n >= demand.minimum and needed is not None and wider.n >= 2 * needed:
            told = f"{wider.n:,} customers can show a lift of {demand.lift:.0%} ({2 * needed:,} would do)."
            return Alternative(steps, told)
    return Alternative(None, "Not even all customers are enough: address everybody, and do not measure by group.")
