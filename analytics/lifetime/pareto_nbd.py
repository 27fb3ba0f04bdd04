"""The Pareto/NBD: rates differ by a gamma (r, alpha), lifetimes are exponential with rates by a gamma (s, beta)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from analytics.lifetime.histories import Floats, Histories
from analytics.lifetime.hypergeometric import LogValue, log_gauss
from analytics.lifetime.names import PARETO_NBD
from analytics.lifetime.purchases import Generator, PurchaseModel, Term, gamma_part, pace


class ParetoNbd(PurchaseModel):
    """Schmittlein, Morrison & Colombo (1987); the likelihood as in Fader & Hardie (2005), "A Note on Deriving the
    Pareto/NBD Model", eq. 17 (a sum of positive parts, after integrating by parts).

    With m = r + s + x and z(t) = (alpha - beta) / (alpha + t):
    stopped = s/m (alpha+t_x)^-(r+x) (beta+t_x)^-s 2F1(1, r+x; m+1; z(t_x)),
    active  = (r+x)/m (alpha+T)^-(r+x+1) (beta+T)^(1-s) 2F1(1, r+x+1; m+1; z(T)); both hold on either side of z = 0.
    """

    name: ClassVar[str] = PARETO_NBD
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")

    def common(self, parameters: Floats, repeats: Floats) -> Term:
        r, alpha, s, beta = parameters
        buying = gamma_part(r, alpha, repeats)
        ones = np.ones_like(repeats)
        gradient = np.vstack([buying.gradient, np.log(beta) * ones, s / beta * ones])
        return Term(buying.value + s * np.log(beta), gradient)

    def stopped(self, parameters: Floats, repeats: Floats, recency: Floats) -> Term:
        r, alpha, s, beta = parameters
        a_t, b_t, shape = alpha + recency, beta + recency, r + repeats
        m = shape + s
        f = log_gauss(shape, m + 1, (alpha - beta) / a_t)
        value = np.log(s / m) - shape * np.log(a_t) - s * np.log(b_t) + f.value
        by_r = -1 / m - np.log(a_t) + f.by_b + f.by_c
        by_s = 1 / s - 1 / m - np.log(b_t) + f.by_c
        return Term(value, _gradient(by_r, by_s, -shape / a_t, -s / b_t, f, a_t, b_t))

    def active(self, parameters: Floats, repeats: Floats, age: Floats) -> Term:
        r, alpha, s, beta = parameters
        a_t, b_t, shape = alpha + age, beta + age, r + repeats
        m = shape + s
        f = log_gauss(shape + 1, m + 1, (alpha - beta) / a_t)
        value = np.log(shape / m) - (shape + 1) * np.log(a_t) + (1 - s) * np.log(b_t) + f.value
        by_r = 1 / shape - 1 / m - np.log(a_t) + f.by_b + f.by_c
        by_s = -1 / m - np.log(b_t) + f.by_c
        return Term(value, _gradient(by_r, by_s, -(shape + 1) / a_t, (1 - s) / b_t, f, a_t, b_t))

    def survival(self, parameters: Floats, repeats: Floats, age: Floats) -> Floats:
        r, alpha, s, beta = parameters
        found: Floats = -(r + repeats) * np.log(alpha + age) - s * np.log(beta + age)
        return found

    def expected(self, parameters: Floats, weeks: Floats) -> Floats:
        found: Floats = self.ahead(parameters, np.zeros(1), np.zeros(1), np.atleast_1d(weeks))[0]
        return found

    def ahead(self, parameters: Floats, repeats: Floats, age: Floats, weeks: Floats) -> Floats:
        """(r+x)(beta+T) / ((alpha+T)(s-1)) * (1 - ((beta+T)/(beta+T+t))^(s-1)), its limit at s = 1 included."""
        r, alpha, s, beta = parameters
        spans = np.log1p(weeks[None, :] / (beta + age)[:, None])
        rate = (r + repeats) * (beta + age) / (alpha + age)
        powers = (s - 1) * spans
        small = np.abs(powers) < 1e-8
        lasting = np.where(small, 1 - powers / 2, -np.expm1(-powers) / np.where(small, 1, powers))
        found: Floats = rate[:, None] * spans * lasting
        return found

    def drawn(self, parameters: Floats, repeats: float, age: float, weeks: float, random: Generator) -> Floats:
        r, alpha, s, beta = parameters.T
        rate = random.standard_gamma(r + repeats) / (alpha + age)
        stopping = random.standard_gamma(s) / (beta + age)
        span = random.standard_exponential(len(r))
        staying = np.minimum(span, weeks * stopping) / np.maximum(stopping, 1e-300)
        found: Floats = random.poisson(rate * np.where(stopping * weeks < 1e-12, weeks, staying)).astype(float)
        return found

    def starts(self, histories: Histories) -> Sequence[Floats]:
        rate, age = pace(histories), float(np.average(histories.age, weights=histories.weight))
        return [
            np.array([r, r / rate, s, s * max(age, 1e-2) * stay])
            for r, s, stay in ((0.6, 0.6, 0.7), (1.5, 1.5, 1.5), (0.3, 0.3, 0.2))
        ]


def _gradient(
    by_r: Floats, by_s: Floats, by_alpha: Floats, by_beta: Floats, f: LogValue, a_t: Floats, b_t: Floats
) -> Floats:
    """By (r, alpha, s, beta): z depends on alpha and beta as well."""
    return np.stack([by_r, by_alpha + f.by_z * b_t / a_t**2, by_s, by_beta - f.by_z / a_t])
