"""Rates as they were so far: what is used where there are too few who came back, or no model does better."""

from __future__ import annotations

import numpy as np

from analytics.lifetime.histories import Floats, Histories

# The pace of all counts as much as this many purchases of one's own.
PRIOR_PURCHASES = 1.0


def rate(histories: Histories) -> float | None:
    """Repeat purchases per week of all customers together; None where nobody came back."""
    weeks, purchases = float(histories.weight @ histories.age), float(histories.weight @ histories.repeats)
    return purchases / weeks if weeks > 0 and purchases > 0 else None


def expected(histories: Histories, pace: float, weeks: float) -> Floats:
    """Purchases in the next t weeks at each one's own pace, drawn to that of all; that people stop is left out.

    (x + k) / (T + k / pace) * t: the mean of a gamma whose prior has the mean `pace` and the shape k.
    """
    own = (histories.repeats + PRIOR_PURCHASES) / (histories.age + PRIOR_PURCHASES / pace)
    found: Floats = own * weeks
    return found


def mean_value(purchases: Floats, total: Floats, usual: float) -> Floats:
    """What a purchase of each is worth: the mean of their own, with one of the usual value added."""
    return np.asarray((total + usual) / (purchases + 1.0), dtype=float)
