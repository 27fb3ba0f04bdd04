"""Customers who behave as the models say, from known parameters, event by event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.lifetime.gamma_gamma import Spending
from analytics.lifetime.histories import Floats, Histories, collapsed


@dataclass(frozen=True)
class World:
    """What is seen up to the end of calibration, and what came after: purchases and their value."""

    repeats: Floats
    recency: Floats
    age: Floats
    mean: Floats
    after: Floats
    value_after: Floats

    @property
    def histories(self) -> Histories:
        return collapsed(self.repeats, self.recency, self.age)

    @property
    def each(self) -> Histories:
        return Histories(self.repeats, self.recency, self.age, np.ones(len(self.repeats)))

    @property
    def spending(self) -> Spending:
        again = self.repeats > 0
        return Spending(self.repeats[again], self.mean[again], np.ones(int(again.sum())))


def world(model: str, parameters: list[float], customers: int, weeks: float, *, seed: int = 11) -> World:
    """Customers first seen up to a quarter of a year apart, watched 26 to 39 weeks and then `weeks` on."""
    random = np.random.default_rng(seed)
    p, q, v = 6.0, 4.0, 15.0
    rows = []
    for _ in range(customers):
        age = random.uniform(26, 39)
        times = _purchases(model, parameters, age + weeks, random)
        nu = random.gamma(q, 1 / v)
        values = random.gamma(p, 1 / nu, len(times))
        seen = times <= age
        mean = values[seen].mean() if seen.any() else 0.0
        recency = times[seen].max(initial=0.0)
        rows.append([seen.sum(), recency, age, mean, (~seen).sum(), values[~seen].sum()])
    return World(*np.array(rows).T)


def _purchases(model: str, parameters: list[float], until: float, random: np.random.Generator) -> Floats:
    r, alpha, first, second = parameters
    rate = random.gamma(r, 1 / alpha)
    if model == "pareto_nbd":
        until = min(until, random.exponential(1 / max(random.gamma(first, 1 / second), 1e-12)))
        return np.sort(random.uniform(0, until, random.poisson(rate * until)))
    stops = random.beta(first, second)
    times: list[float] = []
    now = 0.0
    if model == "mbg_nbd" and random.uniform() < stops:
        return np.array(times)
    while True:
        now += random.exponential(1 / rate) if rate > 1e-12 else np.inf
        if now > until:
            return np.array(times)
        times.append(now)
        if random.uniform() < stops:
            return np.array(times)
