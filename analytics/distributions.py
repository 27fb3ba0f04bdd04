"""Normal and Student distributions, without SciPy: web processes answer verdicts too."""

from __future__ import annotations

import math
from statistics import NormalDist

NORMAL = NormalDist()
_TINY = 1e-300
_STEPS = 500
_CLOSE = 1e-15
_HALVINGS = 200


def z_of(probability: float) -> float:
    """The quantile of the standard normal distribution."""
    return NORMAL.inv_cdf(probability)


def two_sided(z: float) -> float:
    """The probability that a standard normal value is at least this far from zero; precise in the tail."""
    return math.erfc(abs(z) / math.sqrt(2))


def regularised_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b), by the continued fraction of Lentz (Press et al. 2007, Numerical Recipes, section 6.4)."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - regularised_beta(1.0 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0))
    found = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away(1.0 + term * d)
            c = _away(1.0 + term / c)
            found *= d * c
        if abs(d * c - 1.0) < _CLOSE:
            break
    return math.exp(log_front) * found / a


def student_two_sided(t: float, freedom: float) -> float:
    """The probability that a Student value with so many degrees of freedom is at least this far from zero."""
    return regularised_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)


def student_quantile(confidence: float, freedom: float) -> float:
    """How far from zero a Student value stays with this probability."""
    low, high = 0.0, 1.0
    while 1.0 - student_two_sided(high, freedom) < confidence:
        high *= 2.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if 1.0 - student_two_sided(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _away(value: float) -> float:
    """Never quite zero."""
    return value if abs(value) > _TINY else _TINY
