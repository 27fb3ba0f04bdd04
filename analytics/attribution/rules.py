"""Rules of thumb: which share of a conversion each touch of its journey is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from analytics.attribution.journeys import Floats, Journeys

HALF_LIFE_DAYS = 7.0
# Of a conversion: for the first touch, and as much for the last; those between share what is left.
AT_THE_ENDS = 0.4


def first(journeys: Journeys) -> Floats:
    """All to the first touch."""
    return np.asarray(journeys.places == 0, dtype=np.float64)


def last(journeys: Journeys) -> Floats:
    """All to the last touch."""
    return np.asarray(journeys.places == journeys.lengths[journeys.owner] - 1, dtype=np.float64)


def linear(journeys: Journeys) -> Floats:
    """To each touch the same."""
    return 1.0 / journeys.lengths[journeys.owner]


def time_decay(journeys: Journeys, half_life: float = HALF_LIFE_DAYS) -> Floats:
    """To a touch half as much as to one a half-life (days) later. Raises ValueError for a half-life of no length."""
    if not half_life > 0:
        raise ValueError("the half-life must be more than 0")
    if not len(journeys.codes):
        return np.zeros(0)
    # Against the youngest touch of the journey, so that old journeys do not vanish.
    youngest = np.minimum.reduceat(journeys.ages, journeys.first)
    weights = np.exp2(-(journeys.ages - youngest[journeys.owner]) / half_life)
    return np.asarray(weights / np.add.reduceat(weights, journeys.first)[journeys.owner])


def position(journeys: Journeys) -> Floats:
    """40% to the first touch, 40% to the last, 20% among those between; two touches share alike, one has all."""
    lengths = journeys.lengths[journeys.owner]
    at_end = (journeys.places == 0) | (journeys.places == lengths - 1)
    between = (1 - 2 * AT_THE_ENDS) / np.maximum(lengths - 2, 1)
    return np.where(lengths <= 2, 1.0 / lengths, np.where(at_end, AT_THE_ENDS, between))


RULES: Mapping[str, Callable[[Journeys], Floats]] = {
    "first": first,
    "last": last,
    "linear": linear,
    "time_decay": time_decay,
    "position": position,
}
