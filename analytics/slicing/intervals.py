"""Student's intervals of means, from exact sums."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import sqrt

from analytics import distributions
from analytics.intervals import LEVEL, quantile

_Z = quantile()


def mean_interval(total: int, squares: int, n: int) -> tuple[float, float] | None:
    """The Student t interval of a mean at 95%, from n, the sum and the sum of squares; None for fewer than two.

    The variance is taken in fractions: floating point would lose it where amounts are large and alike.
    """
    if n < 2:
        return None
    mean = Fraction(total, n)
    variance = max(Fraction(squares) - total * mean, Fraction(0)) / (n - 1)
    half = student_quantile(n - 1) * sqrt(variance / n)
    return float(mean) - half, float(mean) + half


@lru_cache(maxsize=4096)
def student_quantile(freedom: int) -> float:
    """The 97.5% quantile of Student's t with so many degrees of freedom: 12.706 for 1, 1.960 for very many."""
    if freedom > 100_000:
        # Abramowitz & Stegun 26.7.5, whose next term is below 1e-9 here.
        return _Z + (_Z**3 + _Z) / (4 * freedom)
    return distributions.student_quantile(LEVEL, freedom)
