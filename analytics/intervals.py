"""Confidence intervals of shares and of means, from counts and sums alone."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import sqrt
from statistics import NormalDist

LEVEL = 0.95
# With fewer than this many customers a mean has no interval: the normal approximation says nothing about so few.
MINIMUM = 5


def quantile(level: float = LEVEL) -> float:
    """The standard normal quantile of a two-sided interval; 1.96 at 95%."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(successes: int, of: int, level: float = LEVEL) -> tuple[float, float] | None:
    """The score interval of a share (Wilson 1927), 0 to 1; None of nobody. It holds for few, and for shares of 0 or 1.

    Raises ValueError where more succeeded than there are.
    """
    if not 0 <= successes <= of:
        raise ValueError(f"there must be no more successes than there are, and none negative: {successes} of {of}")
    if of == 0:
        return None
    z = quantile(level)
    share, square = successes / of, z * z / of
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * sqrt(share * (1 - share) / of + square / (4 * of))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == of else min(1.0, middle + half)
    return low, high


def mean(total: Decimal, squares: Decimal, of: int, level: float = LEVEL) -> tuple[float, float] | None:
    """The normal interval of a mean from the sum and the sum of squares; None where fewer than MINIMUM were seen.

    The variance is taken exactly, in fractions: of large equal amounts floating point would lose it.
    """
    if of < MINIMUM:
        return None
    exact, n = Fraction(total), Fraction(of)
    variance = (Fraction(squares) - exact * exact / n) / (n - 1)
    centre, half = float(exact / n), quantile(level) * sqrt(max(variance, Fraction(0)) / n)
    return centre - half, centre + half
