"""Student's intervals of means, from exact sums."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
_TINY = 1e-300


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
    low, high = 1.9, 13.0
    for _ in range(60):
        middle = (low + high) / 2
        if _two_tails(middle, freedom) > 1 - LEVEL:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _two_tails(t: float, freedom: int) -> float:
    """P(|T| > t) = I_x(v/2, 1/2) with x = v / (v + t^2) (Abramowitz & Stegun 26.7.1, 26.5.27)."""
    a, b, x = freedom / 2, 0.5, freedom / (freedom + t * t)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Lentz's method; Press et al. 1992, section 6.4)."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            found *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return found


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
