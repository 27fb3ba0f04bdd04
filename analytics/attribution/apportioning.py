"""Whole units out of fractions, so that the parts add up to the whole exactly."""

from __future__ import annotations

import numpy as np

from analytics.attribution.journeys import Floats, Integers


def apportioned(parts: Floats, total: int) -> Integers:
    """The parts as whole numbers that add up to `total`: rounded down, the rest to the largest fractions.

    The method of largest remainders (Hamilton 1792); among equals the earlier part. `parts` should add up to about
    `total`; where they do not, the difference is spread evenly. With no parts there is nothing to give to: raises
    ValueError unless the total is 0.
    """
    if not len(parts):
        if total:
            raise ValueError("a total without parts")
        return np.zeros(0, dtype=np.int64)
    down = np.floor(parts).astype(np.int64)
    each, left = divmod(total - int(down.sum()), len(parts))
    down += each
    # Rounded first: noise in the last digits must not decide between equals.
    order = np.argsort(-np.round(parts - np.floor(parts), 9), kind="stable")
    down[order[:left]] += 1
    return down
