"""What fitted models say of each history: still active or not, purchases and value to come, within which bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.lifetime import empirical
from analytics.lifetime.comparison import MODELS
from analytics.lifetime.fitting import Fit
from analytics.lifetime.histories import Floats, Histories
from analytics.lifetime.intervals import bounds

# A next purchase is only foretold of customers who are rather active than not.
LEAST_ACTIVE = 0.5


@dataclass(frozen=True)
class Terms:
    """horizon: weeks of expected purchases. value_weeks: weeks of the lifetime value. rate: discount per week."""

    horizon: float
    value_weeks: float
    rate: float


@dataclass(frozen=True)
class Scores:
    """Of each history, shape (n,); NaN where it cannot be told.

    active: P(alive). expected: purchases in the horizon. discounted: purchases in the weeks of the value, each worth as
    much as it is now. low, high: what they bring, in multiples of the mean value of a purchase. next_weeks: by when an
    active customer has even odds of having bought again.
    """

    active: Floats
    expected: Floats
    discounted: Floats
    low: Floats
    high: Floats
    next_weeks: Floats


def score(histories: Histories, fit: Fit, activity: Fit | None, spend: Fit | None, terms: Terms) -> Scores:
    """By a fitted model of buying. activity: the Pareto/NBD or MBG/NBD that says who is still active.

    (The BG/NBD thinks everybody active who never came back, and is not asked.) spend: the Gamma-Gamma, if there is one.
    """
    model, pairs = MODELS[fit.name], histories.by_age
    own = model.active_probability(fit.parameters, histories)
    ahead = model.ahead(fit.parameters, pairs.repeats, pairs.time, np.array([terms.horizon, terms.value_weeks]))
    discounted = model.discounted(fit.parameters, pairs.repeats, pairs.time, terms.value_weeks, terms.rate)
    found = bounds(model, fit, spend, histories, own, terms.value_weeks)
    # Purchases of the interval are discounted as the expected ones are, on average.
    worth = (discounted / np.maximum(ahead[:, 1], 1e-300))[pairs.of]
    active = np.full(len(histories), np.nan)
    if activity is not None:
        active = MODELS[activity.name].active_probability(activity.parameters, histories)
    return Scores(
        active=active,
        expected=own * ahead[:, 0][pairs.of],
        discounted=own * discounted[pairs.of],
        low=found.low * worth,
        high=found.high * worth,
        next_weeks=_next_purchase(histories, fit, active),
    )


def score_empirically(histories: Histories, pace: float, terms: Terms) -> Scores:
    """By rates as they were so far: no interval, and nothing about who is still active."""
    unknown = np.full(len(histories), np.nan)
    span = -np.expm1(-terms.rate * terms.value_weeks) / terms.rate if terms.rate > 0 else terms.value_weeks
    return Scores(
        active=unknown,
        expected=empirical.expected(histories, pace, terms.horizon),
        discounted=empirical.expected(histories, pace, span),
        low=unknown,
        high=unknown,
        next_weeks=unknown,
    )


def _next_purchase(histories: Histories, fit: Fit, active: Floats) -> Floats:
    """The median of the wait of somebody active: (alpha + T) (2^(1 / (r + x)) - 1), as rates differ by a gamma."""
    r, alpha = fit.parameters[:2]
    with np.errstate(over="ignore"):
        wait = (alpha + histories.age) * np.expm1(np.log(2) / (r + histories.repeats))
    return np.where(active >= LEAST_ACTIVE, wait, np.nan)
