"""Churn from facts to probabilities with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from analytics.churn import step
from tests.analytics.tables import AS_OF, Bench, compute, facts_of, order, rows_of

PARAMETERS = {"as_of": AS_OF.strftime("%Y-%m-%d %H:%M:%S.%f"), "base_currency": "USD"}


def _scored(bought: dict[str, Sequence[float]]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """bought: by contact the days ago of their orders. The fits, and the scores by contact."""
    listed = [(who, ago) for who in bought for ago in bought[who]]
    orders = [order(n, who, AS_OF - timedelta(days=ago)) for n, (who, ago) in enumerate(listed)]
    with facts_of(contacts=[{"id": who} for who in bought], orders=orders) as duck:
        compute(duck, "purchase_gaps", "gap_distribution")
        bench: Any = Bench(duck)
        step.run_fits(bench, PARAMETERS)
        step.run(bench, PARAMETERS)
        scores = rows_of(duck, "SELECT * FROM churn_scores")
        return rows_of(duck, "SELECT * FROM churn_fits"), {row["contact_id"]: row for row in scores}


def _market(seed: int) -> dict[str, Sequence[float]]:
    """900 customers who buy about every ten days until they stop; a fifth of those left stop each month."""
    dice = np.random.default_rng(seed)
    found: dict[str, Sequence[float]] = {}
    for customer in range(900):
        stops = dice.exponential(150)
        age, ages = 300.0, []
        while age > 0 and 300 - age < stops:
            ages.append(age)
            age -= dice.exponential(10) + 1
        found[f"c{customer:03}"] = ages
    return found


def test_who_went_silent_is_likely_gone() -> None:
    market = _market(1)
    fits, scores = _scored(market)
    (best,) = [fit for fit in fits if fit["chosen"]]
    assert best["name"] != "base_rate"
    assert best["auc"] > 0.75
    silent = [row for who, row in scores.items() if 30 < min(market[who]) < 60]
    lively = [row for who, row in scores.items() if min(market[who]) < 4]
    assert np.mean([row["churn_probability"] for row in silent]) > 0.7
    assert np.mean([row["churn_probability"] for row in lively]) < 0.4
    assert all(0 <= row["churn_probability"] <= 1 for row in scores.values())
    told = [row["churn_reasons"] for row in silent]
    assert all("days ago" in text or "orders in the last" in text for text in told)


def test_who_lapsed_long_ago_and_who_never_bought_have_none() -> None:
    market = _market(1)
    _, scores = _scored(market | {"none": [], "gone": [299]})
    assert "none" not in scores
    assert "gone" not in scores


@pytest.mark.parametrize("bought", [{}, {"a": []}, {"a": [1]}, {f"c{n}": [5, 15] for n in range(60)}])
def test_too_little_is_said_and_nothing_is_foretold(bought: dict[str, Sequence[float]]) -> None:
    fits, scores = _scored(bought)
    assert scores == {}
    (fit,) = fits
    assert fit["message"].startswith("not enough data")
    assert (fit["auc"], fit["chosen"]) == (None, False)


def test_what_happens_after_a_moment_is_not_known_at_it() -> None:
    """The features as of a cut are the same whatever happens later; only the label changes."""
    before = [order(n, f"c{n % 7}", AS_OF - timedelta(days=3 * n + 40)) for n in range(30)]
    later = [order(100 + n, f"c{n}", AS_OF - timedelta(days=n)) for n in range(5)]
    bound = {
        "moment": (AS_OF - timedelta(days=30)).strftime("%Y-%m-%d %H:%M:%S"),
        "horizon": 30,
        "base_currency": "USD",
    }
    found = []
    for orders in (before, [*before, *later]):
        with facts_of(contacts=[{"id": f"c{n}"} for n in range(7)], orders=orders) as duck:
            columns = Bench(duck).columns(step._SQL, bound)
        found.append((columns.pop("churned").tolist(), {name: str(values) for name, values in columns.items()}))
    assert found[0][1] == found[1][1]
    assert (found[0][0], found[1][0]) == ([True] * 7, [False] * 5 + [True] * 2)


def test_two_runs_are_equal() -> None:
    assert _scored(_market(2)) == _scored(_market(2))
