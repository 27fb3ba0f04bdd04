"""Within which a customer's value will lie: a predictive interval, from seeded draws, the same in every run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.lifetime.fitting import Fit
from analytics.lifetime.gamma_gamma import GammaGamma
from analytics.lifetime.histories import Floats, Histories
from analytics.lifetime.purchases import PurchaseModel

LEVEL = 0.9
DRAWS = 3000
KNOTS = 8
SEED = 20_050_501
# Where the distribution of those who are active is kept: evenly, and finely in its upper tail.
_LEVELS = np.unique(np.concatenate([np.linspace(0, 1, 161), 1 - np.geomspace(0.001, 0.05, 24)]))


@dataclass(frozen=True)
class Bounds:
    """Multiples of a customer's mean value of a purchase, shape (n,)."""

    low: Floats
    high: Floats


def bounds(
    model: PurchaseModel, fit: Fit, spend: Fit | None, histories: Histories, active: Floats, weeks: float
) -> Bounds:
    """What all purchases of the next `weeks` are worth together, in multiples of the customer's mean value.

    A share LEVEL of customers with this history end within the bounds (more, where the lower one is 0). It covers:
    whether the customer is still active (`active`, P(alive) by history), how often they buy and for how long, what
    each purchase is worth (Gamma-Gamma; all alike where `spend` is None), and that the parameters are estimates.
    """
    low, high = np.zeros(len(histories)), np.zeros(len(histories))
    for x in np.unique(histories.repeats):
        mine = histories.repeats == x
        ages = histories.age[mine]
        knots = np.unique(np.linspace(ages.min(), ages.max(), KNOTS))
        table = np.array([_quantiles(model, fit, spend, float(x), float(age), weeks) for age in knots])
        for target, level in ((low, (1 - LEVEL) / 2), (high, (1 + LEVEL) / 2)):
            # The inactive bring nothing: the level within those who are active is what remains of it.
            chance = active[mine]
            within = np.clip((level - (1 - chance)) / np.maximum(chance, 1e-12), 0.0, 1.0)
            target[mine] = _between(table, knots, ages, within)
    return Bounds(low, high)


def _quantiles(model: PurchaseModel, fit: Fit, spend: Fit | None, x: float, age: float, weeks: float) -> Floats:
    """Of an active customer; the same random numbers for every history, so that neighbours differ smoothly."""
    random = np.random.default_rng(SEED)
    parameters = fit.drawn(DRAWS, random)
    spent = spend.drawn(DRAWS, random) if spend is not None else None
    purchases = model.drawn(parameters, x, age, weeks, random)
    if spend is None or spent is None:
        totals = purchases
    else:
        p, q, v = spent.T
        usual = GammaGamma().population_mean(spend.parameters) or 1.0
        # Somebody of average spending stands for all of these x: the totals of others are in proportion.
        spread = (v + x * usual) / random.standard_gamma(p * x + q)
        drawn = random.standard_gamma(np.maximum(p * purchases, 1e-9)) * spread
        mean = GammaGamma().conditional_mean(spend.parameters, np.array([x]), np.array([usual]))[0]
        totals = np.where(purchases > 0, drawn / mean, 0.0)
    found: Floats = np.quantile(totals, _LEVELS)
    return found


def _between(table: Floats, knots: Floats, ages: Floats, levels: Floats) -> Floats:
    """Linear between knots of age and of level."""
    upper = np.clip(np.searchsorted(_LEVELS, levels), 1, len(_LEVELS) - 1)
    share = (levels - _LEVELS[upper - 1]) / (_LEVELS[upper] - _LEVELS[upper - 1])
    right = np.clip(np.searchsorted(knots, ages), 0, len(knots) - 1)
    left = np.maximum(right - 1, 0)
    width = np.where(right > left, knots[right] - knots[left], 1.0)
    along = np.where(right > left, (ages - knots[left]) / width, 0.0)
    near = table[left, upper - 1] * (1 - share) + table[left, upper] * share
    far = table[right, upper - 1] * (1 - share) + table[right, upper] * share
    found: Floats = near * (1 - along) + far * along
    return found
