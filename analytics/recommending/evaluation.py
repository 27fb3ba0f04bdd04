"""How good recommendations are: what was recommended as of a cut, against what was bought after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.recommending.histories import Floats, Ints, best_per_customer

# As many as a list holds.
AT = 10
# With fewer customers who bought something of the kind after the cut, nothing is concluded.
ENOUGH_CUSTOMERS = 50


@dataclass(frozen=True)
class Accuracy:
    """customers: who bought something of the kind after the cut. hit_rate: share of them for whom one of the first ten
    was bought. recall: what part of what they bought was among the first ten, on average. Null without customers."""

    customers: int
    hit_rate: float | None
    recall: float | None

    @property
    def is_enough(self) -> bool:
        return self.customers >= ENOUGH_CUSTOMERS


def accuracy(bought: tuple[Ints, Ints], listed: tuple[Ints, Ints, Floats], *, products: int) -> Accuracy:
    """bought: pairs (customer, product) after the cut. listed: what is recommended, scored; the best ten count."""
    customer, product = bought
    people, of = np.unique(customer, return_inverse=True)
    if len(people) == 0:
        return Accuracy(0, None, None)
    best = best_per_customer(*listed, AT)
    recommended = listed[0][best] * products + listed[1][best]
    hit = np.isin(customer * products + product, recommended)
    hits, wanted = np.bincount(of, weights=hit), np.bincount(of)
    return Accuracy(len(people), float(np.mean(hits > 0)), float(np.mean(hits / wanted)))


def better(candidate: Accuracy, baseline: Accuracy) -> bool:
    """Whether the candidate is chosen: where there is enough to judge by, it must not be worse than the baseline."""
    if not candidate.is_enough or candidate.recall is None or baseline.recall is None:
        return True
    return candidate.recall >= baseline.recall
