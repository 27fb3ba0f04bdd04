"""How well churn was foretold: ranking, calibration, and which way is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from analytics.churn.models import Bools, Floats

# One-sided 1%: how plainly a way must be better than a simpler one.
Z = 2.326


@dataclass(frozen=True)
class Bin:
    """One tenth of the customers by foretold probability: what was foretold on average, and what came."""

    customers: int
    foretold: float
    churned: float


@dataclass(frozen=True)
class Errors:
    """auc: probability that a churner is ranked above somebody who stayed (0.5: by chance). brier: mean squared error
    of the probability (Brier 1950). log_loss: mean negative log-likelihood, in nats. curve: calibration by tenths."""

    customers: int
    churners: int
    auc: float
    brier: float
    log_loss: float
    curve: tuple[Bin, ...]


def losses(probability: Floats, churned: Bools) -> Floats:
    """Negative log-likelihood of each customer; probabilities are kept a millionth away from 0 and 1."""
    kept = np.clip(probability, 1e-6, 1 - 1e-6)
    found: Floats = -np.where(churned, np.log(kept), np.log1p(-kept))
    return found


def errors(probability: Floats, churned: Bools) -> Errors:
    """Needs at least one churner and one who stayed."""
    count, churners = len(churned), int(churned.sum())
    # Mann-Whitney: the area under the curve from the churners' ranks, ties shared.
    ranks = float(rankdata(probability)[churned].sum())
    auc = (ranks - churners * (churners + 1) / 2) / (churners * (count - churners))
    order = np.argsort(probability, kind="stable")
    tenths = [part for part in np.array_split(order, 10) if len(part)]
    curve = tuple(Bin(len(part), float(probability[part].mean()), float(churned[part].mean())) for part in tenths)
    brier = float(np.mean((probability - churned) ** 2))
    return Errors(count, churners, auc, brier, float(losses(probability, churned).mean()), curve)


def choose(foretold: Mapping[str, Floats], churned: Bools) -> str:
    """The way to use; `foretold` is from the simplest on. A later way must have plainly less log loss (paired)."""
    names = iter(foretold)
    chosen = next(names)
    for name in names:
        gain = losses(foretold[chosen], churned) - losses(foretold[name], churned)
        if gain.mean() > Z * gain.std(ddof=1) / np.sqrt(len(gain)):
            chosen = name
    return chosen
