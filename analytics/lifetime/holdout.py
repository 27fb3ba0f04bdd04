"""How well models foretell purchases that they have not seen, beside carrying on as before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from analytics.lifetime.histories import Floats, Histories, added

# The table lists this many repeats and more in its last row.
MOST_REPEATS = 7


@dataclass(frozen=True)
class Errors:
    """Of one method, customer by customer, in purchases of the holdout.

    mae, rmse: mean absolute error, root of the mean squared error. total_error: (foretold - actual) / actual of all
    together. spearman: rank correlation. gini: how much of the best possible ordering by purchases it reaches, 1 for
    all. None where it cannot be told: nobody bought, or all are foretold the same.
    """

    mae: float
    rmse: float
    total_error: float | None
    spearman: float | None
    gini: float | None

    def as_dict(self) -> dict[str, float | None]:
        """By name."""
        return asdict(self)


def naive(histories: Histories, weeks: float) -> Floats:
    """The baseline: everybody goes on repeating at their own rate so far, x / T."""
    rate = np.divide(histories.repeats, histories.age, out=np.zeros(len(histories)), where=histories.age > 0)
    return rate * weeks


def errors(foretold: Floats, actual: Floats, weight: Floats) -> Errors:
    """Compare by customer; shapes (n,)."""
    customers = weight.sum()
    apart = foretold - actual
    total = float(weight @ actual)
    return Errors(
        mae=float(weight @ np.abs(apart) / customers),
        rmse=float(np.sqrt(weight @ apart**2 / customers)),
        total_error=float(weight @ apart) / total if total > 0 else None,
        spearman=_spearman(foretold, actual, weight),
        gini=_gini(foretold, actual, weight),
    )


def chosen(found: Mapping[str, Errors]) -> str:
    """The method with the least RMSE, which the conditional mean minimises; among equals the first by name.

    (The mean absolute error would favour whoever foretells the median, which for most customers is 0.)
    """
    return min(found, key=lambda name: (found[name].rmse, name))


def table(histories: Histories, actual: Floats, foretold: Mapping[str, Floats]) -> list[dict[str, float | int | str]]:
    """Mean purchases of the holdout by repeats before it: 0, 1, ... and MOST_REPEATS or more."""
    capped = np.minimum(histories.repeats, MOST_REPEATS)
    rows: list[dict[str, float | int | str]] = []
    for x in range(MOST_REPEATS + 1):
        mine = capped == x
        weight = histories.weight[mine]
        if not weight.sum():
            continue
        row: dict[str, float | int | str] = {
            "repeats": f"{x}+" if x == MOST_REPEATS else str(x),
            "customers": round(float(weight.sum())),
            "actual": float(weight @ actual[mine] / weight.sum()),
        }
        rows.append(row | {name: float(weight @ each[mine] / weight.sum()) for name, each in foretold.items()})
    return rows


def _midranks(values: Floats, weight: Floats) -> Floats:
    distinct, of = np.unique(values, return_inverse=True)
    counts = added(of, weight, len(distinct))
    found: Floats = (np.cumsum(counts) - counts / 2)[of]
    return found


def _spearman(foretold: Floats, actual: Floats, weight: Floats) -> float | None:
    ranks = [_midranks(each, weight) for each in (foretold, actual)]
    first, second = (each - np.average(each, weights=weight) for each in ranks)
    spread = float((weight @ first**2) * (weight @ second**2))
    return float(weight @ (first * second)) / spread**0.5 if spread > 0 else None


def _gini(foretold: Floats, actual: Floats, weight: Floats) -> float | None:
    """Area between the diagonal and the curve of purchases by customers, best foretold last, over the best area."""
    best = _concentration(actual, actual, weight)
    return _concentration(foretold, actual, weight) / best if best else None


def _concentration(order: Floats, actual: Floats, weight: Floats) -> float:
    customers, total = weight.sum(), weight @ actual
    if not total:
        return 0.0
    middle = _midranks(order, weight) / customers
    return float(2 * (weight * actual) @ middle / total - 1)
