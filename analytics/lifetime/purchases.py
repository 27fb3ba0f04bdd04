"""What the models of buying have in common: how a likelihood is put together, and what follows from the parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, gammaln

from analytics.lifetime.histories import Floats, Histories

Generator = np.random.Generator


@dataclass(frozen=True)
class Term:
    """The logarithm of one part of a likelihood, shape (n,), and its derivatives by the parameters, shape (k, n)."""

    value: Floats
    gradient: Floats


class PurchaseModel(ABC):
    """A customer buys at random with a rate of their own, and at some moment stops; rates differ by a gamma.

    Each likelihood is exp(common(x)) * (exp(stopped(x, t_x)) + exp(active(x, T))): the parts depend on few distinct
    pairs, which are worked out once. `parameters` are positive, in the order of `names`; times are in weeks.
    """

    name: ClassVar[str]
    names: ClassVar[tuple[str, ...]]

    @abstractmethod
    def common(self, parameters: Floats, repeats: Floats) -> Term:
        """The part of ln L that depends on x alone."""

    @abstractmethod
    def stopped(self, parameters: Floats, repeats: Floats, recency: Floats) -> Term:
        """The part of those who stopped, by x and t_x; minus infinity where nobody can have."""

    @abstractmethod
    def active(self, parameters: Floats, repeats: Floats, age: Floats) -> Term:
        """The other part, by x and T."""

    @abstractmethod
    def survival(self, parameters: Floats, repeats: Floats, age: Floats) -> Floats:
        """ln of the joint density of the history and of being active at T, in the scale of the other parts."""

    @abstractmethod
    def expected(self, parameters: Floats, weeks: Floats) -> Floats:
        """E[X(t)]: how often somebody whose first purchase was just now buys again within t weeks."""

    @abstractmethod
    def ahead(self, parameters: Floats, repeats: Floats, age: Floats, weeks: Floats) -> Floats:
        """Purchases in the next t weeks of somebody who is active at T; (n,) and (m,) give (n, m)."""

    @abstractmethod
    def drawn(self, parameters: Floats, repeats: float, age: float, weeks: float, random: Generator) -> Floats:
        """Purchases in the next t weeks of somebody active at T, drawn: one draw a row of `parameters` (draws, k)."""

    @abstractmethod
    def starts(self, histories: Histories) -> Sequence[Floats]:
        """Parameters to begin the search from."""

    def log_likelihood(self, parameters: Floats, histories: Histories) -> tuple[float, Floats]:
        """The log-likelihood of all customers, and its gradient by the parameters."""
        counts, weights = histories.counts
        common = self.common(parameters, counts)
        mixed = self._mixed(parameters, histories)
        value = float(weights @ common.value + histories.weight @ mixed.value)
        stopped_share = np.exp(mixed.stopped - mixed.value) * histories.weight
        stopped_total = histories.by_recency.total(stopped_share)
        active_total = histories.by_age.total(histories.weight - stopped_share)
        gradient = common.gradient @ weights
        gradient += mixed.stopped_term.gradient @ stopped_total + mixed.active_term.gradient @ active_total
        return value, gradient

    def active_probability(self, parameters: Floats, histories: Histories) -> Floats:
        """P(alive | x, t_x, T) of each history."""
        mixed = self._mixed(parameters, histories)
        pairs = histories.by_age
        survival = self.survival(parameters, pairs.repeats, pairs.time)[pairs.of]
        return np.exp(np.minimum(survival - mixed.value, 0.0))

    def conditional(self, parameters: Floats, histories: Histories, weeks: float) -> Floats:
        """E[Y(t) | x, t_x, T]: purchases in the next t weeks of each history."""
        pairs = histories.by_age
        ahead = self.ahead(parameters, pairs.repeats, pairs.time, np.array([weeks]))[:, 0]
        return self.active_probability(parameters, histories) * ahead[pairs.of]

    def discounted(self, parameters: Floats, repeats: Floats, age: Floats, weeks: float, rate: float) -> Floats:
        """Purchases in the next weeks of somebody active at T, each worth exp(-rate t) of one now; rate a week.

        By parts: exp(-rate h) U(h) + rate * integral of exp(-rate t) U(t), which is smooth (Gauss-Legendre).
        """
        nodes, weights = np.polynomial.legendre.leggauss(12)
        times = (nodes + 1) * weeks / 2
        ahead = self.ahead(parameters, repeats, age, np.append(times, weeks))
        inner = ahead[:, :-1] @ (weights * np.exp(-rate * times)) * weeks / 2
        found: Floats = np.exp(-rate * weeks) * ahead[:, -1] + rate * inner
        return found

    def _mixed(self, parameters: Floats, histories: Histories) -> _Mixed:
        recencies, ages = histories.by_recency, histories.by_age
        stopped = self.stopped(parameters, recencies.repeats, recencies.time)
        active = self.active(parameters, ages.repeats, ages.time)
        stopped_values = stopped.value[recencies.of]
        value = np.logaddexp(stopped_values, active.value[ages.of])
        return _Mixed(value, stopped_values, stopped, active)


@dataclass(frozen=True)
class _Mixed:
    """ln(exp(stopped) + exp(active)) by history, the first of the two by history, and both by pair."""

    value: Floats
    stopped: Floats
    stopped_term: Term
    active_term: Term


def gamma_part(r: float, alpha: float, repeats: Floats) -> Term:
    """ln of Gamma(r + x) alpha^r / Gamma(r), and its derivatives by r and alpha."""
    value = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    by_r = digamma(r + repeats) - digamma(r) + np.log(alpha)
    return Term(value, np.stack([by_r, np.full_like(by_r, r / alpha)]))


def pace(histories: Histories) -> float:
    """Repeat purchases per week of all customers together; something small where there are none."""
    weeks = float(histories.weight @ histories.age)
    return max(float(histories.weight @ histories.repeats), 0.5) / max(weeks, 1e-3)
