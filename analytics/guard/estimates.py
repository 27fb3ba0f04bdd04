"""Intervals, comparisons of two independent groups, many comparisons at once, and shrinkage to the parent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analytics.distributions import student_quantile, student_two_sided, two_sided


def mean_interval(mean: float, variance: float, n: int, *, alpha: float = 0.05) -> tuple[float, float] | None:
    """The interval of a mean by Student's distribution; None for fewer than two values."""
    if n < 2:
        return None
    half = student_quantile(1.0 - alpha, n - 1) * math.sqrt(variance / n)
    return mean - half, mean + half


def compare_rates(successes: int, n: int, other_successes: int, other_n: int) -> float | None:
    """The p-value of two independent rates being one (z-test with the pooled variance); None where nothing varies."""
    pooled = (successes + other_successes) / (n + other_n) if n and other_n else 0.0
    if not 0.0 < pooled < 1.0:
        return None
    error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / other_n))
    return two_sided((successes / n - other_successes / other_n) / error)


def compare_means(
    mean: float, variance: float, n: int, other_mean: float, other_variance: float, other_n: int
) -> float | None:
    """The p-value of two independent means being one (Welch 1947); None where nothing varies or too few are there."""
    if min(n, other_n) < 2:
        return None
    mine, others = variance / n, other_variance / other_n
    error = mine + others
    if error <= 0.0:
        return None
    freedom = error**2 / (mine**2 / (n - 1) + others**2 / (other_n - 1))
    return student_two_sided((mean - other_mean) / math.sqrt(error), freedom)


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """The q-value of each (Benjamini & Hochberg 1995): the false discovery rate at which it would just be a finding.

    Those that are None were not compared, and do not count.
    """
    ranked = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    found: list[float | None] = [None] * len(p_values)
    least = 1.0
    for rank in range(len(ranked), 0, -1):
        p, index = ranked[rank - 1]
        least = min(least, p * len(ranked) / rank)
        found[index] = least
    return found


def between_variance(groups: Sequence[tuple[int, float]], within: float) -> float:
    """The variance between groups of (customers, mean) beyond what chance makes, by moments; never below 0.

    tau^2 = (sum n_i (m_i - m)^2 - (k - 1) within) / (N - sum n_i^2 / N), m being the mean of all (Cochran 1954; for
    rates, Kleinman 1973). `within`: the variance of one customer's value.
    """
    filled = [(n, mean) for n, mean in groups if n > 0]
    total = sum(n for n, _ in filled)
    if len(filled) < 2:
        return 0.0
    overall = sum(n * mean for n, mean in filled) / total
    scatter = sum(n * (mean - overall) ** 2 for n, mean in filled)
    return max(0.0, (scatter - (len(filled) - 1) * within) / (total - sum(n * n for n, _ in filled) / total))


def shrunk_rate(successes: int, n: int, parent: float, between: float) -> float:
    """The posterior mean of a rate under a beta prior with the parent's mean and the variance between groups.

    (x + M p) / (n + M) with M = p (1 - p) / tau^2 - 1 (beta-binomial, empirical Bayes: Kleinman 1973).
    """
    if between <= 0.0:
        return parent
    strength = max(0.0, parent * (1.0 - parent) / between - 1.0)
    return (successes + strength * parent) / (n + strength) if n + strength else parent


def shrunk_mean(mean: float, variance: float, n: int, parent: float, between: float) -> float:
    """The same for a mean: the weight of the group's own mean is tau^2 / (tau^2 + s^2/n) (Efron & Morris 1975)."""
    if between <= 0.0 or n < 1:
        return parent
    weight = between / (between + variance / n)
    return parent + weight * (mean - parent)
