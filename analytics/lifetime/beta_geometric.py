"""The BG/NBD and the MBG/NBD: rates differ by a gamma (r, alpha); after a purchase one stops with a probability of
one's own, which differs by a beta (a, b)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaln, digamma

from analytics.lifetime.histories import Floats, Histories
from analytics.lifetime.names import BG_NBD, MBG_NBD
from analytics.lifetime.purchases import Generator, PurchaseModel, Term, gamma_part, pace


class BgNbd(PurchaseModel):
    """Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", eq. 6: nobody stops at the first purchase.

    P(alive) of whoever never bought again is therefore 1: "still active" is not taken from this model.
    """

    name: ClassVar[str] = BG_NBD
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    # Times one may stop beside the repeats: in the MBG/NBD also at the first purchase.
    first: ClassVar[int] = 0

    def common(self, parameters: Floats, repeats: Floats) -> Term:
        r, alpha, a, b = parameters
        buying = gamma_part(r, alpha, repeats)
        kept = b + repeats + self.first
        by_a = digamma(a + b) - digamma(a + kept)
        by_b = by_a + digamma(kept) - digamma(b)
        return Term(buying.value + betaln(a, kept) - betaln(a, b), np.vstack([buying.gradient, by_a, by_b]))

    def stopped(self, parameters: Floats, repeats: Floats, recency: Floats) -> Term:
        r, alpha, a, b = parameters
        may_stop = repeats + self.first > 0
        before = np.where(may_stop, b + repeats + self.first - 1, 1.0)
        buying = _no_more(r, alpha, repeats, recency)
        value = np.where(may_stop, np.log(a) - np.log(before) + buying.value, -np.inf)
        return Term(value, np.vstack([buying.gradient, np.full_like(before, 1 / a), -1 / before]))

    def active(self, parameters: Floats, repeats: Floats, age: Floats) -> Term:
        r, alpha, _, _ = parameters
        buying = _no_more(r, alpha, repeats, age)
        nothing = np.zeros_like(repeats)
        return Term(buying.value, np.vstack([buying.gradient, nothing, nothing]))

    def survival(self, parameters: Floats, repeats: Floats, age: Floats) -> Floats:
        return self.active(parameters, repeats, age).value

    def expected(self, parameters: Floats, weeks: Floats) -> Floats:
        """Fader, Hardie & Lee (2005), eq. 9; the MBG/NBD's is b / (a + b) of it with b + 1 (Batislam et al. 2007)."""
        _, _, a, b = parameters
        staying = (b / (a + b)) if self.first else 1.0
        found: Floats = staying * self.ahead(parameters, np.zeros(1), np.zeros(1), np.atleast_1d(weeks))[0]
        return found

    def ahead(self, parameters: Floats, repeats: Floats, age: Floats, weeks: Floats) -> Floats:
        """E[(1 - (1 + p t / (alpha+T))^-(r+x)) / p] over p ~ Beta(a, b+x): what the hypergeometric closed form says,
        without its pole at a = 1, by Gauss' quadrature for the beta."""
        r, alpha, a, b = parameters
        found = np.empty((len(repeats), len(weeks)))
        for x in np.unique(repeats):
            mine = repeats == x
            spans = weeks[None, :] / (alpha + age[mine])[:, None]
            longest = float(spans.max(initial=0.0))
            p, share = _beta_rule(a, b + x + self.first, 32 if longest < 30 else 96 if longest < 300 else 384)
            grown = np.log1p(spans[:, :, None] * p)
            found[mine] = -np.expm1(-(r + x) * grown) @ (share / p)
        return found

    def drawn(self, parameters: Floats, repeats: float, age: float, weeks: float, random: Generator) -> Floats:
        """Purchases that do not stop come at rate (1 - p) lambda, and the one that does at rate p lambda."""
        r, alpha, a, b = parameters.T
        rate = random.standard_gamma(r + repeats) / (alpha + age)
        stopping = rate * random.beta(a, b + repeats + self.first)
        span = random.standard_exponential(len(r))
        stops = span < stopping * weeks
        staying = np.where(stops, span / np.maximum(stopping, 1e-300), weeks)
        found: Floats = random.poisson((rate - stopping) * staying) + stops.astype(float)
        return found

    def starts(self, histories: Histories) -> Sequence[Floats]:
        rate = pace(histories)
        return [
            np.array([r, r / rate / faster, a, b])
            for r, a, b, faster in ((0.4, 0.8, 2.5, 1.8), (1.0, 0.5, 5.0, 1.2), (0.2, 1.5, 1.5, 3.0))
        ]


class MbgNbd(BgNbd):
    """Batislam, Denizel & Filiztekin (2007): as the BG/NBD, and one may stop at the first purchase already."""

    name: ClassVar[str] = MBG_NBD
    first: ClassVar[int] = 1


def _no_more(r: float, alpha: float, repeats: Floats, time: Floats) -> Term:
    """ln of (alpha + t)^-(r + x), with derivatives by r and alpha."""
    until = np.log(alpha + time)
    return Term(-(r + repeats) * until, np.stack([-until, -(r + repeats) / (alpha + time)]))


def _beta_rule(a: float, b: float, points: int) -> tuple[Floats, Floats]:
    """Points in (0, 1) and weights, adding up to 1, of Gauss' quadrature for Beta(a, b).

    Golub & Welsch (1969) on the recurrence of Jacobi's polynomials, shifted to (0, 1).
    """
    n = np.arange(points, dtype=float)
    total = a + b
    twice = 2 * n + total
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (2 * n * (n + total - 1) + a * (total - 2)) / ((twice - 2) * twice)
        squared = n * (n + a - 1) * (n + b - 1) * (n + total - 2) / ((twice - 1) * (twice - 2) ** 2 * (twice - 3))
    middle[0] = a / total
    if points > 1:
        squared[1] = a * b / (total**2 * (total + 1))
    values, vectors = eigh_tridiagonal(middle, np.sqrt(squared[1:]))
    weights = vectors[0] ** 2
    return np.clip(values, 1e-300, 1.0), weights / weights.sum()
