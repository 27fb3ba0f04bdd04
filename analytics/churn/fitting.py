"""Learning as of one cut and being held to the next: which way foretells churn best, and with what errors."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.churn.evaluation import Errors, choose, errors
from analytics.churn.models import WAYS, Bools, Floats

# Fewer customers, churners or stayers than this at either cut, and nothing is foretold.
CUSTOMERS = 200
OUTCOMES = 50


@dataclass(frozen=True)
class Sample:
    """Customers as of a moment: features (customers x FEATURES, NaN: unknown), and whether they churned after it."""

    features: Floats
    churned: Bools

    @property
    def lacking(self) -> str | None:
        """Why it is too little to learn from, or None."""
        count, churners = len(self.churned), int(self.churned.sum())
        if count < CUSTOMERS:
            return f"not enough data: {count} customers at a cut, at least {CUSTOMERS} are needed"
        rarer = min(churners, count - churners)
        if rarer < OUTCOMES:
            return f"not enough data: {churners} of {count} customers churned, at least {OUTCOMES} of each are needed"
        return None


@dataclass(frozen=True)
class Judged:
    """One way with its errors out of time."""

    name: str
    errors: Errors
    chosen: bool


def judge(earlier: Sample, later: Sample) -> tuple[Judged, ...]:
    """Every way, learnt as of the earlier cut and held to the later. Both samples must lack nothing."""
    foretold = {name: fit(earlier.features, earlier.churned).probability(later.features) for name, fit in WAYS.items()}
    best = choose(foretold, later.churned)
    return tuple(
        Judged(name, errors(probability, later.churned), name == best) for name, probability in foretold.items()
    )
