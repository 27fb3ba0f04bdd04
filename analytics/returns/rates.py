"""A rate of so many out of so many, with its interval."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """The score interval of a proportion (Wilson 1927); None with no trials. Raises ValueError for more than all."""
    if not 0 <= successes <= trials:
        raise ValueError("there must be no more successes than trials, and none negative")
    if not trials:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)
