"""How many customers it takes to see an effect, and which effect so many customers can show."""

from __future__ import annotations

import math

from analytics.distributions import NORMAL, z_of


def customers_per_arm(base: float, lift: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Customers in each of two arms to tell a rate `base` from `base * (1 + lift)`; None where no number would do.

    n = (z(1-alpha/2) + z(power))^2 (p1 q1 + p2 q2) / (p2 - p1)^2, two-sided, each arm with its own variance (Fleiss,
    Levin & Paik 2003, Statistical Methods for Rates and Proportions, section 4.2, without continuity correction).
    """
    other = base * (1.0 + lift)
    if not 0.0 < base < 1.0 or not 0.0 < other < 1.0 or lift == 0.0:
        return None
    spread = base * (1.0 - base) + other * (1.0 - other)
    return math.ceil((z_of(1.0 - alpha / 2.0) + z_of(power)) ** 2 * spread / (other - base) ** 2)


def customers_per_arm_of_mean(
    mean: float, variance: float, lift: float, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """As `customers_per_arm`, for a mean whose variance is alike in both arms: n = 2 (z + z)^2 s^2 / (lift mean)^2."""
    effect = lift * mean
    if effect == 0.0 or variance <= 0.0:
        return None
    return math.ceil(2.0 * (z_of(1.0 - alpha / 2.0) + z_of(power)) ** 2 * variance / effect**2)


def power_of_rates(base: float, lift: float, per_arm: int, *, alpha: float = 0.05) -> float | None:
    """The chance that two arms of this size show the lift of a rate."""
    other = base * (1.0 + lift)
    if not 0.0 < base < 1.0 or not 0.0 < other < 1.0 or per_arm < 1:
        return None
    error = math.sqrt((base * (1.0 - base) + other * (1.0 - other)) / per_arm)
    return _power(abs(other - base) / error, alpha)


def power_of_means(mean: float, variance: float, lift: float, per_arm: int, *, alpha: float = 0.05) -> float | None:
    """The chance that two arms of this size show the lift of a mean."""
    if mean == 0.0 or variance <= 0.0 or per_arm < 1:
        return None
    return _power(abs(lift * mean) / math.sqrt(2.0 * variance / per_arm), alpha)


def detectable_lift(base: float, variance: float, per_arm: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The relative lift that two arms of this size can show, by the variance of the base: infinite where none."""
    if base == 0.0 or per_arm < 1:
        return math.inf
    return (z_of(1.0 - alpha / 2.0) + z_of(power)) * math.sqrt(2.0 * variance / per_arm) / abs(base)


def _power(distance: float, alpha: float) -> float:
    edge = z_of(1.0 - alpha / 2.0)
    return NORMAL.cdf(distance - edge) + NORMAL.cdf(-distance - edge)
