"""The Gamma-Gamma model of what a purchase is worth: values differ by a gamma (p, nu), customers' nu by one (q, v)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy.special import digamma, gammaln

from analytics.lifetime.histories import Floats, Ints, added
from analytics.lifetime.names import GAMMA_GAMMA


@dataclass(frozen=True)
class Spending:
    """What customers' purchases were worth on average. purchases: how many, mean: their mean (> 0), weight: customers.

    By published practice (Fader & Hardie 2013) these are the repeat purchases: the first is left out.
    """

    purchases: Floats
    mean: Floats
    weight: Floats

    def __post_init__(self) -> None:
        """Raise ValueError for what the model cannot take."""
        if not np.all((self.purchases > 0) & (self.mean > 0) & np.isfinite(self.mean) & (self.weight > 0)):
            raise ValueError("spending needs purchases and means above 0")

    def __len__(self) -> int:
        return len(self.purchases)

    @cached_property
    def counts(self) -> tuple[Floats, Ints, Floats]:
        """The distinct numbers of purchases, which one each customer has, and how many customers have each."""
        values, of = np.unique(self.purchases, return_inverse=True)
        return values, of, added(of, self.weight, len(values))

    @cached_property
    def total(self) -> Floats:
        """What all purchases of each were worth."""
        return self.purchases * self.mean

    @cached_property
    def logs(self) -> tuple[float, float]:
        """Sums over customers of x ln(x mean), and of ln(mean)."""
        by_total = self.weight @ (self.purchases * np.log(self.total))
        return float(by_total), float(self.weight @ np.log(self.mean))


class GammaGamma:
    """Fader, Hardie & Lee (2005), "RFM and CLV"; the likelihood as in Fader & Hardie (2013), eq. 1a."""

    name: ClassVar[str] = GAMMA_GAMMA
    names: ClassVar[tuple[str, ...]] = ("p", "q", "v")

    def log_likelihood(self, parameters: Floats, spending: Spending) -> tuple[float, Floats]:
        """The log-likelihood of all customers' means, and its gradient by (p, q, v)."""
        p, q, v = parameters
        values, of, weights = spending.counts
        by_total, by_mean = spending.logs
        customers = weights.sum()
        shape = p * values
        spread = v + spending.total
        logs = added(of, spending.weight * np.log(spread), len(values))
        inverse = spending.weight / spread
        value = weights @ (gammaln(shape + q) - gammaln(shape)) + customers * (q * np.log(v) - gammaln(q))
        value += p * by_total - by_mean - (shape + q) @ logs
        shares = added(of, inverse, len(values))
        both = digamma(shape + q)
        by_p = weights @ (values * (both - digamma(shape))) + by_total - values @ logs
        by_q = weights @ both + customers * (np.log(v) - digamma(q)) - logs.sum()
        by_v = customers * q / v - (shape + q) @ shares
        return float(value), np.array([by_p, by_q, by_v])

    def population_mean(self, parameters: Floats) -> float | None:
        """What a purchase is worth on average, p v / (q - 1); None where q <= 1: it has no mean then."""
        p, q, v = parameters
        return float(p * v / (q - 1)) if q > 1 else None

    def conditional_mean(self, parameters: Floats, purchases: Floats, mean: Floats) -> Floats:
        """E[M | x, mean] = p (v + x mean) / (p x + q - 1): between a customer's own mean and the population's.

        Of those without repeats it is the population's. Raises ValueError where the population has no mean.
        """
        p, q, v = parameters
        if q <= 1:
            raise ValueError("the population has no mean: q <= 1")
        found: Floats = p * (v + purchases * mean) / (p * purchases + q - 1)
        return found

    def starts(self, spending: Spending) -> Sequence[Floats]:
        """Parameters to begin the search from: all have the observed mean."""
        mean = float(np.average(spending.mean, weights=spending.weight))
        return [np.array([p, q, mean * (q - 1) / p]) for p, q in ((2.0, 3.0), (6.0, 4.0), (1.0, 1.5), (30.0, 10.0))]
